"""One half step of alternating least squares: all rows of one factor, with the other one fixed."""

import numpy as np

from explorer.completion.blocks import Block, with_padding

CONDITION = 1e8
"""Normal equations are trusted up to this condition number: half of the digits are left."""

ROUNDING = 1e-12
"""What is below this share of a whole is rounding: a singular value of the largest, a residual of the data."""


@np.errstate(over="ignore", invalid="ignore")
def solve_factor(
    blocks: tuple[Block, ...], other: np.ndarray, current: np.ndarray, ridge: float
) -> tuple[np.ndarray, float, np.ndarray]:
    """One half step: the factor that minimises f while the other one is fixed.

    For X, row i is argmin_x sum_{j in Omega_i} (a_ij - x . y_j)^2 + lambda |x|^2. For Y, call it with the
    blocks of the columns and with X and Y swapped: the two are the same, transposed (Lecture 19).

    Args:
        blocks: `row_blocks` to solve for X, `col_blocks` to solve for Y.
        other: the fixed factor, Y for X and X for Y.
        current: the factor to be replaced. The minimiser does not depend on it; a row stays only where its
            problem is so nearly singular that rounding makes the computed minimiser worse than the row.
        ridge: lambda.

    Returns the new factor, |P_Omega(A - X Y^T)|_F^2 with it, and the sorted indices of the rows without a
    unique minimiser (ridge = 0 only), which get the shortest one. Numbers too large to be squared give NaN.
    """
    padded = with_padding(other)
    basis = _row_space(other)
    lacking = basis.shape[1] < other.shape[1]
    factor = np.empty_like(current)
    squared_error = 0.0
    singular = []
    for block in blocks:
        design = block.design(padded)
        solution, trusted, is_singular = _least_squares(design @ basis if lacking else design, block.values, ridge)
        solution = solution @ basis.T
        is_singular |= lacking and ridge == 0
        if is_singular.any() or not trusted.all():
            solution = _better(design, block.values, solution, current[block.rows], ridge)
        residual = _residual(design, block.values, solution)
        factor[block.rows] = solution
        squared_error += float(np.vdot(residual, residual))
        singular.append(block.rows[is_singular])
    return factor, squared_error, np.sort(np.concatenate(singular))


def _row_space(factor: np.ndarray) -> np.ndarray:
    """An orthonormal basis of the space of the factor's rows, (k, r); the identity when it is all of R^k.

    The shortest minimiser lies in that space. Rounding leaves it by a hair, and alternation can magnify the
    hair by (singular value / lambda)^2 a sweep: an equal start would seem to escape its trap. So the problems
    are solved inside the space. Every row counts alike, whatever its length: the solution for some of the
    rows must not depend on how long another one is. A factor of zeros counts as r = 1: its solutions are zero
    all the same.
    """
    rank = factor.shape[1]
    gram = factor.T @ factor
    if not np.isfinite(gram).all():
        return np.eye(rank)
    spread = np.linalg.eigvalsh(gram)
    if spread[0] * CONDITION > spread[-1]:
        return np.eye(rank)
    lengths = np.linalg.norm(factor, axis=1, keepdims=True)
    unit_rows = factor / np.where(lengths > 0, lengths, 1.0)
    _, singular_values, directions = np.linalg.svd(unit_rows, full_matrices=False)
    space = directions[: max(1, np.count_nonzero(_beyond_rounding(singular_values)))].T
    return space if space.shape[1] < rank else np.eye(rank)


def _least_squares(design: np.ndarray, values: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Minimise |a - G u|^2 + ridge |u|^2 for a batch of designs G (b, w, k) and values a (b, w).

    By the normal equations (G^T G + ridge I) u = G^T a where they can be trusted, and by singular values
    elsewhere. Returns the minimisers (b, k), where the normal equations were trusted (b,), and where several
    are equally good (b,): that is the shortest of them.
    """
    transposed = design.swapaxes(1, 2)
    gram = transposed @ design
    moment = transposed @ values[:, :, None]
    singular = np.zeros(len(gram), dtype=bool)
    if not np.isfinite(gram).all():
        return np.full(moment.shape[:2], np.nan), ~singular, singular

    trusted = _well_conditioned(gram, ridge)
    np.einsum("bkk->bk", gram)[...] += ridge
    if trusted.all():
        return np.linalg.solve(gram, moment)[:, :, 0], trusted, singular
    solution = np.empty(moment.shape[:2])
    solution[trusted] = np.linalg.solve(gram[trusted], moment[trusted])[:, :, 0]
    solution[~trusted], singular[~trusted] = _by_singular_values(design[~trusted], values[~trusted], ridge)
    return solution, trusted, singular


def _by_singular_values(design: np.ndarray, values: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """`_least_squares` by G = U S V^T: u = V diag(s / (s^2 + ridge)) U^T a, where s is not rounding."""
    left, singular_values, right = np.linalg.svd(design, full_matrices=False)
    kept = _beyond_rounding(singular_values)
    s = np.where(kept, singular_values, 1.0)
    gain = np.where(kept, 1.0 / (s + ridge / s), 0.0)
    coordinates = gain * np.einsum("bws,bw->bs", left, values)
    singular = (ridge == 0) & (np.count_nonzero(kept, axis=1) < design.shape[2])
    return np.einsum("bsk,bs->bk", right, coordinates), singular


def _better(
    design: np.ndarray, values: np.ndarray, solution: np.ndarray, current: np.ndarray, ridge: float
) -> np.ndarray:
    """Of the solutions and the current rows, (b, k) each, the better ones; the solution within rounding."""

    def cost(rows: np.ndarray) -> np.ndarray:
        return np.sum(_residual(design, values, rows) ** 2, axis=1) + ridge * np.sum(rows**2, axis=1)

    costs = cost(solution)
    within_rounding = cost(current) + ROUNDING**2 * np.sum(values**2, axis=1)
    worse = np.isfinite(costs) & (costs > within_rounding)  # not finite is not worse, but an overflow to tell
    return np.where(worse[:, None], current, solution)


def _residual(design: np.ndarray, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """a - G u, (b, w)."""
    return values - (design @ rows[:, :, None])[:, :, 0]


def _well_conditioned(gram: np.ndarray, ridge: float) -> np.ndarray:
    """Which matrices gram + ridge I, (b, k, k), have a condition number below `CONDITION`."""
    if np.einsum("bkk->b", gram).max() < CONDITION * ridge:
        return np.ones(len(gram), dtype=bool)
    spread = np.linalg.eigvalsh(gram) + ridge
    return spread[:, 0] * CONDITION > spread[:, -1]


def _beyond_rounding(singular_values: np.ndarray) -> np.ndarray:
    """Which singular values, (..., k), largest first, are not rounding errors of the largest."""
    return singular_values > ROUNDING * singular_values[..., :1]
