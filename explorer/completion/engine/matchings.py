"""Observed entries in blocks that share no row and no column, so that a block's entries do not depend on each other.

Such a block is a matching in the bipartite graph of rows and columns, and cutting all entries into matchings
is an edge colouring. It takes at least as many blocks as the fullest row or column has entries.
"""

import numpy as np

from explorer.completion.observations import Observations

# Where fewer than one proposal in so many is accepted, those that were turned down wait in line instead.
WASTE = 32


def matchings(observations: Observations, rng: np.random.Generator) -> list[np.ndarray]:
    """All entries in random matchings: arrays of indices into the observations, each entry in exactly one.

    For each block, every row proposes one of its remaining entries at random, and a column accepts the proposal
    of the row with the most entries left. The number of blocks comes near the least one: 1 to 1.5 times it, on random
    masks. Where most rows propose in vain, because they have hardly more than one full column in common, each waits
    in that column's line. So work and memory are linear in the number of entries, whatever the mask.
    """
    counts = np.bincount(observations.rows, minlength=observations.shape[0])
    first = np.cumsum(counts) - counts
    entries = np.argsort(observations.rows, kind="stable")
    accepted = np.empty(observations.shape[1], dtype=np.int64)
    blocks = []

    def take(rows: np.ndarray, slots: np.ndarray) -> None:
        """Make a block of the entries in some slots, one of each row, and close the gaps."""
        blocks.append(entries[slots])
        counts[rows] -= 1
        entries[slots] = entries[first[rows] + counts[rows]]

    proposing = np.flatnonzero(counts)
    while len(proposing):
        proposing = proposing[np.argsort(counts[proposing], kind="stable")]
        slots = first[proposing] + rng.integers(counts[proposing])
        cols = observations.cols[entries[slots]]
        accepted[cols] = proposing  # the last one to write, with the most entries left, stays
        chosen = accepted[cols] == proposing
        wasteful = WASTE * np.count_nonzero(chosen) < len(proposing)
        take(proposing[chosen], slots[chosen])
        proposing = proposing[counts[proposing] > 0]
        if wasteful:
            break

    # Every row stands in one line, and the first in each has its turn: as many steps as there are entries left.
    heads = np.full(observations.shape[1], -1)
    following = np.full(observations.shape[0], -1)
    slots = np.empty(observations.shape[0], dtype=np.int64)
    lines = np.empty(0, dtype=np.int64)
    while len(proposing) or len(lines):
        slots[proposing] = first[proposing] + rng.integers(counts[proposing])
        cols = observations.cols[entries[slots[proposing]]]
        _line_up(proposing, cols, heads, following)
        lines = np.union1d(lines, cols)
        rows = heads[lines]
        heads[lines] = following[rows]
        lines = lines[heads[lines] >= 0]
        take(rows, slots[rows])
        proposing = rows[counts[rows] > 0]
    return blocks


def _line_up(rows: np.ndarray, cols: np.ndarray, heads: np.ndarray, following: np.ndarray) -> None:
    """Put every row first in the line of its column: `heads` are the first of each line, -1 ends one."""
    if not len(rows):
        return
    by_col = np.argsort(cols, kind="stable")
    rows, cols = rows[by_col], cols[by_col]
    is_last = np.append(cols[1:] != cols[:-1], True)
    following[rows] = np.where(is_last, heads[cols], np.append(rows[1:], -1))
    is_first = np.append(True, is_last[:-1])
    heads[cols[is_first]] = rows[is_first]


def one_a_row(rows: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """All entries in blocks that share no row, whatever their columns, in as few blocks as can be.

    Block r holds the r-th entry of every row that has so many, each row's entries in random order.
    """
    shuffled = rng.permutation(len(rows))
    row_by_row = shuffled[np.argsort(rows[shuffled], kind="stable")]
    counts = np.bincount(rows)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    by_place = np.argsort(place, kind="stable")
    return np.split(row_by_row[by_place], np.cumsum(np.bincount(place))[:-1])
