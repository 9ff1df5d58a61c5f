"""From page to page: by the header, by the keyboard and by the browser's buttons, with every address its own page's."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PageLog
from tests.browser.players import replay_link, slider, wait_for_player, wait_until, widget


def go_to(page: Page, name: str) -> None:
    widget(page, "pages").get_by_role("link", name=name, exact=True).click()
    # A list waits for one mark alone: while a page follows another, Streamlit shows both for a moment.
    expect(page.locator("[aria-current=page]")).to_have_text([name])


def players_gone(page: Page) -> None:
    expect(page.locator("section.xp")).to_have_count(0)


def test_the_header_leads_to_every_page_and_says_where_one_is(open_page):
    page = open_page("/")
    wait_for_player(page, "em")
    expect(page.locator("[aria-current=page]")).to_have_text(["Explore"])
    go_to(page, "Sensitivity")
    assert re.search(r"/sensitivity$", page.url)
    players_gone(page)
    go_to(page, "Explore")
    wait_for_player(page, "em")


def test_the_keyboard_gets_there(open_page):
    page = open_page("/")
    wait_for_player(page, "em")
    link = widget(page, "pages").get_by_role("link", name="Sensitivity")
    for _ in range(10):
        page.keyboard.press("Tab")
        if link.evaluate("element => element === document.activeElement"):
            break
    expect(link).to_be_focused()
    assert link.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("[aria-current=page]")).to_have_text(["Sensitivity"])


def test_explore_is_found_again_as_it_was_left(open_page):
    page = open_page("/?k=2&em_step=3&als_step=3&link=1&em_speed=4&als_speed=4&hide=1")
    em, als = (wait_for_player(page, name) for name in ("em", "als"))
    slider(page, "als_rank").press("ArrowRight")
    expect(als.summary).to_contain_text("rank 3")
    summaries = [player.summary.text_content() for player in (em, als)]
    wait_until(page, lambda: "rank=3" in page.url, "the address has followed")
    go_to(page, "Sensitivity")
    players_gone(page)
    page.wait_for_timeout(600)  # in which nothing of Explore may get into the address
    assert page.url.endswith("/sensitivity")
    go_to(page, "Explore")
    for name, summary in zip(("em", "als"), summaries, strict=True):
        player = wait_for_player(page, name)
        expect(player.summary).to_have_text(summary)
        player.wait_for_step(3)
        expect(player.root.locator("select.xp-speed")).to_have_value("4")
        for action in ("link", "eye"):
            expect(player.button(action)).to_have_attribute("aria-pressed", "true")
    entries = ("k=2", "rank=3", "em_step=3", "als_step=3", "link=1", "hide=1")
    wait_until(page, lambda: all(entry in page.url for entry in entries), "the address shows them again")


def test_players_that_are_left_while_they_play_say_nothing_any_more(open_page):
    page = open_page("/?em_loop=1&em_speed=32")
    em = wait_for_player(page, "em")
    em.click("play")
    em.wait_until_past(2)
    go_to(page, "Sensitivity")
    players_gone(page)
    page.wait_for_timeout(600)
    assert page.url.endswith("/sensitivity")


def test_the_browser_s_buttons_go_from_page_to_page_and_each_address_holds(open_page):
    page = open_page("/?k=2&em_step=5")
    wait_for_player(page, "em").wait_for_step(5)
    go_to(page, "Sensitivity")
    page.go_back()
    em = wait_for_player(page, "em")
    em.wait_for_step(5)
    expect(em.summary).to_contain_text("K 2 ")
    page.go_forward()
    players_gone(page)
    expect(page.locator("[aria-current=page]")).to_have_text(["Sensitivity"])
    assert page.url.endswith("/sensitivity")


def test_going_to_and_fro_makes_one_step_of_history_each(open_page):
    page = open_page(replay_link("random-points:17", "k-means:3"))
    for slot in ("a", "b"):
        wait_for_player(page, slot)
    before = page.evaluate("history.length")
    widget(page, "a_close").get_by_role("button").click()
    expect(page.get_by_test_id("b-player")).to_have_count(0)
    assert page.evaluate("history.length") == before
    go_to(page, "Explore")
    wait_for_player(page, "als")
    assert page.evaluate("history.length") == before + 1


@pytest.mark.parametrize(
    ("path", "help_"),
    [
        ("/", "EM and ALS are one move."),
        (replay_link("random-points:17", "k-means:3"), "Where a start leads, how often, and why."),
    ],
    ids=["explore", "sensitivity"],
)
def test_present_mode_and_help_are_on_every_page(open_page, path, help_):
    page = open_page(path)
    player = wait_for_player(page, "em" if path == "/" else "a")
    widget(page, "header").get_by_role("button", name="Help", exact=True).click()
    expect(page.get_by_text(help_)).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^Present")).click()
    expect(widget(page, "header")).to_be_hidden()
    expect(player.root).to_have_attribute("data-kind", "present")
    page.wait_for_url("**present=1*")
    page.get_by_role("button", name="Leave present mode").click()
    expect(widget(page, "header")).to_be_visible()


def test_the_header_keeps_its_height_and_nothing_in_it_overlaps(open_page):
    page = open_page("/")
    wait_for_player(page, "em")
    for width, height in [(1280, 720), (1920, 1080), (390, 844), (360, 640)]:
        page.set_viewport_size({"width": width, "height": height})
        expect(page.locator(".xp-present")).to_be_in_viewport()
        check_header(page, width)


def check_header(page: Page, width: int) -> None:
    assert widget(page, "header").bounding_box()["height"] == 48
    parts = [
        *widget(page, "pages").locator(".here, a").all(),
        page.locator(".xp-present"),
        widget(page, "header").get_by_role("button", name="Help", exact=True),
    ]
    boxes = sorted((part.bounding_box() for part in parts), key=lambda box: box["x"])
    right = 0
    for box in boxes:
        assert right <= box["x"] + 0.5
        assert box["y"] >= 0 and box["y"] + box["height"] <= 48
        right = box["x"] + box["width"]
    assert right <= width - 36, "Streamlit's own menu is beside it"


def test_the_first_visitor_of_all_may_come_by_a_link_to_another_page(run_explorer, browser, tmp_path):
    with run_explorer(tmp_path) as running:
        page = browser.new_context().new_page()
        log = PageLog()
        log.watch(page, running.url.removeprefix("http://"))
        page.goto(running.url + replay_link("random-points:17"))
        wait_for_player(page, "a")
        page.context.close()
        assert not log.page_errors
