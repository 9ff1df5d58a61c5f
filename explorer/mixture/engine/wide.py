"""The fast form of a pass for full covariances in many dimensions, where features would be too many.

One product whitens all points for all components, W_k z - W_k mu_k with W_k = L_k^-1; and the covariances are those
around zero, less m m^T. Both cancel where a mean is far from zero for the width of its component: `bounds` tell
when it is not, and elsewhere the reference form takes each deviation by itself.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from explorer.checks import Floats
from explorer.mixture.engine.m_step import Parameters, Statistics
from explorer.mixture.engine.reference import blocks, normalize

# Steps in which the rows of triangles are taken, so that few of their zeros are multiplied with.
STAIRS = 4


def expect(z: Floats, theta: Parameters) -> tuple[float, Statistics]:
    """One pass of one run (R = 1) over the points (d, n): the log-likelihood at theta, without the factor of
    `log_volume`, and the statistics of the responsibilities. No component may be empty.
    """
    n_components, d = theta.weights.shape[0], len(z)
    stairs = _stairs(theta)
    constants = np.log(theta.weights) - 0.5 * theta.whitening.log_determinants
    log_likelihood = 0.0
    counts, first, second = np.zeros(n_components), np.zeros((n_components, d)), np.zeros((n_components, d, d))
    room = np.empty((0, 0))  # made once for all blocks of a size: fresh memory is slow
    for block in blocks(z.shape[1], n_components * d):
        n = block.stop - block.start
        if room.shape[1] != n:
            room, points = np.empty((n_components * d, n)), np.ones((1 + d, n))
        points[1:] = z[:, block]
        q = np.zeros((n_components, n))
        for stair in stairs:
            white = np.dot(stair, points[: stair.shape[1]], out=room[: len(stair)]).reshape(n_components, -1, n)
            q += np.einsum("kdn,kdn->kn", white, white)
        q *= -0.5
        q += constants
        log_likelihood += float(normalize(q).sum())
        counts += q.sum(axis=1)
        first += q @ points[1:].T
        scaled = np.multiply(points[1:], np.sqrt(q)[:, None, :], out=room.reshape(n_components, d, n))
        second += scaled @ scaled.swapaxes(1, 2)
    means = first / counts[:, None]
    covariances = second / counts[:, None, None] - means[:, :, None] * means[:, None, :]
    return log_likelihood, Statistics(counts[:, None], means[:, None], covariances[:, None])


def _stairs(theta: Parameters) -> list[Floats]:
    """[-W_k mu_k, W_k], which whitens a point with a 1 before it, some rows at a time, those of all components in one
    matrix, and without the columns that are zero in all of them: W_k is a lower triangle.
    """
    roots = theta.whitening.inverses[:, 0]
    whole = np.concatenate([-(roots @ theta.means[:, 0, :, None]), roots], axis=2)
    ends = np.linspace(0, len(roots[0]), STAIRS + 1).astype(int)
    rows = pairwise(ends)
    return [whole[:, first:last, : 1 + last].reshape(-1, 1 + last) for first, last in rows]
