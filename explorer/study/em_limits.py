"""Which optima many starts of EM lead to: where each run stopped, and where it would have come had it gone on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.mixture import Limits, ManyRuns, Mixtures, iterate_limits, iterate_many
from explorer.slices import Slices, retold

# With equal variances, runs creep away from two components that are alike for thousands of iterations. They are left
# where they are then, so that a map of a few hundred points takes no more than seconds.
LIMIT_ITERATIONS = 1_000


def iterate_to_limits(
    values: ArrayLike, starts: NDArray[np.float64] | Mixtures, *, rtol: float, max_iter: int, **settings: Any
) -> Slices[tuple[ManyRuns, Limits]]:
    """Run EM from R starts, and continue the runs to their limits.

    starts: stacked responsibilities (R, n, K) or Mixtures. The other arguments, and the errors, are those of
    `iterate_many`. Yields (finished, all) in slices of time, where a start counts twice: it is run, and continued.
    """
    n_starts, of_all = len(starts), 2 * len(starts)
    running = iterate_many(values, starts, rtol=rtol, max_iter=max_iter, **settings)
    runs = yield from retold(running, lambda finished, _: (finished, of_all))
    continuing = iterate_limits(values, runs, max_iter=LIMIT_ITERATIONS, **settings)
    limits = yield from retold(continuing, lambda finished, _: (min(of_all, n_starts + finished), of_all))
    return runs, limits
