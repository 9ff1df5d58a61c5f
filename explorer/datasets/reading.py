"""What a user brings: pasted numbers, a table to choose a column from, or a matrix with blank cells.

Every reader takes text or UTF-8 bytes, and either returns numbers that an algorithm can use or raises
`InputError` with one sentence that names the place and the remedy. A number that can be read in two ways is
an error, not a guess.
"""

from dataclasses import dataclass

import numpy as np

from explorer.datasets.cells import (
    MAX_MAGNITUDE,
    Line,
    decode,
    is_header,
    is_missing,
    label_lines,
    split_lines,
    split_tokens,
    usable_number,
)
from explorer.errors import InputError, quoted

MAX_VALUES = 20_000
MAX_COLUMNS = 200
MAX_MATRIX_SIDE = 200


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of a table: those that a mixture can be fitted to, and the others with the reason.

    columns: the usable ones by name, in the order of the file: finite float64 values, missing cells left out.
    missing: for every usable column, how many cells were left out because they are blank or say NA.
    unusable: the others by name, each with the sentence that says why.
    """

    columns: dict[str, np.ndarray]
    missing: dict[str, int]
    unusable: dict[str, str]


def read_numbers(data: bytes | str) -> np.ndarray:
    """Numbers separated by blanks, commas, semicolons or line ends -> values (n,).

    InputError: anything that is not a finite number (named with its line), commas that may be decimal commas,
    and what `decode` and `check_values` refuse.
    """
    tokens = split_tokens(decode(data))
    _check_count(len(tokens), "The text")
    return check_values([usable_number(token, f"line {number}") for number, token in tokens], "The text")


def read_table(data: bytes | str) -> Table:
    """A CSV table, with or without a line of column names, delimited by commas, semicolons or tabs.

    A column is usable if each of its cells is blank, NA, or a finite number, and `check_values` accepts the
    numbers. Columns without a name are called "column 1", "column 2", ...; a repeated name gets its column
    number added.

    InputError: not one usable column, and what `decode` and `split_lines` refuse.
    """
    lines = split_lines(decode(data))
    width = len(lines[0].cells)
    has_header = is_header(lines[0]) or label_lines(lines)[0]
    rows = lines[1:] if has_header else lines
    if len(rows) == 1 and width > 1:
        raise InputError("The table has a single line of data; put every number of a column on a line of its own.")
    if width > MAX_COLUMNS:
        raise InputError(f"The table has {width} columns and the limit is {MAX_COLUMNS}; leave some out.")
    _check_count(len(rows), "The table")

    columns, missing, unusable = {}, {}, {}
    for index, name in enumerate(_column_names(lines[0].cells if has_header else ("",) * width)):
        filled = [(row.number, row.cells[index]) for row in rows if not _is_left_out(row.cells[index])]
        try:
            numbers = [usable_number(cell, f"line {number}, in column {quoted(name)},") for number, cell in filled]
            columns[name] = check_values(numbers, f"Column {quoted(name)}")
            missing[name] = len(rows) - len(filled)
        except InputError as error:
            unusable[name] = str(error)
    if not columns:
        reason = next(iter(unusable.values()))
        raise InputError(reason if width == 1 else f"None of the {width} columns can be used: {reason}")
    return Table(columns, missing, unusable)


def read_matrix(data: bytes | str) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """A CSV matrix -> values (m, n) with NaN where a cell is missing, row labels (m), column labels (n).

    A cell is missing if it is blank or says NA or NaN. A first line and a first column of labels are
    recognised as `label_lines` describes; otherwise rows and columns are called "1", "2", ...

    InputError: a cell that is not a finite number (named with its line and column), and what `decode`,
    `split_lines` and `check_matrix` refuse.
    """
    lines = split_lines(decode(data))
    has_col_labels, has_row_labels = label_lines(lines)
    first_col = 1 if has_row_labels else 0
    rows = lines[1:] if has_col_labels else lines
    n_cols = len(lines[0].cells) - first_col
    _check_sides(len(rows), n_cols)
    values = np.array([[_matrix_cell(row, col) for col in range(first_col, first_col + n_cols)] for row in rows])
    row_labels = [row.cells[0] for row in rows] if has_row_labels else [""] * len(rows)
    col_labels = lines[0].cells[first_col:] if has_col_labels else [""] * n_cols
    return check_matrix(values), _numbered_if_blank(row_labels), _numbered_if_blank(col_labels)


def check_values(values, what: str = "The data") -> np.ndarray:
    """`values` as a float64 array (n,) that a mixture can be fitted to; `what` begins an error's sentence.

    InputError: not one row of numbers, fewer than 2 or more than `MAX_VALUES` of them, masked, NaN or infinite ones,
    absolute values above `MAX_MAGNITUDE`, all equal or with differences that vanish when squared.
    """
    if np.ma.is_masked(values):
        raise InputError(f"{what} must not have masked entries: remove them.")
    array = _as_floats(values, what)
    if array.ndim != 1:
        raise InputError(f"{what} must be one list of numbers, not {array.ndim}-dimensional; choose one column.")
    _check_count(len(array), what)
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
    array = _as_floats(values, what)
    if isinstance(values, np.ma.MaskedArray) and array.shape == values.shape:
        array[np.ma.getmaskarray(values)] = np.nan
    if array.ndim != 2:
        raise InputError(f"{what} must have rows and columns, but the numbers are {array.ndim}-dimensional.")
    _check_sides(*array.shape)
    present = array[~np.isnan(array)]
    if not present.size:
        raise InputError(f"{what} has no numbers: all of its cells are missing; fill in some of them.")
    if np.isinf(present).any():
        row, col = np.argwhere(np.isinf(array))[0] + 1
        raise InputError(f"{what} has an infinite value in row {row}, column {col}; leave that cell blank.")
    _check_magnitude(present, what)
    _check_spread(present, what)
    return array


def _as_floats(values, what: str) -> np.ndarray:
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what} must hold numbers only.") from None


def _check_count(count: int, what: str) -> None:
    if count > MAX_VALUES:
        raise InputError(f"{what} has {count:,} values and the limit is {MAX_VALUES:,}; bring a smaller part of it.")


def _check_sides(n_rows: int, n_cols: int) -> None:
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


def _is_left_out(cell: str) -> bool:
    """Blank or NA. In a column, NaN is not a gap but the sign of a computation gone wrong, and is refused."""
    return is_missing(cell) and cell.lower() != "nan"


def _matrix_cell(row: Line, col: int) -> float:
    cell = row.cells[col]
    return np.nan if is_missing(cell) else usable_number(cell, f"line {row.number}, column {col + 1},")


def _column_names(cells: tuple[str, ...]) -> list[str]:
    names = []
    for number, cell in enumerate(cells, start=1):
        name = cell or f"column {number}"
        while name in names:
            name = f"{name} ({number})"
        names.append(name)
    return names


def _numbered_if_blank(labels) -> tuple[str, ...]:
    return tuple(label or str(number) for number, label in enumerate(labels, start=1))
