"""Every setting and the step are in the address: a copied link shows the same picture, a wrong one says so."""

import re

import pytest
from playwright.sync_api import expect

from explorer.settings import ALSSettings, EMSettings
from tests.browser.players import (
    choose,
    close_more,
    link,
    open_more,
    slider,
    wait_for_answers,
    wait_for_player,
    wait_until,
    widget,
)


def test_a_copied_link_shows_the_same_picture(open_page):
    page = open_page("/")
    em, als = wait_for_player(page, "em"), wait_for_player(page, "als")
    choose(page, "em_data", "Galaxies")
    expect(em.summary).to_contain_text("Galaxies")
    slider(page, "em_n_components").press("ArrowRight")
    slider(page, "em_initialization").press("ArrowRight")
    slider(page, "em_seed").press("ArrowRight")
    slider(page, "als_rank").press("ArrowRight")
    slider(page, "als_seed").press("ArrowRight")
    open_more(page, "em", "Run")
    widget(page, "em_soft").get_by_text("Soft colours").click()
    close_more(page)
    choose(page, "als_matrix", "Sea temperatures, 1950-2010")
    expect(em.summary).to_have_text("Galaxies · K 4 · k-means++ seeding · seed 1")
    expect(als.summary).to_have_text("Sea temperatures, 1950-2010 · rank 3 · 60 % seen · seed 2")
    em.set_speed(4)
    em.click("loop")
    em.seek(7)
    als.seek(als.last_step)
    asked = ("k=4", "soft=1", "em_step=7", f"als_step={als.last_step}", "em_speed=4", "em_loop=1", "als_seed=2")
    wait_until(page, lambda: all(entry in page.url for entry in asked), "the address is complete")

    copy = open_page(page.url[page.url.index("/?") :])
    copies = [wait_for_player(copy, name) for name in ("em", "als")]
    for player, same in zip((em, als), copies, strict=True):
        assert (same.step, same.last_step) == (player.step, player.last_step)
        expect(same.summary).to_have_text(player.summary.text_content())
    for shown in (page, copy):
        wait_for_answers(shown)
        shown.mouse.move(640, 4)
    for player, same in zip((em, als), copies, strict=True):
        assert same.verdict.inner_text() == player.verdict.inner_text()
        assert same.picture() == player.picture()
    expect(copies[0].root.locator("select.xp-speed")).to_have_value("4")
    expect(copies[0].button("loop")).to_have_attribute("aria-pressed", "true")
    expect(copies[1].button("loop")).to_have_attribute("aria-pressed", "false")


def test_stepping_does_not_fill_the_history(open_page):
    page = open_page("/?k=2")
    em = wait_for_player(page, "em")
    before = page.evaluate("history.length")
    for step in (1, 2):
        em.click("forward")
        page.wait_for_url(f"**em_step={step}*")
    em.set_speed(32)
    em.click("play")
    page.wait_for_url(f"**em_step={em.last_step}*")
    slider(page, "em_n_components").press("ArrowRight")
    expect(page).not_to_have_url(re.compile("k="))  # 3 is the default, which a link leaves out
    assert page.evaluate("history.length") == before


def test_a_link_carries_what_the_players_are_set_to(open_page):
    page = open_page(link(em_step=3, als_step=3, link=1, hide=1, als_speed=8, em_speed=8, als_loop=1, em_loop=1))
    for name in ("em", "als"):
        player = wait_for_player(page, name)
        assert player.step == 3
        expect(player.root.locator("select.xp-speed")).to_have_value("8")
        for action in ("loop", "link", "eye"):
            expect(player.button(action)).to_have_attribute("aria-pressed", "true")
    em, als = wait_for_player(page, "em"), wait_for_player(page, "als")
    em.click("forward")
    als.wait_for_step(4)
    entries = ("em_step=4", "als_step=4", "link=1", "hide=1", "em_speed=8", "als_loop=1")
    wait_until(page, lambda: all(entry in page.url for entry in entries), "the address has followed")


def test_a_link_to_linked_players_waits_for_a_slow_run(open_page):
    """ALS takes seconds here; what the address says of it must not be lost while EM stands there alone."""
    slow = ALSSettings(matrix="camera", rank=10, seen=90, max_sweeps=500, rtol=0.0)
    page = open_page(link(als=slow, em_step=2, als_step=2, link=1, als_speed=4))
    als = wait_for_player(page, "als")
    assert als.step == 2
    expect(als.button("link")).to_have_attribute("aria-pressed", "true")
    expect(als.root.locator("select.xp-speed")).to_have_value("4")
    als.click("forward")
    wait_for_player(page, "em").wait_for_step(3)


# ---- wrong links -------------------------------------------------------------------------------------------------


def test_wrong_settings_are_named_and_the_rest_applies(open_page):
    page = open_page("/?k=99&init=nonsense&data=galaxies&seed=abc&rank=3&seen=-4&soft=perhaps")
    em, als = wait_for_player(page, "em"), wait_for_player(page, "als")
    warning = widget(page, "problems").get_by_role("alert")
    for named in ("K is 99", "1 to 10", "nonsense", "abc", "-4", "5 to 100", "perhaps"):
        expect(warning).to_contain_text(named)
    expect(em.summary).to_have_text("Galaxies · K 3 · Random points · seed 0")
    expect(als.summary).to_have_text("Checkerboard · rank 3 · 25 % seen · seed 1")
    expect(page).not_to_have_url(re.compile("99|nonsense"), timeout=30_000)
    widget(page, "problems").get_by_role("button", name="OK").click()
    expect(warning).to_have_count(0)


def test_a_step_out_of_range_is_named_and_the_rest_applies(page, app_url):
    page.goto(f"{app_url}/?k=2&em_step=999&em_speed=4&als_step=5")
    em, als = wait_for_player(page, "em"), wait_for_player(page, "als")
    expect(em.verdict).to_contain_text("“999”; it must be a whole number from 0 to 20")
    assert em.step == 0
    expect(em.root.locator("select.xp-speed")).to_have_value("4")
    als.wait_for_step(5)
    em.verdict.get_by_role("button", name="OK").click()
    expect(em.verdict).to_contain_text("L =")
    page.wait_for_url(lambda url: "em_step" not in url and "als_step=5" in url)


def test_wrong_entries_of_either_player_are_named(page, app_url):
    page.goto(f"{app_url}/?k=2&em_step=seven&als_step=-1")
    expect(wait_for_player(page, "em").verdict).to_contain_text("seven")
    expect(wait_for_player(page, "als").verdict).to_contain_text("“-1”; it must be a whole number from 0 to 26")


def test_several_wrong_entries_are_all_named(page, app_url):
    page.goto(f"{app_url}/?k=2&present=7&em_loop=always&em_speed=3&hide=maybe")
    for name in ("em", "als"):
        wait_for_player(page, name)
    expect(page.get_by_text(re.compile("present mode.*7")).first).to_be_visible()
    expect(widget(page, "em_controls")).to_be_visible()
    seen = set()
    problems = page.locator(".xp-verdict").filter(has=page.get_by_role("button", name="OK"))
    for _ in range(3):
        sentence = problems.first.inner_text()
        seen.update(word for word in ("always", "“3”", "maybe") if word in sentence)
        problems.first.get_by_role("button", name="OK").click()
    expect(problems).to_have_count(0)
    assert seen == {"always", "“3”", "maybe"}


def test_settings_that_do_not_fit_together_are_told_until_they_do(page, app_url):
    page.goto(app_url + link(EMSettings(data="ten-points", initialization="partition")))
    verdict = page.get_by_test_id("em-player").locator(".xp-verdict")
    expect(verdict).to_contain_text("2 groups, but K is 3")
    slider(page, "em_n_components").press("ArrowLeft")
    em = wait_for_player(page, "em")
    expect(em.verdict).not_to_contain_text("groups")
    slider(page, "em_n_components").press("ArrowRight")
    expect(em.verdict).to_contain_text("2 groups, but K is 3")
    assert len(em.colours()) > 10, "the picture stays"


def test_a_link_to_somebodys_own_data_says_what_is_missing(page, app_url):
    page.goto(f"{app_url}/?data=own&matrix=own")
    for name in ("em", "als"):
        verdict = page.get_by_test_id(f"{name}-player").locator(".xp-verdict")
        expect(verdict).to_contain_text("a link cannot carry")


@pytest.fixture(scope="module")
def page(open_shared_page):
    """For links that are opened one after the other."""
    return open_shared_page("/")
