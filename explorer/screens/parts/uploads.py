"""A file that somebody uploads: read once, not at every rerun of the page, and told where it cannot be read."""

from collections.abc import Callable
from copy import copy
from typing import Any

import streamlit as st

from explorer.errors import InputError
from explorer.screens.parts.telling import tell_error


def read_once(upload: Any, read: Callable[[Any], Any], slot: str) -> Any:
    """Return what `read` makes of the upload, kept in this slot of the session; raises its InputError again."""
    kept = st.session_state.get(slot)
    if kept is None or kept[0] != upload.file_id:
        try:
            made = read(upload)
        except InputError as error:
            made = error
        kept = st.session_state[slot] = (upload.file_id, made)
    if isinstance(kept[1], InputError):
        raise copy(kept[1])  # the one that is kept would hold on to every page that it was raised on
    return kept[1]


def read_or_tell(upload: Any, read: Callable[[Any], Any], slot: str) -> Any:
    """`read_once`, but None where the upload cannot be read, and then the page says why."""
    try:
        return read_once(upload, read, slot)
    except InputError as error:
        tell_error(error)
        return None
