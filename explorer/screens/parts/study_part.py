"""What the studies of EM and of ALS do alike on the page; each is one `StudyPart`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explorer.screens.jobs.shared import Own
from explorer.screens.parts.widgets import Form
from explorer.screens.study_work import StudyWork
from explorer.settings import ALSSettings, EMSettings

RunSettings = EMSettings | ALSSettings


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
