"""Hard inputs that every solver must get through: finite numbers, a stop reason, no warning."""

import numpy as np

from explorer.completion import Observations, from_matrix
from tests.completion.problems import low_rank, masked

_PLAIN = masked(low_rank(9, 7, 2, seed=0), 0.6, seed=0)[0]


def _in_unit(unit: float) -> Observations:
    return Observations(_PLAIN.rows, _PLAIN.cols, unit * _PLAIN.values, _PLAIN.shape)


HARD: dict[str, Observations] = {
    "one entry of a large matrix": Observations([3], [5], [2.0], (6, 8)),
    "one cell": from_matrix([[4.0]]),
    "one row": from_matrix([[4.0, np.nan, -2.0, 0.5]]),
    "one column": from_matrix([[4.0], [np.nan], [-2.0]]),
    "zeros": from_matrix(np.zeros((4, 3))),
    "one zero": Observations([1], [1], [0.0], (3, 3)),
    "constant": from_matrix(np.full((5, 6), 7.0)),
    "empty rows and columns": Observations([0, 0, 4, 4], [0, 3, 0, 3], [1.0, 2.0, 2.0, 3.9], (7, 6)),
    "a diagonal": Observations([0, 1, 2], [0, 1, 2], [1.0, -2.0, 3.0], (3, 3)),
    "tiny": _in_unit(1e-148),
    "huge": _in_unit(1e49),
    "largest": from_matrix([[1e50, -1e50], [-1e50, 1e50]]),
    "very different entries": from_matrix([[1e50, 1e-150, 3.0], [1e-150, 1e-150, 1.0], [0.0, 2.0, -1e50]]),
}
