"""What is around every page: its style, the header, what was wrong with the link, and the players' code."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import streamlit as st

from explorer.player.component import provide_code
from explorer.screens.jobs import scheduler
from explorer.screens.parts.header import header
from explorer.screens.parts.link import show_link_problems


@contextmanager
def framed(pages: Sequence[Any], current: Any) -> Iterator[None]:
    """Draw the frame of the page that is drawn in the block."""
    scheduler.SCHEDULER.somebody_is_active()
    style("frame")
    header(pages, current)
    problems = st.container(key="problems", horizontal=True, vertical_alignment="center")
    provide_code()  # before the page: what takes long on it may begin the script anew before its end
    yield
    with problems:
        show_link_problems()


def style(name: str) -> None:
    """Add the style sheet of this name to the page."""
    sheet = files("explorer.screens").joinpath("css", f"{name}.css").read_text(encoding="utf-8")
    st.html(f"<style>{sheet}</style>")
