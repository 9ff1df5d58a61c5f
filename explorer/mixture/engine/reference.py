"""The reference form of EM's arithmetic: deviations from each mean, whitened; log-sum-exp; sums around the means.

The fast forms in `fast` and `wide` are tested against it, and leave to it what is beyond their bounds. In
blocks of points, so that memory does not grow with n, and of few points many runs at a time. A run gets the same bits
whatever runs are beside it. Nothing here checks its input: the story does.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.checks import Floats
from explorer.mixture.engine.covariances import Form, Whitening
from explorer.mixture.engine.m_step import EMPTY_COUNT, Parameters, Statistics, join_statistics

# exp() of less is a denormal number, a hundred times slower than others, and adds nothing to a sum near 1.
DENORMAL_EXPONENT = -700.0
# Numbers in a block of deviations (512 KB): they stay in the cache.
BLOCK_NUMBERS = 65_536
# Covariances around the means of the step before lose digits where the means have moved by more deviations than this.
FARTHEST_MOVE = 100.0


def blocks(n_points: int, numbers_a_point: int) -> Iterator[slice]:
    """The points in slices of at most BLOCK_NUMBERS numbers."""
    size = _block_size(numbers_a_point)
    for first in range(0, n_points, size):
        yield slice(first, min(first + size, n_points))


def _block_size(numbers_a_point: int) -> int:
    return max(64, BLOCK_NUMBERS // numbers_a_point)


def log_joint(form: Form, theta: Parameters, deviations: Floats, room: Floats | None = None) -> Floats:
    """log pi_k + log N(z_i; mu_k, Sigma_k) + d/2 log(2 pi), (K, R, n), from deviations z_i - mu_k, (K, R, d, n).

    -inf where pi_k = 0: an empty component explains nothing. room: an array like the deviations, to work in.
    """
    with np.errstate(divide="ignore"):
        constants = np.log(theta.weights) - 0.5 * theta.whitening.log_determinants
    joint = _squared_lengths(form, theta.whitening, deviations, room)
    joint *= -0.5
    joint += constants[..., None]
    return joint


def _squared_lengths(form: Form, whitening: Whitening, deviations: Floats, room: Floats | None) -> Floats:
    """(z - mu)^T Sigma^-1 (z - mu), (K, R, n), for deviations (K, R, d, n)."""
    if form.matrices:
        white = np.matmul(whitening.inverses, deviations, out=room)
        return np.einsum("krdn,krdn->krn", white, white)
    if deviations.shape[2] == 1:
        return np.square(deviations[:, :, 0]) * whitening.inverses
    inverses = np.broadcast_to(whitening.inverses, deviations.shape[:3])
    return np.einsum("krdn,krdn,krd->krn", deviations, deviations, inverses)


def normalize(joint: Floats) -> Floats:
    """Turn log joint densities (K, n) or (K, R, n) into responsibilities, IN PLACE; return the log densities (..., n).

    The log-sum-exp of TD2, question 2: with the largest term taken out, each sum holds an exp(0). Terms below
    exp(DENORMAL_EXPONENT) of the largest become exactly 0: raised to it before exp, lowered by it after.
    """
    largest = joint.max(axis=0)
    joint -= largest
    low = joint.min(axis=(0, -1), keepdims=True) < DENORMAL_EXPONENT
    if low.any():
        np.maximum(joint, DENORMAL_EXPONENT, out=joint)
        np.exp(joint, out=joint)
        joint -= np.where(low, np.exp(DENORMAL_EXPONENT), 0.0)  # in runs without such a term nothing changes
    else:
        np.exp(joint, out=joint)
    total = joint.sum(axis=0)
    joint *= 1 / total
    return largest + np.log(total)


def harden(joint: Floats) -> Floats:
    """Turn log joint densities (K, R, n) into hard assignments of 0 and 1, IN PLACE; return the largest ones (R, n).

    The first component wins a tie.
    """
    chosen, largest = joint.argmax(axis=0), joint.max(axis=0)
    joint[...] = chosen == np.arange(len(joint))[:, None, None]
    return largest


def expect(form: Form, z: Floats, theta: Parameters, hard: bool = False) -> tuple[Floats, Floats, Statistics]:
    """One pass over the points (d, n): the log-likelihoods (R,) at theta, the lower bounds G (R,) after the E step,
    and the statistics of the responsibilities. Both figures are without the factor of `log_volume`.

    The E step gives each point its posterior probabilities, where G touches the log-likelihood; a hard one gives it
    wholly to the likeliest component, and G is the classification log-likelihood.
    """
    n_components, n_runs, d = theta.means.shape
    numbers = n_components * d
    at_once = max(1, BLOCK_NUMBERS // (numbers * min(z.shape[1], _block_size(numbers))))
    parts = [
        _expect(form, z, theta.of_runs(slice(first, first + at_once)), hard) for first in range(0, n_runs, at_once)
    ]
    if len(parts) == 1:
        return parts[0]
    log_likelihoods, bounds, statistics = zip(*parts, strict=True)
    return np.concatenate(log_likelihoods), np.concatenate(bounds), join_statistics(statistics)


def _expect(form: Form, z: Floats, theta: Parameters, hard: bool) -> tuple[Floats, Floats, Statistics]:
    log_likelihoods, bounds, sums = _accumulate(form, z, theta, None, hard)
    statistics = _around_means(form, theta.means, *sums)
    moved = np.square(statistics.means - theta.means).sum(axis=2)
    far = (moved > FARTHEST_MOVE**2 * _least_variances(form, statistics.covariances)).any(axis=0)
    if far.any():
        near, far = np.flatnonzero(~far), np.flatnonzero(far)
        centres = statistics.means[:, far]
        *_, sums = _accumulate(form, z, theta.of_runs(far), centres, hard)
        parts = [statistics.of_runs(near), _around_means(form, centres, *sums)]
        statistics = join_statistics(parts).of_runs(np.argsort(np.concatenate([near, far])))
    return log_likelihoods, bounds, statistics


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
) -> tuple[Floats, Floats, tuple]:
    """The log-likelihoods (R,), G (R,), and the sums of q, q dev and q dev dev^T with deviations from the centres
    (K, R, d), or from theta's means.
    """
    means = theta.means
    n_components, n_runs, d = means.shape
    log_likelihoods, bounds = np.zeros(n_runs), np.zeros(n_runs)
    counts, first, second = np.zeros((n_components, n_runs)), np.zeros(means.shape), 0.0
    room = np.empty((2, 0))  # made once for all blocks of a size: fresh memory is slow
    for block in blocks(z.shape[1], n_components * d):
        shape = (2, *means.shape, block.stop - block.start)
        if room.shape != shape:
            room = np.empty(shape)
        deviations = np.subtract(z[:, block], means[..., None], out=room[0])
        q = log_joint(form, theta, deviations, room[1])
        if hard:
            soft = q.copy()
            bounds += harden(q).sum(axis=1)
            log_likelihoods += normalize(soft).sum(axis=1)
        else:
            log_likelihoods += normalize(q).sum(axis=1)
        if centres is not None:
            np.subtract(z[:, block], centres[..., None], out=deviations)
        counts += q.sum(axis=2)
        first += np.matmul(deviations, q[..., None])[..., 0]
        second = second + _second_moments(form, deviations, q)
    return log_likelihoods, bounds if hard else log_likelihoods, (counts, first, second)


def _second_moments(form: Form, deviations: Floats, q: Floats) -> Floats:
    """sum_i q_i dev dev^T for deviations (..., d, n), which are overwritten: (..., d, d), or its diagonal (..., d)."""
    if form.matrices:
        deviations *= np.sqrt(q)[..., None, :]
        return deviations @ deviations.swapaxes(-1, -2)
    np.square(deviations, out=deviations)
    return np.matmul(deviations, q[..., None])[..., 0]


def _around_means(form: Form, centres: Floats, counts: Floats, first: Floats, second: Floats) -> Statistics:
    """Statistics from sums around centres (K, R, d) that are not quite the means."""
    counts = np.where(counts < EMPTY_COUNT, 0.0, counts)
    divisors = np.where(counts == 0, np.inf, counts)
    shifts = first / divisors[..., None]
    if form.matrices:
        second = second - counts[..., None, None] * (shifts[..., :, None] * shifts[..., None, :])
    else:
        second = np.maximum(second - counts[..., None] * np.square(shifts), 0.0)
    return Statistics(counts, centres + shifts, _scaled(form, second, counts, divisors))


def _scaled(form: Form, second: Floats, counts: Floats, divisors: Floats) -> Floats:
    """Covariances in the form's layout from sums of squares (K, R, d, d) or (K, R, d)."""
    if form.isotropic:
        second = second.mean(axis=-1, keepdims=True)
    if form.shared:
        second, divisors = second.sum(axis=0, keepdims=True), counts.sum(axis=0, keepdims=True)
    return second / divisors.reshape(*divisors.shape, *[1] * (second.ndim - 2))


def _least_variances(form: Form, covariances: Floats) -> Floats:
    """The variance of each component, (K or 1, R), in the direction in which it is narrowest."""
    if form.matrices:
        return np.linalg.eigvalsh(covariances)[..., 0]
    return covariances.min(axis=2)
