"""One half step, against the textbook's plain loop over rows and against linear algebra's own definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.completion import Observations, from_matrix
from explorer.completion import half_step as half_step_module
from explorer.completion.engine import cholesky
from explorer.completion.engine import row_blocks as blocks_module
from explorer.completion.engine.row_blocks import Block, DenseBlock, col_blocks, row_blocks
from explorer.completion.half_step import solve_factor
from explorer.completion.textbook import solve_rows
from tests.completion.problems import dense, low_rank, masked, observations


def solve_left(seen, right, ridge, left=None):
    """The half step for X, from X = 0 where no other is given."""
    rank = right.shape[1]
    return solve_factor(row_blocks(seen, rank), right, np.zeros((seen.shape[0], rank)) if left is None else left, ridge)


def uneven(m=60, n=300, seed=0):
    """Observations whose rows have from hardly any to all of their entries."""
    rng = np.random.default_rng(seed)
    mask = rng.random((m, n)) <= np.linspace(0.04, 1, m)[:, None]
    rows, cols = np.nonzero(mask)
    return Observations(rows, cols, rng.standard_normal(len(rows)), (m, n))


@pytest.mark.parametrize("ridge", [0.0, 1e-9, 0.01, 10.0])
def test_both_half_steps_are_the_textbooks(ridge):
    seen = uneven()
    rng = np.random.default_rng(1)
    right, left = rng.standard_normal((300, 4)), rng.standard_normal((60, 4))
    solved_left, _, _ = solve_left(seen, right, ridge)
    solved_right, _, _ = solve_factor(col_blocks(seen, 4), left, right, ridge)
    assert np.allclose(solved_left, solve_rows(dense(seen), right, ridge), rtol=1e-9, atol=1e-11)
    assert np.allclose(solved_right, solve_rows(dense(seen).T, left, ridge), rtol=1e-9, atol=1e-11)


def quickly(seen, right, ridge):
    """`solve_left`, with the reference forbidden."""

    def refuse(*arguments):
        raise AssertionError("The reference was taken.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(half_step_module, "_solve_block", refuse)
        patch.setattr(cholesky, "SMALL", 0)
        return solve_left(seen, right, ridge)


def carefully(seen, right, ridge):
    """`solve_left` by the reference alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(half_step_module, "solve_together", lambda *arguments: None)
        return solve_left(seen, right, ridge)


@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("ridge", [0.0, 0.01, 1.0])
@pytest.mark.parametrize("dense", [True, False])
def test_the_quick_way_is_the_careful_one(monkeypatch, dense, ridge, noise):
    monkeypatch.setattr(blocks_module, "DENSE_LEAST", 0 if dense else np.inf)
    seen, _ = masked(low_rank(70, 90, 4, seed=0, noise=noise), 0.5, seed=1)
    right = low_rank(90, 4, 4, seed=2)
    left, squared_error, _ = quickly(seen, right, ridge)
    careful, careful_error, _ = carefully(seen, right, ridge)
    assert np.allclose(left, careful, rtol=1e-11, atol=1e-12)
    assert squared_error == pytest.approx(careful_error, rel=1e-11)


@pytest.mark.parametrize("noise", [1e-3, 1e-5, 1e-7])
def test_a_squared_error_keeps_its_digits_however_little_is_left_to_explain(noise):
    right = low_rank(50, 3, 3, seed=0)
    matrix = low_rank(20, 3, 3, seed=1) @ right.T + noise * low_rank(20, 50, 20, seed=2)
    left, squared_error, _ = quickly(from_matrix(matrix), right, 0.0)
    assert squared_error == pytest.approx(np.sum((matrix - left @ right.T) ** 2), rel=1e-11)


def test_every_row_can_have_its_own_ridge():
    seen = uneven()
    right = np.random.default_rng(1).standard_normal((300, 4))
    ridges = np.where(np.arange(60) % 3 == 0, 0.0, np.linspace(1e-3, 5, 60))
    solved, _, singular = solve_left(seen, right, ridges)
    expected = [solve_rows(dense(seen)[[i]], right, ridges[i])[0] for i in range(60)]
    assert np.allclose(solved, expected, rtol=1e-9, atol=1e-11)
    short = np.flatnonzero((np.bincount(seen.rows, minlength=60) < 4) & (ridges == 0))
    assert singular.tolist() == short.tolist()


def test_the_squared_error_is_that_of_the_new_factor():
    seen = uneven()
    right = np.random.default_rng(1).standard_normal((300, 4))
    left, squared_error, _ = solve_left(seen, right, 0.5)
    assert squared_error == pytest.approx(np.nansum((dense(seen) - left @ right.T) ** 2), rel=1e-12)


def test_a_row_without_entries_gets_zero():
    seen = Observations([0, 0, 2], [0, 1, 1], [1.0, 2.0, 3.0], (3, 2))
    right = np.array([[1.0], [1.0]])
    for ridge in (0.0, 0.1):
        assert solve_left(seen, right, ridge)[0][1].tolist() == [0.0]
    assert solve_left(seen, right, 0.0)[2].tolist() == [1]


def test_without_ridge_a_short_row_gets_its_shortest_solution_and_is_reported():
    # x . (3, 4) = 10 holds on a line; its point nearest to the origin is 10 (3, 4) / 25.
    seen = Observations([0, 1, 1], [0, 0, 1], [10.0, 1.0, 1.0], (2, 2))
    right = np.array([[3.0, 4.0], [1.0, 0.0]])
    left, squared_error, singular = solve_left(seen, right, 0.0)
    assert np.allclose(left, [[1.2, 1.6], [1.0, -0.5]], atol=1e-14)
    assert squared_error == pytest.approx(0, abs=1e-25)
    assert singular.tolist() == [0]


def test_a_ridge_makes_every_solution_unique():
    seen = Observations([0, 1, 1], [0, 0, 1], [10.0, 1.0, 1.0], (2, 2))
    right = np.array([[3.0, 4.0], [1.0, 0.0]])
    left, _, singular = solve_left(seen, right, 1e-12)
    assert singular.size == 0
    assert np.allclose(left, [[1.2, 1.6], [1.0, -0.5]], atol=1e-11)


def test_nearly_parallel_directions_keep_their_digits():
    # The condition number is 1e7, so its square in the normal equations would leave no digit but two.
    rng = np.random.default_rng(0)
    first = rng.standard_normal(30)
    right = np.stack([first, first + 1e-7 * rng.standard_normal(30)], axis=1)
    truth = np.array([2.0, -1.0])
    seen = Observations(np.zeros(30, dtype=int), np.arange(30), right @ truth, (1, 30))
    left, _, singular = solve_left(seen, right, 0.0)
    assert np.allclose(left[0], truth, rtol=1e-7)
    assert singular.size == 0


def test_a_direction_the_other_factor_lacks_stays_exactly_out():
    seen, _ = masked(low_rank(20, 30, 3, seed=0), 0.6, seed=1)
    left, _, _ = solve_left(seen, np.ones((30, 3)), 0.01)
    assert np.linalg.matrix_rank(left) == 1
    zero, squared_error, singular = solve_left(seen, np.zeros((30, 3)), 0.0)
    assert not zero.any()
    assert squared_error == pytest.approx(np.sum(seen.values**2))
    assert singular.tolist() == list(range(20))


@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_a_row_is_solved_alike_however_long_the_rows_are_that_it_does_not_meet(ridge):
    seen = Observations([0, 0, 1], [0, 1, 2], [1.0, 3.0, 1.0], (2, 3))
    right = np.array([[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]])
    expected = solve_left(seen, right, ridge)[0][0]
    right[2] *= 1e17
    assert np.allclose(solve_left(seen, right, ridge)[0][0], expected, rtol=1e-12)


def test_a_row_that_rounding_would_make_worse_stays():
    # x = (3e-15, 1) fits both entries, but beside 1e15 the other direction is far below rounding.
    seen = Observations([0, 0], [0, 1], [3.0, 1.0], (1, 2))
    right = np.array([[1e15, 0.0], [1.0, 1.0]])
    left = np.array([[3e-15, 1.0]])
    stays, squared_error, _ = solve_left(seen, right, 0.0, left)
    assert np.array_equal(stays, left)
    assert squared_error < 1e-24
    from_zero, squared_error, _ = solve_left(seen, right, 0.0)
    assert squared_error == pytest.approx(1.0)
    assert np.allclose(from_zero @ right.T, [[3.0, 0.0]])


@given(observations(), st.integers(1, 4), st.sampled_from([0.0, 1e-3, 1.0]), st.integers(0, 99))
@settings(deadline=None)
def test_the_solution_does_not_depend_on_the_row_it_replaces(seen, rank, ridge, seed):
    rng = np.random.default_rng(seed)
    right, left = rng.standard_normal((seen.shape[1], rank)), rng.standard_normal((seen.shape[0], rank))
    for ours, from_zero in zip(solve_left(seen, right, ridge, left), solve_left(seen, right, ridge), strict=True):
        assert np.array_equal(ours, from_zero)


@given(observations(), st.integers(1, 4), st.sampled_from([0.0, 1e-3, 1.0]), st.integers(0, 99), st.booleans())
@settings(deadline=None)
def test_the_solution_cannot_be_improved(seen, rank, ridge, seed, small):
    rng = np.random.default_rng(seed)
    right = rng.standard_normal((seen.shape[1], rank))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cholesky, "SMALL", np.inf if small else 0)
        left, squared_error, _ = solve_left(seen, right, ridge)
    lowest = squared_error + ridge * np.sum(left**2)
    for size in (1e-3, 1.0):
        moved = left + size * rng.standard_normal(left.shape)
        error = np.nansum((dense(seen) - moved @ right.T) ** 2)
        assert lowest <= error + ridge * np.sum(moved**2) + 1e-9


@given(observations(max_side=40), st.integers(1, 5), st.booleans())
@settings(max_examples=50, deadline=None)
def test_blocks_hold_every_entry_once_and_point_padding_past_the_end(seen, rank, dense_too):
    matrix = np.full((seen.shape[0], seen.shape[1] + 1), np.nan)
    rows = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks_module, "DENSE_LEAST", 0 if dense_too else np.inf)
        blocks = row_blocks(seen, rank)
    for block in blocks:
        assert np.allclose(block.squares, np.sum(block.values**2, axis=1))
        rows += block.rows.tolist()
        matrix[block.rows[:, None], block.cols] = block.values
        assert not block.values[block.cols == seen.shape[1]].any()
    assert sorted(rows) == list(range(seen.shape[0]))
    assert np.array_equal(matrix[:, :-1], dense(seen), equal_nan=True)


def test_both_kinds_of_blocks_hold_the_same_matrix(monkeypatch):
    seen, right = uneven(), np.random.default_rng(1).standard_normal((300, 4))
    sparse = solve_left(seen, right, 0.1)
    monkeypatch.setattr(blocks_module, "DENSE_LEAST", 0)
    dense = solve_left(seen, right, 0.1)
    assert np.allclose(sparse[0], dense[0], rtol=1e-12, atol=1e-13)
    assert sparse[1] == pytest.approx(dense[1], rel=1e-12)


def test_rows_of_which_a_good_part_is_observed_are_dense(monkeypatch):
    assert not any(isinstance(block, DenseBlock) for block in row_blocks(uneven(), 4)), "too few to be worth it"
    monkeypatch.setattr(blocks_module, "DENSE_LEAST", 0)
    blocks = row_blocks(uneven(), 4)
    counts = np.bincount(uneven().rows)
    dense_rows = [i for block in blocks if isinstance(block, DenseBlock) for i in block.rows]
    assert sorted(dense_rows) == np.flatnonzero(counts >= 0.2 * 300).tolist()
    assert not any(isinstance(block, DenseBlock) for block in row_blocks(uneven(), 41))


def test_long_and_short_rows_do_not_share_a_block():
    blocks = [block for block in row_blocks(uneven(n=3000), 40) if isinstance(block, Block)]
    assert len(blocks) > 2
    for block in blocks:
        padding = np.count_nonzero(block.cols == 3000)
        assert block.cols.shape[1] <= 32 or padding < block.cols.size / 2


def test_what_is_dense_stays_small_however_wide_the_matrix_is():
    cells = np.arange(300_000)
    wide = Observations(cells % 3, cells, np.ones(len(cells)), (3, 300_000))
    assert not any(isinstance(block, DenseBlock) for block in row_blocks(wide, 10))
    high = Observations(cells // 3, cells % 3, np.ones(len(cells)), (100_000, 3))
    assert max(block.values.size for block in row_blocks(high, 3)) * 3 <= 4_194_304


def test_a_block_stays_small_however_many_rows_there_are():
    cells = np.arange(200_000)
    seen = Observations(cells, cells % 70, np.ones(len(cells)), (200_000, 70))
    assert max(block.cols.size for block in row_blocks(seen, 7)) * 7 <= 131_072
