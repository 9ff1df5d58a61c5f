"""Arriving at a page: by a link, by the page's name in the header, or back by the browser's button.

What the address says then holds, once; what it does not say is as the session left it.
"""

from collections.abc import Iterable

import streamlit as st

from explorer.screens.parts.telling import tell_warning
from explorer.settings import Settings, player_entries, settings_of, unknown_entries


def arrive(page: str, records: Iterable[type[Settings]], players: Iterable[str], others: Iterable[str] = ()) -> None:
    """Take the address's entries where another page was shown before, and name those that nobody here reads.

    records: the settings records that the page reads. players: the slots of its players. others: further entries.
    """
    if st.session_state.get("page") == page:
        return
    link = st.query_params.to_dict()
    st.session_state["page"] = page
    st.session_state["link"] = link
    st.session_state["link_problems"] = unknown_entries(link, records, {*player_entries(players), *others})


def taken_from_link(record: type[Settings]) -> dict[str, str]:
    """Return the entries for a settings record in the link by which people came; they are given only once."""
    link = st.session_state["link"]
    return {setting.url: link.pop(setting.url) for setting in settings_of(record).values() if setting.url in link}


def show_link_problems() -> None:
    """Name what was wrong in the link, until it is read."""
    found = st.session_state["link_problems"]
    if found:
        tell_warning("In this link: " + " ".join(found) + " The rest of it applies.")
        st.button("OK", key="link_problems_seen", on_click=found.clear)
