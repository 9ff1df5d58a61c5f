"""The arithmetic of EM in one dimension, on arrays of one row a component, (K, n).

With the points along memory every sum over points is one contiguous pass, and no step loops in Python. The
E step is `expect`; the M step is `summarize` (what Q says about the data) and `fit` (the parameters that
this makes the most likely). Nothing here checks its input: `model`, `steps` and `em` do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

Floats = NDArray[np.float64]

# exp() of less is a denormal number, a hundred times slower than others, and adds nothing to a sum near 1.
LOWEST_EXPONENT = -700.0
# A component that is responsible for less than this much of one point, over all points, is empty: with or
# without it the log-likelihood is the same to the last digit.
EMPTY_COUNT = 1e-12
# Where the variance floor is off: a fraction of the data's variance (deviations of 1e-12) that only
# rounding gives.
ROUNDING_FLOOR = 1e-24


class CentredData(NamedTuple):
    """Points (n,) with their mean taken out once, so that no sum of squares cancels when |mu| >> sigma."""

    line: Floats
    offset: float
    variance: float

    def variance_floor(self, fraction: float) -> float:
        """The smallest variance a component may have, in the data's unit squared.

        A fraction of the data's variance, so it does not depend on the unit; of 1 where all points are equal.
        """
        return max(fraction, ROUNDING_FLOOR) * (self.variance or 1.0)

    def as_one_component(self) -> Parameters:
        """The data's own mean and variance: what a component has before any point is assigned to it."""
        return Parameters(np.ones(1), np.zeros(1), np.array([self.variance]))


class Parameters(NamedTuple):
    """theta: weights, means (of centred data) and variances, (K,) each."""

    weights: Floats
    means: Floats
    variances: Floats


class Statistics(NamedTuple):
    """All an M step needs of Q: N_k = sum_i q_ik, and the mean and variance of the points under q_ik."""

    counts: Floats
    means: Floats
    variances: Floats


def centre(line: Floats) -> CentredData:
    """Centre the points; equal points become exactly 0, because the first is taken out before the mean."""
    from_first = line - line[0]
    shift = from_first.mean()
    centred = from_first - shift
    return CentredData(centred, float(line[0] + shift), float(np.square(centred).mean()))


def squared_deviations(line: Floats, means: Floats, out: Floats | None = None) -> Floats:
    """(x_i - mu_k)^2, (K, n)."""
    deviations = np.subtract(line, means[:, None], out=out)
    return np.square(deviations, out=deviations)


def log_joint(squared: Floats, weights: Floats, variances: Floats, out: Floats | None = None) -> Floats:
    """log pi_k - 1/2 log(2 pi v_k) - (x_i - mu_k)^2 / (2 v_k), (K, n), from the squared deviations (K, n)."""
    with np.errstate(divide="ignore"):  # log 0 = -inf: an empty component explains nothing
        constants = np.log(weights) - 0.5 * np.log(2 * np.pi * variances)
    joint = np.multiply(squared, (-0.5 / variances)[:, None], out=out)
    joint += constants[:, None]
    return joint


def normalize(joint: Floats) -> Floats:
    """Turn the log joint densities (K, n) into responsibilities, IN PLACE; return the log densities (n,).

    The log-sum-exp of TD2, question 2: with the largest term taken out, each sum holds an exp(0). Terms below
    exp(LOWEST_EXPONENT) of the largest become exactly 0: raised to it before exp, lowered by it after.
    """
    largest = joint.max(axis=0)
    joint -= largest
    if joint.min() < LOWEST_EXPONENT:
        np.maximum(joint, LOWEST_EXPONENT, out=joint)
        np.exp(joint, out=joint)
        joint -= np.exp(LOWEST_EXPONENT)
    else:
        np.exp(joint, out=joint)
    total = joint.sum(axis=0)
    joint *= 1 / total
    return largest + np.log(total)


def expect(squared: Floats, theta: Parameters, q: Floats) -> float:
    """The E step: write the responsibilities under theta into q (K, n), return its log-likelihood."""
    log_joint(squared, theta.weights, theta.variances, out=q)
    return float(normalize(q).sum())


def summarize(line: Floats, q: Floats, out: Floats | None = None) -> tuple[Statistics, Floats]:
    """The statistics of responsibilities q (K, n), and the squared deviations (K, n) from the weighted means.

    The variance is sum q (x - mu)^2 / sum q: Lecture 19, corrected (there the weight is squared too). The
    squared deviations are those the next E step needs. An empty component has count, mean and variance 0.
    """
    counts = q.sum(axis=1)
    empty = counts < EMPTY_COUNT
    counts[empty] = 0.0
    divisors = np.where(empty, np.inf, counts)
    means = weighted_sums(q, line) / divisors
    squared = squared_deviations(line, means, out)
    return Statistics(counts, means, weighted_sums(q, squared) / divisors), squared


def weighted_sums(q: Floats, values: Floats) -> Floats:
    """sum_i q_ik values_i, (K,), for values (n,), or (K, n) with one row a component.

    One dot product a row, all in the same order, so that equal rows give equal bits: one product of the whole
    matrix sums some rows differently, and from that rounding identical components would drift apart.
    """
    return np.matmul(q[:, None, :], values[..., None])[:, 0, 0]


def fit(statistics: Statistics, previous: Parameters, floor: float) -> Parameters:
    """The parameters that maximise G(Q, theta) with variances of at least the floor (TD2, paper question 4).

    An empty component gets weight 0 and keeps its previous mean and variance.
    """
    counts, means, variances = statistics
    empty = counts == 0
    return Parameters(
        counts / counts.sum(),
        np.where(empty, previous.means, means),
        np.maximum(np.where(empty, previous.variances, variances), floor),
    )


def expected_log_joint(statistics: Statistics, theta: Parameters) -> float:
    """F(Q, theta) = sum_ik q_ik log p(x_i, z_i = k; theta), total over points, from statistics alone."""
    counts, means, variances = statistics
    scatter = variances + np.square(means - theta.means)
    log_normal = -0.5 * (np.log(2 * np.pi * theta.variances) + scatter / theta.variances)
    return float((xlogy(counts, theta.weights) + counts * log_normal).sum())
