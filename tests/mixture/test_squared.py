"""Lecture 19's M step, which squares the responsibilities: as the lecture computes it, and how wrong that is."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings

from explorer.errors import InputError
from explorer.mixture import (
    DegeneracyKind,
    Mixture,
    StopReason,
    e_step,
    em,
    initialize,
    log_likelihood,
    m_step,
    many,
    run_em,
    run_squared_responsibility_em,
    squared_responsibility_m_step,
    steps,
)
from tests.mixture.strategies import data_and_responsibilities


@pytest.fixture(autouse=True)
def no_numpy_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def two_bumps(distance, seed=0):
    """The lecture's data, 2000 + 2000 points of deviation 1, and its start: quartiles as means."""
    rng = np.random.default_rng(seed)
    data = np.hstack([rng.normal(-distance / 2, 1, 2000), rng.normal(distance / 2, 1, 2000)])
    return data, Mixture.univariate([0.5, 0.5], np.percentile(data, [25, 75]), [1.0, 1.0])


def gmm_m(Q, X):
    """As printed in Lecture 19."""
    mixture_weight_sums = Q.sum(axis=0)
    pi = mixture_weight_sums / mixture_weight_sums.sum()
    mu = Q.T.dot(X) / mixture_weight_sums
    diffs = np.subtract.outer(X, mu)
    diffs *= Q
    sigma = np.sum(diffs**2, axis=0)
    sigma /= mixture_weight_sums
    return pi, mu, np.sqrt(sigma)


def test_the_m_step_is_the_one_that_the_lecture_prints():
    data, start = two_bumps(4.0)
    q = e_step(data, start)
    pi, mu, sigma = gmm_m(q, data)
    mixture = squared_responsibility_m_step(data, q)
    np.testing.assert_allclose(mixture.weights, pi, rtol=1e-12)
    np.testing.assert_allclose(mixture.means[:, 0], mu, rtol=1e-12)
    np.testing.assert_allclose(np.sqrt(mixture.covariances[:, 0, 0]), sigma, rtol=1e-12)


def test_a_run_repeats_the_lectures_steps():
    data, start = two_bumps(4.0)
    trace = run_squared_responsibility_em(data, start, max_iter=10, rtol=0.0)
    for t in range(10):
        pi, mu, sigma = gmm_m(e_step(data, trace.mixture(t)), data)
        np.testing.assert_allclose(trace.weights[t + 1], pi, rtol=1e-12)
        np.testing.assert_allclose(trace.means[t + 1, :, 0], mu, rtol=1e-12)
        np.testing.assert_allclose(trace.covariances[t + 1, :, 0, 0], sigma**2, rtol=1e-11)
        assert trace.log_likelihoods[t] == pytest.approx(log_likelihood(data, trace.mixture(t)), rel=1e-12)


def test_responsibilities_as_a_start_go_through_the_mistaken_step_too():
    data, mixture = two_bumps(2.0)
    q = e_step(data, mixture)
    trace = run_squared_responsibility_em(data, q, max_iter=0)
    assert (trace.covariances[0] == squared_responsibility_m_step(data, q).covariances).all()
    assert trace.lower_bounds is None


def test_hard_responsibilities_hide_the_mistake():
    data, start = two_bumps(4.0)
    q = np.round(e_step(data, start))
    one, other = squared_responsibility_m_step(data, q), m_step(data, q)
    np.testing.assert_allclose(one.covariances, other.covariances, rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(data_and_responsibilities())
def test_no_variance_is_ever_above_the_right_one(case):
    data, q = case
    mistaken, right = squared_responsibility_m_step(data, q), m_step(data, q)
    assert (mistaken.covariances <= right.covariances * (1 + 1e-9)).all()
    np.testing.assert_allclose(mistaken.means, right.means, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_sigma_is_about_seven_percent_too_small_on_the_lectures_data(seed):
    data, start = two_bumps(4.0, seed)
    right = run_em(data, start, rtol=1e-10, max_iter=1000)
    mistaken = run_squared_responsibility_em(data, start, rtol=1e-10, max_iter=1000)
    ratio = np.sqrt(mistaken.covariances[-1] / right.covariances[-1])
    np.testing.assert_allclose(ratio, 0.93, atol=0.01)
    assert mistaken.log_likelihoods[-1] < right.log_likelihoods[-1] - 10


def test_a_component_collapses_where_the_bumps_overlap_and_em_does_not():
    data, start = two_bumps(1.0)
    trace = run_squared_responsibility_em(data, start, max_iter=1000, rtol=0.0)
    assert trace.stop_reason is StopReason.DEGENERATE
    assert [fall.kind for fall in trace.degeneracies] == [DegeneracyKind.FLOOR]
    assert run_em(data, start, max_iter=1000, rtol=0.0).stop_reason is StopReason.MAX_ITER


def test_a_fall_of_the_log_likelihood_is_recorded_and_the_run_goes_on_to_be_called_diverged():
    data, start = two_bumps(4.0)
    trace = run_squared_responsibility_em(data, start)
    changes = np.diff(trace.log_likelihoods)
    fell = int(np.argmax(changes < -1.0))
    assert changes[fell] < -1.0
    assert trace.n_iterations > fell + 2
    assert abs(changes[-1]) < 1e-6 * abs(trace.log_likelihoods[-1])
    assert trace.stop_reason is StopReason.DIVERGED
    short = run_squared_responsibility_em(data, start, max_iter=trace.n_iterations - 1)
    assert short.stop_reason is StopReason.DIVERGED


def test_a_run_that_never_fell_is_converged_or_out_of_iterations():
    # One component shares nothing, so there is no mistake.
    data, _ = two_bumps(4.0)
    start = Mixture.univariate([1.0], [0.3], [2.0])
    assert run_squared_responsibility_em(data, start).stop_reason is StopReason.CONVERGED
    assert run_squared_responsibility_em(data, start, max_iter=1).stop_reason is StopReason.MAX_ITER


@settings(max_examples=40, deadline=None)
@given(data_and_responsibilities())
def test_nothing_is_ever_nan(case):
    data, start = case
    trace = run_squared_responsibility_em(data, start, max_iter=60)
    for array in (trace.weights, trace.means, trace.covariances, trace.log_likelihoods):
        assert np.isfinite(array).all()
    for t in (0, -1):
        trace.mixture(t)


@pytest.mark.parametrize("scale", [1e-140, 1e150])
def test_data_of_any_scale_gives_the_same_run(scale):
    data, start = two_bumps(4.0)
    q = e_step(data, start)
    plain = run_squared_responsibility_em(data / 10, q, max_iter=10, rtol=0.0)
    trace = run_squared_responsibility_em(data / 10 * scale, q, max_iter=10, rtol=0.0)
    np.testing.assert_allclose(trace.means / scale, plain.means, rtol=1e-10)


def test_em_never_comes_here():
    for module in (em, many, steps):
        origins = {getattr(value, "__module__", "") for value in vars(module).values()}
        assert "explorer.mixture.squared" not in origins


def test_what_does_not_fit_is_refused():
    data, start = two_bumps(4.0)
    plane = data.reshape(-1, 2)
    with pytest.raises(InputError, match="one dimension"):
        run_squared_responsibility_em(plane, initialize(plane, 2, "k-means"))
    with pytest.raises(InputError, match="one dimension"):
        squared_responsibility_m_step(plane, np.ones((2000, 1)))
    with pytest.raises(InputError, match="rows"):
        squared_responsibility_m_step(data, np.ones((3, 1)))
    with pytest.raises(InputError, match="one table"):
        squared_responsibility_m_step(data, np.ones((2, 4000, 1)))
    with pytest.raises(InputError, match="tolerance"):
        run_squared_responsibility_em(data, start, rtol=-1.0)
    with pytest.raises(InputError, match="too far"):
        run_squared_responsibility_em(data * 1e-100, Mixture.univariate([1.0], [1e100], [1e-200]))
