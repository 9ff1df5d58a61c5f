"""How a single run computes: on arrays, as many runs together do, or, in one dimension, with plain numbers.

A few components on a line are a dozen numbers, and numpy takes longer to be called than to compute with them: of forty
calls an iteration, those that work on the points are left. (Measured in one hour at n = 272, K = 2 and 3, beside
scikit-learn's iteration: with numbers 12 to 19 times as fast, on arrays 6 to 8, and by the plain form, which takes the
largest term out, 6 to 10. `bounds` tell where numbers may be used.)
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import isnan, log

import numpy as np

from explorer.checks import Floats
from explorer.mixture.engine.bounds import LARGEST_RATIO, MOST_NUMBERS
from explorer.mixture.engine.covariances import Form, whiten
from explorer.mixture.engine.data import StandardizedData
from explorer.mixture.engine.m_step import (
    EMPTY_COUNT,
    Marks,
    Parameters,
    Statistics,
    join_parameters,
    join_statistics,
)
from explorer.mixture.engine.passes import Passes

# Weights or counts, means, and variances of K components.
Numbers = tuple[list[float], list[float], list[float]]


class OnArrays(Passes):
    """The moves of one run: theta is Parameters (R = 1), and what is known of Q is Statistics."""

    def expect(self, theta: Parameters) -> tuple[float, float, Statistics]:
        """The log-likelihood at theta, the lower bound that the E step reaches, and the statistics of Q."""
        log_likelihoods, bounds, statistics = super().expect(theta)
        return log_likelihoods.item(), bounds.item(), statistics

    def parameters(self, thetas: Sequence[Parameters]) -> Parameters:
        """Many iterates as arrays, (K, R)."""
        return join_parameters(thetas)

    def statistics(self, found: Sequence[Statistics]) -> Statistics:
        """The statistics of many E steps as arrays, (K, R)."""
        return join_statistics(found)


class WithNumbers(OnArrays):
    """The same moves in one dimension, with variances of their own: theta and the statistics are Numbers, or, where
    something is to be looked at carefully, arrays.

    Within the bounds of the fast form; all else is done on arrays.
    """

    def __init__(self, *given, **options) -> None:
        super().__init__(*given, **options)
        # sum_i z_i^2, z_i, 1
        self.sums = self.features.sums[:3].tolist()

    def begin(self, theta: Parameters, degenerate: Marks | None) -> Parameters | Numbers:
        return _as_numbers(super().begin(theta, degenerate))

    def expect(self, theta: Parameters | Numbers) -> tuple[float, float, Statistics | Numbers]:
        if type(theta) is not tuple:
            return super().expect(theta)
        found = self._expect_numbers(theta)
        if found is not None:
            return found
        log_likelihood, bound, statistics = super().expect(self.parameters([theta]))
        return log_likelihood, bound, _numbers(*statistics)

    def _expect_numbers(self, theta: Numbers) -> tuple[float, float, Numbers] | None:
        """`Features.expect`, within the same bounds, and None where they do not hold."""
        bounds = self.bounds
        if min(theta[2]) * bounds.safe_precision >= 1:
            return self._pass(theta)
        ratios = [(abs(mean) + bounds.radius) ** 2 / variance for mean, variance in zip(*theta[1:], strict=True)]
        if max(ratios) > LARGEST_RATIO:
            return None
        if max(ratios) <= bounds.safe_ratio:
            return self._pass(theta)
        order = sorted(range(len(ratios)), key=ratios.__getitem__)
        found = self._pass(_reordered(theta, order), np.sort(ratios)[:, None])
        if found is None:
            return None
        log_likelihood, bound, statistics = found
        return log_likelihood, bound, _reordered(statistics, sorted(range(len(order)), key=order.__getitem__))

    def _pass(self, theta: Numbers, risks: Floats | None = None) -> tuple[float, float, Numbers] | None:
        coefficients = []
        for weight, mean, variance in zip(*theta, strict=True):
            precision = 1 / variance
            slope = precision * mean
            coefficients.append((-0.5 * precision, slope, log(weight) - 0.5 * (slope * mean + log(variance))))
        a, b, c = coefficients[0]
        differences = np.array([(a_k - a, b_k - b, c_k - c, 0.0) for a_k, b_k, c_k in coefficients[1:]])
        log_totals, sums = self.features.accumulate(differences.reshape(-1, 4), risks=risks)
        counts, means, variances = [], [], []
        for second, first, count, _ in sums.T.tolist():
            if count < EMPTY_COUNT:
                return None
            mean = first / count
            variance = second / count - mean * mean
            if mean * mean > LARGEST_RATIO * variance:
                return None
            counts.append(count)
            means.append(mean)
            variances.append(variance)
        second, first, count = self.sums
        log_likelihood = a * second + b * first + c * count + log_totals.item() + self.data.log_volume
        if isnan(log_likelihood):
            return None
        return log_likelihood, log_likelihood, (counts, means, variances)

    def maximize(
        self, statistics: Statistics | Numbers, theta: Parameters | Numbers
    ) -> tuple[Parameters | Numbers, Marks | None, Marks | None]:
        if type(statistics) is tuple:
            counts, means, variances = statistics
            if min(variances) > self.floor[0] and min(counts) >= EMPTY_COUNT:
                total = sum(counts)
                return ([count / total for count in counts], means, variances), None, None
            statistics, theta = self.statistics([statistics]), self.parameters([theta])
        fitted, degenerate, held = super().maximize(statistics, theta)
        return _as_numbers(fitted), degenerate, held

    def parameters(self, thetas: Sequence[Parameters | Numbers]) -> Parameters:
        weights, means, variances = _arrays(
            [_numbers(*theta[:3]) if type(theta) is not tuple else theta for theta in thetas]
        )
        return Parameters(weights, means, variances, whiten(self.form, variances))

    def statistics(self, found: Sequence[Statistics | Numbers]) -> Statistics:
        return Statistics(*_arrays([each if type(each) is tuple else _numbers(*each) for each in found]))


def passes_of_one(
    data: StandardizedData, form: Form, floor: Floats, n_components: int, *, hard: bool = False, hold: bool = False
) -> OnArrays:
    """The passes of a single run, as it computes fastest."""
    few = form.n_dimensions == 1 and not form.shared and not hard and n_components <= MOST_NUMBERS
    return (WithNumbers if few else OnArrays)(data, form, floor, n_components, hard=hard, hold=hold)


def _as_numbers(theta: Parameters) -> Parameters | Numbers:
    return _numbers(*theta[:3]) if theta.careful is None or not theta.careful[0] else theta


def _reordered(numbers: Numbers, order: list[int]) -> Numbers:
    first, means, variances = numbers
    return [first[k] for k in order], [means[k] for k in order], [variances[k] for k in order]


def _numbers(weights: Floats, means: Floats, variances: Floats) -> Numbers:
    return weights[:, 0].tolist(), means[:, 0, 0].tolist(), variances[:, 0, 0].tolist()


def _arrays(found: Sequence[Numbers]) -> list[Floats]:
    """(K, R), (K, R, 1) and (K, R, 1)."""
    in_a_row = chain.from_iterable(chain.from_iterable(found))
    table = np.fromiter(in_a_row, dtype=float).reshape(len(found), 3, -1)
    first, means, variances = np.ascontiguousarray(table.transpose(1, 2, 0))
    return [first, means[..., None], variances[..., None]]
