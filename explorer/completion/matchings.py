"""Observed entries in blocks that share no row and no column, so that a block's entries do not depend on each other.

Such a block is a matching in the bipartite graph of rows and columns, and cutting all entries into matchings
is an edge colouring. It takes at least as many blocks as the fullest row or column has entries.
"""

import numpy as np

from explorer.completion.observations import Observations


def matchings(observations: Observations, rng: np.random.Generator) -> list[np.ndarray]:
    """All entries in random matchings: arrays of indices into the observations, each entry in exactly one.

    For each block, every row proposes one of its remaining entries at random, and a column accepts the proposal
    of the row with the most entries left. Work and memory are linear in the number of entries, but for the rows
    that proposed in vain, and the number of blocks comes near the least one: 1 to 1.5 times it, on random masks.
    """
    counts = np.bincount(observations.rows, minlength=observations.shape[0])
    first = np.cumsum(counts) - counts
    entries = np.argsort(observations.rows, kind="stable")
    accepted = np.empty(observations.shape[1], dtype=np.int64)
    blocks = []
    proposing = np.flatnonzero(counts)
    while len(proposing):
        proposing = proposing[np.argsort(counts[proposing], kind="stable")]
        slots = first[proposing] + rng.integers(counts[proposing])
        cols = observations.cols[entries[slots]]
        accepted[cols] = proposing  # the last one to write, with the most entries left, stays
        chosen = accepted[cols] == proposing
        rows, slots = proposing[chosen], slots[chosen]
        blocks.append(entries[slots])
        counts[rows] -= 1
        entries[slots] = entries[first[rows] + counts[rows]]
        proposing = proposing[counts[proposing] > 0]
    return blocks


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
