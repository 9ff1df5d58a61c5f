"""Whose turn it is: the jobs that somebody wants take turns on the workers, a slice each.

People come first. Workers are processes of the lowest priority, so they take what the pages leave of the machine; and
what nobody has asked for by a button takes a quarter of a core at most while anybody is active.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

import explorer
from explorer.errors import InputError
from explorer.screens.jobs.job import Job
from explorer.screens.jobs.worker import Begin, Bench, Reply, State, packed, receive, send

_LOGGER = logging.getLogger(__name__)

SLICE = 0.05  # seconds of work before somebody else's turn
LEASE = 3.0  # seconds for which a job goes on after somebody wanted it last
PUT_AWAY = 60.0  # ... and after which it is put away: what it holds in its worker is forgotten
SHARE = 0.25  # of a core, for what nobody asked for, while anybody is active
ACTIVE = 2.0  # seconds after which somebody who did something no longer counts as active
MAX_ASKED = 16  # jobs asked for by a button that take turns; others wait until one of them ends
MAX_LOSSES = 2  # workers that a job may take with it
LOST = "This took down the process that computed it, perhaps for want of memory; try a smaller problem."


class LostWork(InputError):
    """A job took down the workers that it was done by."""


class LostWorker(Exception):
    """A worker has ended in the middle of its work."""


class Process:
    """A worker, started when it is first needed, and again after it was lost."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None

    def perform(self, *order: Any) -> Reply:
        """Raises LostWorker where it ends meanwhile, and what pickle raises of the order or of the reply."""
        message = packed(order)
        process = self._process or self.start()
        try:
            send(process.stdin, message)
            reply = receive(process.stdout)
        except Exception as error:
            self.stop()
            raise LostWorker from error
        return pickle.loads(reply)

    def start(self) -> subprocess.Popen:
        folders = [str(Path(explorer.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            # Not among the files of the folder in which the server runs (-P), which may be called like Python's own.
            [sys.executable, "-P", "-m", "explorer.screens.jobs.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | threads | {"PYTHONPATH": os.pathsep.join(filter(None, folders))},
            start_new_session=True,  # Ctrl-C is the server's
            creationflags=getattr(subprocess, "IDLE_PRIORITY_CLASS", 0),
        )
        return self._process

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()


class Scheduler:
    """Hands out slices of work. Without `start` a thread of this process does the work, as in tests."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._until: dict[Job, float] = {}  # who is wanted until when, in the order in which they were first
        self._at: dict[Job, Bench | Process] = {}  # where what a job has begun is kept
        self._busy: set[Job] = set()
        self._served: dict[Job, float] = {}
        self._losses: dict[Job, int] = {}
        self._forgotten: dict[Bench | Process, list[int]] = {}
        self._active_until = self._rest_until = 0.0
        self._stopped = False

    def start(self, workers: Sequence[Bench | Process]) -> None:
        """Have the work done by these; once."""
        with self._changed:
            for worker in workers:
                self._forgotten[worker] = []
                threading.Thread(target=self._run, args=(worker,), daemon=True, name="jobs").start()

    def stop(self) -> None:
        """Begin nothing any more, and end the processes with whatever they are doing."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for worker in list(self._forgotten):
            if isinstance(worker, Process):
                worker.stop()

    def somebody_is_active(self) -> None:
        """Note that somebody did something just now."""
        self._active_until = monotonic() + ACTIVE

    def want(self, job: Job) -> None:
        """Keep a job going, and what it needs, for the next few seconds."""
        with self._changed:
            if job.finished:
                return
            if not self._forgotten:
                self.start([Bench()])
            for need in job.needs:
                self.want(need)
            now = monotonic()
            if self._until.get(job, -inf) <= now:  # of the others the workers know: many are wanted many times a second
                self._changed.notify_all()
            self._until[job] = now + LEASE
            asked = [each for each in self._wanted() if each.asked]
            job.ahead = max(0, asked.index(job) + 1 - MAX_ASKED) if job.asked else 0

    def _wanted(self) -> list[Job]:
        now = monotonic()
        return [job for job, until in self._until.items() if until > now and not job.finished]

    def _run(self, worker: Bench | Process) -> None:
        while (turn := self._next(worker)) is not None:
            job, begin, forgotten = turn
            try:
                reply = worker.perform(job.number, SLICE, begin, forgotten)
            except LostWorker:
                self._lost(worker, job)
                continue
            except Exception as error:  # what is to be done, or what came of it, cannot be pickled
                self._forgotten[worker] += forgotten
                reply = Reply([], State.FAILED, error, 0.0)
            self._take(job, reply)
        if isinstance(worker, Process):  # which `stop` may have met between two slices
            worker.stop()

    def _next(self, worker: Bench | Process) -> tuple[Job, Begin | None, list[int]] | None:
        """Wait for a job that this worker can go on with; of several, for the one whose turn was longest ago."""
        with self._changed:
            while not self._stopped:
                self._put_away()
                ready = [job for job in self._ready() if self._at.get(job, worker) is worker]
                if not ready and self._forgotten[worker]:
                    ready = [Job(int, asked=True)]  # it has nothing to do, and is to forget nevertheless
                if ready:
                    job = min(ready, key=lambda job: self._served.get(job, 0.0))
                    try:
                        begin = None if job in self._at else job.begin()
                    except Exception as error:  # what it needs has failed
                        self._end(job, error=error)
                        continue
                    self._at[job] = worker
                    self._busy.add(job)
                    forgotten, self._forgotten[worker] = self._forgotten[worker], []
                    return job, begin, forgotten
                self._changed.wait(min(1.0, rest) if (rest := self._rest()) > 0 else 1.0)
        return None

    def _ready(self) -> list[Job]:
        wanted = self._wanted()
        allowed = set([job for job in wanted if job.asked][:MAX_ASKED])
        resting = self._rest() > 0
        return [
            job
            for job in wanted
            if job not in self._busy
            and all(need.finished for need in job.needs)
            and (job in allowed if job.asked else not resting)
        ]

    def _rest(self) -> float:
        """Seconds for which what nobody asked for waits, as it has had its share, or one of it is at work."""
        at_work = any(not job.asked for job in self._busy)
        return min(inf if at_work else self._rest_until, self._active_until) - monotonic()

    def _put_away(self) -> None:
        now = monotonic()
        for job, until in list(self._until.items()):
            if job not in self._busy and until + PUT_AWAY < now:
                self._forget(job)

    def _forget(self, job: Job) -> None:
        worker = self._at.pop(job, None)
        if worker is not None and not (job.finished and job.error is None):
            self._forgotten[worker].append(job.number)
        for table in (self._until, self._served, self._losses):
            table.pop(job, None)
        self._busy.discard(job)

    def _take(self, job: Job, reply: Reply) -> None:
        with self._changed:
            now = self._served[job] = monotonic()
            self._busy.discard(job)
            job.seconds += reply.seconds
            if not job.asked:
                self._rest_until = now + reply.seconds * (1 / SHARE - 1)
            job.take(reply.told)
            if reply.state is State.DONE:
                self._end(job, reply.value)
            elif reply.state is State.FAILED:
                if not isinstance(reply.value, InputError):
                    _LOGGER.error("A job has failed.", exc_info=reply.value)
                self._end(job, error=reply.value)
            self._changed.notify_all()

    def _end(self, job: Job, result: Any = None, error: BaseException | None = None) -> None:
        job.end(result, error)
        self._forget(job)

    def _lost(self, worker: Bench | Process, job: Job) -> None:
        """Begin again what was in a worker that is gone; what took two of them with it has failed."""
        with self._changed:
            if self._stopped:
                return
            _LOGGER.warning("A process that computed for the pages has ended unexpectedly.")
            self._busy.discard(job)
            self._at = {each: at for each, at in self._at.items() if at is not worker}
            self._forgotten[worker] = []
            self._losses[job] = self._losses.get(job, 0) + 1
            if self._losses[job] >= MAX_LOSSES:
                self._end(job, error=LostWork(LOST))
            self._changed.notify_all()


SCHEDULER = Scheduler()


def want(job: Job) -> None:
    """Keep a job going for the next few seconds."""
    SCHEDULER.want(job)


def wait(job: Job, seconds: float) -> bool:
    """Want a job, and wait for its end, for so many seconds at most; return whether it has come."""
    until = monotonic() + seconds
    while not job.finished and monotonic() < until:
        want(job)
        job.ended.wait(min(1.0, max(0.0, until - monotonic())))
    return job.finished
