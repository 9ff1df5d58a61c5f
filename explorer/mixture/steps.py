"""The two steps of EM, and the lower bound that both of them raise.

G(Q, theta) = sum_ik q_ik log p(x_i, z_i = k; theta) - sum_ik q_ik log q_ik is at most the log-likelihood
L(theta). The E step maximises it over Q, where it touches L; the M step maximises it over theta. The formulas in plain
numpy are in `textbook`; here they are computed by the reference form of the engine, in any unit and any structure.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from explorer.checks import Floats, as_floats, check_fraction
from explorer.errors import InputError
from explorer.mixture import engine
from explorer.mixture.checks import as_points, as_responsibilities, one_table
from explorer.mixture.model import Mixture, log_joint


def e_step(data: ArrayLike, mixture: Mixture) -> Floats:
    """The responsibilities q_ik = p(z_i = k | x_i; theta), (n, K): tau_ik of TD2, question 2."""
    joint = log_joint(data, mixture)
    engine.normalize(joint.T)
    return joint


def m_step(
    data: ArrayLike, responsibilities: ArrayLike, *, structure: str = "full", variance_floor: float = 0.0
) -> Mixture:
    """The mixture that maximises G(Q, theta) for responsibilities (n, K): TD2, question 3; doc. 003, section 3.2.2.

    With N_k = sum_i q_ik: pi_k = N_k / n, mu_k = sum_i q_ik x_i / N_k, and
    Sigma_k = sum_i q_ik (x_i - mu_k)(x_i - mu_k)^T / N_k, of which a structure (by its name in STRUCTURES) keeps the
    mean over components, weighted by N_k (tied), the diagonal (diagonal), or the mean of it (spherical).

    A variance is in no direction less than variance_floor times the data's (times 1 where all points are equal); at 0,
    than 1e-24 of it, where only rounding is left. A component with N_k < 1e-12 gets weight 0 and the data's mean and
    covariance.
    """
    points = as_points(data)
    form = engine.form_of(structure, points.shape[1])
    standardized = engine.standardize(points, form)
    q = one_table(responsibilities, len(points))[:, None]
    floor = standardized.floor(form, check_fraction("The variance floor", variance_floor))
    statistics = engine.summarize(form, standardized.z, q)
    theta, *_ = engine.fit(form, statistics, engine.of_the_data(standardized, form), floor)
    weights, means, covariances = engine.in_data_units(standardized, form, theta)
    return Mixture(weights[0], means[0], covariances[0])


def lower_bound(data: ArrayLike, responsibilities: ArrayLike, mixture: Mixture) -> float:
    """G(Q, theta), total over points in nats, with 0 log 0 = 0; -inf where q_ik > 0 = pi_k.

    Lecture 19, corrected: both terms are sums over points, so that G is a lower bound of the log-likelihood.
    """
    joint = log_joint(data, mixture)
    q = as_responsibilities(responsibilities, len(joint))
    if q.shape != joint.shape:
        raise InputError(f"The responsibilities have {q.shape[1]} columns: give {joint.shape[1]}, one a component.")
    expected = np.multiply(q, joint, where=q > 0, out=np.zeros_like(joint))
    return float(expected.sum() + entr(q).sum())


def hard_assignments(responsibilities: ArrayLike) -> NDArray[np.intp]:
    """The component, from 0, that is most responsible for each point, (n,); the first one wins a tie."""
    q = as_floats(responsibilities, "The responsibilities", 1.0 + 1e-8)
    if q.ndim != 2 or not q.size:
        raise InputError("The responsibilities must be a table of one row a data point.")
    return np.argmax(q, axis=1)
