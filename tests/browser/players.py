"""What a test can see of a player from outside: its root element keeps the position in data attributes."""

import re
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Locator, Page, expect

FIRST_PICTURE = 30_000  # milliseconds until a player must show on a busy machine


@dataclass(frozen=True)
class Player:
    """One player in a page; steps count half steps."""

    root: Locator

    @property
    def step(self) -> int:
        return int(self.root.get_attribute("data-step"))

    @property
    def last_step(self) -> int:
        return int(self.root.get_attribute("data-last-step"))

    @property
    def playing(self) -> bool:
        return self.root.get_attribute("data-playing") == "true"

    def wait_for_step(self, step: int) -> None:
        expect(self.root).to_have_attribute("data-step", str(step))

    def wait_until_playing(self, playing: bool) -> None:
        expect(self.root).to_have_attribute("data-playing", "true" if playing else "false")

    def colours(self) -> int:
        """Number of distinct colours on the player's canvases; an empty canvas has one at most."""
        return self.root.locator("canvas").evaluate_all(
            """canvases => {
                const colours = new Set();
                for (const canvas of canvases) {
                    if (!canvas.width || !canvas.height) continue;
                    const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                    for (const pixel of new Uint32Array(image.data.buffer)) colours.add(pixel);
                }
                return colours.size;
            }"""
        )


def wait_for_player(page: Page, name: Literal["em", "als"]) -> Player:
    """The player `em` or `als`, once it is in the page and has a run."""
    root = page.get_by_test_id(f"{name}-player")
    expect(root).to_have_attribute("data-last-step", re.compile(r"^[1-9]\d*$"), timeout=FIRST_PICTURE)
    return Player(root)
