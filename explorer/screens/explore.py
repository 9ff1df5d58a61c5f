"""The Explore page: EM and ALS side by side, each in its own player."""

import streamlit as st

from explorer.screens.jobs import scheduler
from explorer.screens.parts.als_panel import ALS_PANEL
from explorer.screens.parts.em_panel import EM_PANEL
from explorer.screens.parts.frame import style
from explorer.screens.parts.link import arrive
from explorer.screens.parts.panels import draw_panel
from explorer.settings import ALSSettings, EMSettings

PANELS = (EM_PANEL, ALS_PANEL)
SLOTS = tuple(panel.name for panel in PANELS)


def page() -> None:
    """Draw the page."""
    arrive("explore", (EMSettings, ALSSettings), SLOTS)
    style("explore")
    _draw_panels()


# One fragment, so that whichever change Streamlit answers last, its answer holds everything: what it drops of answers
# before (it does when a change comes between the end of a script and its sending) is in there, too.
@st.fragment
def _draw_panels() -> None:
    scheduler.SCHEDULER.somebody_is_active()
    for panel, column in zip(PANELS, st.columns(2, gap="medium"), strict=True):
        with column:
            draw_panel(panel, SLOTS)
