"""Data that a user brings: pasted or uploaded, good and bad, and seen by nobody else."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.datasets import own_matrix, own_sample, read_matrix
from explorer.runs import make_als_run, make_em_run
from explorer.settings import OWN, ALSSettings, EMSettings
from tests.browser.players import (
    Player,
    choose,
    close_more,
    give_file,
    open_more,
    slider,
    upload,
    wait_for_answers,
    wait_for_player,
    widget,
)

VALUES = np.concatenate([np.linspace(-3.0, -1.0, 21), np.linspace(2.0, 5.0, 31)]).round(3)
TABLE = "species,zebra length,zebra weight\n" + "".join(f"zebra,{value:g},{10 * value:g}\n" for value in VALUES)
MATRIX = "\n".join(
    ",".join("" if (i * 7 + j) % 5 == 0 else f"{(i + 1) * (j + 2) % 11}" for j in range(6)) for i in range(8)
)


def paste(page: Page, text: str) -> None:
    """Type numbers and press the button at once, as quick fingers do."""
    widget(page, "own_numbers").locator("textarea").fill(text)
    page.get_by_role("button", name="Use these numbers").click()


def sentence(page: Page, words: str) -> Locator:
    """The message with these words in the open popover."""
    return page.get_by_role("dialog").get_by_role("alert").filter(has_text=words)


@pytest.fixture(scope="module")
def page(open_shared_page):
    page = open_shared_page("/?k=2")
    wait_for_answers(page)
    return page


@pytest.fixture
def em(page):
    """The EM player, and the tab under which numbers are brought."""
    player = wait_for_player(page, "em").reset()
    open_more(page, "em", "Your data")
    yield player
    close_more(page)


@pytest.fixture
def als(page):
    """The ALS player, and the tab under which a matrix is brought."""
    player = wait_for_player(page, "als").reset()
    open_more(page, "als", "Your matrix")
    yield player
    close_more(page)


# ---- bad ---------------------------------------------------------------------------------------------------------


@contextmanager
def unchanged(player: Player) -> Iterator[None]:
    """Check that in this block neither the run nor the step nor a pixel changes."""
    player.seek(3)
    before = (player.picture(), player.step, player.last_step, player.summary.text_content())
    yield
    assert (player.picture(), player.step, player.last_step, player.summary.text_content()) == before


# Every way to go wrong once; tests/datasets/test_reading.py knows them all.
BAD_NUMBERS = {
    "not numbers": ("1 2 three 4", "three"),
    "empty": ("  \n ", "the text is empty"),
    "one distinct value": ("5 5 5 5", "only one distinct value, 5"),
    "infinite": ("1 2 inf", "not a finite number"),
}
BAD_TABLES = {
    "not numbers": (b"name\nanna\nberta\n", "anna"),
    "empty": (b" \n", "the text is empty"),
    "one distinct value": (b"x\n6\n6\n6\n", "only one distinct value, 6"),
    "infinite": (b"x\n1\ninf\n2\n", "on line 3, in column"),
    "too many values": (b"x\n" + b"1\n2\n" * 10_001, "20,000"),
    "wrong encoding": ("größe\n1\n2\n".encode("latin-1"), "UTF-8"),
}
BAD_MATRICES = {
    "not numbers": (b"1,2,3\n4,five,6\n7,8,9\n", "five"),
    "too wide": ((",".join("1" * 201) + "\n").encode() * 3, "200 x 200"),
    "wrong encoding": ("1,2\n3,é\n".encode("latin-1"), "UTF-8"),
    "nothing but blanks": (b",,\n,,\n", "missing"),
}


def file_name(case: str) -> str:
    """A short name of its own for every case: the uploader shows no more of it."""
    return f"{case.replace(' ', '')[:9]}.csv"


@pytest.mark.parametrize("case", BAD_NUMBERS)
def test_bad_numbers_get_a_sentence_and_leave_the_picture(page, em, case):
    text, named = BAD_NUMBERS[case]
    with unchanged(em):
        paste(page, text)
        expect(sentence(page, named)).to_be_visible()


@pytest.mark.parametrize("case", BAD_TABLES)
def test_a_bad_table_gets_a_sentence_and_leaves_the_picture(page, em, case):
    content, named = BAD_TABLES[case]
    with unchanged(em):
        upload(page, "own_sample_file", file_name(case), content)
        expect(sentence(page, named)).to_be_visible()


@pytest.mark.parametrize("case", BAD_MATRICES)
def test_a_bad_matrix_gets_a_sentence_and_leaves_the_picture(page, als, case):
    content, named = BAD_MATRICES[case]
    with unchanged(als):
        upload(page, "own_matrix_file", file_name(case), content)
        expect(sentence(page, named)).to_be_visible()
    expect(page.get_by_role("button", name="Use this matrix")).to_have_count(0)


@pytest.mark.parametrize(("panel", "key"), [("em", "own_sample_file"), ("als", "own_matrix_file")])
def test_a_file_of_more_than_a_megabyte_is_refused(page, panel, key, request):
    player = request.getfixturevalue(panel)
    with unchanged(player):
        give_file(page, key, "large.csv", b"1\n2\n" * 300_000)
        expect(widget(page, key)).to_contain_text("must be 1.0MB or smaller")


# ---- good --------------------------------------------------------------------------------------------------------


def test_pasted_numbers_become_the_data(page, em):
    em.seek(5)
    paste(page, " ".join(map(str, VALUES)))
    expect(em.summary).to_contain_text("Your data · K 2")
    assert em.step == 0, "other data go to the start"
    run = make_em_run(EMSettings(data=OWN, n_components=2), own_sample(VALUES))
    assert em.last_step == 2 * run.trace.n_iterations
    shown = em.root.evaluate("root => root.player.at(Number(root.dataset.lastStep), [])")
    np.testing.assert_allclose(shown["means"], np.sort(run.trace.means[-1, :, 0]), rtol=1e-12)
    assert len(shown["labels"]) == len(VALUES)


def bring_a_column(page: Page) -> None:
    open_more(page, "em", "Your data")
    upload(page, "own_sample_file", "zebras.csv", TABLE)
    expect(page.get_by_role("dialog")).to_contain_text("species")  # and why it cannot be used
    choose(page, "own_column", "zebra weight")
    page.get_by_role("button", name="Use this column").click()
    expect(wait_for_player(page, "em").summary).to_contain_text("zebra weight")
    close_more(page)


def bring_a_matrix(page: Page) -> None:
    open_more(page, "als", "Your matrix")
    upload(page, "own_matrix_file", "marks.csv", MATRIX)
    page.get_by_role("button", name="Use this matrix").click()
    expect(wait_for_player(page, "als").summary).to_contain_text("marks · rank 2")
    close_more(page)


def test_a_column_of_a_table_becomes_the_data(page):
    em = wait_for_player(page, "em").reset()
    bring_a_column(page)
    shown = em.root.evaluate("root => root.player.at(Number(root.dataset.lastStep), [])")
    assert min(shown["means"]) < -15 and max(shown["means"]) > 30


def test_a_matrix_with_blank_cells_becomes_the_problem(page):
    als = wait_for_player(page, "als").reset()
    als.seek(3)
    bring_a_matrix(page)
    assert als.step == 0
    own = own_matrix(*read_matrix(MATRIX), label="marks")
    assert np.isnan(own.values).sum() == 10
    run = make_als_run(ALSSettings(matrix=OWN), own)
    assert als.last_step == 2 * run.trace.n_sweeps
    shown = als.root.evaluate("root => root.player.at(Number(root.dataset.lastStep), []).product")
    factors = run.trace.factors(als.last_step)
    np.testing.assert_allclose(np.reshape(shown, (8, 6)), factors.left @ factors.right.T, atol=1e-4)


@pytest.fixture(scope="module")
def brought(page):
    """The page with a column and a matrix of the user's own."""
    bring_a_column(page)
    bring_a_matrix(page)
    page.wait_for_url(lambda url: "data=own" in url and "matrix=own" in url)
    return page


def test_own_data_obey_the_other_controls_and_can_be_left_and_found_again(brought):
    page, em = brought, wait_for_player(brought, "em")
    slider(page, "em_n_components").press("ArrowRight")
    expect(em.summary).to_contain_text("zebra weight · K 3")
    choose(page, "em_data", "Galaxies")
    expect(em.summary).to_contain_text("Galaxies")
    choose(page, "em_data", "zebra weight")
    expect(em.summary).to_contain_text("zebra weight · K 3")
    slider(page, "em_n_components").press("ArrowLeft")
    expect(em.summary).to_contain_text("K 2")


def test_nobody_else_sees_what_was_brought(brought, open_page):
    other = open_page("/?" + brought.url.partition("?")[2])
    for panel in ("em", "als"):
        verdict = other.get_by_test_id(f"{panel}-player").locator(".xp-verdict")
        expect(verdict).to_contain_text("a link cannot carry")
    for key, name in [("em_data", "zebra"), ("als_matrix", "marks")]:
        widget(other, key).get_by_role("combobox").click()
        expect(other.get_by_role("option").first).to_be_visible()
        assert not [option for option in other.get_by_role("option").all_inner_texts() if name in option]
        other.keyboard.press("Escape")
    assert "zebra" not in other.content() and "marks" not in other.content()


def test_bad_numbers_are_told_though_a_good_file_lies_there(page, em):
    upload(page, "own_sample_file", "zebras.csv", TABLE)
    expect(page.get_by_role("button", name="Use this column")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_count(0)
    paste(page, "1 2 three")
    expect(sentence(page, "three")).to_be_visible()


def test_a_click_while_the_file_is_on_its_way_is_no_disaster(page, als):
    upload(page, "own_matrix_file", "first.csv", MATRIX)
    use = page.get_by_role("button", name="Use this matrix")
    expect(use).to_be_visible()
    give_file(page, "own_matrix_file", "second.csv", MATRIX)
    use.evaluate("button => button.click()")  # at once; for a moment the page has neither file
    expect(widget(page, "own_matrix_file").get_by_role("button", name="Remove second.csv")).to_be_visible()
    use.click()
    expect(als.summary).to_contain_text("second")
    expect(page.get_by_test_id("stException")).to_have_count(0)
