"""How `explorer study` ends: when it is told to stop, at any moment, and where nobody reads what it says.

Ctrl-C, SIGTERM and SIGHUP end the command with one sentence and the exit code that shells give. While it is still being
imported nothing has to be put in order, and an exception might get lost or become another one in the middle of an
import: the process ends on the spot. Later they raise `Stopped`, once, so that all that is open is closed; should that
get lost or take too long, the process ends all the same. Nothing depends on it: what is finished is on the disk.

This module is imported before anything else is, and imports little.
"""

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any, NoReturn, TextIO

PATIENCE = 10.0  # seconds that closing what is open may take
_SENTENCE = "Stopped. What is finished is kept; the same command continues."
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP


class Stopped(KeyboardInterrupt):
    """The command has been told to stop."""


class _Stops:
    """What is done about signals: a process has one handler for each, and one of these.

    before: the handlers that were there. hooks: what told of exceptions that nobody can catch, and where. came: the
    first signal. orderly: whether that raises Stopped. held: how many parts of the program wait until they are through.
    said: whether the sentence stands there.
    """

    def __init__(self) -> None:
        self.before: dict[int, Any] = {}
        self.hooks: list[tuple[ModuleType, str, Callable[[Any], object]]] = []
        self.came: int | None = None
        self.orderly, self.held, self.said = False, 0, False


_stops = _Stops()


def listen() -> None:
    """From now on a signal ends the process on the spot. A signal that the process ignores stays ignored (nohup)."""
    if _stops.before:
        return
    for stream in range(3):  # one that is closed would become that of the next file
        try:
            os.fstat(stream)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            with suppress(ValueError):  # not the main thread: whoever called from there has its own ways to stop
                _stops.before[number] = signal.signal(number, _handle)
    for module, name in ((sys, "unraisablehook"), (threading, "excepthook")):
        _silence(module, name)


def forget() -> None:
    """Signals do again what they did before `listen`."""
    global _stops
    for number, handler in _stops.before.items():
        signal.signal(number, handler)
    for module, name, hook in _stops.hooks:
        setattr(module, name, hook)
    _stops = _Stops()


def ignore() -> None:
    """From now on nothing stops the command, which is at its end."""
    for number in _stops.before:
        signal.signal(number, signal.SIG_IGN)


def leave() -> None:
    """End the process if it has been told to stop: threads that wait for workers that are gone would keep it alive."""
    if _stops.came is not None:
        _end_now()


@contextmanager
def orderly() -> Iterator[None]:
    """Within this, a signal raises Stopped."""
    _stops.orderly = True
    try:
        yield
    finally:
        _stops.orderly = False


@contextmanager
def held_back() -> Iterator[None]:
    """Within this, a signal waits for the end of it."""
    _stops.held += 1
    try:
        yield
    finally:
        _stops.held -= 1
        if _stops.came and not _stops.held:
            raise Stopped


def stopped(error: BaseException) -> int | None:
    """The exit code, after it is said, where the command has been told to stop; None where it ended for another reason.

    What a command comes upon that is told to stop, such as workers that got the signal too, is no reason of its own.
    """
    if _stops.came is None and not isinstance(error, KeyboardInterrupt):
        return None
    if not _stops.said:
        _stops.said = True
        Voice(sys.stderr).say(_SENTENCE)
    return 128 + (_stops.came or signal.SIGINT)


def _handle(number: int, frame: Any) -> None:
    if _stops.came is not None:
        return  # it is being done
    _stops.came = number
    if not _stops.orderly:
        _end_now()
    _thread.start_new_thread(_end_after, (PATIENCE,))  # which needs no lock that the interrupted code may hold
    if not _stops.held:
        raise Stopped


def _end_after(seconds: float) -> None:
    time.sleep(seconds)
    if _stops.came is not None:
        _end_now()


def _end_now() -> NoReturn:
    with suppress(OSError):
        if not _stops.said:
            os.write(2, f"{_SENTENCE}\n".encode())
    os._exit(128 + (_stops.came or signal.SIGINT))


def _silence(module: ModuleType, name: str) -> None:
    """What nobody can catch is not told any more when a signal has come: what fails then fails for that."""
    hook = getattr(module, name)
    _stops.hooks.append((module, name, hook))
    setattr(module, name, lambda told: None if _stops.came is not None else hook(told))


class Voice:
    """A stream that nobody need read: where it is closed or full no more is said, and the work goes on."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def say(self, line: str) -> None:
        """Write a line, at once."""
        self.write(f"{line}\n")
        self.flush()

    def write(self, text: str) -> None:
        self._try(lambda stream: stream.write(text))

    def flush(self) -> None:
        self._try(lambda stream: stream.flush())

    def isatty(self) -> bool:
        return self._stream is not None and not self._stream.closed and self._stream.isatty()

    def _try(self, action: Callable[[TextIO], object]) -> None:
        try:
            if self._stream is not None:
                action(self._stream)
        except (OSError, ValueError):
            _send_nowhere(self._stream)
            self._stream = None


def flush() -> None:
    """Say what Python would say at its very end, where it complains when nobody reads."""
    Voice(sys.stdout).flush()
    Voice(sys.stderr).flush()


def _send_nowhere(stream: TextIO) -> None:
    """What is still in the stream's buffer must go somewhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, stream.fileno())
        finally:
            os.close(nowhere)
