"""What the studies of EM and of ALS do alike on the page; each is one `StudyPart`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.screens.jobs.shared import Own
from explorer.screens.parts.widgets import Form
from explorer.screens.study_work import StudyWork
from explorer.settings import RunSettings


@dataclass(frozen=True)
class Replay:
    """Shows one run in the player, or two side by side, when it is called with them. last: those shown last."""

    show: Callable[..., None]
    last: tuple[RunSettings, ...] = ()

    def __call__(self, *runs: RunSettings) -> None:
        self.show(*runs)


@dataclass(frozen=True)
class StudyPart:
    """The study of EM, or of ALS.

    name: in the address; label: on the screen. settings: its record. data: what a user brings for it, "data" or
    "matrix".
    controls(form): draws the widgets. results(work, own, replay): draws what has finished of a study.
    to_compare(work, shown): runs worth looking at side by side, by what to call them, the most telling first; among
    them the shown ones that are the study's.
    known(work): what the players show beyond the runs they play. find_out(work, own, run, settings): what is known
    beyond one run, for its verdict. beside(left, right, own): draws below two players what compares their runs.
    """

    name: str
    label: str
    settings: type
    data: str
    controls: Callable[[Form], None]
    results: Callable[[StudyWork, Own | None, Replay], None]
    to_compare: Callable[[StudyWork, list[RunSettings]], dict[str, RunSettings]]
    known: Callable[[StudyWork], dict[str, Any]] = lambda work: {}
    find_out: Callable[[StudyWork, Own | None, Any, RunSettings], Any] = lambda work, own, run, settings: None
    beside: Callable[[RunSettings, RunSettings, Own | None], None] = lambda left, right, own: None


def draw_initializations(form: Form, known: Mapping[str, Any]) -> None:
    """Draw the box that chooses which initializations are compared; `known` are all there are, by name."""
    chosen = [known[name] for name in form.settings.initializations]
    labels = ", ".join(each.label for each in chosen) if len(chosen) < 3 else f"{len(chosen)} initializations"
    with st.popover(labels, width="stretch"):
        form.draw("initializations")
        for name in form.settings.initializations:
            st.caption(f"**{known[name].label}.** {known[name].explanation}")


def two_columns() -> list[DeltaGenerator]:
    """The columns in which the results stand, the left one wider."""
    return st.columns([0.585, 0.415], gap="medium")


def starts_in_figures(needed: float) -> str:
    """How many starts are enough; a dash where no number is."""
    return "–" if needed == inf else f"{needed:,.0f}"
