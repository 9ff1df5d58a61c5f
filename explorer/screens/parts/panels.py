"""What both panels do alike: widgets -> settings -> run -> player, and afterwards what is known beyond the run."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.errors import InputError
from explorer.player.component import player
from explorer.player.payload import pack
from explorer.screens.jobs.job import ENDED, Job
from explorer.screens.jobs.promises import PATH, Gone, Promise, promise
from explorer.screens.jobs.shared import Own, beyond_job, digest, run_job, run_of, try_again
from explorer.screens.parts.widgets import Form
from explorer.settings import RunSettings, write_query
from explorer.study.verdicts import Verdict

# A picture of more bytes is fetched by the browser, once, when it does not have it: every change sends all pictures.
MAX_SENT = 300_000


@dataclass(frozen=True)
class Panel:
    """What is shown of EM, or of ALS.

    name: "em" or "als", its view. settings: its settings record.
    controls(form): draws the widgets. brought(): the data that the user brought, if any.
    values(run): the data. summary(run, settings): one line that names the run. start(settings): what names it among
    others on the same data, which is how it starts.
    payload(run, settings, frame): the run as bytes. verdict(run, settings, found): how it ended.
    known(found): what the picture shows of what was found out beyond the run.
    """

    name: str
    settings: type
    controls: Callable[[Form], None]
    brought: Callable[[], Own | None]
    values: Callable[[Any], Any]
    summary: Callable[[Any, Any], str]
    start: Callable[[Any], str]
    payload: Callable[[Any, Any, Mapping[str, Any]], bytes]
    verdict: Callable[[Any, Any, Any], Verdict]
    known: Callable[[Any], dict[str, Any]] = lambda found: {}


def draw_panel(panel: Panel, company: Sequence[str]) -> None:
    """Draw the panel's widgets, and its player, which is one of this company."""
    form = Form(panel.name, panel.settings)
    place = place_of(panel, panel.name, company)
    with st.container(key=f"{panel.name}_controls"):
        panel.controls(form)
    try:
        form.check()
        own = panel.brought() if form.settings.uses_own_data else None
        message = _picture(_Shown(panel, form.settings, place, own and weakref.ref(own)))
    except InputError as error:
        message = _error(place, error)
    player(panel.name, message)


def place_of(panel: Panel, slot: str, company: Sequence[str], *, in_step: bool = False) -> dict[str, Any]:
    """Return where a player is: its slot, the slots of all that play together, and whether they do so in step."""
    return {"slot": slot, "view": panel.name, "company": list(company), "in_step": in_step}


def identity_of(settings: RunSettings, own: Own | None) -> str:
    """Return what a run and its picture are called among others."""
    return digest(settings.of_the_run(), own and own.digest)


def description_of(panel: Panel, run: Any, settings: RunSettings, own: Own | None, found: Any = None) -> dict[str, Any]:
    """Return what names a run and its data to the player, and how the run ended, as far as it is found out."""
    return {
        "run": identity_of(settings, own),
        "data_id": digest(panel.values(run).tobytes()),
        "verdict": panel.verdict(run, settings, found).as_json(),
    }


@dataclass(frozen=True)
class _Shown:
    """What a player is to show, as a promise remembers it. owner: whose data it is on, as long as they are there."""

    panel: Panel
    settings: RunSettings
    place: Mapping[str, Any]
    owner: weakref.ref[Own] | None

    @property
    def own(self) -> Own | None:
        """What the user brought; raises Gone where the user left."""
        own = self.owner and self.owner()
        if self.owner is not None and own is None:
            raise Gone
        return own

    @property
    def making(self) -> Job | None:
        """The job that makes the run, where that may take long."""
        return run_job(self.settings.of_the_run(), self.own)

    @property
    def run(self) -> Any:
        """The run, which is there already where it takes long; raises Gone where it was, but is not kept any more."""
        making = self.making
        if making is None:
            return run_of(self.settings.of_the_run(), self.own)
        if not making.finished:
            raise Gone
        return making.answer()

    @property
    def beyond(self) -> Job:
        """The job that finds out what there is beyond the run."""
        return beyond_job(self.settings.of_the_run(), self.run, self.own)

    def token(self, what: str) -> str:
        own = self.own and (self.own.digest, id(self.own))  # another who brought the same may leave before this one
        return digest(what, self.place, self.settings, own)


def _picture(shown: _Shown) -> bytes:
    """The run as the player gets it; where it takes long or is large, what the player may ask for."""
    try_again(shown.settings.of_the_run(), shown.own)
    if shown.making is None:
        message = _run(shown)
        if len(message) <= MAX_SENT:
            return message
    token = promise(shown.token("run"), Promise(lambda: shown.making or ENDED, lambda: _run_or_progress(shown)))
    return pack(
        {
            "role": "promised",
            **shown.place,
            "run": identity_of(shown.settings, shown.own),
            "address": write_query(shown.settings),
            "ask": f"{PATH}/{token}",
        }
    )


def _run_or_progress(shown: _Shown) -> bytes:
    making = shown.making
    if making is None or making.finished:
        try:
            return _run(shown)
        except InputError as error:
            return _error(shown.place, error)
    progress = making.words or "Waiting for its turn"
    return pack({"role": "progress", "run": identity_of(shown.settings, shown.own), "text": progress})


def _run(shown: _Shown) -> bytes:
    panel, settings, run, beyond = shown.panel, shown.settings, shown.run, shown.beyond
    finished = beyond.finished  # before its result is looked at: what is called finished is all there is
    token = promise(shown.token("beyond"), Promise(lambda: shown.beyond, lambda: _known(shown)))
    frame = {
        **shown.place,
        **description_of(panel, run, settings, shown.own, beyond.result),
        "summary": panel.summary(run, settings),
        "address": write_query(settings),
        "ask": None if finished else f"{PATH}/{token}",
        **({} if beyond.result is None else panel.known(beyond.result)),
    }
    return panel.payload(run, settings, frame)


def _known(shown: _Shown) -> bytes:
    """What is known beyond the run by now."""
    panel, beyond = shown.panel, shown.beyond
    finished = beyond.finished  # before its result is looked at, as above
    verdict = panel.verdict(shown.run, shown.settings, beyond.result).as_json()
    if not finished and beyond.words:
        verdict["sentence"] += f" · {beyond.words} …"
    return pack(
        {
            "role": "known",
            "run": identity_of(shown.settings, shown.own),
            "finished": finished,
            "verdict": verdict,
            "known": {} if beyond.result is None else panel.known(beyond.result),
        }
    )


def _error(place: Mapping[str, Any], error: InputError) -> bytes:
    return pack({"role": "error", **place, "text": str(error)})
