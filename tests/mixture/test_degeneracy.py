"""Every way in which a component can degenerate: defined, reported with its reason, and never NaN."""

import numpy as np
import pytest

from explorer.mixture import (
    STRATEGIES,
    Degeneracy,
    DegeneracyKind,
    Mixture,
    StopReason,
    e_step,
    initialize,
    log_likelihood,
    m_step,
    run_em,
)

TEN = np.array([-3.3, -4.4, -1.9, 3.3, 2.5, 3.2, 0.3, 0.1, -0.1, -0.5])


def assert_ends_degenerate(trace):
    """The degenerate iterate is the last, and defined."""
    assert trace.stop_reason is StopReason.DEGENERATE
    assert {degeneracy.iteration for degeneracy in trace.degeneracies} == {trace.n_iterations}
    for array in (trace.weights, trace.means, trace.covariances, trace.log_likelihoods, trace.lower_bounds):
        assert np.isfinite(array).all()
    assert (trace.covariances > 0).all()
    np.testing.assert_allclose(trace.weights.sum(axis=1), 1, rtol=1e-12)
    trace.mixture(-1)


@pytest.mark.parametrize("variance_floor", [1e-6, 1e-3, 0.0])
def test_a_component_that_collapses_on_a_repeated_value(variance_floor):
    data = np.concatenate([TEN, [8.0, 8.0, 8.0]])
    start = Mixture.univariate([0.8, 0.2], [0.0, 8.0], [9.0, 0.1])
    trace = run_em(data, start, variance_floor=variance_floor)
    assert_ends_degenerate(trace)
    assert trace.n_iterations > 0
    expected = Degeneracy(
        component=1,
        kind=DegeneracyKind.FLOOR,
        iteration=trace.n_iterations,
        location=(pytest.approx(8.0),),
        points=3,
    )
    assert trace.degeneracies == (expected,)
    assert trace.covariances[-1, 1, 0, 0] == pytest.approx(max(variance_floor, 1e-24) * data.var())


def test_a_start_with_one_point_only():
    partition = [1, 1, 1, 2, 1, 1, 1, 1, 1, 1]
    trace = run_em(TEN, initialize(TEN, 2, "partition", partition=partition))
    assert_ends_degenerate(trace)
    (degeneracy,) = trace.degeneracies
    assert (degeneracy.component, degeneracy.kind, degeneracy.iteration) == (1, DegeneracyKind.SINGLETON, 0)
    assert (degeneracy.location, degeneracy.points) == ((pytest.approx(3.3),), 1)


def test_a_start_with_two_equal_points_is_a_matter_of_the_floor():
    data = np.append(TEN, 3.3)
    partition = [1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2]
    (degeneracy,) = run_em(data, initialize(data, 2, "partition", partition=partition)).degeneracies
    assert (degeneracy.kind, degeneracy.points) == (DegeneracyKind.FLOOR, 2)


def test_a_start_without_points_keeps_the_data_s_mean_and_variance():
    partition = [1, 1, 1, 3, 3, 3, 3, 3, 1, 1]
    trace = run_em(TEN, initialize(TEN, 3, "partition", partition=partition))
    assert_ends_degenerate(trace)
    expected = Degeneracy(1, DegeneracyKind.EMPTIED, 0, (pytest.approx(TEN.mean()),), 0)
    assert trace.degeneracies == (expected,)
    assert trace.weights[0, 1] == 0
    assert trace.covariances[0, 1, 0, 0] == pytest.approx(TEN.var())


def test_a_component_that_loses_its_points_keeps_its_previous_mean_and_variance():
    start = Mixture.univariate([0.5, 0.5], [0.0, 1000.0], [5.0, 5.0])
    trace = run_em(TEN, start)
    assert_ends_degenerate(trace)
    assert trace.degeneracies == (Degeneracy(1, DegeneracyKind.EMPTIED, 1, (pytest.approx(1000.0),), 0),)
    np.testing.assert_array_equal(trace.weights[1], [1.0, 0.0])
    assert trace.covariances[1, 1, 0, 0] == 5.0
    assert trace.log_likelihoods[1] == pytest.approx(log_likelihood(TEN, m_step(TEN, np.ones((10, 1)))))


@pytest.mark.parametrize("variance_floor", [1e-6, 0.0])
@pytest.mark.parametrize("value", [0.0, 0.1, -1e9, 1e60])
def test_points_that_are_all_equal(value, variance_floor):
    data = np.full(7, value)
    trace = run_em(data, initialize(data, 2, "random-responsibilities", 0), variance_floor=variance_floor)
    assert_ends_degenerate(trace)
    assert [(d.component, d.kind, d.location, d.points) for d in trace.degeneracies] == [
        (k, DegeneracyKind.CONSTANT, (value,), 7) for k in range(2)
    ]
    # There is no variance to take a fraction of: it is a fraction of 1.
    assert trace.covariances[-1, 0, 0, 0] == max(variance_floor, 1e-24)


def test_one_point():
    trace = run_em([4.2], [[1.0]])
    assert_ends_degenerate(trace)
    assert trace.degeneracies == (Degeneracy(0, DegeneracyKind.CONSTANT, 0, (4.2,), 1),)


@pytest.mark.parametrize("strategy", ["random-points", "k-means++", "k-means", "quantiles"])
def test_more_components_than_distinct_values(strategy):
    data = np.repeat([1.0, 2.0, 5.0], 4)
    trace = run_em(data, initialize(data, 5, strategy, 0))
    assert_ends_degenerate(trace)
    kinds = [degeneracy.kind for degeneracy in trace.degeneracies]
    assert kinds.count(DegeneracyKind.EMPTIED) == 2
    assert kinds.count(DegeneracyKind.FLOOR) == 3


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("n_components", [1, 2, 3, 4])
def test_every_start_of_very_few_points_is_defined(strategy, n_components):
    data = [1.0, 1.0, 2.0, 7.0]
    given = {"partition": [1, 1, 1, 1], "means": np.arange(n_components)}
    trace = run_em(data, initialize(data, n_components, strategy, 0, **given))
    assert np.isfinite(trace.lower_bounds).all()
    assert (trace.stop_reason is StopReason.DEGENERATE) == bool(trace.degeneracies)


@pytest.mark.parametrize("scale", [1e-50, 1e50])
def test_extreme_units_are_no_reason_to_degenerate(scale):
    plain = run_em(TEN, initialize(TEN, 2, "quantiles"), max_iter=30)
    trace = run_em(TEN * scale, initialize(TEN * scale, 2, "quantiles"), max_iter=30, rtol=0)
    np.testing.assert_allclose(trace.means[: len(plain.means)] / scale, plain.means, rtol=1e-9)
    assert trace.degeneracies == ()


def test_a_start_at_the_floor_is_degenerate_at_once():
    trace = run_em(TEN, Mixture.univariate([0.5, 0.5], [0.0, 3.2], [1.0, 1e-9]))
    assert_ends_degenerate(trace)
    assert trace.degeneracies == (Degeneracy(1, DegeneracyKind.FLOOR, 0, (pytest.approx(3.2),), 1),)


@pytest.mark.parametrize(("place", "emptied"), [(9.0, False), (15.0, True), (30.0, True)])
def test_a_component_is_emptied_where_what_it_holds_no_longer_counts(place, emptied):
    """At 9 it holds a millionth of a point and grows; at 15 less than rounding, though not nothing."""
    data = np.linspace(-3.0, 3.0, 61)
    start = Mixture.univariate([0.5, 0.5], [0.0, place], [3.0, 1.0])
    held = e_step(data, start)[:, 1].sum()
    assert 0 < held < 1e-5
    trace = run_em(data, start, max_iter=1)
    if not emptied:
        assert trace.weights[1, 1] == pytest.approx(held / 61, rel=1e-6)
        return
    assert trace.stop_reason is StopReason.DEGENERATE
    assert [(fall.component, fall.kind) for fall in trace.degeneracies] == [(1, DegeneracyKind.EMPTIED)]
    assert trace.weights[1].tolist() == [1.0, 0.0]
    assert (trace.means[1, 1], trace.covariances[1, 1]) == (place, 1.0)
    alone = Mixture(np.ones(1), trace.means[1, :1], trace.covariances[1, :1])
    assert trace.log_likelihoods[1] == pytest.approx(log_likelihood(data, alone), rel=1e-15)
