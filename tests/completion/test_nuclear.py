"""The projection onto the nuclear norm ball."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from explorer.completion.others.nuclear import nuclear_norm, project_onto_nuclear_ball
from explorer.errors import InputError
from tests.completion.problems import low_rank


def formed(factors):
    return factors.left @ factors.right.T


def by_root_finding(matrix, radius):
    """Singular values shrunk by the one amount that gives the sum, found by bisection."""
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    if s.sum() <= radius:
        return matrix
    shrinkage = brentq(lambda amount: np.maximum(s - amount, 0).sum() - radius, 0, s[0], xtol=1e-15)
    return (u * np.maximum(s - shrinkage, 0)) @ v


@given(
    m=st.integers(1, 7),
    n=st.integers(1, 7),
    rank=st.integers(1, 7),
    radius=st.sampled_from([1e-6, 0.5, 3.0, 1e3]),
    seed=st.integers(0, 999),
)
@settings(max_examples=150, deadline=None)
def test_the_singular_values_are_shrunk_by_one_amount(m, n, rank, radius, seed):
    matrix = low_rank(m, n, min(rank, m, n), seed)
    projected = formed(project_onto_nuclear_ball(matrix, radius))
    assert np.allclose(projected, by_root_finding(matrix, radius), atol=1e-12 * np.linalg.norm(matrix))
    assert nuclear_norm(projected) <= radius * (1 + 1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_no_matrix_of_the_ball_is_nearer(seed):
    # The condition for a projection P of A onto a convex set: <A - P, Z - P> <= 0 for every Z of the set.
    matrix = low_rank(6, 5, 5, seed)
    projected = formed(project_onto_nuclear_ball(matrix, 4.0))
    rng = np.random.default_rng(seed)
    for _ in range(50):
        other = rng.standard_normal((6, 5))
        other *= 4.0 / nuclear_norm(other)
        assert np.vdot(matrix - projected, other - projected) <= 1e-12


def test_the_factors_are_balanced_and_as_thin_as_the_projection():
    factors = project_onto_nuclear_ball(np.diag([5.0, 4.0, 1.0]), 3.0)
    assert factors.rank == 2
    assert np.allclose(formed(factors), np.diag([2.0, 1.0, 0.0]))
    assert np.allclose(factors.left.T @ factors.left, factors.right.T @ factors.right)


def test_a_matrix_inside_the_ball_stays_and_zeros_have_one_column():
    matrix = low_rank(4, 6, 2, seed=0)
    assert np.allclose(formed(project_onto_nuclear_ball(matrix, 1e3)), matrix, atol=1e-14)
    assert project_onto_nuclear_ball(np.zeros((3, 2)), 1.0).left.tolist() == [[0.0]] * 3


def test_the_nuclear_norm_is_the_sum_of_the_singular_values():
    assert nuclear_norm(np.array([[3.0, 0.0], [0.0, -4.0]])) == pytest.approx(7.0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e-150, 1.0, 1e50, 1e100])
@pytest.mark.parametrize("radius", [1e-10, 1.0, 1e60])
def test_matrices_of_any_size(size, radius):
    factors = project_onto_nuclear_ball(size * np.eye(3), radius)
    assert np.allclose(formed(factors), min(size, radius / 3) * np.eye(3), rtol=1e-12)


@pytest.mark.parametrize(
    ("matrix", "radius", "sentence"),
    [
        ([[1.0, np.nan]], 1.0, "A matrix must be finite"),
        ([[1.0, np.inf]], 1.0, "A matrix must be finite"),
        ([[1e101]], 1.0, "at most 1e\\+100"),
        ([1.0], 1.0, "a table"),
        (np.empty((0, 3)), 1.0, "a table"),
        ([["a"]], 1.0, "A matrix must be numbers"),
        ([[1.0]], 0.0, "radius"),
        ([[1.0]], np.nan, "radius"),
        ([[1.0]], 1e61, "radius"),
        (np.broadcast_to(1.0, (1001, 1000)), 1.0, "1,001 x 1,000 matrix is too large"),
    ],
)
def test_bad_input_is_refused(matrix, radius, sentence):
    with pytest.raises(InputError, match=sentence):
        project_onto_nuclear_ball(matrix, radius)
