"""Two runs of one kind side by side: in step from the start, each in its own slot, and on every screen."""

import re
from itertools import pairwise
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.players import Player, replay_link, wait_for_player, wait_until, widget

RUNS = ("random-points:17", "k-means:3")
OVERFLOW = """() => {
    const main = document.querySelector("[data-testid=stMain]");
    return Math.max(main.scrollWidth - main.clientWidth, document.documentElement.scrollWidth - innerWidth);
}"""


# A study whose answers are there at once: what can be chosen on the page comes from them.
SMALL = {"k": 2, "inits": "random-points", "starts": 20}


@pytest.fixture(scope="module", autouse=True)
def small_study(open_shared_page):
    page = open_shared_page("/sensitivity?" + urlencode(SMALL))
    expect(page.get_by_role("button", name="Download the runs")).to_be_visible()


def choose_second(page: Page) -> None:
    """Choose another run for the second place, on the page."""
    page.locator("[class*=st-key-replay_1_]").get_by_role("combobox").click()
    page.get_by_role("option").last.click()


def both(page: Page) -> list[Player]:
    return [wait_for_player(page, slot) for slot in ("a", "b")]


def wait_for_steps(players: list[Player], *steps: int) -> None:
    for player, step in zip(players, steps, strict=True):
        player.wait_for_step(step)


@pytest.fixture(scope="module")
def page(open_shared_page):
    return open_shared_page(replay_link(*RUNS, k=2))


@pytest.fixture
def players(page):
    a, b = both(page)
    for player in (a, b):
        player.reset()
    a.click("link")  # as the page has it
    expect(b.button("link")).to_have_attribute("aria-pressed", "true")
    return [a, b]


# ---- in step -----------------------------------------------------------------------------------------------------


def test_two_runs_are_in_step_from_the_start(open_page):
    page = open_page(replay_link(*RUNS))
    players = both(page)
    for player in players:
        expect(player.button("link")).to_have_attribute("aria-pressed", "true")
    players[0].click("full", "forward")
    wait_for_steps(players, 3, 3)
    wait_until(page, lambda: "a_step=3" in page.url and "b_step=3" in page.url, "the address has both steps")
    assert "link" not in page.url
    assert players[0].settle().picture() != players[1].picture(), "these are two runs"


def test_buttons_scrubber_and_keys_of_either_move_both(players):
    a, b = players
    b.click("forward")
    wait_for_steps(players, 1, 1)
    a.root.locator("input.xp-scrub").fill("6")
    wait_for_steps(players, 6, 6)
    b.press("ArrowLeft")
    wait_for_steps(players, 5, 5)
    a.press("Shift+ArrowRight")
    wait_for_steps(players, 6, 6)
    b.press("Home")
    wait_for_steps(players, 0, 0)
    b.press("End")
    wait_for_steps(players, a.last_step, b.last_step)


def test_play_and_pause_are_of_both(players):
    a, b = players
    a.set_speed(4)
    expect(b.root.locator("select.xp-speed")).to_have_value("4")
    a.press(" ")
    for player in players:
        player.wait_until_playing(True)
    b.wait_until_past(2)
    b.click("play")
    for player in players:
        player.wait_until_playing(False)
    assert a.settle().step == b.step


def test_hiding_and_the_loop_are_of_both(players):
    a, b = players
    a.click("eye")
    b.press("l")
    for player in players:
        expect(player.verdict).to_contain_text("What comes next?")
        expect(player.button("loop")).to_have_attribute("aria-pressed", "true")


def test_without_the_link_each_goes_its_own_way_and_a_reload_finds_both_there(open_page):
    page = open_page(replay_link(*RUNS, k=2))
    a, b = both(page)
    a.press("k")
    a.seek(3)
    b.seek(5)
    wait_until(
        page, lambda: all(entry in page.url for entry in ("a_step=3", "b_step=5", "link=0")), "the address follows"
    )
    page.reload()
    a, b = both(page)
    wait_for_steps([a, b], 3, 5)
    for player in (a, b):
        expect(player.button("link")).to_have_attribute("aria-pressed", "false")
    a.click("forward")
    a.wait_for_step(4)
    assert b.settle().step == 5


def test_a_reload_finds_linked_runs_where_each_of_them_was(open_page):
    """The shorter one waits at its end, which is no reason to bring the longer one there."""
    page = open_page(replay_link(*RUNS, k=3))
    a, b = both(page)
    short, long = sorted((a, b), key=lambda player: player.last_step)
    assert short.last_step < long.last_step
    long.seek(short.last_step + 2)
    short.wait_for_step(short.last_step)
    steps = [a.step, b.step]
    wait_until(
        page, lambda: f"a_step={steps[0]}" in page.url and f"b_step={steps[1]}" in page.url, "the address follows"
    )
    page.reload()
    players = both(page)
    wait_for_steps(players, *steps)
    expect(players[0].button("link")).to_have_attribute("aria-pressed", "true")


# ---- one run, and another ----------------------------------------------------------------------------------------


def test_a_run_alone_has_nothing_to_be_linked_with_and_the_next_one_joins_it(open_page):
    page = open_page(replay_link(RUNS[0], **SMALL, a_speed=4))
    a = wait_for_player(page, "a")
    expect(a.button("link")).to_be_hidden()
    a.seek(5)
    choose_second(page)
    b = wait_for_player(page, "b")
    wait_for_steps([a, b], 5, 5)
    expect(b.root.locator("select.xp-speed")).to_have_value("4")
    b.click("forward")
    wait_for_steps([a, b], 6, 6)
    widget(page, "b_close").get_by_role("button").click()
    expect(b.root).to_have_count(0)
    expect(a.button("link")).to_be_hidden()
    a.click("forward")
    a.wait_for_step(7)
    wait_until(page, lambda: "a_step=7" in page.url and "b_" not in page.url, "the address forgets the other one")


def test_another_run_on_the_same_data_keeps_the_place(open_page):
    page = open_page(replay_link(*RUNS, **SMALL, a_step=5, b_step=5))
    players = both(page)
    name = players[1].summary.text_content()
    choose_second(page)
    expect(players[1].summary).not_to_have_text(name)
    wait_for_steps(players, 5, 5)


def test_a_run_that_is_closed_leaves_the_address(open_page):
    page = open_page(replay_link(*RUNS, a_step=5, b_step=5))
    both(page)
    widget(page, "a_close").get_by_role("button").click()
    a = wait_for_player(page, "a")
    expect(a.summary).to_have_text("k-means · seed 3")
    a.wait_for_step(5)
    wait_until(page, lambda: "runs=k-means%3A3" in page.url and "b_step" not in page.url, "the address has one run")


def test_a_step_out_of_range_is_named_in_the_player_that_it_is_for(open_page):
    page = open_page(replay_link(*RUNS, b_step=99_999))
    a, b = both(page)
    expect(b.verdict).to_contain_text("“99999”")
    expect(a.verdict).not_to_contain_text("Link")


def test_a_run_opens_in_explore_and_back_is_as_it_was(open_page):
    page = open_page(replay_link(*RUNS, a_step=5, b_step=5))
    players = both(page)
    name = players[1].summary.text_content()
    page.get_by_role("link", name="Open in Explore").last.click()
    em = wait_for_player(page, "em")
    expect(em.summary).to_have_text(f"Old Faithful, eruptions · K 3 · {name}")
    entries = {"init": "k-means", "seed": "3", "iterations": "1000"}
    wait_until(page, lambda: dict(parse_qsl(urlsplit(page.url).query)) == entries, "the address is that of Explore")
    page.go_back()
    wait_for_steps(both(page), 5, 5)


# ---- the screen --------------------------------------------------------------------------------------------------

SIZES = {"notebook": (1280, 720), "large": (1920, 1080), "tablet": (1024, 768), "phone": (390, 844)}
STACKED = ("tablet", "phone")


def box(player: Player) -> dict[str, float]:
    return player.root.bounding_box()


@pytest.mark.parametrize("present", [False, True], ids=["", "present"])
@pytest.mark.parametrize("size", SIZES)
def test_both_fit_on_every_screen(page, players, size, present):
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    if present:
        players[0].press("p")
    try:
        for player in players:
            player.seek(6)
            player.settle()
        a, b = map(box, players)
        assert page.evaluate(OVERFLOW) <= 0
        for each in (a, b):
            assert each["x"] >= 0 and each["x"] + each["width"] <= width
        if size in STACKED:
            assert a["y"] + a["height"] <= b["y"]
        else:
            assert a["x"] + a["width"] <= b["x"]
            assert (a["y"], a["height"]) == (b["y"], b["height"]), "what is compared is level"
            assert a["y"] + a["height"] <= height, "nothing is below the fold"
        for slot in ("a", "b"):
            head = widget(page, f"{slot}_head")
            shown = [part.bounding_box() for part in head.locator("p.caption, a, button").all() if part.is_visible()]
            assert len(shown) == (1 if present else 3)
            for part in shown:
                assert part["x"] >= 0 and part["x"] + part["width"] <= width
            for left, right in pairwise(shown):
                below = left["y"] + left["height"] <= right["y"] + 0.5
                assert below or left["x"] + left["width"] <= right["x"] + 0.5, "the line above a player overlaps"
    finally:
        if present:
            page.keyboard.press("Escape")
        page.set_viewport_size({"width": 1280, "height": 720})


def test_what_has_the_same_value_stands_at_the_same_place(open_page):
    """Both curves hang on one axis: the same run twice is the same picture, and so is its axis beside another run."""
    page = open_page(replay_link(RUNS[0], RUNS[0]))
    a, b = both(page)
    page.mouse.move(640, 4)
    assert a.picture() == b.picture()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_each_mode_has_its_palette(open_page, mode):
    page = open_page(replay_link(*RUNS, a_step=6, b_step=6), dark=mode == "dark")
    components = {"light": {"#394CB4", "#B83C21"}, "dark": {"#838CF9", "#E57534"}}
    for player in both(page):
        wait_until(page, lambda player=player: components[mode] <= player.colours(), "the picture is there")
    here = page.locator("[aria-current=page]")
    ink, paper = (
        ("rgb(27, 31, 36)", "rgb(255, 255, 255)") if mode == "light" else ("rgb(237, 240, 243)", "rgb(21, 24, 28)")
    )
    expect(here).to_have_css("color", ink)
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", paper)
    shade = here.evaluate("element => getComputedStyle(element).backgroundColor")
    assert re.search(r"(?:/|,) *0?\.\d+\)$", shade), "a shade of the ink, thin enough to read it on"
