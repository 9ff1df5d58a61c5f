"""The fast form of a pass against the reference form, inside its bounds, and what happens outside them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import norm

from explorer.mixture import STRUCTURES, Mixture, initialize, run_em
from explorer.mixture.engine import reference
from explorer.mixture.engine.fast import distinct_points
from explorer.mixture.engine.passes import Passes
from explorer.mixture.loop import from_responsibilities, pose
from tests.mixture.clouds import clouds
from tests.mixture.strategies import SEEDS


def both_forms(data, structure, q):
    """One pass at the M step of responsibilities (R, n, K): by the fast form, and by the reference form."""
    problem = pose(data, structure, 1e-6)
    theta = from_responsibilities(problem, np.ascontiguousarray(q.transpose(2, 0, 1))).theta
    passes = Passes(*problem[:3], q.shape[2])
    fast = passes.features.expect(theta)
    slow = passes.expect(theta._replace(careful=np.ones(len(q), dtype=bool)))
    return problem, fast, slow


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(list(STRUCTURES)), st.integers(1, 6), st.integers(2, 4), st.integers(1, 3), SEEDS)
def test_the_fast_form_gives_the_figures_of_the_reference_form(structure, d, n_components, n_runs, seed):
    data = clouds(80, d, n_components, seed % 1000)
    q = np.random.default_rng(seed).dirichlet(np.full(n_components, 0.3), size=(n_runs, 80))
    problem, (log_likelihoods, statistics, usable), (expected, _, reference) = both_forms(data, structure, q)
    if usable is not None:
        assert not usable.all()
        return
    np.testing.assert_allclose(log_likelihoods + problem.data.log_volume, expected, rtol=1e-11, atol=1e-9)
    for mine, theirs in zip(statistics, reference, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_many_points_are_worked_through_in_blocks(structure):
    data = clouds(50_000, 3)
    q = initialize(data, 3, "k-means++", 0)[None]
    problem, (log_likelihoods, statistics, usable), (expected, _, reference) = both_forms(data, structure, q)
    assert usable is None
    np.testing.assert_allclose(log_likelihoods + problem.data.log_volume, expected, rtol=1e-12)
    for mine, theirs in zip(statistics, reference, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("n", [60, 3000])
def test_in_many_dimensions_whitened_products_give_the_figures_of_the_reference_form(n):
    data = clouds(n, 25, 2)
    q = np.random.default_rng(0).dirichlet(np.ones(2), size=(2, n))
    problem = pose(data, "full", 1e-6)
    theta = from_responsibilities(problem, np.ascontiguousarray(q.transpose(2, 0, 1))).theta
    passes = Passes(*problem[:3], 2)
    assert not passes.by_features
    assert passes.bounds.are_near(theta).all()
    fast = passes._by_products(theta)
    slow = passes.expect(theta._replace(careful=np.ones(2, dtype=bool)))
    np.testing.assert_allclose(fast[0], slow[0], rtol=1e-11)
    for mine, theirs in zip(fast[2], slow[2], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-8, atol=1e-10)


def test_features_too_many_to_keep_are_made_in_every_pass(monkeypatch):
    data, q = clouds(5000, 3), initialize(clouds(5000, 3), 3, "k-means++", 0)
    kept = run_em(data, q, max_iter=5)
    monkeypatch.setattr("explorer.mixture.engine.fast.KEPT_NUMBERS", 0)
    made_anew = run_em(data, q, max_iter=5)
    np.testing.assert_allclose(made_anew.log_likelihoods, kept.log_likelihoods, rtol=1e-13)
    np.testing.assert_allclose(made_anew.covariances, kept.covariances, rtol=1e-10)


@pytest.mark.parametrize(("n", "step", "merged"), [(300, 0.1, True), (50_000, 0.01, True), (50_000, 0.0, False)])
def test_values_that_occur_again_are_worked_with_once(n, step, merged):
    """Rounded numbers: sums over values, times how often each occurs, are those over points."""
    data = np.random.default_rng(0).normal(size=(n, 1)) + np.repeat([[0.0], [3.0]], n // 2, axis=0)
    data = np.round(data / step) * step if step else data
    q = initialize(data, 2, "quantiles", 0)[None]
    problem, (log_likelihoods, statistics, usable), (expected, _, reference) = both_forms(data, "full", q)
    assert usable is None
    np.testing.assert_allclose(log_likelihoods + problem.data.log_volume, expected, rtol=1e-12)
    for mine, theirs in zip(statistics, reference, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-11)
    values, times = distinct_points(problem.data.z)
    assert (times is not None) == merged
    if merged:
        assert values.shape[1] < 0.6 * n
        np.testing.assert_array_equal(np.repeat(values[0], times.astype(int)), np.sort(problem.data.z[0]))


@pytest.mark.parametrize(("width", "digits"), [(1e-4, 1e-10), (1e-2, 1e-12), (0.1, 1e-13)])
def test_a_narrow_component_far_from_the_centre_takes_the_reference_form(width, digits, monkeypatch):
    """mu^2 / sigma^2 of 1e10: c . phi(z) would have six digits left; of 1e6, ten; at the bound, 1e4, twelve."""
    passes = []

    def counted(*arguments):
        passes.append(arguments)
        return expect(*arguments)

    expect = reference.expect
    monkeypatch.setattr(reference, "expect", counted)
    rng = np.random.default_rng(0)
    data = np.r_[rng.normal(0, 1, 200), rng.normal(10, width, 50)]
    start = Mixture.univariate([0.8, 0.2], [0.0, 10.0], [1.0, width**2])
    trace = run_em(data, start, max_iter=20, rtol=0.0, variance_floor=0.0)
    assert len(passes) == 21
    np.testing.assert_allclose(trace.means[-1, 1], data[200:].mean(), rtol=1e-13)
    np.testing.assert_allclose(trace.covariances[-1, 1, 0, 0], data[200:].var(), rtol=digits)
    passes.clear()
    run_em(data[:200], Mixture.univariate([0.5, 0.5], [-1.0, 1.0], [1.0, 1.0]), max_iter=20, rtol=0.0)
    assert not passes


def test_no_denormal_number_is_ever_made(monkeypatch):
    """exp() in [-745, -708], and products of small weights, would be: they cost fifty times as much."""
    smallest = []
    normal = np.finfo(float).tiny

    def watched(product):
        def call(*arguments, **options):
            result = product(*arguments, **options)
            for array in (*arguments, result):
                sizes = np.abs(array[array != 0])
                if sizes.size:
                    smallest.append(sizes.min())
            return result

        return call

    # Long rows are multiplied by the one, short ones by the other.
    monkeypatch.setattr("explorer.mixture.engine.fast.np.dot", watched(np.dot))
    monkeypatch.setattr("explorer.mixture.engine.fast.np.matmul", watched(np.matmul))
    data = np.r_[np.random.default_rng(0).normal(size=500), np.linspace(20, 60, 200)]
    for width in (0.02, 0.1, 0.5):
        start = Mixture.univariate([0.4, 0.3, 0.3], [0.0, 30.0, 50.0], [width, 1.0, 400.0])
        run_em(data, start, max_iter=5, variance_floor=0.0)
    assert smallest
    assert min(smallest) >= normal


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("tiny", [0, 1])
@pytest.mark.parametrize("weight", [1e-20, 1e-150, 1e-289])
def test_a_start_of_next_to_no_weight_overflows_nothing(weight, tiny):
    """No M step makes one; a mixture that is given may have it, and is then beyond the bounds of the fast form."""
    data = np.random.default_rng(0).normal(size=300)
    weights = [1.0, 1.0]
    weights[tiny] = weight
    start = Mixture.univariate(weights, [0.0, 0.1], [0.09, 1.0])
    trace = run_em(data, start, max_iter=1)
    joint = np.log(weights) + norm.logpdf(data[:, None], [0.0, 0.1], [0.3, 1.0])
    assert trace.log_likelihoods[0] == pytest.approx(logsumexp(joint, axis=1).sum(), rel=1e-12)
    assert np.isfinite(trace.log_likelihoods).all()


def test_ordinary_starts_take_the_fast_form(monkeypatch):
    """Mixtures near the data, a light component or a narrow one among them: the reference form is ten times slower."""

    def refused(*arguments):
        raise AssertionError("the reference form was used")

    monkeypatch.setattr(reference, "expect", refused)
    data = clouds(500, 1)[:, 0]
    for weight, width in ((0.3, 0.1), (1e-4, 1.0), (0.5, 0.05)):
        start = Mixture.univariate(
            [weight, 1 - weight], [data.mean(), data.mean()], data.var() * np.array([width**2, 1])
        )
        assert run_em(data, start, max_iter=20, rtol=0.0).n_iterations == 20


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize(("width", "digits"), [(1e-9, 1e-6), (1e-5, 1e-10), (1e-3, 1e-11)])
def test_means_that_leap_are_followed_by_a_second_pass(width, digits, hard):
    """Covariances around means thousands of deviations away would have lost their digits: they are summed anew."""
    cluster = 5.0 + width * np.random.default_rng(0).normal(size=40)
    data = np.r_[cluster, -5.0 * np.ones(2)]
    start = Mixture.univariate([0.5, 0.5], [4.0, -5.0], [1e-4, 1e-4])
    trace = run_em(data, start, max_iter=1, rtol=0.0, variance_floor=0.0, hard=hard)
    assert trace.covariances[1, 0, 0, 0] == pytest.approx(cluster.var(), rel=digits, abs=0)


def test_means_that_move_little_need_one_pass(monkeypatch):
    passes = []

    def counted(*arguments):
        passes.append(arguments)
        return accumulate(*arguments)

    accumulate = reference._accumulate
    monkeypatch.setattr(reference, "_accumulate", counted)
    data = clouds(300, 2)
    trace = run_em(data, initialize(data, 3, "k-means++", 0), hard=True)
    assert len(passes) == trace.n_iterations + 1


def test_blocks_cover_every_point_once():
    for n, numbers in ((1, 1), (64, 10**9), (100_000, 3), (65_536, 1)):
        slices = list(reference.blocks(n, numbers))
        assert [s.start for s in slices] == [0, *(s.stop for s in slices[:-1])]
        assert slices[-1].stop == n
