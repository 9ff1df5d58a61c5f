"""The leading singular pair of a sparse matrix."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds

from explorer.completion.engine import leading_pair as leading_pair_module
from explorer.completion.engine.leading_pair import leading_pair
from tests.completion.problems import low_rank


def start(n):
    return np.random.default_rng(0).standard_normal(n)


def check(matrix, pair):
    """What the record promises."""
    largest = np.linalg.norm(matrix, 2)
    rounding = 1e-11 * largest
    assert pair.value <= largest + rounding
    assert pair.bound >= largest - rounding
    assert np.linalg.norm(matrix @ pair.right - pair.value * pair.left) <= rounding
    assert np.linalg.norm(pair.right) == pytest.approx(1.0)


@given(m=st.integers(1, 60), n=st.integers(1, 60), density=st.floats(0.01, 1), seed=st.integers(0, 999))
@settings(max_examples=200, deadline=None)
def test_value_and_bound_enclose_the_largest_singular_value(m, n, density, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((m, n)) * (rng.random((m, n)) < density)
    largest = np.linalg.norm(matrix, 2)
    for threshold in (0.0, 0.9 * largest, largest):
        pair = leading_pair(csr_array(matrix), start(n), threshold)
        check(matrix, pair)
        assert pair.bound - pair.value <= 0.1 * (pair.value - threshold) + 1e-11 * largest


@pytest.mark.parametrize(
    "matrix",
    [
        np.eye(50),
        np.diag([1.0, 1.0, 1.0 - 1e-9, 0.5]),
        np.outer(np.arange(1.0, 90.0), np.ones(70)),
        np.ones((1, 30)),
        np.ones((30, 1)),
        np.array([[-3.0]]),
        np.diag(np.linspace(0, 1, 200)),
        low_rank(100, 80, 3, seed=0),
    ],
    ids=["identity", "cluster", "rank one", "row", "column", "cell", "slow", "low rank"],
)
def test_matrices_on_which_iterations_break_down_or_are_slow(matrix):
    largest = np.linalg.norm(matrix, 2)
    pair = leading_pair(csr_array(matrix), start(matrix.shape[1]), threshold=largest)
    check(matrix, pair)
    assert pair.value == pytest.approx(largest, rel=1e-6)
    assert np.linalg.norm(pair.left) == pytest.approx(1.0)


@pytest.mark.parametrize("outlier", [1.2, 1.5, 10.0])
def test_a_single_large_value_among_many_equal_ones_is_not_missed(outlier):
    # The start is nearly a vector to the value 1, and its residual looks small.
    matrix = np.diag([1.0] * 500 + [outlier])
    check(matrix, leading_pair(csr_array(matrix), start(501)))


def test_a_matrix_of_zeros_has_the_value_zero():
    pair = leading_pair(csr_array((4, 3)), start(3))
    assert (pair.value, pair.bound) == (0.0, 0.0)
    assert not pair.left.any()


def test_a_large_sparse_matrix_agrees_with_scipy():
    rng = np.random.default_rng(1)
    cells = np.unique(rng.integers(0, 1000 * 800, 20_000))
    rows, cols = np.divmod(cells, 800)
    matrix = csr_array((rng.standard_normal(len(cells)), (rows, cols)), shape=(1000, 800))
    u, value, v = svds(matrix, k=1, v0=start(800), tol=1e-12)
    pair = leading_pair(matrix, start(800), threshold=value[0])
    assert pair.value == pytest.approx(value[0], rel=1e-10)
    assert abs(u[:, 0] @ pair.left) == pytest.approx(1.0, abs=1e-6)
    assert abs(v[0] @ pair.right) == pytest.approx(1.0, abs=1e-6)


def test_where_memory_ends_the_bound_says_how_far_away_the_value_may_be(monkeypatch):
    monkeypatch.setattr(leading_pair_module, "MAX_STEPS", 10)
    matrix = np.diag(np.linspace(0, 1, 200))
    pair = leading_pair(csr_array(matrix), start(200), threshold=1.0)
    check(matrix, pair)
    assert pair.value < 0.999
    assert pair.bound > 1.001
