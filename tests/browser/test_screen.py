"""How the page sits on the screen: every size, present mode, light and dark, and calm where motion is not wanted."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browser.players import Player, slider, wait_for_answers, wait_for_player, wait_until, widget

SIZES = {
    "notebook": (1280, 720),
    "large": (1920, 1080),
    "phone": (390, 844),
    "tablet": (1024, 768),
    "narrow": (700, 900),
}
READABLE = 18  # pixels, the least size of text from the last row

OVERFLOW = """() => {
    const main = document.querySelector("[data-testid=stMain]");
    return {
        across: Math.max(main.scrollWidth - main.clientWidth, document.documentElement.scrollWidth - innerWidth),
        down: Math.max(main.scrollHeight - main.clientHeight, document.documentElement.scrollHeight - innerHeight),
    };
}"""
# The boxes of a panel and of what can be seen in it, as [left, top, right, bottom] with a name.
BOXES = """(root, selector) => {
    const box = (element) => {
        const { left, top, right, bottom } = element.getBoundingClientRect();
        return [left, top, right, bottom];
    };
    const shown = [...root.querySelectorAll(selector)].filter((element) => element.getClientRects().length > 0);
    return { panel: box(root), parts: shown.map((element) => [element.className || element.tagName, ...box(element)]) };
}"""
# Every text that is drawn on a canvas, with its size in CSS pixels.
RECORD_CANVAS_TEXT = """
    window.canvasTexts = [];
    for (const name of ["fillText", "strokeText"]) {
        const draw = CanvasRenderingContext2D.prototype[name];
        CanvasRenderingContext2D.prototype[name] = function (text, ...rest) {
            const scale = this.getTransform().a / Math.min(devicePixelRatio, 2);
            window.canvasTexts.push([String(text), scale * Number(this.font.match(/([\\d.]+)px/)[1])]);
            return draw.call(this, text, ...rest);
        };
    }
"""
# Every text that can be seen, with its size. Indices and powers are small by their nature.
PAGE_TEXTS = """() => {
    const texts = [];
    const walker = document.createTreeWalker(document.querySelector("[data-testid=stMain]"), NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.parentElement;
        if (!node.textContent.trim() || element.closest("sub, sup, option, style, script, svg, .xp-unseen")) continue;
        if (!element.checkVisibility({ visibilityProperty: true }) || element.getClientRects().length === 0) continue;
        texts.push([node.textContent.trim(), parseFloat(getComputedStyle(element).fontSize)]);
    }
    return texts;
}"""


@pytest.fixture(scope="module")
def page(open_shared_page):
    page = open_shared_page("/", watch=lambda page: page.add_init_script(RECORD_CANVAS_TEXT))
    for name in ("em", "als"):
        wait_for_player(page, name)
    return page


@pytest.fixture
def players(page):
    yield [wait_for_player(page, name).reset() for name in ("em", "als")]
    set_present(page, False)
    page.set_viewport_size({"width": 1280, "height": 720})


def set_size(page: Page, players: list[Player], size: str) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    for player in players:
        player.settle()


def set_present(page: Page, present: bool) -> None:
    """Switch present mode where it is not yet what it should be."""
    if (page.locator("html").get_attribute("data-present") == "1") != present:
        page.keyboard.press("p")
        expect(page.locator("html")).to_have_attribute("data-present", "1" if present else "0")
    for name in ("em", "als"):
        wait_for_player(page, name).settle()


def check_inside(player: Player, selector: str) -> list[tuple]:
    """Check that the visible parts lie inside the panel; their boxes."""
    found = player.root.evaluate(BOXES, selector)
    left, top, right, bottom = found["panel"]
    assert found["parts"], selector
    for name, x0, y0, x1, y1 in found["parts"]:
        where = f"{name} at {x0:.0f}-{x1:.0f}, {y0:.0f}-{y1:.0f} in {left:.0f}-{right:.0f}, {top:.0f}-{bottom:.0f}"
        assert left - 0.5 <= x0 <= x1 <= right + 0.5, where
        assert top - 0.5 <= y0 <= y1 <= bottom + 0.5, where
    return found["parts"]


def check_transport(player: Player) -> None:
    parts = check_inside(player, ".xp-transport > *")
    for (name, _, _, right, _), (after, left, *_) in pairwise(parts):
        assert right <= left + 0.5, f"{name} overlaps {after}"


# ---- sizes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["notebook", "large"])
def test_everything_is_on_the_screen_without_scrolling(page, players, size):
    set_size(page, players, size)
    overflow = page.evaluate(OVERFLOW)
    assert overflow["across"] <= 0
    assert overflow["down"] <= 0
    for player in players:
        box = player.root.bounding_box()
        assert box["y"] + box["height"] <= SIZES[size][1]


def test_the_panels_use_the_height_of_a_large_screen(page, players):
    set_size(page, players, "large")
    for player in players:
        box = player.root.bounding_box()
        assert box["y"] + box["height"] >= 1080 - 48


@pytest.mark.parametrize("present", [False, True], ids=["", "present"])
@pytest.mark.parametrize("size", SIZES)
def test_everything_in_a_panel_fits_into_it(page, players, size, present):
    set_size(page, players, size)
    set_present(page, present)
    for player in players:
        for step in (0, 5, 6, player.last_step):
            player.seek(step)
            player.settle()
            check_transport(player)
            check_inside(player, ".xp-head > *, .xp-terms, .xp-note, canvas, table, .xp-verdict > *")
            ((_, _, _, right, low), (_, left, high, *_)) = check_inside(player, ".xp-terms, .xp-note")
            assert right <= left or low <= high, "the formula overlaps its note"


@pytest.mark.parametrize("size", ["tablet", "narrow", "phone"])
def test_where_two_panels_do_not_fit_beside_each_other_they_stack(page, players, size):
    set_size(page, players, size)
    em, als = (player.root.bounding_box() for player in players)
    assert em["y"] + em["height"] <= als["y"]
    for box in (em, als):
        assert box["width"] >= 0.9 * SIZES[size][0]
    assert page.evaluate(OVERFLOW)["across"] <= 0


@pytest.mark.parametrize("present", [False, True], ids=["", "present"])
@pytest.mark.parametrize("k", [4, 5, 6, 10])
def test_many_components_fit_too(page, players, k, present):
    em = players[0]
    handle = slider(page, "em_n_components")
    handle.press("Home")
    for _ in range(k - 1):
        handle.press("ArrowRight")
    expect(em.summary).to_contain_text(f"K {k} ")
    page.mouse.move(640, 4)
    em.root.focus()
    set_present(page, present)
    em.seek(1)
    em.settle()
    check_transport(em)
    rows = check_inside(em, "table.xp-table tbody tr")
    assert len(rows) == k
    floor = em.root.locator(".xp-verdict").bounding_box()["y"]
    assert rows[-1][4] <= floor + 0.5, "the table runs into the verdict"
    assert page.evaluate(OVERFLOW)["down"] <= 0
    set_present(page, False)
    slider(page, "em_n_components").press("Home")
    slider(page, "em_n_components").press("ArrowRight")
    slider(page, "em_n_components").press("ArrowRight")
    expect(em.summary).to_contain_text("K 3")


def test_on_a_phone_the_controls_open_by_a_button(page, players):
    set_size(page, players, "phone")
    for name, player in zip(("em", "als"), players, strict=True):
        controls = widget(page, f"{name}_controls")
        expect(controls).to_be_hidden()
        player.summary.click()
        expect(controls).to_be_visible()
        expect(player.summary).to_have_attribute("aria-expanded", "true")
        assert page.evaluate(OVERFLOW)["across"] <= 0
        player.summary.click()
        expect(controls).to_be_hidden()


HELD = "data=galaxies&k=6&seed=3&floor=0.001&at_floor=hold&em_step=40"
SPIKE = "data=galaxies&k=5&seed=20&em_step=230"


@pytest.mark.parametrize("present", ["", "&present=1"], ids=["", "present"])
@pytest.mark.parametrize(("run", "word"), [(HELD, "compare only with held runs"), (SPIKE, "does not count")])
def test_what_is_said_of_held_runs_and_of_spikes_fits_as_well(open_page, run, word, present):
    em = wait_for_player(open_page(f"/?{run}{present}"), "em")
    if present:
        em.press("h")  # what comes next is shown
    expect(em.verdict).to_contain_text(word)
    em.settle()
    sentence = em.verdict.locator("span").last
    hidden = sentence.evaluate("span => span.scrollHeight - span.clientHeight")
    assert hidden < 8, "a line of the sentence is cut"  # the tails of letters stick out by two pixels
    rows = check_inside(em, "table.xp-table tbody tr")
    assert rows[-1][4] <= em.root.locator(".xp-verdict").bounding_box()["y"] + 0.5, "the table runs into the verdict"
    heights = {round(bottom - top) for _, _, top, _, bottom in rows}
    assert max(heights) - min(heights) <= 1, "a row is higher than others"
    marks = em.root.locator(".xp-held")
    assert marks.count() == (3 if run == HELD else 0)


# ---- present mode ------------------------------------------------------------------------------------------------

CONTROLS = ["em_controls", "als_controls", "header"]


def check_presented(page: Page, players: list[Player]) -> None:
    for key in CONTROLS:
        expect(widget(page, key)).to_be_hidden()
    overflow = page.evaluate(OVERFLOW)
    assert overflow["across"] <= 0
    assert overflow["down"] <= 0
    for player in players:
        box = player.root.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 1280
        assert box["y"] >= 0 and box["y"] + box["height"] <= 720


def test_the_button_enters_present_mode_and_another_leaves_it(page, players):
    page.get_by_role("button", name=re.compile("^Present")).click(timeout=5_000)
    check_presented(page, players)
    page.wait_for_url("**present=1*")
    page.get_by_role("button", name="Leave present mode").click(timeout=5_000)
    for key in CONTROLS:
        expect(widget(page, key)).to_be_visible()
    page.wait_for_url(lambda url: "present" not in url)


def test_keys_enter_and_leave_present_mode_wherever_the_focus_is(page, players):
    for focus in (lambda: page.locator("body").focus(), players[1].root.focus):
        for enter, leave in [("p", "Escape"), ("P", "p")]:
            focus()
            page.keyboard.press(enter)
            check_presented(page, players)
            page.keyboard.press(leave)
            expect(widget(page, "em_controls")).to_be_visible()


def small_texts(page: Page, players: list[Player], least: float) -> list[tuple[float, str]]:
    """Every text smaller than that, of the page and its canvases, in present mode."""
    set_present(page, True)
    page.evaluate("window.canvasTexts = []")
    for player in players:
        for step in (1, 2, player.last_step):
            player.seek(step)
            player.settle()
    texts = page.evaluate(PAGE_TEXTS) + page.evaluate("window.canvasTexts")
    assert len(texts) > 60
    return sorted({(round(size, 1), text) for text, size in texts if size < least})


def test_in_present_mode_every_text_is_readable_from_the_last_row(page, players):
    small = small_texts(page, players, READABLE)
    assert not small, f"Too small to read: {small}"


def test_ten_components_get_tight_but_stay_readable(page, players):
    slider(page, "em_n_components").press("End")
    expect(players[0].summary).to_contain_text("K 10")
    small = small_texts(page, players, 17)
    numbers = {str(component) for component in range(1, 11)}  # in discs and lanes, beside their colour
    assert {text for _, text in small} <= numbers, f"Too small to read: {small}"
    assert not small or min(small)[0] >= 13


def test_a_link_opens_in_present_mode_and_hides_what_comes_next(open_page):
    page = open_page("/?k=2&present=1")
    players = [wait_for_player(page, name) for name in ("em", "als")]
    check_presented(page, players)
    for player in players:
        expect(player.verdict).to_contain_text("What comes next?")
        player.press("h")
        expect(player.verdict).not_to_contain_text("What comes next?")
        player.press("h", "End")
        expect(player.verdict).not_to_contain_text("What comes next?")
        assert player.root.get_attribute("data-kind") == "present"


# ---- light, dark, calm -------------------------------------------------------------------------------------------

COMPONENTS = {"light": ["#394CB4", "#B83C21"], "dark": ["#838CF9", "#E57534"]}
INK_AND_PAPER = {"light": ["rgb(27, 31, 36)", "rgb(255, 255, 255)"], "dark": ["rgb(237, 240, 243)", "rgb(21, 24, 28)"]}


def test_each_mode_has_its_palette_and_follows_the_system(open_page):
    page = open_page("/?k=2", dark=True)
    em, als = wait_for_player(page, "em"), wait_for_player(page, "als")
    check_palette(em, als, "dark")
    em.seek(5)
    for mode in ("light", "dark"):
        page.emulate_media(color_scheme=mode)
        wait_until(page, lambda mode=mode: set(COMPONENTS[mode]) <= em.colours(), "the palette changes")
        check_palette(em, als, mode)
        assert em.step == 5, "the player keeps its place"


def check_palette(em: Player, als: Player, mode: str) -> None:
    ink, paper = INK_AND_PAPER[mode]
    for player in (em, als):
        expect(player.root).to_have_css("color", ink)
        expect(player.root).to_have_css("background-color", paper)
    colours = em.settle().colours()
    assert set(COMPONENTS[mode]) <= colours
    assert not colours & set(COMPONENTS["light" if mode == "dark" else "dark"])


def test_where_motion_is_not_wanted_steps_jump(open_page):
    page = open_page("/?k=2", reduced_motion=True)
    wait_for_answers(page)  # whose arrival draws, too
    for name in ("em", "als"):
        player = wait_for_player(page, name)
        for step, action in [(1, "forward"), (2, "forward"), (4, "full")]:
            frames = player.settle().frames
            player.click(action)
            player.wait_for_step(step)
            assert player.settle().frames - frames <= 2
        picture = player.picture()
        player.seek(3)
        player.seek(4)
        assert player.picture() == picture
        player.set_speed(8)
        player.click("play")
        player.wait_until_past(6)
