"""Running a study on the page: the button that starts, stops and continues it, its progress, and what has finished."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from explorer.screens.parts.waiting import GLANCE
from explorer.screens.study_work import StudyWork
from explorer.words import about, counted

# While a study runs, the picture is drawn anew when twice as many runs have finished, and not before so many seconds.
GROWTH = 2
SECONDS_UNDISTURBED = 3.0
# Seconds of work that a study does by itself when somebody comes to the page; the rest waits for the button. A link may
# ask for hours.
UNASKED_SECONDS = 2.0


class StudyBar:
    """The state of one kind of study, "em" or "als", in the session.

    What is shown is what was asked for last, not what the widgets hold: they may be on their way elsewhere.
    """

    def __init__(self, name: str):
        self._name = name

    @property
    def asked(self) -> Any:
        """The settings that are shown; None before the first."""
        return st.session_state.get(f"{self._name}_asked")

    @property
    def stopped(self) -> bool:
        return st.session_state.get(f"{self._name}_stopped", False)

    @property
    def unasked(self) -> bool:
        """Whether nobody has pressed the button for what is shown."""
        return st.session_state.get(f"{self._name}_unasked", False)

    def ask(self, settings: Any, *, unasked: bool = False) -> None:
        """Show these settings from now on, and run what is not there yet; unasked, only the first of it."""
        st.session_state[f"{self._name}_asked"] = settings
        st.session_state[f"{self._name}_stopped"] = False
        st.session_state[f"{self._name}_unasked"] = unasked

    def stop(self) -> None:
        """Leave it at what has finished."""
        st.session_state[f"{self._name}_stopped"] = True
        st.session_state[f"{self._name}_unasked"] = False

    def button(self, settings: Any, n_runs: int, work: StudyWork | None, *, disabled: bool = False) -> None:
        """Draw the one button that fits: run, stop, go on. disabled: these settings cannot be run."""
        key = f"{self._name}_run"
        if work is None or settings != self.asked:
            st.button(
                f"Run {counted(n_runs, 'start')}", key=key, type="primary", on_click=self.ask, args=(settings,),
                width="stretch", disabled=disabled,
            )  # fmt: skip
        elif work.complete:
            st.button(f"{counted(n_runs, 'run')} done", key=key, disabled=True, width="stretch")
        elif self.stopped:
            st.button("Go on", key=key, type="primary", on_click=self.ask, args=(settings,), width="stretch")
        else:
            st.button("Stop", key=key, icon=":material/stop:", on_click=self.stop, width="stretch")

    def run(self, settings: Any, work: StudyWork, draw: Callable[[], None]) -> None:
        """Run what is left of a study, with its progress, and draw what has finished, now and then and at the end."""
        place = st.empty()
        running = not work.complete and not self.stopped
        if running:
            if settings != self.asked:  # the button above is for those then
                st.button("Stop", key=f"{self._name}_stop", icon=":material/stop:", on_click=self.stop)
            enough, began = max(work.first_round, GROWTH * work.n_finished), time.monotonic()
            bar = place.progress(work.n_finished / work.n_runs, text=_progress(work))
            while not work.complete and (work.n_finished < enough or time.monotonic() < began + SECONDS_UNDISTURBED):
                if self.unasked and work.seconds > UNASKED_SECONDS:
                    self.stop()
                    st.session_state[f"{self._name}_unasked"] = True
                    st.rerun()
                work.wait(GLANCE)
                # Here a click on "Stop", or any other, ends this run of the script; what has finished stays.
                bar.progress(work.n_finished / work.n_runs, text=_progress(work))
            if work.complete:
                st.rerun()  # the button above says so then
        if self.stopped and not work.complete:
            done = f"{work.n_finished:,} of {counted(work.n_runs, 'run')}"
            if self.unasked:
                place.info(f"{done} are there. A large study waits for the button before it goes on.")
            else:
                place.info(f"Stopped after {done}.")
        if work.n_finished:
            draw()
        if running:
            st.rerun()


def _progress(work: StudyWork) -> str:
    done = f"{work.n_finished:,} of {counted(work.n_runs, 'run')}"
    seconds = work.seconds_left
    if work.ahead:
        return f"{done} · waiting: this server runs as many studies as it can, {work.ahead} come before"
    return done if seconds is None else f"{done} · {about(seconds)} left"
