"""A moved slider is always followed by its picture, whatever the server does at that moment, for this page and others.

Streamlit drops what it has not sent yet when the next request comes: a slider then stood at its new value, and the
picture at the old one.
"""

import asyncio
import re
from random import Random
from time import perf_counter

from playwright.sync_api import Page, expect

from tests.browser.players import slider, wait_for_player
from tests.crowd import Person, beside, simulate

MOVES = 25
HASTY, TURNS = 6, 40


def press(page: Page, panel: str, key: str) -> None:
    """Move a panel's seed by a key, at this moment, without waiting for anything."""
    slider(page, f"{panel}_seed").press(key, no_wait_after=True)


def expect_pictures(page: Page) -> None:
    """Both players show the seeds at which their sliders stand."""
    for panel in ("em", "als"):
        seed = slider(page, f"{panel}_seed").evaluate("handle => handle.value ?? handle.getAttribute('aria-valuenow')")
        expect(wait_for_player(page, panel).summary).to_have_text(re.compile(rf" seed {seed}$"))


def test_every_move_is_followed_by_its_picture_while_others_move_theirs(open_page, app_url):
    page, dice = open_page(), Random(0)
    expect_pictures(page)
    with beside(app_url, 4, every=0.5) as others:
        for _ in range(MOVES):
            for panel in dice.choice([["em"], ["als"], ["em", "als"], ["als", "em"]]):
                press(page, panel, "ArrowRight")
                page.wait_for_timeout(dice.choice([0, 5, 20, 100, 250]))
            expect_pictures(page)
            page.wait_for_timeout(400 * dice.random())
    assert others.waits and not others.lost and not others.failures


def test_moves_a_few_milliseconds_apart_are_followed_by_the_last_picture(open_page):
    page = open_page()
    expect_pictures(page)
    for gaps in ([0, 0, 0], [0, 5, 0], [210, 0, 210], [205, 5, 30]):  # a slider is sent when it has rested for 200 ms
        for gap in gaps:
            press(page, "em", "ArrowRight")
            page.wait_for_timeout(gap)
            press(page, "als", "ArrowRight")
        expect_pictures(page)


def test_requests_at_the_end_of_an_answer_are_followed_by_the_last_picture(app_url):
    async def haste(number: int) -> list[str]:
        dice, wrong, waited = Random(number), [], 0.05
        async with Person(app_url) as person:
            for turn in range(1, TURNS + 1):
                await person.move("em_seed", turn)
                await asyncio.sleep(min(0.2, 1.5 * waited) * dice.random())
                await person.move("als_seed", turn)
                moved = perf_counter()
                for slot in ("em", "als"):
                    if not await person.until_seen(slot, f"seed {turn}"):
                        wrong.append(f"turn {turn}: {person.seen[slot]}, running: {person.running}")
                waited = perf_counter() - moved
        return wrong + person.failures

    async def all_at_once() -> list[list[str]]:
        return await asyncio.gather(*map(haste, range(HASTY)))

    assert simulate(all_at_once()) == [[]] * HASTY
