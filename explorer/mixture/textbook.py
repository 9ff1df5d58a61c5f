"""EM for a Gaussian mixture as a textbook has it, without guards and without speed: read this first.

The model is p(x) = sum_k pi_k N(x; mu_k, Sigma_k). Points x are (n, d), weights pi (K,), means mu (K, d), covariances
Sigma (K, d, d); theta is the three of them. Nobody saw which component z_i a point came from, so EM alternates: guess
how responsible each component is for each point, then fit each component to its share of the points. The library's own
form of each function is in `model`, `steps` and `em`; the tests hold both against each other.
"""

from itertools import islice

import numpy as np
from scipy.special import logsumexp


def log_joint(x, theta):
    """log p(x_i, z_i = k), (n, K)."""
    columns = []
    for pi, mu, sigma in zip(*theta, strict=True):
        # log N(x; mu, Sigma) = -1/2 (d log(2 pi) + log |Sigma| + (x - mu)^T Sigma^-1 (x - mu))    (doc. 003, section 1)
        deviations = x - mu
        squared = np.einsum("ni,ij,nj->n", deviations, np.linalg.inv(sigma), deviations)
        log_normal = -0.5 * (len(mu) * np.log(2 * np.pi) + np.linalg.slogdet(sigma)[1] + squared)
        # log p(x, z = k) = log pi_k + log N(x; mu_k, Sigma_k)    (lecture 19; there pi_k itself, by mistake)
        columns.append(np.log(pi) + log_normal)
    return np.stack(columns, axis=1)


def log_likelihood(x, theta):
    """How well theta explains the points, in nats."""
    # L(theta) = sum_i log sum_k p(x_i, z_i = k), by log-sum-exp: a density may underflow    (TD2, question 4)
    return logsumexp(log_joint(x, theta), axis=1).sum()


def e_step(x, theta):
    """The responsibilities, (n, K): which component did each point come from?"""
    # q_ik = p(z_i = k | x_i) = p(x_i, z_i = k) / sum_j p(x_i, z_i = j)    (TD2, question 2, where it is tau_ik)
    joint = log_joint(x, theta)
    return np.exp(joint - logsumexp(joint, axis=1, keepdims=True))


def m_step(x, q):
    """The theta that fits the points best, each shared among the components as q says."""
    # N_k = sum_i q_ik,  pi_k = N_k / n,  mu_k = sum_i q_ik x_i / N_k    (TD2, question 3; doc. 003, section 3.2.2)
    counts = q.sum(axis=0)
    weights, means = counts / len(x), (q.T @ x) / counts[:, None]
    # Sigma_k = sum_i q_ik (x_i - mu_k)(x_i - mu_k)^T / N_k    (lecture 19 squares q_ik, too, by mistake)
    covariances = np.stack(
        [(q_k[:, None] * (x - mu)).T @ (x - mu) / n_k for q_k, mu, n_k in zip(q.T, means, counts, strict=True)]
    )
    return weights, means, covariances


def lower_bound(x, q, theta):
    """What both steps raise: it is at most L(theta) for every q, and equal to it for those of the E step."""
    # G(Q, theta) = sum_ik q_ik log p(x_i, z_i = k) - sum_ik q_ik log q_ik, with 0 log 0 = 0    (lecture 19)
    shared = q > 0
    return (q[shared] * (log_joint(x, theta)[shared] - np.log(q[shared]))).sum()


def iterates(x, q):
    """theta and its log-likelihood, one iteration after the other, from responsibilities to start with."""
    while True:
        theta = m_step(x, q)
        yield theta, log_likelihood(x, theta)
        q = e_step(x, theta)


def em(x, q, rtol=1e-6, max_iter=200):
    """The iterates until the log-likelihood hardly changes: L never falls, and every G lies between two of them."""
    path = []
    for theta, value in islice(iterates(x, q), max_iter + 1):
        path.append((theta, value))
        # |L_t - L_(t-1)| < rtol |L_(t-1)|    (TD2, question 5)
        if len(path) > 1 and abs(value - path[-2][1]) < rtol * abs(path[-2][1]):
            break
    return path
