"""The fast form of a pass for full covariances in many dimensions, where features would be too many.

One product whitens all points for all components, W_k z - W_k mu_k with W_k = L_k^-1; and the covariances are those
around zero, less m m^T. Both cancel where a mean is far from zero for the width of its component: the bound of
`features` tells when it is not (`LARGEST_RATIO`), and elsewhere the reference form takes each deviation by itself.
"""

from __future__ import annotations

import numpy as np

from explorer.mixture.covariances import Floats
from explorer.mixture.deviations import blocks, normalize
from explorer.mixture.parameters import Parameters, Statistics


def expect(z: Floats, theta: Parameters) -> tuple[float, Statistics]:
    """One pass of one run (R = 1) over the points (d, n): the log-likelihood at theta, without the factor of
    `log_volume`, and the statistics of the responsibilities. No component may be empty.
    """
    n_components, d = theta.weights.shape[0], len(z)
    roots = theta.whitening.inverses[:, 0]
    whitened_means = roots @ theta.means[:, 0, :, None]
    constants = np.log(theta.weights) - 0.5 * theta.whitening.log_determinants
    log_likelihood = 0.0
    counts, first, second = np.zeros(n_components), np.zeros((n_components, d)), np.zeros((n_components, d, d))
    room = np.empty((0,))  # made once for all blocks of a size: fresh memory is slow
    for block in blocks(z.shape[1], n_components * d):
        points = z[:, block]
        if room.shape[-1] != points.shape[1]:
            room = np.empty((n_components, d, points.shape[1]))
        np.dot(roots.reshape(-1, d), points, out=room.reshape(-1, points.shape[1]))
        room -= whitened_means
        q = np.einsum("kdn,kdn->kn", room, room)
        q *= -0.5
        q += constants
        log_likelihood += float(normalize(q).sum())
        counts += q.sum(axis=1)
        first += q @ points.T
        np.multiply(points, np.sqrt(q)[:, None, :], out=room)
        second += room @ room.swapaxes(1, 2)
    means = first / counts[:, None]
    covariances = second / counts[:, None, None] - means[:, :, None] * means[:, None, :]
    return log_likelihood, Statistics(counts[:, None], means[:, None], covariances[:, None])
