"""Expectation-maximisation for Gaussian mixtures, as a trace of every half step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from explorer.errors import InputError
from explorer.mixture import deviations, parameters
from explorer.mixture.covariances import Floats, Form, Whitening, form_of
from explorer.mixture.degeneracy import Degeneracy, find_degeneracies
from explorer.mixture.model import Mixture, as_points, check_n_components, check_whole_number, read_only
from explorer.mixture.parameters import Parameters, Statistics, expected_log_joint
from explorer.mixture.standardized import StandardizedData, standardize
from explorer.mixture.steps import as_responsibilities, check_fraction
from explorer.mixture.sweep import Sweep
from explorer.mixture.trace import MixtureTrace
from explorer.mixture.units import in_data_units, of_the_data, standardized_mixtures
from explorer.stopping import StopReason

MAX_ITERATIONS = 100_000
MAX_TRACE_NUMBERS = 250_000_000
"""The most numbers a whole trace may hold, 2 GB."""
DEFAULT_VARIANCE_FLOOR = 1e-6
# EM never lowers the log-likelihood: a fall beyond this fraction of it is not rounding.
LARGEST_RELATIVE_FALL = 1e-10


@dataclass(frozen=True, eq=False)
class EMIterate:
    """Iterate t of a run: weights (K,), means (K, d), covariances (K, d, d) and the log-likelihood of these.

    lower_bounds: G at the half steps that led here, (after E step t, after M step t), or the one of the
    start. stop_reason is None while the run goes on.
    """

    iteration: int
    weights: Floats
    means: Floats
    covariances: Floats
    log_likelihood: float
    lower_bounds: tuple[float, ...]
    degeneracies: tuple[Degeneracy, ...]
    stop_reason: StopReason | None


def run_em(
    data: ArrayLike,
    start: ArrayLike | Mixture,
    *,
    structure: str = "full",
    max_iter: int = 200,
    rtol: float = 1e-6,
    variance_floor: float = DEFAULT_VARIANCE_FLOOR,
    hard: bool = False,
) -> MixtureTrace:
    """Run EM from a start until it stops, and keep every iterate.

    data: n points in d dimensions, (n, d), or (n,) for d = 1.
    start: responsibilities (n, K), whose M step is iterate 0, or a Mixture, which is iterate 0.
    structure: of the covariances, by its name in STRUCTURES: full, tied, diagonal or spherical. In one dimension full
    is a free variance for each component, and tied an equal one.
    hard: the E step gives each point wholly to its likeliest component (classification EM, Celeux and Govaert, 1992).
    What rises then, and is looked at for convergence, is G, the classification log-likelihood; the log-likelihood may
    fall.

    Stops (`stop_reason`) at the first iterate t >= 0 that is
    - degenerate: a component has no points left, or in some direction a variance of at most variance_floor (0 <= . < 1)
      times the data's. 0 switches the floor off; what is left of it is 1e-24, where rounding takes over;
    - diverged: its log-likelihood is below the previous one by more than rounding (a relative 1e-10);
    - converged: |L_t - L_(t-1)| < rtol |L_(t-1)|, 0 <= rtol < 1 (TD2, question 5). A plateau passes for
      convergence too: a small change does not prove a maximum;
    - max_iter: t = max_iter, of 0..100 000.

    Raises InputError for settings outside these bounds, where the start does not fit the data or the structure, and
    where a trace that long would not fit into memory (`iterate_em` keeps nothing).
    """
    began = perf_counter()
    run = _prepare(data, start, structure, max_iter, rtol, variance_floor, hard)
    n_components, d = len(run.theta.weights), run.form.n_dimensions
    if n_components * (1 + d + d * d) * (max_iter + 1) > MAX_TRACE_NUMBERS:
        raise InputError(f"{max_iter} iterations of covariances this large do not fit into memory: allow fewer.")
    states = list(_iterate(run))
    thetas = _stacked([state.theta for state in states])
    bounds = np.empty(2 * len(states) - 1)
    bounds[0] = run.start_bound if run.start_bound is not None else states[0].bound
    if len(states) > 1:
        reached = np.array([state.bound for state in states[:-1]])
        summaries = Statistics(
            *(np.concatenate(parts, axis=1) for parts in zip(*(s.statistics for s in states[:-1]), strict=True))
        )
        bounds[1::2] = reached
        bounds[2::2] = reached + _rise_of_bound(
            run.form, summaries, thetas.of_runs(slice(None, -1)), thetas.of_runs(slice(1, None))
        )
    weights, means, covariances = in_data_units(run.data, run.form, thetas)
    if run.exact is not None:
        weights[0], means[0], covariances[0] = run.exact.weights, run.exact.means, run.exact.covariances
    last = states[-1]
    return MixtureTrace(
        weights=read_only(weights),
        means=read_only(means),
        covariances=read_only(covariances),
        log_likelihoods=read_only(np.array([state.log_likelihood for state in states])),
        lower_bounds=read_only(bounds),
        seconds=read_only(np.array([state.time for state in states]) - began),
        stop_reason=last.stop_reason,
        degeneracies=last.degeneracies,
    )


def iterate_em(
    data: ArrayLike,
    start: ArrayLike | Mixture,
    *,
    structure: str = "full",
    max_iter: int = 200,
    rtol: float = 1e-6,
    variance_floor: float = DEFAULT_VARIANCE_FLOOR,
    hard: bool = False,
) -> Iterator[EMIterate]:
    """The iterates of `run_em` one by one, so that a caller can work in slices of time.

    Raises InputError when called, not when first advanced. Each iterate costs one pass over the points.
    """
    return _iterates(_prepare(data, start, structure, max_iter, rtol, variance_floor, hard))


class _Run(NamedTuple):
    """A run that is about to begin.

    theta and degenerate: iterate 0, and what `fit` says of it. start (K, n) and start_bound: the responsibilities it
    was made of, if any, and G at them. exact: the mixture it is, if it was given as one.
    """

    data: StandardizedData
    form: Form
    floor: Floats
    max_iter: int
    rtol: float
    hard: bool
    theta: Parameters
    degenerate: NDArray[np.bool_] | None
    start: Floats | None
    start_bound: float | None
    exact: Mixture | None


class _State(NamedTuple):
    """An iterate inside a run: bound is G after the E step at theta, statistics are those of that Q."""

    theta: Parameters
    log_likelihood: float
    bound: float
    statistics: Statistics
    degeneracies: tuple[Degeneracy, ...]
    time: float
    stop_reason: StopReason | None


def _prepare(
    data: ArrayLike,
    start: ArrayLike | Mixture,
    structure: str,
    max_iter: int,
    rtol: float,
    variance_floor: float,
    hard: bool,
) -> _Run:
    points = as_points(data)
    form = form_of(structure, points.shape[1])
    standardized = standardize(points, form)
    check_whole_number("The number of iterations", max_iter, 0, MAX_ITERATIONS)
    rtol = check_fraction("The tolerance", rtol)
    floor = standardized.floor(form, check_fraction("The variance floor", variance_floor))
    n = len(points)
    start_q = bound = exact = None
    if isinstance(start, Mixture):
        check_n_components(start.n_components, n)
        exact = start
        theta = standardized_mixtures(
            standardized, form, start.weights[None], start.means[None], start.covariances[None]
        )
        theta, degenerate = at_floor(form, theta, floor)
    else:
        start_q = np.ascontiguousarray(as_responsibilities(start, n).T)
        check_n_components(len(start_q), n)
        statistics = deviations.summarize(form, standardized.z, start_q[:, None])
        theta, degenerate = parameters.fit(form, statistics, of_the_data(standardized, form), floor)
        expected = expected_log_joint(form, statistics, theta)[0]
        bound = float(expected + standardized.log_volume + entr(start_q).sum())
    return _Run(standardized, form, floor, max_iter, rtol, hard, theta, degenerate, start_q, bound, exact)


def _iterate(run: _Run) -> Iterator[_State]:
    data, form, floor, hard, rtol = run.data, run.form, run.floor, run.hard, run.rtol
    theta, degenerate = run.theta, run.degenerate
    sweep = Sweep(data, form, len(theta.weights), hard)
    identical = have_identical_components(theta)
    always_careful = identical if identical.any() else None
    careful = always_careful
    if run.exact is not None:
        careful = identical | ~sweep.features.covers(theta)
    degeneracies = find_degeneracies(data, form, theta, degenerate, floor, 0, run.start)
    value = None
    for t in count():
        if degenerate is not None:
            careful = np.ones(1, dtype=bool)
        log_likelihoods, bounds, statistics = sweep.expect(theta, careful)
        previous, value = value, float(bounds[0] if hard else log_likelihoods[0])
        stop_reason = _stop_reason(t, value, previous, degenerate is not None, run.max_iter, rtol, data.n_points)
        yield _State(
            theta, float(log_likelihoods[0]), float(bounds[0]), statistics, degeneracies, perf_counter(), stop_reason
        )
        if stop_reason is not None:
            return
        theta, degenerate = parameters.fit(form, statistics, theta, floor)
        careful = always_careful
        if degenerate is not None:
            degeneracies = find_degeneracies(data, form, theta, degenerate, floor, t + 1)


def _iterates(run: _Run) -> Iterator[EMIterate]:
    before = None
    for t, state in enumerate(_iterate(run)):
        if before is None:
            bounds = (state.bound if run.start_bound is None else run.start_bound,)
        else:
            rise = _rise_of_bound(run.form, before.statistics, before.theta, state.theta)[0]
            bounds = (before.bound, before.bound + float(rise))
        weights, means, covariances = (a[0] for a in in_data_units(run.data, run.form, state.theta))
        iterate = EMIterate(
            iteration=t,
            weights=read_only(weights),
            means=read_only(means),
            covariances=read_only(covariances),
            log_likelihood=state.log_likelihood,
            lower_bounds=bounds,
            degeneracies=state.degeneracies,
            stop_reason=state.stop_reason,
        )
        if t == 0 and run.exact is not None:
            exact = run.exact
            iterate = replace(iterate, weights=exact.weights, means=exact.means, covariances=exact.covariances)
        yield iterate
        before = state


def _rise_of_bound(form: Form, statistics: Statistics, before: Parameters, after: Parameters) -> Floats:
    """G(Q, after) - G(Q, before), (R,): the entropy of Q is the same in both."""
    return expected_log_joint(form, statistics, after) - expected_log_joint(form, statistics, before)


def _stop_reason(
    t: int, value: float, previous: float | None, degenerate: bool, max_iter: int, rtol: float, n_points: int
) -> StopReason | None:
    if degenerate:
        return StopReason.DEGENERATE
    if previous is not None:
        rise = value - previous
        # A sum of n logarithms can be near 0 by chance; its rounding is then still that of n terms of size 1.
        if rise < -LARGEST_RELATIVE_FALL * max(abs(previous), n_points):
            return StopReason.DIVERGED
        if abs(rise) < rtol * abs(previous):
            return StopReason.CONVERGED
    return StopReason.MAX_ITER if t == max_iter else None


def at_floor(form: Form, theta: Parameters, floor: Floats) -> tuple[Parameters, NDArray[np.bool_] | None]:
    """A given start is left as it is; which of its components (K, R) are empty or at the floor, or None."""
    _, _, reached = parameters.at_least(form, theta.covariances, floor)
    empty = theta.weights == 0
    if reached is None and not empty.any():
        return theta, None
    return theta, empty | (False if reached is None else reached)


def have_identical_components(theta: Parameters) -> NDArray[np.bool_]:
    """Which runs (R,) have two components with the same weight, mean and covariance, to the last bit.

    No step can tell such components apart, and only the reference form treats them alike to the last bit.
    """
    n_components, n_runs = theta.weights.shape
    numbers = np.concatenate(
        [
            theta.weights[..., None],
            theta.means,
            np.broadcast_to(theta.covariances, (n_components, *theta.covariances.shape[1:])).reshape(
                n_components, n_runs, -1
            ),
        ],
        axis=2,
    )
    identical = np.zeros(n_runs, dtype=bool)
    for apart in range(1, n_components):
        identical |= (numbers[apart:] == numbers[:-apart]).all(axis=2).any(axis=0)
    return identical


def _stacked(thetas: list[Parameters]) -> Parameters:
    weights, means, covariances, whitenings = zip(*thetas, strict=True)
    inverses, log_determinants = zip(*whitenings, strict=True)

    def together(parts: tuple[Floats, ...]) -> Floats:
        return np.concatenate(parts, axis=1)

    whitening = Whitening(together(inverses), together(log_determinants))
    return Parameters(together(weights), together(means), together(covariances), whitening)
