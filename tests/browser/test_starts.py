"""The app as it first shows. .ci/run repeats this file against the built wheel, installed elsewhere."""

import tomllib
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.players import wait_for_player

SETTINGS = Path(__file__).parent.parent.parent / ".streamlit" / "config.toml"


def rgb(colour: str) -> str:
    """The way a browser writes `#RRGGBB`."""
    return "rgb({}, {}, {})".format(*bytes.fromhex(colour.removeprefix("#")))


def test_the_title_shows_and_nothing_goes_wrong(open_page, page_log):
    page = open_page("/")
    expect(page).to_have_title("EM & ALS Explorer", timeout=30_000)
    expect(page.get_by_text("EM & ALS Explorer").first).to_be_visible(timeout=30_000)
    assert page_log.console_errors == []


@pytest.mark.parametrize("name", ["em", "als"])
def test_the_player_shows_a_run(open_page, name):
    player = wait_for_player(open_page("/"), name)
    assert 0 <= player.step <= player.last_step
    assert len(player.colours()) > 1, "the canvas is empty"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_look_is_that_of_the_carried_settings(open_page, mode):
    theme = tomllib.loads(SETTINGS.read_text(encoding="utf-8"))["theme"]
    page = open_page("/", dark=mode == "dark")
    app = page.get_by_test_id("stApp")
    expect(app).to_have_css("background-color", rgb(theme[mode]["backgroundColor"]), timeout=30_000)
    expect(app).to_have_css("color", rgb(theme[mode]["textColor"]))
    expect(page.locator("html")).to_have_css("font-size", f"{theme['baseFontSize']}px")
