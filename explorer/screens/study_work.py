"""A study in the making, shared by all who look at it: what has finished stays, whoever stops and whoever goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import pandas as pd

from explorer.screens.investigation import Investigation
from explorer.study.plans import Study, batches_of
from explorer.study.work import make_batch

Answer = TypeVar("Answer")


class StudyWork:
    """The runs of a study: `step` makes a batch of them, `table` is what there is so far.

    All initializations advance together, so that a study that was stopped compares like with like.
    """

    def __init__(self, study: Study, finished: dict[int, pd.DataFrame] | None = None):
        self.study = study
        self._batches = batches_of(study)
        self._finished = dict(finished or {})
        self._waiting = sorted(
            (i for i in range(len(self._batches)) if i not in self._finished),
            key=lambda i: (self._batches[i].seeds.start, self._batches[i].mask_seed or 0, i),
        )
        self._lock = threading.Lock()
        self._seconds, self._runs = 0.0, 0
        self._answers: dict[str, tuple[int, Any]] = {}

    @property
    def n_runs(self) -> int:
        """All runs of the study."""
        return sum(len(batch.seeds) for batch in self._batches)

    @property
    def n_finished(self) -> int:
        """The runs that have been made."""
        return sum(len(rows) for rows in list(self._finished.values()))

    @property
    def first_round(self) -> int:
        """How many runs there are when every initialization, under every mask, has made its first batch."""
        return sum(len(batch.seeds) for batch in self._batches if batch.seeds.start == self.study.settings.first_seed)

    @property
    def complete(self) -> bool:
        return not self._waiting

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the runs made here so far; None before the first."""
        return self._seconds / self._runs * (self.n_runs - self.n_finished) if self._runs else None

    def step(self) -> None:
        """Make the next batch; where somebody else is at it, wait and return."""
        waited = not self._lock.acquire(blocking=False)
        if waited:
            self._lock.acquire()
        try:
            if waited or not self._waiting:
                return
            index = self._waiting[0]
            began = time.monotonic()
            rows = make_batch(self.study, self._batches[index])
            self._seconds += time.monotonic() - began
            self._runs += len(rows)
            self._finished[index] = rows
            self._waiting.pop(0)
        finally:
            self._lock.release()

    def table(self) -> pd.DataFrame:
        """The finished runs, in the study's order."""
        finished = dict(self._finished)
        return pd.concat([finished[index] for index in sorted(finished)], ignore_index=True)

    def investigation(self, name: str, begin: Callable[[pd.DataFrame], Generator[str, None, Any]]) -> Investigation:
        """What is being found out about the table, from the beginning where more runs have finished."""
        return self.answer(name, lambda table: Investigation(begin(table)))

    def answer(self, name: str, work: Callable[[pd.DataFrame], Answer]) -> Answer:
        """What `work` makes of the table, kept until more runs have finished."""
        with self._lock:
            count = len(self._finished)
            kept = self._answers.get(name)
            if kept is None or kept[0] != count:
                kept = (count, work(self.table()))
                self._answers[name] = kept
            return kept[1]


def work_from(study: Study, rows: pd.DataFrame) -> StudyWork:
    """The work of a study of which rows are there already; a batch that lacks one of its runs is made again."""
    finished = {}
    for index, batch in enumerate(batches_of(study)):
        mine = (rows["initialization"] == batch.initialization) & rows["seed"].isin(batch.seeds)
        if batch.mask_seed is not None:
            mine &= rows["mask_seed"] == batch.mask_seed
        if mine.sum() == len(batch.seeds):
            finished[index] = rows[mine]
    return StudyWork(study, finished)
