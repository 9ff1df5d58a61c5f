"""Observed entries in blocks that do not depend on each other."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.completion import Observations, from_matrix
from explorer.completion.engine import matchings as matchings_module
from explorer.completion.engine.matchings import matchings, one_a_row
from tests.completion.problems import observations


def fullest(indices):
    return np.bincount(indices).max()


@given(seen=observations(), seed=st.integers(0, 99), lines=st.booleans())
@settings(max_examples=300, deadline=None)
def test_every_entry_is_in_one_matching_and_no_matching_shares_a_row_or_a_column(seen, seed, lines):
    with patch.object(matchings_module, "WASTE", 0 if lines else 32):
        blocks = matchings(seen, np.random.default_rng(seed))
    assert sorted(np.concatenate(blocks)) == list(range(seen.count))
    for block in blocks:
        assert len(block) > 0
        assert len(np.unique(seen.rows[block])) == len(block)
        assert len(np.unique(seen.cols[block])) == len(block)
    assert len(blocks) >= max(fullest(seen.rows), fullest(seen.cols))


@given(seen=observations(), seed=st.integers(0, 99))
@settings(max_examples=200, deadline=None)
def test_every_entry_is_in_one_block_and_no_block_shares_a_row(seen, seed):
    blocks = one_a_row(seen.rows, np.random.default_rng(seed))
    assert sorted(np.concatenate(blocks)) == list(range(seen.count))
    for block in blocks:
        assert len(np.unique(seen.rows[block])) == len(block)
    assert len(blocks) == fullest(seen.rows)


@pytest.mark.parametrize(("shape", "density", "most"), [((40, 70), 0.25, 1.3), ((200, 200), 0.5, 1.6)])
def test_there_are_not_many_more_matchings_than_there_must_be(shape, density, most):
    mask = np.random.default_rng(0).random(shape) < density
    seen = from_matrix(np.ones(shape), mask)
    blocks = matchings(seen, np.random.default_rng(1))
    assert len(blocks) <= most * max(fullest(seen.rows), fullest(seen.cols))


def test_the_seed_decides_the_blocks_and_their_entries():
    mask = np.random.default_rng(0).random((20, 30)) < 0.5
    seen = from_matrix(np.ones((20, 30)), mask)
    for make in (matchings, lambda s, rng: one_a_row(s.rows, rng)):
        first, again, other = (make(seen, np.random.default_rng(seed)) for seed in (3, 3, 4))
        assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
        assert not np.array_equal(first[0], other[0])


def test_a_column_that_every_row_has_an_entry_in_takes_a_block_for_each():
    seen = Observations(np.arange(50), np.zeros(50, dtype=int), np.ones(50), (50, 3))
    assert len(matchings(seen, np.random.default_rng(0))) == 50


def crossed(m: int, full_row: bool) -> Observations:
    """A full column, perhaps a full row, and five more entries in every row."""
    rng = np.random.default_rng(0)
    rows, cols = np.repeat(np.arange(m), 6), rng.integers(0, m, 6 * m)
    cols[::6] = 0
    cells = rows * m + cols
    if full_row:
        cells = np.append(cells, np.arange(m))
    rows, cols = np.divmod(np.unique(cells), m)
    return Observations(rows, cols, np.ones(len(rows)), (m, m))


@pytest.mark.parametrize("full_row", [False, True])
def test_the_work_is_in_proportion_to_the_entries_also_where_a_column_is_full(full_row):
    work = []
    for m in (500, 2000):
        drawn = []

        class Counting:
            rng = np.random.default_rng(0)

            def integers(self, highs, drawn=drawn):
                drawn.append(len(highs))
                return self.rng.integers(highs)

        seen = crossed(m, full_row)
        blocks = matchings(seen, Counting())
        assert len(blocks) <= 1.1 * max(fullest(seen.rows), fullest(seen.cols))
        assert sorted(np.concatenate(blocks)) == list(range(seen.count))
        work.append(sum(drawn) / seen.count)
    assert work[1] < 1.2 * work[0]
