"""What data can be used: the bounds of a sample and of a matrix, whoever brings them."""

import numpy as np

from explorer.checks import as_real_numbers, check_unmasked
from explorer.errors import InputError

MAX_VALUES = 20_000
MAX_MATRIX_SIDE = 200
# The largest absolute value of a number: squares, and sums of squares over any data set, stay finite.
MAX_MAGNITUDE = 1e50


def check_values(values, what: str = "The data") -> np.ndarray:
    """`values` as a float64 array (n,) that a mixture can be fitted to; `what` begins an error's sentence.

    InputError: not one row of numbers, fewer than 2 or more than `MAX_VALUES` of them, masked, NaN or infinite ones,
    absolute values above `MAX_MAGNITUDE`, all equal or with differences that vanish when squared.
    """
    check_unmasked(values, what)
    array = as_real_numbers(values, what)
    if array.ndim != 1:
        raise InputError(f"{what} must be one list of numbers, not {array.ndim}-dimensional; choose one column.")
    check_count(len(array), what)
    if len(array) < 2:
        found = "has no numbers" if len(array) == 0 else f"has only one number, {array[0]:g}"
        raise InputError(f"{what} {found}; at least 2 are needed.")
    if not np.isfinite(array).all():
        bad = int(np.flatnonzero(~np.isfinite(array))[0])
        raise InputError(f"{what} has {array[bad]} as value {bad + 1}; all values must be finite numbers.")
    _check_magnitude(array, what)
    _check_spread(array, what)
    return array


def check_matrix(values) -> np.ndarray:
    """`values` as a float64 array (m, n), NaN where missing (masked entries are), that can be completed.

    InputError: not two-dimensional, a side below 2 or above `MAX_MATRIX_SIDE`, infinite entries, absolute
    values above `MAX_MAGNITUDE`, no entry at all, or all entries equal or with differences that vanish when
    squared.
    """
    what = "The matrix"
    array = as_real_numbers(values, what)
    if isinstance(values, np.ma.MaskedArray) and array.shape == values.shape:
        array = np.where(np.ma.getmaskarray(values), np.nan, array)
    if array.ndim != 2:
        raise InputError(f"{what} must have rows and columns, but the numbers are {array.ndim}-dimensional.")
    check_sides(*array.shape)
    present = array[~np.isnan(array)]
    if not present.size:
        raise InputError(f"{what} has no numbers: all of its cells are missing; fill in some of them.")
    if np.isinf(present).any():
        row, col = np.argwhere(np.isinf(array))[0] + 1
        raise InputError(f"{what} has an infinite value in row {row}, column {col}; leave that cell blank.")
    _check_magnitude(present, what)
    _check_spread(present, what)
    return array


def check_count(count: int, what: str) -> None:
    """InputError, beginning with `what`, for more than `MAX_VALUES` values."""
    if count > MAX_VALUES:
        raise InputError(f"{what} has {count:,} values and the limit is {MAX_VALUES:,}; bring a smaller part of it.")


def check_sides(n_rows: int, n_cols: int) -> None:
    """InputError for a side below 2 or above `MAX_MATRIX_SIDE`."""
    size = f"The matrix is {n_rows} x {n_cols} (rows x columns)"
    if min(n_rows, n_cols) < 2:
        raise InputError(f"{size}; at least 2 x 2 is needed.")
    if max(n_rows, n_cols) > MAX_MATRIX_SIDE:
        limit = f"{MAX_MATRIX_SIDE} x {MAX_MATRIX_SIDE}"
        raise InputError(f"{size} and the limit is {limit}; bring a smaller part of it.")


def _check_magnitude(array: np.ndarray, what: str) -> None:
    largest = array[np.argmax(np.abs(array))]
    if abs(largest) > MAX_MAGNITUDE:
        raise InputError(f"{what} has {largest:g}, which is too large: no number may exceed {MAX_MAGNITUDE:g}.")


def _check_spread(array: np.ndarray, what: str) -> None:
    if (array == array[0]).all():
        raise InputError(f"{what} has only one distinct value, {array[0]:g}; at least 2 are needed.")
    if array.var() < np.finfo(np.float64).tiny:
        raise InputError(f"{what} has values too close together to tell apart; use a smaller unit.")
