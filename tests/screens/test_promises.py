"""What a player may ask for later: over an address of its own, as far as it is there, and not for ever."""

import asyncio
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette

from explorer.datasets import own_sample
from explorer.screens.jobs import promises, scheduler, shared
from explorer.screens.jobs.job import ENDED, Job
from explorer.screens.jobs.kept import Kept
from explorer.screens.jobs.promises import PATH, PATIENCE, Gone, Promise, promise, promised, route
from explorer.screens.jobs.scheduler import wait
from explorer.screens.parts import panels
from explorer.screens.parts.em_panel import EM_PANEL
from explorer.settings import EMSettings
from tests.player.decoder import decode
from tests.screens import works


@pytest.fixture(autouse=True)
def no_promises(monkeypatch):
    monkeypatch.setattr(promises, "_PROMISES", type(promises._PROMISES)())


def ask(token):
    """What the server answers: status, headers, body."""

    async def call():
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        path = f"/{PATH}/{token}"
        scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": b"", "headers": [], "http_version": "1.1", "scheme": "http",
        }  # fmt: skip
        await Starlette(routes=[route("")])(scope, receive, send)
        return sent

    with ThreadPoolExecutor(1) as pool:  # this thread may have a loop that runs, left by tests in the browser
        start, *bodies = pool.submit(asyncio.run, call()).result()
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return SimpleNamespace(
        status=start["status"], headers=headers, body=b"".join(each.get("body", b"") for each in bodies)
    )


def raise_gone():
    raise Gone


def test_what_is_there_is_given_at_once():
    promise("token", Promise(lambda: ENDED, lambda: b"what was promised"))
    answer = ask("token")
    assert (answer.status, answer.body) == (200, b"what was promised")
    assert answer.headers["content-type"] == "application/octet-stream"


def test_the_server_waits_for_what_is_being_made():
    job = Job(works.add, 2, 3)
    promise("token", Promise(lambda: job, lambda: str(job.result).encode()))
    answers = [ask("token").body]
    while not job.finished:  # on a machine that is very busy
        answers.append(ask("token").body)
    assert answers[-1] == b"5" or ask("token").body == b"5"


def test_what_takes_longer_is_answered_with_what_is_there_by_then(tmp_path):
    job = Job(works.wait_for, tmp_path / "go", "halfway")
    promise("token", Promise(lambda: job, lambda: job.progress.encode()))
    began = time.monotonic()
    answers = [ask("token")]
    assert time.monotonic() - began >= PATIENCE
    while not answers[-1].body:  # on a machine that is very busy
        answers.append(ask("token"))
    assert (answers[-1].status, answers[-1].body) == (200, b"halfway")
    (tmp_path / "go").touch()


def test_no_answer_is_kept_by_the_browser_as_the_next_may_be_another():
    promise("token", Promise(lambda: ENDED, lambda: b""))
    promise("gone", Promise(raise_gone, lambda: b""))
    assert {ask(token).headers["cache-control"] for token in ("token", "gone", "unknown")} == {"no-store"}


def test_what_nobody_promised_is_not_there():
    assert ask("unknown").status == 404


@pytest.mark.parametrize("made", [Promise(raise_gone, lambda: b""), Promise(lambda: ENDED, raise_gone)])
def test_what_was_promised_to_somebody_who_is_gone_is_not_there(made):
    promise("token", made)
    assert ask("token").status == 404


def test_to_ask_is_not_to_be_active(monkeypatch):
    noted = []
    monkeypatch.setattr(scheduler.SCHEDULER, "somebody_is_active", lambda: noted.append(1))
    promise("token", Promise(lambda: ENDED, lambda: b""))
    ask("token")
    assert noted == []


def test_so_many_are_remembered_and_the_newest_of_them(monkeypatch):
    monkeypatch.setattr(promises, "MAX_PROMISES", 3)
    made = Promise(lambda: ENDED, lambda: b"")
    for token in "abcad":
        promise(token, made)
    assert [token for token in "abcd" if promised(token)] == ["a", "c", "d"]


def test_many_may_promise_at_the_same_time(monkeypatch):
    monkeypatch.setattr(promises, "MAX_PROMISES", 10)
    made = Promise(lambda: ENDED, lambda: b"")
    threads = [
        threading.Thread(target=lambda name=name: [promise(f"{name} {i}", made) for i in range(500)]) for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(promises._PROMISES) == 10


# What the panels promise


def shown_of(settings, own=None):
    place = panels.place_of(EM_PANEL, "em", ["em"])
    return panels._Shown(EM_PANEL, settings, place, own and weakref.ref(own))


@pytest.fixture
def shown(monkeypatch):
    """A run on the explorer's own data, of which nothing is known yet."""
    monkeypatch.setattr(shared, "KEPT", Kept())
    return shown_of(EMSettings(data="ten-points", n_components=2))


class EndsWhenLookedAt(Job):
    """Ends in the very moment in which somebody reads that it has no result."""

    @property
    def result(self):
        before, self._result = getattr(self, "_result", None), "found"
        self.ended.set()
        return before

    @result.setter
    def result(self, value):
        pass


@pytest.mark.parametrize("message", [panels._run, panels._known])
def test_what_is_called_finished_is_all_there_is(shown, monkeypatch, message):
    """Who is told that there is no more to ask never asks again."""
    job = EndsWhenLookedAt(works.add)
    monkeypatch.setattr(panels, "beyond_job", lambda *args: job)
    seen = []

    def verdict(run, settings, found):
        seen.append(found)
        return EM_PANEL.verdict(run, settings, None)

    panel = replace(EM_PANEL, verdict=verdict, known=lambda found: {})
    header, _ = decode(message(replace(shown, panel=panel)))
    assert seen == [None]
    assert header["ask"] if message is panels._run else not header["finished"]


def test_what_took_long_and_is_not_kept_any_more_is_gone_and_nothing_is_found_out_beyond_it(shown, monkeypatch):
    monkeypatch.setattr(shared, "may_take_long", lambda *args: True)
    assert wait(shown.making, 60)
    assert wait(shown.beyond, 60) and shown.beyond.error is None
    monkeypatch.setattr(shared, "KEPT", Kept())
    with pytest.raises(Gone):
        _ = shown.beyond
    with pytest.raises(Gone):
        panels._known(shown)
    assert not any(key[0] == "beyond" for key in shared.KEPT._entries)
    header, _ = decode(panels._run_or_progress(shown))
    assert header["role"] == "progress", "the run itself is made again"


def test_who_brought_the_same_data_is_promised_something_of_their_own():
    settings = EMSettings(data="own", n_components=2)
    mine, theirs = (shared.Own.of(own_sample([1.0, 2.0, 3.0, 10.0, 11.0, 12.0])) for _ in range(2))
    tokens = {shown_of(settings, own).token("run") for own in (mine, theirs)}
    assert len(tokens) == 2
    assert shown_of(settings, mine).token("run") in tokens
