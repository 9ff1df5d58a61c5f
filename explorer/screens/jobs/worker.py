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
        self._works: dict[int, Generator[Any, None, Any]] = {}

    def perform(self, number: int, seconds: float, begin: Begin | None, forgotten: Iterable[int]) -> Reply:
        """Forget some works, begin one if it is new, and go on with it for about so many seconds."""
        for each in forgotten:
            self._works.pop(each, None)
        began = monotonic()
        told: list[Any] = []
        try:
            if begin is not None:
                self._works[number] = _sliced(*begin)
            work = self._works[number]
            while True:
                word = next(work)
                if isinstance(word, str):
                    told[-1:] = [word] if told and isinstance(told[-1], str) else [*told[-1:], word]
                else:
                    told.append(word)
                if monotonic() - began >= seconds:
                    return Reply(told, State.GOING, None, monotonic() - began)
        except StopIteration as end:
            state, value = State.DONE, end.value
        except Exception as error:
            state, value = State.FAILED, error
        except BaseException as error:  # is meant to end a process, or a generator: none of those that would get it
            state, value = State.FAILED, RuntimeError(f"The work raised {error!r}.")
        self._works.pop(number, None)
        return Reply(told, state, value, monotonic() - began)


def _sliced(function: Callable[..., Any], args: tuple[Any, ...]) -> Generator[Any, None, Any]:
    made = function(*args)
    if isgenerator(made):
        made = yield from made
    return made


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
