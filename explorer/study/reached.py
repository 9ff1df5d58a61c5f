"""Which optima many starts of EM lead to: where each run stopped, and where it would have come had it gone on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.mixture import Limits, ManyRuns, Mixtures, iterate_limits, iterate_many
from explorer.slices import Slices

# With equal variances, runs creep away from two components that are alike for thousands of iterations. They are left
# where they are then, so that a map of a few hundred points takes no more than seconds.
LIMIT_ITERATIONS = 1_000


def iterate_reached(
    values: ArrayLike, starts: NDArray[np.float64] | Mixtures, *, rtol: float, max_iter: int, **settings: Any
) -> Slices[tuple[ManyRuns, Limits]]:
    """Run EM from R starts, and continue the runs to their limits.

    starts: stacked responsibilities (R, n, K) or Mixtures. The other arguments, and the errors, are those of
    `iterate_many`. Yields (finished, all) in slices of time, where a start counts twice: it is run, and continued.
    """
    of_all = 2 * len(starts)
    runs = yield from _counted(iterate_many(values, starts, rtol=rtol, max_iter=max_iter, **settings), 0, of_all)
    limits = iterate_limits(values, runs, max_iter=LIMIT_ITERATIONS, **settings)
    return runs, (yield from _counted(limits, len(starts), of_all))


def _counted(slices: Slices[Any], before: int, of_all: int) -> Slices[Any]:
    """The slices as a part of a longer work, of which `before` is done."""
    try:
        finished, _ = next(slices)
        while True:
            finished, _ = slices.send((yield min(of_all, before + finished), of_all))
    except StopIteration as end:
        return end.value
