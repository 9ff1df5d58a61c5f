"""k-means: against scikit-learn and plain numpy, as a trace, as EM's hard limit, and where points are few or equal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax
from sklearn.cluster import KMeans

from explorer.errors import InputError
from explorer.mixture import kmeans
from explorer.mixture.kmeans import (
    best_k_means,
    iterate_k_means,
    k_means_plus_plus,
    lloyd,
    nearest,
    run_k_means,
    squared_distances,
)
from explorer.stop_reason import StopReason
from tests.mixture.strategies import SEEDS, VALUES

SHAPES = st.tuples(st.integers(1, 30), st.integers(1, 3))
POINTS = arrays(float, SHAPES, elements=VALUES)
POINTS_ON_A_GRID = arrays(float, SHAPES, elements=st.integers(-2, 2).map(float))


def plain_distances(points, centres):
    """(n, K), coordinate by coordinate in their order."""
    distances = np.zeros((len(points), len(centres)))
    for j in range(points.shape[1]):
        distances += (points[:, j, None] - centres[:, j]) ** 2
    return distances


def spread(points, centres, labels):
    """What k-means minimises: the sum of squared distances to the own centre."""
    return np.square(points - centres[labels]).sum()


def rounding(points):
    """What rounding can do to an inertia: twelve digits, and the last digits of the points themselves."""
    return len(points) * (1e-15 * np.abs(points).max()) ** 2 * 100


def clouds(seed, n_dimensions, n=200):
    rng = np.random.default_rng(seed)
    return rng.normal(4.0 * rng.integers(4, size=(n, 1)), 1.0, (n, n_dimensions)), rng


# Against scikit-learn


@pytest.mark.parametrize("n_dimensions", [1, 2, 10])
@pytest.mark.parametrize("n_components", [4, 12])
@pytest.mark.parametrize("seed", range(3))
def test_a_run_agrees_with_scikit_learn(seed, n_components, n_dimensions):
    points, rng = clouds(seed, n_dimensions)
    start = k_means_plus_plus(points, n_components, rng)
    trace = run_k_means(points, start)
    peer = KMeans(n_components, init=start, n_init=1, algorithm="lloyd", tol=0.0).fit(points)
    assert trace.stop_reason == StopReason.CONVERGED
    np.testing.assert_array_equal(trace.labels[-1], peer.labels_)
    np.testing.assert_allclose(trace.centres[-1], peer.cluster_centers_, rtol=1e-12, atol=1e-12)
    assert trace.inertia == pytest.approx(peer.inertia_, rel=1e-12)
    centres, labels = lloyd(points, start)
    np.testing.assert_array_equal(centres, trace.centres[-1])
    np.testing.assert_array_equal(labels, trace.labels[-1])


# The trace


@settings(deadline=None)
@given(POINTS, st.integers(1, 5), SEEDS)
def test_a_trace_is_what_plain_half_steps_give(points, n_components, seed):
    rng = np.random.default_rng(seed)
    trace = run_k_means(points, points[rng.integers(len(points), size=n_components)])
    T = trace.n_iterations
    assert len(trace.inertias) == 2 * T + 1
    for t in range(T + 1):
        centres, labels = trace.centres[t], trace.labels[t]
        np.testing.assert_array_equal(labels, plain_distances(points, centres).argmin(axis=1))
        np.testing.assert_array_equal(trace.sizes[t], np.bincount(labels, minlength=n_components))
        assert trace.inertias[2 * t] == pytest.approx(spread(points, centres, labels), rel=1e-12)
        if t < T:
            means = [
                points[labels == k].mean(axis=0) if (labels == k).any() else centres[k] for k in range(n_components)
            ]
            np.testing.assert_allclose(trace.centres[t + 1], means, rtol=1e-12, atol=1e-12)
            after = spread(points, trace.centres[t + 1], labels)
            assert trace.inertias[2 * t + 1] == pytest.approx(after, rel=1e-12, abs=rounding(points))


@settings(deadline=None)
@given(POINTS, st.integers(1, 5), SEEDS, st.sampled_from([0.0, 1e3, 1e6]))
def test_the_inertia_never_rises(points, n_components, seed, shift):
    points = points + shift
    rng = np.random.default_rng(seed)
    inertias = run_k_means(points, points[rng.integers(len(points), size=n_components)]).inertias
    assert (np.diff(inertias) <= 1e-12 * inertias[:-1] + rounding(points)).all()


def test_the_end_is_where_no_label_changes():
    points, rng = clouds(0, 2)
    trace = run_k_means(points, k_means_plus_plus(points, 5, rng))
    changes = (trace.labels[1:] != trace.labels[:-1]).any(axis=1)
    assert trace.stop_reason == StopReason.CONVERGED
    assert changes[:-1].all()
    assert not changes[-1]


def test_a_run_stops_at_max_iter_with_the_labels_of_its_centres():
    points = np.random.default_rng(0).normal(size=(100, 1))
    for max_iter in (0, 1):
        trace = run_k_means(points, points[:5], max_iter=max_iter)
        assert trace.stop_reason == StopReason.MAX_ITER
        assert trace.n_iterations == max_iter
        np.testing.assert_array_equal(trace.labels[-1], plain_distances(points, trace.centres[-1]).argmin(axis=1))


def test_a_centre_without_points_stays_where_it_is_and_is_reported():
    trace = run_k_means([[0.0], [1.0]], [[0.0], [50.0]])
    assert trace.centres[-1].tolist() == [[0.5], [50.0]]
    assert trace.sizes.tolist() == [[2, 0], [2, 0]]
    assert trace.stop_reason == StopReason.DEGENERATE


def test_a_centre_that_lost_its_points_can_win_some_back():
    trace = run_k_means([0.0, 0.0, 0.0, 4.5, 10.0], [3.0, 6.9, 7.0])
    assert trace.sizes[0].tolist() == [4, 0, 1]
    assert trace.sizes[-1].tolist() == [3, 1, 1]
    assert trace.stop_reason == StopReason.CONVERGED


def test_iterates_come_one_by_one_and_make_up_the_trace():
    points, rng = clouds(1, 3)
    start = k_means_plus_plus(points, 4, rng)
    trace = run_k_means(points, start)
    iterates = list(iterate_k_means(points, start))
    assert [iterate.stop_reason for iterate in iterates[:-1]] == [None] * trace.n_iterations
    np.testing.assert_array_equal([iterate.centres for iterate in iterates], trace.centres)
    np.testing.assert_array_equal([iterate.labels for iterate in iterates], trace.labels)
    assert (np.diff(trace.seconds) > 0).all()
    assert trace.labels.dtype == np.uint8
    for array in (trace.centres, trace.labels, trace.sizes, trace.inertias, trace.seconds):
        assert not array.flags.writeable


def test_the_start_is_copied_and_the_data_stays_as_it_is():
    points, start = np.arange(6.0), np.array([0.0, 5.0])
    run_k_means(points, start)
    assert points.flags.writeable
    start[0] = 1.0


# What does not matter


@pytest.mark.parametrize("scale", [2.0**-400, 2.0**-3, 2.0**400])
def test_another_unit_gives_the_same_bits(scale):
    points, rng = clouds(2, 3)
    start = k_means_plus_plus(points, 4, rng)
    one, other = run_k_means(points, start), run_k_means(points * scale, start * scale)
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_array_equal(one.centres * scale, other.centres)
    np.testing.assert_array_equal(one.inertias * scale**2, other.inertias)


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.integers(1, 4), st.floats(-1e8, 1e8))
def test_another_origin_and_another_order_give_the_same_clusters(seed, n_dimensions, shift):
    points, rng = clouds(seed, n_dimensions, n=60)
    points = np.round(points * 2**20) / 2**20  # the shift then leaves no rounding
    shift = np.round(shift)
    start = k_means_plus_plus(points, 4, rng)
    one, other = run_k_means(points, start), run_k_means(points + shift, start + shift)
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_allclose(one.inertias, other.inertias, rtol=1e-6)
    order, names = rng.permutation(60), rng.permutation(4)
    permuted = run_k_means(points[order], start[names])
    np.testing.assert_array_equal(names[permuted.labels[-1]], one.labels[-1][order])
    assert permuted.inertia == pytest.approx(one.inertia, rel=1e-12)


def test_the_same_settings_give_the_same_bits():
    points, _ = clouds(3, 2)
    one, other = (best_k_means(points, 5, n_starts=4, seed=7) for _ in range(2))
    np.testing.assert_array_equal(one.centres, other.centres)
    np.testing.assert_array_equal(one.inertias, other.inertias)


# The nearest centre, to the last tie


@settings(deadline=None)
@given(POINTS_ON_A_GRID, st.integers(1, 12), SEEDS, st.sampled_from([0.0, 0.1, 1e9]))
def test_nearest_is_what_plain_differences_give(points, n_components, seed, shift):
    """On a grid, most points are as near to one centre as to another."""
    centres = np.random.default_rng(seed).integers(-2, 3, (n_components, points.shape[1])) / 2 + shift
    points = points + shift
    np.testing.assert_array_equal(nearest(points, centres), plain_distances(points, centres).argmin(axis=1))


@pytest.mark.parametrize("n_dimensions", [1, 2, 20])
@pytest.mark.parametrize("outlier", [0.0, 1e8])
def test_a_matrix_product_s_rounding_decides_nothing(n_dimensions, outlier):
    """Centres whose distances differ in the last digits only, over several blocks, far from the origin."""
    rng = np.random.default_rng(0)
    points = 1e5 + rng.normal(size=(20_000, n_dimensions))
    points[0] += outlier
    centres = points[1] + 1e-9 * rng.integers(-3, 4, (6, n_dimensions))
    np.testing.assert_array_equal(nearest(points, centres), plain_distances(points, centres).argmin(axis=1))


def test_nearest_gives_a_tie_to_the_first():
    assert nearest([[1.0]], [[2.0], [0.0]]).tolist() == [0]


def test_squared_distances_are_the_plain_ones_block_by_block():
    rng = np.random.default_rng(0)
    points, centres = rng.normal(size=(40_000, 3)), rng.normal(size=(4, 3))
    np.testing.assert_array_equal(squared_distances(points, centres), plain_distances(points, centres).T)


# EM's hard limit


def test_k_means_is_the_limit_of_em_with_equal_weights_and_a_common_variance_towards_0():
    """Responsibilities of N(x; c_k, eps I) with equal weights, and the M step's means, in plain numpy."""
    points, rng = clouds(4, 2)
    centres = k_means_plus_plus(points, 4, rng)
    trace = run_k_means(points, centres, max_iter=1)
    hard = np.equal.outer(trace.labels[0], np.arange(4))
    deviations = []
    for eps in (1.0, 1e-1, 1e-2, 1e-3, 1e-5):
        q = softmax(-plain_distances(points, centres) / (2 * eps), axis=1)
        means = (q.T @ points) / q.sum(axis=0)[:, None]
        deviations.append([np.abs(q - hard).max(), np.abs(means - trace.centres[1]).max()])
    assert (np.diff(deviations, axis=0) <= 0).all()
    assert deviations[0][0] > 0.1
    assert deviations[-1] == pytest.approx([0.0, 0.0], abs=1e-12)


# The best of many starts


def test_the_best_of_many_is_the_lowest_of_the_runs_from_the_same_seedings():
    points = np.random.default_rng(5).normal(size=(60, 2))
    rng = np.random.default_rng(11)
    inertias = [run_k_means(points, k_means_plus_plus(points, 6, rng)).inertia for _ in range(8)]
    assert len(set(np.round(inertias, 6))) > 1
    assert best_k_means(points, 6, n_starts=8, seed=11).inertia == min(inertias)


def test_the_best_of_many_finds_clusters_that_are_plain():
    points = np.concatenate([[0.0, 0.1], [10.0, 10.1], [20.0, 20.1]])
    assert np.sort(best_k_means(points, 3).centres[-1][:, 0]) == pytest.approx([0.05, 10.05, 20.05])


# Seeding


def test_the_best_of_many_tells_its_progress_after_every_iteration():
    points = np.random.default_rng(0).normal(size=(60, 2))
    told = []
    best = best_k_means(points, 4, n_starts=5, seed=1, progress=lambda *now: told.append(now), cancelled=lambda: False)
    rng = np.random.default_rng(1)
    runs = [run_k_means(points, k_means_plus_plus(points, 4, rng)) for _ in range(5)]
    expected = [(s, 5) for s, run in enumerate(runs) for _ in range(run.n_iterations)]
    assert sorted(told) == sorted([*expected, *((s + 1, 5) for s in range(5))])
    assert told == sorted(told)
    np.testing.assert_array_equal(best.centres, min(runs, key=lambda run: run.inertia).centres)


@pytest.mark.parametrize("asked_at_most", [1, 2, 6, 20])
def test_cancelling_gives_the_best_so_far_the_run_under_way_as_it_stands(asked_at_most):
    points = np.random.default_rng(0).normal(size=(60, 2))
    asked = []

    def cancelled():
        asked.append(True)
        return len(asked) == asked_at_most

    best = best_k_means(points, 4, n_starts=5, seed=1, cancelled=cancelled)
    assert len(asked) == asked_at_most
    rng, left, runs = np.random.default_rng(1), asked_at_most, []
    while left > 0:
        iterates = list(iterate_k_means(points, k_means_plus_plus(points, 4, rng)))[:left]
        runs.append(iterates[-1])
        left -= len(iterates)
    expected = min(runs, key=lambda iterate: iterate.inertias[-1])
    np.testing.assert_array_equal(best.centres[-1], expected.centres)
    assert best.stop_reason is expected.stop_reason
    assert best.n_iterations == expected.iteration


def test_a_run_that_is_cut_short_has_no_stop_reason():
    best = best_k_means(np.random.default_rng(0).normal(size=(60, 2)), 4, cancelled=lambda: True)
    assert best.stop_reason is None
    assert best.n_iterations == 0


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


# What is refused, and what is not


@pytest.mark.parametrize(
    ("data", "centres", "max_iter", "message"),
    [
        ([[0.0], [np.nan]], [[0.0]], 1, "finite"),
        (np.zeros((2, 2, 2)), [[0.0]], 1, "data must be"),
        ([], [[0.0]], 1, "at least one"),
        (np.zeros((2, 101)), np.zeros((1, 101)), 1, "at most 100"),
        (["a"], [[0.0]], 1, "numbers"),
        ([0.0, 1e-160], [[0.0]], 1, "differ by less"),
        ([0.0, 1e150], [[0.0]], 1, "differ by more"),
        ([0.0, 1.0], [[0.0, 1.0]], 1, "1 columns"),
        ([0.0, 1.0], [], 1, "from 1 to 50"),
        ([0.0, 1.0], np.zeros(51), 1, "from 1 to 50"),
        ([0.0, 1.0], [np.inf], 1, "finite"),
        ([0.0, 1.0], [1e150], 1, "further than"),
        ([0.0, 1.0], [0.0], -1, "iterations"),
        ([0.0, 1.0], [0.0], 1.5, "iterations"),
        ([0.0, 1.0], [0.0], 10_001, "iterations"),
    ],
)
def test_what_cannot_run_is_refused_when_called(data, centres, max_iter, message):
    with pytest.raises(InputError, match=message):
        iterate_k_means(data, centres, max_iter=max_iter)


def test_a_trace_that_does_not_fit_into_memory_is_refused(monkeypatch):
    monkeypatch.setattr(kmeans, "MAX_TRACE_BYTES", 10_000)
    with pytest.raises(InputError, match="do not fit into memory"):
        run_k_means(np.arange(1000.0), [0.0], max_iter=20)
    assert run_k_means(np.arange(1000.0), [0.0], max_iter=5).n_iterations == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_components": 4}, "choose at most 3"),
        ({"n_components": 2, "n_starts": 0}, "starts"),
        ({"n_components": 2, "seed": -1}, "seed"),
        ({"n_components": 2, "progress": 5}, "progress must be a function"),
        ({"n_components": 2, "cancelled": True}, "cancelled must be a function"),
    ],
)
def test_starts_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        best_k_means([0.0, 1.0, 2.0], **arguments)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("points", [[1e-151, 2e-150], [-5e147, 4e147], [3e-152] * 3, [1e151] * 3, [7.0]])
def test_numbers_near_the_bounds_give_finite_results(points):
    trace = best_k_means(points, 1)
    assert trace.stop_reason == StopReason.CONVERGED
    assert np.isfinite(trace.inertias).all()
    assert trace.centres[-1, 0, 0] == pytest.approx(np.mean(points))
