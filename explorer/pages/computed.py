"""What the pages compute, kept: runs as shared read-only objects, and slow answers worked out in slices of time.

Runs on data that a user brought are kept in that user's session; all others are shared by everybody.
"""

import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import streamlit as st

from explorer.datasets import MatrixProblem, Sample
from explorer.runs import ALSRun, EMRun, make_als_run, make_em_run
from explorer.settings import ALSSettings, EMSettings
from explorer.study.beyond import beyond_als, beyond_em

SLICE_SECONDS = 0.05  # the longest that a background answer may delay what the user does next

_MAKE = {EMSettings: make_em_run, ALSSettings: make_als_run}
_INVESTIGATE = {EMSettings: beyond_em, ALSSettings: lambda run, settings: beyond_als(run)}
_BY_REPR = {EMSettings: repr, ALSSettings: repr}
_SHARED = {"max_entries": 64, "show_spinner": False, "hash_funcs": _BY_REPR}
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


class Investigation:
    """A slow answer in the making: `advance` works on it for a slice of time, `result` is None until it is there."""

    def __init__(self, work: Generator[str, None, Any]):
        self._work = work
        self._lock = threading.Lock()
        self.result: Any = None
        self.finished = False
        self.progress = ""
        self.slices = 0

    def advance(self, seconds: float = SLICE_SECONDS) -> None:
        """Work for about `seconds`; does nothing when done, or while another session is at it."""
        if self.finished or not self._lock.acquire(blocking=False):
            return
        try:
            self.slices += 1
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                self.progress = next(self._work)
        except StopIteration as stop:
            self.result, self.finished = stop.value, True
        except BaseException:
            self.finished = True  # there will be no answer: let nobody ask again
            raise
        finally:
            self._lock.release()


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


@st.cache_resource(**_SHARED)
def _shared_investigation(settings) -> Investigation:
    return Investigation(_INVESTIGATE[type(settings)](run_of(settings, None), settings))


@st.cache_resource(**_OF_SESSION)
def _own_investigation(settings, own_digest: str, _own: Own) -> Investigation:
    return Investigation(_INVESTIGATE[type(settings)](run_of(settings, _own), settings))
