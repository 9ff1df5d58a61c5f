"""Outcomes of studies made by hand, so that a test says itself where every run ended; and what a figure shows."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from explorer.mixture import EMOutcome, Mixture
from explorer.study.em_outcomes import EMOutcomes, Optimum

_KINDS = {"s": EMOutcome.SPURIOUS, "u": EMOutcome.SADDLE}


def outcomes_of(levels: Mapping[str, float], runs: Sequence[tuple]) -> EMOutcomes:
    """A study of two components.

    levels: the log-likelihood of every optimum by its label, the best first; s1 is spurious, u1 a saddle.
    runs: initialization, seed, where it ended: the label of an optimum, "degenerate", or a pair of the optimum that it
    was on its way to ("" for a collapse) and of its log-likelihood where it stopped.
    """
    optima = tuple(
        Optimum(label, _KINDS.get(label[0], EMOutcome.PROPER), level, _mixture(i))
        for i, (label, level) in enumerate(levels.items())
    )
    best = next((level for label, level in levels.items() if label[0] not in _KINDS), np.nan)
    return EMOutcomes(pd.DataFrame([_row(run, levels, best) for run in runs]), optima)


def _mixture(i: int) -> Mixture:
    return Mixture([0.5, 0.5], [[float(i)], [10.0 + i]], [[[1.0]], [[1.0]]])


def _row(run: tuple, levels: Mapping[str, float], best: float) -> dict:
    initialization, seed, end = run
    row = {"initialization": initialization, "seed": seed, "n_components": 2, "seconds": 0.01}
    if end == "degenerate":
        row |= {"outcome": EMOutcome.DEGENERATE, "optimum": "", "limit": np.nan, "log_likelihood": 400.0, "i": 0}
    elif isinstance(end, tuple):
        label, value = end
        limit = levels.get(label, np.nan)
        row |= {"outcome": EMOutcome.PLATEAU, "optimum": label, "limit": limit, "log_likelihood": value, "i": 50}
    else:
        outcome = _KINDS.get(end[0], EMOutcome.PROPER)
        level, i = levels[end], list(levels).index(end)
        row |= {"outcome": outcome, "optimum": end, "limit": level, "log_likelihood": level, "i": i}
    i = row.pop("i")
    row |= {"gap": np.nan if end == "degenerate" else best - row["log_likelihood"], "iterations": 20}
    row["stop_reason"] = "degenerate" if end == "degenerate" else "converged"
    return row | {
        "weight_1": 0.5, "weight_2": 0.5, "mean_1": float(i), "mean_2": 10.0 + i,
        "deviation_1": 1.0, "deviation_2": 1.0,
    }  # fmt: skip


def texts(figure) -> list[str]:
    """Every annotation."""
    return [annotation.text for annotation in figure.layout.annotations]


def text_with(figure, words: str):
    """The one annotation with these words."""
    (found,) = [annotation for annotation in figure.layout.annotations if words in annotation.text]
    return found
