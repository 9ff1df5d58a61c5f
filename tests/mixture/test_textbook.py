"""Plain EM against what is independent of it: the oracle of the other tests needs one itself."""

from itertools import pairwise

import mpmath
import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from explorer.mixture import textbook
from tests.mixture.clouds import clouds

THETA = (np.array([0.2, 0.5, 0.3]), np.array([[-1.0], [0.5], [4.0]]), np.array([[[0.25]], [[2.0]], [[1.0]]]))
LINE = np.array([[-9.0], [-1.0], [0.0], [0.5], [2.5], [30.0]])


def starting_responsibilities(x, n_components=3):
    return np.random.default_rng(0).dirichlet(np.ones(n_components), size=len(x))


def test_responsibilities_and_log_likelihood_to_fifty_digits():
    mpmath.mp.dps = 50
    total = mpmath.mpf(0)
    for x, q in zip(LINE[:, 0], textbook.e_step(LINE, THETA), strict=True):
        joint = [mpmath.mpf(pi) * mpmath.npdf(x, mu[0], mpmath.sqrt(s[0, 0])) for pi, mu, s in zip(*THETA, strict=True)]
        np.testing.assert_allclose(q, [float(each / sum(joint)) for each in joint], rtol=1e-12)
        total += mpmath.log(sum(joint))
    assert textbook.log_likelihood(LINE, THETA) == pytest.approx(float(total), rel=1e-14)


def test_densities_in_more_dimensions_are_those_of_scipy():
    x = clouds(60, 3)
    theta = textbook.m_step(x, starting_responsibilities(x))
    expected = [np.log(pi) + multivariate_normal(mu, sigma).logpdf(x) for pi, mu, sigma in zip(*theta, strict=True)]
    np.testing.assert_allclose(textbook.log_joint(x, theta), np.transpose(expected), rtol=1e-11)


def test_an_m_step_by_hand():
    weights, means, covariances = textbook.m_step(
        np.array([[0.0], [1.0], [4.0]]), np.array([[1, 0], [0.5, 0.5], [0, 1]])
    )
    np.testing.assert_allclose(weights, [0.5, 0.5])
    np.testing.assert_allclose(means, [[1 / 3], [3.0]])
    np.testing.assert_allclose(covariances, [[[2 / 9]], [[2.0]]])


@pytest.mark.parametrize("d", [1, 2, 5])
def test_it_ends_where_scikit_learn_does(d):
    x = clouds(150, d)
    (theta, value), *_ = path = textbook.em(x, starting_responsibilities(x), rtol=0.0, max_iter=25)
    weights, means, covariances = theta
    peer = GaussianMixture(3, weights_init=weights, means_init=means, precisions_init=np.linalg.inv(covariances))
    peer.set_params(max_iter=25, tol=0.0, reg_covar=0.0)
    with pytest.warns(UserWarning, match="did not converge"):
        peer.fit(x)
    (weights, means, covariances), value = path[-1]
    np.testing.assert_allclose(weights, peer.weights_, rtol=1e-8)
    np.testing.assert_allclose(means, peer.means_, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(covariances, peer.covariances_, rtol=1e-7, atol=1e-8)
    assert value == pytest.approx(peer.score(x) * len(x), rel=1e-10)


@pytest.mark.parametrize("d", [1, 3])
def test_every_bound_lies_between_two_log_likelihoods(d):
    x = clouds(80, d)
    q = starting_responsibilities(x)
    path = textbook.em(x, q, rtol=1e-9, max_iter=60)
    for (theta, value), (following, higher) in pairwise(path):
        q = textbook.e_step(x, theta)
        assert textbook.lower_bound(x, q, theta) == pytest.approx(value, rel=1e-12)
        assert value <= textbook.lower_bound(x, q, following) * (1 - 1e-13) + 1e-9 <= higher + 1e-8
