"""From the outcomes of a study of ALS to the rows of its first figure: masks, the best first, many of them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.study.als_outcomes import ALSOutcome
from explorer.study.als_summary import endings_of
from explorer.study.restarts import Share, share_with_interval

MOST_ROWS = 30


@dataclass(frozen=True)
class MaskRow:
    """One mask, or several alike.

    masks: their seeds. determined: whether they determine the matrix. counts: of runs, by initialization and ending.
    recovered: the share that was, by initialization.
    """

    masks: tuple[int, ...]
    determined: bool
    counts: Mapping[str, Mapping[str, int]]
    recovered: Mapping[str, Share]

    @property
    def title(self) -> str:
        return f"mask {self.masks[0]}" if len(self.masks) == 1 else f"{len(self.masks)} masks"


def mask_rows(table: pd.DataFrame, most: int = MOST_ROWS) -> list[MaskRow]:
    """Return the rows: determined masks before others, the most often recovered first; at most so many rows."""
    masks = table.assign(recovered=table["outcome"] == ALSOutcome.RECOVERED).groupby("mask_seed")
    facts = masks.agg(
        determined=("determined", "first"), recovered=("recovered", "mean"), error=("error_hidden", "median")
    )
    facts = facts.reset_index().sort_values(["recovered", "error", "mask_seed"], ascending=[False, True, True])
    endings = endings_of(table)
    rows = []
    for determined in (True, False):
        seeds = facts.loc[facts["determined"] == determined, "mask_seed"].to_numpy()
        room = len(seeds) if len(facts) <= most else max(1, round(most * len(seeds) / len(facts)))
        together = np.array_split(seeds, room) if len(seeds) else []
        rows += [_row(tuple(map(int, each)), determined, table, endings) for each in together]
    return rows


def _row(masks: tuple[int, ...], determined: bool, table: pd.DataFrame, endings: np.ndarray) -> MaskRow:
    mine = table["mask_seed"].isin(masks).to_numpy()
    counts, recovered = {}, {}
    for name in table["initialization"].unique():
        runs = mine & (table["initialization"] == name).to_numpy()
        counts[name] = dict(zip(*map(np.ndarray.tolist, np.unique(endings[runs], return_counts=True)), strict=True))
        recovered[name] = share_with_interval(counts[name].get(ALSOutcome.RECOVERED.value, 0), int(runs.sum()))
    return MaskRow(masks, determined, counts, recovered)
