"""A figure of several panels, each with its title."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from explorer.charts.parts.theme import Theme, layout_of


def panels(
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
