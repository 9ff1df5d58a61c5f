"""The nuclear norm, the sum of the singular values: the convex stand-in for the rank (Lecture 5)."""

import numpy as np

from explorer.checks import as_floats
from explorer.completion.checks import check_radius
from explorer.completion.factors import Factors
from explorer.errors import InputError
from explorer.simplex import project_onto_simplex

# The largest matrix that is decomposed whole: 1000 x 1000 takes about a second.
MAX_CELLS = 1_000_000

# The largest magnitude of an entry: sums of singular values then stay far from overflow.
MAX_ENTRY = 1e100


def nuclear_norm(matrix: np.ndarray) -> float:
    """|Z|_*, the sum of the singular values of a small matrix: (m, n) finite, at most 1e6 cells."""
    return float(np.linalg.svd(_as_small_matrix(matrix), compute_uv=False).sum())


def project_onto_nuclear_ball(matrix: np.ndarray, radius: float) -> Factors:
    """The nearest matrix, in the Frobenius norm, whose nuclear norm is at most `radius`, as factors.

    The singular vectors stay, and the singular values S, if their sum is larger than the radius, are projected
    onto the simplex of that sum. The factors X = U sqrt(S) and Y = V sqrt(S) have as many columns as the
    projection has singular values above 0; those of a matrix of zeros have one, of zeros.

    `matrix` is (m, n), finite, of at most 1e6 cells, at most 1e100 in magnitude; 0 < radius <= 1e60. Raises
    InputError otherwise.
    """
    check_radius(radius)
    left, singular_values, right = decomposed(matrix)
    return as_factors(left, cut(singular_values, radius), right)


def decomposed(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """U (m, r), S (r,) falling and V^T (r, n) of a small matrix, r = min(m, n)."""
    return np.linalg.svd(_as_small_matrix(matrix), full_matrices=False)


def cut(singular_values: np.ndarray, radius: float) -> np.ndarray:
    """The singular values of the projection."""
    if singular_values.sum() > radius:
        return project_onto_simplex(singular_values, radius)
    return singular_values


def as_factors(left: np.ndarray, singular_values: np.ndarray, right: np.ndarray) -> Factors:
    """X = U sqrt(S) and Y = V sqrt(S), a column for each singular value above 0, at least one."""
    rank = max(1, np.count_nonzero(singular_values))
    scale = np.sqrt(singular_values[:rank])
    return Factors(left[:, :rank] * scale, right[:rank].T * scale)


def check_small(shape: tuple[int, int]) -> None:
    """Raises InputError when a matrix of that shape is too large to be decomposed whole."""
    if shape[0] * shape[1] > MAX_CELLS:
        raise InputError(
            f"A {shape[0]:,} x {shape[1]:,} matrix is too large to be decomposed whole: choose one of at most "
            f"{MAX_CELLS:,} cells, or Frank-Wolfe, which needs only its observed entries."
        )


def _as_small_matrix(matrix: np.ndarray) -> np.ndarray:
    matrix = as_floats(matrix, "A matrix", MAX_ENTRY)
    if matrix.ndim != 2 or not matrix.size:
        raise InputError(f"A matrix must be a table with rows and columns, not {matrix.shape}.")
    check_small(matrix.shape)
    return matrix
