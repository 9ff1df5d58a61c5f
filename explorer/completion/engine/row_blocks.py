"""Observed entries laid out row by row, so that many rows are solved at once.

Rows have different numbers of entries. Rows with similar numbers share a block, padded to one width; a
padding slot points at an extra row of the other factor, which is zero, and so adds nothing to any sum. Rows
of which a good part is observed share a dense block, with a slot for every column: there the sums over the
entries of a row are one product of matrices for all rows together.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.sparse import coo_array

from explorer.completion.observations import Observations

# Numbers in a block's work array (1 MB, so that it stays in the cache): rows x width x rank.
BLOCK_NUMBERS = 131_072

# Rows with at most this many entries share a block anyhow: their padding costs less than another block.
NARROW = 32

# Numbers in the work arrays of dense blocks, 32 MB: rows x n x rank, and n x pairs of columns.
DENSE_NUMBERS = 4_194_304

# With fewer numbers in all of them, rows x n x rank, dense blocks are not worth a second kind of block.
DENSE_LEAST = 131_072


@dataclass(frozen=True, eq=False)
class Block:
    """Some rows of the matrix with their observed entries.

    rows: (b,) int64, which rows.
    cols: (b, w) int64, the columns of their entries; n (one past the last column) in a padding slot.
    values: (b, w) float64, the entries; 0 in a padding slot.
    squares: (b,) float64, the sum of their squares.
    """

    rows: np.ndarray
    cols: np.ndarray
    values: np.ndarray
    squares: np.ndarray

    def design(self, fixed: "FixedFactor") -> np.ndarray:
        """The rows y_j that the entries of each row meet, (b, w, k)."""
        return fixed.padded.take(self.cols, axis=0, mode="clip")

    def normal_equations(self, fixed: "FixedFactor", out: np.ndarray) -> None:
        """Write sum_j y_j y_j^T and, as a row below it, sum_j a_ij y_j^T into `out`, (b, k + 1, k + 1).

        Only the lower triangle is written for sure, and never the last entry of the last row.
        """
        design = self.design(fixed)
        np.matmul(design.swapaxes(1, 2), design, out=out[:, :-1, :-1])
        np.matmul(self.values[:, None, :], design, out=out[:, -1:, :-1])

    def residual(self, fixed: "FixedFactor", solution: np.ndarray) -> np.ndarray:
        """a_ij - x_i . y_j in every slot, (b, w), for the rows x_i (b, k); 0 in a padding slot."""
        return self.values - (self.design(fixed) @ solution[:, :, None])[:, :, 0]


@dataclass(frozen=True, eq=False)
class DenseBlock:
    """Some rows of the matrix of which a good part is observed; it can be read as a `Block`, too.

    rows: (b,) int64, which rows.
    seen: (b, n) bool, which of their entries are observed.
    values: (b, n) float64, the entries; 0 where there is none.
    squares: (b,) float64, the sum of their squares.
    """

    rows: np.ndarray
    seen: np.ndarray
    values: np.ndarray
    squares: np.ndarray

    @property
    def cols(self) -> np.ndarray:
        n = self.seen.shape[1]
        return np.where(self.seen, np.arange(n), n)

    def design(self, fixed: "FixedFactor") -> np.ndarray:
        return fixed.padded.take(self.cols, axis=0)

    def normal_equations(self, fixed: "FixedFactor", out: np.ndarray) -> None:
        out[:, *_lower(fixed.rank)] = self.seen.astype(np.float64) @ fixed.products
        out[:, -1, :-1] = self.values @ fixed.padded[:-1]

    def residual(self, fixed: "FixedFactor", solution: np.ndarray) -> np.ndarray:
        return self.values - self.seen * (solution @ fixed.padded[:-1].T)


Blocks = tuple[Block | DenseBlock, ...]


@dataclass(frozen=True, eq=False)
class FixedFactor:
    """The factor that a half step leaves as it is, as the blocks read it.

    padded: (n + 1, k), the factor and below it the row of zeros that padding slots point at.
    products: (n, k (k + 1) / 2), the products y_ja y_jb of its columns a >= b, that dense blocks sum; else None.
    """

    padded: np.ndarray
    products: np.ndarray | None

    @property
    def rank(self) -> int:
        return self.padded.shape[1]


def fixed_factor(factor: np.ndarray, blocks: Blocks) -> FixedFactor:
    """A factor, (n, k), for these blocks to read."""
    padded = np.concatenate([factor, np.zeros((1, factor.shape[1]))])
    if not any(isinstance(block, DenseBlock) for block in blocks):
        return FixedFactor(padded, None)
    a, b = _lower(factor.shape[1])
    return FixedFactor(padded, factor[:, a] * factor[:, b])


@cache
def _lower(rank: int) -> tuple[np.ndarray, np.ndarray]:
    """The indices of a lower triangle, which NumPy takes longer to make than a small matrix to use."""
    return np.tril_indices(rank)


def row_blocks(observations: Observations, rank: int) -> Blocks:
    """All rows of the matrix, also the empty ones, in blocks of a size that suits the rank, shortest rows first."""
    return _blocks(observations.rows, observations.cols, observations.values, observations.shape, rank)


def col_blocks(observations: Observations, rank: int) -> Blocks:
    """The same for the columns: the rows of the transposed matrix."""
    return _blocks(observations.cols, observations.rows, observations.values, observations.shape[::-1], rank)


def _blocks(rows: np.ndarray, cols: np.ndarray, values: np.ndarray, shape: tuple[int, int], rank: int) -> Blocks:
    n = shape[1]
    row_by_row = coo_array((values, (rows, cols)), shape=shape).tocsr()
    first_entry = row_by_row.indptr.astype(np.int64)
    cols, values = row_by_row.indices.astype(np.int64), row_by_row.data
    counts = np.diff(first_entry)

    def slots(members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which slots of a block of these rows are filled, (b, w), and the entries in them, flat."""
        slot = np.arange(max(1, counts[members].max()))
        filled = slot < counts[members, None]
        return filled, (first_entry[members, None] + slot)[filled]

    def sparse_block(members: np.ndarray) -> Block:
        filled, entry = slots(members)
        its_cols, its_values = np.full(filled.shape, n), np.zeros(filled.shape)
        its_cols[filled], its_values[filled] = cols[entry], values[entry]
        return Block(members, its_cols, its_values, _squares(its_values))

    def dense_block(members: np.ndarray) -> DenseBlock:
        filled, entry = slots(members)
        place = (np.nonzero(filled)[0], cols[entry])
        seen, its_values = np.zeros((len(members), n), dtype=bool), np.zeros((len(members), n))
        seen[place], its_values[place] = True, values[entry]
        return DenseBlock(members, seen, its_values, _squares(its_values))

    by_count = np.argsort(counts, kind="stable")
    n_sparse = int(np.searchsorted(counts[by_count], _dense_from(n, rank)))
    if (len(by_count) - n_sparse) * n * rank < DENSE_LEAST:
        n_sparse = len(by_count)
    sparse, dense = by_count[:n_sparse], by_count[n_sparse:]
    blocks = []
    if len(sparse):
        blocks += map(sparse_block, np.split(sparse, _cuts(counts[sparse], BLOCK_NUMBERS // rank)))
    if len(dense):
        height = max(1, DENSE_NUMBERS // (n * rank))
        blocks += map(dense_block, np.split(dense, range(height, len(dense), height)))
    return tuple(blocks)


def _squares(values: np.ndarray) -> np.ndarray:
    return np.einsum("bw,bw->b", values, values)


def _dense_from(n: int, rank: int) -> float:
    """The number of entries from which a row of n columns is quicker, and still small, in a dense block.

    A dense row costs k^2 operations a column at the speed of a large product of matrices; a sparse one costs
    2 k^2 an entry at the speed of small ones, and the gathering. Measured, they are even near a share of k / 40.
    """
    if n * rank * (rank + 1) // 2 > DENSE_NUMBERS:
        return np.inf
    return n * max(0.2, rank / 40)


def _cuts(counts: np.ndarray, budget: int) -> list[int]:
    """Where to cut the rising `counts`: a block has at most `budget` slots, or it is one long row."""
    cuts = [0]
    while cuts[-1] < len(counts):
        ahead = counts[cuts[-1] : cuts[-1] + budget]
        slots = np.arange(1, len(ahead) + 1) * ahead
        fits = (slots <= budget) & (ahead <= max(NARROW, 2 * ahead[0]))
        cuts.append(cuts[-1] + max(1, np.count_nonzero(fits)))
    return cuts[1:-1]
