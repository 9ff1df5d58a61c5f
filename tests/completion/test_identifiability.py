"""Whether a mask determines a matrix, against the Jacobian written out and against graph theory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from explorer.completion import (
    Factors,
    Observations,
    factorize,
    from_matrix,
    identifiability,
    predict,
    run_als,
    short_cols,
    short_rows,
)
from explorer.errors import InputError
from tests.completion.problems import checkerboard, low_rank, masked, observations


def jacobian(seen, factors):
    """The derivatives of every observed x_i . y_j by every number in X and Y."""
    (m, k), n = factors.left.shape, len(factors.right)
    derivatives = np.zeros((seen.count, m + n, k))
    for e, (i, j) in enumerate(zip(seen.rows, seen.cols, strict=True)):
        derivatives[e, i] = factors.right[j]
        derivatives[e, m + j] = factors.left[i]
    return derivatives.reshape(seen.count, -1)


def generic_factors(shape, rank, seed):
    rng = np.random.default_rng(seed)
    return Factors(rng.standard_normal((shape[0], rank)), rng.standard_normal((shape[1], rank)))


@given(observations(max_side=12), st.integers(1, 4), st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_the_rank_is_that_of_the_jacobian_written_out(seen, rank, seed):
    rank = min(rank, *seen.shape)
    factors = generic_factors(seen.shape, rank, seed)
    expected = np.linalg.matrix_rank(jacobian(seen, factors))
    assert identifiability(seen, rank, at=factors).jacobian_rank == expected
    assert identifiability(seen, rank).jacobian_rank == expected


@pytest.mark.parametrize("density", [0.12, 0.2, 0.35, 0.9])
@pytest.mark.parametrize("shape", [(40, 70), (70, 40)])
def test_the_same_at_the_size_of_the_checkerboard(shape, density):
    seen, _ = masked(np.ones(shape), density, seed=2)
    factors = generic_factors(shape, 3, seed=1)
    expected = np.linalg.matrix_rank(jacobian(seen, factors))
    assert identifiability(seen, 3, at=factors).jacobian_rank == expected


@given(observations(max_side=15))
@settings(deadline=None)
def test_rank_one_is_determined_when_the_graph_of_entries_is_connected(seen):
    # With x_i y_j known on the edges of the graph of rows and columns, each component keeps one free scale.
    m, n = seen.shape
    edges = coo_array((np.ones(seen.count), (seen.rows, m + seen.cols)), shape=(m + n, m + n))
    components = connected_components(edges, directed=False)[0]
    verdict = identifiability(seen, 1)
    assert verdict.jacobian_rank == m + n - components
    assert verdict.determined == (components == 1)


@given(observations(), st.integers(1, 3))
@settings(deadline=None)
def test_rows_and_columns_play_the_same_part(seen, rank):
    rank = min(rank, *seen.shape)
    turned = Observations(seen.cols, seen.rows, seen.values, seen.shape[::-1])
    plain, transposed = identifiability(seen, rank), identifiability(turned, rank)
    assert plain.jacobian_rank == transposed.jacobian_rank
    assert np.array_equal(plain.short_rows, transposed.short_cols)


def test_a_matrix_seen_whole_is_determined():
    verdict = identifiability(from_matrix(np.ones((7, 9))), 3)
    assert verdict.determined
    assert verdict.jacobian_rank == verdict.degrees_of_freedom == (7 + 9 - 3) * 3
    assert verdict.short_rows.size == verdict.short_cols.size == 0


def test_fewer_entries_than_degrees_of_freedom_never_determine():
    seen = from_matrix(np.ones((6, 6)), np.arange(36).reshape(6, 6) < 19)
    verdict = identifiability(seen, 2)
    assert verdict.degrees_of_freedom == 20
    assert verdict.jacobian_rank <= 19
    assert not verdict.determined


def test_enough_entries_in_every_row_and_column_are_not_yet_enough():
    # Two blocks that share no row and no column: how they are scaled against each other stays open.
    mask = np.zeros((10, 10), dtype=bool)
    mask[:5, :5] = mask[5:, 5:] = True
    verdict = identifiability(from_matrix(np.ones((10, 10)), mask), 2)
    assert verdict.short_rows.size == verdict.short_cols.size == 0
    assert not verdict.determined
    assert verdict.jacobian_rank == 2 * (5 + 5 - 2) * 2


def test_short_rows_and_columns_are_named():
    mask = np.ones((6, 8), dtype=bool)
    mask[2, 1:] = False
    mask[:, 5] = False
    verdict = identifiability(from_matrix(np.ones((6, 8)), mask), 2)
    assert verdict.short_rows.tolist() == [2]
    assert verdict.short_cols.tolist() == [5]
    assert not verdict.determined


def test_the_checkerboard_seen_in_one_parity_only_cannot_be_completed_by_any_method():
    # Column 7 is seen in even rows alone. This mask determines nearly every matrix of rank 2, but the even
    # rows of the checkerboard are all equal: they say nothing about the odd entries of that column.
    matrix = checkerboard()
    mask = np.random.default_rng(0).random(matrix.shape) <= 0.25
    mask[1::2, 7] = False
    seen = from_matrix(matrix, mask)
    assert identifiability(seen, 2).determined
    verdict = identifiability(seen, 2, at=factorize(matrix, 2))
    assert verdict.short_cols.size == 0
    assert not verdict.determined

    other = matrix.copy()
    other[1::2, 7] = 17.0
    assert np.linalg.matrix_rank(other) == 2
    assert np.array_equal(other[mask], matrix[mask])

    filled_in = []
    for seed in range(4):
        trace = run_als(seen, 2, seed=seed)
        assert trace.rmse_observed[-1] < 0.01
        filled_in += predict(trace.factors(2 * trace.n_sweeps), np.array([1]), np.array([7])).tolist()
    assert np.ptp(filled_in) > 0.5, "the start alone decides what ALS puts there"


def test_where_the_checkerboard_is_determined_als_completes_it():
    matrix = checkerboard()
    at = factorize(matrix, 2)
    verdicts = []
    for seed in range(20):
        seen, hidden = masked(matrix, 0.25, seed)
        verdicts.append(identifiability(seen, 2, at=at).determined)
        if verdicts[-1]:
            errors = [
                run_als(seen, 2, ridge=0.0, seed=start, max_sweeps=300, rtol=0, hidden=hidden).rmse_hidden[-1]
                for start in range(2)
            ]
            assert min(errors) < 1e-6
    assert 5 <= sum(verdicts) < 20


def test_two_hundred_by_two_hundred_at_rank_ten():
    seen, _ = masked(low_rank(200, 200, 10, seed=0), 0.5, seed=0)
    verdict = identifiability(seen, 10)
    assert verdict.jacobian_rank == verdict.degrees_of_freedom == 3900


@pytest.mark.parametrize(
    ("shape", "rank", "more", "sentence"),
    [
        ((4, 5), 0, {}, "from 1 to 4"),
        ((4, 5), 5, {}, "from 1 to 4"),
        ((4, 5), 1.5, {}, "whole number"),
        ((500, 900), 9, {}, "at most 4,000; here it is 4,500"),
        ((4, 5), 2, {"seed": -1}, "seed"),
        ((4, 5), 2, {"at": Factors(np.ones((4, 1)), np.ones((5, 1)))}, "fit"),
    ],
)
def test_what_cannot_be_judged_is_refused(shape, rank, more, sentence):
    seen = Observations([0], [0], [1.0], shape)
    with pytest.raises(InputError, match=sentence):
        identifiability(seen, rank, **more)


@pytest.mark.parametrize("judge", [identifiability, short_rows, short_cols])
def test_a_matrix_itself_is_not_judged(judge):
    with pytest.raises(InputError, match="`from_matrix` makes them of a matrix"):
        judge(np.ones((3, 3)), 1)
