"""The E step, the M step, and the lower bound they raise."""

import numpy as np
import pytest
from hypothesis import given, settings

from explorer.errors import InputError
from explorer.mixture import Mixture, e_step, hard_assignments, log_likelihood, lower_bound, m_step, textbook
from tests.mixture.strategies import data_and_responsibilities, mixtures

POINTS = np.array([-3.0, -1.0, 0.0, 0.5, 2.0, 7.0])


@settings(deadline=None)
@given(mixtures())
def test_e_step_is_bayes_rule(parameters):
    mixture = Mixture.univariate(*parameters)
    q = e_step(POINTS, mixture)
    theta = (mixture.weights, mixture.means, mixture.covariances)
    np.testing.assert_allclose(q, textbook.e_step(POINTS[:, None], theta), rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(q.sum(axis=1), 1, rtol=1e-14)


@settings(deadline=None)
@given(data_and_responsibilities())
def test_m_step_is_the_weighted_mean_and_variance(case):
    data, q = case
    mixture = m_step(data, q)
    weights, means, covariances = textbook.m_step(data[:, None], q)
    scale = max(np.ptp(data), 1e-9)
    np.testing.assert_allclose(mixture.weights, weights, rtol=1e-12)
    np.testing.assert_allclose(mixture.means, means, atol=1e-12 * (scale + np.abs(data).max()))
    np.testing.assert_allclose(mixture.covariances, covariances, atol=1e-11 * scale**2 + 1e-20)


def test_m_step_does_not_square_the_responsibilities():
    """Lecture 19's gmm_m weights the differences before it squares them, which makes sigma too small."""
    q = np.array([[0.5, 0.5], [0.5, 0.5]])
    assert m_step([-1.0, 1.0], q).covariances[:, 0, 0] == pytest.approx([1.0, 1.0])


def test_m_step_keeps_its_digits_far_from_zero():
    """sum(q x^2) / n - mu^2 (document 000) has none left here."""
    near, far = np.array([-1.0, 0.0, 0.5, 2.0]), np.array([-1.0, 0.0, 0.5, 2.0]) + 1e9
    q = np.full((4, 1), 1.0)
    assert m_step(far, q).covariances == pytest.approx(m_step(near, q).covariances, rel=1e-14)


@settings(deadline=None)
@given(data_and_responsibilities())
def test_lower_bound_is_below_the_log_likelihood_and_touches_it_after_the_e_step(case):
    data, q = case
    mixture = m_step(data, q, variance_floor=1e-6)
    log_l = log_likelihood(data, mixture)
    slack = 1e-11 * (abs(log_l) + len(data))
    assert lower_bound(data, q, mixture) <= log_l + slack
    assert lower_bound(data, e_step(data, mixture), mixture) == pytest.approx(log_l, abs=slack)


@settings(deadline=None)
@given(data_and_responsibilities())
def test_m_step_maximises_the_lower_bound(case):
    """No nearby mixture has a larger G for the same Q."""
    data, q = case
    best = m_step(data, q, variance_floor=1e-6)
    g = lower_bound(data, q, best)
    rng = np.random.default_rng(0)
    for _ in range(5):
        weights = best.weights * np.exp(rng.normal(0, 0.05, q.shape[1]))
        widths = np.sqrt(best.covariances[:, 0, 0])
        other = Mixture.univariate(
            weights / weights.sum(),
            best.means[:, 0] + 0.05 * widths * rng.normal(size=q.shape[1]),
            best.covariances[:, 0, 0] * np.exp(np.abs(rng.normal(0, 0.05, q.shape[1]))),
        )
        assert lower_bound(data, q, other) <= g + 1e-11 * (abs(g) + len(data))


def test_lower_bound_takes_0_log_0_as_0():
    mixture = Mixture.univariate([1.0, 0.0], [0.0, 5.0], [1.0, 1.0])
    whole = np.array([[1.0, 0.0]])
    assert lower_bound([0.3], whole, mixture) == pytest.approx(log_likelihood([0.3], mixture))
    assert lower_bound([0.3], [[0.5, 0.5]], mixture) == -np.inf


def test_negligible_responsibilities_are_exactly_zero_and_never_denormal():
    # The second component is less likely by exp(-d^2/2), which crosses the denormal numbers near d = 38.
    distances = np.linspace(0, 60, 200)
    q = e_step(distances, Mixture.univariate([0.5, 0.5], [0.0, 0.0], [1e6, 1.0]))[:, 1]
    assert ((q == 0) | (q >= np.finfo(float).tiny)).all()
    assert q[0] > 0.99
    assert q[-1] == 0


def test_hard_assignments_take_the_first_of_a_tie():
    assert hard_assignments([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]]).tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("responsibilities", "message"),
    [
        ([[1.0]], "3 rows"),
        ([1.0, 1.0, 1.0], "3 rows"),
        ([[0.5, 0.4]] * 3, "sum to 1"),
        ([[1.0, 0.5, -0.5]] * 3, "at least 0"),
        ([[np.nan, 1.0]] * 3, "finite"),
        (np.full((3, 51), 1 / 51), "from 1 to 50"),
    ],
)
def test_what_are_no_responsibilities_is_refused(responsibilities, message):
    with pytest.raises(InputError, match=message):
        m_step([1.0, 2.0, 3.0], responsibilities)


def test_lower_bound_refuses_responsibilities_of_another_number_of_components():
    mixture = Mixture.univariate([1.0], [0.0], [1.0])
    with pytest.raises(InputError, match="2 columns: give 1"):
        lower_bound([1.0, 2.0], [[0.5, 0.5]] * 2, mixture)
