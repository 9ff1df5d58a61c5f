"""When a run stops: one rule for every algorithm, for one run and for many.

After every iterate an algorithm looks for signs of the four reasons to stop; more than one may be there. What is said
then is the first one in this order: degenerate, diverged, converged, max_iter. A component that has collapsed explains
a log-likelihood that fell, and a run that comes to rest at its last iteration has come to rest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.checks import Floats
from explorer.stop_reason import StopReason

MAX_ITERATIONS = 100_000
# EM never lowers the log-likelihood: a fall beyond this fraction of it is not rounding.
LARGEST_RELATIVE_FALL = 1e-10

# Of one run, or (R,) of many.
Sign = bool | NDArray[np.bool_]
Signs = tuple[Sign, Sign, Sign, Sign]


class RiseRule(NamedTuple):
    """The signs that EM looks for, in what it raises: one run's value, or those of many that advance together."""

    n_points: int
    rtol: float
    max_iter: int

    def signs(self, t: int, degenerate: Sign, value: Floats, previous: Floats | None) -> Signs:
        """Whether at iterate t a run is degenerate, as the caller found; has diverged, where its value fell by more
        than rounding; has converged, where it changed by less than its rtol-th part (TD2, question 5); and is at its
        last iterate. previous: the value one iterate before, None at the start.

        A sum of n logarithms can be near 0 by chance; its rounding is then still that of n terms of size 1.
        """
        if previous is None:
            return degenerate, False, False, t == self.max_iter
        rise, size = value - previous, abs(previous)
        fell = rise < -LARGEST_RELATIVE_FALL * (size + self.n_points)
        return degenerate, fell, abs(rise) < self.rtol * size, t == self.max_iter


def first_reason(
    degenerate: bool = False, diverged: bool = False, converged: bool = False, max_iter: bool = False
) -> StopReason | None:
    """Why one run stops; None where it goes on."""
    if degenerate:
        return StopReason.DEGENERATE
    if diverged:
        return StopReason.DIVERGED
    if converged:
        return StopReason.CONVERGED
    return StopReason.MAX_ITER if max_iter else None


def reasons_to_stop(signs: Signs, n_runs: int) -> tuple[NDArray[np.bool_] | None, list[StopReason]]:
    """Which of R runs stop, (R,), and why each of these does; None and nothing where none does."""
    if n_runs == 1:  # its signs need no table, which would take longer than they do
        reason = first_reason(*signs)
        return (None, []) if reason is None else (np.ones(1, dtype=bool), [reason])
    table = np.empty((4, n_runs), dtype=bool)
    table[0], table[1], table[2], table[3] = signs
    over = np.logical_or.reduce(table)
    reasons = [first_reason(*of_run) for of_run in table[:, over].T.tolist()]
    return (over, reasons) if reasons else (None, [])
