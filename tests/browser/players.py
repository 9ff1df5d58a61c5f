"""What a test can see and do from outside: the players by their root elements, the widgets by their keys."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page, expect

from explorer.settings import ALSSettings, EMSettings, write_query

PATIENCE = 30_000  # milliseconds for what the server or a run in the browser takes on a busy machine
expect.set_options(timeout=PATIENCE)

# A hash of every visible canvas, so that two pictures are compared pixel by pixel.
_PICTURE = """root => [...root.querySelectorAll("canvas")].filter((c) => c.width && c.height).map((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let hash = 0;
    for (const pixel of new Uint32Array(data.buffer)) hash = (Math.imul(hash, 31) + pixel) | 0;
    return `${canvas.width}x${canvas.height}:${hash}`;
})"""
# Resolves when nothing was drawn in three frames of the screen.
_SETTLE = """root => new Promise((resolve) => {
    let still = 0;
    let frames = -1;
    const look = () => {
        still = root.player.frames === frames ? still + 1 : 0;
        frames = root.player.frames;
        if (still < 3) requestAnimationFrame(look);
        else resolve();
    };
    look();
})"""
_RESET = """root => {
    for (const action of ["loop", "link", "eye"]) {
        const button = root.querySelector(`[data-action=${action}]`);
        if (button.getAttribute("aria-pressed") === "true") button.click();
    }
    const speed = root.querySelector("select.xp-speed");
    speed.value = "1";
    speed.dispatchEvent(new Event("change", { bubbles: true }));
    root.player.seek(0);
}"""


@dataclass(frozen=True)
class Player:
    """One player in a page; steps count half steps."""

    root: Locator

    @property
    def page(self) -> Page:
        return self.root.page

    @property
    def step(self) -> int:
        return int(self.root.get_attribute("data-step"))

    @property
    def last_step(self) -> int:
        return int(self.root.get_attribute("data-last-step"))

    @property
    def playing(self) -> bool:
        return self.root.get_attribute("data-playing") == "true"

    @property
    def frames(self) -> int:
        """Number of frames drawn so far."""
        return self.root.evaluate("root => root.player.frames")

    @property
    def summary(self) -> Locator:
        """One line with the data and the main settings of the run that is shown; visible on a phone."""
        return self.root.locator(".xp-settings")

    @property
    def verdict(self) -> Locator:
        return self.root.locator(".xp-verdict")

    @property
    def tip(self) -> Locator:
        """What is told about the place under the pointer."""
        return self.root.locator(".xp-tip")

    @property
    def figure(self) -> Locator:
        return self.root.locator(".xp-figure canvas")

    @property
    def curve(self) -> Locator:
        """The canvas with the likelihood or the errors by iteration."""
        return self.root.locator(".xp-curve canvas")

    def button(self, action: str) -> Locator:
        return self.root.locator(f"[data-action={action}]")

    def click(self, *actions: str) -> None:
        for action in actions:
            self.button(action).click()

    def press(self, *keys: str) -> None:
        """Press keys while the player has the focus."""
        for key in keys:
            self.root.press(key)

    def set_speed(self, speed: float) -> None:
        self.root.locator("select.xp-speed").select_option(f"{speed:g}")

    def seek(self, step: int) -> None:
        self.root.evaluate("(root, step) => root.player.seek(step)", step)

    def reset(self) -> "Player":
        """At the start, at speed 1, neither looping nor linked nor hiding anything."""
        self.root.evaluate(_RESET)
        return self

    def settle(self) -> "Player":
        """Wait until the picture rests."""
        self.root.evaluate(_SETTLE)
        return self

    def wait_for_step(self, step: int) -> None:
        expect(self.root).to_have_attribute("data-step", str(step))

    def wait_until_past(self, step: int) -> None:
        self.page.wait_for_function(
            "([root, step]) => Number(root.dataset.step) > step",
            arg=[self.root.element_handle(), step],
        )

    def wait_until_playing(self, playing: bool) -> None:
        expect(self.root).to_have_attribute("data-playing", "true" if playing else "false")

    def picture(self) -> list[str]:
        """Size and hash of every canvas at rest; two equal pictures are equal in every pixel."""
        return self.settle().root.evaluate(_PICTURE)

    def colours(self) -> set[str]:
        """The distinct colours, as #RRGGBB, on the player's canvases; an empty canvas has one at most."""
        return set(
            self.root.locator("canvas").evaluate_all(
                """canvases => {
                    const colours = new Set();
                    for (const canvas of canvases) {
                        if (!canvas.width || !canvas.height) continue;
                        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                        for (let i = 0; i < data.length; i += 4) {
                            if (data[i + 3] === 255) colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
                        }
                    }
                    return [...colours].map((colour) => "#" + colour.toString(16).padStart(6, "0").toUpperCase());
                }"""
            )
        )


def wait_for_player(page: Page, slot: Literal["em", "als", "a", "b"]) -> Player:
    """The player in this slot, once it is in the page and has a run."""
    root = page.get_by_test_id(f"{slot}-player")
    expect(root).to_have_attribute("data-last-step", re.compile(r"^\d+$"))
    return Player(root)


def wait_for_answers(page: Page) -> None:
    """Wait until both players know what is found out beyond their runs, which changes verdicts and pictures."""
    answers = {"em": r"\b40\b|climb|never|does not count", "als": r"determine|no method"}
    for name, words in answers.items():
        player = wait_for_player(page, name)
        expect(player.verdict).to_contain_text(re.compile(words))
        expect(player.verdict).not_to_contain_text("…")


def link(em: EMSettings | None = None, als: ALSSettings | None = None, **entries: object) -> str:
    """The path of a link with these settings and further entries, such as em_step=7."""
    query = write_query(em or EMSettings()) | write_query(als or ALSSettings()) | entries
    return "/?" + urlencode({name: value for name, value in query.items() if value is not None})


def replay_link(*runs: str, **entries: object) -> str:
    """The path of a link to the replay of runs in short, such as random-points:17, with further entries."""
    return "/sensitivity?" + urlencode({"runs": " ".join(runs)} | entries)


# ---- the widgets -------------------------------------------------------------------------------------------------


def widget(page: Page, key: str) -> Locator:
    """The Streamlit widget with this key."""
    return page.locator(f".st-key-{key}")


def slider(page: Page, key: str) -> Locator:
    """The handle of a slider: it takes the focus and the keys."""
    return widget(page, key).get_by_role("slider")


def choose(page: Page, key: str, option: str) -> None:
    """Choose an option of a select box."""
    widget(page, key).get_by_role("combobox").click()
    page.get_by_role("option", name=option, exact=True).click()


def roll_dice(page: Page, panel: str) -> None:
    widget(page, f"{panel}_dice").get_by_role("button").click()


def open_more(page: Page, panel: str, tab: str) -> None:
    """Open the popover with a panel's further settings, at a tab."""
    button = widget(page, f"{panel}_controls").get_by_role("button", name="More")
    if button.get_attribute("aria-expanded") != "true":
        button.click()
    page.get_by_role("tab", name=tab, exact=True).click()


def close_more(page: Page) -> None:
    page.keyboard.press("Escape")


def give_file(page: Page, key: str, name: str, content: bytes | str) -> None:
    """Give a file to an uploader, in the place of an earlier one."""
    data = content.encode() if isinstance(content, str) else content
    widget(page, key).locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": data}
    )


def upload(page: Page, key: str, name: str, content: bytes | str) -> None:
    """Give a file to an uploader and wait until the server has it."""
    give_file(page, key, name, content)
    expect(widget(page, key).get_by_role("button", name=f"Remove {name}")).to_be_visible()


# ---- waiting and watching ----------------------------------------------------------------------------------------


def wait_until(page: Page, condition: Callable[[], Any], what: str, timeout: float = PATIENCE) -> None:
    """Wait for a condition that only the test can judge; the page's events go on meanwhile."""
    deadline = time.monotonic() + timeout / 1000
    while not condition():
        assert time.monotonic() < deadline, f"Waited in vain until {what}."
        page.wait_for_timeout(50)


class Traffic:
    """What goes over the wire between a page and the server; made before the page is loaded (again)."""

    def __init__(self, page: Page):
        self._page = page
        self._last = time.monotonic()
        self._fetched = 0
        self._frames: list[str] = []
        page.on("websocket", self._watch)

    def _watch(self, socket: Any) -> None:
        socket.on("framesent", lambda payload: self._note("sent", payload))
        socket.on("framereceived", lambda payload: self._note("received", payload))

    def _note(self, way: str, payload: str | bytes) -> None:
        self._last = time.monotonic()
        self._frames.append(f"{way} {len(payload)} bytes")

    def _all_fetched(self) -> int:
        # Answers from the browser's own cache have a transfer size of 0.
        return self._page.evaluate(
            "performance.getEntriesByType('resource').reduce((sum, entry) => sum + entry.transferSize, 0)"
        )

    def wait_for_silence(self, seconds: float = 1.0) -> None:
        """Wait until the websocket has been silent for so long, and forget what went before."""
        self._last = time.monotonic()
        wait_until(self._page, lambda: time.monotonic() - self._last > seconds, "the wire is silent")
        self._frames.clear()
        self._fetched = self._all_fetched()

    def since_silence(self) -> list[str]:
        """Every websocket message, and what was fetched otherwise, in bytes."""
        fetched = self._all_fetched() - self._fetched
        return self._frames + ([f"fetched {fetched} bytes"] if fetched else [])
