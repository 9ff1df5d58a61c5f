"""Variances held at their floor: the constrained maximum instead of a run that stops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.datasets import load_sample
from explorer.errors import InputError
from explorer.mixture import (
    STRUCTURES,
    Degeneracy,
    DegeneracyKind,
    EMOptions,
    Mixture,
    StopReason,
    find_limits,
    initialize,
    iterate_em,
    run_em,
    run_many,
    textbook,
)
from tests.mixture.clouds import clouds
from tests.mixture.strategies import SEEDS, data_and_responsibilities

GALAXIES = load_sample("galaxies").values
# Six points on one value, far from the others: its component's variance is 0 without a floor.
TIED = np.r_[np.random.default_rng(0).normal(size=60), np.full(6, 8.0)]


def hold(**options):
    return EMOptions(at_floor="hold", **options)


def clipped_em(x, q, least, n_iterations):
    """Plain EM, of which each M step raises variances to the least one; in one dimension."""
    theta, path = None, []
    for _ in range(n_iterations + 1):
        weights, means, covariances = textbook.m_step(x, q)
        theta = weights, means, np.maximum(covariances, least)
        path.append((theta, textbook.log_likelihood(x, theta)))
        q = textbook.e_step(x, theta)
    return path


@pytest.mark.parametrize("floor", [1e-6, 1e-3, 1e-2, 0.1])
@pytest.mark.parametrize("data", [TIED, GALAXIES], ids=["tied values", "galaxies"])
def test_every_iterate_is_that_of_plain_em_with_clipped_variances(data, floor):
    q = initialize(data, 5 if len(data) > 70 else 2, "k-means++", 1)
    trace = run_em(data, q, hold(variance_floor=floor, rtol=0.0, max_iter=60))
    assert trace.stop_reason is StopReason.MAX_ITER
    expected = clipped_em(data[:, None], q, floor * data.var(), 60)
    for t, ((weights, means, covariances), log_likelihood) in enumerate(expected):
        np.testing.assert_allclose(trace.weights[t], weights, rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(trace.means[t], means, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(trace.covariances[t], covariances, rtol=1e-7)
        assert trace.log_likelihoods[t] == pytest.approx(log_likelihood, rel=1e-10)
        at_floor = trace.covariances[t, :, 0, 0] <= floor * data.var() * (1 + 1e-12)
        np.testing.assert_array_equal(trace.held[t], at_floor)


def test_where_nothing_reaches_the_floor_the_run_has_the_same_bits():
    q = initialize(GALAXIES, 3, "quantiles")
    stop, held = run_em(GALAXIES, q), run_em(GALAXIES, q, at_floor="hold")
    assert not held.held.any() and stop.stop_reason is held.stop_reason
    for name in ("weights", "means", "covariances", "log_likelihoods", "lower_bounds"):
        np.testing.assert_array_equal(getattr(stop, name), getattr(held, name))


@given(data_and_responsibilities(), st.sampled_from([1e-6, 1e-3, 1e-2]))
@settings(deadline=None, max_examples=80)
def test_no_variance_is_below_the_floor_and_the_likelihood_never_falls(case, floor):
    data, q = case
    trace = run_em(data, q, hold(variance_floor=floor, max_iter=40))
    assert trace.stop_reason is not StopReason.DIVERGED
    least = floor * (data.var() if np.ptp(data) else 1.0)
    assert trace.covariances.min() >= least * (1 - 1e-9)
    rises = np.diff(trace.log_likelihoods)
    assert (rises >= -1e-9 * (np.abs(trace.log_likelihoods[:-1]) + len(data))).all()
    assert all(fall.kind is DegeneracyKind.EMPTIED for fall in trace.degeneracies)


@pytest.mark.parametrize("structure", STRUCTURES)
@given(SEEDS)
@settings(deadline=None, max_examples=10)
def test_in_more_dimensions_the_narrowest_direction_is_held(structure, seed):
    """Points of one plane: without a floor the component on them has no width across it."""
    rng = np.random.default_rng(seed)
    data = np.r_[clouds(60, 3, 2), np.c_[rng.normal(size=(25, 2)), np.full(25, 20.0)]]
    q = initialize(data, 3, "k-means++", seed % 1000)
    trace = run_em(data, q, hold(structure=structure, variance_floor=1e-2, max_iter=60, rtol=0.0))
    assert trace.stop_reason is StopReason.MAX_ITER
    rises = np.diff(trace.log_likelihoods)
    assert (rises >= -1e-9 * (np.abs(trace.log_likelihoods[:-1]) + len(data))).all()
    floor = 1e-2 * data.var(axis=0)
    if structure == "spherical":
        floor = np.full(3, floor.mean())
    whitened = trace.covariances / np.sqrt(np.outer(floor, floor))
    least = np.linalg.eigvalsh(whitened)[..., 0]
    assert least.min() >= 1 - 1e-7
    np.testing.assert_array_equal(trace.held, least <= 1 + 1e-7)


def test_many_runs_hold_what_each_alone_holds():
    starts = [initialize(GALAXIES, 5, "random-points", seed) for seed in range(40)]
    options = hold(variance_floor=1e-3, max_iter=300)
    runs = run_many(GALAXIES, starts, options)
    assert runs.held.any() and not runs.degenerate.any()
    for r, start in enumerate(starts):
        trace = run_em(GALAXIES, start, options)
        assert (runs.n_iterations[r], runs.stop_reasons[r]) == (trace.n_iterations, trace.stop_reason)
        assert runs.log_likelihoods[r] == pytest.approx(trace.log_likelihoods[-1], rel=1e-10)
        np.testing.assert_array_equal(runs.held[r], trace.held[-1])


def test_iterates_one_by_one_say_what_they_hold():
    q = initialize(TIED, 2, "k-means++", 1)
    options = hold(variance_floor=1e-3)
    trace = run_em(TIED, q, options)
    assert trace.held[-1].any()
    for t, iterate in enumerate(iterate_em(TIED, q, options)):
        np.testing.assert_array_equal(iterate.held, trace.held[t])


def test_a_held_run_goes_on_from_where_it_ended():
    options = hold(variance_floor=1e-2)
    end = run_em(GALAXIES, initialize(GALAXIES, 6, "random-points", 3), options)
    assert end.held[-1].any()
    on = run_em(GALAXIES, end.mixture(-1), options, rtol=1e-12, max_iter=5000)
    assert on.log_likelihoods[0] == end.log_likelihoods[-1]
    np.testing.assert_array_equal(on.held[0], end.held[-1])
    runs = run_many(GALAXIES, [end.mixture(-1)], options)
    limits = find_limits(GALAXIES, runs, variance_floor=1e-2, at_floor="hold")
    assert limits.continued.log_likelihoods[0] == pytest.approx(on.log_likelihoods[-1], abs=1e-6)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("floor", [1e-6, 1e-3, 0.3, 0.9])
@pytest.mark.parametrize("d", [2, 4])
def test_in_more_dimensions_a_held_run_begins_again_where_it_ended(structure, floor, d):
    """Entries of a covariance that are nearly 0 come back with another rounding."""
    rng = np.random.default_rng(d)
    data = np.r_[rng.normal(size=(11, d)), np.full((1, d), 30.0)] * np.logspace(-3, 3, d)
    options = hold(structure=structure, variance_floor=floor)
    end = run_em(data, initialize(data, 3, "k-means++", 1), options)
    if end.stop_reason is StopReason.DEGENERATE:
        return  # a component without points
    on = run_em(data, end.mixture(-1), options)
    assert on.log_likelihoods[0] == pytest.approx(end.log_likelihoods[-1], rel=1e-9, abs=1e-9)
    runs = run_many(data, [end.mixture(-1)], options)
    find_limits(data, runs, options, max_iter=50)


def test_a_component_without_points_still_ends_the_run():
    start = Mixture.univariate([0.5, 0.5], [0.0, 1e4], [1.0, 1.0])
    trace = run_em(np.random.default_rng(0).normal(size=100), start, at_floor="hold")
    assert trace.stop_reason is StopReason.DEGENERATE
    assert [fall.kind for fall in trace.degeneracies] == [DegeneracyKind.EMPTIED]
    assert isinstance(trace.degeneracies[0], Degeneracy)


def test_without_a_floor_there_is_nothing_to_hold_at():
    with pytest.raises(InputError, match="choose a variance floor above 0"):
        hold(variance_floor=0.0)
    with pytest.raises(InputError, match="choose one of stop, hold"):
        EMOptions(at_floor="repair")


def test_a_start_below_the_floor_is_refused_since_the_likelihood_would_fall():
    start = Mixture.univariate([0.5, 0.5], [-1.0, 1.0], [1.0, 1e-9])
    with pytest.raises(InputError, match="widen the start"):
        run_em(np.linspace(-2, 2, 50), start, at_floor="hold")


def test_limits_of_held_runs_are_not_looked_for_with_other_options():
    runs = run_many(GALAXIES, [initialize(GALAXIES, 6, "random-points", 3)], hold(variance_floor=1e-2))
    with pytest.raises(InputError, match="held at a floor"):
        find_limits(GALAXIES, runs)


def test_a_floor_that_rounding_hides_holds_no_matrix():
    line = np.random.default_rng(0).normal(size=(40, 1)) @ np.ones((1, 2))
    q = initialize(line, 3, "random-points", 0)
    with pytest.raises(InputError, match="at least 1e-09"):
        run_em(line, q, hold(structure="tied", variance_floor=1e-10))
    for seed in range(5):
        q = initialize(line, 3, "random-points", seed)
        trace = run_em(line, q, hold(structure="tied", variance_floor=1e-9))
        assert trace.stop_reason is not StopReason.DIVERGED
