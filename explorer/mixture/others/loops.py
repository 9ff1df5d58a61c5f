"""Loops against vectorised code: one EM iteration in one dimension, written three ways.

The story of "vectorising a slow EM": a questioner's loops over sets, points and components, the answer that moves
them into numpy, and this library's own steps. The data is a table (range_of_i, range_of_m) of sets of samples, as
there. The answer claims 20-25 times for one machine and one data set; `compare_loops` measures it here and now.

The first two compute densities, not their logarithms, so they fail on points that no component reaches.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

from explorer.checks import Floats, as_floats, check_whole_number
from explorer.errors import InputError
from explorer.mixture import engine
from explorer.mixture.model import Mixture, check_mixture
from explorer.mixture.steps import e_step, m_step

# Densities that the loops evaluate in one comparison, some ten seconds of them.
MAX_LOOP_STEPS = 10_000_000
MAX_REPEATS = 1_000
# The three ways agree to this much: weights of 1, means of their standard deviation, variances of themselves.
AGREEMENT = 1e-8
# Sums of squares of larger numbers might overflow.
LARGEST_SAMPLE = 1e140


@dataclass(frozen=True, eq=False)
class LoopTiming:
    """One way to write the iteration: its name, the median of its seconds, and the mixture after the iteration.

    ratio: how many times as fast as the first way, the loops, in this comparison.
    """

    name: str
    seconds: float
    ratio: float
    result: Mixture


def compare_loops(data: ArrayLike, mixture: Mixture, repeats: int = 5) -> tuple[LoopTiming, ...]:
    """Time one EM iteration from the mixture, written as in `WAYS`, on the same table of samples.

    The ways take turns, `repeats` times each (1..1000). data: a table of sets of one-dimensional samples, one row
    a set, as in the document; (n,) and (n, 1) are one set. Raises InputError where the ways do not agree to 1e-8, or
    one of them cannot be computed, or the loops take too long.
    """
    alphas = _as_table(data)
    check_mixture(mixture)
    check_whole_number("The number of repeats", repeats, 1, MAX_REPEATS)
    if alphas.size * mixture.n_components * repeats > MAX_LOOP_STEPS:
        raise InputError("Python's loops over this many points take too long: use fewer points or repeats.")
    results = [way(alphas, mixture) for way in WAYS.values()]
    if not all(_agree(result, results[-1]) for result in results):
        raise InputError("The three ways lose too many digits to agree: move the data nearer to the origin.")
    seconds = np.empty((repeats, len(WAYS)))
    for turn in seconds:
        for j, way in enumerate(WAYS.values()):
            began = perf_counter()
            way(alphas, mixture)
            turn[j] = perf_counter() - began
    medians = np.median(seconds, axis=0)
    return tuple(
        LoopTiming(name, float(median), float(medians[0] / median), result)
        for name, median, result in zip(WAYS, medians, results, strict=True)
    )


def triple_loop(data: ArrayLike, mixture: Mixture) -> Mixture:
    """The questioner's way: loops over sets i, points j and components k, a number at a time."""
    alphas = _as_table(data).tolist()
    pi, mu, sigma_squared = (parameter.tolist() for parameter in _parameters(mixture))
    range_of_i, range_of_m, no_distributions = len(alphas), len(alphas[0]), len(pi)

    # Expectation step
    indicator_normalized = []
    for i in range(range_of_i):
        rows = []
        for j in range(range_of_m):
            indicator = []
            for k in range(no_distributions):
                exponent = -((alphas[i][j] - mu[k]) ** 2) / (2 * sigma_squared[k])
                indicator.append(pi[k] * math.exp(exponent) / math.sqrt(2 * math.pi * sigma_squared[k]))
            total = sum(indicator)
            _check_reached(total)
            rows.append([value / total for value in indicator])
        indicator_normalized.append(rows)

    # Maximization step
    pi_updated, mu_updated, sigma_squared_updated = [], [], []
    for k in range(no_distributions):
        indicator_sum, weighted_sum, scatter = 0.0, 0.0, 0.0
        for i in range(range_of_i):
            for j in range(range_of_m):
                indicator_sum += indicator_normalized[i][j][k]
                weighted_sum += indicator_normalized[i][j][k] * alphas[i][j]
        _check_filled(indicator_sum)
        mean = weighted_sum / indicator_sum
        # Another loop, because the variance needs the whole mean.
        for i in range(range_of_i):
            for j in range(range_of_m):
                scatter += indicator_normalized[i][j][k] * (alphas[i][j] - mean) ** 2
        pi_updated.append(indicator_sum / (range_of_i * range_of_m))
        mu_updated.append(mean)
        sigma_squared_updated.append(scatter / indicator_sum)
    return Mixture.univariate(pi_updated, mu_updated, sigma_squared_updated)


@np.errstate(over="ignore")  # of a distance over a tiny deviation: its density is 0
def broadcast(data: ArrayLike, mixture: Mixture) -> Mixture:
    """The document's way: a density at a time over all points of a set, and sums over two axes at once."""
    alphas = _as_table(data)
    range_of_i, range_of_m = alphas.shape
    pi_initial, mu_initial, sigma_squared_initial = _parameters(mixture)
    sigma_initial = np.sqrt(sigma_squared_initial)
    no_distributions = len(pi_initial)

    # Expectation step
    from scipy.stats import norm  # a third of the start of every process, for this function alone

    indicator_normalized = np.empty((range_of_i, no_distributions, range_of_m))
    for i in range(range_of_i):
        indicator = np.array(
            [pi_initial[k] * norm.pdf(alphas[i], mu_initial[k], sigma_initial[k]) for k in range(no_distributions)]
        )
        total = indicator.sum(axis=0)
        _check_reached(total.min())
        indicator_normalized[i, ...] = indicator / total
    indicator_normalized = indicator_normalized.transpose(0, 2, 1)
    indicator_sum = indicator_normalized.sum(axis=(0, 1))
    _check_filled(indicator_sum.min())

    # Maximization step
    mu_updated = np.sum(indicator_normalized * alphas[..., np.newaxis] / indicator_sum, axis=(0, 1))
    pi_updated = np.sum(indicator_normalized / (range_of_i * range_of_m), axis=(0, 1))
    sigma_squared_updated = np.sum(
        indicator_normalized * (alphas[..., np.newaxis] - mu_updated) ** 2 / indicator_sum, axis=(0, 1)
    )
    # A sum of shares may exceed 1 by its rounding.
    return Mixture.univariate(np.minimum(pi_updated, 1.0), mu_updated, sigma_squared_updated)


def ours(data: ArrayLike, mixture: Mixture) -> Mixture:
    """This library's way: the E step in log space, the M step on centred data, all components at once."""
    points = _as_table(data).ravel()
    return m_step(points, e_step(points, mixture))


WAYS: dict[str, Callable[[ArrayLike, Mixture], Mixture]] = {
    "triple loop": triple_loop,
    "broadcast": broadcast,
    "ours": ours,
}


def _as_table(data: ArrayLike) -> Floats:
    alphas = as_floats(data, "The data", LARGEST_SAMPLE)
    if alphas.ndim == 1 or (alphas.ndim == 2 and alphas.shape[1] == 1):
        alphas = alphas.reshape(1, -1)
    if alphas.ndim != 2 or not alphas.size:
        raise InputError("The data must be a table of samples, one row a set.")
    return alphas


def _parameters(mixture: Mixture) -> tuple[Floats, Floats, Floats]:
    check_mixture(mixture)
    if mixture.n_dimensions != 1:
        raise InputError(f"The mixture has {mixture.n_dimensions} dimensions: use one, as the data does.")
    return mixture.weights, mixture.means[:, 0], mixture.covariances[:, 0, 0]


def _check_reached(smallest_density: float) -> None:
    if smallest_density == 0:
        raise InputError(
            "Every density is 0 in floating point at some point: widen the components or move them nearer."
        )


def _check_filled(smallest_count: float) -> None:
    if smallest_count < engine.EMPTY_COUNT:
        raise InputError("A component is responsible for no point, so it has no mean: leave it out.")


def _agree(one: Mixture, other: Mixture) -> bool:
    weights, means, variances = _parameters(one)
    other_weights, other_means, other_variances = _parameters(other)
    return bool(
        np.all(np.abs(weights - other_weights) <= AGREEMENT)
        and np.all(np.abs(means - other_means) <= AGREEMENT * np.sqrt(other_variances))
        and np.all(np.abs(variances - other_variances) <= AGREEMENT * other_variances)
    )
