"""The work of a plan: its batches made, by this process or any executor, into a table that is the same, bit for bit."""

from collections.abc import Callable, Iterator, Mapping, Set
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager
from functools import cache
from itertools import islice

import pandas as pd
from threadpoolctl import ThreadpoolController

from explorer.errors import InputError
from explorer.study.kinds import KINDS
from explorer.study.plans import Plan
from explorer.study.studies import Batch, Study

# Batches that an executor is given before the first of them is back: more than the cores of most clusters, and few
# enough to forget when a study is cancelled.
IN_FLIGHT = 256


def make_batch(study: Study, batch: Batch) -> pd.DataFrame:
    """Make the runs of a batch of a study; one row a run, in the order of the seeds.

    Linear algebra gets one thread: how many share a sum changes its last bits, and they would be slower together.
    """
    with one_thread():
        return KINDS[study.kind].run_batch(study.settings, study.problem, batch)


def one_thread() -> AbstractContextManager:
    """Give linear algebra one thread while this is open."""
    return _linear_algebra().limit(limits=1)


@cache
def _linear_algebra() -> ThreadpoolController:
    return ThreadpoolController()


def iterate_batches(
    plan: Plan, executor: Executor | None = None, done: Set[int] = frozenset(), *, in_flight: int = IN_FLIGHT
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Make the batches of a plan that are not `done`; yield the index of each and its rows as they finish.

    executor: who makes them; None for this process, one after the other. At most `in_flight` are handed to it at a
    time. Closing the iterator cancels what it has not begun.
    Raises what a worker raises, and InputError where a process of a pool is lost.
    """
    waiting = ((index, batch) for index, batch in enumerate(plan.batches) if index not in done)
    if executor is None:
        for index, batch in waiting:
            yield index, make_batch(plan.studies[batch.study], batch)
        return
    running: dict[Future, int] = {}
    try:
        while True:
            for index, batch in islice(waiting, in_flight - len(running)):
                running[executor.submit(make_batch, plan.studies[batch.study], batch)] = index
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
    except BrokenExecutor:
        raise InputError(
            "A process that made runs has ended unexpectedly, perhaps for want of memory; try fewer of them at a time."
        ) from None
    finally:
        for future in running:
            future.cancel()


def run_plan(
    plan: Plan,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> pd.DataFrame:
    """Make the runs of a plan; return them in its order, or those that have finished when `cancelled` says so.

    progress: told the numbers of finished and of all runs, at first and after every batch.
    """
    parts: dict[int, pd.DataFrame] = {}
    tell = progress or (lambda finished, of_all: None)
    n_finished = 0
    tell(n_finished, plan.n_runs)
    batches = iterate_batches(plan, executor)
    try:
        while not (cancelled and cancelled()):
            made = next(batches, None)
            if made is None:
                break
            index, parts[index] = made
            n_finished += len(parts[index])
            tell(n_finished, plan.n_runs)
    finally:
        batches.close()
    return joined(plan, parts)


def joined(plan: Plan, parts: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """Put batches together, by their index in the plan, with the columns of the plan, whichever there are.

    Mixtures with fewer components than others have NaN for what those have more.
    """
    columns = list(plan.columns)
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat([parts[index] for index in sorted(parts)], ignore_index=True).reindex(columns=columns)
