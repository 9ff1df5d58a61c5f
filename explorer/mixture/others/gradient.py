"""Gradient ascent on the log-likelihood, in parameters that may take any value: what EM is compared with.

Document 003 steps the weights and covariances themselves and projects them back (see `projected`). Here nothing has to
be projected: a weight is a softmax, pi_k = exp(a_k) / sum_j exp(a_j), and a covariance is L L^T with a triangular L
whose diagonal is exp(b). Elementwise covariances have no triangle: b is the logarithm of their standard deviations.

The gradient needs no more than the sufficient statistics that EM's pass over the data gives. By Fisher's identity it
is that of F(Q, theta) = sum_ik q_ik log p(x_i, k; theta), with the responsibilities q held fixed. With N_k, m_k, V_k
the count, mean and covariance under q, and S_k = N_k (V_k + (m_k - mu_k)(m_k - mu_k)^T) the scatter around mu_k,

    F        = sum_k N_k log pi_k - N_k log |L_k| - 1/2 tr(L_k^-1 S_k L_k^-T) + constant,
    dF/da_k  = N_k - n pi_k,
    dF/dmu_k = N_k Sigma_k^-1 (m_k - mu_k),
    dF/dL_k  = the lower triangle of L_k^-T (W_k - N_k I), with W_k = L_k^-1 S_k L_k^-T,

from d log |L| = tr(L^-1 dL) and d(L^-1) = -L^-1 dL L^-1; and dF/db_i = L_ii dF/dL_ii. A shared covariance has the sums
of N_k and S_k over k. All of it is divided by n: the gradient of the mean log-likelihood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.checks import Floats, changed, check_choice, check_fraction, check_positive, check_whole_number
from explorer.mixture import engine
from explorer.mixture.checks import LARGEST_VALUE
from explorer.mixture.degeneracy import Degeneracy, degeneracies_of
from explorer.mixture.em import EMOptions
from explorer.mixture.loop import Beginning, Moves, Problem, Stand, advance, begin, pose
from explorer.mixture.model import Mixture
from explorer.mixture.others.optimizers import OPTIMIZERS
from explorer.mixture.stopping import MAX_ITERATIONS, Sign, Signs
from explorer.mixture.trace import MixtureTrace, parameters_of, record
from explorer.slices import Slices, finish
from explorer.stop_reason import StopReason


@dataclass(frozen=True)
class GradientOptions:
    """What determines a run of gradient ascent, beside the data and the start. Raises InputError out of bounds.

    structure, variance_floor: as in EMOptions. optimizer: by its name in OPTIMIZERS. learning_rate: > 0, or None for
    the optimizer's own. max_iter: of 0..100 000. tolerance: 0 <= . < 1, of the components of the gradient.
    """

    structure: str = "full"
    optimizer: str = "adam"
    learning_rate: float | None = None
    max_iter: int = 1000
    tolerance: float = 1e-5
    variance_floor: float = EMOptions.variance_floor

    def __post_init__(self) -> None:
        check_choice("covariance structure", self.structure, engine.STRUCTURES)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        if self.learning_rate is not None:
            check_positive("The learning rate", self.learning_rate)
        check_whole_number("The number of iterations", self.max_iter, 0, MAX_ITERATIONS)
        check_fraction("The tolerance", self.tolerance)
        check_fraction("The variance floor", self.variance_floor)


DEFAULTS = GradientOptions()


class Coordinates(NamedTuple):
    """The numbers that steps are taken in, as one vector, for a run of its own (R = 1).

    of(form, theta) reads them off parameters; back(form, vector, K) gives weights, means and compact covariances.
    gradient(form, statistics, theta): of the mean log-likelihood at theta, whose responsibilities have the statistics.
    tangent(gradient, K): the part of it along which a step can go, which is zero at a maximum.
    """

    of: Callable[[engine.Form, engine.Parameters], Floats]
    back: Callable[[engine.Form, Floats, int], tuple[Floats, Floats, Floats]]
    gradient: Callable[[engine.Form, engine.Statistics, engine.Parameters], Floats]
    tangent: Callable[[Floats, int], Floats]


@dataclass(frozen=True, eq=False)
class GradientIterate:
    """Iterate t of a run: weights (K,), means (K, d), covariances (K, d, d) and the log-likelihood of these.

    stop_reason is None while the run goes on. degeneracies: what is wrong with the iterate, if it is degenerate.
    """

    iteration: int
    weights: Floats
    means: Floats
    covariances: Floats
    log_likelihood: float
    degeneracies: tuple[Degeneracy, ...]
    stop_reason: StopReason | None


def run_gradient_ascent(
    data: ArrayLike, start: ArrayLike | Mixture, options: GradientOptions = DEFAULTS, **changes: object
) -> MixtureTrace:
    """Run gradient ascent on the mean log-likelihood from a start until it stops, and keep every iterate.

    data, start: as in `run_em`. changes: fields of GradientOptions that are to be others than in `options`. Steps are
    taken where every coordinate of the data has variance 1 (spherical covariances: where their mean is 1; points that
    are all equal stay in their unit), so no unit changes the run.

    Stops (`stop_reason`) at the first iterate t >= 0 that is
    - degenerate, as in `run_em`: a covariance that would fall below the floor is raised to it, and a component that
      was responsible for less than 1e-12 points gets weight 0;
    - converged: no component of the gradient is as large as the tolerance. That holds at maxima, but also at saddle
      points;
    - diverged: the step from here leads to numbers that are not finite, or beyond the bounds of a `Mixture`, or to a
      covariance so long and thin that double precision cannot tell it from a singular one;
    - max_iter.
    The log-likelihood may fall where the learning rate is too large; nothing stops the run there.

    Raises InputError as `run_em` does, and where the start is so far from the data that its log-likelihood is not a
    finite number.
    """
    return finish(ascend_in_slices(data, start, changed(GradientOptions, options, changes), FREE))


def ascend_in_slices(
    data: ArrayLike, start: ArrayLike | Mixture, options: GradientOptions, coordinates: Coordinates
) -> Slices[MixtureTrace]:
    """An ascent in some coordinates, in slices of time: yields (t, max_iter) after every iterate, returns the trace."""
    began = perf_counter()
    options = changed(GradientOptions, options, {})
    problem = at_unit_variance(pose(data, options.structure, options.variance_floor))
    beginning = begin(problem, start, options.max_iter)
    stands = []
    for stand in _ascend(problem, beginning, options, coordinates):
        stands.append(stand)
        yield stand.t, options.max_iter
    thetas = engine.join_parameters([stand.theta for stand in stands])
    return record(problem, beginning, stands, thetas, began)


def iterate_gradient_ascent(
    data: ArrayLike, start: ArrayLike | Mixture, options: GradientOptions = DEFAULTS, **changes: object
) -> Iterator[GradientIterate]:
    """The iterates of `run_gradient_ascent` one by one, none kept, so that a caller can work in slices of time.

    Raises InputError for an option or a start when called; when first advanced, for a start too far from the data. Each
    iterate costs one pass over the points, and the first one two: only the step from an iterate tells whether the run
    diverges there.
    """
    options = changed(GradientOptions, options, changes)
    problem = at_unit_variance(pose(data, options.structure, options.variance_floor))
    beginning = begin(problem, start)
    return (_iterate_of(problem, beginning, stand) for stand in _ascend(problem, beginning, options, FREE))


def _iterate_of(problem: Problem, beginning: Beginning, stand: Stand) -> GradientIterate:
    return GradientIterate(
        stand.t,
        *parameters_of(problem, beginning, stand, stand.theta),
        stand.log_likelihoods,
        degeneracies_of(problem, beginning, stand, stand.theta),
        stand.reasons[0] if stand.reasons else None,
    )


def at_unit_variance(problem: Problem) -> Problem:
    """The problem with its data in units of the data's standard deviations, not only near them."""
    data, form, floor = problem.data, problem.form, problem.floor
    variances = np.full_like(data.variances, data.variances.mean()) if form.isotropic else data.variances
    widths = np.sqrt(np.where(variances > 0, variances, 1.0))
    rescaled = engine.StandardizedData(
        z=data.z / widths[:, None],
        offset=data.offset,
        scale=data.scale * widths,
        variances=data.variances / np.square(widths),
        log_volume=data.log_volume - data.n_points * float(np.log(widths).sum()),
    )
    return problem._replace(data=rescaled, floor=floor / np.square(widths[: len(floor)]))


def _ascend(
    problem: Problem, beginning: Beginning, options: GradientOptions, coordinates: Coordinates
) -> Iterator[Stand]:
    ascent = _Ascent(problem, len(beginning.theta.weights), options, coordinates)
    theta = ascent.passes.begin(beginning.theta, None)
    return advance(Moves(ascent.expect, ascent.step, ascent.signs), beginning, theta)


class _Ascent:
    """The moves of one run: the gradient at theta, and the step along what the optimizer makes of it.

    Steps go anywhere: numbers that are not finite are looked for, and end the run. So an iterate is known to be the
    last one only after the step from it, which is tried when the signs to stop are looked for, and kept.
    """

    def __init__(self, problem: Problem, n_components: int, options: GradientOptions, coordinates: Coordinates) -> None:
        self.problem, self.options, self.coordinates = problem, options, coordinates
        self.passes = engine.Passes(problem.data, problem.form, problem.floor, n_components)
        self.optimizer = OPTIMIZERS[options.optimizer]
        self.memory = self.optimizer.memory
        rate = options.learning_rate
        self.rate = self.optimizer.learning_rate if rate is None else float(rate)
        self.here = self.next = self.found = None

    def expect(self, theta: engine.Parameters) -> tuple[float, float, engine.Statistics]:
        """The log-likelihood at theta, twice, and the statistics of its responsibilities, which hold the gradient."""
        if self.next is None or theta is not self.next[0]:
            self.found = self._pass(theta)
        self.here, self.next = theta, None
        log_likelihood, statistics = self.found
        return log_likelihood, log_likelihood, statistics

    def signs(self, t: int, degenerate: Sign, value: float, previous: float | None) -> Signs:
        """Converged where nothing of the gradient is left, diverged where no step can be made from here."""
        form, (_, statistics) = self.problem.form, self.found
        n_components = len(self.here.weights)
        is_last = t == self.options.max_iter
        if degenerate:
            return True, False, False, is_last
        # numpy's warnings are off in here, and not where the caller of the loop is meanwhile
        with np.errstate(over="ignore", invalid="ignore"):
            gradient = self.coordinates.gradient(form, statistics, self.here)
            tangent = self.coordinates.tangent(gradient, n_components)
            if np.abs(tangent).max() < self.options.tolerance:
                return False, False, True, is_last
            if is_last:
                return False, False, False, True
            direction, self.memory = self.optimizer.direction(gradient, self.memory, t + 1)
            vector = self.coordinates.of(form, self.here) + self.rate * direction
            if np.isfinite(vector).all():
                proposed = self.coordinates.back(form, vector, n_components)
                empty = statistics.counts < engine.EMPTY_COUNT
                self.next = _admit(self.problem, self.passes, proposed, self.here, empty)
        if self.next is not None:
            self.found = self._pass(self.next[0])
        return False, self.next is None or not np.isfinite(self.found[0]), False, False

    def step(
        self, statistics: engine.Statistics, theta: engine.Parameters
    ) -> tuple[engine.Parameters, NDArray[np.bool_] | None, None]:
        """The step that was tried."""
        stepped, degenerate = self.next
        return stepped, degenerate, None

    @np.errstate(over="ignore", invalid="ignore")
    def _pass(self, theta: engine.Parameters) -> tuple[float, engine.Statistics]:
        (log_likelihood,), _, statistics = self.passes.expect(theta)
        return float(log_likelihood), statistics


def _admit(
    problem: Problem,
    passes: engine.Passes,
    proposed: tuple[Floats, Floats, Floats],
    previous: engine.Parameters,
    empty: NDArray[np.bool_],
) -> tuple[engine.Parameters, NDArray[np.bool_] | None] | None:
    """The proposed weights, means and covariances as an M step would leave them, with the components (K, 1)
    that are degenerate; None where no `Mixture` holds them.

    empty (K, 1): components without points. One whose weight is 0 is empty too.
    """
    weights, means, covariances = proposed
    data, form = problem.data, problem.form
    units = data.scale[:, None] * data.scale if form.matrices else np.square(data.scale)
    farthest, widest = np.abs(data.offset + data.scale * means).max(), np.abs(covariances * units).max()
    if not (np.isfinite(weights).all() and farthest <= LARGEST_VALUE and widest <= LARGEST_VALUE**2):
        return None
    empty = empty | (weights == 0)
    if empty.all():
        return None
    if empty.any():
        weights = np.where(empty, 0.0, weights)
        weights /= weights.sum(axis=0)
        means = np.where(empty[..., None], previous.means, means)
        if not form.shared:
            hollow = empty.reshape(*empty.shape, *[1] * (covariances.ndim - 2))
            covariances = np.where(hollow, previous.covariances, covariances)
    try:
        covariances, whitening, reached = engine.at_least(form, covariances, problem.floor)
    except np.linalg.LinAlgError:
        return None
    degenerate = empty if reached is None else empty | reached
    theta = passes.given(engine.Parameters(weights, means, covariances, whitening, previous.twins))
    return theta, degenerate if degenerate.any() else None


def free_parameters(form: engine.Form, theta: engine.Parameters) -> Floats:
    """a_k, mu_k, then L with the logarithms of its diagonal, row by row, or the log standard deviations: one vector.

    The logits are log pi_k: of all that give the same weights, those whose exponentials sum to 1.
    """
    if form.matrices:
        roots = np.linalg.cholesky(theta.covariances[:, 0])
        diagonals = np.einsum("kii->ki", roots)
        diagonals[...] = np.log(diagonals)
        shapes = roots[:, *_lower_triangle(form.n_dimensions)]
    else:
        shapes = 0.5 * np.log(theta.covariances)
    return np.concatenate([np.log(theta.weights).ravel(), theta.means.ravel(), shapes.ravel()])


def from_free_parameters(form: engine.Form, vector: Floats, n_components: int) -> tuple[Floats, Floats, Floats]:
    """Weights (K, 1), means (K, 1, d) and compact covariances: the inverse of `free_parameters`."""
    logits, means, shapes = parts(form, vector, n_components)
    weights = np.exp(logits - logits.max())
    if form.matrices:
        d = form.n_dimensions
        roots = np.zeros((1 if form.shared else n_components, d, d))
        roots[:, *_lower_triangle(d)] = shapes.reshape(len(roots), -1)
        diagonals = np.einsum("kii->ki", roots)
        diagonals[...] = np.exp(diagonals)
        covariances = (roots @ roots.swapaxes(1, 2))[:, None]
    else:
        covariances = np.exp(2 * shapes.reshape(1 if form.shared else n_components, 1, -1))
    return (weights / weights.sum())[:, None], means, covariances


def free_gradient(form: engine.Form, statistics: engine.Statistics, theta: engine.Parameters) -> Floats:
    """The gradient of the mean log-likelihood in the order of `free_parameters`; derived at the top."""
    counts = statistics.counts[:, 0]
    n = counts.sum()
    logits = counts - n * theta.weights[:, 0]
    counts_of, scatter = scatters(form, statistics, theta)
    inverses = theta.whitening.inverses[:, 0]
    if form.matrices:
        d = form.n_dimensions
        excess = inverses @ scatter @ inverses.swapaxes(1, 2) - counts_of[:, None, None] * np.eye(d)
        roots = inverses.swapaxes(1, 2) @ excess
        diagonals = np.einsum("kii->ki", roots)
        diagonals /= np.einsum("kii->ki", inverses)
        shapes = roots[:, *_lower_triangle(d)]
    else:
        shapes = scatter * inverses - counts_of[:, None]
        if form.isotropic:
            shapes = form.n_dimensions * shapes
    return np.concatenate([logits, means_gradient(form, statistics, theta).ravel(), shapes.ravel()]) / n


def means_gradient(form: engine.Form, statistics: engine.Statistics, theta: engine.Parameters) -> Floats:
    """N_k Sigma_k^-1 (m_k - mu_k), (K, d)."""
    shifts = (statistics.means - theta.means)[:, 0]
    inverses = theta.whitening.inverses[:, 0]
    if form.matrices:
        white = inverses @ shifts[..., None]
        return statistics.counts * (inverses.swapaxes(1, 2) @ white)[..., 0]
    return statistics.counts * inverses * shifts


def scatters(form: engine.Form, statistics: engine.Statistics, theta: engine.Parameters) -> tuple[Floats, Floats]:
    """N_k and S_k, the scatter around mu_k, in the layout of the covariances without that of runs.

    Shared covariances have the sum over the components. For isotropic ones it is the mean over the coordinates.
    """
    counts = statistics.counts[:, 0]
    shifts = (statistics.means - theta.means)[:, 0]
    if form.matrices:
        squares = shifts[:, :, None] * shifts[:, None, :]
    else:
        squares = np.square(shifts)
        if form.isotropic:
            squares = squares.mean(axis=1, keepdims=True)
    scatter = counts.reshape(-1, *[1] * (squares.ndim - 1)) * (statistics.covariances[:, 0] + squares)
    if form.shared:
        return counts.sum(keepdims=True), scatter.sum(axis=0, keepdims=True)
    return counts, scatter


@cache
def _lower_triangle(d: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.tril_indices(d)


def parts(form: engine.Form, vector: Floats, n_components: int) -> tuple[Floats, Floats, Floats]:
    """What comes first in a vector, logits or weights (K,), then means (K, 1, d), and the rest."""
    first = n_components * (1 + form.n_dimensions)
    return vector[:n_components], vector[n_components:first].reshape(n_components, 1, -1), vector[first:]


FREE = Coordinates(
    free_parameters, from_free_parameters, free_gradient, tangent=lambda gradient, n_components: gradient
)
