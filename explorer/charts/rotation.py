"""The factors of two runs: different, and made alike by one k x k matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.theme import FONT_SIZE, Theme, layout_of, mixed, text_on, theme_of

# Numbers are written into cells of T up to this rank.
NUMBERED = 5


def clouds_figure(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    matrix: NDArray[np.float64],
    *,
    theme: str = "light",
    font_size: float = FONT_SIZE,
) -> go.Figure:
    """For rank 2: the rows of X_1 and of X_2 as points of the plane, before and after X_1 is turned by T.

    left, right (m, 2): X_1 and X_2. matrix (2, 2): T.
    """
    colours = theme_of(theme)
    figure = _panels(("X₁ and X₂ as they are", "X₁T and X₂"), ((0, 0.47), (0.53, 1)), colours, font_size, 21)
    reach = 1.12 * max(np.abs(each).max() for each in (left, right, left @ matrix))
    for j, points in enumerate((left, left @ matrix)):
        axes = {"xaxis": f"x{j + 1 if j else ''}", "yaxis": f"y{j + 1 if j else ''}", "hoverinfo": "skip"}
        figure.add_scatter(
            x=right[:, 0], y=right[:, 1], mode="markers", name="right run",
            marker={"symbol": "square-open", "size": 13, "color": colours.second, "line": {"width": 1.8}}, **axes,
        )  # fmt: skip
        figure.add_scatter(
            x=points[:, 0], y=points[:, 1], mode="markers", name="left run",
            marker={"symbol": "circle", "size": 7, "color": colours.ink}, **axes,
        )  # fmt: skip
        place = "" if not j else "2"
        figure.update_layout(
            {
                f"xaxis{place}": {"range": [-reach, reach], "title": "first column", "zeroline": True},
                f"yaxis{place}": {
                    "range": [-reach, reach], "scaleanchor": f"x{place}", "constrain": "domain",
                    "title": "second column" if not j else "", "zeroline": True, "automargin": True,
                },
            }
        )  # fmt: skip
    figure.update_xaxes(zerolinecolor=colours.ghost, constrain="domain")
    figure.update_yaxes(zerolinecolor=colours.ghost)
    return figure


def factors_figure(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    matrix: NDArray[np.float64],
    *,
    theme: str = "light",
    font_size: float = FONT_SIZE,
) -> go.Figure:
    """For any rank: X_1, X_1 T and X_2 (m, k) as heat maps beside each other, in one scale."""
    colours = theme_of(theme)
    turned = left @ matrix
    scale = max(np.abs(each).max() for each in (left, turned, right)) or 1.0
    domains = ((0, 0.28), (0.36, 0.64), (0.72, 1))
    figure = _panels(("X₁", "X₁T", "X₂"), domains, colours, font_size, 22)
    for j, values in enumerate((left, turned, right)):
        place = "" if not j else str(j + 1)
        figure.add_heatmap(
            z=values, zmin=-scale, zmax=scale, colorscale=_scale(colours), showscale=False, xaxis=f"x{place}",
            yaxis=f"y{place}", hovertemplate="row %{y}, column %{x}: %{z:.3g}<extra></extra>",
            x=list(range(1, values.shape[1] + 1)), y=list(range(1, values.shape[0] + 1)),
        )  # fmt: skip
        figure.update_layout(
            {
                f"xaxis{place}": {"dtick": 1, "showgrid": False, "title": "column"},
                f"yaxis{place}": {
                    "autorange": "reversed", "showgrid": False, "title": "row" if not j else "", "showticklabels": not j
                },
            }
        )  # fmt: skip
    return figure


def turn_figure(matrix: NDArray[np.float64], *, theme: str = "light", font_size: float = FONT_SIZE) -> go.Figure:
    """T (k, k) as a heat map with its numbers in it."""
    colours = theme_of(theme)
    rank = len(matrix)
    scale = np.abs(matrix).max() or 1.0
    figure = go.Figure()
    figure.update_layout(layout_of(colours, font_size), height=(5.5 + 3.2 * min(rank, 5)) * font_size)
    figure.update_layout(margin={"l": font_size, "r": font_size, "t": font_size, "b": font_size})
    places = list(range(1, rank + 1))
    figure.add_heatmap(
        z=matrix, x=places, y=places, zmin=-scale, zmax=scale, colorscale=_scale(colours), showscale=False, xgap=2,
        ygap=2, hovertemplate="T %{y}, %{x}: %{z:.3f}<extra></extra>",
    )  # fmt: skip
    if rank <= NUMBERED:
        for i, j in np.ndindex(rank, rank):
            share = (matrix[i, j] / scale + 1) / 2
            figure.add_annotation(
                text=f"<b>{matrix[i, j]:.2f}</b>".replace("-", "−"), x=places[j], y=places[i], showarrow=False,
                font={"size": 1.15 * font_size, "color": text_on(_colour_at(share, colours))},
            )  # fmt: skip
    figure.update_xaxes(visible=False, scaleanchor="y", constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", constrain="domain")
    return figure


def _panels(
    titles: Sequence[str], domains: Sequence[tuple[float, float]], colours: Theme, font_size: float, height: float
) -> go.Figure:
    """An empty figure of panels side by side, `height` in units of the font size."""
    figure = go.Figure()
    figure.update_layout(layout_of(colours, font_size), showlegend=False, height=height * font_size)
    figure.update_layout(margin={"t": 2 * font_size, "l": 4 * font_size})
    for j, (title, domain) in enumerate(zip(titles, domains, strict=True)):
        place = "" if not j else str(j + 1)
        figure.update_layout(
            {f"xaxis{place}": {"domain": domain, "anchor": f"y{place}"}, f"yaxis{place}": {"anchor": f"x{place}"}}
        )
        figure.add_annotation(
            text=f"<b>{title}</b>", x=domain[0], xref="paper", xanchor="left", y=1, yref="paper", yanchor="bottom",
            yshift=6, showarrow=False, font={"color": colours.ink},
        )  # fmt: skip
    return figure


def _scale(colours: Theme) -> list[list[float | str]]:
    return [[i / (len(colours.matrix) - 1), colour] for i, colour in enumerate(colours.matrix)]


def _colour_at(share: float, colours: Theme) -> str:
    """The colour of the scale at a share from 0 to 1 of its length."""
    place = share * (len(colours.matrix) - 1)
    below = min(int(place), len(colours.matrix) - 2)
    return mixed(colours.matrix[below], colours.matrix[below + 1], place - below)
