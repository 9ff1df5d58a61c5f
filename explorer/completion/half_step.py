"""One half step of alternating least squares: all rows of one factor, with the other one fixed.

There are two ways through it, with one outcome. `_careful` is the reference: it solves any problem, and finds
those that have no unique solution. `_quick` solves many rows at once by Cholesky's factorization; it is taken
where bounds that cost next to nothing show that the normal equations can be trusted, and where there is enough to do.
"""

from collections.abc import Iterator

import numpy as np

from explorer.completion.engine.row_blocks import Block, DenseBlock, pair_products, with_padding

# Normal equations are trusted up to this condition number: half of the digits are left.
CONDITION = 1e8

# What is below this share of a whole is rounding: a singular value of the largest, a residual of the data.
ROUNDING = 1e-12

# A difference above this share of its terms is kept: it has lost four digits. A smaller one is recomputed.
CANCELLATION = 1e-4

# Rows factorized at a time: so many that Python's own time does not count.
BATCH_ROWS = 512

# With fewer numbers in the designs of a batch, Python's own time counts most, and the reference has fewer steps.
SMALL = 16_384


@np.errstate(over="ignore", invalid="ignore")
def solve_factor(
    blocks: tuple[Block | DenseBlock, ...], other: np.ndarray, current: np.ndarray, ridge: float | np.ndarray
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
    padded = with_padding(other)
    products = pair_products(other) if any(isinstance(block, DenseBlock) for block in blocks) else None
    basis = _row_space(other)
    whole_space = basis.shape[1] == other.shape[1]
    ridges = np.full(len(current), ridge, dtype=np.float64)
    factor = np.empty_like(current)
    squared_error = 0.0
    singular = [np.empty(0, dtype=np.int64)]
    for batch in _batches(blocks):
        enough = sum(block.values.size for block in batch) * other.shape[1] >= SMALL
        solved = _quick(batch, padded, products, ridges) if whole_space and enough else None
        if solved is not None:
            rows, solution, error = solved
            factor[rows] = solution
            squared_error += error
            continue
        for block in batch:
            rows = block.rows
            factor[rows], error, is_singular = _careful(block, padded, basis, ridges[rows], current[rows])
            squared_error += error
            singular.append(rows[is_singular])
    return factor, squared_error, np.sort(np.concatenate(singular))


def _batches(blocks: tuple[Block | DenseBlock, ...]) -> Iterator[list[Block | DenseBlock]]:
    """The blocks in their order, some together, so that a batch has up to `BATCH_ROWS` rows or is one block."""
    batch, n_rows = [], 0
    for block in blocks:
        if batch and n_rows + len(block.rows) > BATCH_ROWS:
            yield batch
            batch, n_rows = [], 0
        batch.append(block)
        n_rows += len(block.rows)
    yield batch


def _quick(
    batch: list[Block | DenseBlock], padded: np.ndarray, products: np.ndarray | None, ridges: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float] | None:
    """The rows of a batch, (b,), their minimisers, (b, k), and the squared error that these leave.

    With G the design of a row and a its values, Cholesky's triangle of the matrix

        [G^T G + lambda I   G^T a]          [L   0]
        [a^T G                c  ]    is    [z^T d],    where L z = G^T a,

    so L^T u = z is all that is left to solve, and |a|^2 - |z|^2 = |a - G u|^2 + lambda |u|^2 is what u costs.
    Any c > |z|^2 will do; no more than |a|^2 is ever explained. Returns None where the bounds do not hold.
    """
    rank = padded.shape[1]
    rows = np.concatenate([block.rows for block in batch])
    squares = np.concatenate([block.squares for block in batch])
    ridges = ridges[rows]
    systems = np.empty((len(rows), rank + 1, rank + 1))
    parts = np.split(np.arange(len(rows)), np.cumsum([len(block.rows) for block in batch])[:-1])
    for block, part in zip(batch, parts, strict=True):
        block.normal_equations(padded, products, systems[part[0] : part[-1] + 1])
    diagonal = np.einsum("bkk->bk", systems)
    traces = diagonal[:, :rank].sum(axis=1)
    diagonal[:, :rank] += ridges[:, None]
    diagonal[:, rank] = 1 + 2 * squares
    try:
        triangles = np.linalg.cholesky(systems)
    except np.linalg.LinAlgError:
        return None
    triangles = np.ascontiguousarray(triangles.transpose(1, 2, 0))  # one number of all rows side by side
    if not _surely_well_conditioned(triangles, traces, ridges):
        return None
    explained = np.einsum("kb,kb->b", triangles[rank, :rank], triangles[rank, :rank])
    solution = _solve_triangles(triangles)
    if not np.isfinite(solution).all():
        return None
    lengths = np.einsum("kb,kb->b", solution, solution)
    squared_error = float(np.sum(squares - explained - ridges * lengths))
    terms = float(np.sum(squares + traces * lengths))
    if squared_error <= CANCELLATION * terms:
        squared_error = sum(
            _squared(block.residual(padded, solution[:, part].T)) for block, part in zip(batch, parts, strict=True)
        )
    return rows, solution.T, squared_error


def _squared(numbers: np.ndarray) -> float:
    """The sum of their squares."""
    return float(np.vdot(numbers, numbers))


def _surely_well_conditioned(triangles: np.ndarray, traces: np.ndarray, ridges: np.ndarray) -> bool:
    """Whether a bound shows that every G^T G + lambda I has a condition number below `CONDITION`.

    That is so where trace(G^T G) / lambda is. Elsewhere the determinant, a product of pivots, tells: the
    eigenvalues but the smallest have at most the product that they have when all are equal,

        det <= smallest (trace / (k - 1))^(k - 1).
    """
    if (traces < CONDITION * ridges).all():
        return True
    rank = len(triangles) - 1
    others = max(1, rank - 1)
    traces = traces + rank * ridges
    log_determinants = 2 * np.log(np.einsum("kkb->kb", triangles)[:rank]).sum(axis=0)
    log_smallest = log_determinants - (rank - 1) * np.log(traces / others)
    return bool((np.log(traces) - log_smallest < np.log(CONDITION)).all())


def _solve_triangles(triangles: np.ndarray) -> np.ndarray:
    """The solutions u of L^T u = z, (k, b), for triangles (k + 1, k + 1, b) with L and, in the last row, z."""
    rank = len(triangles) - 1
    solution = triangles[rank, :rank].copy()
    for j in reversed(range(rank)):
        solution[j] /= triangles[j, j]
        solution[:j] -= triangles[j, :j] * solution[j]
    return solution


def _careful(
    block: Block | DenseBlock, padded: np.ndarray, basis: np.ndarray, ridges: np.ndarray, current: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray]:
    """The minimisers for a block, (b, k), the squared error that they leave, and which are not the only ones, (b,)."""
    lacking = basis.shape[1] < padded.shape[1]
    design = block.design(padded)
    solution, trusted, singular = _least_squares(design @ basis if lacking else design, block.values, ridges)
    solution = solution @ basis.T
    singular |= lacking & (ridges == 0)
    if singular.any() or not trusted.all():
        solution = _better(design, block.values, solution, current, ridges)
    return solution, _squared(_residual(design, block.values, solution)), singular


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
    """Which matrices gram + lambda I, (b, k, k), have a condition number below `CONDITION`."""
    well = np.einsum("bkk->b", gram) < CONDITION * ridges
    if not well.all():
        spread = np.linalg.eigvalsh(gram[~well]) + ridges[~well, None]
        well[~well] = spread[:, 0] * CONDITION > spread[:, -1]
    return well


def _beyond_rounding(singular_values: np.ndarray) -> np.ndarray:
    """Which singular values, (..., k), largest first, are not rounding errors of the largest."""
    return singular_values > ROUNDING * singular_values[..., :1]
