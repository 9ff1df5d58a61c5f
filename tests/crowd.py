"""Simulated browsers: they speak Streamlit's protocol over its websocket, and ask for answers as the players do.

Each is light, so that some hundred fit beside the server that they are to try: of what it is sent a `Person` reads no
more than what its widgets hold, which pictures its players show, and what a study says of its progress.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from threading import Event
from time import perf_counter
from typing import Any
from urllib.parse import urljoin, urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PATIENCE = 20.0  # seconds after which a change whose picture has not come counts as lost
ARRIVAL = 120.0  # ... and within which every page should have come
REST = 0.25  # seconds without a change after which a player asks what nobody waits for (player/js/panel/questions.js)
RETRY = 2.0  # ... and after which it asks again where there was no answer


class Person:
    """One browser at one page, within `async with`, which loads it.

    arrival: seconds after which a page that has not come is a failure.
    seen: what each player shows, in words, by its slot; "text" is the last text on the page. buttons: what stands on
    each. progress and notice: what stands there last. failures: whatever should not have happened.
    """

    def __init__(self, url: str, link: str = "/", arrival: float = ARRIVAL):
        self._arrival = arrival
        self._address, at = urlsplit(url), urlsplit(link)
        self._url = urljoin(url, at.path)
        self._page, self._query = at.path.strip("/"), at.query
        self._page_hash = ""
        self._widgets: dict[str, _Widget] = {}
        self._blocks: dict[str, bytes] = {}
        self._asking: dict[str, asyncio.Task] = {}
        self._touched = 0.0
        self._news = asyncio.Condition()
        self.running = True  # a script, on the server
        self.seen: dict[str, str] = {}
        self.buttons: dict[str, str] = {}
        self.progress = self.notice = ""
        self.failures: list[str] = []
        self.n_asked = 0

    async def __aenter__(self) -> Person:
        stream = f"ws://{self._address.netloc}/_stcore/stream"
        self._socket = await websockets.connect(
            stream,
            subprotocols=["streamlit"],
            max_size=None,
            compression=None,
            ping_interval=None,
            open_timeout=ARRIVAL,
        )
        self._reading = asyncio.create_task(self._read())
        await self._send()
        if not await self.until(lambda: not self.running or self.progress, self._arrival):
            self.failures.append("The page did not come.")
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (self._reading, *self._asking.values()):
            task.cancel()
        await self._socket.close()

    # ---- what people do ----

    async def move(self, key: str, value: float) -> None:
        """Move a slider."""
        self._widgets[key].value = [float(value)]
        self._touched = perf_counter()
        await self._send(self._widgets[key].fragment)

    async def press(self, key: str) -> None:
        """Press a button."""
        self._touched = perf_counter()
        await self._send(self._widgets[key].fragment, pressed=self._widgets[key].id)

    async def until(self, condition: Callable[[], bool], patience: float = PATIENCE) -> bool:
        """Wait until something is so; return whether it came to that."""

        was_so = False

        def enough() -> bool:
            nonlocal was_so
            was_so = condition()
            return was_so or self._reading.done()

        async with self._news:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait_for(enough), patience)
        if self._reading.done():
            self.failures.append(f"The server closed the connection, or: {self._reading.exception()!r}")
        return was_so  # by now the next script may have begun

    async def until_seen(self, slot: str, words: str, patience: float = PATIENCE) -> bool:
        """Wait until a picture whose description ends so is shown, and the script that brought it has ended."""
        return await self.until(lambda: not self.running and self.seen.get(slot, "").endswith(words), patience)

    # ---- what a browser does ----

    async def _send(self, fragment: str = "", pressed: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.fragment_id = self._query, fragment
        state.page_script_hash, state.page_name = self._page_hash, "" if self._page_hash else self._page
        state.context_info.url, state.context_info.timezone = self._url, "UTC"
        state.context_info.locale, state.context_info.color_scheme = "en-US", "light"
        for widget in self._widgets.values():
            if widget.kind is None:
                continue
            held = state.widget_states.widgets.add(id=widget.id)
            if widget.kind.endswith("_array_value"):
                getattr(held, widget.kind).data.extend(widget.value)
            else:
                setattr(held, widget.kind, widget.value)
        if pressed:
            state.widget_states.widgets.add(id=pressed, trigger_value=True)
        await self._socket.send(message.SerializeToString())

    async def _read(self) -> None:
        with suppress(websockets.ConnectionClosed):
            async for frame in self._socket:
                message = ForwardMsg.FromString(frame)
                kind = message.WhichOneof("type")
                if kind == "new_session":
                    self.running, self._page_hash = True, message.new_session.page_script_hash
                    self.notice = ""
                elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                    self._take(message.delta.new_element, message.delta.fragment_id)
                elif kind == "script_finished":
                    self.running = False
                async with self._news:
                    self._news.notify_all()
        async with self._news:
            self._news.notify_all()

    def _take(self, element: Any, fragment: str) -> None:
        kind = element.WhichOneof("type")
        body = getattr(element, kind)
        if kind == "exception":
            self.failures.append(f"{body.type}: {body.message}")
        elif kind == "markdown":
            self.seen["text"] = body.body
        elif kind == "progress":
            self.progress = body.text
        elif kind == "alert":
            self.notice = body.body
            if body.body.startswith("Something failed here"):
                self.failures.append(body.body)
        key = _key_of(body)
        if not key:
            return
        now = self._widgets.get(key)
        if now is None or now.id != body.id:
            self._widgets[key] = _Widget(body.id, fragment, *_held(kind, body))
        now = self._widgets[key]
        now.fragment = fragment
        if kind == "button":
            self.buttons[key] = body.label
        elif kind == "bidi_component" and key.endswith("_player") and self._blocks.get(key) != body.bytes:
            self._blocks[key] = body.bytes
            self._show(key.removesuffix("_player"), _header(body.bytes))

    # ---- what a player does ----

    def _show(self, slot: str, header: dict[str, Any]) -> None:
        if slot in self._asking:
            self._asking.pop(slot).cancel()
        if header["role"] == "error":
            self.seen[slot] = header["text"]
        if header["role"] == "run":
            self.seen[slot] = header["summary"]
        if header.get("ask"):
            self._asking[slot] = asyncio.create_task(self._ask(slot, header["ask"], header["role"] == "promised"))

    async def _ask(self, slot: str, path: str, urgent: bool) -> None:
        """Ask until there is no more to ask; a picture that comes may have a question of its own."""
        while True:
            if not urgent:
                await self._rest()
            header = await self._fetch(urljoin("/", path))
            if header is None:
                await asyncio.sleep(RETRY)
            elif header["role"] in ("run", "error"):
                self._show(slot, header)
                async with self._news:
                    self._news.notify_all()
                return
            elif header["role"] == "gone" or header.get("finished"):
                return

    async def _rest(self) -> None:
        """Wait until nothing has been touched for a moment, and at least that moment before the first question."""
        rest = REST
        while rest > 0:
            await asyncio.sleep(rest)
            rest = self._touched + REST - perf_counter()

    async def _fetch(self, path: str) -> dict[str, Any] | None:
        self.n_asked += 1
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(self._address.hostname, self._address.port)
            try:
                writer.write(
                    f"GET {path} HTTP/1.1\r\nHost: {self._address.netloc}\r\nConnection: close\r\n\r\n".encode()
                )
                head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            finally:
                writer.close()
            status = head.split(b" ", 2)[1:2]
            if status == [b"200"]:
                return _header(body)
            if status == [b"404"]:
                return {"role": "gone"}
            self.failures.append(f"{path} answered {head[:80]!r}.")
        return None


@dataclass
class _Widget:
    """One widget of a page: its identity and fragment; kind: the field of its state, None for what has none."""

    id: str
    fragment: str
    kind: str | None = None
    value: Any = None


def _key_of(body: Any) -> str:
    """The key that the page gave a widget; "" for what is none."""
    identity = getattr(body, "id", "")
    return identity.split("-", 2)[-1] if identity.startswith("$$ID-") else identity


def _held(kind: str, body: Any) -> tuple[str | None, Any]:
    """What a new widget holds, as the field of its state and the value."""
    match kind:
        case "slider" if body.options:
            return "string_array_value", [body.options[int(index)] for index in body.default]
        case "slider":
            return "double_array_value", list(body.default)
        case "selectbox" if body.HasField("default"):
            return "string_value", body.options[body.default]
        case "multiselect":
            return "string_array_value", [body.options[index] for index in body.default]
        case "button_group":
            return "string_array_value", [body.options[index].content for index in body.default]
        case "checkbox":
            return "bool_value", body.default
        case "text_input":
            return "string_value", body.default
    return None, None


def _header(block: bytes) -> dict[str, Any]:
    """The header of a message to a player (explorer/player/payload.py)."""
    (length,) = struct.unpack_from("<I", block)
    return json.loads(block[4 : 4 + length])


# ---- crowds ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """A slider, by its key, what it is moved to, and the slot of the player that shows it then, or "text"."""

    key: str
    seed: int
    slot: str


@dataclass
class Figures:
    """What a crowd saw: seconds until the page had come, seconds from a change to its picture, and what went wrong.

    A lost change counts as one for which somebody waited until patience ended.
    """

    arrivals: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    n_asked: int = 0


def seeds(number: int, alike: bool = False) -> Iterator[Change]:
    """The changes of one of a crowd: seeds of EM and of ALS in turn, its own ones or those of everybody."""
    turn = 0
    while True:
        seed = 1 + (17 * turn + (0 if alike else 131 * number)) % 999
        yield Change("em_seed", seed, "em") if turn % 2 == 0 else Change("als_seed", seed, "als")
        turn += 1


async def crowd(
    url: str,
    n: int,
    changes: Callable[[int], Iterator[Change]],
    *,
    every: float,
    seconds: float = float("inf"),
    ended: Event | None = None,
    arrived: Event | None = None,
) -> Figures:
    """N people come; when all are there, each makes a change every so many seconds, for so long or until `ended`."""
    figures, gate = Figures(), asyncio.Barrier(n)

    async def visit(number: int) -> None:
        dice, began = Random(number), perf_counter()
        async with Person(url) as person:
            figures.arrivals.append(perf_counter() - began)
            await gate.wait()
            if arrived is not None:
                arrived.set()
            until = perf_counter() + seconds
            await asyncio.sleep(every * dice.random())
            for change in changes(number):
                sent = perf_counter()
                if sent > until or (ended and ended.is_set()) or person.failures:
                    break
                await person.move(change.key, change.seed)
                if not await person.until_seen(change.slot, f"seed {change.seed}"):
                    figures.lost.append(f"{change} of number {number}: {person.seen.get(change.slot)!r}")
                figures.waits.append(perf_counter() - sent)
                await asyncio.sleep(max(0.0, sent + every * (0.5 + dice.random()) - perf_counter()))
        figures.failures += person.failures
        figures.n_asked += person.n_asked

    await asyncio.gather(*(visit(number) for number in range(n)))
    return figures


def simulate(simulation: Any) -> Any:
    """Run a coroutine from a test: on a thread of its own, because a browser may hold the test's."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, simulation).result()


@contextmanager
def beside(url: str, n: int, every: float) -> Iterator[Figures]:
    """While the block runs, N people are there, each with seeds of its own; the figures are there in the end."""
    figures, ended, arrived = Figures(), Event(), Event()
    with ThreadPoolExecutor(1) as pool:
        people = pool.submit(asyncio.run, crowd(url, n, seeds, every=every, ended=ended, arrived=arrived))
        try:
            assert arrived.wait(ARRIVAL), "The crowd did not arrive."
            yield figures
        finally:
            ended.set()
            vars(figures).update(vars(people.result()))
