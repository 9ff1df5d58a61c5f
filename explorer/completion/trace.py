"""The record of a run, the same for every solver, so that they can be compared by steps and by seconds."""

from dataclasses import dataclass

import numpy as np

from explorer.completion.factors import Factors
from explorer.stopping import StopReason


@dataclass(frozen=True, eq=False)
class CompletionTrace:
    """A run of T steps of any solver. Index 0 of every array is the start, index t the state after step t.

    Attributes:
        objectives: (T + 1,) what the solver minimises.
        rmse_observed: (T + 1,) root mean square error on the observed entries, in the unit of the values.
        rmse_hidden: (T + 1,) the same on the hidden entries, or None when none were given.
        distances: (T + 1,) |A - X Y^T|_F to the true matrix, all entries, or None when it was not given.
        seconds: (T + 1,) time from the beginning of the run, without the time that this record's own figures took.
        final: the factors after the last step.
        stop_reason: why the run ended: converged, max_iter or diverged.

    The arrays are read-only, and all their numbers are finite.
    """

    objectives: np.ndarray
    rmse_observed: np.ndarray
    rmse_hidden: np.ndarray | None
    distances: np.ndarray | None
    seconds: np.ndarray
    final: Factors
    stop_reason: StopReason
