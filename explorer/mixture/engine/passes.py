"""The two moves of EM for R runs at once: a pass over the data, which decides for itself by which form, and the M step.

The bounds of the fast forms (`bounds`) take parameters for granted that an M step made. So parameters carry two marks:
`careful` are runs for which only the reference form will do (a start beyond those bounds, a component that collapsed),
and `twins` runs with two components that are the same to the last bit: no step can tell these apart, and only the
reference form treats them alike to the last bit, from the first pass to the last.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.checks import Floats
from explorer.mixture.engine import reference, wide
from explorer.mixture.engine.bounds import Bounds
from explorer.mixture.engine.covariances import Form
from explorer.mixture.engine.data import StandardizedData
from explorer.mixture.engine.fast import Features
from explorer.mixture.engine.m_step import Marks, Parameters, Statistics, fit, join_statistics

# The log-likelihoods (R,) at theta, the lower bounds (R,) that the E step reaches, and the statistics of Q.
Expectation = tuple[Floats, Floats, Statistics]


class Passes:
    """What the moves need: the data, the form of the covariances and their floor (d,), and room to work in.

    hard: the E step assigns every point wholly to its likeliest component (classification EM). hold: a component at the
    floor is held there; else it is degenerate.
    """

    def __init__(
        self,
        data: StandardizedData,
        form: Form,
        floor: Floats,
        n_components: int,
        *,
        hard: bool = False,
        hold: bool = False,
    ) -> None:
        self.data, self.form, self.floor, self.hard, self.hold = data, form, floor, hard, hold
        self.bounds = Bounds(data, form)
        self.features = Features(data, form, n_components, self.bounds)
        self.by_features = self.features.available and not hard

    def begin(self, theta: Parameters, degenerate: Marks | None) -> Parameters:
        """Parameters that runs begin with, and which components of them (K, R) are degenerate, with their marks."""
        theta = self.given(theta._replace(twins=_have_twins(theta)))
        if degenerate is None:
            return theta
        return theta._replace(careful=_either(theta.careful, degenerate.any(axis=0)))

    def given(self, theta: Parameters) -> Parameters:
        """Parameters that no M step made, but for their twins, with the mark of those beyond the bounds."""
        return theta._replace(careful=_either(theta.twins, ~self.bounds.covers(theta)))

    def expect(self, theta: Parameters) -> Expectation:
        """The E step at theta, and what an M step needs to know of it."""
        careful = theta.careful
        if careful is not None and careful.any():
            return self._by_deviations(theta) if careful.all() else self._apart(theta, careful)
        return self._expect(theta)

    def maximize(self, statistics: Statistics, theta: Parameters) -> tuple[Parameters, Marks | None, Marks | None]:
        """The M step: the next theta, which components (K, R) are degenerate, and which are held; None for none."""
        theta, empty, reached = fit(self.form, statistics, theta, self.floor)
        degenerate, held = (empty, reached) if self.hold else (_either(empty, reached), None)
        careful = theta.twins if degenerate is None else _either(theta.twins, degenerate.any(axis=0))
        return theta if careful is None else theta._replace(careful=careful), degenerate, held

    def _expect(self, theta: Parameters) -> Expectation:
        n_runs = theta.weights.shape[1]
        if not self.by_features:
            if self.hard:
                return self._by_deviations(theta)
            near = self.bounds.are_near(theta)
            if near.all():
                found = self._by_products(theta)
                lost = self.bounds.digits_lost(found[2])
                if lost is None:
                    return found
                near = ~lost
            return self._by_deviations(theta) if n_runs == 1 else self._apart(theta, ~near)
        log_likelihoods, statistics, usable = self.features.expect(theta)
        if usable is None:
            lost = self.bounds.digits_lost(statistics)
            usable = None if lost is None else ~lost
        if usable is None:
            log_likelihoods += self.data.log_volume
            return log_likelihoods, log_likelihoods, statistics
        return self._by_deviations(theta) if n_runs == 1 else self._apart(theta, ~usable)

    def _apart(self, theta: Parameters, careful: Marks) -> Expectation:
        """`_expect` for the others, and the reference form for the careful runs, put together again."""
        parts = (np.flatnonzero(~careful), np.flatnonzero(careful))
        quick = self._expect(theta.of_runs(parts[0])) if len(parts[0]) else None
        slow = self._by_deviations(theta.of_runs(parts[1]))
        if quick is None:
            return slow
        order = np.argsort(np.concatenate(parts))
        log_likelihoods, bounds = (np.concatenate(pair)[order] for pair in zip(quick[:2], slow[:2], strict=True))
        return log_likelihoods, bounds, join_statistics([quick[2], slow[2]]).of_runs(order)

    def _by_deviations(self, theta: Parameters) -> Expectation:
        log_likelihoods, bounds, statistics = reference.expect(self.form, self.data.z, theta, self.hard)
        return log_likelihoods + self.data.log_volume, bounds + self.data.log_volume, statistics

    def _by_products(self, theta: Parameters) -> Expectation:
        n_runs = theta.weights.shape[1]
        found = [wide.expect(self.data.z, theta.of_runs(slice(r, r + 1))) for r in range(n_runs)]
        log_likelihoods, statistics = zip(*found, strict=True)
        together = np.array(log_likelihoods) + self.data.log_volume
        return together, together, join_statistics(statistics)


def _either(marks: NDArray | None, others: NDArray | None) -> NDArray | None:
    """What has one of two marks; None where there are none."""
    if marks is None or others is None:
        return others if marks is None else marks
    return marks | others


def _have_twins(theta: Parameters) -> Marks | None:
    """Which runs (R,) have two components with the same weight, mean and covariance, to the last bit; None for none."""
    n_components, n_runs = theta.weights.shape
    covariances = np.broadcast_to(theta.covariances, (n_components, *theta.covariances.shape[1:]))
    numbers = np.concatenate(
        [theta.weights[..., None], theta.means, covariances.reshape(n_components, n_runs, -1)], axis=2
    )
    identical = np.zeros(n_runs, dtype=bool)
    for apart in range(1, n_components):
        identical |= (numbers[apart:] == numbers[:-apart]).all(axis=2).any(axis=0)
    return identical if identical.any() else None
