"""What has been computed and may be asked for again: within its bound, made once, and gone with those it belongs to."""

import gc
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from explorer.screens.jobs.job import Job
from explorer.screens.jobs.kept import BESIDES, Kept, size_of

LONG = 60.0  # seconds that are enough on any machine
SIZE = 100_000


class Owner:
    """Somebody who brought data."""


@dataclass(frozen=True)
class Pair:
    left: Any
    right: Any


def values(size=SIZE):
    return np.zeros(size, dtype=np.uint8)


class Asked:
    """Counts how often something had to be made."""

    def __init__(self, kept):
        self.kept, self.made = kept, []

    def __call__(self, key, size=SIZE, **more):
        def make():
            self.made.append(key)
            return values(size)

        return self.kept.get(key, make, **more)


@pytest.fixture
def asked():
    """Room for three values."""
    return Asked(Kept(3 * (SIZE + BESIDES)))


def test_a_value_is_made_once(asked):
    assert asked("a") is asked("a")
    assert asked.made == ["a"]


def test_of_too_many_those_go_that_were_not_asked_for_longest(asked):
    for key in "abcad":
        asked(key)
    assert asked.made == list("abcd")
    assert asked.kept.size == 3 * (SIZE + BESIDES)
    asked("a")
    assert asked.made == list("abcd"), "it was asked for after b"
    asked("b")
    assert asked.made == list("abcdb")


def test_a_value_that_is_larger_than_all_may_be_is_kept_alone(asked):
    asked("a")
    asked("large", size=10 * SIZE)
    asked("large")
    assert asked.made == ["a", "large"]
    asked("a")
    asked("large", size=10 * SIZE)
    assert asked.made == ["a", "large", "a", "large"]


def test_many_small_values_take_more_than_their_numbers():
    asked = Asked(Kept(100 * BESIDES))
    for key in range(1000):
        asked(key, size=1)
    assert len(asked.kept._entries) < 100


def test_what_grows_is_measured_anew_whenever_it_is_asked_for(asked):
    growing = []
    asked.kept.get("growing", lambda: growing)
    asked("a")
    growing.append(values(3 * SIZE))
    asked.kept.get("growing", list)
    assert asked.kept.size > 3 * SIZE
    asked("a")
    assert asked.made == ["a", "a"]


def test_what_grows_while_it_is_measured_is_no_error(asked):
    growing, over = {}, threading.Event()

    def grow():
        number = 0
        while not over.is_set():
            growing[number] = number
            number = (number + 1) % 10_000
            growing.pop((number + 5_000) % 10_000, None)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            asked.kept.get("growing", lambda: growing)
    finally:
        over.set()
        thread.join(LONG)


def test_several_who_ask_for_the_same_wait_for_one_to_make_it():
    kept, made, go, found = Kept(), [], threading.Event(), []

    def make():
        made.append(1)
        assert go.wait(LONG)
        return values()

    threads = [threading.Thread(target=lambda: found.append(kept.get("a", make))) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert isinstance(kept.get("b", values), np.ndarray), "who asks for something else does not wait"
    go.set()
    for thread in threads:
        thread.join(LONG)
    assert made == [1] and len(found) == 5 and len({id(each) for each in found}) == 1


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_could_not_be_made_leaves_nothing_and_is_made_anew(asked, error):
    def fail():
        raise error

    with pytest.raises(error):
        asked.kept.get("a", fail)
    assert (asked.kept.size, len(asked.kept._entries)) == (0, 0)
    assert asked("a") is asked("a")


# Whose it is


def test_what_belongs_to_somebody_goes_with_them(asked):
    owner = Owner()
    asked("a", owner=owner)
    asked("b")
    del owner
    gc.collect()
    assert list(asked.kept._entries) == ["b"] and asked.kept.size == SIZE + BESIDES


def test_what_belongs_to_several_goes_with_the_last(asked):
    first, second = Owner(), Owner()
    asked("a", owner=first)
    asked("a", owner=second)
    asked("a", owner=second)
    del first
    gc.collect()
    assert list(asked.kept._entries) == ["a"]
    del second
    gc.collect()
    assert not asked.kept._entries


def test_who_left_takes_nothing_along_that_was_made_again_for_another(asked):
    first, second = Owner(), Owner()
    asked("a", owner=first)
    for key in "bcd":
        asked(key)
    asked("a", owner=second)
    del first
    gc.collect()
    assert "a" in asked.kept._entries


def test_somebody_may_leave_while_this_very_thread_counts(asked):
    """Python looks for what is gone whenever something is made, also while the lock is held."""
    owner = Owner()
    asked("a", owner=owner)
    done = threading.Event()

    def leave():
        nonlocal owner
        with asked.kept._lock:
            owner = None
            gc.collect()
        done.set()

    threading.Thread(target=leave, daemon=True).start()
    assert done.wait(LONG / 6), "it waits for itself"
    asked("b")
    assert list(asked.kept._entries) == ["b"]


# How large


def test_numbers_and_texts_are_counted_wherever_they_are():
    assert size_of(values()) == SIZE
    assert size_of("x" * 50) == size_of(b"x" * 50) == 50
    assert size_of(Pair(values(), {"more": values()})) == 2 * SIZE
    assert size_of([values(), values()]) >= 2 * SIZE
    assert size_of(None) == size_of(3.5) == size_of(len) == 0


def test_what_is_there_twice_counts_once():
    array = values()
    assert size_of(Pair(array, array)) == SIZE


def test_a_view_counts_as_what_it_keeps_alive():
    array = values()
    assert size_of(array[:10]) == SIZE
    assert size_of(Pair(array[:10], array[10:20])) == SIZE
    assert size_of(Pair(array, array.reshape(10, -1)[3])) == SIZE


def test_tables_are_counted():
    table = pd.DataFrame({"number": np.zeros(1000), "name": ["x"] * 1000})
    assert size_of(table) == size_of(Pair(table, None)) == 16_000
    assert size_of(table["number"]) == 8_000


def test_what_a_job_has_to_do_what_it_needs_and_what_it_found_are_counted():
    need = Job(len, values())
    job = Job(len, values(), needs=[need])
    job.end(values())
    assert size_of(job) >= 3 * SIZE
