"""A change of one thing leaves the rest: the players keep their place, and keep playing, wherever that makes sense."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.players import (
    Player,
    choose,
    close_more,
    open_more,
    roll_dice,
    slider,
    wait_for_answers,
    wait_for_player,
    widget,
)

# Notes every change of a player's attributes, and whether the player is still the same element.
WATCH = """root => {
    window.watched = { root, changes: [] };
    const note = () => window.watched.changes.push([Number(root.dataset.step), root.dataset.playing]);
    note();
    window.watched.observer = new MutationObserver(note);
    window.watched.observer.observe(root, { attributes: true, attributeFilter: ["data-step", "data-playing"] });
}"""
WATCHED = """() => {
    const { root, changes, observer } = window.watched;
    observer.disconnect();
    return { changes, alive: root.isConnected };
}"""


@contextmanager
def undisturbed(player: Player) -> Iterator[None]:
    """Check that in this block the player's element stays, and that it neither jumps nor stops nor starts."""
    playing = player.playing
    player.root.evaluate(WATCH)
    yield
    watched = player.page.evaluate(WATCHED)
    assert watched["alive"], "the player was made anew"
    steps = [step for step, _ in watched["changes"]]
    assert {state for _, state in watched["changes"]} == {"true" if playing else "false"}
    assert all(0 <= after - before <= 1 for before, after in pairwise(steps)), steps
    assert playing or len(set(steps)) == 1, steps


@pytest.fixture(scope="module")
def page(open_shared_page):
    """EM makes 96 iterations here, which last for minutes at speed 1."""
    return open_shared_page("/")


@pytest.fixture
def em(page):
    return wait_for_player(page, "em").reset()


@pytest.fixture
def als(page):
    return wait_for_player(page, "als").reset()


def change_als(page, als: Player) -> None:
    shown = als.summary.text_content()
    slider(page, "als_seed").press("ArrowRight")
    expect(als.summary).not_to_have_text(shown)


def toggle_soft_colours(page, em: Player) -> None:
    before = "soft=1" in page.url
    open_more(page, "em", "Run")
    widget(page, "em_soft").get_by_text("Soft colours").click()
    page.wait_for_url(lambda url: ("soft=1" in url) != before)
    close_more(page)


def switch_tabs(page) -> None:
    for tab in ("Run", "Data", "Your data", "Start"):
        open_more(page, "em", tab)
    close_more(page)


# ---- what does not change the run --------------------------------------------------------------------------------


@pytest.mark.parametrize("playing", [False, True], ids=["at rest", "playing"])
def test_the_other_panel_keeps_its_place(page, em, als, playing):
    em.seek(7)
    if playing:
        em.click("play")
    with undisturbed(em):
        change_als(page, als)
    assert em.step >= 7


@pytest.mark.parametrize("playing", [False, True], ids=["at rest", "playing"])
def test_a_change_of_the_look_keeps_the_place(page, em, playing):
    wait_for_answers(page)  # whose arrival draws, too
    em.seek(7)
    picture = em.picture()
    if playing:
        em.click("play")
    with undisturbed(em):
        toggle_soft_colours(page, em)
    if not playing:
        assert em.picture() != picture
    em.root.evaluate("root => root.player.pause()")
    toggle_soft_colours(page, em)
    em.seek(7)
    assert em.picture() == picture


def test_switching_tabs_and_help_keep_the_place(page, em, als):
    em.seek(7)
    als.seek(3)
    with undisturbed(em):
        switch_tabs(page)
        open_more(page, "als", "Your matrix")
        close_more(page)
        page.get_by_role("button", name="Help", exact=True).click()
        expect(page.get_by_text("EM and ALS are one move")).to_be_visible()
        page.keyboard.press("Escape")
    assert als.step == 3


def test_present_mode_keeps_the_place_and_the_play(page, em):
    em.seek(7)
    em.click("play")
    with undisturbed(em):
        page.keyboard.press("p")
        expect(widget(page, "em_controls")).to_be_hidden()
        page.keyboard.press("p")
        expect(widget(page, "em_controls")).to_be_visible()


# ---- what changes the run ----------------------------------------------------------------------------------------


def change_k(em: Player, key: str, k: int) -> None:
    slider(em.page, "em_n_components").press(key)
    expect(em.summary).to_contain_text(f"K {k} ")


def test_another_k_stays_at_the_step(em):
    em.seek(6)
    change_k(em, "ArrowRight", 4)
    assert (em.step, em.playing) == (6, False)
    change_k(em, "ArrowLeft", 3)
    assert (em.step, em.playing) == (6, False)


def test_another_k_stays_at_the_end(em):
    ends = {em.last_step}
    em.seek(em.last_step)
    change_k(em, "ArrowLeft", 2)
    assert em.step == em.last_step
    ends.add(em.last_step)
    change_k(em, "ArrowRight", 3)
    assert em.step == em.last_step
    assert len(ends) == 2, "the runs differ in length"


def test_a_shorter_run_stops_at_its_end(em):
    em.seek(60)
    change_k(em, "ArrowLeft", 2)
    assert em.last_step < 60
    assert (em.step, em.playing) == (em.last_step, False)
    change_k(em, "ArrowRight", 3)


def test_another_k_keeps_playing(em):
    em.seek(6)
    em.click("play")
    with undisturbed(em):
        change_k(em, "ArrowRight", 4)
    em.wait_until_past(em.step)
    change_k(em, "ArrowLeft", 3)
    assert em.playing and em.step > 6


def test_a_short_run_ends_the_play_at_a_finished_half_step(em):
    em.seek(6)
    em.click("play")
    em.wait_until_past(7)
    slider(em.page, "em_n_components").press("Home")
    expect(em.summary).to_contain_text("K 1 ")
    assert (em.step, em.playing) == (em.last_step, False)
    em.root.evaluate("root => root.player.pause()")  # nothing is playing: the place stays in mind
    for _ in range(2):
        slider(em.page, "em_n_components").press("ArrowRight")
    expect(em.summary).to_contain_text("K 3 ")
    assert 7 < em.step < em.last_step
    picture = em.picture()
    em.seek(em.step)
    assert em.picture() == picture


def test_linked_play_ends_though_a_run_changed_while_it_waited_for_the_other(page, em, als):
    em.click("link")
    em.seek(20)
    em.set_speed(16)
    em.click("play")
    als.wait_for_step(als.last_step)
    als.wait_until_playing(True)
    slider(page, "als_rank").press("ArrowLeft")
    expect(als.summary).to_contain_text("rank 1")
    slider(page, "als_rank").press("ArrowRight")
    expect(als.summary).to_contain_text("rank 2")
    for player in (em, als):
        player.wait_until_playing(False)
        assert player.step == player.last_step


def test_other_data_of_linked_players_put_both_at_the_start(page, em, als):
    em.click("link")
    em.seek(6)
    choose(page, "em_data", "Galaxies")
    expect(em.summary).to_contain_text("Galaxies")
    assert (em.step, als.step) == (0, 0)
    choose(page, "em_data", "Old Faithful, eruptions")
    expect(em.summary).to_contain_text("Old Faithful")


def test_other_data_go_to_the_start(page, em, als):
    em.seek(6)
    choose(page, "em_data", "Galaxies")
    expect(em.summary).to_contain_text("Galaxies")
    assert em.step == 0
    choose(page, "em_data", "Old Faithful, eruptions")
    expect(em.summary).to_contain_text("Old Faithful")
    als.seek(4)
    choose(page, "als_matrix", "Republican votes, 1856-1976")
    expect(als.summary).to_contain_text("votes")
    assert als.step == 0
    choose(page, "als_matrix", "Checkerboard")
    expect(als.summary).to_contain_text("Checkerboard")


def test_another_rank_stays_at_the_step_and_is_laid_out_anew(page, als):
    als.seek(5)
    slider(page, "als_rank").press("ArrowRight")
    expect(als.summary).to_contain_text("rank 3")
    assert als.step == 5
    picture = als.picture()
    page.evaluate("dispatchEvent(new Event('resize'))")
    assert als.picture() == picture
    slider(page, "als_rank").press("ArrowLeft")
    expect(als.summary).to_contain_text("rank 2")
    assert als.step == 5


@pytest.mark.parametrize("panel", ["em", "als"])
def test_another_seed_and_back_to_the_start_are_two_buttons(page, panel):
    player = wait_for_player(page, panel).reset()
    player.seek(6)
    settings, seed = player.summary.text_content().rsplit(" ", 1)
    handle = slider(page, f"{panel}_seed")
    roll_dice(page, panel)
    expect(handle).not_to_have_attribute("aria-valuetext", seed)
    other = handle.get_attribute("aria-valuetext")
    expect(player.summary).to_have_text(f"{settings} {other}")
    assert player.step == min(6, player.last_step), "another seed is another run, at the same place"
    page.wait_for_url(f"**seed={other}*")
    player.click("first")
    player.wait_for_step(0)
    expect(player.summary).to_have_text(f"{settings} {other}")


def test_the_k_slider_is_swept_with_the_arrow_keys(page, em):
    em.seek(6)
    handle = slider(page, "em_n_components")
    handle.focus()
    rows = em.root.locator("table.xp-table tbody tr")
    for key, count, k in [("ArrowRight", 7, 10), ("ArrowLeft", 9, 1), ("ArrowRight", 2, 3)]:
        for _ in range(count):
            page.keyboard.press(key)
        expect(em.summary).to_contain_text(f"K {k} ")
        expect(rows).to_have_count(k)
        expect(handle).to_be_focused()
    assert em.step == 6, "short runs on the way do not lose the place"


def test_a_run_that_ends_where_one_stands_does_not_lead_on_to_the_next_end(page, app_url):
    """Whoever chose step 8 is at step 8, and not at the end, in whatever run comes next."""
    page.goto(app_url + "/?iterations=5&em_step=8")
    em = wait_for_player(page, "em")
    open_more(page, "em", "Run")
    for key, last in (("ArrowLeft", 8), ("ArrowRight", 10)):
        slider(page, "em_max_iter").press(key)
        expect(em.root).to_have_attribute("data-last-step", str(last))
        assert em.step == 8


def test_the_same_run_comes_again_however_fast_one_run_follows_another(page, app_url):
    """The browser drops what it was sent a few runs ago; a server that counts on it leaves a dead page."""
    page.goto(app_url)
    em = wait_for_player(page, "em")
    handle = slider(page, "em_n_components")
    for _ in range(8):
        handle.press("End")
        expect(em.summary).to_contain_text("K 10 ")
        for key in ("Home", "ArrowRight", "ArrowRight"):
            handle.press(key)
        expect(em.summary).to_contain_text("K 3 ")


# ---- what arrives later ------------------------------------------------------------------------------------------


def test_a_finished_answer_in_the_background_keeps_the_place(page, app_url):
    page.goto(app_url + "/?data=galaxies")
    em = wait_for_player(page, "em")
    em.seek(7)
    em.click("loop", "play")  # who plays once is not disturbed by questions
    with undisturbed(em):
        wait_for_answers(page)
