"""The reference form of EM's arithmetic: deviations from each mean, whitened; log-sum-exp; sums around the means.

The fast forms in `features` and `products` are tested against it, and leave to it what is beyond their bounds. One
run at a time (R = 1), except for `summarize`, and in blocks of points, so that memory does not grow with n. Nothing
here checks its input: `model`, `steps` and `em` do.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.mixture.covariances import Floats, Form, Whitening
from explorer.mixture.parameters import EMPTY_COUNT, Parameters, Statistics

# exp() of less is a denormal number, a hundred times slower than others, and adds nothing to a sum near 1.
LOWEST_EXPONENT = -700.0
# Numbers in a block of deviations (512 KB): they stay in the cache.
BLOCK_NUMBERS = 65_536
# Covariances around the means of the step before lose digits where the means have moved by more deviations than this.
FARTHEST_MOVE = 100.0


def blocks(n_points: int, numbers_a_point: int) -> Iterator[slice]:
    """The points in slices of at most BLOCK_NUMBERS numbers."""
    size = max(64, BLOCK_NUMBERS // numbers_a_point)
    for first in range(0, n_points, size):
        yield slice(first, min(first + size, n_points))


def log_joint(form: Form, theta: Parameters, deviations: Floats, room: Floats | None = None) -> Floats:
    """log pi_k + log N(z_i; mu_k, Sigma_k) + d/2 log(2 pi), (K, n), from deviations z_i - mu_k, (K, d, n); R = 1.

    -inf where pi_k = 0: an empty component explains nothing. room: an array like the deviations, to work in.
    """
    with np.errstate(divide="ignore"):
        constants = np.log(theta.weights) - 0.5 * theta.whitening.log_determinants
    joint = _squared_lengths(form, theta.whitening, deviations, room)
    joint *= -0.5
    joint += constants
    return joint


def _squared_lengths(form: Form, whitening: Whitening, deviations: Floats, room: Floats | None) -> Floats:
    """(z - mu)^T Sigma^-1 (z - mu), (K, n), for deviations (K, d, n)."""
    inverses = whitening.inverses[:, 0]
    if form.matrices:
        white = np.matmul(inverses, deviations, out=room)
        return np.einsum("kdn,kdn->kn", white, white)
    if deviations.shape[1] == 1:
        return np.square(deviations[:, 0]) * inverses
    return np.einsum("kdn,kdn,kd->kn", deviations, deviations, np.broadcast_to(inverses, deviations.shape[:2]))


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


def harden(joint: Floats) -> Floats:
    """Turn the log joint densities (K, n) into hard assignments of 0 and 1, IN PLACE; return the largest ones (n,).

    The first component wins a tie.
    """
    chosen = joint.argmax(axis=0)
    largest = joint[chosen, np.arange(joint.shape[1])]
    joint[...] = chosen == np.arange(len(joint))[:, None]
    return largest


def expect(form: Form, z: Floats, theta: Parameters, hard: bool = False) -> tuple[float, float, Statistics]:
    """One pass over the points (d, n): the log-likelihood at theta, the lower bound G after the E step, and the
    statistics of the responsibilities. Both figures are without the factor of `log_volume`.

    The E step gives each point its posterior probabilities, where G touches the log-likelihood; a hard one gives it
    wholly to the likeliest component, and G is the classification log-likelihood.
    """
    log_likelihood, bound, sums = _accumulate(form, z, theta, None, hard)
    statistics = _around_means(form, theta.means[:, 0], *sums)
    moved = np.square(statistics.means - theta.means)[:, 0]
    variances = _least_variances(form, statistics.covariances)
    if (moved.sum(axis=1) > FARTHEST_MOVE**2 * variances).any():
        *_, sums = _accumulate(form, z, theta, statistics.means[:, 0], hard)
        statistics = _around_means(form, statistics.means[:, 0], *sums)
    return log_likelihood, bound, statistics


def summarize(form: Form, z: Floats, q: Floats) -> Statistics:
    """The statistics of given responsibilities (K, R, n), one pass for the means and one for the covariances.

    The covariance is sum q (z - mu)(z - mu)^T / sum q: Lecture 19, corrected (there the weight is squared too). An
    empty component has count, mean and covariance 0.
    """
    counts = weighted_sums(q, np.ones((1, z.shape[1])))[..., 0]
    counts = np.where(counts < EMPTY_COUNT, 0.0, counts)
    divisors = np.where(counts == 0, np.inf, counts)
    means = weighted_sums(q, z) / divisors[..., None]
    second = 0.0
    for block in blocks(z.shape[1], counts.size * len(z)):
        second = second + _second_moments(form, z[:, block] - means[..., None], q[..., block])
    return Statistics(counts, means, _scaled(form, second, counts, divisors))


def weighted_sums(q: Floats, values: Floats) -> Floats:
    """sum_i q_i values_i for weights (..., n) and values (d, n): (..., d).

    One dot product for each component and coordinate, all in the same order, so that equal components give equal
    bits: one product of whole matrices sums some rows differently, and from that rounding identical components would
    drift apart.
    """
    return np.matmul(values, q[..., None])[..., 0]


def _accumulate(
    form: Form, z: Floats, theta: Parameters, centres: Floats | None, hard: bool
) -> tuple[float, float, tuple]:
    """The log-likelihood, G, and the sums of q, q dev and q dev dev^T with deviations from the centres (K, d), or from
    theta's means.
    """
    means = theta.means[:, 0]
    n_components, d = means.shape
    log_likelihood = bound = 0.0
    counts, first, second = np.zeros(n_components), np.zeros((n_components, d)), 0.0
    room = np.empty((2, 0))  # made once for all blocks of a size: fresh memory is slow
    for block in blocks(z.shape[1], n_components * d):
        shape = (2, n_components, d, block.stop - block.start)
        if room.shape != shape:
            room = np.empty(shape)
        deviations = np.subtract(z[:, block], means[:, :, None], out=room[0])
        q = log_joint(form, theta, deviations, room[1])
        if hard:
            soft = q.copy()
            bound += float(harden(q).sum())
            log_likelihood += float(normalize(soft).sum())
        else:
            log_likelihood += float(normalize(q).sum())
        if centres is not None:
            np.subtract(z[:, block], centres[:, :, None], out=deviations)
        counts += q.sum(axis=1)
        first += np.matmul(deviations, q[..., None])[..., 0]
        second = second + _second_moments(form, deviations, q)
    return log_likelihood, bound if hard else log_likelihood, (counts, first, second)


def _second_moments(form: Form, deviations: Floats, q: Floats) -> Floats:
    """sum_i q_i dev dev^T for deviations (..., d, n), which are overwritten: (..., d, d), or its diagonal (..., d)."""
    if form.matrices:
        deviations *= np.sqrt(q)[..., None, :]
        return deviations @ deviations.swapaxes(-1, -2)
    np.square(deviations, out=deviations)
    return np.matmul(deviations, q[..., None])[..., 0]


def _around_means(form: Form, centres: Floats, counts: Floats, first: Floats, second: Floats) -> Statistics:
    """Statistics from sums around centres that are not quite the means."""
    counts = np.where(counts < EMPTY_COUNT, 0.0, counts)
    divisors = np.where(counts == 0, np.inf, counts)
    shifts = first / divisors[:, None]
    if form.matrices:
        second = second - counts[:, None, None] * (shifts[:, :, None] * shifts[:, None, :])
    else:
        second = np.maximum(second - counts[:, None] * np.square(shifts), 0.0)
    covariances = _scaled(form, second[:, None], counts[:, None], divisors[:, None])
    return Statistics(counts[:, None], (centres + shifts)[:, None], covariances)


def _scaled(form: Form, second: Floats, counts: Floats, divisors: Floats) -> Floats:
    """Covariances in the form's layout from sums of squares (K, R, d, d) or (K, R, d)."""
    if form.isotropic:
        second = second.mean(axis=-1, keepdims=True)
    if form.shared:
        second, divisors = second.sum(axis=0, keepdims=True), counts.sum(axis=0, keepdims=True)
    return second / divisors.reshape(*divisors.shape, *[1] * (second.ndim - 2))


def _least_variances(form: Form, covariances: Floats) -> Floats:
    """The variance of each component, (K or 1,), in the direction in which it is narrowest."""
    if form.matrices:
        return np.linalg.eigvalsh(covariances)[:, 0, 0]
    return covariances.min(axis=2)[:, 0]
