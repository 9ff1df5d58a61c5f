"""Long work in slices of time: a generator that yields (finished, all) after a little work, and returns the result.

Whoever drives it may send True instead of asking for more: it then ends as soon as it can, with what there is.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Result, Told = TypeVar("Result"), TypeVar("Told")

Slices = Generator[tuple[int, int | None], bool | None, Result]

_REST: ContextVar[Callable[[], object]] = ContextVar("rest", default=lambda: None)


@contextmanager
def resting(rest: Callable[[], object]) -> Iterator[None]:
    """Within this, whoever finishes something in slices calls `rest` after each of them, which may take its time."""
    token = _REST.set(rest)
    try:
        yield
    finally:
        _REST.reset(token)


def finish(
    slices: Slices[Result],
    progress: Callable[[int, int | None], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Result:
    """Return what the work returns, all slices at once.

    After every slice progress(finished, all) is called, and cancelled() is asked whether to end.
    """
    rest = _REST.get()
    try:
        finished, of_all = next(slices)
        while True:
            rest()
            if progress is not None:
                progress(finished, of_all)
            finished, of_all = slices.send(cancelled is not None and cancelled())
    except StopIteration as end:
        return end.value


def retold(slices: Slices[Result], tell: Callable[[int, int | None], Told]) -> Generator[Told, bool | None, Result]:
    """The same work, but where it yields (finished, all) this yields tell(finished, all): other numbers, or words."""
    try:
        told = next(slices)
        while True:
            told = slices.send((yield tell(*told)))
    except StopIteration as end:
        return end.value
