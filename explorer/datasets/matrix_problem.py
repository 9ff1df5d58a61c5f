"""A matrix to be completed."""

from dataclasses import dataclass

import numpy as np

from explorer.checks import read_only
from explorer.datasets.checks import check_matrix
from explorer.errors import InputError


@dataclass(frozen=True, eq=False)
class MatrixProblem:
    """A matrix with labels, and what to say about it.

    `values` is (m, n) in float64, read-only, in `unit` ("" where there is none); NaN where the value is truly unknown.
    `row_labels` (m) and `col_labels` (n) are what to call rows and columns. `about` is a sentence or two for the
    screen, `source` says where the values come from. `low_rank` is the rank that a generated matrix was made with
    (exact, or before noise), None for measured ones; `noise` is the standard deviation of the noise that was put on it.

    InputError: labels that are not as many as the rows or columns.
    """

    name: str
    label: str
    unit: str
    values: np.ndarray
    row_labels: tuple[str, ...]
    col_labels: tuple[str, ...]
    about: str
    source: str
    low_rank: int | None = None
    noise: float = 0.0

    def __post_init__(self):
        values = read_only(np.array(self.values, dtype=np.float64))
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "row_labels", _labels(self.row_labels, values.shape[0], "row"))
        object.__setattr__(self, "col_labels", _labels(self.col_labels, values.shape[1], "column"))


def own_matrix(values, row_labels=None, col_labels=None, label: str = "Your matrix") -> MatrixProblem:
    """The user's own matrix (m, n), NaN where missing; without labels rows and columns are numbered from 1.

    InputError: what `check_matrix` refuses, or labels that are not as many as the rows or columns.
    """
    checked = check_matrix(values)
    n_rows, n_cols = checked.shape
    missing = int(np.isnan(checked).sum())
    return MatrixProblem(
        name="own",
        label=label,
        unit="",
        values=checked,
        row_labels=numbered(n_rows) if row_labels is None else row_labels,
        col_labels=numbered(n_cols) if col_labels is None else col_labels,
        about=f"The {n_rows} x {n_cols} matrix that you brought; {missing:,} of its cells are missing.",
        source="your own",
    )


def numbered(count: int) -> tuple[str, ...]:
    """The labels of rows or columns without names: "1", "2", ..."""
    return tuple(str(number) for number in range(1, count + 1))


def _labels(labels, count: int, what: str) -> tuple[str, ...]:
    if len(labels) != count:
        raise InputError(f"The number of {what} labels is {len(labels)}; give {count}, one for every {what}.")
    return tuple(str(label) for label in labels)
