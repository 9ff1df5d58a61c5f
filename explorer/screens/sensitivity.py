"""The Sensitivity page: runs of a study, played again."""

import streamlit as st

from explorer.errors import InputError
from explorer.player.component import write_address
from explorer.screens.arrival import arrive, taken_from_link
from explorer.screens.replay import REPLAY_SLOTS, draw_replay
from explorer.settings import ALSSettings, EMSettings, read_query, read_run, write_query

_STUDIES = {"em": EMSettings, "als": ALSSettings}


def page() -> None:
    """Draw the page: the runs that people name, one or two."""
    arrive("sensitivity", _STUDIES.values(), REPLAY_SLOTS, ("study", "runs"))
    _take_link()
    study, base = st.session_state["study"], st.session_state["study_base"]
    with st.container(key="study_controls"):
        st.session_state.setdefault("runs", st.session_state["replayed"])
        text = st.session_state["replayed"] = st.text_input("Runs to replay", key="runs")
    try:
        runs = [read_run(run, base) for run in text.split()[:2]]
    except InputError as error:
        st.error(str(error), icon=":material/error:")
        runs = []
    write_address({**write_query(base), "study": None if study == "em" else study, "runs": text or None})
    if runs:
        draw_replay(runs[0], runs[1] if len(runs) > 1 else None, None, _close)


def _take_link() -> None:
    """Take what the link says, where it says something, or begin."""
    link = st.session_state["link"]
    if not link and "study" in st.session_state:
        return
    st.session_state["study"] = study = link.pop("study", "em")
    kind = _STUDIES.get(study, EMSettings)
    st.session_state["study_base"], problems = read_query(kind, taken_from_link(kind))
    st.session_state["link_problems"] += problems
    st.session_state["replayed"] = link.pop("runs", "")
    link.clear()


def _close(slot: str) -> None:
    """Forget a run; the other one, if there is one, takes the first place."""
    runs = st.session_state["replayed"].split()[:2]
    del runs[REPLAY_SLOTS.index(slot)]
    st.session_state["runs"] = " ".join(runs)
