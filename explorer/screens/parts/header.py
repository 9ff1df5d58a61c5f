"""The line at the top of every page: the product's name, the pages, present mode, help."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer.player.component import toolbar
from explorer.screens.parts.help import HELP, KEYS


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
                st.markdown(HELP[current.title])
                st.markdown(KEYS)
