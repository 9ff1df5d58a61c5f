"""When the fast forms of a pass may be used: one table of bounds for all of them.

With a = (|z| + |mu_k|)^2 / sigma_k^2 for the farthest point and the narrowest direction, every log joint density of a
run is between its peak and its peak - a / 2. What can go wrong is cancellation (a log joint density is a difference of
numbers as large as a, and a covariance one of second moments) and, in `fast`, which does not take the largest term out
of a sum of exponentials, overflow.

| looked at | bound                        | what it keeps                         | else                            |
|-----------|------------------------------|---------------------------------------|---------------------------------|
| a start   | `covers`                     | what every M step gives, and all else | the reference form              |
|           |                              | takes for granted                     |                                 |
| theta     | a <= LARGEST_RATIO           | 12 digits of a log joint density      | the reference form              |
| theta     | a <= safe_ratio (`fast`)     | every exponent in range               | the widest component is taken   |
|           |                              |                                       | out, low exponents are raised   |
| exponents | a <= highest_ratio, of the   | none above HIGHEST_EXPONENT           | looked for; if there is one,    |
|           | one taken out (`fast`)       |                                       | the reference form              |
| the sums  | |m|^2 <= LARGEST_RATIO times | 12 digits of a covariance             | the pass again, by the          |
|           | the variance                 |                                       | reference form                  |

And of size: `fast` takes at most MOST_FEATURES features (else `wide`), and `single` at most MOST_NUMBERS components.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.checks import Floats
from explorer.mixture.engine.covariances import Form, precisions
from explorer.mixture.engine.data import StandardizedData
from explorer.mixture.engine.m_step import Parameters, Statistics

# Features of full covariances grow with d^2; beyond this many the reference form is faster (measured: d = 16).
MOST_FEATURES = 160
# With more components numpy is faster than numbers of Python (measured).
MOST_NUMBERS = 16
# The largest (|z| + |mu|)^2 / sigma^2 with which a log joint density keeps 12 digits.
LARGEST_RATIO = 1e4
# Exponents stay within these bounds: then no product of an exponential with a weight is a denormal number, which
# would be fifty times slower. exp(-300) adds nothing to a sum of at least 1.
LOWEST_EXPONENT = -300.0
HIGHEST_EXPONENT = 400.0
# An M step's weight is at least 1e-12 / 1e6; its variances are between (2 radius)^2 and, within LARGEST_RATIO, a 1e4th
# of radius^2. So two components' peaks are apart by less than 42 + d/2 log(4e4).
LEAST_WEIGHT = 1e-18


class Bounds:
    """The bounds for data and a form of its covariances.

    radius: the largest |z|. safe_ratio, highest_ratio: of a, in the table. safe_precision: where no entry of a
    precision is larger, no ratio is above safe_ratio, if the means are within the radius, as an M step's are.
    """

    def __init__(self, data: StandardizedData, form: Form) -> None:
        d = form.n_dimensions
        self.form = form
        peaks_apart = 42.0 + 5.3 * d  # at the most: see LEAST_WEIGHT
        self.safe_ratio = 2 * (-LOWEST_EXPONENT - peaks_apart)
        self.highest_ratio = 2 * (HIGHEST_EXPONENT - peaks_apart)
        self.radius = float(np.sqrt(np.einsum("dn,dn->n", data.z, data.z).max()))
        # The largest entry of a precision, times this, is not below its largest eigenvalue.
        widening = d if form.matrices else 1
        self.safe_precision = self.safe_ratio / (4 * self.radius**2 * widening) if self.radius > 0 else np.inf
        self.mean_square = float(data.variances.sum())

    @np.errstate(over="ignore")  # beyond double precision is beyond the bounds
    def covers(self, theta: Parameters) -> NDArray[np.bool_]:
        """For which runs (R,) theta is within the bounds that every M step keeps."""
        widest = self.form.n_dimensions * np.log(4 * self.radius**2) if self.radius > 0 else -np.inf
        narrow = (theta.whitening.log_determinants <= widest).all(axis=0)
        near = np.square(theta.means).sum(axis=2) <= self.radius**2
        return narrow & near.all(axis=0) & (theta.weights >= LEAST_WEIGHT).all(axis=0)

    def are_near(self, theta: Parameters) -> NDArray[np.bool_]:
        """For which runs (R,) no log joint density loses digits as a difference of numbers that are too large."""
        return (self.ratios(theta, precisions(self.form, theta.whitening)) <= LARGEST_RATIO).all(axis=0)

    def ratios(self, theta: Parameters, precision: Floats) -> Floats:
        """A bound of a, (|z| + |mu_k|)^2 / sigma_k^2 over all points and directions, (K, R)."""
        if self.form.n_dimensions == 1:
            reach = np.abs(theta.means)
            reach += self.radius
            reach *= reach
            return (reach * precision)[..., 0]
        reach = np.square(np.sqrt(np.square(theta.means).sum(axis=2)) + self.radius)
        if not self.form.matrices:
            return reach * precision.max(axis=2)
        # The root of the sum of squares is not below the largest eigenvalue, which is asked for only where it matters.
        ratios = reach * np.sqrt(np.einsum("krij,krij->kr", precision, precision))
        far = (ratios > LARGEST_RATIO).any(axis=0)
        if far.any():
            ratios[:, far] = reach[:, far] * np.linalg.eigvalsh(precision[:, far])[..., -1]
        return ratios

    def digits_lost(self, statistics: Statistics) -> NDArray[np.bool_] | None:
        """For which runs (R,) a covariance has lost digits; None for none.

        They are second moments less m m^T, or, where they are shared, less that of all components: differences of
        numbers as large as |m|^2, or as the mean of |z|^2.
        """
        covariances = statistics.covariances
        if not self.form.matrices:
            smallest = np.minimum.reduce(covariances, axis=2)
            if np.minimum.reduce(smallest, axis=None) * LARGEST_RATIO >= self.radius**2:
                return None
        if self.form.shared:
            sizes = np.full(covariances.shape[:2], self.mean_square)
        else:
            sizes = np.square(statistics.means).sum(axis=2)
        if self.form.matrices:
            if _all_above(covariances, sizes.max() / LARGEST_RATIO):
                return None
            smallest = np.linalg.eigvalsh(covariances)[..., 0]
        lost = (sizes > LARGEST_RATIO * smallest).any(axis=0)
        return lost if lost.any() else None


def _all_above(covariances: Floats, least: float) -> bool:
    """Whether the variance in any direction is above the least: a Cholesky factor is quicker than the eigenvalues."""
    try:
        np.linalg.cholesky(covariances - least * np.eye(covariances.shape[-1]))
    except np.linalg.LinAlgError:
        return False
    return True
