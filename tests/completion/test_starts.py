"""The ways to choose Y_0, and both X_0 and Y_0."""

import numpy as np
import pytest

from explorer.completion import FACTOR_STARTS, STARTS, Factors, Observations, from_matrix
from explorer.completion import starts as starts_module
from explorer.completion.engine.row_blocks import row_blocks
from explorer.completion.half_step import solve_factor
from explorer.completion.starts import root_mean_square, starting_factors
from explorer.errors import InputError
from tests.completion.problems import checkerboard, dense, low_rank, masked


def make(name, observations, rank, seed=0):
    return STARTS[name].make(observations, rank, np.random.default_rng(seed))


def test_the_starts_in_their_order():
    assert list(STARTS) == ["gaussian", "small", "spectral", "equal"]
    for name, start in STARTS.items():
        assert start.name == name
        assert start.label
        assert start.explanation.endswith(".")


@pytest.mark.parametrize("name", STARTS)
def test_a_start_has_a_row_for_each_column_and_depends_on_the_seed_as_declared(name):
    seen, _ = masked(low_rank(12, 9, 3, seed=0), 0.7, seed=0)
    first = make(name, seen, 3)
    assert first.shape == (9, 3)
    assert np.array_equal(first, make(name, seen, 3))
    assert np.array_equal(first, make(name, seen, 3, seed=1)) != STARTS[name].uses_seed


@pytest.mark.parametrize(("name", "deviation"), [("gaussian", 1.0), ("small", 0.01)])
def test_a_gaussian_start_has_the_deviation_it_says(name, deviation):
    seen = Observations([0], [0], [1.0], (100, 20_000))
    right = make(name, seen, 5)
    assert right.std() == pytest.approx(deviation, rel=0.02)
    assert right.mean() == pytest.approx(0, abs=0.02 * deviation)


def test_the_equal_start_is_one_everywhere():
    assert np.array_equal(make("equal", Observations([0], [0], [3.0], (4, 5)), 2), np.ones((5, 2)))


def test_the_spectral_start_is_the_scaled_svd_of_the_zero_filled_matrix():
    seen, _ = masked(checkerboard(), 0.25, seed=3)
    filled = np.nan_to_num(dense(seen))
    right = make("spectral", seen, 2)
    _, singular_values, vectors = np.linalg.svd(filled)
    share = seen.count / filled.size
    assert np.allclose(right.T @ right, np.diag(singular_values[:2]) / share, atol=1e-10)
    assert np.allclose(np.abs(right.T), np.abs(vectors[:2]) * np.sqrt(singular_values[:2, None] / share))
    assert (right[np.abs(right).argmax(axis=0), [0, 1]] > 0).all()


@pytest.mark.parametrize("rank", [2, 5, 12])
def test_the_spectral_start_of_a_large_matrix_is_computed_without_filling_it(monkeypatch, rank):
    seen, _ = masked(low_rank(12, 30, 12, seed=0), 0.5, seed=0)
    expected = make("spectral", seen, rank)
    monkeypatch.setattr(starts_module, "DENSE_CELLS", 0)
    assert np.allclose(make("spectral", seen, rank), expected, atol=1e-9)


def test_the_spectral_start_of_a_zero_matrix_is_zero():
    assert not make("spectral", Observations([0, 1], [0, 1], [0.0, 0.0], (3, 4)), 2).any()


@pytest.mark.parametrize("dense_cells", [250_000, 0])
def test_what_the_spectral_start_does_not_know_is_exactly_zero(monkeypatch, dense_cells):
    # Row 1 and column 1 meet no entry but their own, the third in size; columns 4 and 5 have none; the rank is 3.
    monkeypatch.setattr(starts_module, "DENSE_CELLS", dense_cells)
    seen = Observations([0, 0, 1, 7, 7], [0, 2, 1, 0, 3], [1.0, 2.5, 1.0, -3.9, 2.7], (9, 6))
    right = make("spectral", seen, 5)
    assert right[[0, 2, 3], :2].all()
    assert right[1, 2] > 0
    assert np.count_nonzero(right) == 7


def test_one_half_step_after_the_spectral_start_is_the_truncated_svd_when_nothing_is_missing():
    matrix = low_rank(12, 9, 9, seed=0)
    seen = from_matrix(matrix)
    right = make("spectral", seen, 3)
    left, _, _ = solve_factor(row_blocks(seen, 3), right, np.zeros((12, 3)), 0.0)
    u, s, vt = np.linalg.svd(matrix)
    assert np.allclose(left @ right.T, (u[:, :3] * s[:3]) @ vt[:3], atol=1e-12)


# Both factors


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
        ("magic", 1, 0, "no start “magic”: choose one of gaussian"),
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
