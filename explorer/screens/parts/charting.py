"""A Plotly chart on the page: in the page's colours, described in words, and what was clicked on it."""

from __future__ import annotations

from html import escape
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from explorer.player.component import type_size

# Zooming by dragging would catch every click that is not quite still.
_CONFIG = {"displayModeBar": False, "doubleClick": "reset", "scrollZoom": False}


# Text in pixels by the size of type that fits the browser.
FONT_SIZES = {"normal": 14.0, "large": 17.0, "phone": 13.0, "present": 18.0}


def measure_type() -> None:
    """Find out which size of type fits; once a page, before its charts."""
    st.session_state["chart_font_size"] = FONT_SIZES.get(type_size(), FONT_SIZES["normal"])


def looks() -> dict[str, Any]:
    """The theme and the font size that every figure is made with."""
    return {"theme": theme_name(), "font_size": st.session_state.get("chart_font_size", FONT_SIZES["normal"])}


def theme_name() -> str:
    """The page's theme, "light" or "dark"."""
    return "dark" if st.context.theme.type == "dark" else "light"


def draw_chart(figure: go.Figure, key: str, alt: str) -> dict[str, Any] | None:
    """Draw a figure and return the point that was clicked on it just now, as Streamlit tells it; None for none.

    alt: what the chart shows, for those who do not see it. A click is told once: the chart is then drawn anew, with
    nothing selected.
    """
    count = f"{key}_clicks"
    clicks = st.session_state.setdefault(count, 0)
    figure.update_layout(dragmode=False)
    event = st.plotly_chart(
        figure,
        theme=None,
        key=f"{key}_{clicks}",
        on_select="rerun",
        selection_mode="points",
        config=_CONFIG,
        alt=alt,
    )
    points = event["selection"]["points"]
    if not points:
        return None
    st.session_state[count] = clicks + 1
    return points[0]


def draw_picture(figure: go.Figure, key: str, alt: str) -> None:
    """Draw a figure on which nothing can be clicked."""
    figure.update_layout(dragmode=False)
    st.plotly_chart(figure, theme=None, key=key, config=_CONFIG, alt=alt)


def heading(title: str, note: str = "") -> None:
    """Draw the heading of a chart: what it shows, and in smaller letters how to read it."""
    st.html(f'<h3 class="chart">{escape(title)} <small>{escape(note)}</small></h3>')


def draw_headline(title: str, sentence: str) -> None:
    """Draw what a study, or a comparison of runs, comes to."""
    st.html(f'<p class="headline"><strong>{escape(title)}</strong> <span>{escape(sentence)}</span></p>')


def number_of(point: dict[str, Any]) -> int:
    """Return the number that a clicked point bears as customdata; Plotly may have put it into a list."""
    value = point["customdata"]
    return int(value[0] if isinstance(value, list) else value)
