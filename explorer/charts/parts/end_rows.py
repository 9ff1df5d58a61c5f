"""From a study's outcomes to the rows of its first figure: which ends are shown, in what order, in what words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.mixture import EMOutcome, Mixture
from explorer.study.em_outcomes import EMOutcomes, ends_of
from explorer.words import counted, number

MOST_OPTIMA = 5
# The keys of rows that hold more than one optimum; the others have the optimum's label.
OTHERS, PLATEAU, SADDLE, SPURIOUS, DEGENERATE = "others", "plateau", "saddle", "spurious", "degenerate"
DIVERGED = "diverged"


@dataclass(frozen=True, eq=False)
class EndRow:
    """A row of the figure: where some of the runs end.

    key: what a click on it reports. letter: in the swatch. title, note: the words beside the density. index: of its
    colour among the optima; None for a hatch. mixture: what to draw, None for nothing. shares: by initialization.
    """

    key: str
    letter: str
    title: str
    note: str
    index: int | None
    mixture: Mixture | None
    shares: Mapping[str, float]


def end_rows(outcomes: EMOutcomes) -> list[EndRow]:
    """The rows, the best optimum first: a few proper ones each by itself, then what else there is."""
    keys = keys_of_runs(outcomes)
    table = outcomes.table
    runs_of = table.groupby("initialization", sort=False).size()
    rows = []
    for key in [*_proper_keys(outcomes), SADDLE, PLATEAU, SPURIOUS, DEGENERATE, DIVERGED]:
        runs = table[keys == key]
        if len(runs):
            shares = (runs.groupby("initialization").size() / runs_of).fillna(0.0).to_dict()
            rows.append(_row(key, runs, outcomes, shares))
    return rows


def keys_of_runs(outcomes: EMOutcomes) -> np.ndarray:
    """The key of the row that each run is in, (R,)."""
    outcome, optimum = outcomes.table["outcome"].to_numpy(), outcomes.table["optimum"].to_numpy()
    own_rows = _proper_keys(outcomes)
    keys = np.array([str(each) for each in outcome], dtype=object)
    proper = outcome == EMOutcome.PROPER
    keys[proper] = [label if label in own_rows else OTHERS for label in optimum[proper]]
    return keys


def _proper_keys(outcomes: EMOutcomes) -> list[str]:
    """The optima with a row each, of those that runs ended in: some are only where a stopped run would have come to."""
    table = outcomes.table
    reached = set(table.loc[table["outcome"] == EMOutcome.PROPER, "optimum"])
    proper = [optimum.label for optimum in outcomes.proper if optimum.label in reached]
    return proper if len(proper) <= MOST_OPTIMA + 1 else [*proper[:MOST_OPTIMA], OTHERS]


def _row(key: str, runs: pd.DataFrame, outcomes: EMOutcomes, shares: dict[str, float]) -> EndRow:
    n_components = int(runs["n_components"].iloc[0])
    best_run = ends_of(runs.loc[[runs["log_likelihood"].idxmax()]], n_components).mixture(0)
    highest = runs["log_likelihood"].max()
    proper = [optimum.label for optimum in outcomes.proper]
    if key == OTHERS:
        labels = runs["optimum"].unique()
        first = min(map(proper.index, labels))
        note = f"L {number(runs['limit'].min())} to {number(runs['limit'].max())}"
        return EndRow(key, "", f"{len(labels)} more", note, first, None, shares)
    if key == PLATEAU:
        limits = runs["limit"] - runs["log_likelihood"]
        note = "a component would collapse" if limits.isna().all() else f"up to {number(limits.max())} below limit"
        typical = (runs["log_likelihood"] - runs["log_likelihood"].median()).abs().idxmin()
        mixture = ends_of(runs.loc[[typical]], n_components).mixture(0)
        return EndRow(key, "", "stopped early", note, None, mixture, shares)
    if key == SADDLE:
        return EndRow(key, "", "saddle point", f"L {number(highest)}", None, best_run, shares)
    if key == SPURIOUS:
        note = f"{counted(runs['optimum'].nunique(), 'spike')}, best L {number(highest)}"
        return EndRow(key, "", "spurious", note, None, best_run, shares)
    if key == DEGENERATE:
        return EndRow(key, "", "degenerate", "L has no limit", None, best_run, shares)
    if key == DIVERGED:
        return EndRow(key, "", "diverged", "L fell", None, None, shares)
    optimum = outcomes.optimum(key)
    gap = outcomes.best.log_likelihood - optimum.log_likelihood
    index = proper.index(key)
    note = "best known" if index == 0 else f"{number(gap, 2 if gap < 1 else 1)} below A"
    return EndRow(key, key, f"L {number(optimum.log_likelihood)}", note, index, optimum.mixture, shares)
