"""The Sensitivity page in the browser: studies run and stopped, pictures clicked, runs replayed, results as files."""

import re
from itertools import combinations
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.players import Player, slider, wait_for_player, wait_until, widget

# Ten points are run at once; with K = 2 there are the map and the partitions as well.
TEN = {"data": "ten-points", "k": 2, "starts": 20, "floor": "0.01"}
PICTURES = ("optima", "map", "paths_level", "ends", "tolerances", "restarts", "partitions")
# So many runs that they take minutes on any machine, in batches of a second or less.
LARGE = {"starts": 10_000}
OVERFLOW = """() => {
    const main = document.querySelector("[data-testid=stMain]");
    return Math.max(main.scrollWidth - main.clientWidth, document.documentElement.scrollWidth - innerWidth);
}"""
# Where a place of a chart is on the screen: of the places that it finds, the one after this share of them.
PLACE = """(chart, [find, share]) => {
    const click = JSON.stringify(find.click);
    const reported = (entry) => JSON.stringify(Array.from(typeof entry === "object" ? entry : [entry]));
    for (const trace of chart._fullData) {
        const places = [];
        for (let i = 0; i < (trace.x ?? []).length; i++) {
            const fits = find.name !== undefined ? trace.name === find.name
                : trace.type === find.type && trace.customdata && reported(trace.customdata[i]) === click;
            if (fits && Number.isFinite(trace.y[i])) places.push(i);
        }
        if (!places.length) continue;
        const i = places[Math.round(share * (places.length - 1))];
        const axis = (letter) => chart._fullLayout[letter + "axis" + trace[letter + "axis"].slice(1)];
        const x = axis("x"), y = axis("y"), frame = chart.querySelector(".main-svg").getBoundingClientRect();
        const along = trace.type === "bar" ? trace.x[i] / 2 : trace.x[i];
        return [frame.left + x._offset + x.d2p(along), frame.top + y._offset + y.d2p(trace.y[i])];
    }
    throw new Error("There is no such place: " + JSON.stringify(find));
}"""


def study_link(**entries: object) -> str:
    return "/sensitivity?" + urlencode(TEN | entries)


def run_button(page: Page) -> Locator:
    return widget(page, "em_study_run").get_by_role("button")


def headline(page: Page) -> Locator:
    return page.locator(".headline")


def chart(page: Page, name: str) -> Locator:
    """A chart by the name of its element; a click on it makes it anew under another number."""
    return page.locator(f"[class*='st-key-{name}_'] .js-plotly-plot, .st-key-{name} .js-plotly-plot")


def wait_for_study(page: Page, n_runs: str) -> None:
    """Wait until a study is complete and all of its pictures stand."""
    expect(run_button(page)).to_have_text(f"{n_runs} runs done")
    expect(page.get_by_role("button", name="Download the runs")).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def click_at(page: Page, picture: str, share: float = 0.0, **find: object) -> None:
    """Click on a place of a chart: by the `type` of its trace and what a `click` on it reports, or by the `name`."""
    plot = chart(page, picture)
    plot.scroll_into_view_if_needed()
    page.mouse.move(2, 2)
    x, y = plot.evaluate(PLACE, [find, share])
    page.mouse.move(x - 1, y)
    page.mouse.click(x, y)


def both(page: Page) -> list[Player]:
    return [wait_for_player(page, slot) for slot in ("a", "b")]


def back(page: Page) -> None:
    page.get_by_role("button", name="Back to the results").click()
    expect(headline(page)).to_be_visible()
    expect(page.locator("section.xp")).to_have_count(0)
    wait_for_study(page, "80")


@pytest.fixture(scope="module")
def shared_page(open_shared_page):
    return open_shared_page(study_link())


@pytest.fixture
def page(shared_page):
    """The results of the ten points; what a test before left open is closed."""
    shared_page.keyboard.press("Escape")
    if shared_page.locator("section.xp").count():
        back(shared_page)
    wait_for_study(shared_page, "80")
    return shared_page


# ---- running -----------------------------------------------------------------------------------------------------


def test_the_button_runs_what_the_widgets_say_and_nothing_runs_before(open_page):
    page = open_page(study_link(k=3, inits="random-points,k-means++"))
    wait_for_study(page, "40")
    told = headline(page).inner_text()
    slider(page, "em_study_n_components").press("ArrowRight")
    expect(run_button(page)).to_have_text("Run 40 starts")
    expect(page.get_by_text("What is shown belongs to the settings before")).to_be_visible()
    assert headline(page).inner_text() == told
    run_button(page).click()
    wait_for_study(page, "40")
    expect(headline(page)).not_to_have_text(told)
    wait_until(page, lambda: "k=4" in page.url, "the address has followed")


def test_a_study_that_is_stopped_keeps_what_has_finished_and_goes_on(open_page):
    page = open_page("/sensitivity?" + urlencode(LARGE))
    expect(run_button(page)).to_contain_text("Stop")
    progress = page.get_by_test_id("stProgress")
    expect(progress).to_contain_text(re.compile(r"[1-9]\d* of 40.000 runs · .* left"))
    run_button(page).click()
    expect(run_button(page)).to_have_text("Go on")
    stopped = page.get_by_text(re.compile(r"^Stopped after [\d,]+ of 40.000 runs\.$"))
    expect(stopped).to_be_visible()
    expect(headline(page)).to_be_visible()
    finished = int(re.sub(r"\D", "", stopped.inner_text().split(" of ")[0]))
    assert 0 < finished < 40_000
    run_button(page).click()
    expect(run_button(page)).to_contain_text("Stop")
    expect(headline(page)).to_be_visible()
    wait_until(page, lambda: finished_runs(progress) > finished, "it goes on from there")
    run_button(page).click()
    expect(run_button(page)).to_have_text("Go on")


def finished_runs(progress: Locator) -> int:
    """How many runs the bar tells; it is gone for a moment when a picture is drawn anew."""
    if progress.count() != 1:
        return 0
    return int(re.sub(r"\D", "", progress.inner_text().split(" of ")[0]))


# ---- clicks ------------------------------------------------------------------------------------------------------

# The chart, the place, and the name of the run that is played on the left then.
CLICKS = {
    "bar": ("optima", {"type": "bar", "click": ["B", "random-points"]}, r"Random points · seed \d+"),
    "density": ("optima", {"type": "scatter", "click": ["B", ""], "share": 0.4}, r".* · seed \d+"),
    "bubble": ("ends", {"type": "scatter", "click": ["k-means++", 0]}, r"k-means\+\+ seeding · seed 0"),
    "path": ("paths_level", {"type": "scatter", "click": [1], "share": 1}, r".* · seed \d+"),
    "map": ("map", {"name": "leads to A", "share": 0.3}, r"Placed by hand · -?\d.*, -?\d.*"),
    "partition": ("partitions", {"name": "partitions", "share": 0.35}, r"Given partition · [12]{10}"),
}


@pytest.mark.parametrize("case", CLICKS)
def test_a_click_replays_a_run_beside_one_that_ended_elsewhere(page, case):
    name, place, caption = CLICKS[case]
    click_at(page, name, **place)
    players = both(page)
    expect(page.locator(".caption").first).to_have_text(re.compile(f"^{caption}$"))
    captions = page.locator(".caption").all_inner_texts()
    assert captions[0] != captions[1]
    for player in players:
        expect(player.button("link")).to_have_attribute("aria-pressed", "true")
    players[0].press("Home")
    players[0].click("full")
    for player in players:
        player.wait_for_step(2)
    back(page)


FIRST = {"picture": "optima", "type": "bar", "click": ["B", "random-points"]}


@pytest.fixture
def replay(shared_page, request):
    """The page with the replay of a click; what a test before left open serves as well."""
    if shared_page.locator("section.xp").count() != 2:
        click_at(request.getfixturevalue("page"), **FIRST)
    both(shared_page)
    return shared_page


def test_another_second_run_is_chosen(replay):
    left, right = replay.locator(".caption").all_inner_texts()
    boxes = widget(replay, "replay_choice").get_by_role("combobox")
    expect(boxes).to_have_count(2)
    boxes.last.click()
    replay.get_by_role("option", name=re.compile("^stopped early")).first.click()
    expect(replay.locator(".caption").last).not_to_have_text(right)
    expect(replay.locator(".caption").first).to_have_text(left)
    a, b = both(replay)
    wait_until(replay, lambda: a.last_step != b.last_step, "they are two runs")


def test_a_replay_opens_in_explore_and_the_browser_s_button_leads_back(replay):
    a, _ = both(replay)
    caption, last = replay.locator(".caption").first.inner_text(), a.last_step
    replay.get_by_role("link", name="Open in Explore").first.click()
    em = wait_for_player(replay, "em")
    expect(em.summary).to_have_text(f"Ten points (TD2) · K 2 · {caption}")
    assert em.last_step == last, "this is the same run"
    replay.go_back()
    both(replay)
    expect(replay.locator(".caption").first).to_have_text(caption)


def test_a_link_opens_the_very_replay_that_somebody_saw(replay, open_page):
    a, b = both(replay)
    a.seek(3)
    entries = ("runs=", "a_step=3", "b_step=3")  # in step, and each writes its own
    wait_until(replay, lambda: all(entry in replay.url for entry in entries), "the address has followed")
    captions, address = replay.locator(".caption").all_inner_texts(), replay.url
    other = open_page("/sensitivity?" + address.partition("?")[2])
    others = both(other)
    assert other.locator(".caption").all_inner_texts() == captions
    for player, same in zip((a, b), others, strict=True):
        same.wait_for_step(player.step)
        assert same.last_step == player.last_step
    back(other)
    back(replay)
    assert headline(other).inner_text() == headline(replay).inner_text()
    wait_until(other, lambda: "runs=" not in other.url, "the address is that of the study")


def test_a_replay_plays_and_steps_both_runs_and_leads_back_to_charts_that_can_be_clicked_again(replay):
    a, b = both(replay)
    a.press("Home")
    a.set_speed(8)
    a.click("play")
    for player in (a, b):
        player.wait_until_past(1)
    a.press("Home")
    b.click("forward")
    for player in (a, b):
        player.wait_for_step(1)
    ends = [a.last_step, b.last_step]
    a.press("End")
    for player, end in zip((a, b), ends, strict=True):
        player.wait_for_step(end)
    back(replay)
    assert "runs=" not in replay.url and "a_step" not in replay.url
    click_at(replay, **FIRST)
    both(replay)
    back(replay)


# ---- files -------------------------------------------------------------------------------------------------------


def open_results(page: Page, name: str, content: bytes) -> Locator:
    """Give a file to "Open results"; returns the open popover."""
    button = page.get_by_role("button", name="Open results")
    button.click()
    dialog = page.get_by_role("dialog")
    uploader = dialog.locator("input[type=file]")
    uploader.set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    expect(dialog.get_by_role("button", name=f"Remove {name}")).to_be_visible()
    button.scroll_into_view_if_needed()  # a picture that came late may have moved it, and the popover is at its side
    return dialog


@pytest.fixture(scope="module")
def csv(shared_page):
    """What the page gives as a file."""
    wait_for_study(shared_page, "80")
    shared_page.get_by_role("button", name="Download the runs").click()
    with shared_page.expect_download() as download:
        shared_page.get_by_role("dialog").get_by_role("button", name="CSV").click()
    shared_page.keyboard.press("Escape")
    assert download.value.suggested_filename == "em-study.csv"
    return Path(download.value.path()).read_bytes()


def test_a_downloaded_study_opens_in_another_session(page, csv, open_page):
    assert csv.count(b"\n") == 2 + 80
    other = open_page(study_link(k=3, starts=2))
    wait_for_study(other, "8")
    dialog = open_results(other, "mine.csv", csv)
    dialog.get_by_role("button", name="Show it").click()
    wait_for_study(other, "80")
    assert headline(other).inner_text() == headline(page).inner_text()
    expect(slider(other, "em_study_n_components")).to_have_value("2")
    expect(chart(other, "map")).to_be_visible()
    wait_until(other, lambda: "k=2" in other.url and "starts=20" in other.url, "the address has followed")


def test_a_broken_file_gets_a_sentence_and_nothing_is_lost(page, csv):
    told = headline(page).inner_text()
    dialog = open_results(page, "broken.csv", csv.replace(b"log_likelihood", b"nonsense"))
    expect(dialog.get_by_role("alert")).to_contain_text("broken.csv cannot be read as the results of a study")
    expect(dialog.get_by_role("button", name="Show it")).to_have_count(0)
    dialog.get_by_role("button", name="Remove broken.csv").click()
    expect(dialog.get_by_role("alert")).to_have_count(0)
    page.keyboard.press("Escape")
    assert headline(page).inner_text() == told
    wait_for_study(page, "80")


# ---- the screen --------------------------------------------------------------------------------------------------


def font_sizes(page: Page, name: str) -> list[float]:
    """The sizes in CSS pixels of all text in a chart but exponents."""
    return chart(page, name).evaluate_all(
        """charts => charts.flatMap((chart) => [...chart.querySelectorAll("text, tspan")])
            .filter((text) => text.textContent.trim() && !text.children.length && !text.style.fontSize.endsWith("%"))
            .map((text) => parseFloat(getComputedStyle(text).fontSize))"""
    )


def test_on_a_phone_nothing_is_wider_than_the_page_and_all_controls_can_be_reached(open_page):
    page = open_page(study_link(), width=390, height=844, dark=True)
    wait_for_study(page, "80")
    for name in PICTURES:
        expect(chart(page, name)).to_be_visible()
    assert page.evaluate(OVERFLOW) <= 0
    controls = [
        widget(page, f"em_study_{name}") for name in ("data", "n_components", "n_starts", "first_seed", "dice", "run")
    ]
    controls += [
        widget(page, "study_controls").get_by_role("button", name=name) for name in ("initializations", "More")
    ]
    controls += [page.get_by_role("button", name=name) for name in ("Download the runs", "Open results")]
    boxes = []
    for control in controls:
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["width"] > 20
        boxes.append(control.evaluate(ABSOLUTE))
    for one, other in combinations(boxes, 2):
        apart = one["right"] <= other["left"] + 1 or other["right"] <= one["left"] + 1
        assert apart or one["bottom"] <= other["top"] + 1 or other["bottom"] <= one["top"] + 1
    click_at(page, "optima", type="scatter", click=["B", ""], share=0.4)
    both(page)
    assert page.evaluate(OVERFLOW) <= 0


ABSOLUTE = """element => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const scrolled = document.querySelector("[data-testid=stMain]").scrollTop;
    return { left, right, top: top + scrolled, bottom: bottom + scrolled };
}"""


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_charts_have_the_colours_of_the_mode(page, open_page, mode):
    if mode == "dark":
        page = open_page(study_link(), dark=True)
        wait_for_study(page, "80")
    best, ink = {"light": ("#1F4E6B", "rgb(27, 31, 36)"), "dark": ("#8DB9CF", "rgb(237, 240, 243)")}[mode]
    colour = "(chart) => [...chart._fullData].map((trace) => trace.marker?.color).flat()"
    wait_until(page, lambda: best in chart(page, "optima").evaluate(colour), "the best optimum has its colour")
    (title, *_) = chart(page, "paths_level").locator(".xtitle").all()
    expect(title).to_have_css("fill", ink)


def test_present_mode_has_large_type_and_no_controls(page):
    wait_until(page, lambda: max(font_sizes(page, "ends"), default=18) < 18, "the type is as on any page")
    headline(page).click()
    page.keyboard.press("p")
    for name in PICTURES:
        wait_until(page, lambda name=name: has_large_type(page, name), f"the type of {name} is large")
    for hidden in ("study_controls", "study_files", "figures_table", "header"):
        expect(widget(page, hidden)).to_be_hidden()
    expect(headline(page)).to_be_visible()
    assert page.evaluate(OVERFLOW) <= 0
    page.keyboard.press("Escape")
    expect(widget(page, "study_controls")).to_be_visible()
    wait_until(page, lambda: max(font_sizes(page, "ends"), default=18) < 18, "the type is as it was")


def has_large_type(page: Page, name: str) -> bool:
    """Whether what names things has 18 pixels; notes below it are 0.85 of that."""
    sizes = font_sizes(page, name)
    return bool(sizes) and median(sizes) >= 18 and min(sizes) >= 15


def test_pictures_keep_clear_of_each_other(page):
    for one, other in combinations([chart(page, name).evaluate(ABSOLUTE) for name in PICTURES], 2):
        above = one["bottom"] <= other["top"] + 1 or other["bottom"] <= one["top"] + 1
        assert above or one["right"] <= other["left"] + 1 or other["right"] <= one["left"] + 1


@pytest.mark.parametrize("dark", [False, True])
def test_what_is_chosen_is_not_fainter_than_what_is_not(open_page, dark):
    page = open_page("/sensitivity?study=als&starts=1&masks=1", dark=dark)
    of, ink = page.get_by_role("radio", name="ALS"), "rgb(237, 240, 243)" if dark else "rgb(27, 31, 36)"
    expect(of).to_be_checked()
    for inked in (of, of.locator("p")):
        expect(inked).to_have_css("color", ink)
    expect(of).to_have_css("border-top-color", ink)


def test_the_phase_diagram_stays_the_only_one_while_it_is_computed(open_page):
    # As the study comes, what is found out about it is waited for; with the click on the button it is there.
    page = open_page("/sensitivity?study=als&matrix=generated&rows=50&cols=60&problem_seed=7")
    widget(page, "phase_run").get_by_role("button").click()
    expect(widget(page, "phase_stop")).to_be_visible()
    page.wait_for_timeout(1000)
    assert (widget(page, "phase_controls").count(), widget(page, "wide_phase").count()) == (1, 1)
