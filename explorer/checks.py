"""The checks of what a caller gives, the same for every algorithm: bounds are enforced here, not by widgets alone.

Each raises InputError with a sentence that names what is wrong, what was given, and what to give instead.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import InputError, quoted

Floats = NDArray[np.float64]
Options = TypeVar("Options")

# Seeds that people can type, share and repeat.
LARGEST_SEED = 2**32 - 1


def is_number(value: object) -> bool:
    """Whether this is a number, and not True or False."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def check_whole_number(what: str, value: int, lowest: int, highest: int | None = None) -> None:
    """Raise InputError, naming `what`, unless value is a whole number of lowest..highest, or of at least lowest."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < lowest or (highest is not None and value > highest):
        bounds = f"of at least {lowest}" if highest is None else f"from {lowest} to {highest}"
        raise InputError(f"{what} must be a whole number {bounds}; got {quoted(value)}.")


def check_flag(what: str, value: bool) -> None:
    """Raise InputError, naming `what`, unless value is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{what} must be True or False; got {quoted(value)}.")


def check_fraction(what: str, value: float) -> float:
    """The value. Raises InputError, naming `what`, unless it is a number of at least 0 and below 1."""
    if not is_number(value) or not 0 <= value < 1:
        raise InputError(f"{what} must be a number of at least 0 and below 1; got {quoted(value)}.")
    return float(value)


def check_not_negative(what: str, value: float) -> float:
    """The value. Raises InputError, naming `what`, unless it is a finite number of at least 0."""
    if not is_number(value) or not 0 <= value < np.inf:
        raise InputError(f"{what} must be a number of at least 0; got {quoted(value)}.")
    return float(value)


def check_positive(what: str, value: float) -> float:
    """The value. Raises InputError, naming `what`, unless it is a positive, finite number."""
    if not is_number(value) or not 0 < value < np.inf:
        raise InputError(f"{what} must be a positive number; got {quoted(value)}.")
    return float(value)


def check_number(what: str, value: float, lowest: float, highest: float) -> float:
    """The value. Raises InputError, naming `what`, unless it is a number of lowest..highest."""
    if not is_number(value) or not lowest <= value <= highest:
        raise InputError(f"{what} must be a number from {lowest:g} to {highest:g}; got {quoted(value)}.")
    return float(value)


def check_choice(what: str, name: str, choices: Collection[str]) -> None:
    """Raise InputError unless name is one of the choices, each of which is a `what`."""
    if not isinstance(name, str) or name not in choices:
        raise InputError(f"There is no {what} {quoted(name)}: choose one of {', '.join(choices)}.")


def changed(kind: type[Options], options: Options, changes: Mapping[str, Any]) -> Options:
    """A record of options with other values for some of its fields. Raises InputError unless it is of this kind."""
    if not isinstance(options, kind):
        raise InputError(
            f"The options must be {kind.__name__}, not {type(options).__name__}: give single ones by name, such as "
            "max_iter=100."
        )
    return replace(options, **changes)


def check_callbacks(progress: object, cancelled: object) -> None:
    """Raise InputError unless both can be called, or are left out."""
    for what, given in (("progress", progress), ("cancelled", cancelled)):
        if given is not None and not callable(given):
            raise InputError(f"{what} must be a function; got {quoted(given)}.")


def as_floats(values: ArrayLike, what: str, largest: float) -> Floats:
    """The values in float64. Raises InputError, naming `what`, unless all are finite and within +-largest."""
    check_unmasked(values, what)
    array = as_real_numbers(values, what)
    if not np.isfinite(array).all():
        raise InputError(f"{what} must be finite: remove missing and infinite values.")
    if array.size and np.abs(array).max() > largest:
        remedy = "choose another unit" if largest > 2 else "they are shares of 1"
        raise InputError(f"{what} must be at most {largest:.4g} in size: {remedy}.")
    return array


def check_unmasked(values: ArrayLike, what: str) -> None:
    """Raise InputError, naming `what`, where entries are masked."""
    if np.ma.is_masked(values):
        raise InputError(f"{what} must not have masked entries: remove them.")


def as_real_numbers(values: ArrayLike, what: str) -> NDArray[np.float64]:
    """The values in float64, NaN and infinity among them. Raises InputError, naming `what`, unless they are numbers."""
    if not isinstance(values, np.ndarray) and hasattr(values, "values") and not hasattr(values, "__array__"):
        raise InputError(f"{what} must be numbers: give the `.values` of this {type(values).__name__}.")
    try:
        given = np.asarray(values)
        array = None if given.dtype.kind == "c" else given.astype(np.float64, copy=False)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{what} must be numbers, in rows of equal length.") from None
    if array is None:
        raise InputError(f"{what} must be real numbers.")
    return array


def read_only(values: ArrayLike) -> np.ndarray:
    """The values as an array that is closed for writing: the very same one where they are an array."""
    array = np.asarray(values)
    array.setflags(write=False)
    return array
