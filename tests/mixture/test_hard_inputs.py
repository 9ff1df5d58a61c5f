"""Hard inputs, each with the outcome that is defined for it, in one and in more dimensions, alone and among others."""

import warnings

import numpy as np
import pytest

from explorer.errors import InputError
from explorer.mixture import (
    STRUCTURES,
    DegeneracyKind,
    Mixture,
    StopReason,
    initialize,
    log_likelihood,
    m_step,
    run_em,
    run_many,
)
from tests.mixture.clouds import clouds

D = [1, 3]


@pytest.fixture(autouse=True)
def no_warnings():
    """Overflow and division by zero are outcomes to define, not to warn of."""
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        yield


def outcome(data, start, **settings):
    """The trace; many runs at once say the same of it, and nothing in it is ever NaN or without width."""
    trace = run_em(data, start, **settings)
    for array in (trace.weights, trace.means, trace.covariances, trace.log_likelihoods, trace.lower_bounds):
        assert np.isfinite(array).all()
    assert (np.einsum("tkii->tki", trace.covariances) > 0).all()
    np.testing.assert_allclose(trace.weights.sum(axis=1), 1, rtol=1e-12)
    trace.mixture(-1)
    several = run_many(data, [start, start], **settings)
    assert several.stop_reasons == (trace.stop_reason,) * 2
    assert several.n_iterations.tolist() == [trace.n_iterations] * 2
    np.testing.assert_allclose(several.log_likelihoods, trace.log_likelihoods[-1], rtol=1e-12)
    assert [fall.kind for fall in several.degeneracies[1]] == [fall.kind for fall in trace.degeneracies]
    return trace


def kinds(trace):
    return [fall.kind for fall in trace.degeneracies]


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("d", D)
@pytest.mark.parametrize("value", [0.0, -3.7, 1e-150, 1e150])
def test_constant_data_is_degenerate_at_the_start(structure, d, value):
    data = np.full((9, d), value)
    trace = outcome(data, initialize(data, 2, "random-responsibilities", 0), structure=structure)
    assert (trace.stop_reason, trace.n_iterations) == (StopReason.DEGENERATE, 0)
    assert kinds(trace) == [DegeneracyKind.CONSTANT] * 2
    assert trace.degeneracies[0].location == (value,) * d


@pytest.mark.parametrize("d", D)
def test_one_point(d):
    trace = outcome(np.full((1, d), 4.2), [[1.0]])
    assert kinds(trace) == [DegeneracyKind.CONSTANT]


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("d", D)
def test_duplicates_collapse_a_component_that_sits_on_them(structure, d):
    data = np.r_[clouds(60, d), np.full((10, d), 30.0)]
    partition = np.r_[np.ones(60, int), np.full(10, 2)]
    trace = outcome(data, initialize(data, 2, "partition", partition=partition), structure=structure)
    if structure == "tied":  # the other component's points keep the common covariance wide
        assert trace.stop_reason is StopReason.CONVERGED
    else:
        assert kinds(trace) == [DegeneracyKind.FLOOR]
        assert trace.degeneracies[0].points == 10


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("d", D)
@pytest.mark.parametrize("far", [1e3, 1e8, 1e20, 1e100])
def test_a_far_outlier_is_explained_by_a_wide_component_or_collapses_one(structure, d, far):
    """A floor in proportion to the data's spread, which the outlier makes huge, stops what is narrow beside it."""
    data = np.r_[clouds(60, d), np.full((1, d), far)]
    trace = outcome(data, initialize(data, 2, "random-responsibilities", 1), structure=structure, max_iter=100)
    assert trace.stop_reason in (StopReason.CONVERGED, StopReason.MAX_ITER, StopReason.DEGENERATE)
    assert (trace.stop_reason is StopReason.DEGENERATE) == bool(trace.degeneracies)
    if far >= 1e20:
        # What differs by less than the rounding of the outlier's size is one value to every component.
        assert trace.stop_reason is StopReason.DEGENERATE or structure == "tied"


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("d", D)
@pytest.mark.parametrize("scale", [1e-150, 1e-100, 1e-30, 1e30, 1e100, 1e150])
def test_the_unit_does_not_matter(structure, d, scale):
    data = clouds(60, d)
    start = initialize(data, 2, "random-responsibilities", 0)
    plain = run_em(data, start, structure=structure, max_iter=30, rtol=0.0)
    trace = outcome(data * scale, start, structure=structure, max_iter=30, rtol=0.0)
    assert trace.stop_reason is StopReason.MAX_ITER
    np.testing.assert_allclose(trace.means / scale, plain.means, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(trace.covariances / scale / scale, plain.covariances, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(
        trace.log_likelihoods, plain.log_likelihoods - 60 * d * np.log(scale), rtol=1e-12, atol=1e-9
    )
    assert log_likelihood(data * scale, trace.mixture(-1)) == pytest.approx(trace.log_likelihoods[-1], rel=1e-12)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("d", D)
def test_mean_square_over_variance_of_1e10_loses_no_digit(structure, d):
    """The data is exact at both places: 2^17 plus multiples of 2^-20."""
    data = np.round(clouds(80, d) * 2**20) / 2**20
    start = initialize(data, 2, "random-responsibilities", 0)
    near = run_em(data, start, structure=structure, max_iter=30, rtol=0.0)
    far = outcome(data + 2.0**17, start, structure=structure, max_iter=30, rtol=0.0)
    assert (far.means[-1].mean() ** 2 / far.covariances[-1].max()) > 1e8
    np.testing.assert_allclose(far.covariances, near.covariances, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(far.log_likelihoods, near.log_likelihoods, rtol=1e-12)


@pytest.mark.parametrize("d", D)
def test_narrow_bumps_far_apart(d):
    """mu^2 / sigma^2 of 1e10 also within the data: each bump keeps its own variance to ten digits."""
    bump = clouds(50, d, 1)
    bump = (bump - bump.mean(axis=0)) / bump.std(axis=0)
    data = np.r_[bump - 1e5, bump + 1e5]
    partition = np.repeat([1, 2], 50)
    trace = outcome(data, initialize(data, 2, "partition", partition=partition), variance_floor=0.0)
    expected = m_step(bump, np.ones((50, 1))).covariances[0]
    np.testing.assert_allclose(trace.covariances[-1], [expected, expected], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("d", D)
def test_as_many_components_as_points(d):
    data = clouds(5, d)
    trace = outcome(data, initialize(data, 5, "partition", partition=np.arange(5) + 1))
    assert kinds(trace) == [DegeneracyKind.SINGLETON] * 5
    assert trace.stop_reason is StopReason.DEGENERATE


@pytest.mark.parametrize("d", D)
def test_more_components_than_points_are_refused(d):
    with pytest.raises(InputError, match="need as many data points"):
        run_em(clouds(3, d), np.full((3, 4), 0.25))


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("d", D)
def test_more_components_than_distinct_values(structure, d):
    data = np.repeat(clouds(3, d), 4, axis=0)
    trace = outcome(data, initialize(data, 5, "random-points", 0), structure=structure)
    assert trace.stop_reason is StopReason.DEGENERATE
    assert kinds(trace).count(DegeneracyKind.EMPTIED) == 2


@pytest.mark.parametrize("structure", ["full", "tied"])
def test_collinear_columns_are_degenerate_at_the_start(structure):
    data = clouds(50, 2) @ np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    trace = outcome(data, initialize(data, 2, "random-responsibilities", 0), structure=structure)
    assert (kinds(trace), trace.n_iterations) == ([DegeneracyKind.FLOOR] * 2, 0)


def test_fewer_points_than_dimensions():
    data = clouds(4, 20)
    assert outcome(data, np.ones((4, 1))).stop_reason is StopReason.DEGENERATE
    assert outcome(data, np.ones((4, 1)), structure="diagonal").stop_reason is StopReason.CONVERGED


def test_values_that_differ_by_less_than_a_variance_can_show_are_refused():
    with pytest.raises(InputError, match="choose another unit"):
        run_em([0.0, 1e-151], np.ones((2, 1)))
    with pytest.raises(InputError, match="choose another unit"):
        run_em([0.0, 1e152], np.ones((2, 1)))


def test_a_given_start_may_be_absurdly_wide_or_light():
    data = clouds(40, 1)[:, 0]
    wide = Mixture.univariate([0.5, 0.5], [0.0, 1.0], [1e200, 1.0])
    light = Mixture.univariate([1 - 1e-300, 1e-300], [0.0, 1.0], [1.0, 1.0])
    far = Mixture.univariate([0.5, 0.5], [1e140, -1e140], [1.0, 1.0])
    for start in (wide, light, far):
        outcome(data, start, max_iter=5)


@pytest.mark.parametrize("structure", ["full", "tied"])
@pytest.mark.parametrize("d", [2, 5, 20])
def test_repeated_points_on_a_plane_with_the_floor_switched_off(structure, d):
    """Eigenvalues that only rounding gives are raised to a share of the largest that can be factorized."""
    half = np.random.default_rng(d).normal(size=(d, d))
    data = np.r_[half, half]
    trace = outcome(data, np.ones((2 * d, 1)), structure=structure, variance_floor=0.0)
    assert (kinds(trace), trace.n_iterations) == ([DegeneracyKind.FLOOR], 0)


def test_a_mixture_may_have_coordinates_in_very_different_units():
    data = clouds(60, 3) * [1e-60, 1.0, 1e60]
    trace = outcome(data, initialize(data / data.std(axis=0), 2, "k-means++", 0), max_iter=5, rtol=0.0)
    assert trace.stop_reason is StopReason.MAX_ITER


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize(("d", "width"), [(1, 1e-5), (1, 1e-7), (3, 1e-5), (3, 1e-7), (18, 1e-6)])
def test_an_m_step_to_bumps_far_narrower_than_the_start_loses_no_digit(structure, d, width):
    """Second moments less m m^T would be rounding: the fast forms see it and leave the pass to the reference form."""
    bump = clouds(60, d, 1)
    bump = (bump - bump.mean(axis=0)) * width
    data = np.r_[bump, bump + 20.0]
    start = Mixture([0.5, 0.5], [np.zeros(d), np.full(d, 20.0)], np.repeat(np.eye(d)[None], 2, axis=0))
    trace = outcome(data, start, structure=structure, max_iter=2, rtol=0.0, variance_floor=0.0)
    assert trace.stop_reason is StopReason.MAX_ITER
    exact = m_step(data, np.repeat(np.eye(2), 60, axis=0), structure=structure)
    # What the points themselves have lost of their width, 20 units from zero.
    known = 1e-12 + 1e-14 * 20 / width
    np.testing.assert_allclose(trace.covariances[-1], exact.covariances, rtol=known, atol=known * width**2)


@pytest.mark.parametrize(
    ("scale", "start"),
    [
        (1e-10, Mixture.univariate([0.5, 0.5], [1e151, -1e151], [1e-20, 1e-20])),
        (1e-140, Mixture.univariate([1.0], [0.0], [1e302])),
        (1e150, Mixture.univariate([1.0], [0.0], [1e-300])),
    ],
)
def test_a_start_beyond_double_precision_is_refused(scale, start):
    data = clouds(40, 1)[:, 0] * scale
    for run in (run_em, lambda data, start: run_many(data, [start])):
        with np.errstate(all="ignore"), pytest.raises(InputError, match="nearer"):
            run(data, start)


def test_points_too_far_from_a_mixture_have_no_density():
    with np.errstate(all="ignore"), pytest.raises(InputError, match="too far from all components"):
        log_likelihood([1e151], Mixture.univariate([1.0], [0.0], [1e-20]))


def test_every_iterate_of_uncorrelated_data_is_a_mixture():
    """Off-diagonals that are rounding only must not pass for asymmetry."""
    design = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)] * 3, dtype=float)
    for seed in range(20):
        data = design * np.random.default_rng(seed).uniform(0.1, 10, 3)
        start = Mixture([1.0], [[5.0, 7.0, 9.0]], [np.eye(3)])
        for hard in (False, True):
            trace = run_em(data, start, max_iter=3, rtol=0.0, hard=hard)
            for t in range(trace.n_iterations + 1):
                trace.mixture(t)


def test_the_log_likelihood_of_a_start_far_from_zero_is_that_of_the_start():
    data = 1e8 + clouds(200, 1)[:, 0]
    start = Mixture.univariate([1.0], [1e8 + 2.0], [1.0])
    assert run_em(data, start, max_iter=0).log_likelihoods[0] == pytest.approx(log_likelihood(data, start), rel=1e-12)
