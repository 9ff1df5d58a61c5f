"""What the pages compute, kept within a bound of bytes: runs as shared read-only objects, and slow answers as jobs.

All that ask the same share it. What is computed on data that a user brought goes when that user does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from typing import Any

from explorer.datasets import MatrixProblem, Sample
from explorer.errors import InputError
from explorer.runs import ALSRun, EMRun, make_als_run, make_em_run, may_take_long
from explorer.screens.jobs import tasks
from explorer.screens.jobs.job import Job
from explorer.screens.jobs.kept import Kept
from explorer.screens.jobs.phase_diagram import PhaseDiagram
from explorer.screens.jobs.scheduler import LostWork
from explorer.screens.study_work import StudyWork
from explorer.settings import ALSSettings, ALSStudySettings, EMSettings, EMStudySettings, RunSettings, StudySettings
from explorer.study.landscape import iterate_landscape
from explorer.study.partitions import iterate_partitions
from explorer.study.phase import PhaseAxes
from explorer.study.plans import Plan, n_runs_of, study_of
from explorer.study.studies import Study

# The table of so many runs takes some 40 MB.
MAX_RUNS_ON_PAGE = 200_000

KEPT = Kept()
_MAKE = {"em": make_em_run, "als": make_als_run}


@dataclass(frozen=True, eq=False)
class Own:
    """Data that a user brought, with a digest of it and its labels that stands for it wherever it is compared."""

    data: Sample | MatrixProblem
    digest: str

    @classmethod
    def of(cls, data: Sample | MatrixProblem) -> Own:
        labels = (data.label, getattr(data, "row_labels", ()), getattr(data, "col_labels", ()))
        return cls(data, digest(data.values.shape, data.values.tobytes(), labels))


def digest(*parts: object) -> str:
    """Return a short name for what the parts say."""
    return blake2b("|".join(map(repr, parts)).encode(), digest_size=16).hexdigest()


def kept(what: str, settings: Any, own: Own | None, make: Callable[[], Any]) -> Any:
    """What is known by these words for these settings, made where it is not there."""
    return KEPT.get((what, repr(settings), own and own.digest), make, owner=own)


def run_of(settings: RunSettings, own: Own | None) -> EMRun | ALSRun:
    """Return the run that the settings determine, made here and now; `own` is what the user brought, where it is used.

    Raises InputError like make_em_run and make_als_run.
    """
    return kept("run", settings, own, lambda: _MAKE[settings.kind](settings, own and own.data))


def run_job(settings: RunSettings, own: Own | None) -> Job | None:
    """Return the job that makes the run, where it may take longer than people wait; None where it does not."""
    if not may_take_long(settings, own and own.data):
        return None
    return kept("run job", settings, own, lambda: Job(tasks.make_run, settings, own and own.data, asked=True))


def beyond_job(settings: RunSettings, run: EMRun | ALSRun, own: Own | None) -> Job:
    """Return the job that finds out what there is beyond a run."""
    return kept("beyond", settings, own, lambda: _BEYOND[settings.kind](settings, run, own))


def _beyond_em(settings: EMSettings, run: EMRun, own: Own | None) -> Job:
    alike = settings.of_other_starts()  # another seed has the same other starts
    ends = kept("ends", alike, own, lambda: Job(tasks.find_ends, alike, own and own.data))
    return Job(tasks.go_beyond_em, run, settings, needs=[ends])


def _beyond_als(settings: ALSSettings, run: ALSRun, own: Own | None) -> Job:
    return Job(tasks.go_beyond_als, run, settings)


_BEYOND = {"em": _beyond_em, "als": _beyond_als}


def try_again(settings: RunSettings, own: Own | None) -> None:
    """Forget what took down its workers, for want of memory perhaps: who sets it anew may have it tried again."""
    alike = settings.of_other_starts() if isinstance(settings, EMSettings) else settings
    for what, key in (("run job", settings), ("beyond", settings), ("ends", alike)):
        KEPT.forget((what, repr(key), own and own.digest), lambda job: isinstance(job.error, LostWork))


def study_on_page(settings: StudySettings, own: Own | None) -> Study:
    """Return the study that the settings determine. Raises InputError like study_of, and where it has too many runs."""
    n_runs = n_runs_of(settings)
    if n_runs > MAX_RUNS_ON_PAGE:
        raise InputError(
            f"This study has {n_runs:,} runs, and a page makes at most {MAX_RUNS_ON_PAGE:,}: have fewer starts or "
            "masks, or make it with the command “explorer study”."
        )
    study = study_of(settings, own and own.data)
    Plan((study,))  # which refuses seeds that no single run can have
    return study


def study_work_of(settings: StudySettings, own: Own | None) -> StudyWork:
    """Return the study that the settings determine, as far as anybody has run it. Raises like study_on_page."""
    return kept("study", settings, own, lambda: StudyWork(study_on_page(settings, own)))


def landscape_of(settings: EMStudySettings, sample: Sample, own: Own | None, size: int) -> Job:
    """Return the job that makes the map of starts of a study."""
    return _of_all_starts(settings, sample, own, f"map {size}", iterate_landscape, size=size)


def partitions_of(settings: EMStudySettings, sample: Sample, own: Own | None) -> Job:
    """Return the job that finds out where every partition of a study's data leads."""
    many = {"n_components": settings.n_components}
    return _of_all_starts(settings, sample, own, "partitions", iterate_partitions, **many)


def _of_all_starts(
    settings: EMStudySettings, sample: Sample, own: Own | None, what: str, work: Callable[..., Any], **more: Any
) -> Job:
    # Neither initializations nor seeds matter where all starts are tried.
    alike = replace(settings, initializations=("equal",), n_starts=1, first_seed=0)
    trying = partial(work, sample.values, options=settings.options(), **more)
    return kept(what, alike, own, lambda: Job(tasks.in_shares, "Running EM from every start", trying, asked=True))


def phase_diagram_of(settings: ALSStudySettings, axes: PhaseAxes) -> PhaseDiagram:
    """Return the phase diagram of these settings, of generated matrices, as far as anybody has computed it."""
    return kept(f"phase {axes!r}", settings, None, lambda: PhaseDiagram(settings, axes))
