"""What a player may ask the server for later: a picture that takes long, and what is known beyond a run.

It asks over an address of its own, not by a run of the page's script. A question of the latter kind may meet a change
that somebody makes at that moment; Streamlit then begins another script and drops what the one before has not sent yet,
so that a slider stands at its new value and the picture at the old one.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from explorer.screens.jobs.job import Job
from explorer.screens.jobs.scheduler import want

PATH = "answers"
MAX_PROMISES = 4_000  # that are remembered: those of the last few changes of some hundred people
PATIENCE = 1.0  # seconds until an unfinished answer is given
GLANCE = 0.05  # seconds between two looks at a job
_HEADERS = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class Promise:
    """job(): what must be finished. message(): what the player is told, as far as that is."""

    job: Callable[[], Job]
    message: Callable[[], bytes]


class Gone(Exception):
    """What was promised belongs to somebody who is gone, or was to be made of what is not kept any more."""


_PROMISES: OrderedDict[str, Promise] = OrderedDict()
_LOCK = threading.Lock()


def promise(token: str, made: Promise) -> str:
    """Remember a promise by a token that nobody can guess who does not know what it is about; return the token."""
    with _LOCK:
        _PROMISES[token] = made
        _PROMISES.move_to_end(token)
        while len(_PROMISES) > MAX_PROMISES:
            _PROMISES.popitem(last=False)
    return token


def promised(token: str) -> Promise | None:
    with _LOCK:
        return _PROMISES.get(token)


async def _answer(request: Request) -> Response:
    made = promised(request.path_params["token"])
    if made is None:
        return Response(status_code=404, headers=_HEADERS)
    try:
        job = await run_in_threadpool(made.job)
        want(job)  # for longer than this waits
        until = monotonic() + PATIENCE
        while not job.finished and monotonic() < until:
            await asyncio.sleep(GLANCE)
        message = await run_in_threadpool(made.message)
    except Gone:
        return Response(status_code=404, headers=_HEADERS)
    return Response(message, media_type="application/octet-stream", headers=_HEADERS)


def route(below: str) -> Route:
    """The address at which players ask, below the path at which everything is."""
    return Route(f"{below}/{PATH}/{{token}}", _answer)
