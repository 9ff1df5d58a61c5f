"""The whole run is sent once: playing, stepping and scrubbing exchange nothing with the server."""

import pytest
from playwright.sync_api import expect

from tests.browser.players import Traffic, slider, wait_for_answers, wait_for_player


@pytest.fixture(scope="module")
def quiet(open_shared_page):
    """Both players on a page with nothing left to find out, and what goes over its wire."""
    watching = []
    page = open_shared_page("/?k=2", watch=lambda page: watching.append(Traffic(page)))
    (traffic,) = watching
    em, als = wait_for_player(page, "em"), wait_for_player(page, "als")
    em.seek(1)  # the first formula fetches its font, once
    traffic.wait_for_silence()
    return em, als, traffic


def test_a_change_of_the_run_is_seen_on_the_wire(quiet):
    em, _, traffic = quiet
    slider(em.page, "em_n_components").press("ArrowLeft")
    expect(em.summary).to_contain_text("K 1")
    messages = traffic.since_silence()
    assert any(message.startswith("sent") for message in messages)
    assert any(message.startswith("received") for message in messages)
    slider(em.page, "em_n_components").press("ArrowRight")
    expect(em.summary).to_contain_text("K 2")
    traffic.wait_for_silence()


def test_playing_sends_and_receives_nothing(quiet):
    em, als, traffic = quiet
    for player in (em, als):
        player.reset()
        player.set_speed(16)
        player.click("play")
    for player in (em, als):
        player.wait_for_step(player.last_step)
        player.wait_until_playing(False)
    em.click("link", "loop", "play")
    als.wait_until_past(10)
    em.click("play", "loop", "link")
    assert traffic.since_silence() == []


def test_stepping_and_scrubbing_send_and_receive_nothing(quiet):
    em, als, traffic = quiet
    for name, player in {"em": em, "als": als}.items():
        player.reset()
        player.click("forward", "full", "last", "back", "first", "loop", "loop", "eye", "eye")
        player.press("ArrowRight", "Shift+ArrowRight", "End", "ArrowLeft", "Home", "l", "l")
        for step in range(0, player.last_step, 3):
            player.root.locator("input.xp-scrub").fill(str(step))
        player.curve.click(position={"x": 120, "y": 60})
        player.figure.hover(position={"x": 120, "y": 60})
        # The address follows after a moment; that, too, is the browser's own business.
        player.page.wait_for_url(f"**{name}_step={player.settle().step}*")
    assert traffic.since_silence() == []


def test_what_is_not_yet_found_out_waits_while_a_run_plays(quiet, app_url):
    em, _, traffic = quiet
    em.page.goto(app_url + "/?data=galaxies&k=5")
    em = wait_for_player(em.page, "em")
    em.click("play")
    traffic.wait_for_silence()
    em.wait_until_past(em.step + 1)
    assert em.playing and traffic.since_silence() == []
    em.click("play")
    wait_for_answers(em.page)
    assert traffic.since_silence() != []
