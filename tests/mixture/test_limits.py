"""Where runs would have ended: against plain loops that never stop, and what must not matter."""

from functools import cache
from itertools import product

import numpy as np
import pytest

from explorer.datasets import load_sample
from explorer.errors import InputError
from explorer.mixture import (
    Mixture,
    OptimumKind,
    StopReason,
    find_limits,
    initialize,
    log_likelihood,
    run_em,
    run_many,
    textbook,
)
from tests.mixture.clouds import clouds

TEN_POINTS = np.array([-3.3, -4.4, -1.9, 3.3, 2.5, 3.2, 0.3, 0.1, -0.1, -0.5])
PARTITIONS = list(product((1, 2), repeat=10))
ERUPTIONS = load_sample("faithful-eruptions").values


def starts_of_ten_points(partitions):
    return np.stack([initialize(TEN_POINTS, 2, "partition", partition=partition) for partition in partitions])


@cache
def eruptions(n_components, rtol, strategies=("random-partition", "random-points", "k-means++"), max_iter=5000):
    starts = [initialize(ERUPTIONS, n_components, name, seed) for name in strategies for seed in range(12)]
    runs = run_many(ERUPTIONS, starts, rtol=rtol, max_iter=max_iter)
    return np.stack(starts), runs, find_limits(ERUPTIONS, runs)


def test_td2_against_a_plain_loop_of_thousands_of_steps():
    """Plain EM computes there, and nothing ever stops it."""
    starts = starts_of_ten_points(PARTITIONS[17:500:43])
    runs = run_many(TEN_POINTS, starts, rtol=1e-4)
    found = find_limits(TEN_POINTS, runs)
    assert not runs.degenerate.any()
    assert found.on_plateau.any() and not found.on_plateau.all()
    for r, start in enumerate(starts):
        path = textbook.em(TEN_POINTS[:, None], start, rtol=0.0, max_iter=1500)
        (weights, means, covariances), log_likelihood = path[-1]
        assert found.continued.log_likelihoods[r] == pytest.approx(log_likelihood, abs=1e-8)
        assert found.continued.weights[r] == pytest.approx(weights, abs=1e-4)
        assert found.continued.means[r] == pytest.approx(means, abs=1e-4)
        assert found.continued.covariances[r] == pytest.approx(covariances, abs=1e-4)
        assert found.gaps[r] == pytest.approx(log_likelihood - runs.log_likelihoods[r], abs=1e-8)
        assert found.optima.log_likelihoods[found.optima.labels[r]] == pytest.approx(log_likelihood, abs=1e-6)
        assert found.early[r] >= (found.gaps[r] > 0.05)


@pytest.mark.parametrize("n_components", [2, 3])
@pytest.mark.parametrize("rtol", [1e-4, 1e-6])
def test_old_faithful_against_runs_that_do_not_stop(n_components, rtol):
    starts, runs, found = eruptions(n_components, rtol)
    for r in range(0, len(starts), 5):
        trace = run_em(ERUPTIONS, starts[r], rtol=0, max_iter=2000)
        last = trace.mixture(-1)
        assert found.continued.log_likelihoods[r] == pytest.approx(trace.log_likelihoods[-1], abs=1e-6)
        assert found.continued.means[r] == pytest.approx(last.means, abs=1e-3)
        assert found.continued.covariances[r] == pytest.approx(last.covariances, abs=1e-3)
        assert found.gaps[r] == pytest.approx(trace.log_likelihoods[-1] - runs.log_likelihoods[r], abs=1e-6)


def test_the_optima_of_td2_and_how_many_partitions_lead_to_each_do_not_depend_on_the_tolerance():
    starts = starts_of_ten_points(PARTITIONS)
    for rtol, n_plateaus in ((1e-4, 618), (1e-6, 92), (1e-8, 0)):
        found = find_limits(TEN_POINTS, run_many(TEN_POINTS, starts, rtol=rtol, max_iter=1000))
        optima = found.optima
        proper = [g for g in range(optima.n_optima) if optima.kinds[g] is OptimumKind.PROPER]
        assert optima.log_likelihoods[proper] == pytest.approx([-20.8012, -21.7360, -22.4113], abs=1e-4)
        assert optima.counts[proper].tolist() == [598, 52, 350]
        # Two neighbours of the ten points make a component.
        (spurious,) = (g for g in range(optima.n_optima) if optima.kinds[g] is OptimumKind.SPURIOUS)
        assert optima.log_likelihoods[spurious] == pytest.approx(-18.9246, abs=1e-4)
        assert optima.members(spurious).tolist() == [PARTITIONS.index(p) for p in PARTITIONS if _pairs(p)]
        assert np.count_nonzero(found.on_plateau) == n_plateaus
        # A partition and its mirror are the same start.
        assert found.optima.labels.tolist() == found.optima.labels[::-1].tolist()


def _pairs(partition):
    """Whether 3.3 and 3.2 are alone in one group."""
    return partition[3] == partition[5] and partition.count(partition[3]) == 2


@pytest.mark.parametrize("n_components", [2, 3, 4])
def test_old_faithful_s_optima_do_not_depend_on_the_tolerance_of_the_runs(n_components):
    _, _, exact = eruptions(n_components, 1e-10)
    assert not exact.early.any()
    for rtol in (1e-4, 1e-6):
        _, runs, found = eruptions(n_components, rtol)
        assert found.optima.kinds == exact.optima.kinds
        np.testing.assert_array_equal(found.optima.labels, exact.optima.labels)
        np.testing.assert_allclose(found.optima.log_likelihoods, exact.optima.log_likelihoods, atol=1e-6)
        below = found.optima.log_likelihoods[found.optima.labels] - runs.log_likelihoods
        np.testing.assert_allclose(found.gaps, below, atol=1e-6)
        np.testing.assert_array_equal(found.on_plateau, found.early)


def test_a_plateau_far_below_is_told_from_the_saddle_it_lies_beside():
    """Random partitions begin with nearly equal components, and EM at 1e-6 calls that convergence 145 nats too low."""
    _, runs, found = eruptions(2, 1e-6, ("random-responsibilities",))
    stuck = runs.log_likelihoods < -400
    assert stuck.any() and not stuck.all()
    np.testing.assert_array_equal(found.on_plateau, stuck)
    assert found.gaps[stuck] == pytest.approx(421.4 - 276.36, abs=0.1)
    assert found.optima.kinds == (OptimumKind.PROPER,)


@pytest.mark.parametrize("n_components", [2, 3])
def test_the_trap_of_equal_components_is_a_saddle_point_and_comes_after_the_maxima(n_components):
    starts = [initialize(ERUPTIONS, n_components, name) for name in ("equal", "k-means")]
    found = find_limits(ERUPTIONS, run_many(ERUPTIONS, starts, rtol=1e-8, max_iter=5000))
    assert found.optima.kinds == (OptimumKind.PROPER, OptimumKind.SADDLE)
    assert found.optima.labels.tolist() == [1, 0]
    # EM rests there for ever: the run did not stop early.
    assert not found.early.any()


@pytest.mark.parametrize("structure", ["full", "tied", "diagonal", "spherical"])
def test_saddle_points_are_told_in_more_dimensions_and_maxima_are_not_taken_for_them(structure):
    data = clouds(200, 3, n_components=2, seed=3)
    starts = [initialize(data, 2, "equal"), *(initialize(data, 2, "k-means++", seed) for seed in range(4))]
    runs = run_many(data, starts, structure=structure, rtol=1e-6, max_iter=5000)
    found = find_limits(data, runs, structure=structure)
    kinds = [found.optima.kinds[label] for label in found.optima.labels]
    assert kinds == [OptimumKind.SADDLE] + [OptimumKind.PROPER] * 4


def test_a_lower_maximum_is_no_saddle_point():
    """K = 4: the push is too small to leave even the small basins beside a better optimum."""
    _, _, found = eruptions(4, 1e-6, ("random-points", "k-means++"))
    assert OptimumKind.SADDLE not in found.optima.kinds
    found = find_limits(TEN_POINTS, run_many(TEN_POINTS, starts_of_ten_points(PARTITIONS[:512:5])))
    assert OptimumKind.SADDLE not in found.optima.kinds


def test_a_maximum_with_a_small_basin_is_no_saddle_point():
    """Two components of five points each, just wide enough not to be spurious: a push of 0.03 leaves it."""
    rng = np.random.default_rng(5)
    centres = np.repeat([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]], (80, 80, 40), axis=0)
    data = centres + np.repeat([[1.0], [0.3]], (160, 40), axis=0) * rng.normal(size=(200, 2))
    starts = [initialize(data, 5, name, seed) for name in ("random-points", "k-means++") for seed in range(60)]
    optima = find_limits(data, run_many(data, starts, max_iter=3000)).optima
    (small,) = (g for g in range(optima.n_optima) if abs(optima.log_likelihoods[g] + 620.10524) < 1e-4)
    weights, means, covariances = optima.weights[small], optima.means[small], optima.covariances[small]
    for _ in range(200):
        stretch = np.eye(2) + 1e-3 * rng.normal(size=(5, 2, 2))
        near = Mixture(
            (changed := weights * np.exp(1e-3 * rng.normal(size=5))) / changed.sum(),
            means + 1e-3 * rng.normal(size=(5, 2)) * np.sqrt(np.linalg.eigvalsh(covariances)[:, :1]),
            stretch @ covariances @ stretch.swapaxes(1, 2),
        )
        assert log_likelihood(data, near) < optima.log_likelihoods[small]
    assert optima.kinds[small] is OptimumKind.PROPER
    assert OptimumKind.SADDLE not in optima.kinds


@pytest.mark.parametrize(
    "data",
    [ERUPTIONS, TEN_POINTS, np.random.default_rng(0).exponential(size=200), np.random.default_rng(0).uniform(size=150)],
    ids=["eruptions", "td2", "skewed", "uniform"],
)
def test_equal_components_with_tied_variances_are_a_saddle_point(data):
    """EM leaves it by the cube of the distance only: after many a push it seems to be at rest."""
    equal = run_many(data, [initialize(data, 2, "equal")], structure="tied", rtol=1e-8)
    found = find_limits(data, equal, structure="tied")
    assert found.optima.kinds == (OptimumKind.SADDLE,)
    # A maximum is above it, by 0.28 nats of the ten points and by 134 of the eruptions.
    best = run_many(data, [initialize(data, 2, "k-means")], structure="tied", rtol=1e-8, max_iter=5000)
    assert best.log_likelihoods[0] > equal.log_likelihoods[0] + 0.25
    found = find_limits(data, best, structure="tied")
    assert found.optima.kinds == (OptimumKind.PROPER,)


def test_one_component_has_one_optimum_which_every_run_reaches():
    runs = run_many(ERUPTIONS, [np.ones((272, 1))] * 3)
    found = find_limits(ERUPTIONS, runs)
    assert found.optima.kinds == (OptimumKind.PROPER,)
    assert not found.early.any()


def test_runs_out_of_iterations_stopped_early_but_on_no_plateau():
    _, runs, found = eruptions(3, 1e-6, max_iter=5)
    assert set(runs.stop_reasons) >= {StopReason.MAX_ITER}
    out = np.array([reason is StopReason.MAX_ITER for reason in runs.stop_reasons])
    assert found.early[out].all()
    assert not found.on_plateau[out].any()


def test_runs_that_were_cut_short_go_on_from_where_they_stood():
    starts, _, found = eruptions(3, 1e-6)
    asked = []
    cut = run_many(ERUPTIONS, starts, cancelled=lambda: asked.append(True) or len(asked) > 10)
    under_way = np.array([reason is None for reason in cut.stop_reasons])
    assert under_way.any()
    other = find_limits(ERUPTIONS, cut)
    np.testing.assert_array_equal(other.optima.labels, found.optima.labels)
    assert other.early[under_way].any()
    assert not other.on_plateau[under_way].any()


def test_degenerate_runs_stay_as_they_are():
    starts = starts_of_ten_points([PARTITIONS[1], PARTITIONS[100], PARTITIONS[0]])
    runs = run_many(TEN_POINTS, starts)
    assert runs.degenerate.tolist() == [True, False, True]
    found = find_limits(TEN_POINTS, runs)
    for r in (0, 2):
        np.testing.assert_array_equal(found.continued.covariances[r], runs.covariances[r])
        assert found.continued.degeneracies[r] == runs.degeneracies[r]
        assert found.continued.stop_reasons[r] is StopReason.DEGENERATE
        assert found.optima.kinds[found.optima.labels[r]] is OptimumKind.DEGENERATE
        assert (found.gaps[r], found.continued.n_iterations[r], found.early[r]) == (0.0, 0, False)
    only = find_limits(TEN_POINTS, run_many(TEN_POINTS, starts[[0, 2]]))
    assert only.optima.kinds == (OptimumKind.DEGENERATE,) * 2


def test_a_run_that_goes_on_to_collapse_is_told_with_its_component():
    """Stopped after one step, then continued: the component is named in the order of the run, mirrored or not."""
    rng = np.random.default_rng(0)
    data = np.concatenate([rng.normal(size=40), [6.0, 6.0, 6.0]])
    start = np.zeros((43, 2))
    start[:, 0], start[38:, 0], start[38:, 1] = 1.0, 0.1, 0.9
    runs = run_many(data, [start, start[:, ::-1]], max_iter=1, variance_floor=1e-6)
    assert not runs.degenerate.any()
    found = find_limits(data, runs)
    for r, component in enumerate((1, 0)):
        (fall,) = found.continued.degeneracies[r]
        assert fall.component == component
        assert found.continued.means[r, component, 0] == pytest.approx(6.0)
    assert found.early.all() and not found.on_plateau.any()
    assert found.optima.kinds == (OptimumKind.DEGENERATE,)


def test_ends_in_one_place_are_continued_once_and_every_run_keeps_its_order():
    start = initialize(ERUPTIONS, 3, "k-means++", 5)
    orders = ([0, 1, 2], [2, 0, 1], [1, 0, 2], [0, 1, 2])
    runs = run_many(ERUPTIONS, [start[:, order] for order in orders], rtol=1e-4)
    asked = []
    found = find_limits(ERUPTIONS, runs, progress=lambda finished, of_all: asked.append((finished, of_all)))
    assert asked[-1] == (1, 1)
    first = found.continued.means[0, :, 0]
    assert np.ptp(first) > 1
    for r, order in enumerate(orders):
        np.testing.assert_array_equal(found.continued.means[r, :, 0], first[order])
        np.testing.assert_array_equal(found.continued.weights[r], found.continued.weights[0][order])
        np.testing.assert_array_equal(found.continued.covariances[r], found.continued.covariances[0][order])


def test_ends_that_nearly_agree_are_not_taken_for_one():
    """On either side of a saddle point: of three clusters, the middle one goes to the component that is nearer."""
    data = np.concatenate([centre + np.linspace(-0.5, 0.5, 11) for centre in (-6, 0, 6)])
    starts = [Mixture.univariate([0.5, 0.5], np.array([-3, 3]) + nudge, [10.0, 10.0]) for nudge in (-1e-4, 1e-4)]
    found = find_limits(data, run_many(data, starts, max_iter=0))
    assert found.continued.means[..., 0] == pytest.approx(np.array([[-6, 3], [-3, 6]]), abs=0.05)
    assert found.optima.labels.tolist() in ([0, 1], [1, 0])


def test_a_smaller_optimum_with_a_component_twice_is_a_saddle_point():
    """Two of five components began alike and stay so; what they share is the best of four components."""
    data = load_sample("galaxies").values
    four = run_many(data, [initialize(data, 4, "k-means++", seed) for seed in range(30)], rtol=1e-10, max_iter=5000)
    best = four.mixture(int(four.log_likelihoods.argmax()))
    for twice in range(4):
        order = [*range(4), twice]
        halves = np.where(np.array(order) == twice, 0.5, 1.0)
        start = Mixture(best.weights[order] * halves, best.means[order], best.covariances[order])
        found = find_limits(data, run_many(data, [start], rtol=1e-10))
        assert found.optima.kinds == (OptimumKind.SADDLE,)
        assert not found.early.any()


def test_the_order_of_the_runs_changes_nothing_but_indices():
    starts, _, found = eruptions(3, 1e-6)
    order = np.random.default_rng(0).permutation(len(starts))
    shuffled = find_limits(ERUPTIONS, run_many(ERUPTIONS, starts[order], rtol=1e-6, max_iter=5000))
    np.testing.assert_array_equal(shuffled.optima.labels, found.optima.labels[order])
    np.testing.assert_array_equal(shuffled.on_plateau, found.on_plateau[order])
    np.testing.assert_allclose(shuffled.gaps, found.gaps[order], atol=1e-8)


def test_the_unit_of_the_data_changes_which_runs_stop_early_but_no_optimum():
    starts, _, found = eruptions(2, 1e-6, ("random-partition",))
    in_seconds = run_many(60 * ERUPTIONS, starts, rtol=1e-6, max_iter=5000)
    other = find_limits(60 * ERUPTIONS, in_seconds)
    np.testing.assert_array_equal(other.optima.labels, found.optima.labels)
    np.testing.assert_allclose(other.optima.means, 60 * found.optima.means, rtol=1e-6)


def test_cancelling_leaves_the_runs_as_they_stand():
    _, runs, _ = eruptions(3, 1e-4)
    asked = []

    def cancelled():
        asked.append(True)
        return len(asked) > 3

    found = find_limits(ERUPTIONS, runs, cancelled=cancelled)
    # Once when the starts are read, and after each of iterations 0, 1 and 2.
    assert len(asked) == 4
    under_way = np.array([reason is None for reason in found.continued.stop_reasons])
    assert under_way.any()
    assert (found.continued.n_iterations[under_way] == 2).all()
    assert (found.gaps >= 0).all()
    assert len(found.optima.labels) == runs.n_runs

    at_once = find_limits(ERUPTIONS, runs, cancelled=lambda: True)
    np.testing.assert_allclose(at_once.gaps, 0.0, atol=1e-9)
    assert not at_once.early.any()


def test_the_record_is_read_only_and_says_what_it_holds():
    _, _, found = eruptions(2, 1e-6, ("random-responsibilities",))
    for array in (found.gaps, found.early, found.on_plateau, found.continued.means):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert "stopped early" in repr(found)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"runs": None}, "run_many"),
        ({"structure": "round"}, "structure"),
        ({"rtol": 1.0}, "tolerance"),
        ({"max_iter": -1}, "iterations"),
        ({"distance_tolerance": 0.0}, "distance tolerance"),
        ({"cancelled": True}, "cancelled must be a function"),
        ({"data": np.zeros((5, 2))}, "dimensions"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    runs = run_many(TEN_POINTS, starts_of_ten_points(PARTITIONS[5:9]))
    with pytest.raises(InputError, match=message):
        find_limits(**({"data": TEN_POINTS, "runs": runs} | changes))
