"""What the pages compute, kept: runs as shared read-only objects, and slow answers worked out in slices of time.

Runs on data that a user brought are kept in that user's session; all others are shared by everybody.
"""

import threading
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import streamlit as st

from explorer.datasets import MatrixProblem, Sample
from explorer.runs import ALSRun, EMRun, make_als_run, make_em_run
from explorer.settings import OWN, ALSSettings, EMSettings
from explorer.study.beyond import beyond_als, beyond_em

SLICE_SECONDS = 0.05  # the longest that a background answer may delay what the user does next

_BY_REPR = {EMSettings: repr, ALSSettings: repr}
_SHARED = {"max_entries": 32, "show_spinner": False, "hash_funcs": _BY_REPR}
_OF_SESSION = {**_SHARED, "max_entries": 8, "scope": "session"}


@dataclass(frozen=True, eq=False)
class Own:
    """Data that a user brought, with a digest of it that stands for it wherever it would be compared."""

    data: Sample | MatrixProblem
    digest: str

    @classmethod
    def of(cls, data: Sample | MatrixProblem) -> "Own":
        return cls(data, blake2b(data.values.tobytes() + repr(data.values.shape).encode(), digest_size=8).hexdigest())


class Investigation:
    """A slow answer in the making: `advance` works on it for a slice of time, `result` is None until it is there."""

    def __init__(self, work: Generator[str, None, Any]):
        self._work = work
        self._lock = threading.Lock()
        self.result: Any = None
        self.progress = ""
        self.slices = 0

    def advance(self, seconds: float = SLICE_SECONDS) -> None:
        """Work for about `seconds`; does nothing when done, or while another session is at it."""
        if self.result is not None or not self._lock.acquire(blocking=False):
            return
        try:
            self.slices += 1
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                self.progress = next(self._work)
        except StopIteration as stop:
            self.result = stop.value
        finally:
            self._lock.release()


def em_run(settings: EMSettings, own: Own | None) -> EMRun:
    """Return the run of EM that the settings determine; raises InputError like make_em_run."""
    settings = without_look(settings)
    if settings.data == OWN and own is not None:
        return _own_em_run(settings, own.digest, own)
    return _em_run(settings)


def als_run(settings: ALSSettings, own: Own | None) -> ALSRun:
    """Return the run of ALS that the settings determine; raises InputError like make_als_run."""
    if settings.matrix == OWN and own is not None:
        return _own_als_run(settings, own.digest, own)
    return _als_run(settings)


def em_investigation(settings: EMSettings, own: Own | None) -> Investigation:
    """Return what is being found out beyond the run of EM."""
    settings = without_look(settings)
    if settings.data == OWN and own is not None:
        return _own_em_investigation(settings, own.digest, own)
    return _em_investigation(settings)


def als_investigation(settings: ALSSettings, own: Own | None) -> Investigation:
    """Return what is being found out beyond the run of ALS."""
    if settings.matrix == OWN and own is not None:
        return _own_als_investigation(settings, own.digest, own)
    return _als_investigation(settings)


def without_look(settings: EMSettings) -> EMSettings:
    """Return the settings with the switches of the picture at their defaults: they do not change the run."""
    return replace(settings, soft=EMSettings.soft, ghost=EMSettings.ghost, truth=EMSettings.truth)


@st.cache_resource(**_SHARED)
def _em_run(settings: EMSettings) -> EMRun:
    return make_em_run(settings)


@st.cache_resource(**_OF_SESSION)
def _own_em_run(settings: EMSettings, digest: str, _own: Own) -> EMRun:
    return make_em_run(settings, _own.data)


@st.cache_resource(**_SHARED)
def _als_run(settings: ALSSettings) -> ALSRun:
    return make_als_run(settings)


@st.cache_resource(**_OF_SESSION)
def _own_als_run(settings: ALSSettings, digest: str, _own: Own) -> ALSRun:
    return make_als_run(settings, _own.data)


@st.cache_resource(**_SHARED)
def _em_investigation(settings: EMSettings) -> Investigation:
    return Investigation(beyond_em(_em_run(settings), settings))


@st.cache_resource(**_OF_SESSION)
def _own_em_investigation(settings: EMSettings, digest: str, _own: Own) -> Investigation:
    return Investigation(beyond_em(_own_em_run(settings, digest, _own), settings))


@st.cache_resource(**_SHARED)
def _als_investigation(settings: ALSSettings) -> Investigation:
    return Investigation(beyond_als(_als_run(settings)))


@st.cache_resource(**_OF_SESSION)
def _own_als_investigation(settings: ALSSettings, digest: str, _own: Own) -> Investigation:
    return Investigation(beyond_als(_own_als_run(settings, digest, _own)))
