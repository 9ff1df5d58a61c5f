"""What a class costs: the time from a changed slider to its picture while many do so at once, and the server's memory.

The people are simulated and share the machine with the server. The peer, an app of one slider, has the same crowd on
the same machine, half of it before and half of it after ours, so that a noisy neighbour shows in both.
"""

import asyncio
import re
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from explorer.settings import EMStudySettings
from explorer.study.plans import batches_of, study_of
from tests.benchmarks.table import Row
from tests.conftest import RunningExplorer
from tests.crowd import Change, Figures, Person, crowd, seeds, simulate

psutil = pytest.importorskip("psutil", reason="The extra `benchmark` brings it.")

EVERY = 5.0  # seconds between two changes of one person
SECONDS, THEIR_SECONDS = 30.0, 10.0
SLOWEST = 1.0  # seconds that 95 of 100 changes may take
RATIO = 2.0  # ... and how often as long as with the peer
N_BESIDE = 20  # people at the players while others are at something dear
# Streamlit keeps whoever has left for two minutes, in case they come back: here for so many seconds.
LINGER, TTL = 5, "STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL"
PEER = "one slider, the same crowd"

STUDYING = 20.0  # seconds
STUDIES = [f"/sensitivity?k=8&starts=1000&seed={number}" for number in range(1, 6)]
DEAREST = [
    "/?data=generated&points=5000&k=10&iterations=5000&tol=0&matrix=generated&rows=100&cols=100&rank=10&sweeps=500"
    "&als_tol=0&seen=20&ridge=0&noise=1&true_rank=10",
    "/sensitivity?k=10&starts=10000&iterations=5000&tol=0&data=generated&points=5000",
    "/sensitivity?study=als&rank=10&masks=10000&als_starts=10000&sweeps=500&als_tol=0",
]


@pytest.fixture
def explorer(run_explorer, tmp_path) -> Iterator[RunningExplorer]:
    """A server of its own for each test."""
    with run_explorer(tmp_path) as running:
        yield running


@pytest.fixture
def compare(serve_app, table) -> Callable[..., Figures]:
    """`compare(work, n, ours)` measures ours, a crowd of n, between two halves of the peer's; returns ours."""
    peer = serve_app("one_slider")

    def theirs(n: int) -> Figures:
        return simulate(crowd(peer, n, turns_of_peer, every=EVERY, seconds=THEIR_SECONDS))

    def compare_(work: str, n: int, ours: Coroutine[Any, Any, Figures]) -> Figures:
        before, figures, after = theirs(n), simulate(ours), theirs(n)
        peers = Figures(waits=before.waits + after.waits, lost=before.lost + after.lost)
        assert not figures.failures, figures.failures[:5]
        ratio = late(figures) / late(peers)
        table.append(Row(work, PEER, in_words(figures), in_words(peers), ratio, RATIO, at_most=True))
        return figures

    return compare_


def turns_of_peer(number: int) -> Iterator[Change]:
    return (Change("seed", 1 + (17 * turn + 131 * number) % 999, "text") for turn in count())


def late(figures: Figures) -> float:
    return float(np.percentile(figures.waits, 95))


def in_words(figures: Figures) -> str:
    lost = f"{len(figures.lost)} of {len(figures.waits)} lost"
    return f"p50 {np.median(figures.waits):.3f} s, p95 {late(figures):.3f} s, {lost}"


def add_bounds(table: list[Row], work: str, figures: Figures) -> None:
    """Add rows that bound what people wait for, in seconds, and what is lost."""
    slow, n_lost = late(figures), len(figures.lost)
    table.append(Row(f"{work}: p95 in seconds", "none", f"{slow:.3f} s", "", slow, SLOWEST, at_most=True))
    table.append(Row(f"{work}: lost changes", "none", f"{n_lost} of {len(figures.waits)}", "", n_lost, 0, at_most=True))


@pytest.mark.parametrize(("n", "alike"), [(1, False), (20, True), (20, False), (80, True)])
def test_a_class(explorer, compare, n, alike):
    of_each = partial(seeds, alike=alike)
    work = f"a change each {EVERY:g} s by {n}, {'all the same' if alike else 'each its own'}"
    compare(work, n, crowd(explorer.url, n, of_each, every=EVERY, seconds=SECONDS))


# ---- memory ------------------------------------------------------------------------------------------------------


def test_eighty_each_its_own_and_what_they_leave(monkeypatch, run_explorer, tmp_path, compare, table, notes):
    monkeypatch.setenv(TTL, str(LINGER))
    work, n = "a change each 5 s by 80, each its own", 80
    with run_explorer(tmp_path) as running:
        before = memory(running)
        with peak_memory(running) as peaks:
            figures = compare(work, n, crowd(running.url, n, seeds, every=EVERY, seconds=SECONDS))
        left = memory_when_left(running)
        with peak_memory(running) as later_peaks:
            simulate(crowd(running.url, n, seeds, every=EVERY, seconds=SECONDS))
        left_again = memory_when_left(running)
    add_bounds(table, work, figures)
    words = f"{left_again:.0f} MB, {max(later_peaks):.0f} at most"
    first = f"{left:.0f} MB, {max(peaks):.0f} at most"
    work = "memory after a second crowd of 80, its peak"
    table.append(Row(work, "after the first, its peak", words, first, left_again / left, 1.1, at_most=True))
    notes.append(f"The server held {before:.0f} MB before anybody came, and the pages of {n} came within")
    notes.append(
        f"{max(figures.arrivals):.1f} s. Who has left is forgotten after {LINGER} s here, else after Streamlit's 120;"
    )
    notes.append(f"the memory was read some {4 * LINGER} s after all had left.")


def memory(running: RunningExplorer) -> float:
    """Megabytes that the server holds, without its workers."""
    return psutil.Process(running.process.pid).memory_info().rss / 1e6


@contextmanager
def peak_memory(running: RunningExplorer) -> Iterator[list[float]]:
    """The memory while the block runs, twice a second."""
    seen, ended = [memory(running)], Event()

    def watch() -> None:
        while not ended.wait(0.5):
            seen.append(memory(running))

    thread = Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def memory_when_left(running: RunningExplorer) -> float:
    """The memory when nobody is there any more: Streamlit forgets who has left when the next one leaves."""

    async def last_guest() -> None:
        async with Person(running.url):
            pass

    time.sleep(2 * LINGER)
    simulate(last_guest())
    time.sleep(2 * LINGER)
    return memory(running)


# ---- studies and dear links --------------------------------------------------------------------------------------


def test_studies_beside_the_players(explorer, compare, table, notes):
    grown, stops = [], []

    async def study(link: str, together: asyncio.Barrier) -> None:
        """Come to a study that waits for its button, have it go on for a while together with the others, stop it."""
        async with Person(explorer.url, link) as person:
            assert await person.until(lambda: waits_for_its_button(person), 90), f"{link}: {person.progress}"
            before = n_finished(person)
            await together.wait()
            await person.press("em_study_run")
            await asyncio.sleep(STUDYING)
            await together.wait()
            pressed = time.perf_counter()
            await person.press("em_study_run")
            assert await person.until(lambda: person.notice.startswith("Stopped")), f"{link}: {person.progress}"
            stops.append(time.perf_counter() - pressed)
            grown.append(n_finished(person) - before)
            assert not person.failures, person.failures

    async def ours() -> Figures:
        ended, together = Event(), asyncio.Barrier(len(STUDIES))

        async def studies() -> None:
            try:
                await asyncio.gather(*(study(link, together) for link in STUDIES))
            finally:
                ended.set()

        figures, _ = await asyncio.gather(crowd(explorer.url, N_BESIDE, seeds, every=EVERY, ended=ended), studies())
        return figures

    work = f"a change by {N_BESIDE} beside {len(STUDIES)} studies"
    figures = compare(work, N_BESIDE, ours())
    add_bounds(table, work, figures)
    batch = len(batches_of(study_of(EMStudySettings(n_components=8)))[0].seeds)  # what takes turns
    work = f"the most runs of a study in {STUDYING:g} s beyond the fewest"
    apart = max(grown) - min(grown)
    table.append(Row(work, "a batch", f"{max(grown)} - {min(grown)}", f"{batch}", apart / batch, 1, at_most=True))
    slowest = max(stops)
    table.append(Row("from Stop to stopped, in seconds", "none", f"{slowest:.2f} s", "", slowest, 2, at_most=True))
    runs = ", ".join(map(str, grown))
    notes.append(f"The studies made {runs} runs in {STUDYING:g} s, beside {N_BESIDE} people at the players.")


def waits_for_its_button(person: Person) -> bool:
    return person.buttons.get("em_study_run") == "Go on" and person.notice != ""


def n_finished(person: Person) -> int:
    """How many runs a study that rests says it has."""
    return int("".join(re.findall(r"\d", person.notice.split(" of ")[0])))


def test_the_dearest_links_beside_the_players(explorer, compare, table, notes):
    told: dict[str, str] = {}

    async def look(link: str, stay: asyncio.Barrier) -> None:
        async with Person(explorer.url, link, arrival=SECONDS) as person:
            await stay.wait()
            await asyncio.sleep(SECONDS)
            words = [*map(person.seen.get, ("em", "als")), person.notice, person.progress, *person.failures]
            told[link] = "; ".join(filter(None, words))

    async def ours() -> Figures:
        ended, stay = Event(), asyncio.Barrier(3 * len(DEAREST))

        async def looks() -> None:
            try:
                await asyncio.gather(*(look(link, stay) for link in 3 * DEAREST))
            finally:
                ended.set()

        figures, _ = await asyncio.gather(crowd(explorer.url, N_BESIDE, seeds, every=EVERY, ended=ended), looks())
        return figures

    work = f"a change by {N_BESIDE} beside 3 at each of the dearest links"
    add_bounds(table, work, compare(work, N_BESIDE, ours()))
    notes.append(f"What the dearest links showed {SECONDS:g} s after they were opened:")
    notes += [f"  {link}: {words}" for link, words in told.items()]
