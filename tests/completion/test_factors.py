"""The factors X and Y and the entries of their product."""

import numpy as np
import pytest

from explorer.completion import Factors, factorize, predict
from explorer.completion import factors as factors_module
from explorer.errors import InputError
from tests.completion.problems import checkerboard, low_rank


def test_entries_of_the_product(monkeypatch):
    monkeypatch.setattr(factors_module, "PREDICT_ENTRIES", 7)
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
