"""One half step of alternating least squares: all rows of one factor, with the other one fixed.

What stands here is the reference: it solves any problem, and finds those that have no unique solution. Where it is safe
and worth it, `engine.cholesky` solves many rows at once instead, with the same outcome.
"""

from dataclasses import dataclass

import numpy as np

from explorer.completion.engine.cholesky import in_batches, solve_together, squared
from explorer.completion.engine.row_blocks import (
    Block,
    Blocks,
    DenseBlock,
    FixedFactor,
    col_blocks,
    fixed_factor,
    row_blocks,
)
from explorer.completion.observations import Observations
from explorer.completion.options import ALSOptions
from explorer.completion.rounding import ROUNDING, TRUSTED


@dataclass(frozen=True, eq=False)
class Alternation:
    """The two problems that a sweep solves in turn: the entries by rows and by columns, each with their lambdas.

    rows, cols: the blocks of the rows and of the columns.
    row_ridges, col_ridges: (m,) and (n,), the lambda of each.
    """

    rows: Blocks
    cols: Blocks
    row_ridges: np.ndarray
    col_ridges: np.ndarray

    def solve_left(self, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
        """X for a fixed Y, as `solve_factor` returns it."""
        return solve_factor(self.rows, right, left, self.row_ridges)

    def solve_right(self, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
        """Y for a fixed X."""
        return solve_factor(self.cols, left, right, self.col_ridges)


def alternation(observations: Observations, options: ALSOptions) -> Alternation:
    """What the half steps of a run need, made once."""
    rank = options.rank
    return Alternation(row_blocks(observations, rank), col_blocks(observations, rank), *ridges(observations, options))


def ridges(observations: Observations, options: ALSOptions) -> tuple[np.ndarray, np.ndarray]:
    """The lambda of every row (m,) and of every column (n,)."""
    m, n = observations.shape
    if not options.ridge_per_entry:
        return np.full(m, float(options.ridge)), np.full(n, float(options.ridge))
    counts = np.bincount(observations.rows, minlength=m), np.bincount(observations.cols, minlength=n)
    return options.ridge * counts[0], options.ridge * counts[1]


@np.errstate(over="ignore", invalid="ignore")
def solve_factor(
    blocks: Blocks, other: np.ndarray, current: np.ndarray, ridge: float | np.ndarray
) -> tuple[np.ndarray, float, np.ndarray]:
    """One half step: the factor that minimises f while the other one is fixed.

    For X, row i is argmin_x sum_{j in Omega_i} (a_ij - x . y_j)^2 + lambda_i |x|^2. For Y, call it with the
    blocks of the columns and with X and Y swapped: the two are the same, transposed (Lecture 19).

    blocks: `row_blocks` to solve for X, `col_blocks` to solve for Y.
    other: the fixed factor, Y for X and X for Y.
    current: the factor to be replaced. The minimiser does not depend on it; a row stays only where its
    problem is so nearly singular that rounding makes the computed minimiser worse than the row.
    ridge: lambda, one for all rows, or one for each row, (m,).

    It is the inner step of the solvers, and does not check what it is given; `iterate_als` does.

    Returns the new factor, |P_Omega(A - X Y^T)|_F^2 with it, and the sorted indices of the rows without a
    unique minimiser (only where lambda is 0), which get the shortest one. Numbers too large to be squared
    give NaN.
    """
    fixed, basis = fixed_factor(other, blocks), _row_space(other)
    whole_space = basis.shape[1] == fixed.rank
    ridges = np.full(len(current), ridge, dtype=np.float64)
    factor = np.empty_like(current)
    squared_error = 0.0
    singular = [np.empty(0, dtype=np.int64)]
    for batch in in_batches(blocks):
        solved = solve_together(batch, fixed, ridges) if whole_space else None
        if solved is not None:
            rows, solution, error = solved
            factor[rows] = solution
            squared_error += error
            continue
        for block in batch:
            rows = block.rows
            factor[rows], error, is_singular = _solve_block(block, fixed, basis, ridges[rows], current[rows])
            squared_error += error
            singular.append(rows[is_singular])
    return factor, squared_error, np.sort(np.concatenate(singular))


def _solve_block(
    block: Block | DenseBlock, fixed: FixedFactor, basis: np.ndarray, ridges: np.ndarray, current: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray]:
    """The minimisers for a block, (b, k), the squared error that they leave, and which are not the only ones, (b,)."""
    lacking = basis.shape[1] < fixed.rank
    design = block.design(fixed)
    solution, trusted, singular = _least_squares(design @ basis if lacking else design, block.values, ridges)
    solution = solution @ basis.T
    singular |= lacking & (ridges == 0)
    if singular.any() or not trusted.all():
        solution = _better(design, block.values, solution, current, ridges)
    return solution, squared(_residual(design, block.values, solution)), singular


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
    if spread[0] * TRUSTED > spread[-1]:
        return np.eye(rank)
    lengths = np.linalg.norm(factor, axis=1, keepdims=True)
    unit_rows = factor / np.where(lengths > 0, lengths, 1.0)
    _, singular_values, directions = np.linalg.svd(unit_rows, full_matrices=False)
    space = directions[: max(1, np.count_nonzero(_beyond_rounding(singular_values)))].T
    return space if space.shape[1] < rank else np.eye(rank)


def _least_squares(
    design: np.ndarray, values: np.ndarray, ridges: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Minimise |a - G u|^2 + lambda |u|^2 for designs G (b, w, k), values a (b, w) and ridges lambda (b,).

    By the normal equations (G^T G + lambda I) u = G^T a where they can be trusted, and by singular values
    elsewhere. Returns the minimisers (b, k), where the normal equations were trusted (b,), and where several
    are equally good (b,): that is the shortest of them.
    """
    transposed = design.swapaxes(1, 2)
    gram = transposed @ design
    moment = transposed @ values[:, :, None]
    singular = np.zeros(len(gram), dtype=bool)
    if not np.isfinite(gram).all():
        return np.full(moment.shape[:2], np.nan), ~singular, singular

    trusted = _well_conditioned(gram, ridges)
    np.einsum("bkk->bk", gram)[...] += ridges[:, None]
    if trusted.all():
        return np.linalg.solve(gram, moment)[:, :, 0], trusted, singular
    solution = np.empty(moment.shape[:2])
    solution[trusted] = np.linalg.solve(gram[trusted], moment[trusted])[:, :, 0]
    solution[~trusted], singular[~trusted] = _by_singular_values(design[~trusted], values[~trusted], ridges[~trusted])
    return solution, trusted, singular


def _by_singular_values(design: np.ndarray, values: np.ndarray, ridges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`_least_squares` by G = U S V^T: u = V diag(s / (s^2 + lambda)) U^T a, where s is not rounding."""
    left, singular_values, right = np.linalg.svd(design, full_matrices=False)
    kept = _beyond_rounding(singular_values)
    s = np.where(kept, singular_values, 1.0)
    gain = np.where(kept, 1.0 / (s + ridges[:, None] / s), 0.0)
    coordinates = gain * np.einsum("bws,bw->bs", left, values)
    singular = (ridges == 0) & (np.count_nonzero(kept, axis=1) < design.shape[2])
    return np.einsum("bsk,bs->bk", right, coordinates), singular


def _better(
    design: np.ndarray, values: np.ndarray, solution: np.ndarray, current: np.ndarray, ridges: np.ndarray
) -> np.ndarray:
    """Of the solutions and the current rows, (b, k) each, the better ones; the solution within rounding."""

    def cost(rows: np.ndarray) -> np.ndarray:
        return np.sum(_residual(design, values, rows) ** 2, axis=1) + ridges * np.sum(rows**2, axis=1)

    costs = cost(solution)
    within_rounding = cost(current) + ROUNDING**2 * np.sum(values**2, axis=1)
    worse = np.isfinite(costs) & (costs > within_rounding)  # not finite is not worse, but an overflow to tell
    return np.where(worse[:, None], current, solution)


def _residual(design: np.ndarray, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """a - G u, (b, w)."""
    return values - (design @ rows[:, :, None])[:, :, 0]


def _well_conditioned(gram: np.ndarray, ridges: np.ndarray) -> np.ndarray:
    """Which matrices gram + lambda I, (b, k, k), have a condition number below `TRUSTED`."""
    well = np.einsum("bkk->b", gram) < TRUSTED * ridges
    if not well.all():
        spread = np.linalg.eigvalsh(gram[~well]) + ridges[~well, None]
        well[~well] = spread[:, 0] * TRUSTED > spread[:, -1]
    return well


def _beyond_rounding(singular_values: np.ndarray) -> np.ndarray:
    """Which singular values, (..., k), largest first, are not rounding errors of the largest."""
    return singular_values > ROUNDING * singular_values[..., :1]
