"""Which distinct optima many runs reach, and how often. R runs of K components in d dimensions on the same data.

The order of a mixture's components means nothing, so runs are compared after alignment, all parameters together. A
component's coordinates are its weight, its mean, and the logarithm of its standard deviations (in d dimensions half
the matrix logarithm of its covariance: the log-Euclidean distance of Arsigny et al., 2006), where mean and covariance
are in units of the data's own standard deviations. The distance of two mixtures is the Euclidean one of these
coordinates in the best order of the components; the Hungarian algorithm finds that order.

It does not depend on the unit or the origin of the data, nor on any invertible linear map of it. Distances of the
densities themselves serve less well here: Hellinger's is 1 for any two narrow components, near or far, and
Bhattacharyya's grows without end when a narrow component moves a little, so that it is matched with a wide one.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from explorer.checks import Floats, as_floats, check_positive, read_only
from explorer.errors import InputError
from explorer.mixture.checks import LARGEST_VALUE, check_n_components
from explorer.mixture.judge import (
    DISTANCE_TOLERANCE,
    LOG_LIKELIHOOD_TOLERANCE,
    OptimumKind,
    kinds_of_ends,
    spurious_components,
)
from explorer.mixture.many import ManyRuns
from explorer.mixture.model import Mixture, check_mixture

MAX_RUNS = 100_000
# In standard deviations of the data: its square does not overflow.
LARGEST_COORDINATE = 1e150
# Of all components in coordinates, which are held three times: 1.2 GB.
MAX_NUMBERS = 50_000_000
# Numbers of the costs that are worked out together, 1 MB.
BLOCK_NUMBERS = 131_072

_NOT_POSITIVE = "The covariances must be positive: give every component some width."

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False, repr=False)
class Optima:
    """The G distinct optima of R runs, read-only: proper ones first, then by kind as in OptimumKind; best first.

    weights (G, K), means (G, K, d), covariances (G, K, d, d), log_likelihoods (G,): of each optimum's
    representative, its best run. The components of the best optimum are in the order of their first coordinate,
    those of the others in the order that fits the best.
    kinds (G,). representatives (G,): the indices of those runs. counts (G,): how many runs; frequencies (G,): which
    share of all.
    labels (R,): the optimum of each run. permutations (R, K): run r's components [permutations[r]] are in the
    order of its optimum's.
    """

    kinds: tuple[OptimumKind, ...]
    weights: Floats
    means: Floats
    covariances: Floats
    log_likelihoods: Floats
    representatives: Indices
    frequencies: Floats
    labels: Indices
    permutations: Indices

    def __repr__(self) -> str:
        counts = ", ".join(f"{self.kinds.count(kind)} {kind}" for kind in OptimumKind)
        return f"Optima({counts}; best log-likelihood {self.log_likelihoods[0]:.6g}, {self.frequencies[0]:.1%} of runs)"

    @property
    def n_optima(self) -> int:
        return len(self.kinds)

    @property
    def counts(self) -> Indices:
        return np.bincount(self.labels)

    def mixture(self, g: int) -> Mixture:
        """The representative of optimum g, from 0, the best."""
        return Mixture(self.weights[g], self.means[g], self.covariances[g])

    def members(self, g: int) -> Indices:
        """The indices of the runs that reached optimum g, rising."""
        return np.flatnonzero(self.labels == range(self.n_optima)[g])


def distances_between(runs: ManyRuns, others: ManyRuns) -> Floats:
    """How far each run is from the other of the same index, (R,), as `group_ends` measures it, but component by
    component as they are: for what one and the same run was at two times. The frame is that of the best of the others.
    """
    best = _best_first(others.weights, others.means, others.log_likelihoods, others.degenerate)[0]
    frame = _frame(others.weights[best], others.means[best], others.covariances[best])
    one, other = (_coordinates(some.weights, some.means, some.covariances, frame) for some in (runs, others))
    return _distances(one, other)


def align(mixture: Mixture, reference: Mixture) -> Indices:
    """The order of the mixture's components that fits the reference best, (K,).

    Component permutation[k] of the mixture belongs to component k of the reference. The unit is the standard
    deviation of the reference as a whole. Raises InputError unless both have the same K and d.
    """
    check_mixture(mixture)
    check_mixture(reference)
    if mixture.means.shape != reference.means.shape:
        raise InputError("Mixtures can be aligned only if they have equally many components and dimensions.")
    frame = _frame(*_parameters(reference))
    pair = (np.stack(both) for both in zip(_parameters(mixture), _parameters(reference), strict=True))
    coordinates = _coordinates(*pair, frame)
    permutations, _ = _align_all(coordinates[:1], coordinates[1])
    return permutations[0]


def group_optima(
    data: ArrayLike,
    runs: ManyRuns,
    *,
    saddles: ArrayLike | None = None,
    log_likelihood_tolerance: float = LOG_LIKELIHOOD_TOLERANCE,
    distance_tolerance: float = DISTANCE_TOLERANCE,
) -> Optima:
    """Group the ends of many runs on the data into distinct optima, as `group_ends` does, which tells the tolerances.

    It takes the runs as they ended: what the tolerance stopped on a plateau is a group of its own, and called proper.
    `find_limits` tells plateaus and saddle points from maxima. Spurious ends are those that the judge calls so
    (`judge.spurious_components`).
    """
    if not isinstance(runs, ManyRuns):
        raise InputError("The runs must be what `run_many` gives: for arrays of your own there is `group_ends`.")
    return group_ends(
        runs.weights,
        runs.means,
        runs.covariances,
        runs.log_likelihoods,
        degenerate=runs.degenerate,
        spurious=spurious_components(data, runs).any(axis=1),
        saddles=saddles,
        log_likelihood_tolerance=log_likelihood_tolerance,
        distance_tolerance=distance_tolerance,
    )


def group_ends(
    weights: ArrayLike,
    means: ArrayLike,
    covariances: ArrayLike,
    log_likelihoods: ArrayLike,
    *,
    degenerate: ArrayLike | None = None,
    spurious: ArrayLike | None = None,
    saddles: ArrayLike | None = None,
    log_likelihood_tolerance: float = LOG_LIKELIHOOD_TOLERANCE,
    distance_tolerance: float = DISTANCE_TOLERANCE,
) -> Optima:
    """Group the ends of R runs into distinct optima.

    weights (R, K), means (R, K, d), covariances (R, K, d, d), log_likelihoods (R,), totals over points: where the runs
    ended. degenerate, spurious, saddles, (R,) of bool: which ended degenerate, in a spurious maximum, or at a saddle
    point, as far as that is known; None where none did. log_likelihood_tolerance: in nats, > 0. distance_tolerance:
    > 0, between aligned components: the root of the squared differences in weight, in mean (in standard deviations of
    the data) and in half the logarithm of the covariance (in the data's), all summed.

    The best run that is in no group yet represents a new one, and takes in the runs of its kind within both
    tolerances: from it, not from each other, so that groups do not grow along chains. A run within reach of two
    representatives goes to the better one. The order of the runs and of their components does not matter.

    The data's mean and covariance are taken to be those of the best run that is not degenerate: after an M step a
    mixture's own mean is exactly the data's, and so is its covariance where the structure is full or tied. Raises
    InputError where arrays do not fit together, are not mixtures, or a tolerance is out of its bounds.
    """
    weights, means, covariances, log_likelihoods = _as_runs(weights, means, covariances, log_likelihoods)
    degenerate = _as_flags("degenerate", degenerate, len(weights))
    spurious = _as_flags("spurious", spurious, len(weights))
    saddles = _as_flags("saddle points", saddles, len(weights))
    check_tolerances(log_likelihood_tolerance, distance_tolerance)

    order = _best_first(weights, means, log_likelihoods, degenerate)
    best = order[0]
    frame = _frame(weights[best], means[best], covariances[best])
    coordinates = _coordinates(weights, means, covariances, frame)
    kinds = kinds_of_ends(degenerate, spurious, saddles)
    runs = _as_runs_in(coordinates)
    groups = []
    for kind in OptimumKind:
        ranked = order[kinds[order] == kind]
        groups += _group(runs, ranked, log_likelihoods[ranked], log_likelihood_tolerance, distance_tolerance)

    representatives = np.array([members[0] for members in groups])
    labels = np.empty(len(weights), dtype=np.intp)
    permutations = np.empty(weights.shape, dtype=np.intp)
    shown, _ = _align_all(coordinates[representatives], runs.canonical[representatives[0]])
    for g, members in enumerate(groups):
        labels[members] = g
        permutations[members] = _permutations(runs, members, shown[g], distance_tolerance)
    each = representatives[:, None]
    return Optima(
        kinds=tuple(kinds[representatives]),
        weights=read_only(weights[each, shown]),
        means=read_only(means[each, shown]),
        covariances=read_only(covariances[each, shown]),
        log_likelihoods=read_only(log_likelihoods[representatives]),
        representatives=read_only(representatives),
        frequencies=read_only(np.bincount(labels) / len(labels)),
        labels=read_only(labels),
        permutations=read_only(permutations),
    )


def check_tolerances(log_likelihood_tolerance: float, distance_tolerance: float) -> None:
    """Raise InputError unless these settings of `group_ends` are within its bounds."""
    for what, value in (("log-likelihood", log_likelihood_tolerance), ("distance", distance_tolerance)):
        check_positive(f"The {what} tolerance", value)


class _Frame(NamedTuple):
    """The data's mean (d,), and the map to coordinates in which its covariance is the identity, (d, d)."""

    mean: Floats
    whiten: Floats


class _Runs(NamedTuple):
    """The components of all runs in coordinates, (R, K, p): as given, in canonical order, each coordinate sorted.

    The canonical order, `orders` (R, K), is that of the first coordinate of the means. The distance in that order is
    at least the true one, and with every coordinate sorted on its own it is at most that, because sorting makes a
    sum of squared differences smallest: the two decide nearly always, without the Hungarian algorithm.
    """

    given: Floats
    orders: Indices
    canonical: Floats
    sorted: Floats


def _as_runs_in(coordinates: Floats) -> _Runs:
    orders = np.lexsort((coordinates[..., -1], coordinates[..., 0]), axis=-1)
    canonical = np.take_along_axis(coordinates, orders[..., None], axis=1)
    return _Runs(coordinates, orders, canonical, np.sort(coordinates, axis=1))


def _group(runs: _Runs, ranked: Indices, values: Floats, value_tolerance: float, tolerance: float) -> list[Indices]:
    """The members of each group, the representative first. `ranked`: runs by falling log-likelihood `values`."""
    groups = []
    is_open = np.ones(len(ranked), dtype=bool)
    last = np.searchsorted(-values, value_tolerance - values, side="right")
    alone = _alone(runs.sorted[ranked], tolerance)
    for first in range(len(ranked)):
        if alone[first]:
            groups.append(ranked[first : first + 1])
        elif is_open[first]:
            window = first + np.flatnonzero(is_open[first : last[first]])
            members = window[_within(runs, ranked[window], tolerance)]
            is_open[members] = False
            groups.append(ranked[members])
    return groups


def _alone(coordinates: Floats, tolerance: float) -> NDArray[np.bool_]:
    """Which of m runs have a sorted coordinate, of (m, K, p), that no other run comes within the tolerance of.

    No run is within the tolerance of these; among runs that nearly all ended in places of their own that spares
    comparing each with all.
    """
    flat = coordinates.reshape(len(coordinates), np.prod(coordinates.shape[1:]))
    ranks = np.argsort(flat, axis=0)
    far = np.diff(np.take_along_axis(flat, ranks, axis=0), axis=0, prepend=-np.inf, append=np.inf) > tolerance
    alone = np.empty(flat.shape, dtype=bool)
    np.put_along_axis(alone, ranks, far[:-1] & far[1:], axis=0)
    return alone.any(axis=1)


def _within(runs: _Runs, candidates: Indices, tolerance: float) -> NDArray[np.bool_]:
    """Which candidates, (m,), are within the tolerance of the first of them."""
    first = candidates[0]
    inside = _distances(runs.canonical[candidates], runs.canonical[first]) <= tolerance
    undecided = np.flatnonzero(~inside & (_distances(runs.sorted[candidates], runs.sorted[first]) <= tolerance))
    _, distances = _align_all(runs.given[candidates[undecided]], runs.given[first])
    inside[undecided] = distances <= tolerance
    return inside


def _permutations(runs: _Runs, members: Indices, shown: Indices, tolerance: float) -> Indices:
    """The orders (m, K) that align the members of a group with its first one, itself in the order `shown` (K,).

    Where the components are more than two tolerances apart, an order within one tolerance is the best there is.
    """
    first = members[0]
    if len(members) == 1:
        return shown[None]
    reference = runs.given[first][shown]
    gaps = _distances(reference[:, None, None], reference[:, None])
    sure = _distances(runs.canonical[members], runs.canonical[first]) <= tolerance
    sure &= gaps[~np.eye(len(gaps), dtype=bool)].min(initial=np.inf) > 2 * tolerance
    permutations = runs.orders[members][:, np.argsort(runs.orders[first])[shown]]
    permutations[~sure], _ = _align_all(runs.given[members[~sure]], reference)
    return permutations


def _parameters(mixture: Mixture) -> tuple[Floats, Floats, Floats]:
    return mixture.weights, mixture.means, mixture.covariances


def _align_all(coordinates: Floats, reference: Floats) -> tuple[Indices, Floats]:
    """The best order of each of m mixtures (m, K, p) for the reference (K, p), (m, K), and its distance, (m,)."""
    n_runs, n_components, n_coordinates = coordinates.shape
    at_once = max(1, BLOCK_NUMBERS // (n_components**2 * n_coordinates))
    permutations = np.empty((n_runs, n_components), dtype=np.intp)
    for first in range(0, n_runs, at_once):
        block = slice(first, first + at_once)
        costs = np.square(coordinates[block, None] - reference[:, None]).sum(axis=-1)
        permutations[block] = [linear_sum_assignment(cost)[1] for cost in costs]
    ordered = np.take_along_axis(coordinates, permutations[..., None], axis=1)
    return permutations, _distances(ordered, reference)


def _distances(coordinates: Floats, reference: Floats) -> Floats:
    """Euclidean distances over the last two axes."""
    return np.sqrt(np.square(coordinates - reference).sum(axis=(-2, -1)))


def _frame(weights: Floats, means: Floats, covariances: Floats) -> _Frame:
    """The frame of the mean and covariance of one mixture as a whole."""
    mean = weights @ means
    deviations = means - mean
    covariance = np.tensordot(weights, covariances, 1) + (weights[:, None] * deviations).T @ deviations
    try:
        return _Frame(mean, np.linalg.inv(np.linalg.cholesky(covariance)))
    except np.linalg.LinAlgError:
        raise InputError(_NOT_POSITIVE) from None


def _coordinates(weights: Floats, means: Floats, covariances: Floats, frame: _Frame) -> Floats:
    """The coordinates (R, K, d + d^2 + 1) of all components: mean, logarithm of the deviations, weight."""
    with np.errstate(over="ignore", invalid="ignore"):
        whitened = frame.whiten @ covariances @ frame.whiten.T
        places = (means - frame.mean) @ frame.whiten.T
    if not max(np.abs(whitened).max(), np.abs(places).max()) < LARGEST_COORDINATE:
        raise InputError("The runs are of different data: their means or covariances are too far apart to compare.")
    spreads, axes = np.linalg.eigh(whitened)
    if spreads.min() <= 0:
        raise InputError(_NOT_POSITIVE)
    logarithms = (axes * (0.5 * np.log(spreads))[..., None, :]) @ axes.swapaxes(-1, -2)
    columns = [places, logarithms.reshape(*weights.shape, -1), weights[..., None]]
    return np.concatenate(columns, axis=-1)


def _best_first(weights: Floats, means: Floats, log_likelihoods: Floats, degenerate: NDArray[np.bool_]) -> Indices:
    """Runs that are not degenerate first, then by falling log-likelihood; of equals, by parameters in any order."""
    ties = np.concatenate([np.sort(weights, axis=1), np.sort(means[..., 0], axis=1)], axis=1)
    return np.lexsort((*ties.T, -log_likelihoods, degenerate))


def _as_runs(
    weights: ArrayLike, means: ArrayLike, covariances: ArrayLike, log_likelihoods: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    weights = as_floats(weights, "The runs' weights", 1.0)
    means = as_floats(means, "The runs' means", LARGEST_VALUE)
    covariances = as_floats(covariances, "The runs' covariances", LARGEST_VALUE**2)
    log_likelihoods = as_floats(log_likelihoods, "The runs' log-likelihoods", np.inf)
    if means.ndim != 3 or not means.size or len(means) > MAX_RUNS:
        raise InputError(f"The runs' means must be an array of 1 to {MAX_RUNS:,} runs, components and dimensions.")
    n_runs, n_components, n_dimensions = means.shape
    check_n_components(n_components)
    if n_runs * n_components * (n_dimensions**2 + n_dimensions + 1) > MAX_NUMBERS:
        raise InputError(f"{n_runs} runs in {n_dimensions} dimensions do not fit into memory: give fewer runs.")
    shapes = (
        ("weights", weights, (n_runs, n_components)),
        ("covariances", covariances, (n_runs, n_components, n_dimensions, n_dimensions)),
        ("log-likelihoods", log_likelihoods, (n_runs,)),
    )
    for what, array, shape in shapes:
        if array.shape != shape:
            raise InputError(f"The runs' {what} must have shape {shape}, as the means say; got {array.shape}.")
    if weights.min() < 0 or np.abs(weights.sum(axis=1) - 1).max() > 1e-8:
        raise InputError("The weights of every run must be at least 0 and sum to 1.")
    return weights, means, covariances, log_likelihoods


def _as_flags(what: str, given: ArrayLike | None, n_runs: int) -> NDArray[np.bool_]:
    if given is None:
        return np.zeros(n_runs, dtype=bool)
    flags = np.asarray(given)
    if flags.shape != (n_runs,) or flags.dtype != np.bool_:
        raise InputError(f"Which runs are {what} must be told by {n_runs} booleans, one a run.")
    return flags
