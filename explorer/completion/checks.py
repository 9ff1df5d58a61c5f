"""The bounds of what a caller may ask of a solver, and the sentence that says so."""

from collections.abc import Collection

import numpy as np

from explorer.completion.factors import Factors
from explorer.completion.observations import MAX_MAGNITUDE, Observations
from explorer.errors import InputError, quoted

MAX_RANK = 100
MAX_STEPS = 100_000
MAX_RADIUS = 1e60


def check_whole(what: str, number: int, lowest: int, highest: int) -> None:
    """Raises `InputError` unless it is a whole number from `lowest` to `highest`."""
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or not lowest <= number <= highest:
        raise InputError(f"{what} must be a whole number from {lowest} to {highest:,}, not {quoted(number)}.")


def check_choice(what: str, name: str, choices: Collection[str]) -> None:
    """Raises `InputError` unless it is one of the names."""
    if not isinstance(name, str) or name not in choices:
        raise InputError(f"There is no {what} called {quoted(name)}; choose one of: {', '.join(choices)}.")


def check_flag(what: str, flag: bool) -> None:
    if not isinstance(flag, (bool, np.bool_)):
        raise InputError(f"{what} must be True or False, not {quoted(flag)}.")


def check_observations(observations: Observations) -> None:
    if not isinstance(observations, Observations):
        kind = type(observations).__name__
        raise InputError(f"The observations must be `Observations`, not {kind}: `from_matrix` makes them of a matrix.")


def check_rank(rank: int, shape: tuple[int, int]) -> None:
    """The rank k is 1..min(m, n), and at most 100."""
    check_whole("The rank, for this matrix,", rank, 1, min(*shape, MAX_RANK))


def check_seed(seed: int) -> None:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError(f"The seed must be a whole number from 0 on, not {quoted(seed)}.")


def check_ridge(ridge: float) -> None:
    if not is_number(ridge) or not 0 <= ridge <= MAX_MAGNITUDE:
        raise InputError(f"The ridge must be a number from 0 to {MAX_MAGNITUDE:g}, not {quoted(ridge)}.")


def check_rtol(rtol: float) -> None:
    if not is_number(rtol) or not 0 <= rtol < 1:
        raise InputError(f"The relative tolerance must be a number of at least 0 and below 1, not {quoted(rtol)}.")


def check_step_size(step: float | None) -> None:
    """A step size is positive and finite; None leaves it to the solver."""
    if step is not None and not (is_number(step) and 0 < step < np.inf):
        raise InputError(f"The step size must be a positive number, not {quoted(step)}.")


def check_radius(radius: float) -> None:
    if not is_number(radius) or not 0 < radius <= MAX_RADIUS:
        raise InputError(
            f"The radius of the nuclear norm ball must be a positive number, at most {MAX_RADIUS:g}, "
            f"not {quoted(radius)}."
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


def is_number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float, np.integer, np.floating))
