"""The projected scheme of document 003: its gradient, and why its weights do not get to the maximum."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from explorer.datasets import load_sample
from explorer.errors import InputError
from explorer.mixture import (
    STRUCTURES,
    Mixture,
    StopReason,
    e_step,
    initialize,
    mixture_at,
    run_em,
    run_gradient_ascent,
    run_projected_ascent,
)
from explorer.mixture.engine.covariances import expand
from explorer.mixture.engine.m_step import parameters
from explorer.mixture.engine.passes import Passes
from explorer.mixture.loop import pose
from explorer.mixture.others.gradient import at_unit_variance
from explorer.mixture.others.optimizers import OPTIMIZERS
from explorer.mixture.others.projected import direct_gradient, direct_parameters


@pytest.fixture(scope="module")
def eruptions():
    return load_sample("faithful-eruptions").values


@pytest.fixture(scope="module")
def four_to_one():
    """800 points around -2, and 200 around 2, of deviation 1."""
    rng = np.random.default_rng(1)
    return np.concatenate([rng.normal(-2.0, 1.0, 800), rng.normal(2.0, 1.0, 200)])


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_gradient_is_that_of_central_differences(structure, d):
    rng = np.random.default_rng(d)
    problem = at_unit_variance(pose(rng.normal(size=(50, d)), structure, 0.0))
    form, z = problem.form, problem.data.z
    k = 1 if form.shared else 3
    if form.matrices:
        roots = np.tril(rng.normal(scale=0.3, size=(k, 1, d, d))) + np.eye(d)
        covariances = roots @ roots.swapaxes(2, 3)
    else:
        covariances = rng.uniform(0.3, 2.0, size=(k, 1, 1 if form.isotropic else d))
    theta = parameters(form, rng.dirichlet([5, 5, 5])[:, None], rng.normal(size=(3, 1, d)), covariances)
    _, _, statistics = Passes(*problem[:3], 3).expect(theta)
    gradient = direct_gradient(form, statistics, theta)
    vector = direct_parameters(form, theta)

    def value(at):
        """The mean log-likelihood by scipy's densities; the weights need not sum to 1."""
        weights, means, rest = at[:3], at[3 : 3 + 3 * d].reshape(3, d), at[3 + 3 * d :]
        full = expand(form, rest.reshape(covariances.shape), 3)[:, 0]
        terms = [
            np.log(w) + multivariate_normal(m, c).logpdf(z.T) for w, m, c in zip(weights, means, full, strict=True)
        ]
        return logsumexp(terms, axis=0).mean()

    directions = np.eye(len(vector))
    if form.matrices:
        # A covariance stays symmetric: both entries of a pair move, each by half.
        matrices = directions[:, 3 + 3 * d :].reshape(-1, k, d, d)
        directions[:, 3 + 3 * d :] = ((matrices + matrices.swapaxes(2, 3)) / 2).reshape(len(vector), -1)
    differences = [(value(vector + 1e-5 * e) - value(vector - 1e-5 * e)) / 2e-5 for e in directions]
    np.testing.assert_allclose(directions @ gradient, differences, atol=1e-8)
    np.testing.assert_allclose(gradient, differences, atol=1e-8)


def test_adams_first_step_moves_no_weight_though_their_gradients_differ(four_to_one):
    start = Mixture.univariate([0.5, 0.5], [-2.0, 2.0], [1.0, 1.0])
    gradients = e_step(four_to_one, start).mean(axis=0) / start.weights
    assert gradients[0] > 1.5 > 0.5 > gradients[1]
    trace = run_projected_ascent(four_to_one, start, max_iter=1)
    np.testing.assert_allclose(trace.weights[1], [0.5, 0.5], atol=1e-10)
    assert (np.abs(trace.means[1] - trace.means[0]) > 1e-3).all()


def test_with_adam_the_weights_stay_where_they_started_and_the_rest_settles_for_them(eruptions):
    start = mixture_at(eruptions, [2.0, 4.5])
    em = run_em(eruptions, start, rtol=1e-12)
    trace = run_projected_ascent(eruptions, start)
    assert np.abs(em.weights[-1] - 0.5).min() > 0.15
    assert np.abs(trace.weights - 0.5).max() < 0.003
    assert trace.stop_reason is StopReason.MAX_ITER
    assert em.log_likelihoods[-1] - trace.log_likelihoods[-1] > 10
    # It has come to rest, at the maximum for these weights, not at the maximum.
    assert np.ptp(trace.log_likelihoods[-1000:]) < 1e-4
    gradients = e_step(eruptions, trace.mixture(-1)).mean(axis=0) / trace.weights[-1]
    assert np.abs(gradients - 1).min() > 0.2


def test_components_well_apart_freeze_the_weights_to_six_digits():
    rng = np.random.default_rng(1)
    data = np.concatenate([rng.normal(-4.0, 1.0, 800), rng.normal(4.0, 1.0, 200)])
    trace = run_projected_ascent(data, Mixture.univariate([0.5, 0.5], [-4.0, 4.0], [1.0, 1.0]), max_iter=2000)
    np.testing.assert_allclose(trace.weights, 0.5, atol=1e-6)


def test_softmax_with_adam_reaches_the_maximum_from_the_same_start(eruptions):
    start = mixture_at(eruptions, [2.0, 4.5])
    em = run_em(eruptions, start, rtol=1e-12)
    trace = run_gradient_ascent(eruptions, start, optimizer="adam")
    assert trace.stop_reason is StopReason.CONVERGED
    assert trace.log_likelihoods[-1] == pytest.approx(em.log_likelihoods[-1], rel=1e-8)
    np.testing.assert_allclose(trace.weights[-1], em.weights[-1], atol=1e-4)


def test_components_that_overlap_carry_the_weights_the_wrong_way_and_the_log_likelihood_falls(four_to_one):
    start = Mixture.univariate([0.5, 0.5], [-2.0, 2.0], [1.0, 1.0])
    em = run_em(four_to_one, start, rtol=1e-12)
    trace = run_projected_ascent(four_to_one, start)
    assert em.weights[-1, 0] > 0.75
    assert trace.weights[-1, 0] < 0.3
    assert trace.log_likelihoods.max() - trace.log_likelihoods[-1] > 10
    assert em.log_likelihoods[-1] - trace.log_likelihoods.max() > 50
    # The light component became the wide one.
    assert trace.covariances[-1, 1] > 5 * trace.covariances[-1, 0]
    # The other's gradient says "more" all the way.
    for t in range(0, trace.n_iterations, 250):
        assert (e_step(four_to_one, trace.mixture(t)).mean(axis=0) / trace.weights[t])[0] > 1


@pytest.mark.parametrize("optimizer", ["gradient", "momentum"])
def test_without_adam_the_same_projection_reaches_the_maximum(optimizer, four_to_one):
    start = Mixture.univariate([0.5, 0.5], [-2.0, 2.0], [1.0, 1.0])
    em = run_em(four_to_one, start, rtol=1e-12)
    trace = run_projected_ascent(four_to_one, start, optimizer=optimizer, learning_rate=1e-2)
    assert trace.stop_reason is StopReason.CONVERGED
    assert trace.log_likelihoods[-1] == pytest.approx(em.log_likelihoods[-1], rel=1e-7)
    np.testing.assert_allclose(trace.weights[-1], em.weights[-1], atol=1e-3)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_iterate_is_a_mixture(structure):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(100, 2)) * [1.0, 0.1]
    start = initialize(data, 3, "random-responsibilities", 0)
    for rate in (1e-3, 0.1):
        trace = run_projected_ascent(data, start, structure=structure, learning_rate=rate, max_iter=200)
        for t in range(trace.n_iterations + 1):
            trace.mixture(t)


def test_covariances_stay_symmetric():
    data = np.random.default_rng(0).normal(size=(60, 5))
    start = initialize(data, 2, "random-responsibilities", 0)
    trace = run_projected_ascent(data, start, learning_rate=1e-2, max_iter=1000, tolerance=0.0)
    np.testing.assert_allclose(trace.covariances, trace.covariances.swapaxes(2, 3), rtol=1e-14)


def test_a_weight_that_is_projected_to_zero_ends_the_run():
    rng = np.random.default_rng(0)
    data = rng.normal(size=100)
    start = Mixture.univariate([0.95, 0.05], [0.0, 0.5], [1.0, 4.0])
    trace = run_projected_ascent(data, start, optimizer="gradient", learning_rate=1.0)
    assert trace.stop_reason is StopReason.DEGENERATE
    assert trace.weights[-1].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("rate", [1e3, 1e300])
def test_a_rate_that_is_much_too_large_ends_in_numbers_all_the_same(optimizer, rate):
    data = np.random.default_rng(0).normal(size=(60, 2))
    start = initialize(data, 2, "random-responsibilities", 0)
    trace = run_projected_ascent(data, start, optimizer=optimizer, learning_rate=rate, max_iter=50)
    assert trace.stop_reason in (StopReason.DIVERGED, StopReason.DEGENERATE)
    assert np.isfinite(trace.log_likelihoods).all()
    trace.mixture(-1)


def test_settings_out_of_bounds_are_refused(eruptions):
    start = initialize(eruptions, 2, "k-means")
    with pytest.raises(InputError, match="learning rate"):
        run_projected_ascent(eruptions, start, learning_rate=-1.0)
    with pytest.raises(InputError, match="no optimizer"):
        run_projected_ascent(eruptions, start, optimizer="sgd")
