"""Which optima many starts of EM lead to: where each run stopped, and where it would have come had it gone on."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.mixture import EMOptions, Limits, ManyRuns, Mixtures, iterate_limits, iterate_many
from explorer.mixture.judge import MAP_ITERATIONS
from explorer.slices import Slices, retold


def iterate_to_limits(
    values: ArrayLike, starts: NDArray[np.float64] | Mixtures, options: EMOptions
) -> Slices[tuple[ManyRuns, Limits]]:
    """Run EM from R starts, and continue the runs to their limits.

    starts: stacked responsibilities (R, n, K) or Mixtures. Raises InputError as `iterate_many` does. Yields (finished,
    all) in slices of time, where a start counts twice: it is run, and continued.
    """
    n_starts, of_all = len(starts), 2 * len(starts)
    running = iterate_many(values, starts, options)
    runs = yield from retold(running, lambda finished, _: (finished, of_all))
    continuing = iterate_limits(values, runs, options, max_iter=MAP_ITERATIONS)
    limits = yield from retold(continuing, lambda finished, _: (min(of_all, n_starts + finished), of_all))
    return runs, limits
