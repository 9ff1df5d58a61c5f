"""Runs of a study played again: one, or two side by side on the same data and in step."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.errors import InputError
from explorer.player.component import player
from explorer.player.payload import pack, shared_axes
from explorer.runs import ALSRun, EMRun
from explorer.screens.jobs.shared import Own, run_of
from explorer.screens.parts.als_panel import ALS_PANEL
from explorer.screens.parts.em_panel import EM_PANEL
from explorer.screens.parts.frame import style
from explorer.screens.parts.panels import description_of, place_of
from explorer.settings import RunSettings, settings_of, write_query

REPLAY_SLOTS = ("a", "b")

_PANELS = {panel.name: panel for panel in (EM_PANEL, ALS_PANEL)}


def draw_replay(
    left: RunSettings,
    right: RunSettings | None,
    own: Own | None,
    close: Callable[[str], None],
    explore: Callable[[], None],
    known: Mapping[str, Any] | None = None,
    find_out: Callable[[Any, RunSettings], Any] = lambda run, settings: None,
) -> DeltaGenerator:
    """Draw one run, or two of the same kind on the same data, in the players "a" and "b".

    own: what the user brought, used where the settings say so. close(slot): called when a run is to go. explore: the
    page on which a run can be opened.
    known: what the pictures show beyond the runs, such as {"best": -263.9, "best_label": "best of 800 runs"}.
    find_out(run, settings): what is known beyond a run, for its verdict; None where that is not known.
    Returns an empty container below the players, for what compares the two runs.
    """
    style("replay")
    shown = {"a": left} if right is None else {"a": left, "b": right}
    runs = {slot: _run_or_problem(settings, own) for slot, settings in shown.items()}
    found = [run for run in runs.values() if not isinstance(run, InputError)]
    frame = {"axes": shared_axes(found) if len(found) > 1 else None, **(known or {})}
    with st.container(key="replay"):
        for column, slot in zip(st.columns(2, gap="medium"), REPLAY_SLOTS, strict=True):
            with column:
                if slot in shown:
                    _draw_head(slot, shown[slot], close, explore)
                    _draw_player(slot, shown[slot], runs[slot], list(shown), own, frame, find_out)
                else:
                    st.html('<p class="invitation">Choose a second run, and both play here in step.</p>')
        return st.container(key="replay_below")


def _run_or_problem(settings: RunSettings, own: Own | None) -> EMRun | ALSRun | InputError:
    try:
        return run_of(settings.of_the_run(), own if settings.uses_own_data else None)
    except InputError as error:
        return error


def _draw_head(slot: str, settings: RunSettings, close: Callable[[str], None], explore: Callable[[], None]) -> None:
    """Draw the line above a player: which run it is, and what else can be done with it."""
    with st.container(key=f"{slot}_head", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<p class="caption">{escape(name_of(settings))}</p>')
        st.page_link(
            st.Page(explore, default=True),
            label="Open in Explore",
            icon=":material/open_in_new:",
            query_params=_link_of(settings),
        )
        st.button("Close", key=f"{slot}_close", icon=":material/close:", type="tertiary", on_click=close, args=(slot,))


def _draw_player(
    slot: str,
    settings: RunSettings,
    run: EMRun | ALSRun | InputError,
    company: list[str],
    own: Own | None,
    frame: Mapping[str, Any],
    find_out: Callable[[Any, RunSettings], Any],
) -> None:
    panel = _PANELS[settings.kind]
    place = place_of(panel, slot, company, in_step=True)
    if isinstance(run, InputError):
        player(slot, pack({"role": "error", **place, "text": str(run)}))
        return
    said = {
        **frame,
        **place,
        **description_of(panel, run, settings, own if settings.uses_own_data else None, find_out(run, settings)),
        "summary": name_of(settings),
        "address": {},  # what the page is made of is its own business
    }
    player(slot, panel.payload(run, settings, said))


def name_of(settings: RunSettings) -> str:
    """Return the name of a run among others on the same data: how it starts."""
    return _PANELS[settings.kind].start(settings)


def _link_of(settings: RunSettings) -> dict[str, str]:
    """Return the entries by which Explore shows the run; its start always among them, or Explore would keep its own."""
    start = settings_of(type(settings))["initialization"]
    said = {name: text for name, text in write_query(settings).items() if text is not None}
    return {start.url: start.write(settings.initialization)} | said
