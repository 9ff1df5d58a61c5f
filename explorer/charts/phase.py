"""The phase diagram: how often ALS recovers a matrix, over how much is seen and its rank (or the ridge)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.parts.marks import mute, pointed_at
from explorer.charts.parts.theme import FONT_SIZE, Theme, layout_of, mixed, text_on, theme_of
from explorer.study.phase import PhaseAxes, PhaseCell, full_density, least_density, painted

# Heights are in units of the font size.
ROW, HEAD, FOOT = 2.7, 2.2, 5.0
# A cell is hatched where fewer than this share of its masks determine the matrix.
HATCHED = 0.5
# Where the strokes of a cell's hatch lie, in widths and in heights of the cell.
STROKES, LEVELS = (-0.36, -0.12, 0.12, 0.36), (-0.27, 0.27)


def phase_figure(
    axes: PhaseAxes,
    cells: Sequence[PhaseCell],
    shape: tuple[int, int],
    rank: int,
    *,
    theme: str = "light",
    font_size: float = FONT_SIZE,
) -> go.Figure:
    """Draw the finished cells, and how much must be seen at least.

    axes.seen must be evenly spaced. shape: (m, n) of the matrices; rank: theirs where the axis upwards is the ridge.
    A cell that stands for its neighbours until they are finished has its number in its own place only. A click reports
    customdata [percent seen, value upwards].
    """
    colours = theme_of(theme)
    figure = go.Figure()
    n_rows = len(axes.values)
    height = (ROW * n_rows + HEAD + FOOT) * font_size
    figure.update_layout(layout_of(colours, font_size), showlegend=False, height=height, hovermode="closest")
    figure.update_layout(margin={"t": HEAD * font_size, "b": FOOT * font_size})
    step = (axes.seen[-1] - axes.seen[0]) / max(1, len(axes.seen) - 1) or 1
    shares, determined = painted(axes, cells), painted(axes, cells, "share_determined")
    figure.add_heatmap(
        z=shares, x=list(axes.seen), y=list(range(n_rows)), zmin=0, zmax=1, xgap=1, ygap=1, showscale=False,
        colorscale=[[0, colours.fill], [1, colours.optima[0]]], hoverinfo="skip",
    )  # fmt: skip
    _add_hatch(figure, axes, shares, determined, step, colours)
    _add_numbers(figure, axes, cells, colours, font_size)
    _add_bounds(figure, axes, shape, rank, colours, font_size)
    figure.add_scatter(
        **pointed_at(
            [cell.seen for cell in cells],
            [axes.values.index(getattr(cell, axes.name)) for cell in cells],
            customdata=[[cell.seen, getattr(cell, axes.name)] for cell in cells],
            hovertemplate=[
                f"rank {cell.rank}, ridge {cell.ridge:g}, {cell.seen} % seen"
                f"<br>{cell.n_recovered} of {cell.n_runs} runs recovered"
                f"<br>{cell.n_determined} of {cell.n_masks} masks determine the matrix"
                "<br>Click to study it<extra></extra>"
                for cell in cells
            ],
            name="cells",
        )
    )
    if not cells:
        figure.add_annotation(
            text="not computed yet", x=0.98, y=0.5, xref="paper", yref="paper", xanchor="right", showarrow=False,
            font={"color": colours.second},
        )  # fmt: skip
    figure.update_xaxes(
        title="seen, % of the entries", range=[axes.seen[0] - step / 2, axes.seen[-1] + step / 2], showgrid=False,
        dtick=10, tick0=0,
    )  # fmt: skip
    figure.update_yaxes(
        title="rank k" if axes.name == "rank" else f"ridge λ (rank {rank})", range=[-0.5, n_rows - 0.5],
        tickvals=list(range(n_rows)), ticktext=[f"{value:g}" for value in axes.values], showgrid=False,
    )  # fmt: skip
    return figure


def _add_hatch(
    figure: go.Figure,
    axes: PhaseAxes,
    shares: NDArray[np.float64],
    determined: NDArray[np.float64],
    step: float,
    colours: Theme,
) -> None:
    """Amber strokes where most masks leave the matrix a choice."""
    rows, columns = np.nonzero(determined < HATCHED)
    if not len(rows):
        return
    x = np.array(axes.seen)[columns][:, None, None] + step * np.array(STROKES)
    y = rows[:, None, None] + np.array(LEVELS)[:, None]
    x, y = np.broadcast_arrays(x, y)
    marker = {"symbol": "line-ne", "size": 9, "line": {"width": 1.6, "color": colours.degenerate}}
    figure.add_scatter(**mute(x.ravel(), y.ravel(), "markers", marker=marker, name="not determined"))


def _add_numbers(
    figure: go.Figure, axes: PhaseAxes, cells: Sequence[PhaseCell], colours: Theme, font_size: float
) -> None:
    told = [cell for cell in cells if cell.share_determined >= HATCHED and cell.n_runs]
    inks = [text_on(mixed(colours.fill, colours.optima[0], cell.share)) for cell in told]
    for ink in sorted(set(inks)):
        mine = [cell for cell, its in zip(told, inks, strict=True) if its == ink]
        figure.add_scatter(
            **mute(
                [cell.seen for cell in mine],
                [axes.values.index(getattr(cell, axes.name)) for cell in mine],
                "text",
                text=[f"{100 * cell.share:.0f}" for cell in mine],
                textfont={"size": 0.85 * font_size, "color": ink},
                name="share recovered, %",
            )
        )


def _add_bounds(
    figure: go.Figure, axes: PhaseAxes, shape: tuple[int, int], rank: int, colours: Theme, font_size: float
) -> None:
    """Below which density no mask determines the matrix, and at which half of them fill rows and columns."""
    if axes.name == "rank":
        heights = np.arange(len(axes.values), dtype=float)
        least = _to_the_edges([100 * least_density(*shape, int(k)) for k in axes.values])
        full = _to_the_edges([100 * full_density(*shape, int(k)) for k in axes.values])
        heights = _to_the_edges(heights)
    else:
        heights = np.array([-0.5, len(axes.values) - 0.5])
        least, full = [100 * least_density(*shape, rank)] * 2, [100 * full_density(*shape, rank)] * 2
    for x, colour, dash, name in (
        (least, colours.degenerate, "solid", "as many entries as unknowns"),
        (full, colours.ink, "8px,5px", "half of the masks reach k per row and column"),
    ):
        line = {"color": colour, "width": 3, "dash": dash}
        figure.add_scatter(**mute(x, heights, "lines", line=line, name=name))
    small = 0.85 * font_size
    figure.add_annotation(
        text="fewer entries than unknowns ←", x=least[-1], y=1, yref="paper", xanchor="right", yanchor="bottom",
        xshift=4, showarrow=False, font={"color": colours.warning, "size": small},
    )  # fmt: skip
    figure.add_annotation(
        text="→ k entries in every row and column", x=full[-1], y=1, yref="paper", xanchor="left",
        yanchor="bottom", xshift=-4, showarrow=False, font={"color": colours.ink, "size": small},
    )  # fmt: skip


def _to_the_edges(values: Sequence[float]) -> NDArray[np.float64]:
    """The values in the middles of rows, with those at the lower edge of the first and the upper edge of the last."""
    values = np.asarray(values, dtype=float)
    steps = np.diff(values) if len(values) > 1 else np.ones(1)
    return np.concatenate([[values[0] - steps[0] / 2], values, [values[-1] + steps[-1] / 2]])
