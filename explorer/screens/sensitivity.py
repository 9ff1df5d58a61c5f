"""The Sensitivity page: many starts of EM or of ALS, where they end, how often, and why."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from explorer.errors import InputError, quoted
from explorer.player.component import write_address
from explorer.screens import explore
from explorer.screens.jobs.shared import Own, study_on_page, study_work_of
from explorer.screens.parts.als_study import ALS_STUDY
from explorer.screens.parts.charting import measure_type
from explorer.screens.parts.em_study import EM_STUDY
from explorer.screens.parts.frame import style
from explorer.screens.parts.link import arrive
from explorer.screens.parts.own_data import brought, keep
from explorer.screens.parts.replay import REPLAY_SLOTS, draw_replay, name_of
from explorer.screens.parts.results_file import offer_results, take_results
from explorer.screens.parts.study_bar import StudyBar
from explorer.screens.parts.study_part import Replay, StudyPart
from explorer.screens.parts.telling import tell_error
from explorer.screens.parts.widgets import Form
from explorer.screens.study_work import StudyWork, work_from
from explorer.settings import RunSettings, read_run, run_of_study, settings_of, write_query, write_run
from explorer.study.plans import n_runs_of
from explorer.study.results import Results

PARTS = {part.name: part for part in (EM_STUDY, ALS_STUDY)}
# The one that is shown where the address names none.
FIRST = EM_STUDY.name


def page() -> None:
    """Draw the page."""
    arrive("sensitivity", [part.settings for part in PARTS.values()], REPLAY_SLOTS, ("study", "runs"))
    _take_link()
    style("sensitivity")
    measure_type()
    part = PARTS[st.session_state["study"]]
    form = Form(f"{part.name}_study", part.settings)
    runs = _replayed(form.settings)
    if runs:
        _draw_replays(part, form.settings, runs)
    else:
        _draw_study(part, form)
    write_address(
        {name: None for other in PARTS.values() for name in write_query(other.settings()) if other is not part}
        | write_query(form.settings)
        | {"study": None if part.name == FIRST else part.name, "runs": " ".join(map(write_run, runs)) or None}
    )


def _take_link() -> None:
    """Take which study the link is about, and which of its runs it shows."""
    link = st.session_state["link"]
    if "study" in link or "study" not in st.session_state:
        named = link.pop("study", FIRST)
        if named not in PARTS:
            known = " and ".join(PARTS)
            st.session_state["link_problems"].append(f"{quoted(named)} is no kind of study; there are {known}.")
        st.session_state["study"] = named if named in PARTS else FIRST
    if "runs" in link or "study_runs" not in st.session_state:
        st.session_state["study_runs"] = link.pop("runs", "").split()[: len(REPLAY_SLOTS)]


# ---- the study ---------------------------------------------------------------------------------------------------


def _draw_study(part: StudyPart, form: Form) -> None:
    bar = StudyBar(f"{part.name}_study")
    with st.container(key="study_controls", horizontal=True, vertical_alignment="bottom", gap="small"):
        _draw_switch(part)
        with st.container(key="study_widgets", width="stretch"):
            part.controls(form)
        button = st.container(key="study_button", width=150)
    settings = form.settings
    if bar.asked is None:
        bar.ask(settings, unasked=True)
    own, work = _shown(part, bar.asked)
    wrong = _wrong_with(part, form)
    if wrong:
        tell_error(wrong)
    with button:
        bar.button(settings, n_runs_of(settings), work, disabled=wrong is not None)
    if work and settings != bar.asked:
        st.caption("What is shown belongs to the settings before; the button runs the new ones.")
    with st.container(key="study_results"):
        try:
            if work:
                bar.run(
                    settings, work, lambda: part.results(work, own, Replay(_show_runs, _last_shown(part, bar.asked)))
                )
        except InputError as error:
            tell_error(error)
    with st.container(key="study_files", horizontal=True):
        if work and work.n_finished:
            offer_results(work)
        take_results(_show_results)


def _shown(part: StudyPart, asked: Any) -> tuple[Own | None, StudyWork | None]:
    """What is to be seen, with the user's data that it is about; nothing where what was asked for cannot be run."""
    try:
        own = _own(part, asked)
        return own, _work_of(asked, own)
    except InputError:
        return None, None


def _wrong_with(part: StudyPart, form: Form) -> InputError | None:
    """Why what the widgets hold cannot be run; what is shown stays, and so does the way back."""
    try:
        form.check()
        own = _own(part, form.settings)
        study_on_page(form.settings, own)
    except InputError as error:
        return error
    return None


def _draw_switch(part: StudyPart) -> None:
    def switch() -> None:
        st.session_state["study"] = st.session_state["study_switch"]

    if len(PARTS) > 1:
        st.segmented_control(
            "Study of", list(PARTS), format_func=lambda name: PARTS[name].label, default=part.name, required=True,
            key="study_switch", on_change=switch,
        )  # fmt: skip


def _own(part: StudyPart, settings: Any) -> Own | None:
    return brought(part.data) if settings.uses_own_data else None


def _work_of(settings: Any, own: Own | None) -> StudyWork:
    """The study of these settings: from a file that was opened, or the one that all share."""
    loaded = st.session_state.get("study_loaded", {})
    return loaded.get(settings) or study_work_of(settings, own)


def _show_results(results: Results, index: int) -> None:
    """Show a study of a file, with its settings in the widgets; what it lacks is not run before somebody asks."""
    study = results.plan.studies[index]
    part = PARTS[study.kind]
    rows = results.table[results.table["study"] == index].reset_index(drop=True)
    work = work_from(study, rows.assign(study=0))
    if results.plan.own is not None:
        keep(part.data, results.plan.own)
    st.session_state["study"] = part.name
    form = Form(f"{part.name}_study", part.settings)
    for name in settings_of(part.settings):
        form.change(name, getattr(study.settings, name))
    st.session_state["study_loaded"] = {study.settings: work}
    bar = StudyBar(f"{part.name}_study")
    bar.ask(study.settings)
    if not work.complete:
        bar.stop()


# ---- replays -----------------------------------------------------------------------------------------------------


def _show_runs(*runs: RunSettings) -> None:
    """Show one run, or two side by side, in place of the results."""
    st.session_state["study_runs"] = [write_run(run) for run in runs[: len(REPLAY_SLOTS)]]
    st.rerun()


def _last_shown(part: StudyPart, settings: Any) -> tuple[RunSettings, ...]:
    """The runs that were replayed last, as far as they are runs of such a study."""
    base, runs = _any_run_of(settings), []
    for text in st.session_state.get(f"{part.name}_study_shown", []):
        with suppress(InputError):
            runs.append(read_run(text, base))
    return tuple(runs)


def _any_run_of(settings: Any) -> RunSettings:
    return run_of_study(settings, settings.initializations[0], settings.first_seed)


def _replayed(settings: Any) -> list[RunSettings]:
    """The runs that are shown; one that cannot be read is named as a problem of the link and left out."""
    base = _any_run_of(settings)
    runs, texts = [], st.session_state["study_runs"]
    for text in list(texts):
        try:
            runs.append(read_run(text, base))
        except InputError as error:
            st.session_state["link_problems"].append(str(error))
            texts.remove(text)
    return runs


def _draw_replays(part: StudyPart, settings: Any, runs: list[RunSettings]) -> None:
    st.session_state[f"{part.name}_study_shown"] = list(map(write_run, runs))
    own = _own(part, settings)
    work = _finished_work(settings, own)
    with st.container(key="replay_choice", horizontal=True, vertical_alignment="center"):
        st.button("Back to the results", icon=":material/arrow_back:", on_click=_close_all, key="replay_back")
        _draw_choices(part.to_compare(work, runs) if work else {}, runs)
    known = part.known(work) if work else {}

    def find_out(run: Any, its: RunSettings) -> Any:
        return part.find_out(work, own, run, its) if work else None

    with draw_replay(runs[0], runs[1] if len(runs) > 1 else None, own, _close, explore.page, known, find_out):
        if len(runs) > 1:
            part.beside(runs[0], runs[1], own)


def _finished_work(settings: Any, own: Own | None) -> StudyWork | None:
    """The study that the runs are from, if some of it is there; a link to runs need not have run it."""
    try:
        work = _work_of(settings, own)
    except InputError:
        return None  # the players say what is wrong
    return work if work.n_finished else None


def _draw_choices(to_compare: dict[str, RunSettings], runs: list[RunSettings]) -> None:
    """Draw a box for each place: which run stands there, of those that are worth comparing."""
    names = {write_run(run): name_of(run) for run in runs} | {write_run(run): name for name, run in to_compare.items()}
    shown = [write_run(run) for run in runs]
    for place, label in enumerate(("Left run", "Right run")):
        now = shown[place] if place < len(shown) else None
        key = f"replay_{place}_{now}"  # a box of its own for each run that stands here, which may change by other ways

        def choose(place: int = place, key: str = key) -> None:
            texts = st.session_state["study_runs"]
            st.session_state["study_runs"] = [*texts[:place], st.session_state[key], *texts[place + 1 :]]

        st.selectbox(
            label, list(names), index=None if now is None else list(names).index(now), key=key, on_change=choose,
            format_func=names.__getitem__, placeholder="Choose a second run", label_visibility="collapsed",
        )  # fmt: skip


def _close(slot: str) -> None:
    """Forget a run; the other one, if there is one, takes the first place."""
    del st.session_state["study_runs"][REPLAY_SLOTS.index(slot)]


def _close_all() -> None:
    st.session_state["study_runs"] = []
