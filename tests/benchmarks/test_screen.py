"""What the screen costs: frames a second, bytes over the wire, and the time from a changed slider to its picture.

Ours and theirs take turns in one browser. What the page finds out beyond a run, once it has drawn it, must not
disturb the peer: it waits until our wire is quiet.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocket

from explorer.settings import EMSettings
from tests.benchmarks.conftest import HERE
from tests.benchmarks.table import Row, spread
from tests.browser.players import link, slider, wait_for_player

# n = 4000, K = 5, 100 iterations
LONG_RUN = EMSettings(data="two-bumps", n_components=5, max_iter=100, rtol=0.0)
ROUNDS = 20

OUR_PICTURE = """(() => {
    const root = document.querySelector("[data-testid=em-player]");
    stopwatch.keyToPicture(root, () => root.player.at(0).means.join());
})()"""
THEIR_PICTURE = """(() => {
    const page = document.querySelector("[data-testid=stMain]"); // a chart with frames is replaced by a new one
    stopwatch.keyToPicture(page, () => page.querySelector(".js-line")?.getAttribute("d"));
})()"""
PLAYING_RATE = """async (root, seconds) => {
    root.player.play();
    return stopwatch.rate(() => root.player.frames, seconds);
}"""
PAUSE = "root => root.player.pause()"
IDLE_RATE = """seconds => {
    let frames = 0;
    return stopwatch.rate(() => (frames += 1), seconds);
}"""


class Wire:
    """Bytes that went over a page's websockets so far."""

    def __init__(self, page: Page):
        self.sent = self.received = 0
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda payload: self._count(sent=len(payload)))
        socket.on("framereceived", lambda payload: self._count(received=len(payload)))

    def _count(self, sent: int = 0, received: int = 0) -> None:
        self.sent += sent
        self.received += received


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[[str], tuple[Page, Wire]]]:
    """`visit(address)` opens a page with the stopwatch in it."""
    contexts = []

    def visit_(address: str) -> tuple[Page, Wire]:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 720}))
        page = contexts[-1].new_page()
        wire = Wire(page)
        page.add_init_script(path=HERE / "stopwatch.js")
        page.goto(address)
        return page, wire

    yield visit_
    for context in contexts:
        context.close()


def test_playing(visit, app_url, table):
    page, wire = visit(app_url + link(LONG_RUN))
    blank, _ = visit("about:blank")
    root = wait_for_player(page, "em").root
    bytes_a_frame, at_once, at_rest, idle = [], [], [], []
    for _ in range(ROUNDS // 2):
        time_key(page, slider(page, "em_seed"), OUR_PICTURE)
        root.evaluate("root => root.player.play()")
        page.wait_for_timeout(1000)  # what still belongs to the change comes through
        before, frames = wire.sent + wire.received, root.evaluate("root => root.player.frames")
        at_once.append(root.evaluate(PLAYING_RATE, 2))
        frames = root.evaluate("root => root.player.frames") - frames
        bytes_a_frame.append((wire.sent + wire.received - before) / frames)
        root.evaluate(PAUSE)  # only now: a player that rests lets questions pass
    wait_until_quiet(page)
    for _ in range(ROUNDS // 2):
        idle.append(blank.evaluate(IDLE_RATE, 2))
        at_rest.append(root.evaluate(PLAYING_RATE, 2))
        root.evaluate(PAUSE)
    peer, theirs = "the browser, doing nothing", spread(idle, "/s")
    for work, rates in (
        ("frames a second while playing, n = 4000, K = 5", at_rest),
        ("the same, a second after a change", at_once),
    ):
        table.append(Row(work, peer, spread(rates, "/s"), theirs, np.median(rates) / np.median(idle), 0.95))
    most = max(bytes_a_frame)
    work = "bytes per frame while playing, a second after a change"
    table.append(Row(work, "none", f"at most {most:.3g}", "0", most, 0, at_most=True))


def test_bytes_for_one_run(visit, serve_app, app_url, table):
    page, wire = visit(app_url + link(replace(LONG_RUN, n_components=4)))
    their_page, their_wire = visit(serve_app("plotly_frames"))
    player = wait_for_player(page, "em")
    their_page.wait_for_selector(".js-line", state="attached", timeout=60_000)
    wait_until_quiet(their_page)
    ours, theirs = wire.received, their_wire.received
    time_key(their_page, their_page.locator("input[type=range]"), THEIR_PICTURE)
    theirs = their_wire.received - theirs
    assert their_page.evaluate("document.querySelector('.js-plotly-plot')._transitionData._frames.length") == 200
    time_key(page, slider(page, "em_n_components"), OUR_PICTURE)
    ours = wire.received - ours
    assert player.last_step == 200
    work = "bytes for one run, n = 4000, K = 5, 100 iterations"
    table.append(Row(work, "Plotly frames", f"{ours / 1e3:.0f} kB", f"{theirs / 1e3:.0f} kB", theirs / ours, 20))


def test_changed_slider(visit, serve_app, app_url, table, notes):
    page, _ = visit(app_url)
    their_page, _ = visit(serve_app("plotly_two_points"))
    wait_for_player(page, "em")
    their_page.wait_for_selector(".js-line", state="attached", timeout=60_000)
    seed, height = slider(page, "em_seed"), their_page.locator("input[type=range]")
    at_rest, at_work, theirs = [], [], []
    for _ in range(ROUNDS):
        wait_until_quiet(page, their_page)
        at_rest.append(time_key(page, seed, OUR_PICTURE))
        page.wait_for_timeout(1000)
        at_work.append(time_key(page, seed, OUR_PICTURE))
        wait_until_quiet(page, their_page)
        theirs.append(time_key(their_page, height, THEIR_PICTURE))
    peer = "one slider, one two-point Plotly chart"
    measured = {
        "a changed slider to the new picture": at_rest,
        "the same, a second after another change": at_work,
        peer: theirs,
    }
    totals = {name: np.sum(parts, axis=1) for name, parts in measured.items()}
    for name in list(measured)[:2]:
        ratio = np.median(totals[name]) / np.median(totals[peer])
        ours, of_peer = spread(totals[name], "ms"), spread(totals[peer], "ms")
        table.append(Row(name, peer, ours, of_peer, ratio, 1.3, at_most=True))
    notes.append("Where the time goes, in milliseconds: until the app sends, until the last message, drawn, painted")
    for name, parts in measured.items():
        notes.append(f"  {name}: " + ", ".join(f"{part:.0f}" for part in np.median(parts, axis=0)))


def time_key(page: Page, handle: Locator, picture: str) -> list[float]:
    """Move a slider one value up: the parts of the time, in milliseconds, until the new picture is painted."""
    handle.focus()
    page.evaluate(picture)
    page.keyboard.press("ArrowRight")
    return page.evaluate("window.timed")


def wait_until_quiet(*pages: Page) -> None:
    for page in pages:
        page.evaluate("stopwatch.quiet(800)")
