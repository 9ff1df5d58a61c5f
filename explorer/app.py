"""Streamlit entry point: navigation and nothing else."""

import streamlit as st

from explorer.pages import explore

st.set_page_config(
    page_title="EM & ALS Explorer",
    layout="wide",
    menu_items={"About": "EM and ALS, half step by half step."},
)
st.navigation([st.Page(explore.page, title="Explore", default=True)], position="hidden").run()
