"""Why an iterative run ended: one closed set of reasons for every algorithm."""

from enum import StrEnum


class StopReason(StrEnum):
    """Why a run stopped. Running out of iterations is never called convergence."""

    CONVERGED = "converged"
    MAX_ITER = "max_iter"
    DEGENERATE = "degenerate"
    DIVERGED = "diverged"
