"""A matrix with blank cells."""

import numpy as np

from explorer.datasets.checks import check_matrix, check_sides
from explorer.datasets.reading.cells import Line, decode, is_missing, label_lines, split_lines, usable_number


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
    check_sides(len(rows), n_cols)
    values = np.array([[_matrix_cell(row, col) for col in range(first_col, first_col + n_cols)] for row in rows])
    row_labels = [row.cells[0] for row in rows] if has_row_labels else [""] * len(rows)
    col_labels = lines[0].cells[first_col:] if has_col_labels else [""] * n_cols
    return check_matrix(values), _numbered_if_blank(row_labels), _numbered_if_blank(col_labels)


def _matrix_cell(row: Line, col: int) -> float:
    cell = row.cells[col]
    return np.nan if is_missing(cell) else usable_number(cell, f"line {row.number}, column {col + 1},")


def _numbered_if_blank(labels) -> tuple[str, ...]:
    return tuple(label or str(number) for number, label in enumerate(labels, start=1))
