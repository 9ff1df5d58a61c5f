"""The Sensitivity page: many starts of EM or of ALS, where they end, how often, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.errors import InputError
from explorer.pages import als_study, em_study
from explorer.pages.arrival import arrive
from explorer.pages.computed import Own, study_work_of
from explorer.pages.frame import style
from explorer.pages.own_data import brought
from explorer.pages.replay import REPLAY_SLOTS, draw_replay, name_of
from explorer.pages.results_file import loaded_work, offer_results, take_results
from explorer.pages.study_bar import StudyBar
from explorer.pages.study_work import StudyWork
from explorer.pages.widgets import Form
from explorer.player.component import keep_address
from explorer.settings import (
    ALSSettings,
    ALSStudySettings,
    EMSettings,
    EMStudySettings,
    read_run,
    run_of_study,
    write_query,
    write_run,
)
from explorer.study.plans import batches_of, study_of

RunSettings = EMSettings | ALSSettings


@dataclass(frozen=True)
class Part:
    """One half of the page.

    name, label: in the address, and on the screen. settings: its record. data: what a user brings for it.
    controls(form): draws the widgets. results(work, replay): draws what has finished. others(work): runs worth
    comparing with, by what to call them.
    """

    name: str
    label: str
    settings: type
    data: str
    controls: Callable[[Form], None]
    results: Callable[[StudyWork, Callable[..., None]], None]
    others: Callable[[StudyWork], dict[str, RunSettings]]


PARTS = {
    part.name: part
    for part in (
        Part(
            "em", "EM", EMStudySettings, "data", em_study.draw_controls, em_study.draw_results, em_study.runs_to_compare
        ),
        Part(
            "als", "ALS", ALSStudySettings, "matrix", als_study.draw_controls, als_study.draw_results,
            als_study.runs_to_compare,
        ),
    )
}  # fmt: skip


def page() -> None:
    """Draw the page."""
    arrive("sensitivity", (EMStudySettings, ALSStudySettings), REPLAY_SLOTS, ("study", *REPLAY_SLOTS))
    style("sensitivity")
    part = PARTS[_chosen_part()]
    form = Form(f"{part.name}_study", part.settings)
    replayed = _replayed(form.settings)
    keep_address({"study": None if part.name == "em" else part.name} | write_query(form.settings))
    if replayed:
        _draw_replays(part, form, replayed)
        return
    bar = StudyBar(f"{part.name}_study")
    with st.container(key=f"{part.name}_study_controls", horizontal=True, vertical_alignment="bottom"):
        _draw_switch(part)
        with st.container(key="study_widgets"):
            part.controls(form)
        button = st.container(key="study_button", width=150)
    settings = form.settings
    if bar.asked is None:
        bar.ask(settings)
    try:
        form.check()
        own = _own(part, settings)
        study = study_of(settings, own and own.data)
        n_runs = sum(len(batch.seeds) for batch in batches_of(study))
        asked = bar.asked
        work = loaded_work(asked) or study_work_of(asked, _own(part, asked))
    except InputError as error:
        st.error(str(error), icon=":material/error:")
        return
    with button:
        bar.button(settings, n_runs, work)
    if settings != asked:
        st.caption("The settings have changed; what is shown below belongs to those before.")
    with st.container(key="study_results"):
        bar.run(work, lambda: part.results(work, _open_replay))
        if work.n_finished:
            offer_results(work)
        take_results(form, bar)


def _chosen_part() -> str:
    """Which half is shown: as the session has it, else as the link says."""
    if "study_part" not in st.session_state:
        named = st.session_state["link"].pop("study", "em")
        if named not in PARTS:
            known = " and ".join(PARTS)
            st.session_state["link_problems"].append(f"“{named[:40]}” is no kind of study; there are {known}.")
        st.session_state["study_part"] = named if named in PARTS else "em"
    return st.session_state["study_part"]


def _draw_switch(part: Part) -> None:
    def switch() -> None:
        st.session_state["study_part"] = st.session_state["study_switch"]

    st.segmented_control(
        "Study", list(PARTS), format_func=lambda name: PARTS[name].label, default=part.name, required=True,
        key="study_switch", on_change=switch,
    )  # fmt: skip


def _own(part: Part, settings: Any) -> Own | None:
    return brought(part.data) if settings.uses_own_data else None


# ---- replays: the address holds them, so that the browser's button leads back to the results --------------------------


def _open_replay(*runs: RunSettings) -> None:
    """Show one run, or two side by side."""
    for slot, run in zip(REPLAY_SLOTS, runs, strict=False):
        st.query_params[slot] = write_run(run)
    st.rerun()


def _replayed(settings: Any) -> dict[str, RunSettings]:
    """The runs that the address names, by slot."""
    base = run_of_study(settings, settings.initializations[0], 0)
    runs = {}
    for slot in REPLAY_SLOTS:
        if slot in st.query_params:
            try:
                runs[slot] = read_run(st.query_params[slot], base)
            except InputError as error:
                st.session_state["link_problems"].append(str(error))
                del st.query_params[slot]
    return runs


def _close(slots: Iterable[str]) -> None:
    for slot in slots:
        st.query_params.pop(slot, None)


def _draw_replays(part: Part, form: Form, replayed: dict[str, RunSettings]) -> None:
    """Draw the runs in place of the results, and what else they could be compared with."""
    settings = form.settings
    own = _own(part, settings)
    runs = list(replayed.values())
    with st.container(key="replay_choice", horizontal=True, vertical_alignment="bottom"):
        st.button("Back to the results", icon=":material/arrow_back:", on_click=_close, args=(REPLAY_SLOTS,))
        work = loaded_work(settings) or study_work_of(settings, own)
        others = part.others(work) if work.n_finished else {}
        names = {write_run(run): label for label, run in others.items()}
        if names:
            _draw_choice(names, runs)
    below = draw_replay(runs[0], runs[1] if len(runs) > 1 else None, own, lambda slot: _close_one(slot))
    with below:
        if part.name == "als" and len(runs) > 1:
            als_study.draw_rotation(runs[0], runs[1], own)
    _ = name_of
