"""What the tolerance does: how many runs it stops on a plateau, and how many iterations it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.parts.theme import FONT_SIZE, layout_of, theme_of
from explorer.study.em_paths import ToleranceEffect
from explorer.words import counted, percent


def tolerances_figure(
    effects: Sequence[ToleranceEffect],
    initialization_of_runs: NDArray,
    initializations: Mapping[str, str],
    *,
    theme: str = "light",
    font_size: float = FONT_SIZE,
) -> go.Figure:
    """One group of bars a tolerance, one bar an initialization: the share of its runs that stop early.

    initialization_of_runs (R,): by name, in the order of the effects' runs.
    """
    colours = theme_of(theme)
    figure = go.Figure()
    patterns = ("", "/", "x", ".", "-", "\\", "+")
    names = [f"10<sup>{round(np.log10(effect.rtol))}</sup>" for effect in effects]
    for i, (name, label) in enumerate(initializations.items()):
        mine = initialization_of_runs == name
        if not mine.any():
            continue
        shares = [float(effect.stopped_early[mine].mean()) for effect in effects]
        middles = [int(np.median(effect.iterations[mine])) for effect in effects]
        figure.add_bar(
            x=names, y=shares, name=label, text=[percent(share) if share else "0" for share in shares],
            textposition="outside", cliponaxis=False, textfont={"color": colours.ink},
            marker={
                "color": colours.degenerate,
                "line": {"width": 1, "color": colours.degenerate},
                "pattern": {
                    "shape": patterns[i % len(patterns)], "fillmode": "replace", "size": 6,
                    "fgcolor": colours.degenerate, "bgcolor": colours.paper,
                },
            },
            hovertemplate=[
                f"{label}: {percent(share)} stop early<br>median {counted(middle, 'iteration')}<extra></extra>"
                for share, middle in zip(shares, middles, strict=True)
            ],
        )  # fmt: skip
    highest = max((share for bar in figure.data for share in bar.y), default=0.0)
    figure.update_layout(layout_of(colours, font_size), height=20 * font_size, bargap=0.3, bargroupgap=0.06)
    figure.update_layout(
        margin={"t": 2 * font_size},
        uniformtext={"minsize": 0.75 * font_size, "mode": "show"},
        legend={"orientation": "h", "y": -0.28, "yanchor": "top", "x": 0, "itemclick": False},
    )
    figure.update_xaxes(title="tolerance, as a share of |L|", type="category", ticks="")
    figure.update_yaxes(title="runs that stop early", tickformat=".0%", range=[0, max(0.1, 1.15 * highest)])
    return figure
