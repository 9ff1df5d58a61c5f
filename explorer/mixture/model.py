"""The Gaussian mixture p(x) = sum_k pi_k N(x; mu_k, Sigma_k): its parameters, densities and log-likelihood.

Points are (n, d), means (K, d), covariances (K, d, d).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from explorer.checks import Floats, as_floats, read_only
from explorer.errors import InputError
from explorer.mixture import engine
from explorer.mixture.checks import LARGEST_VALUE, as_points, check_n_components

# Of a correlation matrix: one with a smaller eigenvalue cannot be factorized in double precision.
SMALLEST_EIGENVALUE = 1e-13


@dataclass(frozen=True, eq=False, repr=False)
class Mixture:
    """A Gaussian mixture of K components in d dimensions.

    weights (K,): non-negative, summing to 1. means (K, d), in the unit of the data. covariances (K, d, d):
    symmetric and positive definite, in that unit squared. Raises InputError where this does not hold. The
    arrays are copied and read-only.
    """

    weights: Floats
    means: Floats
    covariances: Floats

    def __post_init__(self) -> None:
        _check_parameters(self, stacked=False)

    def __repr__(self) -> str:
        shape = f"Mixture(K = {self.n_components}, d = {self.n_dimensions}"
        if self.means.size > 10:
            return f"{shape})"
        with np.printoptions(precision=4, suppress=True, threshold=20):
            return f"{shape}, weights {self.weights}, means {self.means.ravel()})"

    @classmethod
    def univariate(cls, weights: ArrayLike, means: ArrayLike, variances: ArrayLike) -> Mixture:
        """The one-dimensional mixture of three arrays of length K."""
        means = as_floats(means, "The mixture's means", LARGEST_VALUE)
        variances = as_floats(variances, "The mixture's variances", LARGEST_VALUE**2)
        return cls(weights, means[..., None], variances[..., None, None])

    @property
    def n_components(self) -> int:
        return self.means.shape[0]

    @property
    def n_dimensions(self) -> int:
        return self.means.shape[1]


@dataclass(frozen=True, eq=False, repr=False)
class Mixtures:
    """R mixtures of equally many components, stacked: weights (R, K), means (R, K, d), covariances (R, K, d, d).

    Each is as in Mixture. Raises InputError where this does not hold. The arrays are copied and read-only.
    """

    weights: Floats
    means: Floats
    covariances: Floats

    def __post_init__(self) -> None:
        _check_parameters(self, stacked=True)

    def __repr__(self) -> str:
        return f"Mixtures(R = {len(self)}, K = {self.means.shape[1]}, d = {self.means.shape[2]})"

    def __len__(self) -> int:
        return len(self.weights)

    def __getitem__(self, run: int) -> Mixture:
        return Mixture(self.weights[run], self.means[run], self.covariances[run])


def _check_parameters(mixture: Mixture | Mixtures, stacked: bool) -> None:
    for name, largest in (("weights", 1.0 + 1e-8), ("means", LARGEST_VALUE), ("covariances", LARGEST_VALUE**2)):
        array = as_floats(getattr(mixture, name), f"The mixture's {name}", largest).copy()
        object.__setattr__(mixture, name, read_only(array))
    weights, means, covariances = mixture.weights, mixture.means, mixture.covariances
    if means.ndim != 2 + stacked or means.size == 0:
        raise InputError(
            "The means of stacked mixtures must be tables of one row a component, one table a mixture."
            if stacked
            else "The mixture's means must be a table of one row a component."
        )
    n_components, n_dimensions = means.shape[-2:]
    check_n_components(n_components)
    if weights.shape != means.shape[:-1]:
        raise InputError(f"The mixture has {n_components} means: give it as many weights.")
    if covariances.shape != (*means.shape, n_dimensions):
        raise InputError(
            f"The mixture's covariances must have shape {(*means.shape, n_dimensions)}; got {covariances.shape}."
        )
    if weights.min() < 0 or np.abs(weights.sum(axis=-1) - 1).max() > 1e-8:
        raise InputError("The mixture's weights must be at least 0 and sum to 1.")
    variances = np.einsum("...ii->...i", covariances)
    positive = variances.min() >= engine.SMALLEST_VARIANCE
    if positive and n_dimensions > 1:
        # Correlations, because coordinates may have units of their own.
        widths = np.sqrt(variances)
        correlations = covariances / widths[..., None] / widths[..., None, :]
        if np.abs(correlations - correlations.swapaxes(-1, -2)).max() > 1e-10:
            raise InputError("The mixture's covariances must be symmetric.")
        positive = np.linalg.eigvalsh(correlations).min() > SMALLEST_EIGENVALUE
    if not positive:
        raise InputError("The mixture's covariances must be positive: give every component some width.")


def log_joint(data: ArrayLike, mixture: Mixture) -> Floats:
    """log p(x_i, z_i = k) = log pi_k + log N(x_i; mu_k, Sigma_k), (n, K); -inf where pi_k = 0.

    Lecture 19, corrected: the weight enters by its logarithm. Raises InputError where the data and the mixture have
    not the same dimensions.
    """
    points = as_points(data)
    check_mixture(mixture)
    d = mixture.n_dimensions
    if points.shape[1] != d:
        raise InputError(
            f"The data has {points.shape[1]} columns, but the mixture has {d} dimensions: make them alike."
        )
    form = engine.form_of("full", d)
    covariances = mixture.covariances if form.matrices else mixture.covariances[..., 0]
    theta = engine.parameters(form, mixture.weights[:, None], mixture.means[:, None], covariances[:, None])
    joint = np.empty((mixture.n_components, len(points)))
    for block in engine.blocks(len(points), mixture.n_components * d):
        apart = points[block].T - theta.means[..., None]
        with np.errstate(over="ignore", invalid="ignore"):
            joint[:, block] = engine.log_joint(form, theta, apart)[:, 0]
    if not (joint.max(axis=0) > -np.inf).all():
        raise InputError("A point is too far from all components to compute its density: move the mixture nearer.")
    joint -= 0.5 * d * np.log(2 * np.pi)
    return joint.T


def log_likelihood(data: ArrayLike, mixture: Mixture) -> float:
    """sum_i log sum_k p(x_i, z_i = k), the total over points in nats (TD2, question 4, by log-sum-exp)."""
    return float(engine.normalize(log_joint(data, mixture).T).sum())


def density(x: ArrayLike, mixture: Mixture) -> Floats:
    """p(x_i) at each of n places, (n,), per unit of the data (to the power d)."""
    return np.exp(engine.normalize(log_joint(x, mixture).T))


def check_mixture(mixture: Mixture) -> None:
    """Raise InputError unless it is one: data comes first, the mixture after it."""
    if not isinstance(mixture, Mixture):
        kind = type(mixture).__name__
        raise InputError(f"A Mixture is wanted here, not {kind}: `trace.mixture(-1)` is the last one of a run.")
