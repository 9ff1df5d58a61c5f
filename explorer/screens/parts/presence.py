"""Who is here: as many people as the server can serve, and no more."""

from __future__ import annotations

import gc
import threading
import weakref

import streamlit as st

from explorer.screens.parts.telling import tell_error

MAX_PEOPLE = 250  # each takes under a megabyte, and a fiftieth of a second of one core whenever they change something

_PEOPLE: weakref.WeakSet[_Person] = weakref.WeakSet()
_LOCK = threading.Lock()


class _Person:
    """Somebody with a session; Streamlit forgets it two minutes after its page is closed."""


def is_welcome() -> bool:
    """Whether there is room for whoever this session belongs to; who is here already may stay."""
    if "person" in st.session_state:
        return True
    with _LOCK:
        if len(_PEOPLE) >= MAX_PEOPLE:
            gc.collect()  # some may have gone, and nobody has noticed yet
        if len(_PEOPLE) >= MAX_PEOPLE:
            return False
        person = _Person()
        _PEOPLE.add(person)
    st.session_state["person"] = person
    return True


def tell_full() -> None:
    """Say why the page is not shown."""
    tell_error(f"{MAX_PEOPLE} people are here, as many as this server can serve. Load the page again in a few minutes.")
