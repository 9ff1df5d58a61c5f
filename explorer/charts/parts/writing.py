"""Where words stand on a chart: beside each other, below each other, in short lines."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

LONGEST_WORD = 12


def write(figure: go.Figure, text: str, x: float, y: float, colour: str, size: float, anchor: str = "left") -> None:
    """Put text at a place of the figure, both in shares of its size; `anchor` is the side that stands there."""
    figure.add_annotation(
        text=text, x=x, y=y, xref="paper", yref="paper", showarrow=False, xanchor=anchor, yanchor="middle",
        font={"size": size, "color": colour}, align=anchor,
    )  # fmt: skip


def in_lines(label: str) -> list[str]:
    """A heading in short lines; a word that is too long for a column is parted."""
    parts = []
    for word in label.split():
        middle = len(word) // 2
        parts += [word] if len(word) <= LONGEST_WORD else [word[:middle] + "-", word[middle:]]
    lines = parts[:1]
    for part in parts[1:]:
        if len(lines[-1]) + len(part) < LONGEST_WORD and not lines[-1].endswith("-"):
            lines[-1] += f" {part}"
        else:
            lines.append(part)
    return lines


def apart(places: Sequence[float], least: float) -> list[float]:
    """Move falling places down until each is at least so far below the one before."""
    moved: list[float] = []
    for place in places:
        moved.append(min(place, moved[-1] - least) if moved else place)
    return moved
