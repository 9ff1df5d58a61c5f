"""Alternating least squares in plain numpy: what to read first, and what the tests compare everything faster with.

No checks and no stopping rule. A is (m, n) with NaN where nothing is observed, X is (m, k), Y is (n, k).
Source: Lecture 19, "Alternating updates for matrix completion", which has no ridge.
"""

import numpy as np


def solve_rows(matrix: np.ndarray, other: np.ndarray, ridge: float) -> np.ndarray:
    """Every row of one factor, (m, k), with the other one, (n, k), fixed: a least squares problem for each row."""
    k = other.shape[1]
    factor = np.zeros((len(matrix), k))
    for i, row in enumerate(matrix):
        seen = ~np.isnan(row)  # boolean: as an index, the lecture's mask of integers would pick the rows 0 and 1
        # x_i = argmin_x  sum_{j seen} (a_ij - x . y_j)^2 + lambda |x|^2,  the shortest where there are several.
        # The ridge is k equations more, sqrt(lambda) x = 0, beside  y_j . x = a_ij.
        equations = np.vstack([other[seen], np.sqrt(ridge) * np.eye(k)])
        factor[i] = np.linalg.lstsq(equations, np.concatenate([row[seen], np.zeros(k)]), rcond=None)[0]
    return factor


def objective(matrix: np.ndarray, left: np.ndarray, right: np.ndarray, ridge: float) -> float:
    """f(X, Y) = 1/2 |P_Omega(A - X Y^T)|_F^2 + lambda/2 (|X|_F^2 + |Y|_F^2), which no half step raises."""
    return (np.nansum((matrix - left @ right.T) ** 2) + ridge * (np.sum(left**2) + np.sum(right**2))) / 2


def als(matrix: np.ndarray, right: np.ndarray, ridge: float, n_sweeps: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """X and Y after each of the 2 n_sweeps half steps, the start Y_0 = right first."""
    left = np.zeros((len(matrix), right.shape[1]))  # the lecture draws an X_0, but it is never read
    half_steps = [(left, right)]
    for _ in range(n_sweeps):
        left = solve_rows(matrix, right, ridge)  # fix Y, solve for X
        half_steps.append((left, right))
        right = solve_rows(matrix.T, left, ridge)  # fix X, solve for Y: the same, transposed
        half_steps.append((left, right))
    return half_steps
