"""What the server does once, and beside the pages: it starts the workers, answers the players, and says what failed."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.routing import Route
from streamlit import get_option, net_util

from explorer.screens.jobs import promises
from explorer.screens.jobs.scheduler import SCHEDULER, Process
from explorer.study.command.processes import n_cores

MAX_WORKERS = 3


def routes() -> list[Route]:
    """What the server answers beside what Streamlit does."""
    below = get_option("server.baseUrlPath").strip("/")
    return [promises.route(f"/{below}" if below else "")]


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """While the server serves."""
    # To judge a page that asks from elsewhere, Streamlit would ask somebody in the internet for our own address.
    net_util.get_external_ip = lambda: None
    # What the imports have left is there for good; the collector need not look through it again and again.
    gc.collect()
    gc.freeze()
    workers = [Process() for _ in range(max(1, min(MAX_WORKERS, n_cores() - 1)))]
    workers[0].start()  # so that it is ready when it is needed; the others start when they are
    SCHEDULER.start(workers)
    try:
        yield None
    finally:
        SCHEDULER.stop()


def tell_failure(error: Exception) -> bool:
    """Tell the person at the screen that something failed which is not their fault; the log says what."""
    st.error(
        "Something failed here, and it is the explorer's fault. What you set is still there: change it, or load the "
        "page again. Whoever runs this server finds the reason in its log.",
        icon=":material/error:",
    )
    return True
