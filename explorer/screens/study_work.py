"""A study in the making, shared by all who look at it: what has finished stays, whoever stops and whoever goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from explorer.screens.jobs.job import Job
from explorer.screens.jobs.scheduler import wait
from explorer.screens.jobs.tasks import make_batches
from explorer.study.plans import batches_of
from explorer.study.studies import Batch, Study


class StudyWork:
    """The runs of a study: while somebody waits they are made, batch by batch; `table` is what there is so far.

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
        self._job: _Batches | None = None
        self._lock = threading.Lock()
        self._seconds, self._runs = 0.0, 0
        self._answers: dict[str, tuple[int, Job]] = {}

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
    def seconds(self) -> float:
        """How long the runs made here took."""
        return self._seconds

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the runs made here so far; None before the first."""
        return self._seconds / self._runs * (self.n_runs - self.n_finished) if self._runs else None

    @property
    def ahead(self) -> int:
        """How many studies of others must end before this one goes on."""
        return self._job.ahead if self._job else 0

    def wait(self, seconds: float) -> None:
        """Have runs made, for so many seconds at most. Raises again what making them raised."""
        with self._lock:
            if self.complete:
                return
            if self._job is None or self._job.finished:
                self._job = _Batches(self)
            job = self._job
        if wait(job, seconds):
            job.answer()

    def waiting(self) -> tuple[tuple[int, Batch], ...]:
        """The batches that are to be made, each with its index, in the order in which they are made."""
        return tuple((index, self._batches[index]) for index in self._waiting)

    def take(self, index: int, rows: pd.DataFrame, seconds: float) -> None:
        """Take in a batch that was made, and how long all took that were made so far."""
        self._finished[index] = rows
        self._waiting.remove(index)
        self._seconds, self._runs = seconds, self._runs + len(rows)

    def table(self) -> pd.DataFrame:
        """The finished runs, in the study's order."""
        finished = dict(self._finished)
        return pd.concat([finished[index] for index in sorted(finished)], ignore_index=True)

    def answer(self, name: str, begin: Callable[[pd.DataFrame], Job], runs: pd.DataFrame | None = None) -> Job:
        """What is being found out about these runs, or all finished ones, begun anew where they are more or fewer.

        What is drawn beside other answers is asked about their runs: meanwhile somebody else may have had more made.
        """
        with self._lock:
            count = self.n_finished if runs is None else len(runs)
            known = self._answers.get(name)
            if known is None or known[0] != count or known[1].error is not None:
                known = (count, begin(self.table() if runs is None else runs))
                self._answers[name] = known
            return known[1]


class _Batches(Job):
    """The job that makes what is left of a study."""

    def __init__(self, work: StudyWork):
        super().__init__(make_batches, asked=True)
        self._work = work
        self._before = work.seconds

    def begin(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return make_batches, (self._work.study, self._work.waiting())

    def take(self, told: Sequence[tuple[int, pd.DataFrame]]) -> None:
        for index, rows in told:
            self._work.take(index, rows, self._before + self.seconds)


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
