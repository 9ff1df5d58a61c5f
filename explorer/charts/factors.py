"""The factors of two runs as heat maps: different, and made alike by one k x k matrix."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.parts.panels import panels
from explorer.charts.parts.theme import FONT_SIZE, matrix_scale, theme_of


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
    figure = panels(("X₁", "X₁T", "X₂"), domains, colours, font_size, 22)
    for j, values in enumerate((left, turned, right)):
        place = "" if not j else str(j + 1)
        figure.add_heatmap(
            z=values, zmin=-scale, zmax=scale, colorscale=matrix_scale(colours), showscale=False, xaxis=f"x{place}",
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
