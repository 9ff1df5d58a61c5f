"""What all charts share: colours by the job they do, in light and dark, and the defaults of a figure's layout.

The players' theme.js has the same colours; a test holds the two together. A page shows a figure with
`st.plotly_chart(figure, theme=None)`: Streamlit's own theme would write over these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from explorer.checks import check_choice

# Streamlit's own font, by the names that its versions give it.
FONT = "Source Sans, Source Sans Pro, sans-serif"
FONT_SIZE = 14


@dataclass(frozen=True)
class Theme:
    """Colours by role, as "#RRGGBB".

    on_active: text on `active`. optima: of distinct optima, the best first; after the last they repeat. degenerate: a
    hatch, or a line. matrix: of values -1, -0.5, 0, 0.5, 1. components: by number, with the dash of each in DASHES.
    """

    ink: str
    second: str
    paper: str
    ghost: str
    hairline: str
    fill: str
    coming: str
    active: str
    on_active: str
    good: str
    warning: str
    error: str
    degenerate: str
    optima: tuple[str, ...]
    matrix: tuple[str, ...]
    components: tuple[str, ...]


THEMES = {
    "light": Theme(
        ink="#1B1F24",
        second="#4D5763",
        paper="#FFFFFF",
        ghost="#7D8792",
        hairline="#D7DCE1",
        fill="#F2F4F6",
        coming="#C6CDD4",
        active="#FFD84D",
        on_active="#1B1F24",
        good="#0B7A4B",
        warning="#9A5B00",
        error="#B3261E",
        degenerate="#9A5B00",
        optima=("#1F4E6B", "#8DB9CF", "#57636E", "#4C93B8", "#A9B4BD", "#16303F", "#C9E1EC", "#7D8A96"),
        matrix=("#4A2E91", "#9B8BCB", "#DEDBD5", "#EBA75F", "#BC5408"),
        components=(
            *("#394CB4", "#B83C21", "#088D8A", "#822E69", "#CA7E01"),
            *("#0C99EE", "#5A2F06", "#6D9F5E", "#4A2487", "#D05587"),
        ),
    ),
    "dark": Theme(
        ink="#EDF0F3",
        second="#AEB7C1",
        paper="#15181C",
        ghost="#8F99A4",
        hairline="#363D45",
        fill="#22272D",
        coming="#4A525B",
        active="#FFD84D",
        on_active="#1B1F24",
        good="#5DD39E",
        warning="#F2B84B",
        error="#FF8A80",
        degenerate="#F2B84B",
        optima=("#8DB9CF", "#1F4E6B", "#C3CBD2", "#4C93B8", "#66727D", "#E4EEF3", "#2F6E90", "#95A1AC"),
        matrix=("#AB93F5", "#6F5DAE", "#3B4148", "#A5652A", "#F7AE55"),
        components=(
            *("#838CF9", "#E57534", "#69EFFB", "#8D6689", "#FFC44D"),
            *("#72BFFC", "#B15E38", "#BCDBAC", "#716BCC", "#CE94B4"),
        ),
    ),
}
# Components 6 to 10 repeat the dashes of 1 to 5, in other hues.
DASHES = ("solid", "9px,4px", "3px,3px", "12px,4px,3px,4px", "6px,3px,2px,3px,2px,3px")


def theme_of(name: str) -> Theme:
    """Return the theme "light" or "dark"; raise InputError for another name."""
    check_choice("theme", name, THEMES)
    return THEMES[name]


def layout_of(theme: Theme, font_size: float = FONT_SIZE) -> dict[str, Any]:
    """Return the layout that every figure begins with: `figure.update_layout(layout_of(theme), ...)`.

    font_size: of the text in CSS pixels; 14 beside other things, 18 and more at a projector. Headings belong to the
    page, so the margins leave no room for a title.
    """
    text = {"family": FONT, "size": font_size, "color": theme.ink}
    axis = {
        "gridcolor": theme.hairline,
        "linecolor": theme.ghost,
        "zeroline": False,
        "ticks": "outside",
        "tickcolor": theme.ghost,
        "tickfont": text | {"color": theme.second},
        "title": {"font": text, "standoff": 0.6 * font_size},
        "automargin": True,
        # 20 000 rather than 20k, as the unit stands in the title.
        "separatethousands": True,
        "exponentformat": "power",
        "minexponent": 6,
    }
    template = go.layout.Template(
        layout={
            "font": text,
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"bgcolor": theme.fill, "bordercolor": theme.ghost, "font": text, "align": "left"},
            "legend": {"bgcolor": "rgba(0,0,0,0)"},
        }
    )
    margin = {"l": 4 * font_size, "r": font_size, "t": font_size, "b": 4.5 * font_size}
    return {"template": template, "margin": margin, "separators": ".\u202f"}


def mixed(colour: str, other: str, share: float) -> str:
    """Return a colour with this share, 0 to 1, of another one in it."""
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in zip(_rgb(colour), _rgb(other), strict=True))


def matrix_scale(colours: Theme) -> list[list[float | str]]:
    """Return Plotly's colour scale for the values of a matrix, from the most negative to the most positive."""
    return [[i / (len(colours.matrix) - 1), colour] for i, colour in enumerate(colours.matrix)]


def matrix_colour(share: float, colours: Theme) -> str:
    """Return the colour of `matrix_scale` at a share from 0 to 1 of its length."""
    place = share * (len(colours.matrix) - 1)
    below = min(int(place), len(colours.matrix) - 2)
    return mixed(colours.matrix[below], colours.matrix[below + 1], place - below)


def text_on(colour: str) -> str:
    """Return the ink, light or dark, that is read better on a colour (WCAG's relative luminance)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (c / 255 for c in _rgb(colour))]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#FFFFFF" if luminance < 0.18 else THEMES["light"].ink


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
