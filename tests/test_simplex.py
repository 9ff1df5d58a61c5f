"""The projection onto the simplex."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import brentq, minimize

from explorer.errors import InputError
from explorer.simplex import project_onto_simplex

points = arrays(np.float64, st.integers(1, 12), elements=st.floats(-100, 100))


def by_root_finding(v, total):
    def excess(theta):
        return np.maximum(v - theta, 0.0).sum() - total

    theta = brentq(excess, v.min() - 2 * total, v.max(), xtol=1e-15, rtol=1e-15)
    return np.maximum(v - theta, 0.0)


@given(v=points, total=st.sampled_from([1e-3, 1.0, 7.5, 1e4]))
@settings(max_examples=300, deadline=None)
def test_the_projection_is_the_one_that_root_finding_gives(v, total):
    scale = max(total, np.abs(v).max())
    assert np.allclose(project_onto_simplex(v, total), by_root_finding(v, total), rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("seed", range(5))
def test_no_point_of_the_simplex_is_nearer_says_a_general_solver(seed):
    v = np.random.default_rng(seed).normal(0, 1, 6)
    nearest = minimize(
        lambda x: np.sum((x - v) ** 2),
        np.full(6, 1 / 6),
        bounds=[(0, None)] * 6,
        constraints={"type": "eq", "fun": lambda x: x.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-15},
    )
    assert np.allclose(project_onto_simplex(v), nearest.x, atol=1e-6)


@given(v=points, total=st.sampled_from([1e-150, 1.0, 1e50]))
@settings(deadline=None)
def test_the_result_lies_in_the_simplex_and_projecting_again_leaves_it(v, total):
    projected = project_onto_simplex(v, total)
    assert (projected >= 0).all()
    assert projected.sum() == pytest.approx(total, rel=1e-14)
    assert np.allclose(project_onto_simplex(projected, total), projected, rtol=0, atol=1e-14 * total)


@given(v=points, seed=st.integers(0, 99))
def test_the_order_of_the_entries_goes_along(v, seed):
    order = np.random.default_rng(seed).permutation(len(v))
    assert np.array_equal(project_onto_simplex(v[order]), project_onto_simplex(v)[order])


def test_each_row_of_a_table_is_projected_on_its_own():
    table = np.random.default_rng(0).normal(0, 2, (4, 3, 5))
    projected = project_onto_simplex(table, 2.0)
    for i, j in np.ndindex(4, 3):
        assert np.array_equal(projected[i, j], project_onto_simplex(table[i, j], 2.0))


def test_a_point_of_the_simplex_stays_and_equal_entries_stay_equal():
    assert project_onto_simplex([0.5, 0.25, 0.25]).tolist() == [0.5, 0.25, 0.25]
    assert project_onto_simplex([7.0, 7.0, 7.0, 7.0]).tolist() == [0.25] * 4
    assert project_onto_simplex([-3.0]).tolist() == [1.0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("v", [[1e308, -1e308, 0.0], [1e20, 1e20, 1e20 - 1e5], [-1e300, -1e300], [1e-320, 0.0]])
def test_entries_of_any_size_give_a_point_of_the_simplex(v):
    projected = project_onto_simplex(v)
    assert projected.sum() == pytest.approx(1.0, rel=1e-15)
    assert (projected >= 0).all()
    assert projected[0] == projected.max()


def test_digits_are_not_lost_to_a_large_common_part():
    assert np.allclose(project_onto_simplex([2.0**40 + 0.5, 2.0**40]), [0.75, 0.25], rtol=0, atol=1e-15)


def test_the_argument_is_not_changed():
    v = np.array([3.0, 1.0])
    project_onto_simplex(v)
    assert v.tolist() == [3.0, 1.0]


@pytest.mark.parametrize(
    ("v", "total", "sentence"),
    [
        ([], 1.0, "finite numbers, at least one"),
        (1.0, 1.0, "finite numbers, at least one"),
        ([np.nan, 1.0], 1.0, "finite"),
        ([np.inf, 1.0], 1.0, "finite"),
        (["a"], 1.0, "consist of numbers"),
        ([1.0], 0.0, "must be a positive number"),
        ([1.0], np.nan, "must be a positive number"),
        ([1.0], np.inf, "must be a positive number"),
        ([1.0], "1", "must be a positive number"),
    ],
)
def test_bad_input_is_refused(v, total, sentence):
    with pytest.raises(InputError, match=sentence):
        project_onto_simplex(v, total)
