"""Initializations compared: where their runs end, and what more restarts bring."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from explorer.charts.end_rows import keys_of_runs
from explorer.charts.optima import colour_of
from explorer.charts.theme import DASHES, FONT_SIZE, Theme, layout_of, mixed, theme_of
from explorer.charts.windows import levels_of, window_of
from explorer.charts.words import counted, number
from explorer.mixture import EMOutcome
from explorer.mixture.judge import LOG_LIKELIHOOD_TOLERANCE
from explorer.study.em_outcomes import EMOutcomes
from explorer.study.shares import best_of

LARGEST_BUBBLE = 34.0  # pixels across, for all runs of an initialization
SMALLEST_BUBBLE = 5.0


def ends_figure(
    outcomes: EMOutcomes, initializations: Mapping[str, str], *, theme: str = "light", font_size: float = FONT_SIZE
) -> go.Figure:
    """The distribution of the final log-likelihood: one lane an initialization, one bubble for runs that end alike.

    A bubble's area is the number of its runs. A click reports customdata [initialization, seed] of one of them. Runs
    that ended degenerate have no final log-likelihood: how many there were stands under the lane's name. A
    triangle at the left edge stands for an end further to the left.
    """
    colours = theme_of(theme)
    figure = go.Figure()
    table = outcomes.table.assign(key=keys_of_runs(outcomes))
    lanes = list(initializations)
    drawn = table[table["outcome"] != EMOutcome.DEGENERATE]
    ends = _bubbles(drawn, table.groupby("initialization").size())
    low, high = window_of(outcomes)
    for (outcome, optimum), group in ends.groupby(["outcome", "optimum"], sort=False):
        hollow = outcome != EMOutcome.PROPER
        colour = colours.degenerate if hollow else colour_of(optimum, colours)
        figure.add_scatter(
            x=group["log_likelihood"].clip(lower=low + 0.012 * (high - low)),
            y=[lanes.index(name) for name in group["initialization"]], mode="markers", cliponaxis=False,
            customdata=group[["initialization", "seed"]].to_numpy(),
            marker={
                "symbol": np.where(group["log_likelihood"] < low, "triangle-left", "circle"),
                "size": group["size"],
                "opacity": 1,
                "color": "rgba(0,0,0,0)" if hollow else colour,
                "line": {"width": 1.5, "color": colour if hollow else mixed(colour, colours.ink, 0.4)},
            },
            unselected={"marker": {"opacity": 1}},
            text=[
                f"{initializations[name]}: {counted(count, 'run')} at L {number(value, 2)}<br>{said(outcome, optimum)}"
                for name, count, value in zip(
                    group["initialization"], group["count"], group["log_likelihood"], strict=True
                )
            ],
            hovertemplate="%{text}<br>Click to replay one<extra></extra>",
        )  # fmt: skip
    for label, level in levels_of(outcomes):
        figure.add_annotation(
            text=f"<b>{label}</b>", x=level, y=1, yref="paper", yanchor="bottom", showarrow=False,
            font={"color": colours.ink},
        )  # fmt: skip
    figure.update_layout(layout_of(colours, font_size), showlegend=False)
    figure.update_layout(
        height=(3.6 * max(3, len(lanes)) + 5) * font_size,
        margin={"l": 9 * font_size, "t": 1.6 * font_size, "b": 3.4 * font_size},
    )
    figure.update_xaxes(title="final log-likelihood L, nats", range=[low, high])
    figure.update_yaxes(
        tickvals=list(range(len(lanes))), ticktext=_lane_names(table, initializations, colours, font_size),
        range=[len(lanes) - 0.4, -0.6],
        ticks="", showgrid=True,
    )  # fmt: skip
    return figure


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


def _lane_names(table: pd.DataFrame, initializations: Mapping[str, str], colours: Theme, font_size: float) -> list[str]:
    collapsed = table[table["outcome"] == EMOutcome.DEGENERATE].groupby("initialization").size()
    style = f"color:{colours.warning};font-size:{0.85 * font_size:.0f}px"
    return [
        f'{label}<br><span style="{style}">{collapsed[name]} degenerate</span>' if collapsed.get(name, 0) else label
        for name, label in initializations.items()
    ]


def _bubbles(runs: pd.DataFrame, runs_of: pd.Series) -> pd.DataFrame:
    """Runs that end alike, together: outcome, optimum, initialization, log_likelihood, count, seed, size in pixels."""
    rounded = (runs["log_likelihood"] / LOG_LIKELIHOOD_TOLERANCE).round()
    groups = runs.groupby(["outcome", "optimum", "initialization", rounded.rename("end")], sort=False)
    bubbles = groups.agg(
        log_likelihood=("log_likelihood", "mean"), count=("seed", "size"), seed=("seed", "first")
    ).reset_index()
    share = bubbles["count"] / bubbles["initialization"].map(runs_of).astype(float)  # of none, too
    bubbles["size"] = np.maximum(SMALLEST_BUBBLE, LARGEST_BUBBLE * np.sqrt(share))
    return bubbles.sort_values("count", ascending=False)  # small ones are drawn last, above large ones


def said(outcome: str, optimum: str) -> str:
    if outcome == EMOutcome.PLATEAU:
        return f"stopped early, on the way to {optimum or 'a collapse'}"
    return {EMOutcome.PROPER: f"optimum {optimum}", EMOutcome.SADDLE: "saddle point"}.get(outcome, str(outcome))
