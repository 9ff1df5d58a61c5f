"""The one place where the player meets Streamlit: it registers the browser code and mounts the elements."""

from collections.abc import Mapping
from functools import cache

import streamlit as st

from explorer.player.bundle import bundle, style
from explorer.player.payload import pack

# The code is sent once a session, by an element of its own; every other element only hands its message to it.
# Whichever comes first, they meet in a promise.
_MEET = """
const meeting = (window.emAlsExplorer ??= Promise.withResolvers?.() ?? (() => {
  const meeting = {};
  meeting.promise = new Promise((resolve) => { meeting.resolve = resolve; });
  return meeting;
})());
"""
_PROVIDE = "export default () => meeting.resolve($main.show);"
_HAND_OVER = "export default async (component) => (await meeting.promise)(component);"


@cache
def _code():
    script = f"{bundle()}\n{_MEET}\n{_PROVIDE}"
    return st.components.v2.component("em-als-explorer.code", css=style(), js=script, isolate_styles=False)


@cache
def _player():
    return st.components.v2.component("em-als-explorer.player", js=_MEET + _HAND_OVER, isolate_styles=False)


def provide_code() -> None:
    """Send the players' code; once a page, anywhere on it."""
    _code()(key="player_code")


def toolbar() -> None:
    """Mount the button that switches to present mode, and the one that leaves it."""
    _player()(key="toolbar", data=pack({"role": "toolbar"}))


def type_size() -> str:
    """Return the size of type that fits the browser: "normal", "large", "phone", or "present" for a projector."""
    told = st.session_state.get("type_size", {}).get("size", "normal")
    found = _player()(
        key="type_size",
        data=pack({"role": "type_size", "size": told}),
        default={"size": "normal"},
        on_size_change=lambda: None,
    )
    return found["size"]


def write_address(entries: Mapping[str, str | None]) -> None:
    """Set entries of the page's address, None to remove one, without a step in the browser's history; once a page.

    st.query_params would add one step to the history for every entry.
    """
    _player()(key="address", data=pack({"role": "address", "entries": dict(entries)}))


def player(slot: str, message: bytes) -> None:
    """Mount the player with this name, one of its own on the page, with a packed run or error."""
    _player()(key=f"{slot}_player", data=message)
