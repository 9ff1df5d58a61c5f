"""Which optimum each run of a study ended in, whether it stopped on its way, and how far it is from the best known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explorer.checks import Floats
from explorer.mixture import EMOutcome, ManyRuns, Mixture, Optima, OptimumKind, StopReason, as_points, iterate_limits
from explorer.mixture.starts import least_variances
from explorer.settings import EMStudySettings
from explorer.slices import Slices, finish
from explorer.study.names import names_of

# A table has deviations, whose squares are the variances up to this share.
ROUNDING = 1e-9
# Runs that stopped so have no limit.
_LOST = (StopReason.DEGENERATE, StopReason.DIVERGED)


@dataclass(frozen=True, eq=False)
class Optimum:
    """A place where runs end, or would end if they went on.

    label: its name, as `names_of` tells. outcome: of a run that ends there. mixture: components by rising mean.
    """

    label: str
    outcome: EMOutcome
    log_likelihood: float
    mixture: Mixture


@dataclass(frozen=True, eq=False)
class EMOutcomes:
    """The outcomes of a study's runs.

    table: the study's table with five columns more:
    outcome: an EMOutcome. optimum: the label of the optimum that the run is in or, from a plateau, would climb to; ""
    where that is a collapse. limit: the log-likelihood there, NaN for a collapse. gap: by how much the run's own
    log-likelihood is below that of the best proper optimum, NaN where it ended degenerate or diverged, or there is
    none. held: how many of its components are held at the variance floor; 0 in a study that holds none.
    optima: proper ones, best first, then spurious ones, then saddles.
    """

    table: pd.DataFrame
    optima: tuple[Optimum, ...]

    @property
    def best(self) -> Optimum | None:
        """The best proper optimum; None where no run leads to one."""
        return next(iter(self.proper), None)

    @property
    def proper(self) -> tuple[Optimum, ...]:
        return tuple(optimum for optimum in self.optima if optimum.outcome is EMOutcome.PROPER)

    def optimum(self, label: str) -> Optimum:
        """The optimum of a label."""
        return next(optimum for optimum in self.optima if optimum.label == label)


def em_outcomes(settings: EMStudySettings, values: Floats, table: pd.DataFrame) -> EMOutcomes:
    """Judge the runs of one study, all or some of them, by their limits (`find_limits`, `judge`)."""
    return finish(iterate_em_outcomes(settings, values, table))


def iterate_em_outcomes(settings: EMStudySettings, values: Floats, table: pd.DataFrame) -> Slices[EMOutcomes]:
    """`em_outcomes` in slices of time: yields (finished, all), and returns the outcomes at the end."""
    lasting = ~table["stop_reason"].isin(_LOST).to_numpy()
    outcome = np.array([EMOutcome(why) if why in _LOST else None for why in table["stop_reason"]], dtype=object)
    optimum = np.full(len(table), "", dtype=object)
    limit, gap = np.full(len(table), np.nan), np.full(len(table), np.nan)
    held = np.zeros(len(table), dtype=np.int64)
    optima: tuple[Optimum, ...] = ()
    if lasting.any():
        ends = ends_of(table[lasting], settings.n_components)
        if settings.at_floor == "hold":
            (floor,) = least_variances(as_points(values), settings.variance_floor, settings.structure)
            held[lasting] = np.count_nonzero(ends.covariances[..., 0, 0] <= floor * (1 + ROUNDING), axis=1)
        limits = yield from iterate_limits(values, ends, settings.options())
        optima, labels = _named(limits.optima)
        labels = labels[limits.optima.labels]
        reached = np.where(labels == "", np.nan, limits.continued.log_likelihoods)
        outcome[lasting] = limits.outcomes
        optimum[lasting], limit[lasting] = labels, reached
        best = next((each.log_likelihood for each in optima if each.outcome is EMOutcome.PROPER), np.nan)
        gap[lasting] = best - ends.log_likelihoods
    return EMOutcomes(table.assign(outcome=outcome, optimum=optimum, limit=limit, gap=gap, held=held), optima)


def ends_of(table: pd.DataFrame, n_components: int) -> ManyRuns:
    """The ends of runs that are not degenerate, as the table of `run_em_batch` tells them."""
    weights, means, deviations = (
        table[[f"{name}_{k + 1}" for k in range(n_components)]].to_numpy(np.float64)
        for name in ("weight", "mean", "deviation")
    )
    return ManyRuns(
        weights=weights / weights.sum(axis=1, keepdims=True),
        means=means[:, :, None],
        covariances=np.square(deviations)[:, :, None, None],
        log_likelihoods=table["log_likelihood"].to_numpy(np.float64),
        n_iterations=table["iterations"].to_numpy(np.int64),
        stop_reasons=tuple(StopReason(reason) for reason in table["stop_reason"]),
        degeneracies=((),) * len(table),
        held=np.zeros(means.shape, dtype=bool),
        paths=None,
    )


def _named(found: Optima) -> tuple[tuple[Optimum, ...], NDArray]:
    """The optima but for collapses; and the labels of all, collapses too, (G,)."""
    optima, labels = [], []
    for g, (kind, name) in enumerate(zip(found.kinds, names_of(found), strict=True)):
        if kind is OptimumKind.DEGENERATE:
            labels.append("")
            continue
        labels.append(name)
        order = np.argsort(found.means[g, :, 0], kind="stable")
        mixture = Mixture(found.weights[g][order], found.means[g][order], found.covariances[g][order])
        optima.append(Optimum(name, EMOutcome(kind), float(found.log_likelihoods[g]), mixture))
    return tuple(optima), np.array(labels, dtype=object)
