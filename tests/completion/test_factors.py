"""The factors X and Y and the entries of their product."""

import mpmath
import numpy as np
import pytest

from explorer.completion import Factors, Observations, distance, factorize, predict, rmse
from explorer.completion import factors as factors_module
from explorer.errors import InputError
from tests.completion.problems import checkerboard, low_rank


def test_entries_of_the_product(monkeypatch):
    monkeypatch.setattr(factors_module, "PREDICT_NUMBERS", 21)
    rng = np.random.default_rng(0)
    factors = Factors(rng.standard_normal((6, 3)), rng.standard_normal((5, 3)))
    rows, cols = rng.integers(0, 6, 40), rng.integers(0, 5, 40)
    assert factors.rank == 3
    assert np.allclose(
        predict(factors, rows, cols), (factors.left @ factors.right.T)[rows, cols], rtol=1e-13, atol=1e-13
    )


def test_factors_are_read_only_copies():
    left = np.ones((2, 1))
    factors = Factors(left, np.ones((3, 1)))
    left[0] = 5.0
    assert factors.left[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        factors.right[0] = 2.0


@pytest.mark.parametrize(
    ("left", "right", "sentence"),
    [
        (np.ones((2, 2)), np.ones((3, 1)), "equally many columns"),
        (np.ones(2), np.ones(2), "equally many columns"),
        (np.ones((2, 0)), np.ones((3, 0)), "equally many columns"),
        (np.full((2, 1), np.nan), np.ones((3, 1)), "finite"),
    ],
)
def test_factors_that_do_not_fit_are_refused(left, right, sentence):
    with pytest.raises(InputError, match=sentence):
        Factors(left, right)


def test_factorize_recovers_a_matrix_of_that_rank_with_balanced_factors():
    factors = factorize(checkerboard(), 2)
    assert np.allclose(factors.left @ factors.right.T, checkerboard(), atol=1e-12)
    assert np.allclose(factors.left.T @ factors.left, factors.right.T @ factors.right, atol=1e-11)


def test_factorize_leaves_exactly_the_smaller_singular_values():
    matrix = low_rank(8, 6, 6, seed=1)
    factors = factorize(matrix, 2)
    left_out = np.linalg.svd(matrix, compute_uv=False)[2:]
    assert np.linalg.norm(matrix - factors.left @ factors.right.T) == pytest.approx(np.linalg.norm(left_out))


def test_factorize_refuses_gaps_and_impossible_ranks():
    with pytest.raises(InputError, match="known completely"):
        factorize(np.array([[1.0, np.nan]]), 1)
    with pytest.raises(InputError, match="1 to 2"):
        factorize(np.eye(2), 3)


def gaussian_factors(m, n, rank, seed):
    rng = np.random.default_rng(seed)
    return Factors(rng.standard_normal((m, rank)), rng.standard_normal((n, rank)))


@pytest.mark.parametrize(("m", "n"), [(9, 7), (2, 30), (1, 1)])
def test_the_distance_is_the_norm_of_the_difference_of_the_products(m, n):
    one, other = gaussian_factors(m, n, 3, seed=0), gaussian_factors(m, n, 2, seed=1)
    formed = np.linalg.norm(one.left @ one.right.T - other.left @ other.right.T)
    assert distance(one, other) == pytest.approx(formed, rel=1e-13)
    assert distance(other, one) == pytest.approx(formed, rel=1e-13)


@pytest.mark.parametrize("size", [1e-6, 1e-9, 1e-12])
def test_the_distance_keeps_its_digits_where_the_products_nearly_agree(size):
    truth = gaussian_factors(20, 15, 2, seed=2)
    near = Factors(truth.left + size * gaussian_factors(20, 15, 2, seed=3).left, truth.right)
    with mpmath.workdps(50):
        exact = mpmath.matrix(near.left.tolist()) * mpmath.matrix(near.right.tolist()).T
        exact -= mpmath.matrix(truth.left.tolist()) * mpmath.matrix(truth.right.tolist()).T
        exact = float(mpmath.mnorm(exact, "f"))
    rounding = 1e-15 * np.linalg.norm(truth.left @ truth.right.T)
    assert distance(near, truth) == pytest.approx(exact, abs=3 * rounding)


def test_the_distance_does_not_depend_on_how_a_product_is_split():
    truth = gaussian_factors(12, 8, 2, seed=4)
    turn = np.array([[3.0, 1.0], [-2.0, 0.5]])
    same = Factors(truth.left @ turn, truth.right @ np.linalg.inv(turn).T)
    assert distance(same, truth) < 1e-14 * np.linalg.norm(truth.left @ truth.right.T)
    assert distance(truth, truth) < 1e-15 * np.linalg.norm(truth.left @ truth.right.T)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("size", "expected"), [(1e-300, 2e-300), (1e200, 2e200), (0.0, 0.0)])
def test_distances_of_any_size(size, expected):
    assert distance(Factors([[size]] * 2, [[1.0]] * 2), Factors([[0.0]] * 2, [[1.0]] * 2)) == pytest.approx(expected)


@pytest.mark.filterwarnings("error")
def test_a_distance_beyond_the_largest_number_is_infinite():
    assert distance(Factors([[1e200]], [[1e200]]), Factors([[1.0]], [[1.0]])) == np.inf


def test_the_matrix_is_not_formed_for_a_distance():
    # 10^12 cells would take 8 TB.
    tall = Factors(np.ones((1_000_000, 1)), np.ones((1_000_000, 1)))
    assert distance(tall, Factors(tall.left, -tall.right)) == pytest.approx(2e6)


def test_models_of_different_matrices_have_no_distance():
    with pytest.raises(InputError, match="2 x 1 and 1 x 2"):
        distance(gaussian_factors(2, 1, 1, seed=0), gaussian_factors(1, 2, 1, seed=0))


ONE = Factors(np.ones((3, 2)), np.ones((4, 2)))


@pytest.mark.parametrize(
    ("rows", "cols", "sentence"),
    [
        ([0, 1], [0], "there are 2 rows and 1 columns"),
        ([3], [0], "row of every entry must lie between 0 and 2; here they run from 3"),
        ([0], [-1], "column of every entry must lie between 0 and 3; here they run from -1"),
        ([0.5], [0], "row of every entry must be a whole number"),
        ([True], [0], "row of every entry must be a whole number"),
        ([[0]], [[0]], "in one flat list"),
        ([[0], [1, 2]], [0], "in one flat list"),
        (1, 1, "in one flat list"),
        ("a", [0], "in one flat list"),
        (None, [0], "in one flat list"),
    ],
)
def test_cells_that_are_not_in_the_matrix_are_refused(rows, cols, sentence):
    with pytest.raises(InputError, match=sentence):
        predict(ONE, rows, cols)


def test_cells_can_be_plain_lists_and_none_at_all():
    assert predict(ONE, [0, 2], [1, 3]).tolist() == [2.0, 2.0]
    assert predict(ONE, [], []).tolist() == []


def test_only_factors_and_entries_of_one_matrix_go_together():
    seen = Observations([0], [0], [1.0], (3, 4))
    with pytest.raises(InputError, match="must be `Factors` with X and Y, not tuple"):
        predict((np.ones((3, 2)), np.ones((4, 2))), [0], [0])
    with pytest.raises(InputError, match="must be `Factors` with X and Y, not list"):
        rmse([], seen)
    with pytest.raises(InputError, match="must be `Observations`, not ndarray: `from_matrix` makes them"):
        rmse(ONE, np.ones((3, 4)))
    with pytest.raises(InputError, match="entries are those of a 2 x 2 matrix, but the model is 3 x 4"):
        rmse(ONE, Observations([0], [0], [1.0], (2, 2)))
    with pytest.raises(InputError, match="true matrix must be `Factors`"):
        distance(ONE, np.ones((3, 4)))
    with pytest.raises(InputError, match="two tables of numbers"):
        Factors([["a"]], [[1.0]])
    with pytest.raises(InputError, match=r"rank, for this matrix, must be a whole number from 1 to 3; got 1\.5"):
        factorize(np.ones((3, 4)), 1.5)
    with pytest.raises(InputError, match="Only a table of numbers"):
        factorize("ab", 1)
