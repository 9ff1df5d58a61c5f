"""What is drawn over a chart's fills, and what lies over everything to be pointed at and clicked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from explorer.charts.parts.theme import THEMES

# White with a dark edge is seen on the optima's colours in both themes.
LIGHT, DARK = "#FFFFFF", THEMES["light"].ink
# Marks that the pointer finds and nobody sees. Lines have them as well, where a click is to report a place of theirs:
# Plotly selects no points of a trace that has lines only.
UNSEEN = {"size": 4, "opacity": 0, "maxdisplayed": 1}


def mute(x: ArrayLike, y: ArrayLike, mode: str, **style: Any) -> dict[str, Any]:
    """A scatter trace to look at only: the pointer goes through it, and a selection elsewhere does not fade it."""
    unfaded = {}
    if "marker" in style:
        unfaded["marker"] = {"opacity": 1}
    if "textfont" in style:
        unfaded["textfont"] = {"color": style["textfont"]["color"]}
    return {"x": x, "y": y, "mode": mode, "hoverinfo": "skip", "unselected": unfaded or None} | style


def letters(x: ArrayLike, y: ArrayLike, letter: str, font_size: float) -> dict[str, Any]:
    """A scatter trace of one letter in a disc at each of several places."""
    marker = {"size": 1.8 * font_size, "color": LIGHT, "line": {"color": DARK, "width": 2}}
    font = {"color": DARK, "size": font_size, "weight": "bold"}
    return mute(x, y, "markers+text", marker=marker, text=letter, textfont=font)


def pointed_at(x: ArrayLike, y: ArrayLike, **told: Any) -> dict[str, Any]:
    """A scatter trace of places that can be pointed at and clicked, and are not seen.

    Streamlit selects points of scatter traces, but no cells of heat maps. Of these points one is drawn (maxdisplayed),
    and the pointer finds all of them: a figure with 10 000 takes as long to draw as without, and a tenth of the time of
    as many invisible squares (109, 99 and 1043 ms in Chromium on two busy cores). Numbers go in single precision, half
    as many bytes.
    """
    places = {"x": np.asarray(x, dtype=np.float32), "y": np.asarray(y, dtype=np.float32)}
    return {**places, "mode": "markers", "marker": UNSEEN, **told}
