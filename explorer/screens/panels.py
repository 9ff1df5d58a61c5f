"""What both panels do alike: widgets -> settings -> run -> player, and afterwards what is known beyond the run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.errors import InputError
from explorer.player.component import beyond_the_run, player
from explorer.player.payload import pack
from explorer.screens.computed import Own, digest, investigation_of, run_of
from explorer.screens.widgets import Form
from explorer.settings import ALSSettings, EMSettings, write_query
from explorer.study.verdicts import Verdict

EXPLORE_SLOTS = ("em", "als")


@dataclass(frozen=True)
class Panel:
    """What is shown of EM, or of ALS.

    name: "em" or "als", its view. settings: its settings record.
    controls(form): draws the widgets. brought(): the data that the user brought, if any. held(): what the widgets
    hold by which it is brought.
    values(run): the data. summary(run, settings): one line that names the run.
    payload(run, settings, frame): the run as bytes. verdict(run, settings, found): how it ended.
    known(found): what the picture shows of what was found out beyond the run.
    """

    name: str
    settings: type
    controls: Callable[[Form], None]
    brought: Callable[[], Own | None]
    held: Callable[[], tuple[object, ...]]
    values: Callable[[Any], Any]
    summary: Callable[[Any, Any], str]
    payload: Callable[[Any, Any, Mapping[str, Any]], bytes]
    verdict: Callable[[Any, Any, Any], Verdict]
    known: Callable[[Any], dict[str, Any]] = lambda found: {}


@st.fragment
def draw_panel(panel: Panel) -> None:
    """Draw a panel: a change of its settings runs nothing but this."""
    form = Form(panel.name, panel.settings)
    place = place_of(panel, panel.name, EXPLORE_SLOTS)
    with st.container(key=f"{panel.name}_controls"):
        panel.controls(form)
    settings = form.settings
    try:
        form.check()
        own = panel.brought() if settings.uses_own_data else None
        run = run_of(settings.of_the_run(), own)
    except InputError as error:
        player(panel.name, pack({"role": "error", **place, "text": str(error)}))
        return
    frame = {
        **place,
        **description_of(panel, run, settings, own),
        "summary": panel.summary(run, settings),
        "address": write_query(settings),
    }
    player(panel.name, panel.payload(run, settings, frame))
    _draw_beyond(panel, run, form, own, panel.held(), frame["run"])


def place_of(panel: Panel, slot: str, company: Sequence[str], *, in_step: bool = False) -> dict[str, Any]:
    """Return where a player is: its slot, the slots of all that play together, and whether they do so in step."""
    return {"slot": slot, "view": panel.name, "company": list(company), "in_step": in_step}


def description_of(
    panel: Panel, run: Any, settings: EMSettings | ALSSettings, own: Own | None, found: Any = None
) -> dict[str, Any]:
    """Return what names a run and its data to the player, and how the run ended, as far as it is found out."""
    return {
        "run": digest(settings.of_the_run(), own and own.digest),
        "data_id": digest(panel.values(run).tobytes()),
        "verdict": panel.verdict(run, settings, found).as_json(),
    }


@st.fragment
def _draw_beyond(panel: Panel, run: Any, form: Form, own: Own | None, held: tuple[object, ...], identity: str) -> None:
    """Find out more in slices, and only when the browser, idle, has asked: never before the picture."""
    if form.moved_since() or panel.held() != held:
        st.rerun()  # a widget moved together with the browser's question, and Streamlit answers only one of both
    settings = form.settings
    asked, count = f"{panel.name}_asked", f"{panel.name}_questions"
    found = investigation_of(settings.of_the_run(), own)
    if st.session_state.pop(asked, False):
        st.session_state[count] = st.session_state.get(count, 0) + 1
        found.advance()
    verdict = panel.verdict(run, settings, found.result).as_json()
    if found.result is None and found.slices > 2:
        verdict["sentence"] += f" · {found.progress} …"
    message = {
        "role": "known",
        "slot": panel.name,
        "run": identity,
        "slice": found.slices,
        "question": st.session_state.get(count, 0),  # no two answers are alike, or the browser would not see the later
        "finished": found.finished,
        "verdict": verdict,
        "known": {} if found.result is None else panel.known(found.result),
    }
    beyond_the_run(panel.name, pack(message), lambda: st.session_state.update({asked: True}))
