"""What a teacher would say first of a study of ALS."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from explorer.completion import STARTS
from explorer.datasets import MatrixProblem
from explorer.study.als_outcomes import ALSOutcome
from explorer.study.als_summary import share_recovered
from explorer.words import number, percent, spelled


def headline(table: pd.DataFrame, problem: MatrixProblem, labels: Mapping[str, str]) -> tuple[str, str]:
    """Return a few bold words and a sentence. labels: of the initializations, by name."""
    n_masks = table["mask_seed"].nunique()
    n_determined = table.loc[table["determined"], "mask_seed"].nunique()
    rank = int(table["rank"].iloc[0])
    errors = table["error_hidden"]
    if errors.notna().sum() == 0 and (table["n_observed"] > 0).any():
        return "Nothing is hidden.", "Every known entry is seen, so there is nothing to recover: lower “Seen”."
    if problem.low_rank is None:
        return _measured(table, problem, n_determined, n_masks, rank)
    if problem.low_rank != rank:
        return _rank_differs(table, problem.low_rank, rank)
    if not n_determined:
        which = "The mask does" if n_masks == 1 else f"None of the {n_masks} masks"
        determines = "not determine" if n_masks == 1 else "determines"
        return (
            "No mask can be filled.",
            f"{which} {determines} a matrix of rank {rank}: no start and no method can know its hidden entries. "
            "Show more of it, or lower the rank.",
        )
    return _masks_filled(n_determined, n_masks), _who_recovers(table, labels)


def _masks_filled(n_determined: int, n_masks: int) -> str:
    if n_masks == 1:
        return "The mask can be filled."
    if n_determined == n_masks:
        return "Both masks can be filled." if n_masks == 2 else f"All {n_masks} masks can be filled."
    return f"{spelled(n_determined).capitalize()} of {n_masks} masks can be filled."


def _who_recovers(table: pd.DataFrame, labels: Mapping[str, str]) -> str:
    shares = {name: share.share for name, share in share_recovered(table).items()}
    names = sorted(shares, key=lambda name: -shares[name])
    first, last = names[0], names[-1]
    if len(names) > 1 and percent(shares[first]) != percent(shares[last]):
        return (
            f"There {_the_start(first, labels)} recovers the matrix in {percent(shares[first])} of the runs, "
            f"{_the_start(last, labels)} in {percent(shares[last])}."
        )
    if not STARTS[first].uses_seed and len(names) == 1:
        return f"There {_the_start(first, labels)} recovers the matrix under {percent(shares[first])} of the masks."
    whose = f"{labels[first]} starts" if len(names) == 1 else "the starts"
    return f"There {percent(shares[first])} of {whose} recover the matrix."


def _the_start(name: str, labels: Mapping[str, str]) -> str:
    return f"the start “{labels[name]}”"


def _measured(
    table: pd.DataFrame, problem: MatrixProblem, n_determined: int, n_masks: int, rank: int
) -> tuple[str, str]:
    errors = table["error_hidden"]
    title = f"Off by {number(errors.median())} {problem.unit}".strip() + ", at the median."
    can = f"{n_determined} of {n_masks} masks can determine a matrix of rank {rank}"
    return title, f"A measured matrix has no true rank, so no run counts as recovered or stuck: compare errors. {can}."


def _rank_differs(table: pd.DataFrame, true_rank: int, rank: int) -> tuple[str, str]:
    title = f"Rank {rank} for a matrix of rank {true_rank}."
    share = float((table["outcome"] == ALSOutcome.RECOVERED).mean())
    if rank < true_rank:
        return title, f"Rank {rank} cannot hold the matrix, whatever the start: raise the rank."
    what = "No run recovers it" if share == 0 else f"{percent(share)} of the runs recover it all the same"
    return title, f"{what}: the columns that are too many fit what is seen, not what is hidden."
