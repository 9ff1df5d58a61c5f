"""Whole runs: against scikit-learn and a plain loop, invariances, the lower bound's staircase, stopping."""

import warnings
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.mixture import GaussianMixture

from explorer.datasets import load_sample
from explorer.errors import InputError
from explorer.mixture import (
    Mixture,
    StopReason,
    e_step,
    initialize,
    iterate_em,
    log_likelihood,
    lower_bound,
    m_step,
    mixture_at,
    run_em,
    textbook,
)
from explorer.mixture.engine import parameters, single
from tests.mixture.strategies import SEEDS, data_and_responsibilities


def bumps(n=300, n_components=3, seed=0):
    """Draws of n_components unit normals, three apart."""
    rng = np.random.default_rng(seed)
    return rng.normal(3.0 * rng.integers(n_components, size=n), 1.0)


def assert_same_run(one, other, rtol=1e-9):
    assert one.n_iterations == other.n_iterations
    assert one.stop_reason is other.stop_reason
    np.testing.assert_allclose(one.log_likelihoods, other.log_likelihoods, rtol=rtol)


@pytest.mark.parametrize(("n", "n_components"), [(50, 2), (300, 3), (1000, 5)])
def test_agrees_with_scikit_learn(n, n_components):
    data = bumps(n, n_components)
    start = mixture_at(data, np.linspace(data.min(), data.max(), n_components))
    trace = run_em(data, start, max_iter=40, rtol=0.0, variance_floor=0.0)
    peer = GaussianMixture(
        n_components,
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=1 / start.covariances,
        max_iter=40,
        tol=0.0,
        reg_covar=0.0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it did not converge: it was asked not to
        peer.fit(data[:, None])
    np.testing.assert_allclose(trace.weights[-1], peer.weights_, rtol=1e-10)
    np.testing.assert_allclose(trace.means[-1], peer.means_, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(trace.covariances[-1], peer.covariances_, rtol=1e-10)
    # scikit-learn's bound belongs to the iterate before; its score to the last.
    assert trace.log_likelihoods[-1] == pytest.approx(peer.score(data[:, None]) * n, rel=1e-10)
    np.testing.assert_allclose(e_step(data, trace.mixture(-1)), peer.predict_proba(data[:, None]), atol=1e-10)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("d", [1, 3])
def test_is_the_textbook_s_em_at_every_iterate(d, seed):
    data = bumps(40, 2, seed)[:, None] + (0 if d == 1 else np.random.default_rng(seed).normal(size=(len(bumps(40)), d)))
    start = initialize(data, 3, "random-responsibilities", seed)
    trace = run_em(data, start, max_iter=25, rtol=0.0)
    for t, ((weights, means, covariances), log_l) in enumerate(textbook.em(data, start, rtol=0.0, max_iter=25)):
        np.testing.assert_allclose(trace.weights[t], weights, rtol=1e-9)
        np.testing.assert_allclose(trace.means[t], means, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(trace.covariances[t], covariances, rtol=1e-9, atol=1e-9 * (d > 1))
        assert trace.log_likelihoods[t] == pytest.approx(log_l, rel=1e-12)


@pytest.mark.parametrize("from_mixture", [False, True])
def test_every_lower_bound_and_log_likelihood_belongs_to_its_half_step(from_mixture):
    data = bumps()
    q_0 = initialize(data, 3, "k-means++", 1)
    start = mixture_at(data, [-1.0, 3.0, 5.0]) if from_mixture else q_0
    trace = run_em(data, start, max_iter=15, rtol=0.0)
    assert trace.n_iterations == 15
    assert trace.lower_bounds.shape == (31,)
    theta_0 = trace.mixture(0)
    if from_mixture:
        assert trace.lower_bounds[0] == trace.log_likelihoods[0]
    else:
        assert trace.lower_bounds[0] == pytest.approx(lower_bound(data, q_0, theta_0), rel=1e-12)
    for t in range(16):
        assert trace.log_likelihoods[t] == pytest.approx(log_likelihood(data, trace.mixture(t)), rel=1e-12)
    for t in range(1, 16):
        before, after = trace.mixture(t - 1), trace.mixture(t)
        q = e_step(data, before)
        assert trace.lower_bounds[2 * t - 1] == trace.log_likelihoods[t - 1]
        assert trace.lower_bounds[2 * t - 1] == pytest.approx(lower_bound(data, q, before), rel=1e-12)
        assert trace.lower_bounds[2 * t] == pytest.approx(lower_bound(data, q, after), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(data_and_responsibilities())
def test_bound_and_log_likelihood_never_fall_and_nothing_is_ever_nan(case):
    data, start = case
    trace = run_em(data, start, max_iter=60, rtol=0.0)
    slack = 1e-10 * (np.abs(trace.log_likelihoods).max() + len(data))
    for array in (trace.weights, trace.means, trace.covariances, trace.log_likelihoods, trace.lower_bounds):
        assert np.isfinite(array).all()
    assert (np.diff(trace.log_likelihoods) >= -slack).all()
    assert (np.diff(trace.lower_bounds) >= -slack).all()
    assert (trace.lower_bounds[::2] <= trace.log_likelihoods + slack).all()
    assert trace.stop_reason in (StopReason.MAX_ITER, StopReason.DEGENERATE)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_the_order_of_the_points_does_not_matter(seed):
    data = bumps()
    start = initialize(data, 3, "random-responsibilities", seed)
    order = np.random.default_rng(seed).permutation(len(data))
    assert_same_run(run_em(data, start, max_iter=20), run_em(data[order], start[order], max_iter=20))


@settings(max_examples=25, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), SEEDS)
def test_another_origin_and_unit_change_the_log_likelihood_by_n_log_scale_only(shift, scale, seed):
    data = bumps()
    start = initialize(data, 3, "random-responsibilities", seed)
    plain = run_em(data, start, max_iter=20, rtol=0.0)
    # Moving the points by a million units rounds them: what they were is known to this many digits only.
    moved = scale * (data + shift)
    trace = run_em(moved, start, max_iter=20, rtol=0.0)
    expected = plain.log_likelihoods - len(data) * np.log(scale)
    np.testing.assert_allclose(trace.log_likelihoods, expected, rtol=1e-7, atol=1e-5)
    np.testing.assert_allclose(trace.means / scale - shift, plain.means, atol=1e-6)
    np.testing.assert_allclose(trace.covariances / scale**2, plain.covariances, rtol=1e-6)


def test_the_names_of_the_components_do_not_matter():
    data = bumps()
    start = initialize(data, 3, "k-means++", 4)
    trace, renamed = run_em(data, start), run_em(data, start[:, [2, 0, 1]])
    assert_same_run(trace, renamed)
    np.testing.assert_allclose(trace.means[:, [2, 0, 1]], renamed.means, rtol=1e-9)


def test_a_mixture_as_start_is_the_first_iterate_and_responsibilities_give_their_m_step():
    data = bumps()
    start = Mixture.univariate([0.3, 0.7], [0.0, 5.0], [1.0, 2.0])
    trace = run_em(data, start)
    np.testing.assert_allclose(trace.means[0], start.means, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(trace.weights[0], start.weights)
    np.testing.assert_array_equal(trace.covariances[0], start.covariances)
    q = e_step(data, start)
    np.testing.assert_array_equal(run_em(data, q, max_iter=0).means[0], m_step(data, q).means)


def test_the_same_settings_give_the_same_bits_and_a_read_only_trace():
    data = bumps(4001)
    start = initialize(data, 5, "random-responsibilities", 3)
    kept = start.copy()
    one, other = run_em(data, start), run_em(data, start)
    for name in ("weights", "means", "covariances", "log_likelihoods", "lower_bounds"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert not getattr(one, name).flags.writeable
    np.testing.assert_array_equal(start, kept)


@pytest.mark.parametrize(("n", "n_components"), [(10, 3), (271, 7), (4001, 5)])
def test_identical_components_stay_identical_to_the_last_bit(n, n_components):
    """The trap: from equal responsibilities no step can tell the components apart.

    In heavy-tailed data a difference in one last bit would grow, and part them within 100 iterations.
    """
    data = np.random.default_rng(0).standard_t(3, n)
    start = initialize(data, n_components, "equal")
    at_once = run_em(data, start)
    assert (at_once.stop_reason, at_once.n_iterations) == (StopReason.CONVERGED, 1)
    assert at_once.degeneracies == ()
    forced = run_em(data, start, max_iter=100, rtol=0.0)
    assert forced.stop_reason is StopReason.MAX_ITER
    for array in (forced.weights, forced.means, forced.covariances):
        assert (array == array[:, :1]).all()


def test_converged_means_the_first_relative_change_below_the_tolerance():
    data = bumps()
    start = initialize(data, 3, "quantiles")
    trace = run_em(data, start, rtol=1e-5)
    changes = np.abs(np.diff(trace.log_likelihoods) / trace.log_likelihoods[:-1])
    assert trace.stop_reason is StopReason.CONVERGED
    assert (changes[:-1] >= 1e-5).all()
    assert changes[-1] < 1e-5


def test_the_unit_of_the_data_decides_where_a_relative_tolerance_stops():
    """As `run_em` tells: the same steps in minutes and in seconds, but in seconds they look like convergence."""
    minutes = load_sample("faithful-eruptions").values
    start = initialize(minutes, 2, "random-responsibilities", 4)
    in_minutes, in_seconds = (run_em(unit * minutes, start, rtol=1e-6) for unit in (1.0, 60.0))
    assert in_minutes.stop_reason is in_seconds.stop_reason is StopReason.CONVERGED
    assert in_minutes.log_likelihoods[-1] == pytest.approx(-276.36, abs=0.01)
    moved = in_seconds.log_likelihoods + len(minutes) * np.log(60)
    np.testing.assert_allclose(moved, in_minutes.log_likelihoods[: len(moved)], rtol=1e-10)
    assert moved[-1] < in_minutes.log_likelihoods[-1] - 145
    tight = [run_em(unit * minutes, start, rtol=1e-10) for unit in (1.0, 60.0)]
    assert tight[1].log_likelihoods[-1] + len(minutes) * np.log(60) == pytest.approx(tight[0].log_likelihoods[-1])


def test_running_out_of_iterations_is_not_convergence():
    trace = run_em(bumps(), initialize(bumps(), 3, "quantiles"), max_iter=3, rtol=1e-12)
    assert (trace.stop_reason, trace.n_iterations) == (StopReason.MAX_ITER, 3)


def test_no_iterations_leave_the_start_alone():
    trace = run_em(bumps(), initialize(bumps(), 3, "quantiles"), max_iter=0)
    assert (trace.stop_reason, trace.n_iterations, len(trace.lower_bounds)) == (StopReason.MAX_ITER, 0, 1)


@pytest.mark.parametrize("most_components", [0, 3], ids=["on arrays", "with numbers"])
def test_a_fall_of_the_log_likelihood_is_reported(monkeypatch, most_components):
    """EM cannot fall, so an error is put into it: an M step with variances that are 0.1 % too large."""
    data = bumps()
    maximum = run_em(data, initialize(data, 3, "quantiles"), max_iter=5000, rtol=1e-14).mixture(-1)
    way = single.WithNumbers if most_components else single.OnArrays
    maximize = way.maximize

    def wrong_step(self, *arguments):
        theta, *marks = maximize(self, *arguments)
        right = self.parameters([theta])
        wrong = parameters(self.form, right.weights, right.means, 1.001 * right.covariances)
        return (single._as_numbers(wrong) if most_components else wrong), *marks

    monkeypatch.setattr(single, "MOST_NUMBERS", most_components)
    monkeypatch.setattr(way, "maximize", wrong_step)
    trace = run_em(data, maximum)
    fall = 1 - trace.log_likelihoods[0] / trace.log_likelihoods[1]
    assert 1e-10 < fall < 1e-5
    assert (trace.stop_reason, trace.n_iterations) == (StopReason.DIVERGED, 1)


def test_iterates_can_be_taken_in_slices():
    data = bumps()
    start = initialize(data, 3, "k-means++", 0)
    trace = run_em(data, start)
    iterates = iterate_em(data, start)
    first = list(islice(iterates, 4))
    rest = list(iterates)
    assert [iterate.iteration for iterate in first + rest] == list(range(trace.n_iterations + 1))
    assert [iterate.stop_reason for iterate in first] == [None] * 4
    assert rest[-1].stop_reason is trace.stop_reason
    np.testing.assert_array_equal(first[3].means, trace.means[3])
    np.testing.assert_array_equal(first[3].lower_bounds, trace.lower_bounds[5:7])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_iter": -1}, "number of iterations"),
        ({"max_iter": 100_001}, "number of iterations"),
        ({"max_iter": 2.5}, "number of iterations"),
        ({"rtol": 1.0}, "tolerance"),
        ({"rtol": -1e-3}, "tolerance"),
        ({"rtol": np.nan}, "tolerance"),
        ({"variance_floor": 1.0}, "variance floor"),
        ({"variance_floor": "small"}, "variance floor"),
    ],
)
def test_settings_out_of_bounds_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        iterate_em([1.0, 2.0], [[1.0], [1.0]], **options)


@pytest.mark.parametrize(
    "start", [np.full((2, 3), 1 / 3), Mixture.univariate(np.full(3, 1 / 3), [0.0, 1.0, 2.0], np.ones(3))]
)
def test_more_components_than_points_are_refused(start):
    with pytest.raises(InputError, match="3 components need as many data points: choose at most 2"):
        run_em([1.0, 2.0], start)


def test_data_whose_variance_would_vanish_is_refused():
    with pytest.raises(InputError, match="differ by less than 1e-150: choose another unit"):
        run_em([0.0, 1e-151], np.ones((2, 1)))
