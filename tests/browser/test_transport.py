"""Driving the players: buttons, scrubber, speed and loop, the keyboard, and both players in step."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.players import slider, wait_for_answers, wait_for_player, wait_until, widget

PERIOD = 900  # milliseconds that a half step takes at speed 1

# Notes the step of a playing player in every frame of the screen, until it has made `count` half steps.
TIMED_PLAY = """([root, count]) => new Promise((resolve) => {
    const from = Number(root.dataset.step);
    const begin = performance.now();
    root.player.play();
    const look = () => {
        if (Number(root.dataset.step) - from > count) {
            root.player.pause();
            resolve(performance.now() - begin);
        } else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""
# The steps of both players in every frame of the screen, until neither plays or both have started over.
BOTH_STEPS = """roots => new Promise((resolve) => {
    const seen = [];
    const over = () => roots.every((root) => root.dataset.playing !== "true")
        || roots.every((root, i) => seen.some((steps) => Number(root.dataset.step) < steps[i]));
    const look = () => {
        const done = over();
        seen.push(roots.map((root) => Number(root.dataset.step)));
        if (done) resolve(seen);
        else requestAnimationFrame(look);
    };
    look();
})"""


@pytest.fixture(scope="module")
def page(open_shared_page):
    """EM converges after 10 iterations here, ALS after 13 sweeps."""
    page = open_shared_page("/?k=2")
    wait_for_answers(page)  # whose arrival draws, too
    return page


@pytest.fixture
def em(page):
    return wait_for_player(page, "em").reset()


@pytest.fixture
def als(page):
    return wait_for_player(page, "als").reset()


# ---- buttons -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["em", "als"])
def test_play_moves_on_and_pause_stays(page, name):
    player = wait_for_player(page, name).reset()
    player.set_speed(8)
    player.click("play")
    player.wait_until_playing(True)
    player.wait_until_past(2)
    player.click("play")
    player.wait_until_playing(False)
    step = player.settle().step
    assert 2 < step < player.last_step
    frames = player.frames
    player.settle()
    assert (player.step, player.frames) == (step, frames)


def test_play_stops_at_the_end_and_then_starts_over(em):
    em.set_speed(32)
    em.click("play")
    em.wait_for_step(em.last_step)
    em.wait_until_playing(False)
    em.set_speed(0.5)
    em.click("play")
    em.wait_until_playing(True)
    assert em.step <= 1


def test_a_run_without_a_step_is_never_playing(open_page):
    """The start of 10 components on the galaxies has a component on two equal points: nothing is run."""
    page = open_page("/?data=galaxies&em_loop=1")
    em = wait_for_player(page, "em")
    em.click("play")
    em.wait_until_playing(True)
    slider(page, "em_n_components").press("End")
    expect(em.root).to_have_attribute("data-last-step", "0")
    em.wait_until_playing(False)
    em.click("play")
    em.wait_until_playing(False)


def test_half_steps_go_forward_and_back(em):
    for step in (1, 2, 3):
        em.click("forward")
        em.wait_for_step(step)
    for step in (2, 1, 0, 0):
        em.click("back")
        em.wait_for_step(step)


def test_a_full_step_ends_after_an_m_step(em):
    em.click("full")
    em.wait_for_step(2)
    em.seek(3)
    em.click("full")
    em.wait_for_step(4)


def test_first_and_last(em):
    em.click("last")
    em.wait_for_step(em.last_step)
    em.click("forward", "full")
    em.wait_for_step(em.last_step)
    em.click("first")
    em.wait_for_step(0)


def test_half_steps_and_full_steps_of_als(als):
    als.click("forward")
    als.wait_for_step(1)
    als.click("full")
    als.wait_for_step(2)
    als.click("last", "back")
    als.wait_for_step(als.last_step - 1)
    als.click("first")
    als.wait_for_step(0)


def test_stepping_while_playing_stops_the_play(em):
    em.set_speed(0.5)
    em.click("play")
    em.wait_until_playing(True)
    em.click("last")
    em.wait_until_playing(False)
    assert em.step == em.last_step


def test_one_player_leaves_the_other_alone(em, als):
    em.click("full", "forward")
    em.wait_for_step(3)
    em.set_speed(4)
    em.click("play")
    em.wait_until_past(4)
    assert (als.step, als.playing) == (0, False)


def test_the_block_that_the_half_step_changes_is_marked(em, als):
    verbs = {"em": ("E step: assign", "M step: refit"), "als": ("solve X", "solve Y")}
    for name, player in {"em": em, "als": als}.items():
        marked = player.root.locator(".xp-verb.xp-on")
        expect(marked).to_have_count(0)
        for step, verb in [(1, verbs[name][0]), (2, verbs[name][1]), (3, verbs[name][0])]:
            player.seek(step)
            expect(marked).to_have_text(verb)


def test_the_iteration_is_counted_in_words(em, als):
    em.seek(5)
    als.seek(26)
    expect(em.root.locator(".xp-count")).to_have_text("iteration 3 of 10")
    expect(als.root.locator(".xp-count")).to_have_text("sweep 13 of 13")


# ---- the picture in motion ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["em", "als"])
def test_every_half_step_is_seen_moving(page, name):
    player = wait_for_player(page, name).reset()
    for step in (1, 2):
        frames = player.settle().frames
        player.click("forward")
        player.wait_for_step(step)
        assert player.settle().frames - frames >= 5


@pytest.mark.parametrize("name", ["em", "als"])
def test_every_half_step_has_a_picture_of_its_own_and_always_the_same(page, name):
    player = wait_for_player(page, name).reset()
    pictures = []
    for step in range(5):
        player.seek(step)
        pictures.append(player.picture())
    for step in (4, 1, 3, 2, 0):
        player.seek(step)
        assert player.picture() == pictures[step]
    assert len({tuple(picture) for picture in pictures}) == 5
    player.click("forward")  # seen moving
    assert player.picture() == pictures[1]


# ---- scrubbing, speed, loop --------------------------------------------------------------------------------------


def test_the_scrubber_follows_the_mouse_and_shows_the_step(page, als):
    scrubber = als.root.locator("input.xp-scrub")
    box = scrubber.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    als.wait_for_step(als.last_step // 2)
    page.mouse.move(box["x"] + box["width"] + 20, middle)
    als.wait_for_step(als.last_step)
    page.mouse.up()
    als.click("back")
    expect(scrubber).to_have_value(str(als.last_step - 1))


def test_scrubbing_jumps(em):
    frames = em.settle().frames
    em.root.locator("input.xp-scrub").fill("8")
    em.wait_for_step(8)
    assert em.settle().frames - frames <= 2


@pytest.mark.parametrize("speed", [8, 32])
def test_a_half_step_takes_its_time_at_every_speed(page, als, speed):
    als.set_speed(speed)
    took = page.evaluate(TIMED_PLAY, [als.root.element_handle(), 12])
    expected = 12 * PERIOD / speed
    assert 0.9 * expected < took < 1.6 * expected + 200


def test_loop_starts_again_at_the_end(page, em):
    em.click("loop")
    em.set_speed(32)
    em.seek(em.last_step - 2)
    em.click("play")
    page.wait_for_function("root => Number(root.dataset.step) < 8", arg=em.root.element_handle())
    assert em.playing
    em.click("loop")
    em.wait_for_step(em.last_step)
    em.wait_until_playing(False)


# ---- the keyboard ------------------------------------------------------------------------------------------------

LAST = 20
MOVES = [
    (0, "ArrowRight", 1),
    (LAST, "ArrowRight", LAST),
    (4, "ArrowLeft", 3),
    (0, "ArrowLeft", 0),
    (3, "Shift+ArrowRight", 4),
    (4, "Shift+ArrowRight", 6),
    (4, "Shift+ArrowLeft", 2),
    (3, "Shift+ArrowLeft", 2),
    (5, "Home", 0),
    (5, "End", LAST),
]


@pytest.mark.parametrize(("start", "key", "end"), MOVES)
def test_keys_that_move(em, start, key, end):
    assert em.last_step == LAST
    em.seek(start)
    em.press(key)
    em.wait_for_step(end)


def test_keys_move_the_player_that_has_the_focus(em, als):
    als.press("End")
    als.wait_for_step(als.last_step)
    assert em.step == 0
    em.press("ArrowRight")
    em.wait_for_step(1)
    assert als.step == als.last_step


def test_space_plays_and_pauses(em):
    em.press(" ")
    em.wait_until_playing(True)
    em.press(" ")
    em.wait_until_playing(False)


@pytest.mark.parametrize(("key", "action"), [("l", "loop"), ("L", "loop"), ("h", "eye"), ("k", "link")])
def test_keys_that_switch(em, key, action):
    for pressed in ("true", "false"):
        em.press(key)
        expect(em.button(action)).to_have_attribute("aria-pressed", pressed)


def test_p_is_present_mode_and_escape_leaves_it(page, em):
    for enter, leave in [("p", "p"), ("P", "Escape")]:
        em.press(enter)
        expect(widget(page, "em_controls")).to_be_hidden()
        em.press(leave)
        expect(widget(page, "em_controls")).to_be_visible()


def test_a_focused_scrubber_moves_by_one_half_step(em):
    em.root.locator("input.xp-scrub").press("ArrowRight")
    em.wait_for_step(1)
    em.root.locator("input.xp-scrub").press("Shift+ArrowRight")
    em.wait_for_step(2)


def test_a_focused_button_keeps_its_own_keys(em):
    em.button("forward").press(" ")
    em.wait_for_step(1)
    em.button("forward").press("Enter")
    em.wait_for_step(2)
    assert not em.settle().playing


def test_the_keys_do_not_scroll_the_page(page, em):
    page.set_viewport_size({"width": 1280, "height": 420})
    try:
        em.root.focus()
        top, hidden = page.get_by_test_id("stMain").evaluate("e => [e.scrollTop, e.scrollHeight - e.clientHeight]")
        assert hidden > 100, "there is something to scroll"
        for key in [" ", " ", "Home", *(key for _, key, _ in MOVES), "PageDown", "PageUp"]:
            page.keyboard.press(key)
        em.settle()
        assert page.get_by_test_id("stMain").evaluate("e => e.scrollTop") == top
        assert page.evaluate("scrollY") == 0
    finally:
        page.set_viewport_size({"width": 1280, "height": 720})


def test_keys_typed_into_a_widget_are_not_the_players(page, em):
    em.seek(3)
    box = widget(page, "em_data").get_by_role("combobox")
    box.click()
    box.press_sequentially("hpkl ")
    box.press("Escape")
    als = wait_for_player(page, "als")
    for key, seed in (("End", 999), ("ArrowLeft", 998), ("Home", 0), ("ArrowRight", 1)):
        slider(page, "als_seed").press(key)
        expect(als.summary).to_contain_text(re.compile(rf"seed {seed}$"))  # no run is still on its way afterwards
    em.settle()
    assert (em.step, em.playing) == (3, False)
    for action in ("loop", "eye", "link"):
        expect(em.button(action)).to_have_attribute("aria-pressed", "false")
    expect(widget(page, "em_controls")).to_be_visible()


# ---- both in step ------------------------------------------------------------------------------------------------


def test_linked_players_do_the_same(em, als):
    als.seek(4)
    em.seek(2)
    em.click("link")
    expect(als.button("link")).to_have_attribute("aria-pressed", "true")
    als.wait_for_step(2)  # the one whose button it was leads
    als.click("forward")
    em.wait_for_step(3)
    em.press("Shift+ArrowRight")
    als.wait_for_step(4)
    als.click("loop")
    expect(em.button("loop")).to_have_attribute("aria-pressed", "true")
    als.click("loop")
    em.set_speed(8)
    expect(als.root.locator("select.xp-speed")).to_have_value("8")
    als.click("last")
    wait_until(em.page, lambda: (em.step, als.step) == (em.last_step, als.last_step), "both are at the end")
    als.click("back", "back")
    als.wait_for_step(als.last_step - 2)
    assert em.step == em.last_step < als.step, "the shorter run waits at its end"
    em.click("forward")
    als.wait_for_step(als.last_step - 1)
    em.set_speed(32)
    em.click("play")
    als.wait_for_step(als.last_step)
    assert em.step == em.last_step
    als.click("link", "first")
    als.wait_for_step(0)
    assert em.step == em.last_step


def test_linked_play_is_in_step_in_every_frame(page, em, als):
    em.click("link")
    em.set_speed(16)
    als.click("play")
    seen = page.evaluate(BOTH_STEPS, [em.root.element_handle(), als.root.element_handle()])
    shorter = min(em.last_step, als.last_step)
    assert seen[-1] == [em.last_step, als.last_step]
    assert all(min(first, shorter) == min(second, shorter) for first, second in seen)
    assert len({tuple(pair) for pair in seen}) > shorter / 2


def test_linked_loop_waits_for_the_longer_run(page, em, als):
    em.click("link")
    em.click("loop")
    em.set_speed(16)
    em.seek(em.last_step - 2)
    em.click("play")
    seen = page.evaluate(BOTH_STEPS, [em.root.element_handle(), als.root.element_handle()])
    assert seen[-2] == [em.last_step, als.last_step]
    assert max(seen[-1]) <= 2, "both start over in the same frame"
    assert em.playing and als.playing
