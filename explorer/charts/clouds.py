"""The factors of two runs of rank 2 as points of the plane, before and after one is turned onto the other."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.parts.panels import panels
from explorer.charts.parts.theme import FONT_SIZE, theme_of


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
    figure = panels(("X₁ and X₂ as they are", "X₁T and X₂"), ((0, 0.47), (0.53, 1)), colours, font_size, 21)
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
