"""How charts show what became of a run of ALS: one colour, one hatch and one dash each, the same on every chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from explorer.charts.parts.theme import DASHES, Theme, mixed
from explorer.study.als_outcomes import ALSOutcome
from explorer.study.als_summary import LUCKY


@dataclass(frozen=True)
class OutcomeStyle:
    """fill: of bars and lines. hatch: Plotly's shape of a pattern, "" for none, in `stroke`. dash: of lines."""

    fill: str
    stroke: str
    hatch: str
    dash: str

    def bar(self, colours: Theme) -> dict[str, Any]:
        """Return the marker of bars."""
        marker = {"color": self.fill, "line": {"width": 1, "color": mixed(self.stroke, colours.ink, 0.3)}}
        if self.hatch:
            pattern = {"shape": self.hatch, "fillmode": "replace", "size": 6, "solidity": 0.35}
            marker["pattern"] = pattern | {"fgcolor": self.stroke, "bgcolor": self.fill}
        return marker

    @property
    def line(self) -> str:
        """The colour of a line: where the fill is paper, that of the hatch."""
        return self.stroke if self.hatch else self.fill


def style_of(ending: str, colours: Theme) -> OutcomeStyle:
    """Return the style of one of ENDINGS. Amber hatch: no start could help."""
    best, next_ = colours.optima[:2]
    amber, grey, paper = colours.degenerate, colours.ghost, colours.paper
    styles = {
        ALSOutcome.RECOVERED: OutcomeStyle(best, best, "", "solid"),
        ALSOutcome.STUCK: OutcomeStyle(next_, next_, "", DASHES[1]),
        ALSOutcome.STOPPED_EARLY: OutcomeStyle(paper, grey, ".", DASHES[2]),
        ALSOutcome.HELD_BACK: OutcomeStyle(paper, grey, "-", DASHES[3]),
        ALSOutcome.RANK_DIFFERS: OutcomeStyle(paper, grey, "x", DASHES[4]),
        ALSOutcome.DIVERGED: OutcomeStyle(paper, colours.error, "+", DASHES[2]),
        ALSOutcome.UNKNOWN: OutcomeStyle(grey, grey, "", "solid"),
        LUCKY: OutcomeStyle(mixed(best, paper, 0.5), amber, "/", DASHES[3]),
        ALSOutcome.NOT_DETERMINED: OutcomeStyle(paper, amber, "/", DASHES[2]),
    }
    return styles[ending]


EXPLAINED = {
    ALSOutcome.RECOVERED: "the hidden entries are found, up to 5 % of the matrix's size or what noise allows",
    ALSOutcome.STUCK: "the mask determines the matrix, but from here ALS does not get there: another start may",
    ALSOutcome.STOPPED_EARLY: "going on with a smaller tolerance leads elsewhere",
    ALSOutcome.HELD_BACK: "even a run from the true factors ends no nearer: ridge or noise is in the way",
    ALSOutcome.RANK_DIFFERS: "ALS was given another rank than the matrix has",
    ALSOutcome.DIVERGED: "the objective rose or overflowed",
    ALSOutcome.UNKNOWN: "there is no truth to judge by",
    LUCKY: "the mask leaves some entries open, and start and ridge came near them: nobody could have known",
    ALSOutcome.NOT_DETERMINED: "the mask leaves the matrix a choice: no start and no method can know it",
}
