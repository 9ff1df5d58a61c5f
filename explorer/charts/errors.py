"""The distribution of the final error on hidden entries, or of the objective: a histogram in each of several lanes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.parts.log_axis import log_ticks, plain
from explorer.charts.parts.outcome_styles import style_of
from explorer.charts.parts.theme import FONT_SIZE, layout_of, theme_of
from explorer.study.als_summary import ENDINGS, endings_of
from explorer.words import percent

N_BINS = 44
# The highest bar of a lane takes this part of it.
FILLED = 0.82


@dataclass(frozen=True)
class Lane:
    """title, note: what stands beside it. rows (R,): which rows of the table are in it."""

    title: str
    note: str
    rows: NDArray[np.bool_]


def errors_figure(
    table: pd.DataFrame,
    lanes: Sequence[Lane],
    *,
    unit: str = "",
    limit: float = np.nan,
    measure: str = "error_hidden",
    theme: str = "light",
    font_size: float = FONT_SIZE,
) -> go.Figure:
    """Draw the runs of each lane, stacked by how they ended, on a logarithmic axis; each lane in its own height.

    table: with outcomes, in the order of the lanes' rows. measure: its column, "error_hidden" in `unit` or "objective".
    limit: below it a run counts as recovered; NaN where nobody can say. A click on a bar reports customdata, the number
    of the row of a run in it.
    """
    colours = theme_of(theme)
    figure = go.Figure()
    figure.update_layout(layout_of(colours, font_size), showlegend=False, barmode="overlay", bargap=0)
    values = table[measure].to_numpy(dtype=float)
    endings = endings_of(table)
    places = np.log10(np.clip(values, 1e-12, 1e300))  # what is beyond is drawn there, too
    shown = np.isfinite(places)
    edges = _edges(places[shown])
    bins = np.clip(np.digitize(places, edges) - 1, 0, N_BINS - 1)
    for i, lane in enumerate(lanes):
        shares = {
            ending: np.bincount(bins[lane.rows & shown & (endings == ending)], minlength=N_BINS)
            / max(1, np.count_nonzero(lane.rows))
            for ending in ENDINGS
        }
        tallest = sum(shares.values()).max() or 1.0
        base = np.full(N_BINS, float(len(lanes) - 1 - i))
        for ending in ENDINGS:
            filled = np.flatnonzero(shares[ending])
            if not len(filled):
                continue
            heights = FILLED * shares[ending] / tallest
            runs = [np.flatnonzero(lane.rows & shown & (endings == ending) & (bins == b))[0] for b in filled]
            figure.add_bar(
                x=(edges[filled] + edges[filled + 1]) / 2, y=heights[filled], base=base[filled],
                width=np.diff(edges)[filled], customdata=runs, name=ending,
                marker=style_of(ending, colours).bar(colours),
                unselected={"marker": {"opacity": 1}},
                hovertemplate=[
                    f"{lane.title}: {percent(shares[ending][b])} {ending}"
                    f"<br>near {plain(10 ** edges[b])} {unit}<br>Click to replay one<extra></extra>"
                    for b in filled
                ],
            )  # fmt: skip
            base = base + heights
    if np.isfinite(limit):
        place = float(np.log10(limit))
        figure.add_vline(x=place, line={"color": colours.second, "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            text="← recovered", x=place, y=1, yref="paper", xanchor="right", yanchor="bottom", xshift=-4,
            showarrow=False, font={"color": colours.second},
        )  # fmt: skip
    figure.update_layout(height=(_lane_height(len(lanes)) * len(lanes) + 5) * font_size)
    figure.update_layout(margin={"l": 8 * font_size, "t": 1.6 * font_size, "b": 3.4 * font_size})
    what = "error on hidden entries, root mean square" if measure == "error_hidden" else "final objective, model units"
    positions, texts = log_ticks(edges[0], edges[-1])
    figure.update_xaxes(
        title=what + (f" ({unit})" if unit else ""), range=[edges[0], edges[-1]], tickvals=positions, ticktext=texts
    )
    style = f"color:{colours.second};font-size:{0.85 * font_size:.0f}px"
    figure.update_yaxes(
        tickvals=[len(lanes) - 1 - i + 0.4 for i in range(len(lanes))],
        ticktext=[
            lane.title + (f'<br><span style="{style}">{lane.note}</span>' if lane.note else "") for lane in lanes
        ],
        range=[-0.03, len(lanes)], ticks="", showgrid=False,
    )  # fmt: skip
    for i in range(len(lanes)):
        figure.add_hline(y=i, line={"color": colours.hairline, "width": 1}, layer="below")
    return figure


def _lane_height(n_lanes: int) -> float:
    """In units of the font size."""
    return next((height for most, height in ((1, 8.0), (2, 5.0), (4, 4.2), (8, 3.6)) if n_lanes <= most), 2.6)


def _edges(places: NDArray[np.float64]) -> NDArray[np.float64]:
    if not len(places):
        return np.linspace(0, 1, N_BINS + 1)
    low, high = float(places.min()), float(places.max())
    margin = max(0.02 * (high - low), 0.02)
    return np.linspace(low - margin, high + margin, N_BINS + 1)
