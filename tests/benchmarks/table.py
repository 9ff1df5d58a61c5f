"""The table that a benchmark prints: only its ratios mean something on another computer."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

HEAD = ("work", "peer", "ours", "theirs", "ratio", "target", "")


@dataclass(frozen=True)
class Row:
    """One line. The target is the least ratio that will do, or the largest where `at_most` is set."""

    work: str
    peer: str
    ours: str
    theirs: str
    ratio: float
    target: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target

    def cells(self) -> tuple[str, ...]:
        bound = "at most" if self.at_most else "at least"
        verdict = "met" if self.met else "MISSED"
        return self.work, self.peer, self.ours, self.theirs, f"{self.ratio:.3g}", f"{bound} {self.target:g}", verdict


def spread(samples: Sequence[float], unit: str) -> str:
    """The median and, in brackets, the quartiles."""
    low, middle, high = np.percentile(samples, [25, 50, 75])
    return f"{middle:.3g} {unit} ({low:.3g} to {high:.3g})"


def write_table(rows: Iterable[Row]) -> Iterator[str]:
    """The rows as lines of text, in columns."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
