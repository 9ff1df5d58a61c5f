"""The model of matrix completion: a product X Y^T of two thin factors."""

from dataclasses import dataclass

import numpy as np

from explorer.checks import check_whole_number, read_only
from explorer.completion.observations import Observations, as_indices
from explorer.errors import InputError

# Numbers of X, and of Y, that are gathered at a time: so few stay in the cache, and come from memory in use.
PREDICT_NUMBERS = 16_000


@dataclass(frozen=True, eq=False, repr=False)
class Factors:
    """The factors X and Y of a rank-k model A ~ X Y^T, in the unit of A taken together.

    left: X, (m, k) float64, finite, read-only.
    right: Y, (n, k) float64, finite, read-only.

    Raises InputError when the two do not fit together or hold a number that is not finite.
    """

    left: np.ndarray
    right: np.ndarray

    def __post_init__(self) -> None:
        try:
            left = np.array(self.left, dtype=np.float64)
            right = np.array(self.right, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError("The factors X and Y must be two tables of numbers.") from None
        if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[1] or not left.shape[1]:
            raise InputError(
                "The factors X and Y must be two tables with equally many columns, the rank, "
                f"but X is {left.shape} and Y is {right.shape}."
            )
        if not (np.isfinite(left).all() and np.isfinite(right).all()):
            raise InputError("Every entry of the factors X and Y must be finite.")
        object.__setattr__(self, "left", read_only(left))
        object.__setattr__(self, "right", read_only(right))

    def __repr__(self) -> str:
        return f"Factors({len(self.left)}x{len(self.right)}, rank {self.rank})"

    @property
    def rank(self) -> int:
        """The number k of columns of each factor."""
        return self.left.shape[1]


def predict(factors: Factors, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """The entries x_i . y_j of X Y^T at the cells (rows[e], cols[e]), (N,); the product is never formed.

    `rows` and `cols` are (N,), whole numbers from 0 to m - 1 and to n - 1. Raises InputError when they are not.
    """
    _check("The model", factors)
    rows, cols = as_indices(rows, "row", len(factors.left)), as_indices(cols, "column", len(factors.right))
    if len(rows) != len(cols):
        raise InputError(f"Every cell has a row and a column, but there are {len(rows)} rows and {len(cols)} columns.")
    return products(factors.left, factors.right, rows, cols)


def products(left: np.ndarray, right: np.ndarray, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """`predict` for the arrays X and Y of a solver, which need not be finite."""
    values = np.empty(len(rows))
    entries = max(1, PREDICT_NUMBERS // left.shape[1])
    for first in range(0, len(rows), entries):
        block = slice(first, first + entries)
        x, y = left.take(rows[block], axis=0), right.take(cols[block], axis=0)
        np.einsum("ek,ek->e", x, y, out=values[block])
    return values


def rmse(factors: Factors, entries: Observations) -> float:
    """Root mean square error of X Y^T on the given entries, in their unit.

    Raises InputError when the entries are not `Observations`, or those of a matrix of another shape.
    """
    _check("The model", factors)
    if not isinstance(entries, Observations):
        raise InputError(
            f"The entries must be `Observations`, not {type(entries).__name__}: `from_matrix` makes them of a matrix."
        )
    shape = (len(factors.left), len(factors.right))
    if entries.shape != shape:
        raise InputError(
            f"The entries are those of a {entries.shape[0]} x {entries.shape[1]} matrix, but the model is "
            f"{shape[0]} x {shape[1]}: give entries of the same matrix."
        )
    errors = entries.values - products(factors.left, factors.right, entries.rows, entries.cols)
    return float(np.sqrt(np.mean(errors**2)))


def distance(factors: Factors, truth: Factors) -> float:
    """|U V^T - X Y^T|_F over all m n entries, for two models of one matrix; neither product is formed.

    U V^T - X Y^T = [U, -X] [V, Y]^T, and with the thin decompositions [U, -X] = Q R and [V, Y] = P S its norm
    is that of the small matrix R S^T. This is exact up to rounding of |X Y^T|_F, also where the two nearly
    agree; expanding the square of the norm would lose half of the digits there. The ranks may differ.
    Infinite where the distance is beyond the largest number. Raises InputError when the shapes differ.
    """
    _check("The model", factors)
    _check("The true matrix", truth)
    if (len(factors.left), len(factors.right)) != (len(truth.left), len(truth.right)):
        raise InputError(
            f"Only models of one matrix have a distance, but these are {len(factors.left)} x {len(factors.right)} "
            f"and {len(truth.left)} x {len(truth.right)}."
        )
    left = np.linalg.qr(np.hstack([factors.left, -truth.left]), mode="r")
    right = np.linalg.qr(np.hstack([factors.right, truth.right]), mode="r")
    with np.errstate(over="ignore", invalid="ignore"):
        difference = left @ right.T
        largest = np.abs(difference).max()
        if not np.isfinite(largest):
            return np.inf
        return float(largest * np.linalg.norm(difference / largest)) if largest > 0 else 0.0


def factorize(matrix: np.ndarray, rank: int) -> Factors:
    """The best factors of a small, completely known matrix: its truncated singular value decomposition.

    X = U sqrt(S) and Y = V sqrt(S) are equally large, and X Y^T is nearest to the matrix among all of that
    rank (Eckart and Young, 1936). `matrix` is (m, n), finite; 1 <= rank <= min(m, n).
    """
    try:
        matrix = np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("Only a table of numbers can be factorized.") from None
    if matrix.ndim != 2 or not np.isfinite(matrix).all():
        raise InputError("Only a matrix that is known completely can be factorized: fill its gaps first.")
    check_whole_number("The rank, for this matrix,", rank, 1, min(matrix.shape))
    left, singular_values, right = np.linalg.svd(matrix, full_matrices=False)
    scale = np.sqrt(singular_values[:rank])
    return Factors(left[:, :rank] * scale, right[:rank].T * scale)


def _check(what: str, factors: Factors) -> None:
    if not isinstance(factors, Factors):
        raise InputError(f"{what} must be `Factors` with X and Y, not {type(factors).__name__}.")
