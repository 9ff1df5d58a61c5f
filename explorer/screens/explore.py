"""The Explore page: EM and ALS side by side, each in its own player."""

import streamlit as st

from explorer.screens.als_panel import ALS_PANEL
from explorer.screens.arrival import arrive
from explorer.screens.em_panel import EM_PANEL
from explorer.screens.frame import style
from explorer.screens.panels import EXPLORE_SLOTS, draw_panel
from explorer.settings import ALSSettings, EMSettings


def page() -> None:
    """Draw the page."""
    arrive("explore", (EMSettings, ALSSettings), EXPLORE_SLOTS)
    style("explore")
    left, right = st.columns(2, gap="medium")
    with left:
        draw_panel(EM_PANEL)
    with right:
        draw_panel(ALS_PANEL)
