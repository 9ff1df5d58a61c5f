"""Where slow work is done: a process of its own (`python -m explorer.screens.jobs.worker`), after all others' turn.

It reads orders from its input and writes what came of them to its output, one pickled message each, and ends when its
input does: with the server, however that ends.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterable
from enum import Enum
from importlib import import_module
from inspect import isgenerator
from time import monotonic
from typing import Any, BinaryIO, NamedTuple

from explorer.errors import InputError
from explorer.slices import resting

Begin = tuple[Callable[..., Any], tuple[Any, ...]]

_LENGTH = struct.Struct("<Q")


class State(Enum):
    GOING = "going"
    DONE = "done"
    FAILED = "failed"


class Reply(NamedTuple):
    """What a slice of work brought. told: what it yielded, of words the last only. value: its result, or its error."""

    told: list[Any]
    state: State
    value: Any
    seconds: float


class Bench:
    """Works that have been begun, by number; `perform` goes on with one of them."""

    def __init__(self) -> None:
        self._works: dict[int, _Work] = {}

    def perform(self, number: int, seconds: float, begin: Begin | None, forgotten: Iterable[int]) -> Reply:
        """Forget some works, begin one if it is new, and go on with it for about so many seconds."""
        for each in forgotten:
            if each in self._works:
                self._works.pop(each).forget()
        if begin is not None:
            self._works[number] = _Work(*begin)
        if number not in self._works:
            return Reply([], State.FAILED, KeyError(number), 0.0)
        began = monotonic()
        told, state, value = self._works[number].go_on(seconds)
        if state is not State.GOING:
            del self._works[number]
        return Reply(told, state, value, monotonic() - began)


class _Forgotten(BaseException):
    """Nobody wants the work any more: it ends where it rests."""


class _Work:
    """A work in a thread of its own, of which one goes on at a time.

    It rests when its time is up, wherever it tells something or has done a slice of what `explorer.slices` finishes: so
    does the longest computation, without knowing of it.
    """

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]):
        self._go_on, self._rested = threading.Semaphore(0), threading.Semaphore(0)
        self._until = 0.0
        self._told: list[Any] = []
        self._state, self._value = State.GOING, None
        self._forgotten = False
        threading.Thread(target=self._run, args=(function, args), daemon=True, name="work").start()

    def go_on(self, seconds: float) -> tuple[list[Any], State, Any]:
        """Let it go on for about so many seconds; what it told, and how it stands."""
        self._told, self._until = [], monotonic() + seconds
        self._go_on.release()
        self._rested.acquire()
        return self._told, self._state, self._value

    def forget(self) -> None:
        self._forgotten = True
        self._go_on.release()

    def _run(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        try:
            self._wait()
            with resting(self._rest):
                made = function(*args)
                self._value = self._heard(made) if isgenerator(made) else made
            self._state = State.DONE
        except _Forgotten:
            return
        except Exception as error:
            self._state, self._value = State.FAILED, error
        except BaseException as error:  # is meant to end a process, or a generator: none of those that would get it
            self._state, self._value = State.FAILED, RuntimeError(f"The work raised {error!r}.")
        self._rested.release()

    def _heard(self, words: Generator[Any, None, Any]) -> Any:
        """What a work returns, after it told all; of words in a row only the last is kept."""
        while True:
            try:
                word = next(words)
            except StopIteration as end:
                return end.value
            if isinstance(word, str) and self._told and isinstance(self._told[-1], str):
                self._told[-1] = word
            else:
                self._told.append(word)
            self._rest()

    def _rest(self) -> None:
        if monotonic() >= self._until:
            self._rested.release()
            self._wait()

    def _wait(self) -> None:
        self._go_on.acquire()
        if self._forgotten:
            raise _Forgotten


def packed(message: Any) -> bytes:
    """Return a message as it is sent; raises what pickle raises."""
    return pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)


def send(stream: BinaryIO, message: bytes) -> None:
    """Write a message that is packed."""
    stream.write(_LENGTH.pack(len(message)) + message)
    stream.flush()


def receive(stream: BinaryIO) -> bytes:
    """Read a message, which `pickle.loads` unpacks; raises EOFError where there is none any more."""
    return _read(stream, *_LENGTH.unpack(_read(stream, _LENGTH.size)))


def _read(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


def main() -> None:
    """Perform what is ordered until the input ends."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no reply
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's
    if hasattr(os, "nice"):
        os.nice(19)
    # Before the input is read: on Windows the libraries that numpy brings cannot be loaded while a thread waits for it.
    import_module("explorer.screens.jobs.tasks")
    orders: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders,), daemon=True, name="orders").start()
    bench = Bench()
    while True:
        reply = bench.perform(*orders.get())
        if reply.state is State.FAILED and not isinstance(reply.value, InputError):
            # The server's log is to say where; a traceback itself cannot be pickled.
            reply.value.add_note("".join(traceback.format_exception(reply.value)))
        try:
            message = packed(reply)
        except Exception as error:  # what came out, or what was raised
            failure = RuntimeError(f"{error}: {reply.value!r:.200}")
            message = packed(reply._replace(told=[], state=State.FAILED, value=failure))
        send(replies, message)


def _listen(orders: queue.SimpleQueue) -> None:
    """Hand on what is ordered; when nobody is left who could order, end at once, whatever is being done."""
    while True:
        try:
            message = receive(sys.stdin.buffer)
        except (EOFError, OSError):
            os._exit(0)
        try:
            orders.put(pickle.loads(message))
        except Exception as error:  # the order names what is not here
            orders.put((-1, 0.0, (_fail, (error,)), ()))


def _fail(error: Exception) -> None:
    raise error


if __name__ == "__main__":
    # As the server knows it: what is defined here is pickled by the name of its module.
    from explorer.screens.jobs import worker

    worker.main()
