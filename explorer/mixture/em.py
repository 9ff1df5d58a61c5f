"""Expectation-maximisation for Gaussian mixtures, as a trace of every half step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from explorer.checks import check_flag, read_only
from explorer.mixture.arithmetic import Numbers, OnArrays, arithmetic_of
from explorer.mixture.covariances import Floats, Form
from explorer.mixture.degeneracy import Degeneracy, find_degeneracies
from explorer.mixture.model import Mixture
from explorer.mixture.parameters import Parameters, Statistics, expected_log_joint
from explorer.mixture.problem import have_identical_components, pose
from explorer.mixture.recording import End, Run, begin, check_reached, record
from explorer.mixture.stopping import RiseRule, first_reason
from explorer.mixture.trace import MixtureTrace
from explorer.mixture.units import in_data_units
from explorer.slices import Slices, finish
from explorer.stop_reason import StopReason

DEFAULT_VARIANCE_FLOOR = 1e-6


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
    What rises then, and is looked at for convergence, is G, the classification log-likelihood, from the first hard E
    step on; the log-likelihood may fall.

    Stops (`stop_reason`) at the first iterate t >= 0 that is
    - degenerate: a component has no points left, or in some direction a variance of at most variance_floor (0 <= . < 1)
      times the data's. 0 switches the floor off; what is left of it is 1e-24, where rounding takes over;
    - diverged: its log-likelihood is below the previous one by more than rounding (a relative 1e-10);
    - converged: |L_t - L_(t-1)| < rtol |L_(t-1)|, 0 <= rtol < 1 (TD2, question 5). A plateau passes for
      convergence too: a small change does not prove a maximum (`find_limits` finds it). And the unit of the data
      counts: it adds a constant to L, so that the same rise is another part of it. Old Faithful's eruptions in minutes
      may climb to the maximum at L = -276, and, from the same start, stop 145 nats below it in seconds, where L is
      some -1500. To compare runs keep to one unit, or take rtol so small that it does not matter, 1e-10;
    - max_iter: t = max_iter, of 0..100 000.

    Raises InputError for settings outside these bounds, where the start does not fit the data or the structure, and
    where a trace that long would not fit into memory (`iterate_em` keeps nothing).
    """
    return finish(
        run_em_in_slices(
            data,
            start,
            structure=structure,
            max_iter=max_iter,
            rtol=rtol,
            variance_floor=variance_floor,
            hard=hard,
        )
    )


def run_em_in_slices(
    data: ArrayLike,
    start: ArrayLike | Mixture,
    *,
    structure: str = "full",
    max_iter: int = 200,
    rtol: float = 1e-6,
    variance_floor: float = DEFAULT_VARIANCE_FLOOR,
    hard: bool = False,
) -> Slices[MixtureTrace]:
    """The work of `run_em` in slices of time: yields (t, max_iter) after every iterate, and returns the trace."""
    began = perf_counter()
    check_flag("hard", hard)
    run = begin(pose(data, structure, max_iter, rtol, variance_floor), start)
    arithmetic = arithmetic_of(run.problem, len(run.beginning.theta.weights), hard)
    states = []
    for state in _iterate(run, arithmetic, hard):
        states.append(state)
        yield len(states) - 1, max_iter
    thetas = arithmetic.parameters([state.theta for state in states])
    bounds = np.empty(2 * len(states) - 1)
    bounds[0] = _first_bound(run, states[0])
    if len(states) > 1:
        bounds[1::2] = [state.bound for state in states[:-1]]
        statistics = arithmetic.statistics([state.statistics for state in states[:-1]])
        before, after = thetas.of_runs(slice(None, -1)), thetas.of_runs(slice(1, None))
        bounds[2::2] = bounds[1::2] + _rise_of_bound(run.problem.form, statistics, before, after)
    return record(run, End(states, states[-1].stop_reason, states[-1].degeneracies), began, thetas, bounds)


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
    check_flag("hard", hard)
    run = begin(pose(data, structure, max_iter, rtol, variance_floor), start, kept=False)
    return _iterates(run, arithmetic_of(run.problem, len(run.beginning.theta.weights), hard), hard)


class _State(NamedTuple):
    """An iterate inside a run: bound is G after the E step at theta, statistics are those of that Q.

    Parameters and statistics are as the run's arithmetic has them.
    """

    theta: Parameters | Numbers
    log_likelihood: float
    bound: float
    statistics: Statistics | Numbers
    degeneracies: tuple[Degeneracy, ...]
    time: float
    stop_reason: StopReason | None


def _iterate(run: Run, arithmetic: OnArrays, hard: bool) -> Iterator[_State]:
    data, form, floor, *_ = run.problem
    rule = RiseRule.of(run.problem)
    start, degenerate, _, singletons = run.beginning
    identical = have_identical_components(start)
    careful = identical | ~arithmetic.sweep.features.covers(start) if run.exact is not None else identical
    degeneracies = find_degeneracies(data, form, start, degenerate, floor, 0, singletons)
    theta = arithmetic.of(start)
    value = None
    for t in count():
        if degenerate is not None:
            careful = np.ones(1, dtype=bool)
        log_likelihood, bound, statistics = arithmetic.expect(theta, careful)
        if t == 0:
            check_reached(log_likelihood)
        previous, value = value, bound if hard else log_likelihood
        stop_reason = first_reason(*rule.signs(t, degenerate is not None, value, previous))
        yield _State(theta, log_likelihood, bound, statistics, degeneracies, perf_counter(), stop_reason)
        if stop_reason is not None:
            return
        theta, degenerate = arithmetic.maximize(statistics, theta)
        careful = identical if identical[0] else None
        if degenerate is not None:
            degeneracies = find_degeneracies(data, form, arithmetic.parameters([theta]), degenerate, floor, t + 1)


def _iterates(run: Run, arithmetic: OnArrays, hard: bool) -> Iterator[EMIterate]:
    data, form = run.problem.data, run.problem.form
    before = None
    for t, state in enumerate(_iterate(run, arithmetic, hard)):
        theta = arithmetic.parameters([state.theta])
        if before is None:
            bounds = (_first_bound(run, state),)
        else:
            statistics = arithmetic.statistics([before.statistics])
            (rise,) = _rise_of_bound(form, statistics, arithmetic.parameters([before.theta]), theta).tolist()
            bounds = (before.bound, before.bound + rise)
        weights, means, covariances = (a[0] for a in in_data_units(data, form, theta))
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


def _first_bound(run: Run, first: _State) -> float:
    """G of the responsibilities that made iterate 0, or, where it was given as a mixture, of the first E step."""
    bounds = run.beginning.bounds
    return first.bound if bounds is None else float(bounds[0])


def _rise_of_bound(form: Form, statistics: Statistics, before: Parameters, after: Parameters) -> Floats:
    """G(Q, after) - G(Q, before), (R,): the entropy of Q is the same in both."""
    return expected_log_joint(form, statistics, after) - expected_log_joint(form, statistics, before)
