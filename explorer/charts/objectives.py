"""The objective of every run of ALS, sweep by sweep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.parts.log_axis import log_ticks
from explorer.charts.parts.outcome_styles import style_of
from explorer.charts.parts.theme import FONT_SIZE, layout_of, theme_of
from explorer.charts.parts.writing import apart
from explorer.study.als_outcomes import ALSOutcome
from explorer.study.als_summary import ENDINGS, LUCKY, endings_of

# What lies over what: the masks that no start can fill below, and what gets stuck above all others.
_BELOW = (LUCKY, ALSOutcome.NOT_DETERMINED, ALSOutcome.RECOVERED)
_LOWEST_FIRST = (*_BELOW, *(ending for ending in reversed(ENDINGS) if ending not in _BELOW))
# The axis ends at this many times the sweeps that nine of ten runs take: a few go on for long and nothing happens.
LONG, USUAL = 2.0, 0.9

# So many runs are drawn; with more one sees no single one.
MOST_PATHS = 240
# A path has so many places at most: all sweeps at first, then fewer.
MOST_PLACES = 50


def drawn_runs(table: pd.DataFrame, most: int = MOST_PATHS) -> NDArray[np.intp]:
    """Return the numbers of the rows that are drawn: every ending in its share, and each at least a few times."""
    endings = endings_of(table)
    chosen = []
    for ending in ENDINGS:
        mine = np.flatnonzero((endings == ending) & (table["n_observed"] > 0).to_numpy())
        room = len(mine) if len(table) <= most else max(8, round(most * len(mine) / len(table)))
        if len(mine):
            chosen.append(mine[np.unique(np.linspace(0, len(mine) - 1, min(room, len(mine))).round().astype(int))])
    return np.sort(np.concatenate(chosen)) if chosen else np.empty(0, np.intp)


def objectives_figure(
    table: pd.DataFrame,
    rows: NDArray[np.intp],
    paths: Sequence[NDArray[np.float64]],
    *,
    theme: str = "light",
    font_size: float = FONT_SIZE,
) -> go.Figure:
    """Draw paths (sweeps + 1,) of these rows of a table with outcomes, in their order, in colour and dash by outcome.

    A click reports the number of the run's row as customdata.
    """
    colours = theme_of(theme)
    figure = go.Figure()
    endings = endings_of(table)[rows]
    labels, ends = [], []
    for ending in _LOWEST_FIRST:
        mine = [i for i in np.flatnonzero(endings == ending) if len(paths[i])]
        if not mine:
            continue
        style = style_of(ending, colours)
        xs, ys, numbers = [], [], []
        for i in mine:
            places = _places(len(paths[i]))
            xs += [places, [np.nan]]
            ys += [np.maximum(paths[i][places], 1e-12), [np.nan]]
            numbers.append(np.full(len(places) + 1, rows[i]))
        figure.add_scatter(
            x=np.concatenate(xs, dtype=np.float32), y=np.concatenate(ys, dtype=np.float32),
            # Plotly selects no points of lines alone, but those of lines with text, be it empty.
            mode="lines+text", text="", customdata=np.concatenate(numbers, dtype=np.int32), name=ending, opacity=0.8,
            line={"color": style.line, "width": 1.4, "dash": style.dash},
            hovertemplate=f"{ending}<br>sweep %{{x}}: %{{y:.4g}}<br>Click to replay this run<extra></extra>",
        )  # fmt: skip
        if ending == ALSOutcome.UNKNOWN:
            continue  # there is nothing to say of these
        labels.append(ending)
        ends.append(float(np.median([np.log10(max(paths[i][-1], 1e-12)) for i in mine])))
    height = 22 * font_size
    figure.update_layout(layout_of(colours, font_size), showlegend=False, height=height, hovermode="closest")
    figure.update_layout(margin={"t": 0.8 * font_size, "r": 7.5 * font_size})
    drawn = [path for path in paths if len(path)]
    lowest = np.log10(max(1e-12, min((path.min() for path in drawn), default=0.1)))
    highest = np.log10(max(1e-11, max((path.max() for path in drawn), default=1.0)))
    low, high = lowest - 0.06 * (highest - lowest), highest + 0.04 * (highest - lowest)
    order = sorted(range(len(labels)), key=lambda i: -ends[i])
    places = apart([ends[i] for i in order], 1.35 * font_size * (high - low) / (height - 4 * font_size))
    for i, place in zip(order, places, strict=True):
        figure.add_annotation(
            text=f"<b>{labels[i]}</b>", x=1, xref="paper", xanchor="left", xshift=4, y=place, showarrow=False,
            font={"color": colours.warning if labels[i] in _NO_START_HELPS else colours.ink},
        )  # fmt: skip
    positions, texts = log_ticks(low, high)
    figure.update_xaxes(title="sweep", range=[0, _last_sweep(drawn)])
    figure.update_yaxes(
        title="objective, log scale", type="log", range=[low, high], tickvals=[10**place for place in positions],
        ticktext=texts,
    )  # fmt: skip
    return figure


_NO_START_HELPS = (LUCKY, ALSOutcome.NOT_DETERMINED)


def _last_sweep(paths: Sequence[NDArray[np.float64]]) -> int:
    """Where the axis ends."""
    sweeps = [len(path) - 1 for path in paths] or [1]
    return max(1, min(max(sweeps), max(12, round(LONG * np.quantile(sweeps, USUAL)))))


def _places(n: int) -> NDArray[np.intp]:
    """Which of n sweeps are drawn: the first all, as most happens there."""
    return np.unique(np.geomspace(1, n, MOST_PLACES).round().astype(int) - 1) if n > MOST_PLACES else np.arange(n)
