"""How many starts are enough: the chance that one of so many recovers the matrix."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.parts.theme import DASHES, FONT_SIZE, layout_of, theme_of
from explorer.charts.parts.writing import apart
from explorer.study.restarts import CERTAINTY, starts_needed
from explorer.words import counted, percent

FEWEST, MOST = 8, 1000


def recovery_figure(
    shares: Mapping[str, NDArray[np.float64]],
    initializations: Mapping[str, str],
    *,
    theme: str = "light",
    font_size: float = FONT_SIZE,
) -> go.Figure:
    """Draw 1 - (1 - p)^m against m, on average over masks; a mark where it reaches 95 %.

    shares: p under each mask that determines the matrix, (masks,), by initialization. initializations: labels by name.
    """
    colours = theme_of(theme)
    figure = go.Figure()
    needed = {name: starts_needed(each) for name, each in shares.items() if len(each)}
    finite = [m for m in needed.values() if m <= MOST]
    longest = int(min(MOST, max([FEWEST, *(1.6 * m for m in finite)])))
    if len(finite) < len(needed):
        longest = max(longest, 50)
    m = np.unique(np.geomspace(1, longest, 80).round().astype(int))
    logarithmic = longest > 60
    ends = []
    for i, (name, label) in enumerate(initializations.items()):
        if name not in needed:
            continue
        chance = 1 - np.mean((1 - shares[name][:, None]) ** m, axis=0)
        figure.add_scatter(
            x=m, y=chance, mode="lines", name=label,
            line={"color": colours.ink, "width": 2.2, "dash": DASHES[i % len(DASHES)]},
            hovertemplate=f"{label}: one of %{{x}} starts recovers it in %{{y:.1%}}<extra></extra>",
        )  # fmt: skip
        if needed[name] <= longest:
            enough = float(1 - np.mean((1 - shares[name]) ** needed[name]))
            figure.add_scatter(
                x=[needed[name]], y=[enough], mode="markers", name=f"{label}, enough",
                hoverinfo="skip", cliponaxis=False,
                marker={"size": 11, "color": colours.paper, "line": {"color": colours.ink, "width": 2.2}},
            )  # fmt: skip
        told = counted(int(needed[name]), "start") if np.isfinite(needed[name]) else "not reached"
        ends.append((float(chance[-1]), label, told))
    ends.sort(key=lambda end: -end[0])
    height = 15 * font_size
    line = 2.5 * font_size * 1.1 / (height - 5 * font_size)
    small = f"color:{colours.second}"
    for (_, label, told), place in zip(ends, apart([end[0] for end in ends], line), strict=True):
        figure.add_annotation(
            text=f'<b>{label}</b><br><span style="{small}">{told}</span>', x=1, xref="paper", xanchor="left", xshift=6,
            y=place, showarrow=False, align="left", font={"color": colours.ink},
        )  # fmt: skip
    figure.add_hline(y=CERTAINTY, line={"color": colours.ghost, "width": 1.5, "dash": "dot"}, layer="below")
    figure.update_layout(layout_of(colours, font_size), showlegend=False, height=height)
    figure.update_layout(margin={"t": font_size, "r": 9 * font_size, "b": 3.4 * font_size})
    figure.update_xaxes(title="number of starts")
    if logarithmic:
        figure.update_xaxes(type="log", dtick=1, range=[0, np.log10(longest)])
    else:
        figure.update_xaxes(range=[0.4, longest])
    figure.update_yaxes(
        title="at least one recovers it", range=[0, 1.04], tickvals=[0, 0.25, 0.5, 0.75, CERTAINTY],
        ticktext=["0", "25 %", "50 %", "75 %", percent(CERTAINTY)],
    )  # fmt: skip
    return figure
