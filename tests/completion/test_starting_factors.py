"""Starts for both factors."""

import numpy as np
import pytest

from explorer.completion import STARTS, Factors, Observations, from_matrix
from explorer.completion.others.starting_factors import FACTOR_STARTS, root_mean_square, starting_factors
from explorer.errors import InputError
from tests.completion.problems import checkerboard, low_rank, masked


@pytest.mark.parametrize("name", ["gaussian", "small", "equal"])
def test_the_right_factor_is_the_one_als_starts_from_in_the_unit_of_the_values(name):
    seen, _ = masked(low_rank(12, 9, 2, seed=0), 0.7, seed=0)
    left, right = starting_factors(seen, 3, name, seed=5)
    of_als = STARTS[name].make(seen, 3, np.random.default_rng(5))
    assert left.shape == (12, 3)
    assert np.allclose(right, np.sqrt(np.sqrt(np.mean(seen.values**2))) * of_als, rtol=1e-14)


@pytest.mark.parametrize("name", ["gaussian", "small", "equal", "spectral"])
@pytest.mark.parametrize("unit", [2.0**-400, 2.0**160])
def test_in_another_unit_of_the_values_the_start_is_the_same(name, unit):
    seen, _ = masked(low_rank(12, 9, 2, seed=0), 0.7, seed=0)
    scaled = Observations(seen.rows, seen.cols, unit * seen.values, seen.shape)
    for plain, in_unit in zip(starting_factors(seen, 3, name, 5), starting_factors(scaled, 3, name, 5), strict=True):
        assert np.allclose(in_unit / np.sqrt(unit), plain, rtol=1e-9, atol=1e-12)


def test_the_spectral_start_is_the_truncated_decomposition_of_the_zero_filled_matrix():
    matrix, mask = low_rank(10, 14, 3, seed=1), np.random.default_rng(1).random((10, 14)) < 0.6
    left, right = starting_factors(from_matrix(matrix, mask), 2, "spectral", seed=0)
    u, s, v = np.linalg.svd(np.where(mask, matrix, 0.0) / mask.mean(), full_matrices=False)
    assert np.allclose(left @ right.T, (u[:, :2] * s[:2]) @ v[:2], atol=1e-12)
    assert np.allclose(left.T @ left, right.T @ right, atol=1e-12)


def test_the_orthonormal_start_has_orthonormal_columns_in_any_unit():
    seen = from_matrix(1e-3 * checkerboard())
    for factor in starting_factors(seen, 4, "orthonormal", seed=2):
        assert np.allclose(factor.T @ factor, np.eye(4), atol=1e-14)


@pytest.mark.parametrize("name", FACTOR_STARTS)
def test_a_matrix_of_zeros_and_of_one_cell_has_a_start(name):
    for seen in (from_matrix(np.zeros((3, 2))), from_matrix([[0.0]]), from_matrix([[-5.0]])):
        for factor in starting_factors(seen, 1, name, seed=0):
            assert np.isfinite(factor).all()


def test_given_factors_are_the_start():
    given = Factors(np.ones((3, 1)), np.zeros((2, 1)))
    left, right = starting_factors(from_matrix(np.ones((3, 2))), 1, given, seed=0)
    assert left is given.left
    assert right is given.right


@pytest.mark.parametrize("values", [[3.0, -4.0], [3e-160, -4e-160], [3e150, -4e150]])
def test_the_root_mean_square_of_values_of_any_size(values):
    assert root_mean_square(np.array(values)) == pytest.approx(abs(values[0]) / 3 * np.sqrt(12.5), rel=1e-15)


@pytest.mark.parametrize(
    ("start", "rank", "seed", "sentence"),
    [
        ("magic", 1, 0, "no start called “magic”; choose one of: gaussian"),
        (None, 1, 0, "must be the name of one, or `Factors`"),
        ("equal", 3, 0, "whole number from 1 to 2"),
        ("equal", 1, -1, "seed"),
        (Factors(np.ones((3, 2)), np.ones((2, 2))), 1, 0, "1 columns, the rank, but it has 2"),
        (Factors(np.ones((2, 1)), np.ones((2, 1))), 1, 0, "X with 3 rows and Y with 2 rows"),
        (Factors(np.full((3, 1), 1e51), np.ones((2, 1))), 1, 0, "at most 1e\\+50"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(start, rank, seed, sentence):
    with pytest.raises(InputError, match=sentence):
        starting_factors(from_matrix(np.ones((3, 2))), rank, start, seed)
