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
from itertools import count
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.checks import read_only
from explorer.mixture.covariances import Floats, Form, at_least
from explorer.mixture.degeneracy import Degeneracy, find_degeneracies
from explorer.mixture.em import DEFAULT_VARIANCE_FLOOR
from explorer.mixture.model import LARGEST_VALUE, Mixture
from explorer.mixture.optimizers import Optimizer, check_learning_rate, optimizer_called
from explorer.mixture.parameters import EMPTY_COUNT, Parameters, Statistics
from explorer.mixture.problem import Problem, have_identical_components, pose
from explorer.mixture.recording import End, Run, State, begin, check_reached, record
from explorer.mixture.standardized import StandardizedData
from explorer.mixture.stopping import first_reason
from explorer.mixture.sweep import Sweep
from explorer.mixture.trace import MixtureTrace
from explorer.mixture.units import in_data_units
from explorer.stop_reason import StopReason


class Coordinates(NamedTuple):
    """The numbers that steps are taken in, as one vector, for a run of its own (R = 1).

    of(form, theta) reads them off parameters; back(form, vector, K) gives weights, means and compact covariances.
    gradient(form, statistics, theta): of the mean log-likelihood at theta, whose responsibilities have the statistics.
    tangent(gradient, K): the part of it along which a step can go, which is zero at a maximum.
    """

    of: Callable[[Form, Parameters], Floats]
    back: Callable[[Form, Floats, int], tuple[Floats, Floats, Floats]]
    gradient: Callable[[Form, Statistics, Parameters], Floats]
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

    @classmethod
    def of(cls, run: Run, t: int, state: State) -> GradientIterate:
        weights, means, covariances = (a[0] for a in in_data_units(run.problem.data, run.problem.form, state.theta))
        if t == 0 and run.exact is not None:
            weights, means, covariances = run.exact.weights, run.exact.means, run.exact.covariances
        arrays = (read_only(array) for array in (weights, means, covariances))
        return cls(t, *arrays, state.log_likelihood, state.degeneracies, state.stop_reason)


def run_gradient_ascent(
    data: ArrayLike,
    start: ArrayLike | Mixture,
    *,
    structure: str = "full",
    optimizer: str = "adam",
    learning_rate: float | None = None,
    max_iter: int = 1000,
    tolerance: float = 1e-5,
    variance_floor: float = DEFAULT_VARIANCE_FLOOR,
) -> MixtureTrace:
    """Run gradient ascent on the mean log-likelihood from a start until it stops, and keep every iterate.

    data, start, structure, variance_floor: as in `run_em`. optimizer: by its name in OPTIMIZERS. learning_rate: > 0,
    or None for the optimizer's own. Steps are taken where every coordinate of the data has variance 1 (spherical
    covariances: where their mean is 1; points that are all equal stay in their unit), so no unit changes the run.

    Stops (`stop_reason`) at the first iterate t >= 0 that is
    - degenerate, as in `run_em`: a covariance that would fall below the floor is raised to it, and a component that
      was responsible for less than 1e-12 points gets weight 0;
    - converged: no component of the gradient is as large as the tolerance, 0 <= . < 1. That holds at maxima, but
      also at saddle points;
    - diverged: the step from here leads to numbers that are not finite, or beyond the bounds of a `Mixture`, or to a
      covariance so long and thin that double precision cannot tell it from a singular one;
    - max_iter: t = max_iter, of 0..100 000.
    The log-likelihood may fall where the learning rate is too large; nothing stops the run there.

    Raises InputError as `run_em` does, for an optimizer or learning rate outside these bounds, and where the start is
    so far from the data that its log-likelihood is not a finite number.
    """
    began = perf_counter()
    chosen = optimizer_called(optimizer)
    rate = check_learning_rate(learning_rate, chosen)
    run = begin(at_unit_variance(pose(data, structure, max_iter, tolerance, variance_floor)), start)
    return record(run, End.of(ascend(run, FREE, chosen, rate)), began)


def iterate_gradient_ascent(
    data: ArrayLike,
    start: ArrayLike | Mixture,
    *,
    structure: str = "full",
    optimizer: str = "adam",
    learning_rate: float | None = None,
    max_iter: int = 1000,
    tolerance: float = 1e-5,
    variance_floor: float = DEFAULT_VARIANCE_FLOOR,
) -> Iterator[GradientIterate]:
    """The iterates of `run_gradient_ascent` one by one, none kept, so that a caller can work in slices of time.

    Raises InputError for a setting or a start when called; when first advanced, for a start too far from the data. Each
    iterate costs one pass over the points, and the first one two: only the step from an iterate tells whether the run
    diverges there.
    """
    chosen = optimizer_called(optimizer)
    rate = check_learning_rate(learning_rate, chosen)
    problem = at_unit_variance(pose(data, structure, max_iter, tolerance, variance_floor))
    run = begin(problem, start, kept=False)
    states = ascend(run, FREE, chosen, rate)
    return (GradientIterate.of(run, t, state) for t, state in enumerate(states))


def at_unit_variance(problem: Problem) -> Problem:
    """The problem with its data in units of the data's standard deviations, not only near them."""
    data, form, floor = problem.data, problem.form, problem.floor
    variances = np.full_like(data.variances, data.variances.mean()) if form.isotropic else data.variances
    widths = np.sqrt(np.where(variances > 0, variances, 1.0))
    rescaled = StandardizedData(
        z=data.z / widths[:, None],
        offset=data.offset,
        scale=data.scale * widths,
        variances=data.variances / np.square(widths),
        log_volume=data.log_volume - data.n_points * float(np.log(widths).sum()),
    )
    return problem._replace(data=rescaled, floor=floor / np.square(widths[: len(floor)]))


def ascend(run: Run, coordinates: Coordinates, optimizer: Optimizer, rate: float) -> Iterator[State]:
    """The iterates of an ascent in some coordinates, at a learning rate; stops as in `run_gradient_ascent`.

    Steps go anywhere: numbers that are not finite are looked for, and end the run. So an iterate is known to be the
    last one only after the step from it.
    """
    problem, form = run.problem, run.problem.form
    theta, degenerate, _, singletons = run.beginning
    n_components = len(theta.weights)
    sweep = Sweep(problem.data, form, n_components)
    identical = have_identical_components(theta)
    memory = optimizer.memory
    with np.errstate(over="ignore", invalid="ignore"):
        log_likelihood, statistics = _pass(sweep, theta, identical)
    check_reached(log_likelihood)
    for t in count():
        time = perf_counter()
        # Not around the yield: numpy's warnings are off in here, and not where the caller is meanwhile.
        with np.errstate(over="ignore", invalid="ignore"):
            degeneracies = find_degeneracies(problem.data, form, theta, degenerate, problem.floor, t, singletons)
            rested = False
            if degenerate is None:
                gradient = coordinates.gradient(form, statistics, theta)
                rested = np.abs(coordinates.tangent(gradient, n_components)).max() < problem.tolerance
            stop_reason = first_reason(degenerate is not None, converged=rested, max_iter=t == problem.max_iter)
            stepped = None
            if stop_reason is None:
                direction, memory = optimizer.direction(gradient, memory, t + 1)
                vector = coordinates.of(form, theta) + rate * direction
                if np.isfinite(vector).all():
                    proposed = coordinates.back(form, vector, n_components)
                    stepped = _admit(problem, proposed, theta, statistics.counts < EMPTY_COUNT)
            reached = None if stepped is None else _pass(sweep, stepped[0], identical)
        if stop_reason is None and (reached is None or not np.isfinite(reached[0])):
            stop_reason = StopReason.DIVERGED
        yield State(theta, log_likelihood, time, stop_reason, degeneracies)
        if stop_reason is not None:
            return
        (theta, degenerate), (log_likelihood, statistics) = stepped, reached
        singletons = None


def _pass(sweep: Sweep, theta: Parameters, identical: NDArray[np.bool_]) -> tuple[float, Statistics]:
    """The log-likelihood at theta, and the statistics of its responsibilities."""
    # Not every iterate is within the bounds of the fast form of the pass, as M steps are.
    careful = identical | ~sweep.features.covers(theta)
    (log_likelihood,), _, statistics = sweep.expect(theta, careful)
    return float(log_likelihood), statistics


def _admit(
    problem: Problem, proposed: tuple[Floats, Floats, Floats], previous: Parameters, empty: NDArray[np.bool_]
) -> tuple[Parameters, NDArray[np.bool_] | None] | None:
    """The proposed weights, means and covariances as `parameters.fit` would leave them, with the components (K, 1)
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
        covariances, whitening, reached = at_least(form, covariances, problem.floor)
    except np.linalg.LinAlgError:
        return None
    degenerate = empty if reached is None else empty | reached
    return Parameters(weights, means, covariances, whitening), degenerate if degenerate.any() else None


def free_parameters(form: Form, theta: Parameters) -> Floats:
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


def from_free_parameters(form: Form, vector: Floats, n_components: int) -> tuple[Floats, Floats, Floats]:
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


def free_gradient(form: Form, statistics: Statistics, theta: Parameters) -> Floats:
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


def means_gradient(form: Form, statistics: Statistics, theta: Parameters) -> Floats:
    """N_k Sigma_k^-1 (m_k - mu_k), (K, d)."""
    shifts = (statistics.means - theta.means)[:, 0]
    inverses = theta.whitening.inverses[:, 0]
    if form.matrices:
        white = inverses @ shifts[..., None]
        return statistics.counts * (inverses.swapaxes(1, 2) @ white)[..., 0]
    return statistics.counts * inverses * shifts


def scatters(form: Form, statistics: Statistics, theta: Parameters) -> tuple[Floats, Floats]:
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


def parts(form: Form, vector: Floats, n_components: int) -> tuple[Floats, Floats, Floats]:
    """What comes first in a vector, logits or weights (K,), then means (K, 1, d), and the rest."""
    first = n_components * (1 + form.n_dimensions)
    return vector[:n_components], vector[n_components:first].reshape(n_components, 1, -1), vector[first:]


FREE = Coordinates(
    free_parameters, from_free_parameters, free_gradient, tangent=lambda gradient, n_components: gradient
)
