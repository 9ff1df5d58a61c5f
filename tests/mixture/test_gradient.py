"""Gradient ascent: its gradient against finite differences, its maxima against EM's, and hard input."""

import warnings
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from explorer.errors import InputError
from explorer.mixture import (
    OPTIMIZERS,
    STRUCTURES,
    DegeneracyKind,
    Mixture,
    StopReason,
    e_step,
    initialize,
    iterate_gradient_ascent,
    log_likelihood,
    m_step,
    run_em,
    run_gradient_ascent,
)
from explorer.mixture.engine.covariances import expand, form_of
from explorer.mixture.engine.m_step import parameters
from explorer.mixture.engine.passes import Passes
from explorer.mixture.loop import pose
from explorer.mixture.others.gradient import at_unit_variance, free_gradient, free_parameters, from_free_parameters
from tests.mixture.strategies import data_and_responsibilities


@pytest.fixture(autouse=True)
def no_numpy_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def separated(d, n=240, seed=0):
    """Three bumps, about six deviations apart."""
    rng = np.random.default_rng(seed)
    centres = 6.0 * np.eye(3, d) if d > 1 else np.array([[-6.0], [0.0], [6.0]])
    return rng.normal(centres[rng.integers(3, size=n)], 1.0)


THREE_BUMPS = separated(2)


def random_theta(form, n_components, rng):
    """Parameters near standardized data, of every shape that the form allows."""
    d = form.n_dimensions
    k = 1 if form.shared else n_components
    if form.matrices:
        roots = np.tril(rng.normal(scale=0.3, size=(k, 1, d, d))) + np.eye(d)
        covariances = roots @ roots.swapaxes(2, 3)
    else:
        covariances = rng.uniform(0.3, 2.0, size=(k, 1, 1 if form.isotropic else d))
    weights = rng.dirichlet(5 * np.ones(n_components))[:, None]
    return parameters(form, weights, rng.normal(size=(n_components, 1, d)), covariances)


def plain_mean_log_likelihood(form, z, weights, means, covariances):
    """By scipy's densities."""
    full = expand(form, covariances, len(weights))
    terms = [
        np.log(w) + multivariate_normal(m, c).logpdf(z.T)
        for w, m, c in zip(weights[:, 0], means[:, 0], full[:, 0], strict=True)
    ]
    return logsumexp(terms, axis=0).mean()


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_gradient_is_that_of_central_differences(structure, d):
    rng = np.random.default_rng(d)
    problem = at_unit_variance(pose(rng.normal(3.0, 10.0, size=(50, d)), structure, 0.0))
    form, data = problem.form, problem.data
    theta = random_theta(form, 3, rng)
    _, _, statistics = Passes(*problem[:3], 3).expect(theta)
    vector = free_parameters(form, theta)

    def value(at):
        return plain_mean_log_likelihood(form, data.z, *from_free_parameters(form, at, 3))

    steps = 1e-5 * np.eye(len(vector))
    differences = [(value(vector + step) - value(vector - step)) / 2e-5 for step in steps]
    np.testing.assert_allclose(free_gradient(form, statistics, theta), differences, atol=1e-8)


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_free_parameters_lead_back_to_the_parameters(structure, d):
    form = form_of(structure, d)
    theta = random_theta(form, 4, np.random.default_rng(0))
    back = from_free_parameters(form, free_parameters(form, theta), 4)
    for number, expected in zip(back, theta[:3], strict=True):
        np.testing.assert_allclose(number, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_reaches_the_maximum_of_em(optimizer, structure, d):
    data = separated(d)
    start = initialize(data, 3, "k-means", 1)
    em = run_em(data, start, structure=structure, rtol=1e-12)
    trace = run_gradient_ascent(data, start, structure=structure, optimizer=optimizer, max_iter=2000)
    assert trace.stop_reason is StopReason.CONVERGED
    assert trace.log_likelihoods[-1] == pytest.approx(em.log_likelihoods[-1], rel=1e-6)
    np.testing.assert_allclose(trace.means[-1], em.means[-1], atol=0.01)


def test_the_record_is_the_one_of_em_without_lower_bounds():
    data = separated(2)
    start = initialize(data, 3, "k-means", 1)
    trace = run_gradient_ascent(data, start, max_iter=20, tolerance=0.0)
    assert (trace.n_iterations, trace.stop_reason) == (20, StopReason.MAX_ITER)
    assert trace.lower_bounds is None
    assert (np.diff(trace.seconds) > 0).all()
    for t in range(21):
        assert trace.log_likelihoods[t] == pytest.approx(log_likelihood(data, trace.mixture(t)), rel=1e-12)
    first = run_em(data, start, max_iter=0)
    np.testing.assert_allclose(trace.means[0], first.means[0], rtol=1e-12)
    np.testing.assert_allclose(trace.covariances[0], first.covariances[0], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("from_mixture", [False, True])
@pytest.mark.parametrize(("options", "reason"), [({"tolerance": 1e-3}, "converged"), ({"max_iter": 30}, "max_iter")])
def test_iterates_can_be_taken_in_slices(options, reason, from_mixture):
    start = initialize(THREE_BUMPS, 2, "k-means++", 0)
    start = m_step(THREE_BUMPS, start) if from_mixture else start
    trace = run_gradient_ascent(THREE_BUMPS, start, optimizer="momentum", **options)
    assert trace.stop_reason == reason
    iterates = iterate_gradient_ascent(THREE_BUMPS, start, optimizer="momentum", **options)
    first = list(islice(iterates, 4))
    every = [*first, *iterates]
    assert [iterate.iteration for iterate in every] == list(range(trace.n_iterations + 1))
    assert [iterate.stop_reason for iterate in every] == [None] * trace.n_iterations + [trace.stop_reason]
    for name in ("weights", "means", "covariances"):
        np.testing.assert_array_equal([getattr(iterate, name) for iterate in every], getattr(trace, name))
        assert not getattr(first[0], name).flags.writeable
    np.testing.assert_array_equal([iterate.log_likelihood for iterate in every], trace.log_likelihoods)


@pytest.mark.parametrize("rate", [1e3, 1e200])
def test_a_slice_tells_of_divergence_with_the_last_finite_iterate(rate):
    start = initialize(THREE_BUMPS, 2, "k-means++", 0)
    trace = run_gradient_ascent(THREE_BUMPS, start, optimizer="gradient", learning_rate=rate)
    iterates = list(iterate_gradient_ascent(THREE_BUMPS, start, optimizer="gradient", learning_rate=rate))
    assert len(iterates) == trace.n_iterations + 1
    assert iterates[-1].stop_reason is trace.stop_reason
    assert iterates[-1].degeneracies == trace.degeneracies


def test_a_slice_leaves_numpy_s_warnings_as_they_were():
    iterates = iterate_gradient_ascent(THREE_BUMPS, initialize(THREE_BUMPS, 2, "k-means++", 0))
    before = np.geterr()
    next(iterates)
    assert np.geterr() == before


def test_slices_are_refused_when_called_and_need_no_memory_for_a_trace():
    with pytest.raises(InputError, match="optimizer"):
        iterate_gradient_ascent(THREE_BUMPS, initialize(THREE_BUMPS, 2, "k-means++", 0), optimizer="newton")
    with pytest.raises(InputError, match="start"):
        iterate_gradient_ascent(THREE_BUMPS, None)
    wide = np.random.default_rng(0).normal(size=(120, 40))
    start = initialize(wide, 2, "k-means++", 0)
    with pytest.raises(InputError, match="memory"):
        run_gradient_ascent(wide, start, max_iter=100_000)
    assert next(iterate_gradient_ascent(wide, start, max_iter=100_000)).iteration == 0


def test_a_mixture_is_itself_the_first_iterate():
    mixture = Mixture.univariate([0.3, 0.3, 0.4], [-5.1, 0.1, 5.7], [1.1, 2.2, 3.3])
    trace = run_gradient_ascent(separated(1), mixture, max_iter=3)
    for name in ("weights", "means", "covariances"):
        assert (getattr(trace, name)[0] == getattr(mixture, name)).all()


def test_the_same_settings_give_the_same_bits():
    data = separated(2)
    start = initialize(data, 3, "random-responsibilities", 1)
    one, other = (run_gradient_ascent(data, start, max_iter=50) for _ in range(2))
    assert (one.log_likelihoods == other.log_likelihoods).all()
    assert (one.covariances == other.covariances).all()


@settings(max_examples=30, deadline=None)
@given(data_and_responsibilities())
def test_plain_gradient_with_a_small_rate_never_falls(case):
    data, start = case
    trace = run_gradient_ascent(data, start, optimizer="gradient", learning_rate=1e-4, max_iter=50)
    for array in (trace.weights, trace.means, trace.covariances, trace.log_likelihoods):
        assert np.isfinite(array).all()
    assert (np.diff(trace.log_likelihoods) >= -1e-10 * (np.abs(trace.log_likelihoods).max() + len(data))).all()


@settings(max_examples=20, deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(-6, 6), st.sampled_from(sorted(STRUCTURES)), st.sampled_from(sorted(OPTIMIZERS)))
def test_another_origin_and_unit_do_not_change_the_run(shift, log_scale, structure, optimizer):
    data, scale = separated(2), 10.0**log_scale
    start = initialize(data, 3, "random-responsibilities", 0)
    chosen = {"structure": structure, "optimizer": optimizer, "max_iter": 40, "tolerance": 0.0}
    plain = run_gradient_ascent(data, start, **chosen)
    moved = run_gradient_ascent(scale * (data + shift), start, **chosen)
    expected = plain.log_likelihoods - data.size * np.log(scale)
    np.testing.assert_allclose(moved.log_likelihoods, expected, rtol=1e-7, atol=1e-5)
    np.testing.assert_allclose(moved.means / scale - shift, plain.means, atol=1e-6)


def test_each_coordinate_may_have_a_unit_of_its_own_but_for_spherical_covariances():
    data, units = separated(2), np.array([60.0, 0.01])
    start = initialize(data, 3, "k-means", 0)
    for structure in ("full", "tied", "diagonal"):
        plain = run_gradient_ascent(data, start, structure=structure, max_iter=40, tolerance=0.0)
        moved = run_gradient_ascent(data * units, start, structure=structure, max_iter=40, tolerance=0.0)
        np.testing.assert_allclose(moved.means / units, plain.means, atol=1e-8)


@pytest.mark.parametrize("scale", [1e-140, 1e-100, 1e100, 1e150])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_data_of_any_scale_gives_the_same_run(scale, optimizer):
    data = separated(1) / 10
    start = initialize(data, 3, "k-means", 0)
    plain = run_gradient_ascent(data, start, optimizer=optimizer, max_iter=30)
    trace = run_gradient_ascent(data * scale, start, optimizer=optimizer, max_iter=30)
    np.testing.assert_allclose(trace.means / scale, plain.means, rtol=1e-8, atol=1e-9)


def test_constant_data_is_degenerate_at_the_start_as_in_em():
    data, start = np.full(8, 3.1), np.full((8, 2), 0.5)
    trace = run_gradient_ascent(data, start)
    assert (trace.n_iterations, trace.stop_reason) == (0, StopReason.DEGENERATE)
    assert trace.degeneracies == run_em(data, start).degeneracies


def test_a_single_point_for_a_component_is_told():
    data = separated(1)
    start = np.zeros((len(data), 2))
    start[:, 0] = 1.0
    start[7] = [0.0, 1.0]
    trace = run_gradient_ascent(data, start)
    assert [fall.kind for fall in trace.degeneracies] == [DegeneracyKind.SINGLETON]
    assert trace.degeneracies == run_em(data, start).degeneracies


@pytest.mark.parametrize("structure", ["full", "diagonal", "spherical"])
def test_a_component_that_closes_in_on_equal_points_ends_at_the_floor(structure):
    rng = np.random.default_rng(0)
    data = np.concatenate([rng.normal(size=(40, 2)), np.full((12, 2), 4.0)])
    near = Mixture([0.5, 0.5], [[0.0, 0.0], [4.0, 4.0]], [np.eye(2), 0.01 * np.eye(2)])
    trace = run_gradient_ascent(data, near, structure=structure, max_iter=5000)
    assert trace.stop_reason is StopReason.DEGENERATE
    (fall,) = trace.degeneracies
    assert (fall.component, fall.kind, fall.points) == (1, DegeneracyKind.FLOOR, 12)
    assert fall.iteration == trace.n_iterations > 0
    assert np.linalg.eigvalsh(trace.covariances[-1, 1]).min() > 0


def test_a_component_without_points_gets_weight_zero_and_ends_the_run():
    data = separated(1)
    far = Mixture.univariate([0.5, 0.5], [0.0, 1e4], [30.0, 1.0])
    trace = run_gradient_ascent(data, far)
    assert (trace.n_iterations, trace.stop_reason) == (1, StopReason.DEGENERATE)
    assert [fall.kind for fall in trace.degeneracies] == [DegeneracyKind.EMPTIED]
    assert trace.weights[-1].tolist() == [1.0, 0.0]


def test_a_component_that_has_lost_its_points_keeps_its_mean_and_covariance():
    data = np.random.default_rng(0).normal(size=240)
    trace = run_gradient_ascent(data, Mixture.univariate([0.5, 0.5], [0.0, 11.0], [1.0, 1.0]))
    assert [fall.kind for fall in trace.degeneracies] == [DegeneracyKind.EMPTIED]
    assert trace.n_iterations > 10
    assert e_step(data, trace.mixture(-2))[:, 1].sum() < 1e-12 < e_step(data, trace.mixture(-3))[:, 1].sum()
    for moving in (trace.means, trace.covariances):
        assert moving[-3, 1] != moving[-2, 1] == moving[-1, 1]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("rate", [1e3, 1e80, 1e300])
def test_a_rate_that_is_much_too_large_ends_in_numbers_all_the_same(optimizer, structure, rate):
    data = separated(2)
    start = initialize(data, 3, "random-responsibilities", 0)
    chosen = {"structure": structure, "optimizer": optimizer, "learning_rate": rate, "max_iter": 50}
    trace = run_gradient_ascent(data, start, **chosen)
    assert trace.stop_reason in (StopReason.DIVERGED, StopReason.DEGENERATE)
    assert np.isfinite(trace.log_likelihoods).all()
    trace.mixture(-1)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from(sorted(STRUCTURES)),
    st.sampled_from(sorted(OPTIMIZERS)),
    st.floats(-4, 8),
    st.sampled_from(["spread", "rounded", "one coordinate constant", "constant", "huge", "tiny"]),
)
def test_nothing_is_ever_nan_or_warned_of(seed, structure, optimizer, log_rate, kind):
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(rng.integers(3, 30), rng.integers(1, 4)))
    if kind == "rounded":
        data = np.round(data)
    elif kind == "one coordinate constant":
        data[:, 0] = 3.1
    elif kind == "constant":
        data[:] = 3.1
    elif kind in ("huge", "tiny"):
        data *= 1e140 if kind == "huge" else 1e-140
    start = initialize(data, 3, "random-responsibilities", seed)
    chosen = {"structure": structure, "optimizer": optimizer, "learning_rate": 10.0**log_rate}
    trace = run_gradient_ascent(data, start, max_iter=40, **chosen)
    for array in (trace.weights, trace.means, trace.covariances, trace.log_likelihoods):
        assert np.isfinite(array).all()
    for t in range(trace.n_iterations + 1):
        trace.mixture(t)
    assert (trace.stop_reason is StopReason.DEGENERATE) == bool(trace.degeneracies)


def test_a_covariance_that_is_stretched_to_a_needle_ends_the_run_as_degenerate():
    data = np.random.default_rng(1).normal(size=(30, 3))
    start = Mixture([1.0], [[0.0, 0.0, 0.0]], [np.diag([0.01, 1.0, 4.0])])
    trace = run_gradient_ascent(data, start, optimizer="gradient", learning_rate=10**0.5, max_iter=30)
    assert trace.stop_reason is StopReason.DEGENERATE
    for t in range(trace.n_iterations + 1):
        trace.mixture(t)


def test_the_last_finite_iterate_of_a_diverged_run_is_kept():
    data = separated(1)
    start = initialize(data, 3, "random-responsibilities", 0)
    trace = run_gradient_ascent(data, start, optimizer="gradient", learning_rate=1e300, max_iter=50)
    assert (trace.n_iterations, trace.stop_reason) == (0, StopReason.DIVERGED)
    assert trace.log_likelihoods[0] == pytest.approx(log_likelihood(data, trace.mixture(0)))


def test_identical_components_stay_identical():
    data = separated(1)
    trace = run_gradient_ascent(data, np.full((len(data), 3), 1 / 3), max_iter=100, tolerance=0.0)
    assert (trace.means[-1] == trace.means[-1, :1]).all()
    assert (trace.covariances[-1] == trace.covariances[-1, :1]).all()


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("optimizer", "newton", "no optimizer “newton”"),
        ("learning_rate", 0.0, "learning rate"),
        ("learning_rate", float("nan"), "learning rate"),
        ("learning_rate", "fast", "learning rate"),
        ("structure", "round", "no covariance structure"),
        ("max_iter", -1, "number of iterations"),
        ("tolerance", 1.0, "tolerance"),
        ("variance_floor", -0.1, "variance floor"),
    ],
)
def test_settings_out_of_bounds_are_refused(setting, value, words):
    data = separated(1)
    with pytest.raises(InputError, match=words):
        run_gradient_ascent(data, initialize(data, 2, "k-means"), **{setting: value})


def test_starts_that_do_not_fit_are_refused():
    data = separated(1)
    with pytest.raises(InputError, match="too far"):
        run_gradient_ascent(data * 1e-100, Mixture.univariate([1.0], [1e100], [1e-200]))
    with pytest.raises(InputError, match="240 rows"):
        run_gradient_ascent(data, np.ones((3, 1)))
    with pytest.raises(InputError, match="one table"):
        run_gradient_ascent(data, np.ones((2, 240, 1)))
    with pytest.raises(InputError, match="memory"):
        run_gradient_ascent(np.zeros((50, 100)), np.full((50, 50), 0.02), max_iter=100_000)
