"""One run in one dimension with plain numbers: the same run as on arrays, within its bounds and beyond."""

import numpy as np
import pytest
from hypothesis import given, settings

from explorer.mixture import Mixture, StopReason, iterate_em, run_em
from explorer.mixture.engine import single
from explorer.mixture.engine.covariances import form_of
from explorer.mixture.engine.m_step import EMPTY_COUNT, parameters
from explorer.mixture.loop import pose
from tests.mixture.strategies import data_and_responsibilities


def both_ways(monkeypatch, *arguments, **options):
    with monkeypatch.context() as patch:
        numbers = run_em(*arguments, **options)
        patch.setattr(single, "MOST_NUMBERS", 0)
        return numbers, run_em(*arguments, **options)


def assert_the_same(numbers, arrays, rtol=1e-9):
    assert (numbers.stop_reason, numbers.n_iterations) == (arrays.stop_reason, arrays.n_iterations)
    assert numbers.degeneracies == arrays.degeneracies
    for name in ("weights", "means", "covariances", "log_likelihoods", "lower_bounds"):
        np.testing.assert_allclose(getattr(numbers, name), getattr(arrays, name), rtol=rtol, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(data_and_responsibilities())
def test_a_run_with_numbers_is_the_run_on_arrays(case):
    data, q = case
    assert_the_same(*both_ways(pytest.MonkeyPatch(), data, q, max_iter=8, rtol=0.0), rtol=1e-8)


@pytest.mark.parametrize("structure", ["full", "diagonal", "spherical"])
def test_whole_runs_are_the_same(monkeypatch, structure):
    rng = np.random.default_rng(1)
    data = np.r_[rng.normal(0, 1, 400), rng.normal(4, 0.5, 300), rng.normal(9, 2, 300)]
    start = Mixture.univariate([0.3, 0.3, 0.4], [1.0, 5.0, 8.0], [1.0, 1.0, 1.0])
    numbers, arrays = both_ways(monkeypatch, data, start, structure=structure, max_iter=500, rtol=1e-10)
    assert numbers.stop_reason is StopReason.CONVERGED
    assert_the_same(numbers, arrays)
    np.testing.assert_allclose(numbers.log_likelihoods, arrays.log_likelihoods, rtol=1e-13)
    last = list(iterate_em(data, start, structure=structure, max_iter=500, rtol=1e-10))[-1]
    np.testing.assert_array_equal(last.means, numbers.means[-1])
    np.testing.assert_array_equal(last.covariances, numbers.covariances[-1])


@pytest.mark.parametrize(
    ("width", "floor"),
    [(1e-2, 0.0), (1e-4, 0.0), (1e-4, 1e-6)],
    ids=["narrow", "far beyond the bounds", "at the floor"],
)
def test_out_of_bounds_a_run_goes_on_on_arrays(monkeypatch, width, floor):
    rng = np.random.default_rng(0)
    data = np.r_[rng.normal(0, 1, 200), rng.normal(10, width, 50)]
    start = Mixture.univariate([0.5, 0.5], [-1.0, 6.0], [4.0, 4.0])
    numbers, arrays = both_ways(monkeypatch, data, start, max_iter=60, rtol=0.0, variance_floor=floor)
    assert_the_same(numbers, arrays)
    narrowest = max(data[200:].var(), floor * data.var())
    assert numbers.covariances[-1, 1, 0, 0] == pytest.approx(narrowest, rel=1e-4)


def test_a_component_that_empties_is_told(monkeypatch):
    start = Mixture.univariate([0.5, 0.5], [0.0, 1e4], [1.0, 1.0])
    data = np.random.default_rng(0).normal(size=100)
    numbers, arrays = both_ways(monkeypatch, data, start)
    assert numbers.stop_reason is StopReason.DEGENERATE
    assert_the_same(numbers, arrays)


def test_numbers_leave_the_fast_form_exactly_where_arrays_do():
    """Wide and narrow components, near and far: each of the bounds decides some of the cases."""
    rng = np.random.default_rng(0)
    told = {"both": 0, "too narrow": 0, "digits lost": 0, "emptied": 0}
    for _ in range(1500):
        n_components = rng.integers(1, 6)
        centres = rng.normal(0.0, 10 ** rng.uniform(-1, 1), n_components)
        data = np.repeat(centres, 30) + 10 ** rng.uniform(-3, 0) * rng.normal(size=30 * n_components)
        problem = pose(data, "full", 0.0)
        weights = 10 ** (rng.uniform(-16, 0, (n_components, 1)) * rng.integers(0, 2))
        weights /= weights.sum()
        places = rng.choice(problem.data.z[0], n_components) + 10 ** rng.uniform(-4, 0) * rng.normal(size=n_components)
        variances = 10 ** rng.uniform(rng.uniform(-6, 0), 0.5, n_components)
        theta = parameters(form_of("full", 1), weights, places[:, None, None], variances[:, None, None])
        numbers = single.WithNumbers(*problem[:3], n_components)
        features = numbers.features
        if not features.bounds.covers(theta):
            continue
        found = numbers._expect_numbers(numbers.begin(theta, None))
        log_likelihoods, statistics, usable = features.expect(theta)
        if usable is not None:
            reason = "too narrow"
        elif statistics.counts.min() < EMPTY_COUNT:
            reason = "emptied"
        else:
            reason = "both" if features.bounds.digits_lost(statistics) is None else "digits lost"
        told[reason] += 1
        assert (found is not None) == (reason == "both")
        if found is not None:
            assert found[0] - problem.data.log_volume == pytest.approx(log_likelihoods.item(), rel=1e-11, abs=1e-9)
            np.testing.assert_allclose(found[2][0], statistics.counts[:, 0], rtol=1e-9)
    assert min(told.values()) >= 10, told
