"""Expectation-maximisation for Gaussian mixtures, as a trace of every half step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

from explorer.checks import Floats, changed, check_choice, check_flag, check_fraction, check_whole_number, read_only
from explorer.errors import InputError
from explorer.mixture import engine
from explorer.mixture.degeneracy import Degeneracy, degeneracies_of
from explorer.mixture.loop import Beginning, Moves, Problem, Stand, advance, begin, pose
from explorer.mixture.model import Mixture
from explorer.mixture.stopping import MAX_ITERATIONS, RiseRule
from explorer.mixture.trace import MixtureTrace, parameters_of, record
from explorer.slices import Slices, finish
from explorer.stop_reason import StopReason

# What may happen where a variance falls to its floor.
AT_FLOOR = ("stop", "hold")


@dataclass(frozen=True)
class EMOptions:
    """What determines a run of EM, beside the data and the start. Raises InputError where a value is out of bounds.

    structure: of the covariances, by its name in STRUCTURES: full, tied, diagonal or spherical. In one dimension full
    is a free variance for each component, and tied an equal one.
    rtol: 0 <= rtol < 1. The run has converged where |L_t - L_(t-1)| < rtol |L_(t-1)| (TD2, question 5).
    max_iter: of 0..100 000.
    variance_floor: 0 <= . < 1, the least variance in any direction, as a share of the data's. 0 switches the floor off;
    what is left of it is 1e-24, where rounding takes over.
    hard: the E step gives each point wholly to its likeliest component (classification EM, Celeux and Govaert, 1992).
    What rises then, and is looked at for convergence, is G, the classification log-likelihood, from the first hard E
    step on; the log-likelihood may fall.
    at_floor: "stop", a component that falls to the floor is degenerate and ends the run; or "hold", its variance is
    held at the floor, which maximises the likelihood among all covariances that are not below it, and the run goes on
    (a floor in place of the bound on ratios of Hathaway, 1985). Likelihoods may then be compared only among runs that
    hold at the same floor.
    """

    structure: str = "full"
    rtol: float = 1e-6
    max_iter: int = 200
    variance_floor: float = 1e-6
    hard: bool = False
    at_floor: str = "stop"

    def __post_init__(self) -> None:
        check_choice("covariance structure", self.structure, engine.STRUCTURES)
        check_whole_number("The number of iterations", self.max_iter, 0, MAX_ITERATIONS)
        check_fraction("The tolerance", self.rtol)
        check_fraction("The variance floor", self.variance_floor)
        check_flag("hard", self.hard)
        check_choice("way to go on at the floor", self.at_floor, AT_FLOOR)
        if self.at_floor == "hold" and self.variance_floor == 0:
            raise InputError("Variances can be held at a floor only if there is one: choose a variance floor above 0.")


DEFAULTS = EMOptions()


@dataclass(frozen=True, eq=False)
class EMIterate:
    """Iterate t of a run: weights (K,), means (K, d), covariances (K, d, d) and the log-likelihood of these.

    lower_bounds: G at the half steps that led here, (after E step t, after M step t), or the one of the
    start. held (K,): which components are held at the variance floor. stop_reason is None while the run goes on.
    """

    iteration: int
    weights: Floats
    means: Floats
    covariances: Floats
    log_likelihood: float
    lower_bounds: tuple[float, ...]
    held: np.ndarray
    degeneracies: tuple[Degeneracy, ...]
    stop_reason: StopReason | None


def run_em(
    data: ArrayLike, start: ArrayLike | Mixture, options: EMOptions = DEFAULTS, **changes: object
) -> MixtureTrace:
    """Run EM from a start until it stops, and keep every iterate: `run_em(data, start, rtol=1e-8)`.

    data: n points in d dimensions, (n, d), or (n,) for d = 1.
    start: responsibilities (n, K), whose M step is iterate 0, or a Mixture, which is iterate 0.
    changes: fields of EMOptions that are to be others than in `options`: structure, rtol, max_iter, variance_floor,
    hard, at_floor.

    Stops (`stop_reason`) at the first iterate t >= 0 that is
    - degenerate: a component has no points left, or its variance in some direction fell to the floor and is not held;
    - diverged: its log-likelihood is below the previous one by more than rounding (a relative 1e-10);
    - converged: the log-likelihood changed by less than its rtol-th part. A plateau passes for convergence too: a
      small change does not prove a maximum (`find_limits` finds it). And the unit of the data counts: it adds a
      constant to L, so that the same rise is another part of it. Old Faithful's eruptions in minutes may climb to the
      maximum at L = -276, and, from the same start, stop 145 nats below it in seconds, where L is some -1500. To
      compare runs keep to one unit, or take rtol so small that it does not matter, 1e-10;
    - max_iter.

    Raises InputError for options out of their bounds, where the start does not fit the data or the structure, and
    where a trace that long would not fit into memory (`iterate_em` keeps nothing).
    """
    return finish(run_em_in_slices(data, start, changed(EMOptions, options, changes)))


def run_em_in_slices(data: ArrayLike, start: ArrayLike | Mixture, options: EMOptions) -> Slices[MixtureTrace]:
    """The work of `run_em` in slices of time: yields (t, max_iter) after every iterate, and returns the trace."""
    began = perf_counter()
    options = changed(EMOptions, options, {})
    problem = pose(data, options.structure, options.variance_floor, options.at_floor)
    beginning = begin(problem, start, options.max_iter)
    passes = _passes_of_one(problem, beginning, options)
    stands = []
    for stand in _iterates_of_one(problem, beginning, passes, options):
        stands.append(stand)
        yield stand.t, options.max_iter
    thetas = passes.parameters([stand.theta for stand in stands])
    bounds = np.empty(2 * len(stands) - 1)
    bounds[0] = _first_bound(beginning, stands[0])
    if len(stands) > 1:
        bounds[1::2] = [stand.values for stand in stands[:-1]]
        statistics = passes.statistics([stand.statistics for stand in stands[:-1]])
        before, after = thetas.of_runs(slice(None, -1)), thetas.of_runs(slice(1, None))
        bounds[2::2] = bounds[1::2] + _rise_of_bound(problem.form, statistics, before, after)
    return record(problem, beginning, stands, thetas, began, bounds)


def iterate_em(
    data: ArrayLike, start: ArrayLike | Mixture, options: EMOptions = DEFAULTS, **changes: object
) -> Iterator[EMIterate]:
    """The iterates of `run_em` one by one, so that a caller can work in slices of time.

    Raises InputError when called, not when first advanced. Each iterate costs one pass over the points.
    """
    options = changed(EMOptions, options, changes)
    problem = pose(data, options.structure, options.variance_floor, options.at_floor)
    beginning = begin(problem, start)
    return _iterates(problem, beginning, _passes_of_one(problem, beginning, options), options)


def _passes_of_one(problem: Problem, beginning: Beginning, options: EMOptions) -> engine.OnArrays:
    n_components = len(beginning.theta.weights)
    return engine.passes_of_one(
        problem.data, problem.form, problem.floor, n_components, hard=options.hard, hold=problem.hold
    )


def _iterates_of_one(
    problem: Problem, beginning: Beginning, passes: engine.OnArrays, options: EMOptions
) -> Iterator[Stand]:
    """E step, M step, and so on: what is looked at for convergence is the lower bound that the E step reaches, which is
    the log-likelihood except where E steps are hard.
    """
    rule = RiseRule(problem.data.n_points, options.rtol, options.max_iter)
    moves = Moves(passes.expect, passes.maximize, rule.signs)
    return advance(moves, beginning, passes.begin(beginning.theta, beginning.degenerate))


def _iterates(
    problem: Problem, beginning: Beginning, passes: engine.OnArrays, options: EMOptions
) -> Iterator[EMIterate]:
    before, nothing = None, read_only(np.zeros(len(beginning.theta.weights), dtype=bool))
    for stand in _iterates_of_one(problem, beginning, passes, options):
        theta = passes.parameters([stand.theta])
        if before is None:
            bounds = (_first_bound(beginning, stand),)
        else:
            statistics = passes.statistics([before.statistics])
            earlier = passes.parameters([before.theta])
            (rise,) = _rise_of_bound(problem.form, statistics, earlier, theta).tolist()
            bounds = (before.values, before.values + rise)
        weights, means, covariances = parameters_of(problem, beginning, stand, theta)
        yield EMIterate(
            iteration=stand.t,
            weights=weights,
            means=means,
            covariances=covariances,
            log_likelihood=stand.log_likelihoods,
            lower_bounds=bounds,
            held=nothing if stand.held is None else read_only(stand.held[:, 0].copy()),
            degeneracies=degeneracies_of(problem, beginning, stand, theta),
            stop_reason=stand.reasons[0] if stand.reasons else None,
        )
        before = stand


def _first_bound(beginning: Beginning, first: Stand) -> float:
    """G of the responsibilities that made iterate 0, or, where it was given as a mixture, of the first E step."""
    return first.values if beginning.bounds is None else float(beginning.bounds[0])


def _rise_of_bound(
    form: engine.Form, statistics: engine.Statistics, before: engine.Parameters, after: engine.Parameters
) -> Floats:
    """G(Q, after) - G(Q, before), (R,): the entropy of Q is the same in both."""
    return engine.expected_log_joint(form, statistics, after) - engine.expected_log_joint(form, statistics, before)
