"""What every solver asks of its data and of what it is compared with; bounds of numbers are in `explorer.checks`.

Each raises InputError with a sentence that says what is wrong and what to give instead.
"""

import numpy as np

from explorer.checks import check_number, check_whole_number, is_number
from explorer.completion.factors import Factors
from explorer.completion.observations import MAX_MAGNITUDE, Observations
from explorer.errors import InputError, quoted

MAX_RANK = 100
MAX_RADIUS = 1e60


def check_observations(observations: Observations) -> None:
    if not isinstance(observations, Observations):
        kind = type(observations).__name__
        raise InputError(f"The observations must be `Observations`, not {kind}: `from_matrix` makes them of a matrix.")


def check_rank(rank: int, shape: tuple[int, int]) -> None:
    """The rank k is 1..min(m, n), and at most 100."""
    check_whole_number("The rank, for this matrix,", rank, 1, min(*shape, MAX_RANK))


def check_ridge(ridge: float) -> None:
    check_number("The ridge", ridge, 0, MAX_MAGNITUDE)


def check_radius(radius: float) -> None:
    if not is_number(radius) or not 0 < radius <= MAX_RADIUS:
        raise InputError(
            f"The radius of the nuclear norm ball must be a positive number, at most {MAX_RADIUS:g}; "
            f"got {quoted(radius)}."
        )


def check_comparisons(observations: Observations, hidden: Observations | None, truth: Factors | None) -> None:
    """What a run is compared with, hidden entries and the true matrix, has the shape of what it observes."""
    check_observations(observations)
    shape = observations.shape
    if hidden is not None:
        check_observations(hidden)
    if hidden is not None and hidden.shape != shape:
        raise InputError("The hidden entries must belong to a matrix of the same shape as the observed ones.")
    if truth is not None:
        check_factors("The true matrix", truth, shape)


def check_factors(what: str, factors: Factors, shape: tuple[int, int]) -> None:
    """Factors of an m x n matrix whose entries are at most 1e50 in magnitude."""
    if not isinstance(factors, Factors):
        raise InputError(f"{what} must be given as factors X and Y.")
    if (len(factors.left), len(factors.right)) != shape:
        raise InputError(
            f"{what} must have factors X with {shape[0]} rows and Y with {shape[1]} rows, "
            f"but they have {len(factors.left)} and {len(factors.right)}."
        )
    if max(np.abs(factors.left).max(), np.abs(factors.right).max()) > MAX_MAGNITUDE:
        raise InputError(f"{what} must have factors with entries of at most {MAX_MAGNITUDE:g} in magnitude.")
