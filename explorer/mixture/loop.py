"""The loop of every algorithm that fits a mixture: two moves, and a look whether to stop, for R runs side by side.

A single run is R = 1. What the algorithms differ in are their moves, and the signs that they stop at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from explorer.checks import Floats
from explorer.errors import InputError
from explorer.mixture import engine
from explorer.mixture.checks import as_points, check_n_components, one_table
from explorer.mixture.model import Mixture
from explorer.mixture.stopping import Sign, Signs, reasons_to_stop
from explorer.stop_reason import StopReason

# The most numbers a whole trace may hold, 0.5 GB; while it is made, it takes several times as much.
MAX_TRACE_NUMBERS = 60_000_000
# A run that was held at the floor may begin again there, though its variances went into the data's unit and back.
ROUNDING = 1e-9
# An eigenvalue far below the largest is only rounding, and raised to what is not: no fixed floor could be kept.
LEAST_HELD = 1e-9


class Problem(NamedTuple):
    """Data to fit a mixture to, the form of its covariances, their floor, and whether they are held there."""

    data: engine.StandardizedData
    form: engine.Form
    floor: Floats
    hold: bool = False


class Beginning(NamedTuple):
    """Iterate 0 of R runs: theta, and which of its components (K, R) are degenerate, and which held at the floor; None
    where none is.

    Where responsibilities made it: bounds (R,), G(Q_0, theta_0), if they are wanted, and singletons (K, R), components
    of one point. exact: the mixture that a single run begins with, if one was given.
    """

    theta: engine.Parameters
    degenerate: engine.Marks | None
    held: engine.Marks | None
    bounds: Floats | None = None
    singletons: engine.Marks | None = None
    exact: Mixture | None = None


class Moves(NamedTuple):
    """What an algorithm does in an iteration.

    expect(theta): the first move, made at theta: the log-likelihoods there, what is looked at for convergence, and
    what the second move needs to know. maximize(statistics, theta): the second move: the next theta, and which
    components are degenerate, and held. signs(t, degenerate, value, previous value): the signs to stop at iterate t.
    """

    expect: Callable[[Any], tuple[Any, Any, Any]]
    maximize: Callable[[Any, Any], tuple[Any, engine.Marks | None, engine.Marks | None]]
    signs: Callable[[int, Sign, Any, Any], Signs]


class Stand(NamedTuple):
    """Where the runs that are under way stand at iterate t, and at which time, in the order of `runs` (R,).

    theta, log_likelihoods, values, statistics: as the moves have them. over (R,): which of them stop here, for which
    reasons; None and nothing where none does.
    """

    t: int
    runs: NDArray[np.intp]
    theta: Any
    log_likelihoods: Any
    values: Any
    statistics: Any
    degenerate: engine.Marks | None
    held: engine.Marks | None
    time: float
    over: engine.Marks | None
    reasons: list[StopReason]


def advance(moves: Moves, beginning: Beginning, theta: Any) -> Iterator[Stand]:
    """The iterates of R runs, advanced together until all have stopped; a run that stops is retired.

    theta: that of the beginning, as the moves have it.
    """
    expect, maximize, signs = moves
    degenerate, held = beginning.degenerate, beginning.held
    runs = np.arange(beginning.theta.weights.shape[1])
    previous = None
    for t in count():
        log_likelihoods, values, statistics = expect(theta)
        if t == 0:
            _check_reached(log_likelihoods)
        collapsed = False if degenerate is None else degenerate.any(axis=0)
        over, reasons = reasons_to_stop(signs(t, collapsed, values, previous), len(runs))
        yield Stand(
            t, runs, theta, log_likelihoods, values, statistics, degenerate, held, perf_counter(), over, reasons
        )
        if over is not None:
            on = np.flatnonzero(~over)
            if not len(on):
                return
            runs, values, theta, statistics = runs[on], values[on], theta.of_runs(on), statistics.of_runs(on)
        previous = values
        theta, degenerate, held = maximize(statistics, theta)


def pose(data: ArrayLike, structure: str, variance_floor: float, at_floor: str = "stop") -> Problem:
    """The problem of fitting a mixture to data, (n, d) or (n,). Raises InputError where the data is out of bounds."""
    points = as_points(data)
    form = engine.form_of(structure, points.shape[1])
    if at_floor == "hold" and form.matrices and variance_floor < LEAST_HELD:
        raise InputError(f"Covariance matrices can be held at a variance floor of at least {LEAST_HELD:g}: raise it.")
    standardized = engine.standardize(points, form)
    return Problem(standardized, form, standardized.floor(form, variance_floor), at_floor == "hold")


def begin(problem: Problem, start: ArrayLike | Mixture, max_iter: int | None = None) -> Beginning:
    """Where a single run begins. max_iter: how many iterations of it are to be kept, if they are.

    Raises InputError where the start does not fit the problem, or its trace not into memory.
    """
    n = problem.data.n_points
    if not isinstance(start, Mixture | np.ndarray) and np.asarray(start, dtype=object).ndim == 0:
        raise InputError("The start must be responsibilities (n, K), as `initialize` makes them, or a Mixture.")
    if isinstance(start, Mixture):
        check_n_components(start.n_components, n)
        given = (start.weights[None], start.means[None], start.covariances[None])
        beginning = from_mixtures(problem, *given)._replace(exact=start)
    else:
        q = one_table(start, n)
        check_n_components(len(q), n)
        beginning = from_responsibilities(problem, q[:, None])
    n_components, _, d = beginning.theta.means.shape
    if max_iter is not None and n_components * (1 + d + d * d) * (max_iter + 1) > MAX_TRACE_NUMBERS:
        raise InputError(f"{max_iter} iterations of covariances this large do not fit into memory: allow fewer.")
    return beginning


def from_responsibilities(problem: Problem, q: Floats, bounded: bool = True) -> Beginning:
    """R runs whose iterate 0 is the M step of responsibilities (K, R, n). bounded: with the bounds, which take time."""
    data, form = problem.data, problem.form
    statistics = engine.summarize(form, data.z, q)
    theta, *marks = engine.fit(form, statistics, engine.of_the_data(data, form), problem.floor)
    bounds = None
    if bounded:
        bounds = engine.expected_log_joint(form, statistics, theta) + entr(q).sum(axis=(0, 2)) + data.log_volume
    return Beginning(theta, *_fallen(problem, *marks), bounds, np.count_nonzero(q, axis=2) == 1)


def from_mixtures(problem: Problem, weights: Floats, means: Floats, covariances: Floats) -> Beginning:
    """R runs whose iterate 0 is given: weights (R, K), means (R, K, d), covariances (R, K, d, d) in the data's unit.

    Raises InputError where they do not fit the problem, or are to be held at a floor that they are below.
    """
    theta = engine.standardized_mixtures(problem.data, problem.form, weights, means, covariances)
    # The start is left as it is: it is the M step that keeps to the floor.
    raised, _, reached = engine.at_least(problem.form, theta.covariances, problem.floor)
    if problem.hold and _differ(problem.form, raised, theta.covariances):
        raise InputError("The start's variances are below the floor that they are to be held at: widen the start.")
    empty = theta.weights == 0
    if reached is not None:
        reached = np.broadcast_to(reached, empty.shape)
    return Beginning(theta, *_fallen(problem, empty if empty.any() else None, reached))


def _differ(form: engine.Form, covariances: Floats, others: Floats) -> bool:
    """Whether two sets of covariances differ by more than rounding, each entry measured by the deviations it is of."""
    scale = covariances
    if form.matrices:
        widths = np.sqrt(np.einsum("krii->kri", covariances))
        scale = widths[..., :, None] * widths[..., None, :]
    return bool((np.abs(covariances - others) > ROUNDING * scale).any())


def _fallen(
    problem: Problem, empty: engine.Marks | None, reached: engine.Marks | None
) -> tuple[engine.Marks | None, engine.Marks | None]:
    """Which components are degenerate, and which are held, of those that are empty or reached the floor."""
    if problem.hold:
        return empty, reached
    return (empty if reached is None else reached if empty is None else empty | reached), None


def _check_reached(log_likelihoods: Floats | float) -> None:
    if not np.isfinite(log_likelihoods).all():
        raise InputError("The start is too far from the data to compute its log-likelihood: move it nearer.")
