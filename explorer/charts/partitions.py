"""All partitions as starts, one cell each: in columns by the size of the first group, coloured by the optimum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.parts.marks import letters, mute, pointed_at
from explorer.charts.parts.optimum_styles import colour_of, written
from explorer.charts.parts.theme import FONT_SIZE, layout_of, theme_of
from explorer.checks import Floats
from explorer.errors import InputError
from explorer.study.names import DEGENERATE, names_of
from explorer.study.partitions import Partitions

# How wide the picture is for its height, and how much of a cell's width is drawn.
ASPECT = 1.8
DRAWN = 0.78
# More cells than this, those of 12 points, are too small to see and slow to draw.
MAX_CELLS = 4096
# A column has the letter of an optimum where its cells make up so many rows.
ROWS_OF_A_LETTER = 6


def partitions_figure(
    partitions: Partitions,
    *,
    names: Sequence[str] | None = None,
    chosen: int | None = None,
    theme: str = "light",
    font_size: float = FONT_SIZE,
) -> go.Figure:
    """One cell for each partition into two groups; a column for each size of group 1, so that start kinds stand apart.

    Filled: the run came to its optimum. Hollow: it stopped early on the way there. Amber strokes: degenerate. The cells
    of a column are sorted by optimum, frequent ones at the bottom. names (G,): of the optima, where others have them
    too. chosen: a partition to mark. font_size: in pixels.

    Every cell can be clicked: with `st.plotly_chart(figure, theme=None, on_select="rerun", selection_mode="points")`
    the "point_index" of the selected point is the index of its partition. Raises InputError unless K is 2.
    """
    if partitions.n_components != 2:
        raise InputError(f"Partitions are drawn for two groups, not for {partitions.n_components}.")
    if len(partitions.labels) > MAX_CELLS:
        raise InputError(f"{len(partitions.labels):,} partitions are too many to draw: take fewer points, at most 12.")
    colours = theme_of(theme)
    names = names or names_of(partitions.optima)
    fills = [colour_of(name, colours) for name in names]
    ranks = _ranks(partitions, names)
    x, y, width = _places(partitions, ranks)
    figure = go.Figure(layout=layout_of(colours, font_size))
    for rank in np.unique(ranks):
        g = int(partitions.optima.labels[np.argmax(ranks == rank)])
        if names[g] == DEGENERATE:
            cells = ranks == rank
            style = {"line": {"color": colours.degenerate, "width": 1.5}}
            figure.add_scatter(**mute(*_strokes(x[cells], y[cells]), "lines", **style))
            continue
        for early in (False, True):
            cells = (ranks == rank) & (partitions.stopped_early == early)
            line = {"color": fills[g], "width": 1.5 if early else 0}
            fill = {"fill": "none" if early else "toself", "fillcolor": fills[g]}
            figure.add_scatter(**mute(*_squares(x[cells], y[cells]), "lines", line=line), **fill)
        places = _middles(x, y, ranks == rank, width)
        if places:
            figure.add_scatter(**letters(*np.array(places).T, names[g], font_size))
    if chosen is not None:
        for colour, thickness in ((colours.ink, 5), (colours.active, 2.5)):
            square = _squares(x[[chosen]], y[[chosen]])
            figure.add_scatter(**mute(*square, "lines", line={"color": colour, "width": thickness}))
    figure.add_scatter(
        **pointed_at(
            x, y, name="partitions", hovertext=_told(partitions, names), hovertemplate="%{hovertext}<extra></extra>"
        )
    )
    return _with_axes(figure, partitions, y, width, colours.second, font_size)


def caption(partitions: Partitions, names: Sequence[str] | None = None) -> str:
    """How many partitions lead where, in one line for below the picture."""
    names, counts = names or names_of(partitions.optima), np.bincount(partitions.optima.labels)
    told = [
        f"{name} ({written(partitions.optima.log_likelihoods[g])}) {counts[g]}"
        for g, name in enumerate(names)
        if name != DEGENERATE
    ]
    degenerate = sum(count for name, count in zip(names, counts, strict=True) if name == DEGENERATE)
    early = np.count_nonzero(partitions.stopped_early)
    hollow = [f"{early} stopped early on the way (hollow)"] if early else []
    strokes = [f"{degenerate} degenerate (amber)"] if degenerate else []
    return " · ".join([f"of {len(partitions.labels):,} partitions".replace(",", "\u202f"), *told, *strokes, *hollow])


def _ranks(partitions: Partitions, names: tuple[str, ...]) -> NDArray[np.intp]:
    """The order of the optima in a column, (R,): by how many partitions lead there, degenerate ends as one, on top."""
    counts = np.bincount(partitions.optima.labels)
    order = sorted(range(len(names)), key=lambda g: (names[g] == DEGENERATE, -counts[g]))
    ranks = np.empty(len(names), dtype=np.intp)
    ranks[order] = np.minimum(np.arange(len(names)), sum(name != DEGENERATE for name in names))
    return ranks[partitions.optima.labels]


def _places(partitions: Partitions, ranks: NDArray[np.intp]) -> tuple[Floats, Floats, int]:
    """The centre of each partition's cell, (R,) and (R,), in cells; and how many cells a column is wide."""
    in_group_1 = np.count_nonzero(partitions.labels == 1, axis=1)
    most = np.bincount(in_group_1).max()
    width = max(1, round(np.sqrt(ASPECT * most / (in_group_1.max() + 1))))
    x, y = np.empty(len(ranks)), np.empty(len(ranks))
    for size in range(in_group_1.max() + 1):
        column = np.flatnonzero(in_group_1 == size)
        ordered = column[np.lexsort((partitions.stopped_early[column], ranks[column]))]
        row, place = np.divmod(np.arange(len(ordered)), width)
        x[ordered] = size * (width + 1) + place + max(0, width - len(column)) / 2
        y[ordered] = row
    return x, y, width


def _squares(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The outlines of cells, one after the other with gaps: one path, that grows with the axes as marks do not."""
    half = DRAWN / 2
    corners_x = np.stack([x - half, x + half, x + half, x - half, x - half, np.full_like(x, np.nan)], axis=1)
    corners_y = np.stack([y - half, y - half, y + half, y + half, y - half, np.full_like(y, np.nan)], axis=1)
    return corners_x.ravel().astype(np.float32), corners_y.ravel().astype(np.float32)


def _strokes(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """A stroke through each cell, from corner to corner."""
    half, gaps = DRAWN / 2, np.full_like(x, np.nan)
    return tuple(np.stack([at - half, at + half, gaps], axis=1).ravel().astype(np.float32) for at in (x, y))


def _middles(x: Floats, y: Floats, cells: NDArray[np.bool_], width: int) -> list[tuple[float, float]]:
    """The middle of these cells in each column where they take enough rows."""
    middles = []
    for column in np.unique(x // (width + 1)):
        rows = y[cells & (x // (width + 1) == column)]
        if len(rows) >= ROWS_OF_A_LETTER * width:
            middles.append((column * (width + 1) + (width - 1) / 2, (rows.min() + rows.max()) / 2))
    return middles


def _told(partitions: Partitions, names: tuple[str, ...]) -> list[str]:
    told = []
    for r, g in enumerate(partitions.optima.labels):
        name, reached, limit = names[g], written(partitions.log_likelihoods[r]), written(partitions.limits[r])
        if name == DEGENERATE:
            verdict = f"degenerate: a group is {'empty' if partitions.kinds[r] == 'empty' else 'too narrow'}"
        elif partitions.stopped_early[r]:
            verdict = f"stops early at {reached}, on the way to {name} at {limit}"
        else:
            verdict = f"leads to {name}, {reached}"
        told.append(f"<b>{verdict}</b><br>{partitions.written(r)}<br>{partitions.iterations[r]} iterations")
    return told


def _with_axes(
    figure: go.Figure, partitions: Partitions, y: Floats, width: int, second: str, font_size: float
) -> go.Figure:
    n = partitions.labels.shape[1]
    step = 10 * max(1, round(y.max() / 40))
    rows = np.arange(0, y.max() + 1, step)
    note = f"0, {n}: a group is empty · 1, {n - 1}: it is one point"
    small = f"font-size:{0.85 * font_size}px;color:{second}"
    return figure.update_layout(
        xaxis={
            "title": {"text": f"points in group 1<br><span style='{small}'>{note}</span>"},
            "tickvals": np.arange(n + 1) * (width + 1) + (width - 1) / 2,
            "ticktext": [str(size) for size in range(n + 1)],
            "range": [-1, (n + 1) * (width + 1) - 1],
            "showgrid": False,
            "ticks": "",
            "tickangle": 0,
        },
        yaxis={
            "title": {"text": "partitions"},
            "tickvals": rows - 0.5,
            "ticktext": [f"{int(row) * width}" for row in rows],
            "range": [-0.7, y.max() + 1],
        },
        showlegend=False,
        hovermode="closest",
        hoverdistance=30,
        dragmode=False,
    )
