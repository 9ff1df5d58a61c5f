"""Which start leads where: EM with two components in one dimension, from every pair of means of a square grid.

A start is what the Explore page begins with when its two means are placed by hand (`mixture_at`): equal weights, and
one common variance, the mean squared distance of the values to the nearest of the two means.

Swapping the two means swaps the components of every iterate and changes nothing else, so only one of the two starts is
run, and the map is its own mirror image. On the diagonal both components are the same, and no step tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.checks import Floats, changed, check_whole_number, read_only
from explorer.errors import InputError
from explorer.mixture import EMOptions, Mixtures, Optima, as_points, run_many
from explorer.mixture.em import DEFAULTS
from explorer.mixture.starts import least_variances
from explorer.settings import EMSettings
from explorer.slices import Slices, finish
from explorer.study.em_limits import iterate_to_limits

# The label of starts with two equal means.
NEVER_SEPARATES = -1

# The axes reach beyond the data by this share of its range.
MARGIN = 0.05
LARGEST_SIZE = 300
# Means on the axes are rounded to this share of their distance, at most: they are short to write, and exact in a link.
ROUNDING = 0.01


@dataclass(frozen=True, eq=False)
class Landscape:
    """A map of S x S starts; of every array (S, S) the row is the second mean, the column the first. All read-only.

    axis (S,): the starting means along both axes, rising, in the data's unit, over its range and MARGIN more each way.
    labels (S, S): the optimum in `optima` that EM leads to, or NEVER_SEPARATES.
    iterations (S, S): after how many the run stopped. log_likelihoods (S, S): where it stopped, total over points.
    start_log_likelihoods (S, S): of the starts.
    stopped_early (S, S): the run stopped on a plateau, or for want of iterations, far below its optimum.
    optima: those that the starts beside the diagonal lead to; a start counts twice, as its mirror image does.
    """

    axis: Floats
    labels: NDArray[np.intp]
    iterations: NDArray[np.int64]
    log_likelihoods: Floats
    start_log_likelihoods: Floats
    stopped_early: NDArray[np.bool_]
    optima: Optima

    @property
    def size(self) -> int:
        return len(self.axis)

    def cell(self, mean_1: float, mean_2: float) -> tuple[int, int]:
        """The row and the column of the start that is nearest to these means."""
        row, column = (int(np.abs(self.axis - mean).argmin()) for mean in (mean_2, mean_1))
        return row, column

    def shares(self) -> Floats:
        """Which share of the square leads to each optimum, (G,)."""
        labels = self.labels[self.labels != NEVER_SEPARATES]
        return np.bincount(labels, minlength=self.optima.n_optima) / self.labels.size


def map_landscape(values: ArrayLike, size: int = 100, options: EMOptions = DEFAULTS, **changes: object) -> Landscape:
    """Run EM from size x size pairs of means.

    values: (n,), not all equal. size: 2 to LARGEST_SIZE. options, changes: as in `run_em`. Raises InputError
    where any of this does not hold. For a first look, a size of 25 takes a sixteenth of the time of 100.
    """
    return finish(iterate_landscape(values, size, options, **changes))


def iterate_landscape(
    values: ArrayLike, size: int = 100, options: EMOptions = DEFAULTS, **changes: object
) -> Slices[Landscape]:
    """`map_landscape` in slices of time: yields (finished, all) after every iteration, and returns the map at the end.

    Whatever raises InputError does so at the first step.
    """
    points = as_points(values)
    check_whole_number("The size of the map", size, 2, LARGEST_SIZE)
    if points.shape[1] > 1:
        raise InputError(f"The map is drawn for data in one dimension, not in {points.shape[1]}: take one column.")
    if np.ptp(points) == 0:
        raise InputError("All values are equal, so there is no map of starts to draw: choose other data.")
    options = changed(EMOptions, options, changes)
    axis = axis_of(points[:, 0], size)
    floor = least_variances(points, options.variance_floor, options.structure)
    variances = np.maximum(starting_variances(points[:, 0], axis), floor)
    # One of every two mirror images; the diagonal goes apart, because it leads to no optimum.
    first, second = np.triu_indices(size, 1)
    apart = _starts(axis[first], axis[second], variances[first, second])
    alike = _starts(axis, axis, variances.diagonal())
    runs_alike = run_many(points, alike, options)
    runs, limits = yield from iterate_to_limits(points, apart, options)

    def mirrored(of_apart: np.ndarray, of_alike: np.ndarray | int) -> np.ndarray:
        square = np.empty((size, size), dtype=of_apart.dtype)
        square[first, second] = square[second, first] = of_apart
        np.fill_diagonal(square, of_alike)
        return read_only(square)

    start_log_likelihoods = [run_many(points, starts, options, max_iter=0).log_likelihoods for starts in (apart, alike)]
    return Landscape(
        axis=read_only(axis),
        labels=mirrored(limits.optima.labels, NEVER_SEPARATES),
        iterations=mirrored(runs.n_iterations, runs_alike.n_iterations),
        log_likelihoods=mirrored(runs.log_likelihoods, runs_alike.log_likelihoods),
        start_log_likelihoods=mirrored(*start_log_likelihoods),
        stopped_early=mirrored(limits.early, False),
        optima=limits.optima,
    )


def axis_of(values: Floats, size: int) -> Floats:
    """The starting means along an axis, (size,), for values (n,) that are not all equal: see Landscape."""
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low)
    axis, step = np.linspace(low - margin, high + margin, size, retstep=True)
    return np.round(axis, -int(np.floor(np.log10(ROUNDING * step))))


def starting_variances(values: Floats, axis: Floats) -> Floats:
    """The mean squared distance of the values (n,) to the nearest of two means, for all pairs on an axis, (S, S).

    From the distances themselves: cumulative sums of squares would cancel where both means lie on the data, and this
    costs less than one iteration of EM.
    """
    squares = np.square(values - axis[:, None])
    return np.array([np.minimum(of_one, squares).mean(axis=1) for of_one in squares])


def settings_at(settings: EMSettings, mean_1: float, mean_2: float) -> EMSettings:
    """The settings of the run that starts from these means, for the Explore page to replay it."""
    means = ", ".join(repr(float(mean)) for mean in (mean_1, mean_2))
    return replace(settings, n_components=2, initialization="means", means=means)


def _starts(means_1: Floats, means_2: Floats, variances: Floats) -> Mixtures:
    """The R mixtures with these means (R,) and (R,), and one variance (R,) each."""
    means = np.stack([means_1, means_2], axis=1)
    return Mixtures(np.full(means.shape, 0.5), means[:, :, None], np.stack([variances] * 2, axis=1)[:, :, None, None])
