"""The k x k matrix that makes the factors of two runs alike."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from explorer.charts.parts.theme import FONT_SIZE, layout_of, matrix_colour, matrix_scale, text_on, theme_of

# Numbers are written into cells of T up to this rank.
NUMBERED = 5


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
        z=matrix, x=places, y=places, zmin=-scale, zmax=scale, colorscale=matrix_scale(colours), showscale=False,
        xgap=2, ygap=2, hovertemplate="T %{y}, %{x}: %{z:.3f}<extra></extra>",
    )  # fmt: skip
    if rank <= NUMBERED:
        for i, j in np.ndindex(rank, rank):
            share = (matrix[i, j] / scale + 1) / 2
            figure.add_annotation(
                text=f"<b>{matrix[i, j]:.2f}</b>".replace("-", "−"), x=places[j], y=places[i], showarrow=False,
                font={"size": 1.15 * font_size, "color": text_on(matrix_colour(share, colours))},
            )  # fmt: skip
    figure.update_xaxes(visible=False, scaleanchor="y", constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", constrain="domain")
    return figure
