"""The files that come with the package, each read once: a run with another seed is on the same data."""

from functools import cache
from importlib.resources import files

import numpy as np

from explorer.datasets.reading.matrix import read_matrix
from explorer.datasets.reading.table import Table, read_table


@cache
def shipped_table(file_name: str) -> Table:
    """One shipped file as a table; to be copied before it is changed."""
    return read_table(_text(file_name))


@cache
def shipped_matrix(file_name: str) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """One shipped file as a matrix with its labels; to be copied before it is changed."""
    return read_matrix(_text(file_name))


def _text(file_name: str) -> str:
    """Its text, from a clone, an installed wheel and a zip file alike."""
    return files("explorer.datasets").joinpath("files", file_name).read_text(encoding="utf-8")
