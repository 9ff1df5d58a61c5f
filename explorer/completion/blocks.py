"""Observed entries laid out row by row, so that many rows are solved at once.

Rows have different numbers of entries. Rows with similar numbers share a block, padded to one width; a
padding slot points at an extra row of the other factor, which is zero, and so adds nothing to any sum.
"""

from dataclasses import dataclass

import numpy as np

from explorer.completion.observations import Observations

BLOCK_NUMBERS = 131_072
"""Numbers in a block's work array (1 MB, so that it stays in the cache): rows x width x rank."""

NARROW = 32
"""Rows with at most this many entries share a block anyhow: their padding costs less than another block."""


@dataclass(frozen=True, eq=False)
class Block:
    """Some rows of the matrix with their observed entries.

    Attributes:
        rows: (b,) int64, which rows.
        cols: (b, w) int64, the columns of their entries; n (one past the last column) in a padding slot.
        values: (b, w) float64, the entries; 0 in a padding slot.
    """

    rows: np.ndarray
    cols: np.ndarray
    values: np.ndarray

    def design(self, padded: np.ndarray) -> np.ndarray:
        """The rows y_j that the entries of each row meet, (b, w, k), out of `with_padding(Y)`."""
        return padded.take(self.cols, axis=0)


def with_padding(factor: np.ndarray) -> np.ndarray:
    """The factor and below it the row of zeros that padding slots point at, (n + 1, k)."""
    return np.concatenate([factor, np.zeros((1, factor.shape[1]))])


def row_blocks(observations: Observations, rank: int) -> tuple[Block, ...]:
    """All rows of the matrix, also the empty ones, in blocks of a size that suits the rank."""
    return _blocks(observations.rows, observations.cols, observations.values, observations.shape, rank)


def col_blocks(observations: Observations, rank: int) -> tuple[Block, ...]:
    """The same for the columns: the rows of the transposed matrix."""
    return _blocks(observations.cols, observations.rows, observations.values, observations.shape[::-1], rank)


def _blocks(
    rows: np.ndarray, cols: np.ndarray, values: np.ndarray, shape: tuple[int, int], rank: int
) -> tuple[Block, ...]:
    counts = np.bincount(rows, minlength=shape[0])
    first_entry = np.cumsum(counts) - counts
    row_by_row = np.argsort(rows, kind="stable")
    cols, values = cols[row_by_row], values[row_by_row]

    by_count = np.argsort(counts, kind="stable")
    blocks = []
    for members in np.split(by_count, _cuts(counts[by_count], BLOCK_NUMBERS // rank)):
        slot = np.arange(max(1, counts[members[-1]]))
        filled = slot < counts[members, None]
        entry = np.where(filled, first_entry[members, None] + slot, 0)
        blocks.append(Block(members, np.where(filled, cols[entry], shape[1]), np.where(filled, values[entry], 0.0)))
    return tuple(blocks)


def _cuts(counts: np.ndarray, budget: int) -> list[int]:
    """Where to cut the rising `counts`: a block has at most `budget` slots, or it is one long row."""
    cuts = [0]
    while cuts[-1] < len(counts):
        ahead = counts[cuts[-1] : cuts[-1] + budget]
        slots = np.arange(1, len(ahead) + 1) * ahead
        fits = (slots <= budget) & (ahead <= max(NARROW, 2 * ahead[0]))
        cuts.append(cuts[-1] + max(1, np.count_nonzero(fits)))
    return cuts[1:-1]
