"""The phase diagram on the page: computed when asked for, and a cell of it loaded into the study."""

from __future__ import annotations

import time
from dataclasses import replace

import streamlit as st

from explorer.charts.parts.theme import theme_of
from explorer.charts.phase import phase_figure
from explorer.datasets import GENERATED_SHAPE
from explorer.screens.jobs.phase_diagram import PhaseDiagram
from explorer.screens.jobs.scheduler import wait
from explorer.screens.jobs.shared import digest, phase_diagram_of
from explorer.screens.parts.charting import draw_chart, heading, looks, theme_name
from explorer.screens.parts.study_bar import StudyBar
from explorer.screens.parts.study_part import two_columns
from explorer.screens.parts.waiting import GLANCE
from explorer.screens.parts.widgets import Form
from explorer.settings import ALSStudySettings, settings_of
from explorer.study.phase import N_PROBLEMS, PHASE, PhaseAxes
from explorer.words import about, counted

# While it is being computed it is drawn anew after so many seconds.
REDRAWN_SECONDS = 2.0
SEEN = tuple(range(5, 85, 5))
MOST_RANKS = 6
RIDGES = (0.0, 1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0)
# What is told before anything has been measured: seconds for a million of rows x columns x rank², summed over cells.
SECONDS_PER_MILLION = 6.0
# A cell is studied with more starts and masks than it was computed with.
STUDIED = {"n_masks": 8, "n_starts": 25}
_WAYS = {"rank": "rank", "ridge": "ridge"}


def draw_phase(study: ALSStudySettings) -> None:
    """Draw the section: what it is about, the diagram as far as it has come, how to read it."""
    settings = _settings_of(study)
    _draw(settings)


def take_cell(form: Form) -> None:
    """Set the settings to those of a cell that was clicked, before their widgets are drawn."""
    wanted = st.session_state.pop("phase_cell", None)
    if wanted is not None:
        for name in settings_of(ALSStudySettings):
            form.change(name, getattr(wanted, name))


def _settings_of(study: ALSStudySettings) -> ALSStudySettings:
    """What all cells share: the shape and noise of the study's matrix where it is a generated one."""
    if study.matrix != "generated":
        return replace(PHASE, rank=min(study.rank, min(GENERATED_SHAPE)))
    kept = {name: getattr(study, name) for name in ("n_rows", "n_cols", "noise", "matrix_seed")}
    return replace(PHASE, **kept, rank=min(study.rank, study.n_rows, study.n_cols))


def _axes(settings: ALSStudySettings, name: str) -> PhaseAxes:
    most = min(MOST_RANKS, settings.n_rows, settings.n_cols)
    return PhaseAxes(SEEN, name, tuple(range(1, most + 1)) if name == "rank" else RIDGES)


def _identity(settings: ALSStudySettings, name: str) -> str:
    return digest(settings, name)


def _diagram(settings: ALSStudySettings, name: str) -> PhaseDiagram:
    # The axis says what the setting does not need to: the same picture for all.
    alike = replace(settings, rank=1) if name == "rank" else settings
    return phase_diagram_of(alike, _axes(settings, name))


def _draw(settings: ALSStudySettings) -> None:
    """Draw what there is, and wait for more where it is running."""
    noise = f", noise {settings.noise:g}" if settings.noise else ""
    heading(
        "Which matrices can be recovered",
        f"generated matrices, {settings.n_rows} × {settings.n_cols}{noise}",
    )
    left, right = two_columns()
    with right, st.container(key="phase_controls"):
        name = st.segmented_control(
            "Upwards", list(_WAYS), format_func=_WAYS.get, default="rank", required=True, key="phase_name",
            on_change=_stop,
        )  # fmt: skip
        diagram = _diagram(settings, name)
        running = st.session_state.get("phase_running") == _identity(settings, name)
        place = st.empty()
        _draw_button(diagram, settings, name, running)
        _explain(settings, name)
    with left:
        _draw_diagram(diagram, settings)
    if running and not diagram.finished:
        until = time.monotonic() + REDRAWN_SECONDS
        place.progress(len(diagram.cells) / diagram.n_cells, text=_progress(diagram))
        while not wait(diagram, GLANCE) and time.monotonic() < until:
            # Here a click on "Stop", or any other, ends this run of the script; what has finished stays.
            place.progress(len(diagram.cells) / diagram.n_cells, text=_progress(diagram))
        st.rerun()
    diagram.answer()


def _draw_button(diagram: PhaseDiagram, settings: ALSStudySettings, name: str, running: bool) -> None:
    if diagram.finished:
        st.caption(f"{counted(diagram.n_cells, 'cell')} done. Click a cell, and the study above runs on it.")
    elif running:
        st.button("Stop", key="phase_stop", icon=":material/stop:", on_click=_stop)
    else:
        done = f"{len(diagram.cells)} of {counted(diagram.n_cells, 'cell')}"
        label = f"Go on: {done} are there" if diagram.cells else f"Compute {counted(diagram.n_cells, 'cell')}"
        seconds = diagram.seconds_left or _guess(diagram, settings)
        identity = _identity(settings, name)
        st.button(f"{label}, {about(seconds)}", key="phase_run", type="primary", on_click=_start, args=(identity,))


def _progress(diagram: PhaseDiagram) -> str:
    done = f"{len(diagram.cells)} of {counted(diagram.n_cells, 'cell')}"
    left = diagram.seconds_left
    return f"{done} · {about(left)} left" if left else done


def _guess(diagram: PhaseDiagram, settings: ALSStudySettings) -> float:
    ranks = diagram.axes.values if diagram.axes.name == "rank" else [settings.rank] * len(diagram.axes.values)
    numbers = settings.n_rows * settings.n_cols * sum(rank**2 for rank in ranks) * len(diagram.axes.seen)
    return SECONDS_PER_MILLION * numbers / 1e6


def _start(identity: str) -> None:
    st.session_state["phase_running"] = identity


def _stop() -> None:
    st.session_state["phase_running"] = None


def _draw_diagram(diagram: PhaseDiagram, settings: ALSStudySettings) -> None:
    shape = (settings.n_rows, settings.n_cols)
    figure = phase_figure(diagram.axes, list(diagram.cells), shape, settings.rank, **looks())
    alt = f"Share of runs that recover the matrix, by percent seen and {diagram.axes.name}: "
    if diagram.cells:
        best = max(diagram.cells, key=lambda cell: (cell.share, -cell.seen))
        alt += f"{counted(len(diagram.cells), 'cell')}, the highest at {best.seen} % seen."
    else:
        alt += "nothing is computed yet; two lines tell how much must be seen at least."
    with st.container(key="wide_phase"):
        point = draw_chart(figure, "phase", alt)
    if point:
        seen, value = point["customdata"][:2]
        _study_cell(settings, diagram.axes, int(seen), value)


def _study_cell(settings: ALSStudySettings, axes: PhaseAxes, seen: int, value: float) -> None:
    """Run the study above on a cell, with more starts and masks: there one sees why its runs fail."""
    value = axes.values[min(range(len(axes.values)), key=lambda i: abs(axes.values[i] - value))]
    wanted = replace(settings, seen=seen, **{axes.name: value}, **STUDIED)
    st.session_state["phase_cell"] = wanted
    StudyBar("als_study").ask(wanted)
    st.toast(f"Rank {wanted.rank}, {seen} % seen, ridge {wanted.ridge:g}: the study above runs on it.")
    st.rerun()


def _explain(settings: ALSStudySettings, name: str) -> None:
    m, n = settings.n_rows, settings.n_cols
    amber = theme_of(theme_name()).warning
    what = "ridge 10⁻⁴, Gaussian starts" if name == "rank" else f"rank {settings.rank}, Gaussian starts"
    what_remains = (
        "Right of it, pale cells are ALS's own: the mask determines the matrix, yet starts <b>get stuck</b>."
        if name == "rank"
        else "Rows without any: so large a ridge <b>holds back</b> every run, whatever is seen."
    )
    st.html(
        "<ul class='reading'>"
        "<li><b>Numbers</b>: share of the runs that recover the matrix, in %. "
        f"{N_PROBLEMS} matrices, {PHASE.n_masks} masks, {PHASE.n_starts} starts a cell; {what}.</li>"
        f"<li><b style='color:{amber}'>Amber hatch</b>: most masks leave the matrix a choice; no method fills it.</li>"
        f"<li><b style='color:{amber}'>Solid line</b>: as many entries are seen as the matrix has unknowns, "
        f"(m + n − k) k of m n, here ({m} + {n} − k) k of {m * n}.</li>"
        "<li><b>Dashed line</b>: half of the masks show k entries in every row and column.</li>"
        f"<li>{what_remains}</li>"
        "</ul>"
    )
