"""What more restarts bring, by initialization."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from explorer.charts.parts.theme import DASHES, FONT_SIZE, layout_of, theme_of
from explorer.charts.parts.windows import window_of
from explorer.study.em_outcomes import EMOutcome, EMOutcomes
from explorer.study.restarts import best_of
from explorer.words import number


def restarts_figure(
    outcomes: EMOutcomes, initializations: Mapping[str, str], *, theme: str = "light", font_size: float = FONT_SIZE
) -> go.Figure:
    """The best log-likelihood so far against the number of restarts: its exact expectation, by initialization.

    Degenerate and spurious ends do not count, as nobody would keep them.
    """
    colours = theme_of(theme)
    figure = go.Figure()
    table = outcomes.table
    kept = table["outcome"].isin([EMOutcome.PROPER, EMOutcome.PLATEAU, EMOutcome.SADDLE])
    ends = []
    for i, (name, label) in enumerate(initializations.items()):
        values = table.loc[kept & (table["initialization"] == name), "log_likelihood"].to_numpy()
        if not len(values):
            continue
        m = np.unique(np.geomspace(1, len(values), 60).round().astype(int))
        best = best_of(values, m)
        ends.append((best.expected[0], i, label))
        figure.add_scatter(
            x=m, y=best.expected, mode="lines", name=label,
            line={"color": colours.ink, "width": 2.2, "dash": DASHES[i % len(DASHES)]},
            hovertemplate=f"{label}: the best of %{{x}} starts is %{{y:.2f}} on average<extra></extra>",
        )  # fmt: skip
    if outcomes.best is not None:
        figure.add_hline(
            y=outcomes.best.log_likelihood, line={"color": colours.ghost, "width": 1.5, "dash": "dot"},
            annotation_text=f"A {number(outcomes.best.log_likelihood)}", annotation_position="top left",
            annotation_font={"color": colours.second},
        )  # fmt: skip
    figure.update_layout(layout_of(colours, font_size), height=(3.6 * max(4, len(initializations)) + 5) * font_size)
    figure.update_layout(
        margin={"t": 1.6 * font_size, "b": 3.4 * font_size},
        legend={"orientation": "v", "x": 1, "xanchor": "right", "y": 0.02, "yanchor": "bottom", "itemclick": False},
    )
    figure.update_xaxes(
        title="number of restarts", type="log", tickvals=[1, 10, 100, 1000, 10_000],
        ticktext=["1", "10", "100", "1000", "10 000"],
    )  # fmt: skip
    figure.update_yaxes(title="best so far, mean L", range=window_of(outcomes))
    return figure
