"""Sentences on the page that may quote what people brought: header texts, labels, names of files, entries of a link.

They are shown letter by letter, whatever they quote, though Streamlit's boxes read Markdown.
"""

import re

import streamlit as st

from explorer.errors import InputError

# Streamlit looks for icons such as :material/link:, for addresses and for arrows in what is left of the Markdown. A
# word joiner, which has no width and no look, parts their signs.
_JOINER = "\u2060"
_PARTED = re.compile(r"(?<=[-<>=~])(?=[-<>=~])|(?<=[:@])(?=\S)|(?<=w)(?=ww)|(?<=^\d)(?=[.)])", re.IGNORECASE)
# What means something in Markdown, an underscore outside of a word too; a backslash takes it.
_SIGNS = re.compile(r"[\\`*{}\[\]<>#+\-!|~$:/@=&^]|(?<![^\W_])_|_(?![^\W_])")


def letter_by_letter(sentence: str) -> str:
    """Return the Markdown that shows a sentence as it is."""
    return _SIGNS.sub(r"\\\g<0>", _PARTED.sub(_JOINER, " ".join(sentence.split())))


def tell_error(error: InputError | str) -> None:
    """Say in a box what cannot be done, and why."""
    st.error(letter_by_letter(str(error)), icon=":material/error:")


def tell_warning(sentence: str) -> None:
    """Say in a box what was left out where the rest was done."""
    st.warning(letter_by_letter(sentence), icon=":material/link_off:")


def remark(sentence: str) -> None:
    """Add a sentence in small letters."""
    st.caption(letter_by_letter(sentence))
