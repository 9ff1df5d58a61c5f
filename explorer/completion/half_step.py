"""One half step of alternating least squares: all rows of one factor, with the other one fixed."""

import numpy as np

from explorer.completion.blocks import Block, with_padding

CONDITION = 1e8
"""Normal equations are trusted up to this condition number: half of the digits are left."""


@np.errstate(over="ignore", invalid="ignore")
def solve_factor(
    blocks: tuple[Block, ...], other: np.ndarray, ridge: float
) -> tuple[np.ndarray, float, np.ndarray]:
    """One half step: the factor that minimises f while the other one is fixed.

    For X, row i is argmin_x sum_{j in Omega_i} (a_ij - x . y_j)^2 + lambda |x|^2. For Y, call it with the
    blocks of the columns and with X: the two are the same, transposed (Lecture 19).

    Args:
        blocks: `row_blocks` to solve for X, `col_blocks` to solve for Y.
        other: the fixed factor, Y for X and X for Y.
        ridge: lambda.

    Returns the factor, |P_Omega(A - X Y^T)|_F^2 with it, and the sorted indices of the rows without a unique
    minimiser (ridge = 0 only), which get the shortest one. Numbers too large to be squared give NaN.
    """
    rank = other.shape[1]
    basis = _row_space(other)
    padded = with_padding(other @ basis)
    size = sum(len(block.rows) for block in blocks)
    factor = np.empty((size, basis.shape[1]))
    squared_error = 0.0
    singular = []
    for block in blocks:
        design = block.design(padded)
        solution, is_singular = _least_squares(design, block.values, ridge)
        residual = block.values - (design @ solution[:, :, None])[:, :, 0]
        factor[block.rows] = solution
        squared_error += float(np.vdot(residual, residual))
        singular.append(block.rows[is_singular])
    if ridge == 0 and basis.shape[1] < rank:
        return factor @ basis.T, squared_error, np.arange(size)
    return factor @ basis.T, squared_error, np.sort(np.concatenate(singular))


def _row_space(factor: np.ndarray) -> np.ndarray:
    """An orthonormal basis of the space of the factor's rows, (k, r); the identity when it is all of R^k.

    The shortest minimiser lies in that space. Rounding leaves it by a hair, and alternation can magnify the
    hair by (singular value / lambda)^2 a sweep: an equal start would seem to escape its trap. So the problems
    are solved inside the space. A factor of zeros counts as r = 1: its solutions are zero all the same.
    """
    rank = factor.shape[1]
    gram = factor.T @ factor
    if not np.isfinite(gram).all():
        return np.eye(rank)
    spread = np.linalg.eigvalsh(gram)
    if spread[0] * CONDITION > spread[-1]:
        return np.eye(rank)
    _, singular_values, directions = np.linalg.svd(factor, full_matrices=False)
    return directions[: max(1, np.count_nonzero(_beyond_rounding(singular_values, factor.shape)))].T


def _least_squares(design: np.ndarray, values: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """Minimise |a - G u|^2 + ridge |u|^2 for a batch of designs G (b, w, k) and values a (b, w).

    By the normal equations (G^T G + ridge I) u = G^T a where they can be trusted, and by singular values
    elsewhere. Returns the minimisers (b, k), the shortest where several are equally good, and where so (b,).
    """
    transposed = design.swapaxes(1, 2)
    gram = transposed @ design
    moment = transposed @ values[:, :, None]
    if not np.isfinite(gram).all():
        return np.full(moment.shape[:2], np.nan), np.zeros(len(gram), dtype=bool)

    trusted = _well_conditioned(gram, ridge)
    np.einsum("bkk->bk", gram)[...] += ridge
    if trusted.all():
        return np.linalg.solve(gram, moment)[:, :, 0], ~trusted
    solution = np.empty(moment.shape[:2])
    solution[trusted] = np.linalg.solve(gram[trusted], moment[trusted])[:, :, 0]

    singular = np.zeros(len(gram), dtype=bool)
    solution[~trusted], singular[~trusted] = _by_singular_values(design[~trusted], values[~trusted], ridge)
    return solution, singular


def _by_singular_values(
    design: np.ndarray, values: np.ndarray, ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    """`_least_squares` by G = U S V^T: u = V diag(s / (s^2 + ridge)) U^T a, where s is not rounding."""
    left, singular_values, right = np.linalg.svd(design, full_matrices=False)
    kept = _beyond_rounding(singular_values, design.shape[1:])
    s = np.where(kept, singular_values, 1.0)
    gain = np.where(kept, 1.0 / (s + ridge / s), 0.0)
    coordinates = gain * np.einsum("bws,bw->bs", left, values)
    singular = (ridge == 0) & (np.count_nonzero(kept, axis=1) < design.shape[2])
    return np.einsum("bsk,bs->bk", right, coordinates), singular


def _well_conditioned(gram: np.ndarray, ridge: float) -> np.ndarray:
    """Which matrices gram + ridge I, (b, k, k), have a condition number below `CONDITION`."""
    if np.einsum("bkk->b", gram).max() < CONDITION * ridge:
        return np.ones(len(gram), dtype=bool)
    spread = np.linalg.eigvalsh(gram) + ridge
    return spread[:, 0] * CONDITION > spread[:, -1]


def _beyond_rounding(singular_values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Which singular values, largest first, are not rounding errors of the largest (the rule of `lstsq`)."""
    return singular_values > max(shape) * np.finfo(np.float64).eps * singular_values[..., :1]
