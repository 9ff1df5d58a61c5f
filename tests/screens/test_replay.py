"""Runs played again as the browser gets them: which, where, on which axes, and how Explore is asked to show one."""

from dataclasses import replace
from urllib.parse import parse_qs

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.mixture.model import density
from explorer.player.payload import shared_axes
from explorer.runs import make_als_run, make_em_run
from explorer.screens.parts.replay import name_of
from explorer.settings import ALSSettings, EMSettings
from tests.screens.sessions import Session, opened

TWO = "random-points:17 k-means:3"


def replays(runs=TWO, **query):
    return opened("sensitivity", runs=runs, **query)


def open_links(page):
    """The entries of every "Open in Explore"."""
    shown = [link.proto for link in page.app.get("page_link") if link.proto.label == "Open in Explore"]
    assert {proto.page for proto in shown} <= {""}
    return [{name: text for name, (text,) in parse_qs(proto.query_string).items()} for proto in shown]


def test_two_runs_are_the_very_runs_that_explore_makes():
    page = replays(k="4", data="galaxies")
    for slot, initialization, seed in (("a", "random-points", 17), ("b", "k-means", 3)):
        header, arrays = page.message(f"{slot}_player")
        settings = EMSettings(data="galaxies", n_components=4, initialization=initialization, seed=seed)
        assert arrays["log_likelihoods"].tolist() == make_em_run(settings).trace.log_likelihoods.tolist()
        assert (header["slot"], header["view"], header["summary"]) == (slot, "em", name_of(settings))
        assert header["run"] == opened(**open_links(page)["ab".index(slot)]).header("em_player")["run"]


def test_two_runs_play_in_step_and_one_alone():
    page = replays()
    for slot in "ab":
        header = page.header(f"{slot}_player")
        assert (header["company"], header["in_step"]) == (["a", "b"], True)
    page = replays("random-points:17")
    assert page.header("a_player")["company"] == ["a"]
    assert page.message("b_player") is None
    explore = opened().header("em_player")
    assert (explore["company"], explore["in_step"]) == (["em", "als"], False)


def test_two_runs_have_one_pair_of_axes_and_a_run_alone_its_own():
    page = replays()
    a, b = page.header("a_player")["axes"], page.header("b_player")["axes"]
    assert a == b
    settings = [EMSettings(initialization="random-points", seed=17), EMSettings(initialization="k-means", seed=3)]
    traces = [make_em_run(each).trace for each in settings]
    assert a["iterations"] == max(trace.n_iterations for trace in traces)
    for trace in traces:
        assert a["curve"][0] <= trace.log_likelihoods.min() <= trace.log_likelihoods.max() <= a["curve"][1]
    mixtures = [trace.mixture(t) for trace in traces for t in range(trace.n_iterations + 1)]
    assert a["density"] == pytest.approx(max(density(mixture.means, mixture).max() for mixture in mixtures))
    assert replays("random-points:17").header("a_player")["axes"] is None
    assert opened().header("em_player")["axes"] is None


def test_the_axis_of_errors_is_in_the_matrix_s_own_unit():
    settings = ALSSettings(matrix="sea-temperature", seen=60)
    runs = [make_als_run(replace(settings, seed=seed)) for seed in (1, 2)]
    low, high = shared_axes(runs)["curve"]
    errors = np.concatenate([run.trace.rmse_hidden * run.masked.scale for run in runs])
    assert low <= errors.min() <= errors.max() <= high
    assert shared_axes(runs)["iterations"] == max(run.trace.n_sweeps for run in runs)


def test_two_runs_of_als():
    page = Session(AppTest.from_function(draw_two_of_als)).run()
    a, b = (page.header(f"{slot}_player") for slot in "ab")
    assert [(each["slot"], each["view"]) for each in (a, b)] == [("a", "als"), ("b", "als")]
    assert a["axes"] == b["axes"]
    assert (a["summary"], b["summary"]) == ("Gaussian · seed 3 · mask 5", "Spectral · mask 6")
    assert open_links(page)[0] == {"als_init": "gaussian", "als_seed": "3", "mask_seed": "5", "rank": "3"}


def draw_two_of_als():
    from explorer.screens.explore import page
    from explorer.screens.parts.replay import draw_replay
    from explorer.settings import ALSSettings

    draw_replay(
        ALSSettings(rank=3, seed=3, mask_seed=5),
        ALSSettings(rank=3, initialization="spectral", mask_seed=6),
        own=None,
        close=print,
        explore=page,
    )


def test_a_run_opened_in_explore_takes_the_place_of_the_one_there_and_of_nothing_else():
    page = opened(k="5", seed="99", rank="3").go("sensitivity", runs=TWO)
    link = open_links(page)[0]
    assert (link["init"], link["seed"]) == ("random-points", "17")
    run = page.header("a_player")["run"]
    page.go("", **link)
    assert page.header("em_player")["run"] == run
    assert page.app.slider(key="em_n_components").value == 3
    assert page.header("als_player")["rank"] == 3


def test_a_run_of_nothing_but_defaults_takes_it_too():
    page = opened(k="5").go("sensitivity", runs="random-points:0")
    page.go("", **open_links(page)[0])
    assert page.header("em_player")["components"] == 3


def test_closing_a_run_leaves_the_other_one_and_the_address_says_so():
    page = replays()
    assert page.header("address")["entries"]["runs"] == TWO
    page.click("a_close")
    assert page.header("a_player")["summary"] == name_of(EMSettings(initialization="k-means", seed=3))
    assert page.message("b_player") is None
    assert page.header("address")["entries"]["runs"] == "k-means:3"
    page.click("a_close")
    assert page.message("a_player") is None
    assert page.header("address")["entries"]["runs"] is None


def test_runs_that_were_left_are_there_again():
    page = replays()
    before = page.header("a_player")
    assert page.go("").go("sensitivity").header("a_player") == before


def test_a_run_that_cannot_be_made_says_so_and_leaves_the_other_alone():
    page = replays("means:1,2 k-means:3")
    header = page.header("a_player")
    assert (header["role"], header["slot"], header["view"]) == ("error", "a", "em")
    assert "2 means, but K is 3" in header["text"]
    assert page.header("b_player")["axes"] is None


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (EMSettings(initialization="random-points", seed=17), "Random points · seed 17"),
        (EMSettings(initialization="means", means="2.1, 3.4"), "2.1, 3.4"),
        (EMSettings(initialization="means"), "spread evenly"),
        (EMSettings(initialization="partition", partition="typed", labels="1 1 2"), "Given partition · 112"),
        (EMSettings(initialization="partition", partition="partition2"), "Given partition · second partition"),
        (ALSSettings(initialization="gaussian", seed=3, mask_seed=5), "Gaussian · seed 3 · mask 5"),
        (ALSSettings(initialization="spectral", seed=3, mask_seed=5), "Spectral · mask 5"),
    ],
)
def test_a_run_is_named_by_how_it_starts(settings, name):
    assert name_of(settings).endswith(name)
