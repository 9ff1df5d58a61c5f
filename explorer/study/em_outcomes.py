"""Which optimum each run of a study ended in, whether it stopped on its way, and how far it is from the best known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from string import ascii_uppercase
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explorer.mixture import Mixture, Mixtures, OptimumKind, StopReason, group_ends, run_many
from explorer.mixture.optima import LOG_LIKELIHOOD_TOLERANCE
from explorer.settings import EMStudySettings
from explorer.study.verdicts import SAME_COMPONENT

# A run goes on to its limit with this tolerance, for so many iterations at most.
LIMIT_RTOL = 1e-11
LIMIT_ITERATIONS = 5_000
# Ends that are grouped together: the most that `group_ends` holds at once with room to spare.
GROUPED_RUNS = 50_000

Floats = NDArray[np.float64]


class EMOutcome(StrEnum):
    """How a run ended.

    proper: in an optimum whose likelihood says something about the data. plateau: the tolerance or the bound on
    iterations stopped it more than LOG_LIKELIHOOD_TOLERANCE below its own limit. unseparated: two components started
    equal and stay so, at a saddle. spurious: in an optimum that buys its likelihood with a tiny variance. degenerate: a
    component collapsed or lost its points.
    """

    PROPER = "proper"
    PLATEAU = "plateau"
    UNSEPARATED = "unseparated"
    SPURIOUS = "spurious"
    DEGENERATE = "degenerate"


@dataclass(frozen=True, eq=False)
class Optimum:
    """A place where runs end, or would end if they went on.

    label: A, B, ... for proper ones, best first; u1, ... for saddles of equal components; s1, ... for spurious ones.
    outcome: what a run that ends there is. mixture: components by rising mean.
    """

    label: str
    outcome: EMOutcome
    log_likelihood: float
    mixture: Mixture


@dataclass(frozen=True, eq=False)
class EMOutcomes:
    """The outcomes of a study's runs.

    table: the study's table with four columns more:
    outcome: an EMOutcome. optimum: the label of the optimum that the run is in or, from a plateau, would climb to; ""
    where that is a collapse. limit: the log-likelihood there, NaN for a collapse. gap: by how much the run's own
    log-likelihood is below that of the best optimum, NaN where it ended degenerate or there is no proper optimum.
    optima: proper ones, best first, then saddles, then spurious ones.
    """

    table: pd.DataFrame
    optima: tuple[Optimum, ...]

    @property
    def best(self) -> Optimum | None:
        """The best proper optimum; None where no run leads to one."""
        return next((optimum for optimum in self.optima if optimum.outcome is EMOutcome.PROPER), None)

    def optimum(self, label: str) -> Optimum:
        """The optimum of a label."""
        return next(optimum for optimum in self.optima if optimum.label == label)


def em_outcomes(settings: EMStudySettings, values: Floats, table: pd.DataFrame) -> EMOutcomes:
    """Judge runs on the same data with the same K, structure and variance floor, whatever their starts and tolerances.

    A run counts as stopped early when, continued with a tolerance of LIMIT_RTOL, it gains more than
    LOG_LIKELIHOOD_TOLERANCE. Runs that ended alike are continued once; where that leads away, each of them is.
    """
    ended = ~table["stop_reason"].isin([StopReason.DEGENERATE, StopReason.DIVERGED]).to_numpy()
    outcome = np.full(len(table), EMOutcome.DEGENERATE, dtype=object)
    optimum = np.full(len(table), "", dtype=object)
    limit, gap = np.full(len(table), np.nan), np.full(len(table), np.nan)
    optima: tuple[Optimum, ...] = ()
    if ended.any():
        ends = _ends_of(table[ended], settings.n_components)
        limits, which = _limits(settings, values, ends)
        optima, index = _distinct(limits)
        index, reached = index[which], limits.log_likelihoods[which]
        label = np.array([*(each.label for each in optima), ""], dtype=object)[index]
        at_the_limit = np.array([*(each.outcome for each in optima), EMOutcome.DEGENERATE], dtype=object)[index]
        stopped_early = (reached - ends.log_likelihoods > LOG_LIKELIHOOD_TOLERANCE) | (label == "")
        outcome[ended] = np.where(stopped_early, EMOutcome.PLATEAU, at_the_limit)
        optimum[ended], limit[ended] = label, np.where(label == "", np.nan, reached)
        best = next((each.log_likelihood for each in optima if each.outcome is EMOutcome.PROPER), np.nan)
        gap[ended] = best - ends.log_likelihoods
    return EMOutcomes(table.assign(outcome=outcome, optimum=optimum, limit=limit, gap=gap), optima)


class _Ends(NamedTuple):
    """Ends of runs: weights, means and variances (R, K), log-likelihoods (R,), and which are degenerate (R,)."""

    weights: Floats
    means: Floats
    variances: Floats
    log_likelihoods: Floats
    degenerate: NDArray[np.bool_]

    def of(self, runs: NDArray) -> _Ends:
        return _Ends(*(array[runs] for array in self))


def _ends_of(table: pd.DataFrame, n_components: int) -> _Ends:
    weights, means, deviations = (
        table[[f"{name}_{k + 1}" for k in range(n_components)]].to_numpy(np.float64)
        for name in ("weight", "mean", "deviation")
    )
    log_likelihoods = table["log_likelihood"].to_numpy(np.float64)
    return _Ends(weights, means, np.square(deviations), log_likelihoods, np.zeros(len(table), dtype=bool))


def _limits(settings: EMStudySettings, values: Floats, ends: _Ends) -> tuple[_Ends, NDArray[np.intp]]:
    """Limits of the ends, and which of them each end has, (R,)."""
    groups = _groups(ends)
    together = _continued(settings, values, ends.of(groups.representatives))
    rise = together.log_likelihoods - ends.log_likelihoods[groups.representatives]
    moved = (rise > LOG_LIKELIHOOD_TOLERANCE) | together.degenerate
    which = groups.labels.copy()
    apart = np.flatnonzero(moved[groups.labels])
    if not len(apart):
        return together, which
    # Ends that are alike on a plateau may be on their way to different optima.
    which[apart] = len(moved) + np.arange(len(apart))
    alone = _continued(settings, values, ends.of(apart))
    return _Ends(*(np.concatenate(pair) for pair in zip(together, alone, strict=True))), which


def _continued(settings: EMStudySettings, values: Floats, ends: _Ends) -> _Ends:
    starts = Mixtures(ends.weights, ends.means[:, :, None], ends.variances[:, :, None, None])
    runs = run_many(
        values,
        starts,
        structure=settings.structure,
        variance_floor=settings.variance_floor,
        rtol=LIMIT_RTOL,
        max_iter=LIMIT_ITERATIONS,
    )
    return _Ends(runs.weights, runs.means[:, :, 0], runs.covariances[:, :, 0, 0], runs.log_likelihoods, runs.degenerate)


class _Groups(NamedTuple):
    """Groups of like ends, best first: kinds (G,), the best end of each (G,), and the group of each end (R,)."""

    kinds: list[OptimumKind]
    representatives: NDArray[np.intp]
    labels: NDArray[np.intp]


def _groups(ends: _Ends) -> _Groups:
    """Group any number of ends: portions first, then what represents them."""
    n = len(ends.weights)
    if n <= GROUPED_RUNS:
        found = group_ends(
            ends.weights,
            ends.means[:, :, None],
            ends.variances[:, :, None, None],
            ends.log_likelihoods,
            degenerate=ends.degenerate,
        )
        return _Groups(list(found.kinds), found.representatives, found.labels)
    parts = [np.arange(first, min(first + GROUPED_RUNS, n)) for first in range(0, n, GROUPED_RUNS)]
    of_parts = [_groups(ends.of(part)) for part in parts]
    chosen = np.concatenate([part[groups.representatives] for part, groups in zip(parts, of_parts, strict=True)])
    above = _groups(ends.of(chosen))
    offsets = np.cumsum([0, *(len(groups.kinds) for groups in of_parts)])
    labels = np.concatenate(
        [above.labels[offset + groups.labels] for offset, groups in zip(offsets, of_parts, strict=False)]
    )
    return _Groups(above.kinds, chosen[above.representatives], labels)


def _distinct(limits: _Ends) -> tuple[tuple[Optimum, ...], NDArray[np.intp]]:
    """The distinct optima among limits, and which of them each limit is, (L,); -1 for a collapse."""
    groups = _groups(limits)
    found, numbers = [], []
    for kind, representative in zip(groups.kinds, groups.representatives, strict=True):
        if kind is OptimumKind.DEGENERATE:
            continue
        order = np.argsort(limits.means[representative], kind="stable")
        mixture = Mixture.univariate(*(array[representative][order] for array in limits[:3]))
        outcome = EMOutcome.SPURIOUS if kind is OptimumKind.SPURIOUS else EMOutcome.PROPER
        if outcome is EMOutcome.PROPER and _has_equal_components(mixture):
            outcome = EMOutcome.UNSEPARATED
        found.append((outcome, float(limits.log_likelihoods[representative]), mixture))
    ranks = sorted(range(len(found)), key=lambda g: (_ORDER.index(found[g][0]), -found[g][1]))
    optima = []
    for g in ranks:
        outcome, log_likelihood, mixture = found[g]
        label = label_of(outcome, sum(each.outcome is outcome for each in optima))
        optima.append(Optimum(label, outcome, log_likelihood, mixture))
    numbers = np.full(len(groups.kinds), -1)
    numbers[ranks] = np.arange(len(ranks))
    return tuple(optima), numbers[groups.labels]


_ORDER = (EMOutcome.PROPER, EMOutcome.UNSEPARATED, EMOutcome.SPURIOUS)


def _has_equal_components(mixture: Mixture) -> bool:
    """Whether two components, sorted by their means, are the same place and width, to SAME_COMPONENT of the whole's."""
    means, deviations = mixture.means[:, 0], np.sqrt(mixture.covariances[:, 0, 0])
    centre = mixture.weights @ means
    spread = np.sqrt(mixture.weights @ (np.square(deviations) + np.square(means - centre)))
    apart = np.maximum(np.abs(np.diff(means)), np.abs(np.diff(deviations)))
    return bool((apart <= SAME_COMPONENT * spread).any())


def label_of(outcome: EMOutcome, index: int) -> str:
    """The label of the index-th optimum of its kind: A, ..., Z, A2, ..., or u1, u2, ..., or s1, s2, ...."""
    if outcome is EMOutcome.PROPER:
        round_, letter = divmod(index, len(ascii_uppercase))
        return ascii_uppercase[letter] + (f"{round_ + 1}" if round_ else "")
    return f"{'u' if outcome is EMOutcome.UNSEPARATED else 's'}{index + 1}"
