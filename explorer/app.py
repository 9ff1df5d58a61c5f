"""Streamlit entry point: the server, and for everybody who comes to it navigation and nothing else."""

import streamlit as st
from streamlit import runtime

from explorer.screens import explore, sensitivity
from explorer.screens.jobs import server
from explorer.screens.parts import presence
from explorer.screens.parts.frame import framed


def draw() -> None:
    """Draw the page that the address names."""
    st.set_page_config(
        page_title="EM & ALS Explorer",
        layout="wide",
        menu_items={"About": "EM and ALS, half step by half step."},
    )
    if not presence.is_welcome():
        presence.tell_full()
        return
    pages = [
        st.Page(explore.page, title="Explore", default=True),
        st.Page(sensitivity.page, title="Sensitivity", url_path="sensitivity"),
    ]
    page = st.navigation(pages, position="hidden")
    with framed(pages, page):
        page.run()


if runtime.exists():  # Streamlit runs this file for everybody who comes; once before, it imports it for the server
    draw()
else:
    app = st.App(__file__, lifespan=server.lifespan, routes=server.routes(), on_script_error=server.tell_failure)
