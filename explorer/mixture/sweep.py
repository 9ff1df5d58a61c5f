"""One pass of EM over the data, by the fast form of the arithmetic where it is right, else by the reference form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.mixture import deviations
from explorer.mixture.covariances import Floats, Form
from explorer.mixture.features import Features
from explorer.mixture.parameters import Parameters, Statistics
from explorer.mixture.standardized import StandardizedData


class Sweep:
    """What a pass over the data needs: the data, the form of the covariances, and room to work in.

    hard: the E step assigns every point wholly to its likeliest component (classification EM).
    """

    def __init__(self, data: StandardizedData, form: Form, n_components: int, hard: bool = False) -> None:
        self.data, self.form, self.hard = data, form, hard
        self.features = Features(data, form, n_components)
        self.by_features = self.features.available and not hard

    def expect(self, theta: Parameters, careful: NDArray[np.bool_] | None = None) -> tuple[Floats, Floats, Statistics]:
        """Log-likelihoods (R,) at theta, the lower bounds (R,) that the E step reaches, and the statistics of Q.

        careful (R,): runs for which only the reference form will do.
        """
        if not self.by_features or (careful is not None and careful.all()):
            return self._by_deviations(theta, np.arange(theta.weights.shape[1]))
        log_likelihoods, statistics, usable = self.features.expect(theta)
        if careful is not None and careful.any():
            usable = ~careful if usable is None else usable & ~careful
        if usable is None:
            log_likelihoods += self.data.log_volume
            return log_likelihoods, log_likelihoods, statistics
        elsewhere = np.flatnonzero(~usable)
        others, _, more = self._by_deviations(theta, elsewhere)
        if statistics is None:
            return others, others, more
        log_likelihoods += self.data.log_volume
        log_likelihoods[elsewhere] = others
        for mine, theirs in zip(statistics, more, strict=True):
            mine[:, elsewhere] = theirs
        return log_likelihoods, log_likelihoods, statistics

    def _by_deviations(self, theta: Parameters, runs: NDArray[np.intp]) -> tuple[Floats, Floats, Statistics]:
        found = [
            deviations.expect(self.form, self.data.z, theta.of_runs(slice(r, r + 1)), self.hard) for r in runs.tolist()
        ]
        log_likelihoods, bounds, statistics = zip(*found, strict=True)
        together = Statistics(*(np.concatenate(parts, axis=1) for parts in zip(*statistics, strict=True)))
        volume = self.data.log_volume
        return np.array(log_likelihoods) + volume, np.array(bounds) + volume, together
