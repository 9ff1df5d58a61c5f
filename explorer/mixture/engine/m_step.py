"""What the engine computes with, for R runs of K components at once: the parameters, what an M step needs of the
responsibilities, and the M step itself. The layout of covariances is told in `covariances`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from explorer.checks import Floats
from explorer.mixture.engine.covariances import Form, Whitening, at_least, squared_lengths, traces, whiten

# A component that is responsible for less than this much of one point, over all points, is empty: with or
# without it the log-likelihood is the same to the last digit.
EMPTY_COUNT = 1e-12


Marks = NDArray[np.bool_]


class Parameters(NamedTuple):
    """theta of standardized data: weights (K, R), means (K, R, d), compact covariances, and their whitening.

    Two marks for the passes (see there), None where they are on no run: twins (R,), runs with components that are equal
    to the last bit, and careful (R,), runs for which only the reference form will do.
    """

    weights: Floats
    means: Floats
    covariances: Floats
    whitening: Whitening
    twins: Marks | None = None
    careful: Marks | None = None

    def of_runs(self, runs: NDArray | slice) -> Parameters:
        """The parameters of some of the runs."""
        return Parameters(
            self.weights[:, runs],
            self.means[:, runs],
            self.covariances[:, runs],
            Whitening(self.whitening.inverses[:, runs], self.whitening.log_determinants[:, runs]),
            None if self.twins is None else self.twins[runs],
            None if self.careful is None else self.careful[runs],
        )


class Statistics(NamedTuple):
    """All an M step needs of Q: N_k = sum_i q_ik, (K, R), and the means (K, R, d) and covariances under q_ik.

    Covariances are around these means and in the form's layout; a shared one is pooled over the components.
    """

    counts: Floats
    means: Floats
    covariances: Floats

    def of_runs(self, runs: NDArray | slice) -> Statistics:
        """The statistics of some of the runs."""
        return Statistics(self.counts[:, runs], self.means[:, runs], self.covariances[:, runs])


def join_parameters(parts: Sequence[Parameters]) -> Parameters:
    """The runs of several parameters, one after the other, without their marks."""
    weights, means, covariances, whitenings, *_ = zip(*parts, strict=True)
    whitening = Whitening(*(np.concatenate(arrays, axis=1) for arrays in zip(*whitenings, strict=True)))
    return Parameters(*(np.concatenate(arrays, axis=1) for arrays in (weights, means, covariances)), whitening)


def join_statistics(parts: Sequence[Statistics]) -> Statistics:
    """The runs of several statistics, one after the other."""
    return Statistics(*(np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True)))


def parameters(form: Form, weights: Floats, means: Floats, covariances: Floats) -> Parameters:
    """The parameters with their whitening; covariances must be positive definite."""
    return Parameters(weights, means, covariances, whiten(form, covariances))


def fit(
    form: Form, statistics: Statistics, previous: Parameters, floor: Floats
) -> tuple[Parameters, Marks | None, Marks | None]:
    """The M step: the parameters that maximise G(Q, theta) with covariances of at least the floor; which components
    (K, R) are empty, and which reached the floor; None where none is or did.

    Doc. 003, section 3.2.2, and TD2, question 3: pi_k = N_k / n, the weighted means, the weighted covariances. An
    empty component gets weight 0 and keeps its previous mean and covariance.
    """
    counts, means, covariances = statistics
    if np.minimum.reduce(counts, axis=None) >= EMPTY_COUNT:
        covariances, whitening, reached = at_least(form, covariances, floor)
        if reached is not None:
            reached = np.broadcast_to(reached, counts.shape)
        return Parameters(counts / np.add.reduce(counts), means, covariances, whitening, previous.twins), None, reached
    empty = counts < EMPTY_COUNT
    counts = np.where(empty, 0.0, counts)
    means = np.where(empty[..., None], previous.means, means)
    if not form.shared:
        hollow = empty.reshape(*empty.shape, *[1] * (covariances.ndim - 2))
        covariances = np.where(hollow, previous.covariances, covariances)
    covariances, whitening, reached = at_least(form, covariances, floor)
    if reached is not None:
        reached = np.broadcast_to(reached, counts.shape)
    return Parameters(counts / np.add.reduce(counts), means, covariances, whitening, previous.twins), empty, reached


def expected_log_joint(form: Form, statistics: Statistics, theta: Parameters) -> Floats:
    """F(Q, theta) = sum_ik q_ik log p(z_i, k; theta) from statistics alone, (R,), without `log_volume`."""
    counts, means, covariances = statistics
    scatter = traces(form, theta.whitening, covariances)
    scatter = scatter + squared_lengths(form, theta.whitening, means - theta.means)
    log_normal = -0.5 * (theta.whitening.log_determinants + scatter)
    return (xlogy(counts, theta.weights) + counts * log_normal).sum(axis=0)
