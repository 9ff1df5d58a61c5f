"""A study of EM in a few figures: by initialization, and as a headline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from explorer.mixture import EMOutcome
from explorer.study.em_outcomes import EMOutcomes
from explorer.study.restarts import Share, share_with_interval, starts_needed
from explorer.words import spelled


@dataclass(frozen=True)
class InitializationSummary:
    """What became of an initialization's runs.

    best: the share that ended in the best known optimum. starts_needed: so many starts end there at least once with
    95 % certainty, infinite where none did. others: the share of each other EMOutcome, proper optima but the best
    included. iterations: the median, and the 10th and 90th percentile, of runs that did not end degenerate.
    seconds: of all its runs.
    """

    n_runs: int
    best: Share
    starts_needed: float
    others: Mapping[EMOutcome, float]
    iterations: tuple[float, float, float] | None
    seconds: float


def summarize(outcomes: EMOutcomes) -> dict[str, InitializationSummary]:
    """The summary of every initialization of the table, by name, in the table's order."""
    table, best = outcomes.table, outcomes.best
    return {
        str(name): _summary(runs, None if best is None else best.label)
        for name, runs in table.groupby("initialization", sort=False)
    }


def _summary(runs: pd.DataFrame, best: str | None) -> InitializationSummary:
    in_best = (runs["outcome"] == EMOutcome.PROPER) & (runs["optimum"] == best)
    share = share_with_interval(int(in_best.sum()), len(runs))
    others = runs.loc[~in_best, "outcome"].value_counts()
    lasting = runs.loc[runs["outcome"] != EMOutcome.DEGENERATE, "iterations"]
    middle, low, high = lasting.quantile([0.5, 0.1, 0.9]) if len(lasting) else (0.0, 0.0, 0.0)
    return InitializationSummary(
        n_runs=len(runs),
        best=share,
        starts_needed=starts_needed(share.share),
        others={outcome: float(others.get(outcome, 0)) / len(runs) for outcome in EMOutcome},
        iterations=(float(middle), float(low), float(high)) if len(lasting) else None,
        seconds=float(runs["seconds"].sum()),
    )


# Above this share of early stops a smaller tolerance is advised.
MANY_EARLY = 0.5


def headline(outcomes: EMOutcomes, initializations: Mapping[str, str]) -> tuple[str, str]:
    """What a teacher would say first: a few bold words, and a sentence. `initializations`: their labels by name."""
    n = len(outcomes.proper)
    title = f"{spelled(n).capitalize()} {'optimum' if n == 1 else 'optima'}"
    traps = _traps(outcomes)
    title += f", {traps}." if traps else "."
    held = " Variances are held at the floor: compare L only with runs that hold at this floor."
    return title, _reached(outcomes, initializations) + (held if outcomes.table["held"].any() else "")


def _reached(outcomes: EMOutcomes, initializations: Mapping[str, str]) -> str:
    """From how many starts the best optimum is reached."""
    n = len(outcomes.proper)
    if not n:
        return "No run led to a maximum that says something about the data."
    summaries = summarize(outcomes)
    most = max(summary.n_runs for summary in summaries.values())
    # An initialization that draws nothing has one run, and one run is no share.
    shares = {name: summary.best.share for name, summary in summaries.items() if summary.n_runs > 1 or most == 1}
    names = sorted(shares, key=lambda name: -shares[name])
    first, last = names[0], names[-1]
    which = "The best one" if n > 1 else "It"
    if shares[first] == 0:
        return f"{which} lies beyond where the runs stopped: choose a smaller tolerance."
    if len(names) == 1 or round(shares[first], 2) == round(shares[last], 2):
        sentence = f"{which} is reached from {shares[first]:.0%} of the starts."
    else:
        best, worst = (initializations[name].replace("Random", "random") for name in (first, last))
        reach = "the best one" if n > 1 else "it"
        sentence = f"{shares[first]:.0%} of the starts by {best} reach {reach}, {shares[last]:.0%} by {worst}."
    early = float((outcomes.table["outcome"] == EMOutcome.PLATEAU).mean())
    if early > MANY_EARLY:
        sentence += f" {early:.0%} of all runs stop before their optimum: choose a smaller tolerance."
    return sentence.replace("%", " %")


def _traps(outcomes: EMOutcomes) -> str:
    found = set(outcomes.table["outcome"])
    named = [
        (EMOutcome.SADDLE, "a saddle point"),
        (EMOutcome.PLATEAU, "early stops"),
        (EMOutcome.SPURIOUS, "spurious spikes"),
        (EMOutcome.DEGENERATE, "collapses"),
    ]
    words = [word for outcome, word in named if outcome in found]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
