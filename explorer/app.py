"""Streamlit entry point: navigation and nothing else."""

import streamlit as st

from explorer.screens import explore, sensitivity
from explorer.screens.frame import framed

st.set_page_config(
    page_title="EM & ALS Explorer",
    layout="wide",
    menu_items={"About": "EM and ALS, half step by half step."},
)
pages = [
    st.Page(explore.page, title="Explore", default=True),
    st.Page(sensitivity.page, title="Sensitivity", url_path="sensitivity"),
]
page = st.navigation(pages, position="hidden")
with framed(pages, page):
    page.run()
