"""What has been computed and may be asked for again, within a bound of bytes."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd

MAX_BYTES = 256_000_000
BESIDES = 4_000  # bytes of an entry that are not in its value, about


class _Entry:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made = False
        self.value: Any = None
        self.owners: list[weakref.ref] = []
        self.size = 0


class Kept:
    """Values by key; when they take more bytes together than they may, those go that were not asked for longest."""

    def __init__(self, max_bytes: int = MAX_BYTES):
        self._max_bytes = max_bytes
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._left: deque[Hashable] = deque()  # keys, one of whose owners is gone
        self.size = 0

    def get(self, key: Hashable, make: Callable[[], Any], owner: Any = None) -> Any:
        """The value of this key, made where it is not there; others that ask for it meanwhile wait for it.

        owner: whom it belongs to; it goes when all do to whom it belonged.
        """
        with self._lock:
            self._drop_left()
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
        with entry.lock:
            if not entry.made:
                try:
                    entry.value = make()
                except BaseException:
                    with self._lock:
                        if self._entries.get(key) is entry:
                            del self._entries[key]
                    raise
                entry.made = True
            if owner is not None and all(each() is not owner for each in entry.owners):
                entry.owners.append(weakref.ref(owner))
                weakref.finalize(owner, self._leave, key)
        self._measure(key, entry)
        return entry.value

    def forget(self, key: Hashable, unwanted: Callable[[Any], bool]) -> None:
        """Let go of a value that is unwanted, if it is there."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry.made and unwanted(entry.value):
                self._drop(key)

    def _leave(self, key: Hashable) -> None:
        """An owner is gone, which may be found in the midst of anything, even while this very thread has the lock."""
        self._left.append(key)
        if self._lock.acquire(blocking=False):
            try:
                self._drop_left()
            finally:
                self._lock.release()

    def _drop_left(self) -> None:
        while self._left:
            key = self._left.popleft()
            entry = self._entries.get(key)
            if entry is not None and entry.owners and all(each() is None for each in list(entry.owners)):
                self._drop(key)

    def _measure(self, key: Hashable, entry: _Entry) -> None:
        """Anew every time: what is in the making grows."""
        size = BESIDES + size_of(entry.value)
        with self._lock:
            if self._entries.get(key) is not entry:
                return
            self.size += size - entry.size
            entry.size = size
            while self.size > self._max_bytes and len(self._entries) > 1:
                self._drop(next(iter(self._entries)))

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= entry.size


def size_of(value: Any) -> int:
    """About how many bytes this holds: its numbers and texts, wherever they are in it."""
    seen: set[int] = set()

    def measure(value: Any) -> int:
        if isinstance(value, int | float | bool | type(None)) or callable(value) or id(value) in seen:
            return 0
        seen.add(id(value))
        if isinstance(value, np.ndarray):
            return value.nbytes if value.base is None else measure(value.base)
        if isinstance(value, pd.DataFrame | pd.Series):
            return 8 * value.size  # not value.memory_usage(), which takes a second for the thousand of a study
        if isinstance(value, str | bytes | memoryview):
            return len(value)
        if isinstance(value, Mapping):
            return sum(map(measure, list(value.values())))  # a list, as work in the making grows meanwhile
        if isinstance(value, list | tuple | set | frozenset):
            return 8 * len(value) + sum(map(measure, list(value)))
        if is_dataclass(value):
            return sum(measure(getattr(value, each.name)) for each in fields(value))
        if type(value).__module__.startswith("explorer."):
            return sum(map(measure, list(vars(value).values())))
        return 0

    return measure(value)
