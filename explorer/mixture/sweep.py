"""One pass of EM over the data, by a fast form of the arithmetic where one is right, else by the reference form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.mixture import deviations, products
from explorer.mixture.covariances import Floats, Form
from explorer.mixture.features import Features
from explorer.mixture.parameters import Parameters, Statistics, join_statistics
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
        n_runs = theta.weights.shape[1]
        if careful is not None and careful.any():
            if not careful.all():
                return self._apart(theta, careful)
            return self._by_deviations(theta)
        if not self.by_features:
            if self.hard:
                return self._by_deviations(theta)
            near = self.features.are_near(theta)
            if near.all():
                found = self._by_products(theta)
                lost = self.features.digits_lost(found[2])
                if lost is None:
                    return found
                near = ~lost
            return self._by_deviations(theta) if n_runs == 1 else self._apart(theta, ~near)
        log_likelihoods, statistics, usable = self.features.expect(theta)
        if usable is None:
            lost = self.features.digits_lost(statistics)
            usable = None if lost is None else ~lost
        if usable is None:
            log_likelihoods += self.data.log_volume
            return log_likelihoods, log_likelihoods, statistics
        return self._by_deviations(theta) if n_runs == 1 else self._apart(theta, ~usable)

    def _apart(self, theta: Parameters, careful: NDArray[np.bool_]) -> tuple[Floats, Floats, Statistics]:
        """`expect` for the careful runs and for the others, put together again."""
        parts = (np.flatnonzero(~careful), np.flatnonzero(careful))
        quick = self.expect(theta.of_runs(parts[0])) if len(parts[0]) else None
        slow = self._by_deviations(theta.of_runs(parts[1]))
        if quick is None:
            return slow
        order = np.argsort(np.concatenate(parts))
        log_likelihoods, bounds = (np.concatenate(pair)[order] for pair in zip(quick[:2], slow[:2], strict=True))
        return log_likelihoods, bounds, join_statistics([quick[2], slow[2]]).of_runs(order)

    def _by_deviations(self, theta: Parameters) -> tuple[Floats, Floats, Statistics]:
        log_likelihoods, bounds, statistics = deviations.expect(self.form, self.data.z, theta, self.hard)
        return log_likelihoods + self.data.log_volume, bounds + self.data.log_volume, statistics

    def _by_products(self, theta: Parameters) -> tuple[Floats, Floats, Statistics]:
        n_runs = theta.weights.shape[1]
        found = [products.expect(self.data.z, theta.of_runs(slice(r, r + 1))) for r in range(n_runs)]
        log_likelihoods, statistics = zip(*found, strict=True)
        together = np.array(log_likelihoods) + self.data.log_volume
        return together, together, join_statistics(statistics)
