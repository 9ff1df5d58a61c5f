"""One piece of slow work: what is to be done, how far it is, and what came out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from copy import copy
from itertools import count
from typing import Any

_NUMBERS = count()


class Job:
    """A slow answer in the making; nothing is done unless somebody wants it, by the scheduler's `want` or `wait`.

    function(*args, *results of needs): a plain function, or a generator function that yields words on how far it is.
    It runs in another process, so it and its arguments must be picklable. needs: jobs that come before.
    asked: whether somebody asked for it by a button; other work takes a small share of a core while people are active.
    ended: is set when there is nothing more to wait for.
    """

    def __init__(self, function: Callable[..., Any], *args: Any, needs: Sequence[Job] = (), asked: bool = False):
        self.number = next(_NUMBERS)
        self.needs, self.asked = tuple(needs), asked
        self._function, self._args = function, args
        self.progress = ""
        self.seconds = 0.0  # of work so far
        self.ahead = 0  # how many others must end before its turn comes
        self.result: Any = None
        self.error: BaseException | None = None
        self.ended = threading.Event()

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to wait for: the result is there, or will never be."""
        return self.ended.is_set()

    @property
    def words(self) -> str:
        """How far it is, or how far that is which comes before it; nothing before anything is known."""
        return next((need.words for need in self.needs if not need.finished), self.progress)

    def answer(self) -> Any:
        """The result, once it is finished. Raises again what the work raised."""
        if self.error is not None:
            raise copy(self.error)  # the one that is kept would hold on to every page that it was raised on
        return self.result

    # What the scheduler asks and tells

    def begin(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """What is to be done, from the beginning or, after it was put away for long, from where it stands."""
        return self._function, (*self._args, *(need.answer() for need in self.needs))

    def take(self, told: Sequence[Any]) -> None:
        """Take in what the work yielded since the last time."""
        if told:
            self.progress = told[-1]

    def end(self, result: Any = None, error: BaseException | None = None) -> None:
        self.result, self.error = result, error
        self.ended.set()


ENDED = Job(lambda: None)  # stands for what needs no work
ENDED.end()
