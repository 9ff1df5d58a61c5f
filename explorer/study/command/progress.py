"""How far a study is, in a line of the terminal."""

import shutil
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from explorer.words import clock_time

_BAR = 24  # characters
_EVERY = {True: 0.2, False: 10.0}  # seconds between two lines, in a terminal and elsewhere


class Screen(Protocol):
    """Where a line goes: a stream, or what stands for one."""

    def write(self, text: str) -> object: ...
    def flush(self) -> object: ...
    def isatty(self) -> bool: ...


class ProgressLine:
    """Tells of finished runs: in a terminal by a line that is written over, elsewhere by a new line now and then."""

    def __init__(self, stream: Screen, clock: Callable[[], float] = monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._in_terminal = stream.isatty()
        self._began = self._told = clock()
        self._at_first: int | None = None
        self._shown = ""

    def __call__(self, finished: int, of_all: int) -> None:
        """Take in how many runs are finished, and tell it when it is time to, at first and at the end."""
        now = self._clock()
        if self._at_first is None:
            self._at_first = finished
        elif finished < of_all and now - self._told < _EVERY[self._in_terminal]:
            return
        self._told = now
        self._show(described(finished, of_all, now - self._began, finished - self._at_first))

    def close(self) -> None:
        """End the line, so that what comes next begins a new one."""
        if self._in_terminal and self._shown:
            self._stream.write("\n")
            self._stream.flush()

    def _show(self, line: str) -> None:
        if line == self._shown:
            return
        if self._in_terminal:
            line = line[: shutil.get_terminal_size().columns - 1]
            self._stream.write("\r" + line.ljust(len(self._shown)))
        else:
            self._stream.write(line + "\n")
        self._stream.flush()
        self._shown = line


def described(finished: int, of_all: int, elapsed: float, made: int) -> str:
    """Say how far a study is.

    elapsed: seconds since this command began. made: the runs that it has made since then; the others were there.
    """
    share = finished / of_all
    filled = int(share * _BAR)
    text = f"[{'#' * filled}{'-' * (_BAR - filled)}] {finished:,} of {of_all:,} runs, {clock_time(elapsed)} elapsed"
    if made > 0 and finished < of_all:
        text += f", about {clock_time(elapsed / made * (of_all - finished))} left"
    return text
