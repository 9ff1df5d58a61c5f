"""The observed entries: what is accepted, what is refused, and in which words."""

import numpy as np
import pytest
from hypothesis import given, settings

from explorer.completion import (
    Observations,
    choose_rank_and_ridge,
    from_matrix,
    hold_out,
    run_als,
    run_alternating_sgd,
    run_frank_wolfe,
    run_gradient,
    run_projected_gradient,
    run_sgd,
)
from explorer.errors import InputError
from tests.completion.problems import dense, observations


def test_nan_marks_a_missing_entry():
    seen = from_matrix(np.array([[1.0, np.nan, 2.0], [np.nan, 3.0, 4.0]]))
    assert seen.rows.tolist() == [0, 0, 1, 1]
    assert seen.cols.tolist() == [0, 2, 1, 2]
    assert seen.values.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert seen.shape == (2, 3)
    assert seen.count == 4


def test_a_mask_hides_entries_and_cannot_reveal_missing_ones():
    matrix = np.array([[1.0, np.nan], [3.0, 4.0]])
    mask = np.array([[True, True], [False, True]])
    assert from_matrix(matrix, mask).values.tolist() == [1.0, 4.0]


@given(observations())
@settings(deadline=None)
def test_triplets_and_matrix_say_the_same(seen):
    again = from_matrix(dense(seen))
    assert np.array_equal(again.rows, seen.rows)
    assert np.array_equal(again.cols, seen.cols)
    assert np.array_equal(again.values, seen.values)


def test_the_arrays_are_read_only_copies():
    values = np.array([1.0, 2.0])
    seen = Observations([0, 1], [0, 0], values, (2, 1))
    values[0] = 9.0
    assert seen.values[0] == 1.0
    for array in (seen.rows, seen.cols, seen.values):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize(
    ("rows", "cols", "values", "shape", "sentence"),
    [
        ([0, 1], [0], [1.0], (2, 2), "equally many"),
        ([], [], [], (2, 2), "At least one entry"),
        ([0, 2], [0, 0], [1.0, 2.0], (2, 2), "row of every entry must lie between 0 and 1"),
        ([0, 1], [-1, 0], [1.0, 2.0], (2, 2), "column of every entry must lie between 0 and 1"),
        ([0.0], [0], [1.0], (2, 2), "row of every entry must be a whole number"),
        ([0], [0], [np.nan], (2, 2), "must be finite"),
        ([0], [0], [np.inf], (2, 2), "must be finite"),
        ([0], [0], [1e60], (2, 2), "rescale"),
        ([0], [0], ["high"], (2, 2), "must be numbers"),
        ([0], [0], [[1.0]], (2, 2), "one flat list"),
        ([1, 0, 1], [1, 0, 1], [1.0, 2.0, 3.0], (2, 2), "Row 1, column 1 is observed twice"),
        ([0], [0], [1.0], (0, 2), "1 to 1,000,000 rows"),
        ([0], [0], [1.0], (2, 1_000_001), "1 to 1,000,000 rows"),
        ([0], [0], [1.0], (2.0, 2), "two whole numbers"),
        ([0], [0], [1.0], (2,), "two whole numbers"),
    ],
)
def test_what_is_not_a_matrix_is_refused(rows, cols, values, shape, sentence):
    with pytest.raises(InputError, match=sentence):
        Observations(rows, cols, values, shape)


def test_a_mask_of_integers_is_refused():
    with pytest.raises(InputError, match="boolean"):
        from_matrix(np.eye(2), np.ones((2, 2), dtype=int))


@pytest.mark.parametrize(
    ("matrix", "mask", "sentence"),
    [
        (np.ones(3), None, "two dimensions"),
        ([["a", "b"]], None, "numbers"),
        (np.ones((2, 2)), np.ones((2, 3), dtype=bool), "make them alike"),
        (np.full((2, 2), np.nan), None, "At least one entry"),
        ([[1.0, np.inf]], None, "finite"),
    ],
)
def test_a_matrix_that_cannot_be_read_is_refused(matrix, mask, sentence):
    with pytest.raises(InputError, match=sentence):
        from_matrix(matrix, mask)


def test_masked_entries_of_a_masked_array_are_missing():
    matrix = np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]], mask=[[False, True], [False, False]])
    assert from_matrix(matrix).values.tolist() == [1.0, 3.0, 4.0]


def test_masked_values_are_refused():
    with pytest.raises(InputError, match="must not be masked"):
        Observations([0, 1], [0, 1], np.ma.masked_array([1.0, 2.0], mask=[True, False]), (2, 2))


@pytest.mark.parametrize("shape", [None, 2])
def test_a_shape_that_is_no_pair_is_refused(shape):
    with pytest.raises(InputError, match="two whole numbers"):
        Observations([0], [0], [1.0], shape)


@pytest.mark.parametrize(
    "solve",
    [
        lambda matrix: run_als(matrix, 2),
        lambda matrix: run_gradient(matrix, 2),
        lambda matrix: run_sgd(matrix, 2),
        lambda matrix: run_alternating_sgd(matrix, 2),
        lambda matrix: run_frank_wolfe(matrix, 1.0),
        lambda matrix: run_projected_gradient(matrix, 1.0),
        lambda matrix: hold_out(matrix, 0.2, 0),
        lambda matrix: choose_rank_and_ridge(matrix, [1], [0.1]),
        lambda matrix: run_als(from_matrix(matrix), 2, hidden=matrix),
    ],
)
def test_a_matrix_where_observations_are_wanted_is_refused(solve):
    with pytest.raises(InputError, match="`from_matrix` makes them"):
        solve(np.ones((4, 5)))


@pytest.mark.parametrize("size", [1e-151, 1e-300])
def test_values_whose_squares_vanish_are_refused(size):
    with pytest.raises(InputError, match="rescale the data"):
        from_matrix(np.full((2, 2), size))


def test_a_complex_matrix_is_refused_and_not_halved():
    with pytest.raises(InputError, match="A matrix must consist of real numbers"):
        from_matrix(np.array([[1 + 1j, 2.0], [3.0, 4.0]]))
