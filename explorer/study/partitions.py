"""Every way to assign n points to K groups, as a start of EM: nothing is drawn, so nothing is left to chance.

There are K^n, of which those that differ by the names of the groups only (K! of each, where no group is empty) are one
start twice over. They are counted as what they are, K^n starts, because a partition drawn at random is one of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.checks import changed, check_whole_number, read_only
from explorer.errors import InputError
from explorer.mixture import EMOptions, Optima, StopReason, as_points
from explorer.mixture.checks import check_n_components
from explorer.mixture.em import DEFAULTS
from explorer.settings import EMSettings
from explorer.slices import Slices, finish
from explorer.study.em_limits import iterate_to_limits

MAX_PARTITIONS = 60_000


class StartKind(StrEnum):
    """What a partition is like: some group is empty (for K = 2 there is a single label), else some group is a single
    point, else it is proper. The first two begin with a component of no width, and are degenerate at once.
    """

    EMPTY = "empty"
    SINGLETON = "singleton"
    PROPER = "proper"


@dataclass(frozen=True, eq=False)
class Partitions:
    """Where EM leads from each of R = K^n partitions; row r is partition r. The arrays are read-only.

    labels (R, n): the group of every point, 1..K, in the order of the data; the last point's label changes fastest.
    renamed (R,): the first partition that is the same but for the names of the groups; r itself where r is the first.
    kinds (R,), stop_reasons (R,). iterations (R,): after how many the run stopped.
    log_likelihoods (R,): where it stopped, total over points. limits (R,): where it would have come had it gone on.
    stopped_early (R,): the two are far apart. optima: of the limits; `optima.labels` (R,) is the one that r leads to.
    """

    labels: NDArray[np.uint8]
    renamed: NDArray[np.intp]
    kinds: tuple[StartKind, ...]
    stop_reasons: tuple[StopReason, ...]
    iterations: NDArray[np.int64]
    log_likelihoods: NDArray[np.float64]
    limits: NDArray[np.float64]
    stopped_early: NDArray[np.bool_]
    optima: Optima

    @property
    def n_components(self) -> int:
        return int(self.labels.max())

    def find(self, labels: Iterable[int]) -> int:
        """The index of a partition, labels 1..K of the n points."""
        digits = np.asarray(list(labels))
        n, n_components = self.labels.shape[1], self.n_components
        if digits.shape != (n,) or not np.isin(digits, np.arange(1, n_components + 1)).all():
            raise InputError(f"A partition is {n} labels from 1 to {n_components}, one for each point.")
        return int((digits - 1) @ n_components ** np.arange(n - 1, -1, -1))

    def written(self, r: int) -> str:
        """The labels of partition r as they are typed on the Explore page: "1 1 2 ..."."""
        return " ".join(map(str, self.labels[r].tolist()))

    def counts(self) -> dict[StartKind, NDArray[np.intp]]:
        """For every kind of start, how many partitions lead to each optimum, (G,)."""
        kinds = np.array(self.kinds)
        n_optima = self.optima.n_optima
        return {kind: np.bincount(self.optima.labels[kinds == kind], minlength=n_optima) for kind in StartKind}


def all_partitions(n: int, n_components: int) -> NDArray[np.uint8]:
    """All K^n assignments of n points, (K^n, n), with labels 1..K; the last point's label changes fastest.

    Raises InputError where K is not in 1..min(50, n), or there are more than MAX_PARTITIONS.
    """
    check_whole_number("The number of points", n, 1, MAX_PARTITIONS)
    check_n_components(n_components, n)
    if n_components**n > MAX_PARTITIONS:
        raise InputError(
            f"{n} points can be assigned to {n_components} groups in too many ways to try them all: "
            f"at most {MAX_PARTITIONS:,} are tried. Take fewer points or a smaller K."
        )
    digits = np.indices([n_components] * n, dtype=np.uint8) if n_components > 1 else np.zeros((n, 1), dtype=np.uint8)
    return np.ascontiguousarray(digits.reshape(n, -1).T) + np.uint8(1)


def enumerate_partitions(
    values: ArrayLike, n_components: int = 2, options: EMOptions = DEFAULTS, **changes: object
) -> Partitions:
    """Run EM from every partition of the values (n,) into at most K groups.

    options, changes: as in `run_em`. Raises InputError as `all_partitions` and `run_em` do.
    """
    return finish(iterate_partitions(values, n_components, options, **changes))


def iterate_partitions(
    values: ArrayLike, n_components: int = 2, options: EMOptions = DEFAULTS, **changes: object
) -> Slices[Partitions]:
    """`enumerate_partitions` in slices of time: yields (finished, all), and returns the record at the end.

    Whatever raises InputError does so at the first step.
    """
    points = as_points(values)
    labels = all_partitions(len(points), n_components)
    starts = responsibilities_of(labels, n_components)
    runs, limits = yield from iterate_to_limits(points, starts, changed(EMOptions, options, changes))
    return Partitions(
        labels=read_only(labels),
        renamed=read_only(_renamed(labels, n_components)),
        kinds=_kinds(labels, n_components),
        stop_reasons=runs.stop_reasons,
        iterations=runs.n_iterations,
        log_likelihoods=runs.log_likelihoods,
        limits=limits.continued.log_likelihoods,
        stopped_early=limits.early,
        optima=limits.optima,
    )


def settings_of_partition(settings: EMSettings, partitions: Partitions, r: int) -> EMSettings:
    """The settings of the run that starts from partition r, for the Explore page to replay it."""
    return replace(
        settings,
        n_components=partitions.n_components,
        initialization="partition",
        partition="typed",
        labels=partitions.written(r),
    )


def responsibilities_of(labels: NDArray[np.integer], n_components: int) -> NDArray[np.float64]:
    """Partitions (R, n), labels 1..K, as responsibilities of 1 and 0, (R, n, K)."""
    return np.equal.outer(labels, np.arange(1, n_components + 1)).astype(np.float64)


def _kinds(labels: NDArray[np.uint8], n_components: int) -> tuple[StartKind, ...]:
    fewest = np.min([np.count_nonzero(labels == k + 1, axis=1) for k in range(n_components)], axis=0)
    return tuple([StartKind.EMPTY, StartKind.SINGLETON, StartKind.PROPER][count] for count in np.minimum(fewest, 2))


def _renamed(labels: NDArray[np.uint8], n_components: int) -> NDArray[np.intp]:
    """The index of each partition after its groups are named by order of appearance, (R,)."""
    n_partitions, n = labels.shape
    names = np.zeros((n_partitions, n_components + 1), dtype=np.intp)  # from 1; 0: not seen yet
    each, index = np.arange(n_partitions), np.zeros(n_partitions, dtype=np.intp)
    for i in range(n):
        group = labels[:, i]
        names[each, group] = np.where(names[each, group] > 0, names[each, group], names.max(axis=1) + 1)
        index = index * n_components + names[each, group] - 1
    return index
