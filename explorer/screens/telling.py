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
    theme = theme_of(theme_name())
    style = f"color:{theme.error};background:{mixed(theme.paper, theme.error, 0.09)}"
    st.html(f'<p class="told" role="alert" style="{style}">{escape(str(error))}</p>')


def remark(sentence: str) -> None:
    """Add a sentence in small letters."""
    st.html(f'<p class="remark">{escape(sentence)}</p>')
