"""Header texts, labels, names of files, and what else people bring, are shown letter by letter wherever they are shown.

tests/screens/test_no_markup.py looks at all that is sent to the browser, for more texts and in less time.
"""

import json
import re
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Locator, Page, expect

from tests.browser.players import choose, close_more, open_more, slider, upload, wait_for_player, widget
from tests.browser.test_sensitivity import click_at, open_results
from tests.conftest import serve
from tests.markup import COLOUR, FILE_NAME, IMAGE, MARKS, MATRIX, SIGNS, TABLE, TAG, TEXTS, said
from tests.screens.test_no_markup import als_results, em_results

# Elements that a browser, Streamlit or Plotly would make of the texts; what is said around them may have its own.
MADE = """() => {
    const foreign = '[onerror], img[src="x"], img[src*="evil"], [href*="evil"], .katex, math, .stMarkdownColoredText';
    const words = new Set(["shout", "bold", "x2", "home", "home icon", "a"]);
    const marked = [...document.querySelectorAll("a, b, strong, em, i, code, [role=img], tspan, mark")].filter(
        (element) => words.has(element.textContent.trim()) || words.has(element.getAttribute("aria-label")));
    return [...document.querySelectorAll(foreign), ...marked].map((element) => element.outerHTML.slice(0, 200));
}"""


APP = Path(__file__).with_name("sentences_app.py")
# The elements that there are in each body, and its text.
READ = "bodies => bodies.map((body) => [[...body.querySelectorAll('*')].map((each) => each.tagName), body.textContent])"
BOXES = "[data-testid=stAlert] [data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]"


# ---- sentences ---------------------------------------------------------------------------------------------------

PIECES = [
    *TEXTS, FILE_NAME,
    *("**", "*", "_", "__", "`", "```", "~~", "~", "[", "](", ")", "![", ":red[", ":blue-background[", ":small[", "]"),
    *(":material/link:", ":streamlit:", ":smile:", "$", "$$", "\\", "\\(", "# ", "## ", "- ", "+ ", "1. ", "> "),
    *("->", "<-", " -- ", ">=", " ~= ", "http://evil.test", "www.evil.test", "a@evil.test", "<b>", "</p>", "<br>"),
    *("&#60;", "<!--", "-->", "<style>", "<script>alert(1)</script>", '"', "'", "%{x}", "\n", "  ", "x"),
]  # fmt: skip
# Not control characters, of which HTML itself makes others, nor surrogates, which no file can hold.
LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Cn"))
SENTENCES = st.lists(st.sampled_from(PIECES) | st.text(LETTERS, max_size=4), min_size=1, max_size=12).map("".join)


@pytest.fixture(scope="module")
def saying(tmp_path_factory, browser):
    """A page of sentences: `say(sentences)` gives the elements and the text that each way has made of each."""
    folder = tmp_path_factory.mktemp("sentences")
    (folder / "sentences.json").write_text("[]")
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.headless=true"]
    with serve([*command, "--server.port=0", "--browser.gatherUsageStats=false"], folder) as running:
        page = browser.new_page()
        asked, dialogs = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))

        def say(sentences: list[str]) -> list[list]:
            (folder / "sentences.json").write_text(json.dumps(sentences))
            page.goto(running.url)
            page.locator(".finished").wait_for(state="attached")
            read = page.locator(f"[class*=st-key-] :is([data-testid=stHtml], {BOXES})").evaluate_all(READ)
            assert not dialogs and {urlsplit(url).netloc for url in asked} <= {urlsplit(running.url).netloc}
            return read

        yield say
        page.close()


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(SENTENCES, min_size=10, max_size=25))
def test_every_sentence_is_read_as_it_was_said(saying, sentences):
    expected = []
    for sentence in sentences:
        expected += [[["P"] if sentence.strip() else [], " ".join(sentence.split())]] * 3
        expected += [[tags, f"{sentence} {sentence}"] for tags in (["H3", "SMALL"], ["P", "STRONG", "SPAN"])]
    assert [[tags, text.replace("\u2060", "")] for tags, text in saying(sentences)] == expected


# ---- the pages ---------------------------------------------------------------------------------------------------


@pytest.fixture
def page_of(open_page):
    """`page_of(path)` opens a page; in the end the test fails on a dialog, and on an image that a text asked for."""
    seen = []

    def watch(page: Page) -> None:
        page.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: urlsplit(request.url).path == "/x" and seen.append(request.url))

    yield lambda path: open_page(path, width=1280, height=900, watch=watch)
    assert seen == []


def nothing_made(page: Page) -> None:
    assert page.evaluate(MADE) == []


def point_everywhere(page: Page, canvas: Locator, tip: str, steps: int = 14) -> set[str]:
    """Move the pointer over all of a picture; what was to be read in tips meanwhile."""
    canvas.scroll_into_view_if_needed()
    box, read = canvas.bounding_box(), set()
    for i in range(steps):
        for j in range(steps):
            page.mouse.move(box["x"] + (i + 0.5) / steps * box["width"], box["y"] + (j + 0.5) / steps * box["height"])
            read.update(page.locator(tip).all_text_contents())
        nothing_made(page)
    return read


def test_entries_of_a_link_are_quoted(page_of):
    page = page_of(
        "/?" + urlencode({TAG: 1, "k": IMAGE, "means": COLOUR, "data": SIGNS, "rank": MARKS, "em_step": TAG})
    )
    told = widget(page, "problems").get_by_role("alert")
    for text in (TAG, IMAGE, COLOUR, MARKS, SIGNS):
        expect(told).to_contain_text(said(text[:39]))
    expect(wait_for_player(page, "em").verdict).to_contain_text(TAG)
    nothing_made(page)
    page = page_of(
        "/sensitivity?" + urlencode({"study": IMAGE, "starts": "1", "runs": f"{TAG} {COLOUR}", "present": TAG})
    )
    told = widget(page, "problems").get_by_role("alert")
    expect(told).to_contain_text(said(IMAGE))
    expect(told).to_contain_text("<img")
    expect(page.locator(".xp-problem")).to_contain_text(TAG)
    nothing_made(page)


def test_headers_and_labels_on_explore(page_of):
    page = page_of("/?k=2")
    em = wait_for_player(page, "em")
    open_more(page, "em", "Your data")
    widget(page, "own_numbers").locator("textarea").fill(f"1 {IMAGE}")
    page.get_by_role("button", name="Use these numbers").click()
    expect(page.get_by_role("alert")).to_contain_text(said(f"“{IMAGE}” on line 1"))
    upload(page, "own_sample_file", f"{FILE_NAME}.csv", TABLE)
    expect(page.get_by_test_id("stCaptionContainer").filter(has_text=said(f"no {IMAGE}: ")).first).to_be_visible()
    for text in TEXTS:
        choose(page, "own_column", text)
        expect(widget(page, "own_column").get_by_role("combobox")).to_have_value(text)
        page.get_by_role("button", name="Use this column").click()
        expect(em.summary).to_contain_text(f"{text} · K 2")
        expect(widget(page, "em_data").get_by_role("combobox")).to_have_value(text)
        expect(em.figure).to_have_attribute("aria-label", re.compile(re.escape(f"Histogram of {text} with")))
        nothing_made(page)
    page.get_by_role("tab", name="Start", exact=True).click()
    close_more(page)
    for canvas in (em.figure, em.curve):
        point_everywhere(page, canvas, ".xp-tip")
    slider(page, "em_initialization").press("Home")
    expect(em.verdict).to_contain_text(f"{TEXTS[-1][:39]}… has no given partition")
    nothing_made(page)


def test_names_and_labels_of_a_matrix_on_explore(page_of):
    page = page_of("/?rank=2&seen=80")
    als = wait_for_player(page, "als")
    open_more(page, "als", "Your matrix")
    upload(page, "own_matrix_file", f"{FILE_NAME}.csv", f"1,2\n3,{IMAGE}\n")
    expect(page.get_by_role("alert")).to_contain_text(said(f"“{IMAGE}” on line 2"))
    upload(page, "own_matrix_file", f"{FILE_NAME}.csv", MATRIX)
    page.get_by_role("button", name="Use this matrix").click()
    expect(als.summary).to_contain_text(f"{FILE_NAME} · rank 2")
    expect(widget(page, "als_matrix").get_by_role("combobox")).to_have_value(FILE_NAME)
    close_more(page)
    read = point_everywhere(page, als.figure, ".xp-tip :is(span, b)", steps=20)
    assert read >= {*TEXTS, *(f"row {text}" for text in TEXTS)}
    for canvas in (als.curve, als.root.locator(".xp-side canvas")):
        point_everywhere(page, canvas, ".xp-tip")


STUDY = {"k": 2, "starts": 5, "inits": "random-points,k-means", "data": "ten-points"}


def test_own_data_on_the_sensitivity_page(page_of):
    page = page_of("/sensitivity?" + urlencode(STUDY | {"k": 3}))
    run = widget(page, "em_study_run").get_by_role("button")
    expect(run).to_have_text("10 runs done")
    page.get_by_role("button", name="More").click()
    page.get_by_role("tab", name="Your data", exact=True).click()
    upload(page, "own_sample_file", f"{FILE_NAME}.csv", TABLE)
    choose(page, "own_column", TAG)
    page.get_by_role("button", name="Use this column").click()
    expect(widget(page, "em_study_data").get_by_role("combobox")).to_have_value(TAG)
    close_more(page)
    run.click()
    expect(run).to_have_text("10 runs done")
    look_at_charts(page)


def look_at_charts(page: Page) -> None:
    expect(page.get_by_role("button", name="Download the runs")).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    charts = page.locator(".js-plotly-plot")
    expect(charts.nth(2)).to_be_visible()
    for chart in charts.all():
        point_everywhere(page, chart, ".hovertext", steps=6)
    nothing_made(page)


# Of EM and of ALS: results, the box with their data, and where a click replays a run.
RESULTS = {
    "em": (em_results, TAG, "em_study_data", {"picture": "paths_level", "click": [1]}),
    "als": (als_results, MARKS, "als_study_matrix", {"picture": "als_objectives", "click": [0]}),
}


@pytest.mark.parametrize("name", RESULTS)
def test_results_with_own_data_and_their_replay(page_of, name):
    results, label, data, place = RESULTS[name]
    page = page_of("/sensitivity?" + urlencode(STUDY))
    dialog = open_results(page, f"{FILE_NAME}.csv", TAG.encode())
    expect(dialog.get_by_role("alert")).to_contain_text(
        said(f"{FILE_NAME}.csv cannot be read as the results of a study.")
    )
    dialog.get_by_role("button", name="Remove").first.click()
    dialog.locator("input[type=file]").set_input_files(
        {"name": f"{FILE_NAME}.json", "mimeType": "application/json", "buffer": results()}
    )
    dialog.get_by_role("button", name="Show it").click()
    expect(widget(page, data).get_by_role("combobox")).to_have_value(label)
    page.keyboard.press("Escape")
    look_at_charts(page)
    click_at(page, type="scatter", share=1, **place)
    player = wait_for_player(page, "a")
    expect(player.figure).to_have_attribute("aria-label", re.compile(re.escape(label)))
    read = point_everywhere(page, player.figure, ".xp-tip :is(span, b)")
    assert name == "em" or read & set(TEXTS)
    nothing_made(page)
