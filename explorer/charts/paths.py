"""The log-likelihood of every run, iteration by iteration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.parts.marks import UNSEEN
from explorer.charts.parts.optimum_styles import colour_of, said
from explorer.charts.parts.theme import FONT_SIZE, layout_of, theme_of
from explorer.charts.parts.windows import levels_of, window_of
from explorer.charts.parts.writing import apart
from explorer.mixture import EMOutcome
from explorer.study.em_outcomes import EMOutcomes
from explorer.words import number

# A path is thinned to so many places, chosen where it climbs: all runs of a class fit into one picture then.
MOST_PLACES = 40


def paths_figure(
    outcomes: EMOutcomes,
    paths: Sequence[NDArray[np.float64]],
    initializations: Mapping[str, str],
    *,
    gap: bool = False,
    theme: str = "light",
    font_size: float = FONT_SIZE,
) -> go.Figure:
    """The paths of the table's runs, in their order, coloured by the optimum they reach.

    gap: draw by how much each is below its own limit, on a logarithmic axis: there a plateau is a shoulder. A click
    reports the number of the run's row as customdata.
    """
    colours = theme_of(theme)
    figure = go.Figure()
    table = outcomes.table.reset_index(drop=True)
    groups = sorted(table.groupby(["outcome", "optimum"], sort=False).groups.items(), key=lambda item: -len(item[1]))
    for (outcome, optimum), runs in groups:
        if gap and outcome == EMOutcome.DEGENERATE:
            continue
        hollow = outcome != EMOutcome.PROPER
        colour = colours.degenerate if hollow else colour_of(optimum, colours)
        xs, ys, rows = [], [], []
        for r in runs:
            path = np.asarray(paths[r])
            y = path if not gap else table.at[r, "limit"] - path
            if gap and not np.isfinite(y).all():
                continue
            places = _places(y, gap)
            xs.append([*places, np.nan])
            ys.append([*(np.maximum(y[places], _SMALLEST_GAP) if gap else y[places]), np.nan])
            rows.append(np.full(len(places) + 1, r))
        if not xs:
            continue
        figure.add_scatter(
            x=np.concatenate(xs, dtype=np.float32), y=np.concatenate(ys, dtype=np.float32),
            customdata=np.concatenate(rows, dtype=np.int32), mode="lines+markers", marker=UNSEEN,
            unselected={"marker": {"opacity": 0}},
            line={"color": colour, "width": 1.1, "dash": "dot" if hollow else "solid"},
            opacity=0.8,
            hovertemplate=(
                f"{said(outcome, optimum)}<br>iteration %{{x}}: %{{y:.5g}}<br>Click to replay this run<extra></extra>"
            ),
        )  # fmt: skip
    longest = max(len(path) for path in paths)
    height = 22 * font_size
    low, high = window_of(outcomes)
    if not gap:
        labels, levels = zip(*levels_of(outcomes), strict=True) if levels_of(outcomes) else ((), ())
        places = apart(levels, 1.35 * font_size * (high - low) / (height - 4 * font_size))
        for label, level, place in zip(labels, levels, places, strict=True):
            figure.add_annotation(
                text=f"<b>{label}</b> {number(level)}", x=1, xref="paper", xanchor="left", y=place, showarrow=False,
                font={"color": colours.ink},
            )  # fmt: skip
    figure.update_layout(layout_of(colours, font_size), showlegend=False, height=height, hovermode="closest")
    figure.update_layout(margin={"t": 0.8 * font_size, "r": 5.5 * font_size if not gap else font_size})
    figure.update_xaxes(title="iteration", range=[0, longest - 1])
    if gap:
        figure.update_yaxes(title="nats below its own limit", type="log", exponentformat="power", dtick=2)
    else:
        figure.update_yaxes(title="log-likelihood, total", range=[low, high])
    return figure


# Rounding of a log-likelihood of a thousand nats: what is nearer to the limit is drawn here.
_SMALLEST_GAP = 1e-9


def _places(y: NDArray[np.float64], gap: bool) -> NDArray[np.intp]:
    """At most MOST_PLACES iterations of a path: both ends, and places equally far along the curve in between."""
    n = len(y)
    if n <= MOST_PLACES:
        return np.arange(n)
    height = np.log(np.maximum(y, _SMALLEST_GAP)) if gap else y
    climbed = np.cumsum(np.abs(np.diff(height, prepend=height[0])))
    along = climbed / (climbed[-1] or 1.0) + np.linspace(0, 1, n)
    return np.unique(np.searchsorted(along, np.linspace(0, along[-1], MOST_PLACES)).clip(0, n - 1))
