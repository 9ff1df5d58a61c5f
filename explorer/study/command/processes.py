"""Worker processes on this computer."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import resource_tracker

from explorer import endings

_MOST_ON_WINDOWS = 61  # that ProcessPoolExecutor can wait for


def n_cores() -> int:
    """Return how many cores this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    count = len(allowed(0)) if allowed else os.cpu_count() or 1
    return min(count, _MOST_ON_WINDOWS) if os.name == "nt" else count


@contextmanager
def process_pool(n_workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes that start afresh, so that threads of this one cannot disturb them, and end with it.

    At its end the pool forgets what has not begun, and waits for what has; where it is told to stop, for nothing.
    """
    context = multiprocessing.get_context("spawn")
    pool, wait = None, True
    try:
        with endings.held_back(), _kept_from_workers():
            pool = ProcessPoolExecutor(n_workers, mp_context=context, initializer=_begin_worker)
            for _ in range(n_workers):  # each of the first tasks starts a process
                pool.submit(int)
        yield pool
    except KeyboardInterrupt:
        wait = False
        for worker in multiprocessing.active_children():
            worker.kill()
        raise
    finally:
        if pool is not None:
            pool.shutdown(wait=wait, cancel_futures=True)


@contextmanager
def _kept_from_workers() -> Iterator[None]:
    """Processes that begin within this never get what a terminal sends to all of its processes, from the first line on.

    They do get SIGTERM, by which the pool itself ends them where one of them is lost.
    """
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    with _unheard():
        resource_tracker.ensure_running()  # which lets SIGINT through again when it begins, and would end by SIGHUP
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _unheard() -> Iterator[None]:
    """A process that begins within this has nobody to tell of the semaphores that it puts away for another."""
    before, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


def _begin_worker() -> None:
    """Leave Ctrl-C, which every process of a terminal gets, to the parent; end when that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="end with parent", daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
