"""A study of ALS in a few figures, and which of its runs belong side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from explorer.datasets import MatrixProblem
from explorer.study.als_outcomes import ALSOutcome, starts_to_recover
from explorer.study.restarts import Share, share_with_interval

# A run that comes close although its mask leaves the matrix a choice: nobody could have known.
LUCKY = "close by luck"
# In the order in which they are shown.
ENDINGS = (
    ALSOutcome.RECOVERED.value,
    ALSOutcome.STUCK.value,
    ALSOutcome.STOPPED_EARLY.value,
    ALSOutcome.HELD_BACK.value,
    ALSOutcome.RANK_DIFFERS.value,
    ALSOutcome.DIVERGED.value,
    ALSOutcome.UNKNOWN.value,
    LUCKY,
    ALSOutcome.NOT_DETERMINED.value,
)


def endings_of(table: pd.DataFrame) -> np.ndarray:
    """Return how each run ended (R,), one of ENDINGS: its outcome, but LUCKY where the mask had left a choice."""
    lucky = (table["outcome"] == ALSOutcome.RECOVERED) & ~table["determined"]
    return np.where(lucky, LUCKY, table["outcome"].astype(str))


def share_recovered(table: pd.DataFrame) -> dict[str, Share]:
    """Return by initialization how many runs were recovered, of those whose mask determines the matrix."""
    kept = table[table["determined"]].assign(recovered=lambda runs: runs["outcome"] == ALSOutcome.RECOVERED)
    return {
        name: share_with_interval(int(runs["recovered"].sum()), len(runs))
        for name in table["initialization"].unique()
        for runs in [kept[kept["initialization"] == name]]
    }


def shares_by_mask(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return by initialization the share recovered under each mask that determines the matrix, (masks,)."""
    kept = table[table["determined"]]
    recovered = (kept["outcome"] == ALSOutcome.RECOVERED).groupby([kept["initialization"], kept["mask_seed"]]).mean()
    return {name: recovered[name].to_numpy() for name in kept["initialization"].unique()}


def starts_enough(table: pd.DataFrame) -> dict[str, float]:
    """Return by initialization how many starts recover the matrix at least once with a certainty of 95 %."""
    needed = starts_to_recover(table)["starts"]
    return {name: float(needed.get(name, np.inf)) for name in table["initialization"].unique()}


def can_be_judged(table: pd.DataFrame, problem: MatrixProblem) -> bool:
    """Return whether runs count as recovered or not: the true matrix is known, and something of it is hidden."""
    return problem.low_rank is not None and bool(table["error_hidden"].notna().any())


def partner_of(table: pd.DataFrame, row: pd.Series) -> pd.Series | None:
    """Return the run that tells most beside this one, None where there is no other.

    On the same mask, if at all possible: for a run that was recovered one that was not, and the reverse; under a mask
    that determines nothing, the run that fills the hidden entries most differently.
    """
    others = table.drop(index=row.name)
    if not len(others):
        return None
    same_mask = others["mask_seed"] == row["mask_seed"]
    if row["determined"]:
        recovered = others["outcome"] == ALSOutcome.RECOVERED
        wanted = recovered != (row["outcome"] == ALSOutcome.RECOVERED)
    else:
        ratio = np.abs(np.log(others["error_hidden"] / row["error_hidden"])).fillna(0.0)
        wanted = ratio.where(same_mask, -1.0) == ratio.where(same_mask, -1.0).max()
    same_start = others["initialization"] == row["initialization"]
    return others.loc[(4 * same_mask + 2 * wanted + same_start).idxmax()]


def telling_runs(table: pd.DataFrame, most: int = 40, always: Sequence[bool] | None = None) -> pd.DataFrame:
    """Return one run for each mask, ending and initialization; masks on which runs end differently come first.

    most: of these. always: which rows of the table are returned whatever they tell; None for none.
    """
    endings = pd.Series(endings_of(table), index=table.index, name="ending")
    variety = endings.groupby(table["mask_seed"]).transform("nunique")
    order = {ending: i for i, ending in enumerate(ENDINGS)}
    chosen = table.assign(ending=endings, variety=-variety, order=endings.map(order))
    chosen = chosen.sort_values(["variety", "mask_seed", "order"], kind="stable")
    telling = chosen.groupby(["mask_seed", "ending", "initialization"], sort=False).head(1).head(most)
    wanted = telling.index if always is None else telling.index.union(table.index[list(always)])
    return chosen.loc[chosen.index.isin(wanted)]
