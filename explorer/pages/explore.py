"""The Explore page: EM and ALS side by side, each in its own player."""

from importlib.resources import files

import streamlit as st

from explorer.pages.als_panel import ALS_PANEL
from explorer.pages.em_panel import EM_PANEL
from explorer.pages.header import header
from explorer.pages.panels import draw_panel
from explorer.player.component import provide_code
from explorer.settings import ALSSettings, EMSettings, player_entries, unknown_entries


def page() -> None:
    """Draw the page."""
    if "link_problems" not in st.session_state:
        st.session_state["link_problems"] = unknown_entries(
            st.query_params.to_dict(), (EMSettings, ALSSettings), player_entries(("em", "als"))
        )
    st.html(f"<style>{(files('explorer.pages') / 'explore.css').read_text(encoding='utf-8')}</style>")
    header()
    problems = st.container(key="problems", horizontal=True, vertical_alignment="center")
    left, right = st.columns(2, gap="medium")
    with left:
        draw_panel(EM_PANEL)
    with right:
        draw_panel(ALS_PANEL)
    provide_code()
    with problems:
        _show_link_problems()


def _show_link_problems() -> None:
    """Name what was wrong in the link that opened the page, until it is read."""
    found = st.session_state.get("link_problems")
    if found:
        st.warning("In this link: " + " ".join(found) + " The rest of it applies.", icon=":material/link_off:")
        st.button("OK", key="link_problems_seen", on_click=found.clear)
