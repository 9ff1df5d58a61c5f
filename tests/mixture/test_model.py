"""The mixture: densities against scipy and mpmath, layouts, and what it refuses."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.integrate import quad
from scipy.stats import norm

from explorer.errors import InputError
from explorer.mixture import Mixture, as_points, density, e_step, log_joint, log_likelihood
from tests.mixture.strategies import mixtures

MIXTURE = Mixture.univariate([0.2, 0.5, 0.3], [-1.0, 0.0, 4.0], [0.25, 1.0, 9.0])


@settings(deadline=None)
@given(mixtures())
def test_log_joint_is_log_weight_plus_log_normal(parameters):
    weights, means, variances = parameters
    x = np.linspace(-20, 20, 15)
    expected = np.log(weights) + norm.logpdf(x[:, None], means, np.sqrt(variances))
    np.testing.assert_allclose(log_joint(x, Mixture.univariate(*parameters)), expected, rtol=1e-12)


def test_log_likelihood_is_the_total_over_points():
    x = np.array([-2.0, 0.1, 3.0])
    assert log_likelihood(x, MIXTURE) == pytest.approx(np.log(density(x, MIXTURE)).sum(), rel=1e-14)


def test_log_likelihood_keeps_its_digits_where_every_density_underflows():
    x = [-500.0, 300.0, 1000.0]
    with mpmath.workdps(50):
        exact = mpmath.fsum(
            mpmath.log(
                mpmath.fsum(
                    mpmath.mpf(float(w)) * mpmath.npdf(x_i, float(m), mpmath.sqrt(float(v)))
                    for w, m, v in zip(MIXTURE.weights, MIXTURE.means[:, 0], MIXTURE.covariances[:, 0, 0], strict=True)
                )
            )
            for x_i in x
        )
    assert norm.pdf(x[2], 4, 3) == 0
    assert log_likelihood(x, MIXTURE) == pytest.approx(float(exact), rel=1e-14)


def test_density_integrates_to_one():
    total, _ = quad(lambda x: density([x], MIXTURE)[0], -40, 60, points=[-1, 0, 4], limit=200)
    assert total == pytest.approx(1, abs=1e-8)


def test_an_empty_component_explains_nothing():
    mixture = Mixture.univariate([1.0, 0.0], [0.0, 5.0], [1.0, 1.0])
    x = np.array([0.0, 5.0, 100.0])
    np.testing.assert_allclose(density(x, mixture), norm.pdf(x), rtol=1e-13)
    np.testing.assert_array_equal(e_step(x, mixture), [[1, 0], [1, 0], [1, 0]])


def test_layouts_are_those_of_d_dimensions():
    mixture = Mixture([0.5, 0.5], np.zeros((2, 3)), [np.eye(3), 2 * np.eye(3)])
    assert (mixture.n_components, mixture.n_dimensions) == (2, 3)
    assert as_points([1, 2, 3]).shape == (3, 1)
    assert as_points(np.zeros((4, 2))).shape == (4, 2)
    assert as_points([1, 2]).dtype == np.float64
    np.testing.assert_array_equal(log_joint([1.0, 2.0], MIXTURE), log_joint([[1.0], [2.0]], MIXTURE))


def test_a_mixture_is_read_only_and_independent_of_what_made_it():
    weights = np.array([0.5, 0.5])
    mixture = Mixture.univariate(weights, [0.0, 1.0], [1.0, 1.0])
    weights[0] = 9
    assert mixture.weights[0] == 0.5
    with pytest.raises(ValueError, match="read-only"):
        mixture.means[0] = 1


@pytest.mark.parametrize(
    ("weights", "means", "covariances", "message"),
    [
        ([0.5, 0.6], [[0], [1]], np.ones((2, 1, 1)), "sum to 1"),
        ([1.5, -0.5], [[0], [1]], np.ones((2, 1, 1)), "at least 0|in size"),
        ([1.0, -0.1, 0.1], [[0], [1], [2]], np.ones((3, 1, 1)), "at least 0"),
        ([1.0], [[0], [1]], np.ones((2, 1, 1)), "as many weights"),
        ([1.0], [0], np.ones((1, 1, 1)), "one row a component"),
        ([1.0], [[0]], [1.0], "must have shape"),
        ([1.0], [[0]], [[[0.0]]], "positive"),
        ([1.0], [[0, 0]], [[[1.0, 2.0], [2.0, 1.0]]], "positive"),
        ([1.0], [[0, 0]], [[[1.0, 0.5], [0.0, 1.0]]], "symmetric"),
        ([1.0], [[np.nan]], [[[1.0]]], "finite"),
        (np.full(51, 1 / 51), np.zeros((51, 1)), np.ones((51, 1, 1)), "from 1 to 50"),
    ],
)
def test_what_is_no_mixture_is_refused(weights, means, covariances, message):
    with pytest.raises(InputError, match=message):
        Mixture(weights, means, covariances)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "at least one"),
        (3.0, "list"),
        (np.zeros((2, 2, 2)), "list"),
        (["a"], "must be numbers"),
        ([[1.0], [1.0, 2.0]], "must be numbers"),
        ([1.0, np.nan], "finite"),
        ([1.0, np.inf], "finite"),
        ([1e152], "another unit"),
        (np.zeros(1_000_001), "at most 1000000"),
        (np.zeros((1, 101)), "at most 100"),
    ],
)
def test_what_is_no_data_is_refused(data, message):
    with pytest.raises(InputError, match=message):
        as_points(data)


def test_data_and_mixture_of_different_dimensions_are_refused():
    with pytest.raises(InputError, match="2 columns, but the mixture has 1 dimensions"):
        log_joint(np.zeros((3, 2)), MIXTURE)
    with pytest.raises(InputError, match="1 columns, but the mixture has 2 dimensions"):
        log_joint([0.0], Mixture([1.0], np.zeros((1, 2)), [np.eye(2)]))
