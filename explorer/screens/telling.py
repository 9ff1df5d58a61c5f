"""Sentences on the page that may quote what people brought: header texts, labels, names of files, entries of a link.

They are shown letter by letter, whatever they quote. So they are HTML, where `html.escape` is all that this takes.
Streamlit's own boxes read Markdown, where nothing is enough: it looks for addresses, arrows, emoji and icons such as
:material/link: in what is left when every backslash has been obeyed.
"""

from html import escape

import streamlit as st

from explorer.charts.theme import mixed, theme_of
from explorer.errors import InputError
from explorer.screens.charting import theme_name


def tell_error(error: InputError | str) -> None:
    """Say in a box what cannot be done, and why."""
    _tell("error", str(error))


def tell_warning(sentence: str) -> None:
    """Say in a box what was left out where the rest was done."""
    _tell("warning", sentence)


def remark(sentence: str) -> None:
    """Add a sentence in small letters."""
    st.html(f'<p class="remark">{escape(sentence)}</p>')


def _tell(tone: str, sentence: str) -> None:
    theme = theme_of(theme_name())
    colour = getattr(theme, tone)
    style = f"color:{colour};background:{mixed(theme.paper, colour, 0.09)}"
    st.html(f'<p class="told {tone}" role="alert" style="{style}">{escape(sentence)}</p>')
