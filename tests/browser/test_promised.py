"""Pictures that the server has promised are fetched one at a time, and the last that was asked for is the one shown."""

import re

from playwright.sync_api import Page, expect

from explorer.settings import ALSSettings, EMSettings
from tests.browser.players import link, open_more, slider, wait_for_player, wait_until, widget

ANSWERS = "**/answers/*"
# Runs that may take long as far as anybody can tell before they are made: their pictures are promised.
LONG_EM = EMSettings(data="generated", n_points=5000, n_components=4, max_iter=2000, rtol=1e-4)
LONG_ALS = ALSSettings(matrix="generated", n_rows=100, n_cols=100, rank=8, max_sweeps=500, rtol=1e-2)


def test_who_comes_back_to_a_picture_waits_no_more_for_the_one_between(open_page):
    page = open_page(link(LONG_EM))
    em = wait_for_player(page, "em")
    expect(em.root).to_have_attribute("data-known", "true")
    held = _hold(page)
    slider(page, "em_n_components").press("ArrowRight")
    wait_until(page, lambda: held, "the other picture is asked for")
    slider(page, "em_n_components").press("ArrowLeft")
    wait_until(page, lambda: len(held) > 1, "the first is asked for again")
    page.unroute(ANSWERS)  # what is held goes on
    page.wait_for_timeout(1500)  # in which what nobody waits for would have come
    expect(em.summary).to_contain_text("K 4")
    expect(em.verdict).not_to_contain_text("Running")
    expect(page).to_have_url(re.compile("k=4"))
    expect(em.root).to_have_attribute("data-known", "true")


def test_what_the_server_has_forgotten_is_promised_again_with_any_change(open_page):
    page = open_page("/")
    wait_for_player(page, "em")
    page.route(ANSWERS, lambda route: route.fulfill(status=404))
    page.goto(page.url.rstrip("/") + link(LONG_EM, LONG_ALS))
    for slot in ("em", "als"):
        expect(page.get_by_test_id(f"{slot}-player").locator(".xp-verdict")).to_contain_text("has forgotten this run")
    page.unroute(ANSWERS)
    slider(page, "als_rank").press("ArrowLeft")
    for slot in ("em", "als"):
        wait_for_player(page, slot)
        expect(page.get_by_test_id(f"{slot}-player").locator(".xp-verdict")).not_to_contain_text("forgotten")


def test_a_switch_of_the_picture_is_obeyed_by_one_that_was_fetched(open_page):
    page = open_page(link(LONG_EM))
    em = wait_for_player(page, "em")
    expect(em.root).to_have_attribute("data-known", "true")
    em.seek(1)
    before = em.settle().picture()
    open_more(page, "em", "Run")
    widget(page, "em_soft").get_by_text("Soft colours").click()
    wait_until(page, lambda: em.picture() != before, "the points' colours are soft")


def _hold(page: Page) -> list:
    """Hold every question to the server from now on; they come in the list that is returned."""
    held = []
    page.route(ANSWERS, lambda route: held.append(route))
    return held
