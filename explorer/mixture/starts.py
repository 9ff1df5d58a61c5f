"""Where EM starts: a table of strategies, each one small function from data to responsibilities (n, K).

A strategy that chooses means assigns every point wholly to the nearest one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.checks import LARGEST_SEED, Floats, as_floats, check_choice, check_fraction, check_whole_number
from explorer.errors import InputError
from explorer.mixture import engine
from explorer.mixture.checks import LARGEST_VALUE, as_points, check_n_components
from explorer.mixture.em import EMOptions
from explorer.mixture.kmeans import k_means_plus_plus, lloyd, nearest
from explorer.mixture.model import Mixture


@dataclass(frozen=True)
class Strategy:
    """A way to start: its name, its label on screen, and one sentence that explains it.

    assign(points (n, d), n_components, source) -> responsibilities (n, K). The source is what the start is
    made from: a numpy Generator, or what the user gives to the strategies `partition` and `means`.
    uses_seed: the seed matters.
    """

    name: str
    label: str
    explanation: str
    assign: Callable[[Floats, int, Any], Floats]
    uses_seed: bool


def initialize(
    data: ArrayLike,
    n_components: int,
    strategy: str,
    seed: int | np.random.Generator = 0,
    *,
    partition: ArrayLike | None = None,
    means: ArrayLike | None = None,
) -> Floats:
    """Responsibilities (n, K) to start EM from, by the name of a strategy in STRATEGIES.

    partition (n,), labels 1..K, is read by the strategy `partition` only; means (K,) or (K, d), in the unit
    of the data, by `means` only. A label without points is allowed: run_em reports the component as
    emptied. Raises InputError for an unknown strategy, K outside 1..min(50, n), and a partition or means
    that do not fit.
    """
    points = as_points(data)
    check_n_components(n_components, len(points))
    check_choice("initialization", strategy, STRATEGIES)
    given = {"partition": partition, "means": means}
    source = given[strategy] if strategy in given else _generator(seed)
    return STRATEGIES[strategy].assign(points, n_components, source)


def mixture_at(
    data: ArrayLike,
    means: ArrayLike,
    variance_floor: float = EMOptions.variance_floor,
    structure: str = "full",
) -> Mixture:
    """The mixture with these means (K,) or (K, d), exactly, for means placed by hand to be the first iterate.

    Equal weights, and one covariance for all, without correlations: in each coordinate the mean squared distance of the
    points to their nearest mean (spherical: the mean of these), of at least the variance floor (a fraction of the
    data's variance, as in `run_em`).
    """
    points = as_points(data)
    d = points.shape[1]
    centres = _as_centres(means, d)
    n_components = len(centres)
    check_n_components(n_components, len(points))
    floor = least_variances(points, variance_floor, structure)
    variances = np.square(points - centres[nearest(points, centres)]).mean(axis=0)
    if engine.form_of(structure, d).isotropic:
        variances = np.full(d, variances.mean())
    covariance = np.diag(np.maximum(variances, floor))
    weights = np.full(n_components, 1 / n_components)
    return Mixture(weights, centres, np.repeat(covariance[None], n_components, axis=0))


def least_variances(points: Floats, variance_floor: float, structure: str) -> Floats:
    """The least variance in each coordinate, (d,) or (1,), that `mixture_at` gives: the floor in the data's unit."""
    form = engine.form_of(structure, points.shape[1])
    standardized = engine.standardize(points, form)
    floor = standardized.floor(form, check_fraction("The variance floor", variance_floor))
    return floor * np.square(standardized.scale[: len(floor)])


def _from_partition(points: Floats, n_components: int, partition: ArrayLike | None) -> Floats:
    if partition is None:
        raise InputError("The given partition is missing: give every data point a label from 1 to K.")
    labels = np.asarray(partition)
    if labels.shape != (len(points),):
        raise InputError(f"The partition must have one label for each of the {len(points)} data points.")
    if not np.isin(labels, np.arange(1, n_components + 1)).all():
        raise InputError(f"The partition's labels must be whole numbers from 1 to {n_components}.")
    return _wholly(labels.astype(np.intp) - 1, n_components)


def _random_partition(points: Floats, n_components: int, rng: np.random.Generator) -> Floats:
    return _wholly(rng.integers(n_components, size=len(points)), n_components)


def _random_responsibilities(points: Floats, n_components: int, rng: np.random.Generator) -> Floats:
    return rng.dirichlet(np.ones(n_components), size=len(points))


def _random_points(points: Floats, n_components: int, rng: np.random.Generator) -> Floats:
    shuffled = rng.permutation(points)
    _, first_seen = np.unique(shuffled, axis=0, return_index=True)
    # Distinct values in the order drawn; repeats follow, for data with fewer values than components.
    order = np.concatenate([np.sort(first_seen), np.setdiff1d(np.arange(len(points)), first_seen)])
    return _to_nearest(points, shuffled[order[:n_components]])


def _k_means_plus_plus(points: Floats, n_components: int, rng: np.random.Generator) -> Floats:
    return _to_nearest(points, k_means_plus_plus(points, n_components, rng))


def _k_means(points: Floats, n_components: int, rng: np.random.Generator) -> Floats:
    _, labels = lloyd(points, k_means_plus_plus(points, n_components, rng))
    return _wholly(labels, n_components)


def _quantiles(points: Floats, n_components: int, rng: np.random.Generator) -> Floats:
    return _to_nearest(points, np.quantile(points, (np.arange(n_components) + 0.5) / n_components, axis=0))


def _equal(points: Floats, n_components: int, rng: np.random.Generator) -> Floats:
    return np.full((len(points), n_components), 1 / n_components)


def _from_means(points: Floats, n_components: int, means: ArrayLike | None) -> Floats:
    if means is None:
        raise InputError(f"The means are missing: place {n_components} of them.")
    centres = _as_centres(means, points.shape[1])
    if len(centres) != n_components:
        raise InputError(f"{len(centres)} means are placed: place {n_components}, one a component.")
    return _to_nearest(points, centres)


def _to_nearest(points: Floats, centres: Floats) -> Floats:
    return _wholly(nearest(points, centres), len(centres))


def _wholly(labels: NDArray[np.intp], n_components: int) -> Floats:
    """Responsibilities (n, K) of 1 for each point's label, from 0, and 0 elsewhere."""
    return np.equal.outer(labels, np.arange(n_components)).astype(np.float64)


def _as_centres(means: ArrayLike, n_dimensions: int) -> Floats:
    centres = as_floats(means, "The means", LARGEST_VALUE)
    if centres.ndim == 1 and n_dimensions == 1:
        centres = centres[:, None]
    if centres.ndim != 2 or centres.shape[1] != n_dimensions or centres.size == 0:
        kind = "a list of at least one number" if n_dimensions == 1 else f"a table of {n_dimensions} columns"
        raise InputError(f"The means must be {kind}.")
    return centres


def _generator(seed: int | np.random.Generator) -> np.random.Generator:
    if isinstance(seed, np.random.Generator):
        return seed
    check_whole_number("The seed", seed, 0, LARGEST_SEED)
    return np.random.default_rng(seed)


STRATEGIES: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        Strategy(
            "partition",
            "Given partition",
            "You give every point its group, and each component starts as one group's mean and variance.",
            _from_partition,
            uses_seed=False,
        ),
        Strategy(
            "random-partition",
            "Random partition",
            "Every point goes to a group drawn at random, so all components start near the mean of the data.",
            _random_partition,
            uses_seed=True,
        ),
        Strategy(
            "random-responsibilities",
            "Random responsibilities",
            "Every point is shared among all components in proportions drawn at random.",
            _random_responsibilities,
            uses_seed=True,
        ),
        Strategy(
            "random-points",
            "Random points",
            "K data points drawn at random become the means, and every point goes to the nearest one.",
            _random_points,
            uses_seed=True,
        ),
        Strategy(
            "k-means++",
            "k-means++ seeding",
            "The means are data points drawn one by one, likelier when far from those drawn before, "
            "and every point goes to the nearest one.",
            _k_means_plus_plus,
            uses_seed=True,
        ),
        Strategy(
            "k-means",
            "k-means",
            "k-means runs from a k-means++ seeding until no point changes its cluster, "
            "and EM starts from these clusters.",
            _k_means,
            uses_seed=True,
        ),
        Strategy(
            "quantiles",
            "Quantiles",
            "The means are evenly spread quantiles of the data (for K = 2 the quartiles), "
            "and every point goes to the nearest one.",
            _quantiles,
            uses_seed=False,
        ),
        Strategy(
            "equal",
            "All equal (the trap)",
            "Every point is shared equally among all components, so they are identical and EM never separates them.",
            _equal,
            uses_seed=False,
        ),
        Strategy(
            "means",
            "Placed by hand",
            "You place the means, and every point goes to the nearest one.",
            _from_means,
            uses_seed=False,
        ),
    )
}
