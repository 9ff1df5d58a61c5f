"""A MISTAKE to learn from: Adam on weights, means and covariances as they are, then a projection (document 003).

The document fits mixtures by gradient descent "with projections (to ensure the weights to be in the probability simplex
and the covariance matrix to be SDP)", Adam, and a learning rate of 1e-3. That does not reach the maximum, because of
the weights. Their gradient is dL/dpi_k = N_k / (n pi_k): positive for every component, and 1 where a weight is right.
Adam divides it by its own size, a root mean square over some thousand steps, so every weight is stepped by nearly the
learning rate, the ones that are too heavy as much as the ones that are too light; and the projection takes the same
number off all of them again.

What survives is how each gradient has changed of late: one that falls is below its own root mean square, so its weight
loses; one that rises gains, whichever of the two is larger.
- Components well apart: N_k hardly depends on the weights, no gradient changes, and the weights freeze where they
  started. Means and covariances settle at the best for these weights (Old Faithful from equal weights: 0.498, not
  0.348, and 12 nats too low).
- Components that overlap: the one whose weight is too large grows wider to make use of it and takes points from the
  others. So its gradient rises and theirs fall: its weight grows further, the wrong way, past the best that the run
  has seen, and the log-likelihood falls, until all of that comes to rest.

With plain gradient steps that are small enough (a rate of 0.01) the same projection works. `run_gradient_ascent` needs
none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from explorer.checks import Floats, changed
from explorer.mixture import engine
from explorer.mixture.model import Mixture
from explorer.mixture.others.gradient import (
    Coordinates,
    GradientOptions,
    ascend_in_slices,
    means_gradient,
    parts,
    scatters,
)
from explorer.mixture.trace import MixtureTrace
from explorer.simplex import project_onto_simplex
from explorer.slices import finish

# Document 003, figures 1 and 2: Adam, with a learning rate of 1e-3.
PROJECTED = GradientOptions(learning_rate=1e-3, max_iter=5000)


def run_projected_ascent(
    data: ArrayLike, start: ArrayLike | Mixture, options: GradientOptions = PROJECTED, **changes: object
) -> MixtureTrace:
    """Run document 003's projected scheme from a start until it stops: with Adam, not at a maximum.

    A step moves pi, mu and Sigma along the gradient of the mean log-likelihood; then the weights are projected onto
    the simplex, and the covariances onto the matrices whose eigenvalues are at least the variance floor.

    All else is as in `run_gradient_ascent`: the other arguments, the units, the reasons to stop. It has converged when
    nothing of the gradient is as large as the tolerance, of the weights' gradient what lies in the simplex. Where a
    projection ends at a weight of 0 or a variance at the floor, the run is degenerate.
    """
    return finish(ascend_in_slices(data, start, changed(GradientOptions, options, changes), DIRECT))


def direct_parameters(form: engine.Form, theta: engine.Parameters) -> Floats:
    """pi_k, mu_k and the compact covariances: one vector."""
    return np.concatenate([theta.weights.ravel(), theta.means.ravel(), theta.covariances.ravel()])


def from_direct_parameters(form: engine.Form, vector: Floats, n_components: int) -> tuple[Floats, Floats, Floats]:
    """Weights (K, 1), projected onto the simplex, means (K, 1, d) and compact covariances, still as they are."""
    weights, means, covariances = parts(form, vector, n_components)
    d = form.n_dimensions
    shape = (d, d) if form.matrices else (1 if form.isotropic else d,)
    return project_onto_simplex(weights)[:, None], means, covariances.reshape(-1, 1, *shape)


def direct_gradient(form: engine.Form, statistics: engine.Statistics, theta: engine.Parameters) -> Floats:
    """The gradient of the mean log-likelihood in the order of `direct_parameters`.

    dF/dpi_k = N_k / pi_k and dF/dSigma_k = 1/2 Sigma_k^-1 (S_k - N_k Sigma_k) Sigma_k^-1, every entry of the matrix
    taken as a number of its own, as automatic differentiation does. Weights must be positive.
    """
    n = statistics.counts.sum()
    counts, scatter = scatters(form, statistics, theta)
    inverses = theta.whitening.inverses[:, 0]
    if form.matrices:
        whitened = inverses @ scatter @ inverses.swapaxes(1, 2) - counts[:, None, None] * np.eye(form.n_dimensions)
        shapes = 0.5 * inverses.swapaxes(1, 2) @ whitened @ inverses
        # Adam takes rounding for a gradient where there is little else, and steps that are not symmetric add up.
        shapes = (shapes + shapes.swapaxes(1, 2)) / 2
    else:
        shapes = 0.5 * inverses * (scatter * inverses - counts[:, None])
        if form.isotropic:
            shapes = form.n_dimensions * shapes
    weights = (statistics.counts / theta.weights).ravel()
    return np.concatenate([weights, means_gradient(form, statistics, theta).ravel(), shapes.ravel()]) / n


def along_simplex(gradient: Floats, n_components: int) -> Floats:
    """The gradient without what points out of the simplex of the weights."""
    tangent = gradient.copy()
    tangent[:n_components] -= tangent[:n_components].mean()
    return tangent


DIRECT = Coordinates(direct_parameters, from_direct_parameters, direct_gradient, along_simplex)
