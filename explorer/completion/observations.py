"""The observed entries of a matrix: all that matrix completion is given."""

from dataclasses import dataclass

import numpy as np

from explorer.checks import read_only
from explorer.errors import InputError

# The largest number of rows, and of columns.
MAX_SIDE = 1_000_000

# The largest absolute value of an entry: products of squares then stay far from overflow.
MAX_MAGNITUDE = 1e50

# The least that the largest entry may be, unless all are zero: squares of smaller ones vanish.
MIN_MAGNITUDE = 1e-150


@dataclass(frozen=True, eq=False, repr=False)
class Observations:
    """The observed entries P_Omega(A) of an m x n matrix A, as triplets in any order.

    rows: (N,) int64, the row of each entry, 0..m-1.
    cols: (N,) int64, the column of each entry, 0..n-1.
    values: (N,) float64, the value of each entry, finite, in the data's own unit.
    shape: (m, n). Rows and columns without any entry are allowed.

    The arrays are copied and made read-only. Raises InputError when they do not describe a matrix: lengths
    that differ, no entry at all, an index out of range, a value that is not finite, a cell given twice.
    """

    rows: np.ndarray
    cols: np.ndarray
    values: np.ndarray
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        shape = _as_shape(self.shape)
        rows = as_indices(self.rows, "row", shape[0])
        cols = as_indices(self.cols, "column", shape[1])
        values = _as_values(self.values)
        if not len(rows) == len(cols) == len(values):
            raise InputError(
                f"Rows, columns and values must be equally many, but there are {len(rows)} rows, "
                f"{len(cols)} columns and {len(values)} values."
            )
        _refuse_duplicates(rows, cols, shape)
        object.__setattr__(self, "rows", read_only(rows))
        object.__setattr__(self, "cols", read_only(cols))
        object.__setattr__(self, "values", read_only(values))
        object.__setattr__(self, "shape", shape)

    def __repr__(self) -> str:
        m, n = self.shape
        return f"Observations({m}x{n}, {self.count:,} observed)"

    @property
    def count(self) -> int:
        """The number N of observed entries."""
        return len(self.values)


def from_matrix(matrix: np.ndarray, mask: np.ndarray | None = None) -> Observations:
    """The observed entries of a small dense matrix, row by row.

    matrix: (m, n) float; NaN marks a missing entry, and so does the mask of a numpy masked array.
    mask: (m, n) bool, True where an entry may be seen; None sees every entry. It must be boolean: used as
    an index, a mask of integers silently picks the rows 0 and 1 (a slip in Lecture 19).
    """
    hidden = np.ma.getmaskarray(matrix) if isinstance(matrix, np.ma.MaskedArray) else None
    if np.iscomplexobj(matrix):
        raise InputError("A matrix must consist of real numbers, with NaN where an entry is missing.")
    try:
        matrix = np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("A matrix must consist of numbers, with NaN where an entry is missing.") from None
    if matrix.ndim != 2:
        raise InputError(f"A matrix has two dimensions, but this array has {matrix.ndim}.")
    seen = ~np.isnan(matrix)
    if hidden is not None:
        seen &= ~hidden
    if mask is not None:
        mask = np.asarray(mask)
        if mask.dtype != np.bool_:
            raise InputError("A mask must be boolean: True where an entry is seen, False where it is hidden.")
        if mask.shape != matrix.shape:
            raise InputError(f"The mask is {mask.shape}, but the matrix is {matrix.shape}: make them alike.")
        seen &= mask
    rows, cols = np.nonzero(seen)
    return Observations(rows, cols, matrix[seen], matrix.shape)


def transposed(observations: Observations) -> Observations:
    """The observed entries of A^T."""
    return Observations(observations.cols, observations.rows, observations.values, observations.shape[::-1])


def _as_shape(shape: tuple[int, int]) -> tuple[int, int]:
    sides = tuple(shape) if isinstance(shape, (tuple, list, np.ndarray)) else ()
    if len(sides) != 2 or not all(isinstance(side, (int, np.integer)) for side in sides):
        raise InputError("The shape of a matrix is two whole numbers: how many rows, how many columns.")
    if not all(1 <= side <= MAX_SIDE for side in sides):
        raise InputError(f"A matrix must have 1 to {MAX_SIDE:,} rows and columns, not {sides[0]} x {sides[1]}.")
    return int(sides[0]), int(sides[1])


def as_indices(indices: np.ndarray, what: str, size: int) -> np.ndarray:
    """(N,) int64. Raises InputError unless every one is a whole number from 0 to `size` - 1."""
    try:
        indices = np.asarray(indices)
    except ValueError:
        raise InputError(f"The {what} of every entry must be a whole number, in one flat list.") from None
    if indices.ndim != 1 or (indices.size and not np.issubdtype(indices.dtype, np.integer)):
        raise InputError(f"The {what} of every entry must be a whole number, in one flat list.")
    if indices.size and not (indices.min() >= 0 and indices.max() < size):
        raise InputError(
            f"The {what} of every entry must lie between 0 and {size - 1}; "
            f"here they run from {indices.min()} to {indices.max()}."
        )
    return indices.astype(np.int64)


def _as_values(values: np.ndarray) -> np.ndarray:
    if np.ma.is_masked(values):
        raise InputError("The observed values must not be masked: leave missing entries out.")
    try:
        values = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("The observed values must be numbers.") from None
    if values.ndim != 1:
        raise InputError("The observed values must come as one flat list, in the order of rows and columns.")
    if not len(values):
        raise InputError("At least one entry must be observed: there is nothing to complete the matrix from.")
    if not np.isfinite(values).all():
        raise InputError("Every observed value must be finite: leave missing entries out.")
    if 0 < np.abs(values).max() < MIN_MAGNITUDE:
        raise InputError(
            f"Observed values must reach {MIN_MAGNITUDE:g} in magnitude, or all be zero: rescale the data."
        )
    if np.abs(values).max() > MAX_MAGNITUDE:
        raise InputError(f"Observed values must not exceed {MAX_MAGNITUDE:g} in magnitude: rescale the data.")
    return values


def _refuse_duplicates(rows: np.ndarray, cols: np.ndarray, shape: tuple[int, int]) -> None:
    cells = np.sort(rows * shape[1] + cols)
    repeated = cells[1:][cells[1:] == cells[:-1]]
    if len(repeated):
        row, col = divmod(int(repeated[0]), shape[1])
        raise InputError(f"Row {row}, column {col} is observed twice: keep one value a cell (counting starts at 0).")
