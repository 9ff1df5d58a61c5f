"""Distinct optima: hand-made groups, label switching, symmetric optima, real data, and what must not matter."""

import itertools
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from explorer.datasets import load_sample
from explorer.errors import InputError
from explorer.mixture import Mixture, Mixtures, OptimumKind, align, group_ends, initialize, run_em
from explorer.mixture.judge import spurious_components
from explorer.stop_reason import StopReason
from tests.mixture.strategies import SEEDS

# Three optima of a mixture of 3 in one dimension, with the same overall mean 0 and about the same variance.
WEIGHTS = np.array([[0.2, 0.3, 0.5], [0.4, 0.4, 0.2], [0.3, 0.3, 0.4]])
MEANS = np.array([[-3.0, -0.5, 1.5], [-1.5, 0.5, 2.0], [-2.0, 0.0, 1.5]])
VARIANCES = np.array([[1.0, 0.2, 0.5], [3.0, 2.0, 0.1], [1.0, 2.0, 0.5]])
LOG_LIKELIHOODS = np.array([-100.0, -104.0, -110.0])


def runs_at(optima, seed, noise=1e-3):
    """The arguments of group_ends: a run at each of these optima, nearly, its components in random order."""
    rng = np.random.default_rng(seed)
    optima = np.asarray(optima)
    run, order = np.arange(len(optima))[:, None], rng.permuted(np.tile(np.arange(3), (len(optima), 1)), axis=1)
    means = MEANS[optima] + noise * rng.normal(size=(len(optima), 3))
    return (
        WEIGHTS[optima][run, order],
        means[run, order][..., None],
        VARIANCES[optima][run, order][..., None, None],
        LOG_LIKELIHOODS[optima] - 1e-4 * rng.random(len(optima)),
    )


def mixture_of(runs, r):
    return Mixture(runs[0][r], runs[1][r], runs[2][r])


def brute_force_order(mixture, reference):
    """The order with the least sum of squares, by trying all; in one dimension, in units of the reference's spread."""

    def coordinates(m):
        means, variances = m.means[:, 0], m.covariances[:, 0, 0]
        return np.column_stack([m.weights, means / spread, 0.5 * np.log(variances / spread**2)])

    weights, means, variances = reference.weights, reference.means[:, 0], reference.covariances[:, 0, 0]
    spread = np.sqrt(weights @ (variances + means**2) - (weights @ means) ** 2)
    orders = list(itertools.permutations(range(len(weights))))
    costs = [np.square(coordinates(mixture)[list(order)] - coordinates(reference)).sum() for order in orders]
    return list(orders[int(np.argmin(costs))])


# Alignment


@given(SEEDS, st.integers(1, 5))
@settings(deadline=None, max_examples=50)
def test_align_is_the_best_of_all_orders(seed, n_components):
    rng = np.random.default_rng(seed)
    one, other = (
        Mixture.univariate(
            rng.dirichlet(np.ones(n_components)),
            rng.normal(size=n_components),
            np.exp(rng.normal(size=n_components)),
        )
        for _ in range(2)
    )
    assert align(one, other).tolist() == brute_force_order(one, other)


@given(SEEDS)
@settings(deadline=None, max_examples=50)
def test_align_undoes_label_switching_in_any_coordinates(seed):
    """In two dimensions and after any linear map of the data, for components that moved a little."""
    rng = np.random.default_rng(seed)
    weights, means = rng.dirichlet(np.ones(4)), rng.normal(size=(4, 2))
    factors = rng.normal(size=(4, 2, 2))
    covariances = factors @ factors.swapaxes(1, 2) + 0.1 * np.eye(2)
    other_means = means + 0.5 * rng.normal(size=(4, 2))
    order = rng.permutation(4)
    plain = align(Mixture(weights, means, covariances), Mixture(weights, other_means, covariances))
    scale, shift = rng.normal(size=(2, 2)) * 100 + 500 * np.eye(2), np.array([1e4, -1e4])
    mapped_covariances = scale @ covariances @ scale.T
    mapped_covariances = (mapped_covariances + mapped_covariances.swapaxes(1, 2)) / 2
    mapped = Mixture(weights, other_means @ scale.T + shift, mapped_covariances)
    switched = Mixture(weights[order], (means @ scale.T + shift)[order], mapped_covariances[order])
    np.testing.assert_array_equal(order[align(switched, mapped)], plain)


def test_align_tells_equal_bumps_apart_by_weight_and_by_width():
    by_weight = Mixture.univariate([0.2, 0.8], [0.0, 0.0], [1.0, 1.0])
    assert align(Mixture.univariate([0.7, 0.3], [0.0, 0.0], [1.0, 1.0]), by_weight).tolist() == [1, 0]
    by_width = Mixture.univariate([0.5, 0.5], [0.0, 0.0], [1.0, 9.0])
    assert align(Mixture.univariate([0.5, 0.5], [0.0, 0.0], [7.0, 2.0]), by_width).tolist() == [1, 0]


def test_a_narrow_component_is_matched_with_the_narrow_one_that_is_nearer():
    """Hellinger's distance is 1 here whatever the order; Bhattacharyya's would match narrow with wide."""
    reference = Mixture.univariate([0.3, 0.3, 0.4], [0.0, 10.0, 5.0], [1e-6, 1e-6, 20.0])
    moved = Mixture.univariate([0.4, 0.3, 0.3], [5.0, 9.0, 1.0], [20.0, 1e-6, 1e-6])
    assert align(moved, reference).tolist() == [2, 1, 0]


# Groups


def test_runs_are_grouped_by_hand_made_optima_best_first():
    truth = [1, 0, 1, 2, 0, 1]
    runs = runs_at(truth, seed=0)
    optima = group_ends(*runs)
    assert optima.labels.tolist() == truth
    assert optima.frequencies == pytest.approx([2 / 6, 3 / 6, 1 / 6])
    assert optima.kinds == (OptimumKind.PROPER,) * 3
    assert [optima.members(g).tolist() for g in range(3)] == [[1, 4], [0, 2, 5], [3]]
    for g in range(3):
        best = max(optima.members(g), key=lambda r: runs[3][r])
        assert optima.representatives[g] == best
        assert optima.log_likelihoods[g] == runs[3][best]


def test_every_run_s_permutation_puts_it_in_the_order_of_its_optimum():
    runs = runs_at(np.arange(300) % 3, seed=1)
    optima = group_ends(*runs)
    assert optima.means[0, :, 0] == pytest.approx(MEANS[0], abs=0.01)
    each = np.arange(300)[:, None]
    np.testing.assert_allclose(runs[1][each, optima.permutations], optima.means[optima.labels], atol=0.01)
    np.testing.assert_array_equal(runs[0][each, optima.permutations], optima.weights[optima.labels])
    np.testing.assert_array_equal(runs[2][each, optima.permutations], optima.covariances[optima.labels])
    for r in range(30):
        np.testing.assert_array_equal(
            optima.permutations[r], align(mixture_of(runs, r), optima.mixture(optima.labels[r]))
        )


def test_the_components_of_every_optimum_are_in_the_order_that_fits_the_best():
    optima = group_ends(*runs_at([0, 1, 2, 1, 0], seed=2))
    for g in range(optima.n_optima):
        assert align(optima.mixture(g), optima.mixture(0)).tolist() == [0, 1, 2]


def test_an_optimum_is_shown_in_the_order_of_the_best_even_where_its_means_are_in_another():
    """The narrow component comes first in both, though it lies left of the wide one only in the best."""
    weights = np.full((4, 2), 0.5)
    means = np.array([[0.0, 0.3], [0.1, 0.4], [0.3, 0.0], [0.4, 0.1]])[..., None]
    variances = np.array([[0.01, 1.0], [1.0, 0.01], [1.0, 0.01], [0.01, 1.0]])[..., None, None]
    optima = group_ends(weights, means, variances, [0.0, -5.0, 0.0, -5.0])
    assert optima.labels.tolist() == [0, 1, 0, 1]
    assert optima.means[..., 0].tolist() == [[0.0, 0.3], [0.4, 0.1]]
    assert optima.permutations.tolist() == [[0, 1], [1, 0], [1, 0], [0, 1]]


def test_components_that_nearly_coincide_are_aligned_by_the_best_order_and_not_by_the_cheap_one():
    weights = np.array([[0.55, 0.45], [0.55, 0.45]])
    means = np.array([[0.0, 0.05], [0.06, 0.04]])[..., None]
    optima = group_ends(weights, means, np.ones((2, 2, 1, 1)), [0.0, -0.01])
    assert optima.n_optima == 1
    assert optima.permutations.tolist() == [[0, 1], [0, 1]]


def test_mirror_images_of_the_same_likelihood_are_two_optima():
    runs = [np.repeat(a, 3, axis=0) for a in runs_at([0], seed=0)]
    runs[1][1] *= -1
    optima = group_ends(*runs)
    assert optima.n_optima == 2
    assert optima.labels[0] == optima.labels[2] != optima.labels[1]


def test_optima_that_share_all_values_but_not_their_pairing_are_two():
    means, variances = np.array([[-1.0, 1.0]] * 2)[..., None], np.array([[0.2, 1.8], [1.8, 0.2]])[..., None, None]
    assert group_ends(np.full((2, 2), 0.5), means, variances, [0.0, 0.0]).n_optima == 2


def test_the_same_parameters_with_another_likelihood_are_two_optima():
    runs = [np.repeat(a, 2, axis=0) for a in runs_at([0], seed=0)]
    runs[3][1] -= 1.0
    assert group_ends(*runs).n_optima == 2
    assert group_ends(*runs, log_likelihood_tolerance=2.0).n_optima == 1


def test_components_with_equal_means_are_aligned_by_all_parameters():
    """The cheap order, by means, is wrong for half of these runs."""
    rng = np.random.default_rng(0)
    order = rng.permuted(np.tile([0, 1], (50, 1)), axis=1)
    means = 1e-6 * rng.normal(size=(50, 2, 1))
    variances = np.array([0.2, 1.8])[order][..., None, None]
    optima = group_ends(np.array([0.3, 0.7])[order], means, variances, np.zeros(50))
    assert optima.n_optima == 1
    sorted_variances = np.take_along_axis(variances[..., 0, 0], optima.permutations, axis=1)
    assert (sorted_variances == optima.covariances[0, :, 0, 0]).all()


def test_the_hungarian_algorithm_runs_only_where_cheap_bounds_do_not_decide(monkeypatch):
    calls = []

    def counted(cost):
        calls.append(cost)
        return linear_sum_assignment(cost)

    monkeypatch.setattr("explorer.mixture.optima.linear_sum_assignment", counted)
    runs = runs_at(np.arange(3000) % 3, seed=3)
    assert group_ends(*runs).n_optima == 3
    assert len(calls) == 3


def test_narrow_and_degenerate_runs_are_kinds_of_their_own_and_come_last():
    runs = [np.repeat(a, 4, axis=0) for a in runs_at([0], seed=0, noise=0)]
    narrow = int(np.argmin(runs[2][2].ravel()))
    runs[2][2, narrow] = 1e-4
    runs[3][:] = [-100.0, -100.0, -90.0, -100.0]
    spurious, degenerate = [False, False, True, False], [False, True, False, False]
    optima = group_ends(*runs, degenerate=degenerate, spurious=spurious)
    assert optima.kinds == (OptimumKind.PROPER, OptimumKind.SPURIOUS, OptimumKind.DEGENERATE)
    assert optima.labels.tolist() == [0, 2, 1, 0]
    assert group_ends(*runs).kinds == (OptimumKind.PROPER,) * 2


def test_groups_do_not_grow_along_chains():
    """Ten runs in a row, each within reach of the next: the ends are not one optimum."""
    weights, variances = np.full((10, 2), 0.5), np.ones((10, 2, 1, 1))
    means = np.array([-1.0, 1.0]) + 0.1 * np.arange(10)[:, None] * [0, 1]
    optima = group_ends(weights, means[..., None], variances, -1e-3 * np.arange(10))
    assert optima.n_optima > 1
    spread = np.sqrt(2)  # of the first: variance 1, and 1 from its mean
    for r in range(10):
        assert abs(means[r, 1] - optima.means[optima.labels[r], 1, 0]) / spread <= 0.15 + 1e-12


# What must not matter


@given(SEEDS, st.integers(1, 40))
@settings(deadline=None, max_examples=40)
def test_the_order_of_runs_and_components_changes_nothing_but_indices(seed, n_runs):
    rng = np.random.default_rng(seed)
    runs = runs_at(rng.integers(3, size=n_runs), seed, noise=0.05)
    np.round(runs[3], 3, out=runs[3])  # runs of equal likelihood are ranked too
    degenerate = rng.random(n_runs) < 0.2
    one = group_ends(*runs, degenerate=degenerate)
    order, each = rng.permutation(n_runs), np.arange(n_runs)[:, None]
    switched = rng.permuted(np.tile(np.arange(3), (n_runs, 1)), axis=1)
    shuffled = [a[order][each, switched] if a.ndim > 1 else a[order] for a in runs]
    other = group_ends(*shuffled, degenerate=degenerate[order])
    assert other.kinds == one.kinds
    np.testing.assert_array_equal(other.labels, one.labels[order])
    np.testing.assert_array_equal(other.means, one.means)
    np.testing.assert_array_equal(other.frequencies, one.frequencies)
    np.testing.assert_array_equal(order[other.representatives], one.representatives)
    np.testing.assert_array_equal(np.take_along_axis(switched, other.permutations, 1), one.permutations[order])


@given(SEEDS, st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
@settings(deadline=None, max_examples=40)
def test_the_unit_and_the_origin_of_the_data_change_no_group(seed, shift, scale):
    rng = np.random.default_rng(seed)
    weights, means, covariances, log_likelihoods = runs_at(rng.integers(3, size=20), seed)
    one = group_ends(weights, means, covariances, log_likelihoods)
    in_other_unit = log_likelihoods - 272 * np.log(scale)
    other = group_ends(weights, means * scale + shift, covariances * scale**2, in_other_unit)
    assert other.kinds == one.kinds
    np.testing.assert_array_equal(other.labels, one.labels)
    np.testing.assert_array_equal(other.permutations, one.permutations)


# Real data


@cache
def old_faithful(n_components, rtol):
    """The ends of EM from several strategies, and which are degenerate or spurious."""
    data = load_sample("faithful-eruptions").values
    starts = [
        initialize(data, n_components, strategy, seed)
        for strategy in ("random-points", "k-means++", "k-means")
        for seed in range(8)
    ]
    traces = [run_em(data, q, rtol=rtol, max_iter=5000) for q in [*starts, initialize(data, n_components, "equal")]]
    names = ("weights", "means", "covariances", "log_likelihoods")
    runs = [np.array([getattr(trace, name)[-1] for trace in traces]) for name in names]
    return runs, {
        "degenerate": np.array([trace.stop_reason == StopReason.DEGENERATE for trace in traces]),
        "spurious": spurious_components(data, Mixtures(*runs[:3])).any(axis=1),
    }


@pytest.mark.parametrize("n_components", [2, 3, 4])
def test_old_faithful_s_optima_do_not_depend_on_em_s_tolerance(n_components):
    runs, known = old_faithful(n_components, 1e-10)
    exact = group_ends(*runs, **known)
    for rtol in (1e-6, 1e-8):
        runs, known = old_faithful(n_components, rtol)
        optima = group_ends(*runs, **known)
        assert optima.kinds == exact.kinds
        np.testing.assert_array_equal(optima.labels, exact.labels)
        # What the tolerance leaves undone is well within the tolerances of the groups.
        np.testing.assert_allclose(optima.log_likelihoods, exact.log_likelihoods, atol=0.02)


def test_old_faithful_with_three_components_has_two_optima_and_a_plateau():
    runs, known = old_faithful(3, 1e-8)
    optima = group_ends(*runs, **known)
    assert optima.log_likelihoods == pytest.approx([-263.92, -267.89, -421.42], abs=0.01)
    # The trap: all components equal, at the data's mean.
    assert optima.members(2).tolist() == [len(runs[0]) - 1]
    assert np.ptp(optima.means[2]) < 1e-6


def test_a_narrow_cluster_of_many_points_is_not_spurious():
    """Thirty eruptions within a twentieth of the data's standard deviation are a part of the best four components."""
    runs, known = old_faithful(4, 1e-8)
    optima = group_ends(*runs, **known)
    narrowest = np.sqrt(optima.covariances[0].min()) / load_sample("faithful-eruptions").values.std()
    assert narrowest == pytest.approx(0.048, abs=0.001)
    assert optima.kinds[0] is OptimumKind.PROPER


# What is refused


def four(**changes):
    arguments = dict(zip(("weights", "means", "covariances", "log_likelihoods"), runs_at([0, 1], 0), strict=True))
    return arguments | changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": [[0.5, 0.5], [0.5, 0.5]]}, "weights must have shape"),
        ({"weights": np.full((2, 3), 0.5)}, "sum to 1"),
        ({"means": np.zeros((2, 3))}, "means must be an array"),
        ({"means": np.full((2, 3, 1), np.nan)}, "finite"),
        ({"covariances": np.ones((2, 3))}, "covariances must have shape"),
        ({"covariances": -np.ones((2, 3, 1, 1))}, "positive"),
        ({"covariances": np.array([[1.0] * 3, [1.0, 0.0, 1.0]])[..., None, None]}, "positive"),
        ({"log_likelihoods": [0.0]}, "log-likelihoods must have shape"),
        ({"log_likelihoods": [0.0, -np.inf]}, "finite"),
        ({"degenerate": [True]}, "booleans"),
        ({"degenerate": [0, 1]}, "booleans"),
        ({"log_likelihood_tolerance": 0.0}, "log-likelihood tolerance"),
        ({"distance_tolerance": np.inf}, "distance tolerance"),
        ({"distance_tolerance": "wide"}, "distance tolerance"),
        ({"spurious": [True]}, "booleans"),
    ],
)
def test_what_is_not_a_set_of_runs_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        group_ends(**four(**changes))


def test_more_runs_than_fit_into_memory_are_refused(monkeypatch):
    monkeypatch.setattr("explorer.mixture.optima.MAX_NUMBERS", 17)
    with pytest.raises(InputError, match="give fewer runs"):
        group_ends(**four())


def test_long_lists_of_runs_are_aligned_block_by_block(monkeypatch):
    runs = runs_at([0] * 20, seed=4)
    whole = group_ends(*runs, distance_tolerance=2.0)
    monkeypatch.setattr("explorer.mixture.optima.BLOCK_NUMBERS", 100)
    np.testing.assert_array_equal(group_ends(*runs, distance_tolerance=2.0).permutations, whole.permutations)


@pytest.mark.filterwarnings("error")
def test_runs_of_different_data_are_refused_and_not_compared():
    means = runs_at([0, 1], 0)[1]
    with pytest.raises(InputError, match="different data"):
        group_ends(**four(means=np.stack([means[0], 1e151 * np.sign(means[1])])))


def test_mixtures_of_different_shapes_cannot_be_aligned():
    with pytest.raises(InputError, match="equally many"):
        align(Mixture.univariate([1.0], [0.0], [1.0]), Mixture.univariate([0.5, 0.5], [0.0, 1.0], [1.0, 1.0]))
