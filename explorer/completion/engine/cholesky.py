"""Many rows of a factor at once, by Cholesky's factorization of their normal equations.

It answers only where bounds that cost next to nothing show that the normal equations can be trusted, and where there
is enough to do; the rows are then those of the reference in `half_step`, up to rounding.
"""

from collections.abc import Iterator

import numpy as np

from explorer.completion.engine.row_blocks import Block, Blocks, DenseBlock, FixedFactor
from explorer.completion.rounding import TRUSTED, surely_well_conditioned

# A difference above this share of its terms is kept: it has lost four digits. A smaller one is recomputed.
CANCELLATION = 1e-4

# Rows factorized at a time: so many that Python's own time does not count.
BATCH_ROWS = 512

# With fewer numbers in the designs of a batch, Python's own time counts most, and the reference has fewer steps.
SMALL = 16_384


def in_batches(blocks: Blocks) -> Iterator[list[Block | DenseBlock]]:
    """The blocks in their order, some together, so that a batch has up to `BATCH_ROWS` rows or is one block."""
    batch, n_rows = [], 0
    for block in blocks:
        if batch and n_rows + len(block.rows) > BATCH_ROWS:
            yield batch
            batch, n_rows = [], 0
        batch.append(block)
        n_rows += len(block.rows)
    yield batch


def solve_together(
    batch: list[Block | DenseBlock], fixed: FixedFactor, ridges: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float] | None:
    """The rows of a batch, (b,), their minimisers, (b, k), and the squared error that these leave.

    With G the design of a row and a its values, Cholesky's triangle of the matrix

        [G^T G + lambda I   G^T a]          [L   0]
        [a^T G                c  ]    is    [z^T d],    where L z = G^T a,

    so L^T u = z is all that is left to solve, and |a|^2 - |z|^2 = |a - G u|^2 + lambda |u|^2 is what u costs.
    Any c > |z|^2 will do; no more than |a|^2 is ever explained. Returns None where there is too
    little to do, or the bounds do not hold.
    """
    rank = fixed.rank
    if sum(block.values.size for block in batch) * rank < SMALL:
        return None
    rows = np.concatenate([block.rows for block in batch])
    squares = np.concatenate([block.squares for block in batch])
    ridges = ridges[rows]
    systems = np.empty((len(rows), rank + 1, rank + 1))
    parts = np.split(np.arange(len(rows)), np.cumsum([len(block.rows) for block in batch])[:-1])
    for block, part in zip(batch, parts, strict=True):
        block.normal_equations(fixed, systems[part[0] : part[-1] + 1])
    diagonal = np.einsum("bkk->bk", systems)
    traces = diagonal[:, :rank].sum(axis=1)
    diagonal[:, :rank] += ridges[:, None]
    diagonal[:, rank] = 1 + 2 * squares
    try:
        triangles = np.linalg.cholesky(systems)
    except np.linalg.LinAlgError:
        return None
    triangles = np.ascontiguousarray(triangles.transpose(1, 2, 0))  # one number of all rows side by side
    pivots = np.einsum("kkb->kb", triangles)[:rank] ** 2
    if not surely_well_conditioned(pivots, traces, ridges, TRUSTED).all():
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
            squared(block.residual(fixed, solution[:, part].T)) for block, part in zip(batch, parts, strict=True)
        )
    return rows, solution.T, squared_error


def squared(numbers: np.ndarray) -> float:
    """The sum of their squares."""
    return float(np.vdot(numbers, numbers))


def _solve_triangles(triangles: np.ndarray) -> np.ndarray:
    """The solutions u of L^T u = z, (k, b), for triangles (k + 1, k + 1, b) with L and, in the last row, z."""
    rank = len(triangles) - 1
    solution = triangles[rank, :rank].copy()
    for j in reversed(range(rank)):
        solution[j] /= triangles[j, j]
        solution[:j] -= triangles[j, :j] * solution[j]
    return solution
