"""The line at the top of every page: the product's name, the pages, present mode, help."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer.player.component import toolbar

_KEYS = """
| key | what it does in the player that has the focus |
|---|---|
| Space | play, pause |
| ← → | half a step back, forward |
| Shift ← → | a full step back, forward |
| Home, End | to the start, to the end |
| L | play again and again |
| H | in both: hide what comes next, the verdict too |
| K | play both players in step |
| P | present mode, Esc leaves it |
"""

_MOVES = """
**EM and ALS are one move.** Fix one block, solve for the other, repeat. EM alternates responsibilities and
parameters on the lower bound G(Q, θ); ALS alternates the factors X and Y on |P(A − XYᵀ)|². What a half step
changes is framed in yellow. Click a curve to go there, a row of the table or a cell to follow it in the formula,
the formula to see another one.
"""


def header(pages: Sequence[Any], current: Any) -> None:
    """Draw the header, from which people go to the other pages; these are what st.Page makes."""
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="small"):
        st.html('<h1 class="app-title">EM &amp; ALS Explorer</h1>', width="content")
        with st.container(key="pages", horizontal=True, vertical_alignment="center", width="content"):
            for page in pages:
                if page is current:
                    st.html(f'<span class="here" aria-current="page">{page.title}</span>', width="content")
                else:
                    st.page_link(page)
        with st.container(key="header_right", horizontal=True, horizontal_alignment="right", gap="small"):
            toolbar()
            with st.popover("Help", type="tertiary"):
                st.markdown(_MOVES)
                st.markdown(_KEYS)
