"""A slow answer in the making, worked out in slices of time by whoever looks at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from typing import Any

import streamlit as st

SLICE_SECONDS = 0.05  # the longest that a background answer may delay what the user does next


class Investigation:
    """A slow answer in the making: `advance` works on it for a slice of time, `result` is None until it is there."""

    def __init__(self, work: Generator[str, None, Any]):
        self._work = work
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self.result: Any = None
        self.progress = ""
        self.slices = 0

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to ask: the result is there, or will never be."""
        return self.result is not None or self._error is not None

    def advance(self, seconds: float = SLICE_SECONDS) -> None:
        """Work for about `seconds`; does nothing when done."""
        self.slices += 1
        until = time.monotonic() + seconds
        while not self.finished and time.monotonic() < until:
            self.step()

    def step(self) -> None:
        """Do a little work; several sessions may take turns at it. Raises again what the work raised."""
        with self._lock:
            if self._error is not None:
                raise self._error
            if self.result is not None:
                return
            try:
                self.progress = next(self._work)
            except StopIteration as stop:
                self.result = stop.value
            except BaseException as error:
                self._error = error
                raise

    def answer(self) -> Any:
        """The result, once it is finished. Raises again what the work raised."""
        if self._error is not None:
            raise self._error
        return self.result


def told(slices: Generator[tuple[int, int], Any, Any], what: str) -> Generator[str, None, Any]:
    """Work in slices of time, telling in words how far it is: `what` with a share of it."""
    while True:
        try:
            finished, of_all = next(slices)
        except StopIteration as end:
            return end.value
        yield f"{what}, {100 * finished // max(1, of_all)} %"


def worked_out(investigation: Investigation, seconds: float = 0.2) -> Any:
    """Return the answer, and tell on the page how far it is until it is there.

    Between slices of so many seconds whatever is clicked comes first; the work goes on from there the next time.
    """
    place = st.empty()
    while not investigation.finished:
        place.caption(f"{investigation.progress or 'Working'} …")
        investigation.advance(seconds)
    place.empty()
    return investigation.answer()
