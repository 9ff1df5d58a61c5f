"""Data of somebody's own, of either kind: in the file that a plan names, and as JSON beside the runs on it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from explorer.datasets import MatrixProblem, Sample, own_matrix, own_sample, read_matrix, read_table
from explorer.errors import InputError, listed, quoted


def sample_in_file(text: str, name: str, column: str | None) -> Sample:
    """Read a column of a file; it need not be named where there is only one. `name` is the file's.

    Raises InputError that says what is wrong.
    """
    table = read_table(text)
    names = list(table.columns)
    if column is None and len(names) > 1:
        raise InputError(f"There are {len(names)} columns of numbers; add column = one of {listed(names)}.")
    column = names[0] if column is None else column
    if column in table.unusable:
        raise InputError(table.unusable[column])
    if column not in names:
        raise InputError(f"There is no column {quoted(column)}; there are {listed(names)}.")
    return own_sample(table.columns[column], column, n_missing=table.missing[column])


def matrix_in_file(text: str, name: str, column: str | None) -> MatrixProblem:
    """Read a file as a matrix, which is called as the file is; raise InputError that says what is wrong."""
    if column is not None:
        raise InputError("The plan names a column, but a matrix is taken as a whole; leave it out.")
    return own_matrix(*read_matrix(text), label=name)


def sample_as_json(sample: Sample) -> dict[str, Any]:
    """Return what JSON can hold."""
    return {"label": sample.label, "values": sample.values.tolist()}


def matrix_as_json(matrix: MatrixProblem) -> dict[str, Any]:
    """Return what JSON can hold; null where an entry is missing."""
    return {
        "label": matrix.label,
        "values": [[None if np.isnan(value) else value for value in row] for row in matrix.values.tolist()],
        "row_labels": list(matrix.row_labels),
        "col_labels": list(matrix.col_labels),
    }


def sample_from_json(own: Any) -> Sample:
    """Return what `sample_as_json` was given; raise InputError that says what is wrong."""
    label, values = _label_and_values(own)
    return own_sample(_floats(values), label)


def matrix_from_json(own: Any) -> MatrixProblem:
    """Return what `matrix_as_json` was given; raise InputError that says what is wrong."""
    label, values = _label_and_values(own)
    if not all(isinstance(row, list) and len(row) == len(values[0]) for row in values):
        raise InputError("Its own matrix has rows of different lengths.")
    labels = [own.get(name) for name in ("row_labels", "col_labels")]
    if not all(isinstance(each, list) and all(isinstance(label, str) for label in each) for each in labels):
        raise InputError("Its own matrix has no lists of labels for its rows and columns.")
    return own_matrix([_floats(row) for row in values], *labels, label=label)


def _label_and_values(own: Any) -> tuple[str, list[Any]]:
    if not isinstance(own, Mapping) or not isinstance(own.get("label"), str):
        raise InputError("Its own data is not a table with a label.")
    if not isinstance(own.get("values"), list):
        raise InputError("Its own data has no list of values.")
    return own["label"][:200], own["values"]


def _floats(values: list[Any]) -> list[float]:
    if not all(value is None or type(value) in (int, float) for value in values):
        raise InputError("Its own data holds something else than numbers.")
    try:
        return [np.nan if value is None else float(value) for value in values]
    except OverflowError:
        raise InputError("Its own data holds a number that is too large.") from None
