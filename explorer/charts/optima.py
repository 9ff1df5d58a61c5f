"""The distinct optima of a study: each fitted density, its log-likelihood, and its share of every initialization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.parts.end_rows import EndRow
from explorer.charts.parts.marks import UNSEEN
from explorer.charts.parts.theme import DASHES, FONT_SIZE, Theme, layout_of, mixed, text_on, theme_of
from explorer.charts.parts.writing import in_lines, write
from explorer.mixture import Mixture, density, e_step, hard_assignments
from explorer.words import percent

# Heights and places are in units of the font size, so that a projector's figure is the same, larger.
ROW, FOOT, HEADING = 5.2, 2.6, 0.85
# Where the columns of the figure begin and end, as shares of its width.
SWATCH, DENSITY, WORDS, BARS = (0.002, 0.028), (0.04, 0.26), (0.27, 0.47), (0.49, 1.0)
GRID = 300
# Up to so many points each is drawn, with the colour of its component; above, a histogram alone.
FEW_POINTS = 60
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")


def optima_figure(
    rows: Sequence[EndRow],
    values: NDArray[np.float64],
    initializations: Mapping[str, str],
    *,
    theme: str = "light",
    font_size: float = FONT_SIZE,
    foot: Mapping[str, str] | None = None,
    foot_title: str = "",
) -> go.Figure:
    """Draw the rows, the best first.

    values (n,): the data, as a histogram behind each density. initializations: their labels by name, one column each.
    foot: a last line, by initialization, with its title. A click on a bar reports customdata [key, initialization];
    one on a density [key, ""].
    """
    colours = theme_of(theme)
    n_rows = len(rows)
    headings = {name: in_lines(label) for name, label in initializations.items()}
    head = (0.8 + 1.3 * HEADING * max(map(len, headings.values()))) * font_size
    row, below = ROW * font_size, FOOT * font_size if foot else 0.5 * font_size
    height = head + row * n_rows + below
    figure = go.Figure()
    figure.update_layout(layout_of(colours, font_size), height=height, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    figure.update_layout(showlegend=False, barmode="overlay", bargap=0)

    def place(top: float) -> float:
        """From pixels below the upper edge to shares of the height."""
        return 1 - top / height

    peak = max((density(_grid(values), each.mixture).max() for each in rows[:1] if each.mixture is not None), default=1)
    for i, each in enumerate(rows):
        top = head + i * row
        figure.add_shape(
            type="line", xref="paper", yref="paper", x0=0, x1=1, y0=place(top), y1=place(top),
            line={"color": colours.hairline, "width": 1},
        )  # fmt: skip
        _add_swatch(figure, each, colours, font_size, place(top + 0.12 * row), place(top + 0.88 * row))
        if each.mixture is not None:
            _add_density(figure, i, each, values, peak, colours, (place(top + 0.9 * row), place(top + 0.08 * row)))
        _add_words(figure, each, colours, font_size, place(top + row / 2))
    _add_bars(figure, rows, initializations, colours, font_size, (place(head + row * n_rows), place(head)))
    left, right = BARS
    width = (right - left) / max(1, len(initializations))
    for j, name in enumerate(initializations):
        x = left + j * width
        write(figure, "<br>".join(headings[name]), x, place(head / 2), colours.second, HEADING * font_size)
        if foot:
            write(figure, f"<b>{foot[name]}</b>", x, place(height - below / 2), colours.ink, 1.1 * font_size)
    if foot:
        write(figure, foot_title, WORDS[1], place(height - below / 2), colours.second, 0.93 * font_size, "right")
        figure.add_shape(
            type="line", xref="paper", yref="paper", x0=0, x1=1, y0=place(height - below), y1=place(height - below),
            line={"color": colours.second, "width": 2},
        )  # fmt: skip
    return figure


def _grid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    margin = 0.08 * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, GRID)


def _add_swatch(figure: go.Figure, row: EndRow, colours: Theme, font_size: float, bottom: float, top: float) -> None:
    colour = colours.fill if row.index is None else colours.optima[row.index % len(colours.optima)]
    edge = colours.degenerate if row.index is None else mixed(colour, colours.ink, 0.4)
    figure.add_shape(
        type="rect", xref="paper", yref="paper", x0=SWATCH[0], x1=SWATCH[1], y0=bottom, y1=top,
        fillcolor=colour, line={"color": edge, "width": 1.5 if row.index is None else 1},
    )  # fmt: skip
    if row.index is None:
        left, right = SWATCH
        third = (top - bottom) / 3
        strokes = [f"M {left},{bottom + third * i} L {right},{bottom + third * (i + 1)}" for i in range(3)]
        figure.add_shape(
            type="path", xref="paper", yref="paper", path=" ".join(strokes),
            line={"color": colours.degenerate, "width": 1.5},
        )  # fmt: skip
    elif row.letter:
        write(figure, f"<b>{row.letter}</b>", sum(SWATCH) / 2, (top + bottom) / 2, text_on(colour), font_size, "center")


def _add_density(
    figure: go.Figure,
    i: int,
    row: EndRow,
    values: NDArray[np.float64],
    peak: float,
    colours: Theme,
    domain: tuple[float, float],
) -> None:
    x, y = f"x{i + 20}", f"y{i + 20}"
    grid, mixture = _grid(values), row.mixture
    total = density(grid, mixture)
    # A spike is cut off where it would flatten everything else.
    ceiling = 1.08 * min(max(peak, total.max()), 1.6 * peak)
    few = len(values) <= FEW_POINTS
    floor = -0.22 * ceiling if few else 0.0
    axes = {
        "xaxis": x, "yaxis": y, "customdata": [[row.key, ""]] * len(grid), "hoverinfo": "none",
        "mode": "lines+markers", "marker": UNSEEN, "unselected": {"marker": {"opacity": 0}},
    }  # fmt: skip
    if not few:
        heights, edges = np.histogram(values, bins=min(40, max(8, round(np.sqrt(len(values))))), density=True)
        figure.add_scatter(
            x=np.repeat(edges, 2)[1:-1], y=np.repeat(heights, 2), fill="tozeroy", fillcolor=colours.fill,
            line={"color": colours.coming, "width": 1}, xaxis=x, yaxis=y, hoverinfo="skip", mode="lines",
        )  # fmt: skip
    for k in range(mixture.n_components):
        part = mixture.weights[k] * density(
            grid, Mixture([1.0], mixture.means[k : k + 1], mixture.covariances[k : k + 1])
        )
        colour = colours.components[k % len(colours.components)]
        figure.add_scatter(
            x=grid, y=part, fill="tozeroy", fillcolor=_faint(colour),
            line={"color": colour, "width": 1.5, "dash": DASHES[k % len(DASHES)]}, **axes,
        )  # fmt: skip
    figure.add_scatter(x=grid, y=total, line={"color": colours.ink, "width": 2.4}, **axes)
    if few:
        labels = hard_assignments(e_step(values, mixture))
        figure.add_scatter(
            x=values, y=np.full(len(values), floor / 2), mode="markers", xaxis=x, yaxis=y, hoverinfo="skip",
            customdata=[[row.key, ""]] * len(values),
            marker={
                "size": 7,
                "color": [colours.components[k % len(colours.components)] for k in labels],
                "symbol": [SYMBOLS[k % len(SYMBOLS)] for k in labels],
            },
        )  # fmt: skip
    hidden = {"visible": False, "fixedrange": True}
    figure.update_layout(
        {
            f"xaxis{i + 20}": {"domain": DENSITY, "anchor": y, "range": [grid[0], grid[-1]], **hidden},
            f"yaxis{i + 20}": {"domain": domain, "anchor": x, "range": [floor, ceiling], **hidden},
        }
    )


def _add_words(figure: go.Figure, row: EndRow, colours: Theme, font_size: float, y: float) -> None:
    colour = colours.warning if row.index is None else colours.ink
    title = f'<b style="font-size:{1.15 * font_size:.0f}px">{row.title}</b>'
    note = f'<br><span style="color:{colours.second};font-size:{0.85 * font_size:.0f}px">{row.note}</span>'
    write(figure, title + (note if row.note else ""), WORDS[1], y, colour, font_size, "right")


def _add_bars(
    figure: go.Figure,
    rows: Sequence[EndRow],
    initializations: Mapping[str, str],
    colours: Theme,
    font_size: float,
    domain: tuple[float, float],
) -> None:
    n_rows = len(rows)
    width = (BARS[1] - BARS[0]) / max(1, len(initializations))
    figure.update_layout(
        yaxis={"domain": domain, "range": [n_rows, 0], "visible": False, "fixedrange": True, "anchor": "x"}
    )
    centres = np.arange(n_rows) + 0.62
    for j, (name, label) in enumerate(initializations.items()):
        x = "x" if j == 0 else f"x{j + 1}"
        start = BARS[0] + j * width
        figure.update_layout(
            {
                f"xaxis{'' if j == 0 else j + 1}": {
                    "domain": [start, start + 0.88 * width], "range": [0, 1], "visible": False, "fixedrange": True,
                    "anchor": "y",
                }
            }
        )  # fmt: skip
        shares = [row.shares.get(name, 0.0) for row in rows]
        ends = [[row.key, name] for row in rows]
        figure.add_bar(
            x=np.ones(n_rows), y=centres, width=0.24, orientation="h", xaxis=x, yaxis="y", customdata=ends,
            marker={"color": colours.fill, "line": {"width": 0}}, hoverinfo="skip", unselected=_UNMOVED,
        )  # fmt: skip
        for hatched in (False, True):
            mine = [i for i, row in enumerate(rows) if shares[i] and (row.index is None) == hatched]
            figure.add_bar(
                x=[shares[i] for i in mine], y=centres[mine], width=0.24, orientation="h", xaxis=x, yaxis="y",
                customdata=[ends[i] for i in mine], unselected=_UNMOVED,
                hovertemplate=[f"{label}: {percent(shares[i])}<br>Click to replay one<extra></extra>" for i in mine],
                marker=_hatched(colours) if hatched else _filled([rows[i] for i in mine], colours),
            )  # fmt: skip
        figure.add_scatter(
            x=np.zeros(n_rows), y=centres - 0.34, xaxis=x, yaxis="y", mode="text", hoverinfo="skip",
            text=[f"<b>{percent(share)}</b>" if share else "0" for share in shares], textposition="middle right",
            textfont={
                "size": 1.1 * font_size,
                "color": [
                    colours.ghost if not share else colours.warning if row.index is None else colours.ink
                    for row, share in zip(rows, shares, strict=True)
                ],
            },
        )  # fmt: skip


_UNMOVED = {"marker": {"opacity": 1}}


def _filled(rows: Sequence[EndRow], colours: Theme) -> dict[str, Any]:
    fills = [colours.optima[row.index % len(colours.optima)] for row in rows]
    return {"color": fills, "line": {"width": 1, "color": [mixed(fill, colours.ink, 0.4) for fill in fills]}}


def _hatched(colours: Theme) -> dict[str, Any]:
    stripes = {"shape": "/", "fillmode": "replace", "size": 6, "solidity": 0.35, "fgcolor": colours.degenerate}
    return {
        "color": colours.degenerate,
        "line": {"width": 1.5, "color": colours.degenerate},
        "pattern": stripes | {"bgcolor": colours.paper},
    }


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"
