"""k-means: seeding, nearest centres, and Lloyd's iterations as a trace. Points are (n, d), centres (K, d).

Lloyd's k-means alternates like EM: assign every point to the nearest centre, then move every centre to the mean
of its points. Both half steps lower the inertia sum_i |x_i - c_(z_i)|^2. It is EM's hard limit: with equal weights
and the covariance eps I for every component, the responsibilities become these assignments as eps -> 0, and the
means of the M step these centres.

The distances of a block of points to all centres are one matrix product, |c|^2 - 2 x.c, of points centred on
the data's mean. Wherever its rounding could decide, the distances are computed again as sum_j (x_j - c_j)^2, so that
every label is the one that these plain differences give, ties included: the first centre wins.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csc_array

from explorer.checks import LARGEST_SEED, Floats, as_floats, changed, check_callbacks, check_whole_number, read_only
from explorer.errors import InputError
from explorer.mixture import engine
from explorer.mixture.checks import LARGEST_VALUE, as_points, check_n_components
from explorer.mixture.stopping import first_reason
from explorer.slices import Slices, finish
from explorer.stop_reason import StopReason

MAX_ITERATIONS = 10_000
MAX_STARTS = 10_000
# Between these, no square of a difference vanishes and no inertia overflows.
LARGEST_SPREAD = 1e148
# The most that a trace may take in memory, 1 GB; a million points give a thousand iterations.
MAX_TRACE_BYTES = 1_000_000_000
# Numbers in the work arrays of a block, half a megabyte: they stay in the cache.
BLOCK_NUMBERS = 65_536
# With more components than these, sums by label are faster as a sparse product than as a dense one.
FEW_COMPONENTS = 8
EPSILON = np.finfo(np.float64).eps

Labels = NDArray[np.uint8]


@dataclass(frozen=True)
class KMeansOptions:
    """What determines a run, beside the data and the first centres: max_iter, of 0..10 000."""

    max_iter: int = 300

    def __post_init__(self) -> None:
        check_whole_number("The number of iterations", self.max_iter, 0, MAX_ITERATIONS)


@dataclass(frozen=True, eq=False)
class KMeansIterate:
    """Iterate t of a run: centres (K, d), and the points assigned to them, labels (n,) from 0 and sizes (K,).

    inertias: at the half steps that led here, (after the update to these centres, after the assignment to
    them), or only the latter for the start. seconds: since the run began, without the caller's own time.
    stop_reason is None while the run goes on.
    """

    iteration: int
    centres: Floats
    labels: Labels
    sizes: NDArray[np.intp]
    inertias: tuple[float, ...]
    seconds: float
    stop_reason: StopReason | None


@dataclass(frozen=True, eq=False)
class KMeansTrace:
    """A whole run of T iterations, read-only.

    centres (T+1, K, d): iterate 0 is the start. labels (T+1, n), uint8, from 0: the nearest of the centres of the
    same iterate. sizes (T+1, K): the number of points of each centre; 0 where it has lost them all.
    inertias (2T+1,), in the unit of the data squared: the sum of squared distances to the own centre, at half step
    - h = 2t, assignment: labels t, centres t;
    - h = 2t + 1, update: labels t, centres t + 1.
    They never rise by more than rounding. seconds (T+1,): from the beginning of the run to each iterate.
    stop_reason is None for a run that was cut short by cancellation.
    """

    centres: Floats
    labels: Labels
    sizes: NDArray[np.intp]
    inertias: Floats
    seconds: Floats
    stop_reason: StopReason | None

    @property
    def n_iterations(self) -> int:
        return len(self.centres) - 1

    @property
    def inertia(self) -> float:
        """The sum of squared distances at the end, in the unit of the data squared."""
        return float(self.inertias[-1])


def run_k_means(data: ArrayLike, centres: ArrayLike, *, max_iter: int = 300) -> KMeansTrace:
    """Run Lloyd's k-means on (n, d) data from centres (K, d), and keep every iterate. (n,) is read as d = 1.

    Stops (`stop_reason`) at the first iterate t that is
    - converged: no point changed its label since iterate t - 1;
    - degenerate: the same, and a centre has no points. Such a centre stays where it is while the others move on,
      and may win points back; nothing is repaired;
    - max_iter: t = max_iter, of 0..10 000.

    Raises InputError for data beyond 1 000 000 points in 100 dimensions, more than 50 centres, centres that do
    not fit the data, and where the trace could take more than 1 GB (`iterate_k_means` keeps nothing).
    """
    return finish(k_means_in_slices(data, centres, KMeansOptions(max_iter)))


def k_means_in_slices(data: ArrayLike, centres: ArrayLike, options: KMeansOptions) -> Slices[KMeansTrace]:
    """The work of `run_k_means` in slices of time: yields (t, max_iter) after every iterate, and returns the trace."""
    options, history = changed(KMeansOptions, options, {}), []
    for iterate in _within_memory(iterate_k_means(data, centres, max_iter=options.max_iter), options.max_iter):
        history.append(iterate)
        yield iterate.iteration, options.max_iter
    return _trace(history)


def iterate_k_means(data: ArrayLike, centres: ArrayLike, *, max_iter: int = 300) -> Iterator[KMeansIterate]:
    """The iterates of `run_k_means` one by one, none kept. Raises InputError when called, not when first advanced."""
    points = _as_spread_points(data)
    centres = _as_centres(centres, points)
    return _iterate(points, centres, KMeansOptions(max_iter).max_iter)


def best_k_means(
    data: ArrayLike,
    n_components: int,
    *,
    n_starts: int = 10,
    seed: int = 0,
    max_iter: int = 300,
    progress: Callable[[int, int], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> KMeansTrace:
    """The run of the lowest inertia out of n_starts (1..10 000) seeded by k-means++; the first of equals.

    progress(finished, n_starts) is called after every iteration. cancelled() is asked then too: once it is true, the
    best of the runs so far is returned, where the one under way counts as it stands, with a stop reason of None.
    """
    points = _as_spread_points(data)
    check_n_components(n_components, len(points))
    check_whole_number("The number of starts", n_starts, 1, MAX_STARTS)
    check_whole_number("The seed", seed, 0, LARGEST_SEED)
    check_callbacks(progress, cancelled)
    rng = np.random.default_rng(seed)
    best, stop = None, False
    for start in range(n_starts):
        history = []
        seeding = k_means_plus_plus(points, n_components, rng)
        for iterate in _within_memory(iterate_k_means(points, seeding, max_iter=max_iter), max_iter):
            history.append(iterate)
            if progress is not None:
                progress(start + (iterate.stop_reason is not None), n_starts)
            stop = cancelled is not None and bool(cancelled())
            if stop:
                break
        if best is None or history[-1].inertias[-1] < best[-1].inertias[-1]:
            best = history
        if stop:
            break
    return _trace(best)


def k_means_plus_plus(points: ArrayLike, n_components: int, rng: np.random.Generator) -> Floats:
    """K of the points as centres, (K, d): each drawn with probability proportional to D(x)^2.

    D is the distance to the nearest centre drawn so far (Arthur and Vassilvitskii, 2007); the first is
    drawn uniformly. Once every distinct point is a centre, the rest are drawn uniformly and repeat some.
    """
    points = _as_spread_points(points)
    check_n_components(n_components)
    n = len(points)
    centres = [points[rng.integers(n)]]
    to_nearest = np.full(n, np.inf)
    while len(centres) < n_components:
        to_nearest = np.minimum(to_nearest, squared_distances(points, centres[-1][None])[0])
        total = to_nearest.sum()
        drawn = rng.choice(n, p=to_nearest / total) if total > 0 else rng.integers(n)
        centres.append(points[drawn])
    return np.array(centres)


def nearest(points: ArrayLike, centres: ArrayLike) -> NDArray[np.intp]:
    """The nearest centre of each point, (n,), from 0; the first one wins a tie."""
    points = _as_spread_points(points)
    centres = _as_centres(centres, points)
    return _assign(_cut(points, len(centres)), centres).labels.astype(np.intp)


def lloyd(points: ArrayLike, centres: ArrayLike, max_iter: int = 300) -> tuple[Floats, NDArray[np.intp]]:
    """The end of `run_k_means` alone: (centres (K, d), labels (n,) of the nearest of these centres)."""
    *_, last = iterate_k_means(points, centres, max_iter=max_iter)
    return last.centres, last.labels.astype(np.intp)


def squared_distances(points: Floats, centres: Floats) -> Floats:
    """|x_i - c_k|^2 = sum_j (x_ij - c_kj)^2, (K, n), by plain differences."""
    distances = np.zeros((len(centres), len(points)))
    for block in _blocks(len(points), sum(centres.shape)):
        for x, c in zip(points[block].T, centres.T, strict=True):
            distances[:, block] += np.square(x - c[:, None])
    return distances


def _within_memory(iterates: Iterator[KMeansIterate], max_iter: int) -> Iterator[KMeansIterate]:
    """The iterates, if a trace of them all is not too large. Raises InputError at the first one otherwise."""
    for iterate in iterates:
        if (
            iterate.iteration == 0
            and (max_iter + 1) * (iterate.labels.nbytes + iterate.centres.nbytes) > MAX_TRACE_BYTES
        ):
            n_points = len(iterate.labels)
            raise InputError(f"{max_iter} iterations of {n_points} points do not fit into memory: allow fewer.")
        yield iterate


def _trace(history: list[KMeansIterate]) -> KMeansTrace:
    return KMeansTrace(
        centres=read_only(np.array([iterate.centres for iterate in history])),
        labels=read_only(np.array([iterate.labels for iterate in history])),
        sizes=read_only(np.array([iterate.sizes for iterate in history])),
        inertias=read_only(np.concatenate([iterate.inertias for iterate in history])),
        seconds=read_only(np.array([iterate.seconds for iterate in history])),
        stop_reason=history[-1].stop_reason,
    )


class _Points(NamedTuple):
    """Points (n, d), their blocks, about their mean, and a bound of each block's distances to that.

    offsets: the mean in as many rows as the longest block, because numpy subtracts arrays of equal shape several
    times faster than short rows.
    """

    points: Floats
    blocks: list[slice]
    offsets: Floats
    radii: list[float]


class _Assignment(NamedTuple):
    """The points assigned to their nearest centres, and what the next half step and the trace need of them.

    steps (K, d): from each centre to the mean of its points, 0 without points. inertia: of these labels.
    gain: by how much it is lower than the inertia of the previous labels at the same centres.
    """

    labels: Labels
    sizes: NDArray[np.intp]
    steps: Floats
    inertia: float
    gain: float


def _iterate(points: Floats, centres: Floats, max_iter: int) -> Iterator[KMeansIterate]:
    began = perf_counter()
    seconds = 0.0
    cut = _cut(points, len(centres))
    assignment = _assign(cut, centres)
    inertias = (assignment.inertia,)
    settled = False
    for t in range(max_iter + 1):
        is_hollow = settled and not assignment.sizes.all()
        stop_reason = first_reason(degenerate=is_hollow, converged=settled, max_iter=t == max_iter)
        seconds += perf_counter() - began
        yield KMeansIterate(
            iteration=t,
            centres=read_only(centres),
            labels=read_only(assignment.labels),
            sizes=read_only(assignment.sizes),
            inertias=inertias,
            seconds=seconds,
            stop_reason=stop_reason,
        )
        if stop_reason is not None:
            return
        began = perf_counter()
        centres = centres + assignment.steps
        previous, assignment = assignment.labels, _assign(cut, centres, assignment.labels)
        settled = np.array_equal(assignment.labels, previous)
        inertias = (assignment.inertia + assignment.gain, assignment.inertia)


def _cut(points: Floats, n_components: int) -> _Points:
    n_points, n_dimensions = points.shape
    blocks = _blocks(n_points, n_dimensions + n_components)
    offset = np.full(n_points, 1 / n_points) @ points
    radii = [float(np.sqrt(n_dimensions) * np.abs(points[block] - offset).max()) for block in blocks]
    return _Points(points, blocks, np.tile(offset, (blocks[0].stop, 1)), radii)


def _blocks(n_points: int, numbers_a_point: int) -> list[slice]:
    size = max(256, BLOCK_NUMBERS // numbers_a_point)
    return [slice(first, min(first + size, n_points)) for first in range(0, n_points, size)]


def _assign(cut: _Points, centres: Floats, previous: Labels | None = None) -> _Assignment:
    """One pass over the points: the nearest centres, and their sums, which the update needs.

    The sums are of deviations from the present centres: what stays small keeps its digits. So does the inertia
    of the previous labels (n,) as this one plus the gain of every point that has changed: after an update, no
    other pass is needed for it.
    """
    n_components, n_dimensions = centres.shape
    components = np.arange(n_components, dtype=np.uint8)[:, None]
    labels = np.empty(len(cut.points), dtype=np.uint8)
    sums = np.zeros_like(centres)
    inertia, gain = 0.0, 0.0

    shifted = centres - cut.offsets[0]
    squared_lengths = _squared_lengths(shifted)
    reach = np.sqrt(squared_lengths.max())
    shifted *= -2
    work = np.empty_like(cut.offsets)

    for block, radius in zip(cut.blocks, cut.radii, strict=True):
        x = cut.points[block]
        z = np.subtract(x, cut.offsets[: len(x)], out=work[: len(x)])
        # For one column, broadcasting gives the same product ten times faster.
        scores = shifted * z.T if n_dimensions == 1 else shifted @ z.T
        scores += squared_lengths[:, None]
        # Twice the rounding of a product and of plain differences, d + 8 terms of at most (|x| + |c|)^2.
        doubt = 4 * (n_dimensions + 8) * EPSILON * (radius + reach) ** 2
        is_close = scores <= scores.min(axis=0) + doubt
        own = np.add.reduce(is_close.view(np.uint8) * components, axis=0, dtype=np.uint8)
        doubtful = np.flatnonzero(np.add.reduce(is_close, axis=0, dtype=np.uint8) > 1)
        if len(doubtful):
            own[doubtful] = squared_distances(x[doubtful], centres).argmin(axis=0)
        labels[block] = own

        deviations = centres.take(own, axis=0, out=z, mode="clip")
        np.subtract(x, deviations, out=deviations)
        inertia += float(np.vdot(deviations, deviations))
        sums += _sums_by_label(deviations, own, components)
        if previous is not None:
            moved = np.flatnonzero(own != previous[block])
            from_previous = x[moved] - centres[previous[block][moved]]
            gain += float((_squared_lengths(from_previous) - _squared_lengths(deviations[moved])).sum())

    sizes = np.bincount(labels, minlength=n_components)
    return _Assignment(labels, sizes, sums / np.maximum(sizes, 1)[:, None], inertia, gain)


def _sums_by_label(rows: Floats, labels: Labels, components: NDArray[np.uint8]) -> Floats:
    """The sum of the rows (b, d) of each label, (K, d): a product with the matrix of 1 where k is the label of i."""
    n_rows, n_components = len(rows), len(components)
    if n_components <= FEW_COMPONENTS:
        return np.equal(labels, components).astype(np.float64) @ rows
    ones, starts = np.ones(n_rows), np.arange(n_rows + 1, dtype=np.int32)
    return csc_array((ones, labels.astype(np.int32), starts), shape=(n_components, n_rows)) @ rows


def _squared_lengths(rows: Floats) -> Floats:
    return np.einsum("ij,ij->i", rows, rows)


def _as_spread_points(data: ArrayLike) -> Floats:
    """The points (n, d). Raises InputError where squares of their differences leave double precision."""
    points = as_points(data)
    spread = max(np.abs(points[block] - points[0]).max() for block in _blocks(*points.shape))
    if 0 < spread < engine.SMALLEST_SPREAD:
        raise InputError(f"The data's values differ by less than {engine.SMALLEST_SPREAD:g}: choose another unit.")
    if spread > LARGEST_SPREAD:
        raise InputError(f"The data's values differ by more than {LARGEST_SPREAD:g}: choose another unit.")
    return points


def _as_centres(centres: ArrayLike, points: Floats) -> Floats:
    """A copy of the centres (K, d); (K,) is read as d = 1. Raises InputError unless 1 to 50 fit the points."""
    centres = as_floats(centres, "The centres", LARGEST_VALUE).copy()
    if centres.ndim == 1:
        centres = centres[:, None]
    if centres.ndim != 2 or centres.shape[1] != points.shape[1]:
        raise InputError(f"The centres must be a table of {points.shape[1]} columns, as the data has.")
    check_n_components(len(centres))
    if np.abs(centres - points[0]).max() > LARGEST_SPREAD:
        raise InputError(f"The centres are further than {LARGEST_SPREAD:g} from the data: move them nearer.")
    return centres
