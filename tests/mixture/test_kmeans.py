"""k-means: against scikit-learn, and where the points are fewer or equal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.cluster import KMeans

from explorer.mixture import k_means_plus_plus, lloyd, nearest
from tests.mixture.strategies import SEEDS, VALUES

SHAPES = st.tuples(st.integers(1, 30), st.integers(1, 3))
POINTS = arrays(float, SHAPES, elements=VALUES)
POINTS_ON_A_GRID = arrays(float, SHAPES, elements=st.integers(-2, 2).map(float))


def spread(points, centres, labels):
    """What k-means minimises: the sum of squared distances to the own centre."""
    return np.square(points - centres[labels]).sum()


@pytest.mark.parametrize("n_dimensions", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_lloyd_agrees_with_scikit_learn(seed, n_dimensions):
    rng = np.random.default_rng(seed)
    points = rng.normal(4.0 * rng.integers(4, size=(200, 1)), 1.0, (200, n_dimensions))
    start = k_means_plus_plus(points, 4, rng)
    centres, labels = lloyd(points, start)
    peer = KMeans(4, init=start, n_init=1, tol=0.0).fit(points)
    np.testing.assert_array_equal(labels, peer.labels_)
    np.testing.assert_allclose(centres, peer.cluster_centers_, rtol=1e-12)


@settings(deadline=None)
@given(POINTS, st.integers(1, 5), SEEDS)
def test_lloyd_is_stable_and_no_worse_than_its_start(points, n_components, seed):
    start = k_means_plus_plus(points, n_components, np.random.default_rng(seed))
    centres, labels = lloyd(points, start)
    np.testing.assert_array_equal(labels, nearest(points, centres))
    for k in range(n_components):
        if (labels == k).any():
            np.testing.assert_allclose(centres[k], points[labels == k].mean(axis=0), atol=1e-10)
    assert spread(points, centres, labels) <= spread(points, start, nearest(points, start)) + 1e-8


def test_lloyd_leaves_a_centre_without_points_where_it_is():
    centres, labels = lloyd(np.array([[0.0], [1.0]]), np.array([[0.0], [50.0]]))
    assert centres.tolist() == [[0.5], [50.0]]
    assert labels.tolist() == [0, 0]


def test_lloyd_stops_at_max_iter_with_the_labels_of_its_centres():
    points = np.random.default_rng(0).normal(size=(100, 1))
    centres, labels = lloyd(points, points[:5], max_iter=1)
    np.testing.assert_array_equal(labels, nearest(points, centres))


def test_nearest_gives_a_tie_to_the_first():
    assert nearest(np.array([[1.0]]), np.array([[2.0], [0.0]])).tolist() == [0]


@settings(deadline=None)
@given(POINTS_ON_A_GRID, st.integers(1, 5), SEEDS)
def test_seeding_takes_distinct_points_while_there_are_any(points, n_components, seed):
    centres = k_means_plus_plus(points, n_components, np.random.default_rng(seed))
    rows = {tuple(point) for point in points.tolist()}
    chosen = {tuple(centre) for centre in centres.tolist()}
    assert chosen <= rows
    assert len(chosen) == min(n_components, len(rows))


def test_seeding_draws_by_squared_distance():
    points = np.array([[0.0], [1.0], [3.0]])
    rng = np.random.default_rng(0)
    pairs = np.array([k_means_plus_plus(points, 2, rng)[:, 0] for _ in range(4000)])
    after_0 = pairs[pairs[:, 0] == 0, 1]
    # From 0, the points 1 and 3 have squared distances 1 and 9.
    assert np.mean(after_0 == 3.0) == pytest.approx(0.9, abs=0.03)
