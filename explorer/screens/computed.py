"""What the pages compute, kept: runs as shared read-only objects, and slow answers worked out in slices of time.

Runs on data that a user brought are kept in that user's session; all others are shared by everybody.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from typing import Any

import streamlit as st

from explorer.datasets import MatrixProblem, Sample
from explorer.runs import ALSRun, EMRun, make_als_run, make_em_run, sample_of
from explorer.screens.investigation import Investigation, told
from explorer.screens.phase_diagram import PhaseDiagram
from explorer.screens.study_work import StudyWork
from explorer.settings import ALSSettings, ALSStudySettings, EMSettings, EMStudySettings, StudySettings
from explorer.study.beyond import beyond_als, beyond_em, ends_of_starts
from explorer.study.landscape import iterate_landscape
from explorer.study.partitions import iterate_partitions
from explorer.study.phase import PhaseAxes
from explorer.study.plans import study_of

_MAKE = {EMSettings: make_em_run, ALSSettings: make_als_run}
_BY_REPR = dict.fromkeys((EMSettings, ALSSettings, EMStudySettings, ALSStudySettings, PhaseAxes), repr)
_SHARED = {"max_entries": 64, "show_spinner": False, "hash_funcs": _BY_REPR}
# Studies and maps are larger than runs, and fewer are looked at.
_FEW_SHARED = _SHARED | {"max_entries": 16}
_OF_SESSION = {"max_entries": 8, "show_spinner": False, "hash_funcs": _BY_REPR, "scope": "session"}


@dataclass(frozen=True, eq=False)
class Own:
    """Data that a user brought, with a digest of it and its labels that stands for it wherever it is compared."""

    data: Sample | MatrixProblem
    digest: str

    @classmethod
    def of(cls, data: Sample | MatrixProblem) -> "Own":
        labels = (data.label, getattr(data, "row_labels", ()), getattr(data, "col_labels", ()))
        return cls(data, digest(data.values.shape, data.values.tobytes(), labels))


def digest(*parts: object) -> str:
    """Return a short name for what the parts say."""
    return blake2b("|".join(map(repr, parts)).encode(), digest_size=8).hexdigest()


def run_of(settings: EMSettings | ALSSettings, own: Own | None) -> EMRun | ALSRun:
    """Return the run that the settings determine; `own` is what the user brought, None where that is not used.

    Raises InputError like make_em_run and make_als_run.
    """
    return _shared_run(settings) if own is None else _own_run(settings, own.digest, own)


def investigation_of(settings: EMSettings | ALSSettings, own: Own | None) -> Investigation:
    """Return what is being found out beyond the run."""
    return _shared_investigation(settings) if own is None else _own_investigation(settings, own.digest, own)


@st.cache_resource(**_SHARED)
def _shared_run(settings):
    return _MAKE[type(settings)](settings)


@st.cache_resource(**_OF_SESSION)
def _own_run(settings, own_digest: str, _own: Own):
    return _MAKE[type(settings)](settings, _own.data)


def _together(investigation: Investigation) -> Generator[str, None, Any]:
    """Work on what others may be working on as well."""
    while investigation.result is None:
        investigation.step()
        yield investigation.progress
    return investigation.result


def _investigation(settings: EMSettings | ALSSettings, own: Own | None) -> Investigation:
    run = run_of(settings, own)
    if isinstance(settings, ALSSettings):
        return Investigation(beyond_als(run, settings))
    alike = settings.of_other_starts()  # another seed has the same other starts
    ends = _shared_ends(alike) if own is None else _own_ends(alike, own.digest, own)
    return Investigation(beyond_em(run, settings, _together(ends)))


@st.cache_resource(**_SHARED)
def _shared_investigation(settings) -> Investigation:
    return _investigation(settings, None)


@st.cache_resource(**_OF_SESSION)
def _own_investigation(settings, own_digest: str, _own: Own) -> Investigation:
    return _investigation(settings, _own)


@st.cache_resource(**_SHARED)
def _shared_ends(settings) -> Investigation:
    return Investigation(ends_of_starts(sample_of(settings).values, settings))


@st.cache_resource(**_OF_SESSION)
def _own_ends(settings, own_digest: str, _own: Own) -> Investigation:
    return Investigation(ends_of_starts(_own.data.values, settings))


def study_work_of(settings: StudySettings, own: Own | None) -> StudyWork:
    """Return the study that the settings determine, as far as anybody has run it.

    Raises InputError like study_of.
    """
    return _shared_study(settings) if own is None else _own_study(settings, own.digest, own)


@st.cache_resource(**_FEW_SHARED)
def _shared_study(settings) -> StudyWork:
    return StudyWork(study_of(settings))


@st.cache_resource(**_OF_SESSION)
def _own_study(settings, own_digest: str, _own: Own) -> StudyWork:
    return StudyWork(study_of(settings, _own.data))


def landscape_of(settings: EMStudySettings, own: Own | None, size: int) -> Investigation:
    """Return the map of starts of a study, in the making."""
    return _of_all_starts(settings, own, partial(iterate_landscape, size=size), f"map {size}")


def partitions_of(settings: EMStudySettings, own: Own | None) -> Investigation:
    """Return where every partition of a study's data leads, in the making."""
    work = partial(iterate_partitions, n_components=settings.n_components)
    return _of_all_starts(settings, own, work, "partitions")


def _of_all_starts(settings: EMStudySettings, own: Own | None, work: Any, name: str) -> Investigation:
    # Neither initializations nor seeds matter where all starts are tried.
    alike = replace(settings, initializations=("equal",), n_starts=1, first_seed=0)
    if own is None:
        return _shared_starts(alike, name, work)
    return _own_starts(alike, name, own.digest, work, own)


@st.cache_resource(**_FEW_SHARED)
def _shared_starts(settings, name: str, _work: Any) -> Investigation:
    return _starts(settings, _work, None)


@st.cache_resource(**_OF_SESSION)
def _own_starts(settings, name: str, own_digest: str, _work: Any, _own: Own) -> Investigation:
    return _starts(settings, _work, _own.data)


def _starts(settings: EMStudySettings, work: Any, own: Any) -> Investigation:
    limits = {name: getattr(settings, name) for name in ("structure", "rtol", "max_iter", "variance_floor")}
    return Investigation(told(work(sample_of(settings, own).values, **limits), "Running EM from every start"))


@st.cache_resource(**_FEW_SHARED)
def phase_diagram_of(settings: ALSStudySettings, axes: PhaseAxes) -> PhaseDiagram:
    """Return the phase diagram of these settings, of generated matrices, as far as anybody has computed it."""
    return PhaseDiagram(settings, axes)
