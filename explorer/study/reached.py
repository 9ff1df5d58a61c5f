"""Which optima many starts of EM reach: where each run stopped, and where it would have come had it gone on.

A run that stops on a plateau is at no optimum, and its last small change does not tell (TD2 stops on one). So every run
that is not degenerate is continued from where it stopped, to a tolerance of LIMIT_RTOL: the optimum that it comes
to is the one that its start leads to, and it stopped early if its log-likelihood still had far to go.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.mixture import ManyRuns, Mixtures, Optima, group_ends, iterate_many
from explorer.mixture.optima import LOG_LIKELIHOOD_TOLERANCE

# On the ten points, 1e-10 still leaves 3 of 4950 starts at a saddle point, from where the rest climb on; 1e-12 none.
LIMIT_RTOL = 1e-12
# With equal variances, runs creep away from two components that are alike for thousands of iterations. They are left
# where they are then, so that a map of a few hundred points takes no more than seconds.
LIMIT_ITERATIONS = 1_000

Result = TypeVar("Result")

_OF_AN_END = ("weights", "means", "covariances", "log_likelihoods", "degenerate")


@dataclass(frozen=True, eq=False)
class Reached:
    """Where R starts lead.

    runs: as they stopped, at the tolerance and the number of iterations that were asked for.
    optima: of the continued runs; `optima.labels` (R,) is the optimum that each start leads to.
    log_likelihoods (R,): of the continued runs, total over points.
    stopped_early (R,): continued, the run came to a log-likelihood higher by more than LOG_LIKELIHOOD_TOLERANCE nats,
    or to a degenerate end.
    """

    runs: ManyRuns
    optima: Optima
    log_likelihoods: NDArray[np.float64]
    stopped_early: NDArray[np.bool_]


def iterate_reached(
    values: ArrayLike,
    starts: NDArray[np.float64] | Mixtures,
    *,
    structure: str,
    rtol: float,
    max_iter: int,
    variance_floor: float,
) -> Generator[tuple[int, int], None, Reached]:
    """Run EM from R starts and continue the runs: yields (finished, all) in slices of time, and returns the record.

    starts: stacked responsibilities (R, n, K) or Mixtures. `all` is 2 R: a start is run and continued. The other
    arguments, and the errors, are those of `iterate_many`.
    """
    settings = {"structure": structure, "variance_floor": variance_floor}
    of_all = 2 * len(starts)
    runs = yield from _counted(iterate_many(values, starts, rtol=rtol, max_iter=max_iter, **settings), 0, of_all)
    ends = {name: np.array(getattr(runs, name)) for name in _OF_AN_END}
    going_on = np.flatnonzero(~runs.degenerate)
    if len(going_on):
        stopped = Mixtures(runs.weights[going_on], runs.means[going_on], runs.covariances[going_on])
        longer = {"rtol": min(rtol, LIMIT_RTOL), "max_iter": LIMIT_ITERATIONS}
        steps = iterate_many(values, stopped, **longer, **settings)
        continued = yield from _counted(steps, of_all - len(going_on), of_all)
        for name, end in ends.items():
            end[going_on] = getattr(continued, name)
    rise = ends["log_likelihoods"] - runs.log_likelihoods
    early = (rise > LOG_LIKELIHOOD_TOLERANCE) | (ends["degenerate"] & ~runs.degenerate)
    return Reached(runs, _optima_of(ends), ends["log_likelihoods"], early)


def finished(steps: Generator[tuple[int, int], None, Result]) -> Result:
    """Return what an iteration in slices of time returns, all slices at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _optima_of(ends: dict[str, np.ndarray]) -> Optima:
    """The distinct optima among the ends of runs, given by name as `group_ends` takes them."""
    return group_ends(**ends)


def _counted(
    steps: Generator[tuple[int, int], bool | None, ManyRuns], before: int, of_all: int
) -> Generator[tuple[int, int], None, ManyRuns]:
    """The steps of `iterate_many`, as a part of a longer work of which `before` is done."""
    while True:
        try:
            finished, _ = next(steps)
        except StopIteration as end:
            return end.value
        yield before + finished, of_all
