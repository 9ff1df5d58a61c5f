"""How one run of EM computes: on arrays, as many runs together do, or, in one dimension, with plain numbers.

A few components on a line are a dozen numbers, and numpy takes longer to be called than to compute with them: of forty
calls an iteration, those that work on the points are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import isnan, log

import numpy as np
from numpy.typing import NDArray

from explorer.mixture import parameters
from explorer.mixture.covariances import Floats, whiten
from explorer.mixture.features import LARGEST_RATIO
from explorer.mixture.parameters import (
    EMPTY_COUNT,
    Parameters,
    Statistics,
    join_parameters,
    join_statistics,
)
from explorer.mixture.problem import Problem
from explorer.mixture.sweep import Sweep

# With more components numpy is the faster one.
MOST_COMPONENTS = 16

Numbers = tuple[list[float], list[float], list[float]]
"""Weights or counts, means, and variances of K components."""


class OnArrays:
    """The steps of one run: theta is Parameters (R = 1), and what is known of Q is Statistics."""

    def __init__(self, problem: Problem, n_components: int, hard: bool = False) -> None:
        self.form, self.floor = problem.form, problem.floor
        self.sweep = Sweep(problem.data, problem.form, n_components, hard)

    def expect(self, theta: Parameters, careful: NDArray[np.bool_] | None) -> tuple[float, float, Statistics]:
        """The log-likelihood at theta, the lower bound that the E step reaches, and the statistics of Q."""
        log_likelihoods, bounds, statistics = self.sweep.expect(theta, careful)
        return log_likelihoods.item(), bounds.item(), statistics

    def maximize(self, statistics: Statistics, theta: Parameters) -> tuple[Parameters, NDArray[np.bool_] | None]:
        """The next theta, and which components (K, 1) are degenerate; None for none."""
        return parameters.fit(self.form, statistics, theta, self.floor)

    def of(self, theta: Parameters) -> Parameters:
        """Parameters (R = 1) in the way that this run computes."""
        return theta

    def parameters(self, thetas: Sequence[Parameters]) -> Parameters:
        """Many iterates as arrays, (K, R)."""
        return join_parameters(thetas)

    def statistics(self, found: Sequence[Statistics]) -> Statistics:
        """The statistics of many E steps as arrays, (K, R)."""
        return join_statistics(found)


class WithNumbers(OnArrays):
    """The same steps in one dimension, with variances of their own: theta and the statistics are Numbers.

    Within the bounds of the fast form (see `features`); all else is done on arrays.
    """

    def __init__(self, problem: Problem, n_components: int) -> None:
        super().__init__(problem, n_components)
        # sum_i z_i^2, z_i, 1
        self.sums = self.sweep.features.sums[:3].tolist()

    def expect(self, theta: Numbers, careful: NDArray[np.bool_] | None) -> tuple[float, float, Numbers]:
        found = None if careful is not None and careful[0] else self._expect(theta)
        if found is not None:
            return found
        log_likelihood, bound, statistics = super().expect(self.parameters([theta]), careful)
        return log_likelihood, bound, _numbers(*statistics)

    def _expect(self, theta: Numbers) -> tuple[float, float, Numbers] | None:
        """`Features.expect`, with the same bounds, and None where they do not hold."""
        features = self.sweep.features
        if min(theta[2]) * features.safe_precision >= 1:
            return self._pass(theta)
        ratios = [(abs(mean) + features.radius) ** 2 / variance for mean, variance in zip(*theta[1:], strict=True)]
        if max(ratios) > LARGEST_RATIO:
            return None
        if max(ratios) <= features.safe_ratio:
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
        log_totals, sums = self.sweep.features.accumulate(differences.reshape(-1, 4), risks=risks)
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
        log_likelihood = a * second + b * first + c * count + log_totals.item() + self.sweep.data.log_volume
        if isnan(log_likelihood):
            return None
        return log_likelihood, log_likelihood, (counts, means, variances)

    def maximize(self, statistics: Numbers, theta: Numbers) -> tuple[Numbers, NDArray[np.bool_] | None]:
        counts, means, variances = statistics
        if min(variances) > self.floor[0] and min(counts) >= EMPTY_COUNT:
            total = sum(counts)
            return ([count / total for count in counts], means, variances), None
        fitted, degenerate = super().maximize(self.statistics([statistics]), self.parameters([theta]))
        return self.of(fitted), degenerate

    def of(self, theta: Parameters) -> Numbers:
        return _numbers(theta.weights, theta.means, theta.covariances)

    def parameters(self, thetas: Sequence[Numbers]) -> Parameters:
        weights, means, variances = _arrays(thetas)
        return Parameters(weights, means, variances, whiten(self.form, variances))

    def statistics(self, found: Sequence[Numbers]) -> Statistics:
        return Statistics(*_arrays(found))


def arithmetic_of(problem: Problem, n_components: int, hard: bool) -> OnArrays:
    """How a run computes fastest."""
    form = problem.form
    few = form.n_dimensions == 1 and not form.shared and not hard and n_components <= MOST_COMPONENTS
    return WithNumbers(problem, n_components) if few else OnArrays(problem, n_components, hard)


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
