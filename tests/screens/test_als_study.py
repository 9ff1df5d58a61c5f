"""The ALS half of the Sensitivity page as Streamlit runs it: what it draws, says and takes, without a browser."""

import json
import threading

import pytest
import streamlit as st

from explorer.datasets import MATRICES
from explorer.screens.jobs import scheduler, tasks
from explorer.screens.parts import phase_view
from explorer.settings import ALSStudySettings
from explorer.study.phase import PHASE
from tests.screens.sessions import opened

SMALL = {"study": "als", "als_starts": "6", "masks": "3"}


def study(**query):
    return opened("sensitivity", **SMALL | query)


def charts(page):
    """The figures by the beginning of their key: what each shows."""
    return {chart.proto.id.rsplit("-", 1)[-1]: json.loads(chart.proto.spec) for chart in page.app.get("plotly_chart")}


def chart(page, name):
    return next(figure for key, figure in charts(page).items() if key.startswith(name))


def html(page):
    return " ".join(element.proto.body for element in page.app.get("html"))


def settings(page):
    return page.app.session_state["als_study"]


# What is drawn


def test_a_link_opens_the_study_of_als_with_its_charts_and_a_headline():
    page = study()
    assert (page.errors, page.warnings) == ([], [])
    assert page.app.session_state["study"] == "als"
    for name in ("als_masks", "als_errors", "als_starts", "als_objectives", "phase"):
        assert chart(page, name)["data"]
    assert "masks can be filled" in html(page)
    assert page.app.button(key="als_study_run").label == "18 runs done"


def test_every_chart_is_described_in_words():
    assert all(chart.proto.alt for chart in study().app.get("plotly_chart"))


def test_the_switch_leads_from_em_to_als():
    page = opened("sensitivity", starts="4")
    assert page.app.session_state["study"] == "em"
    page.app.button_group(key="study_switch").set_value("als")
    page.run()
    assert "masks can be filled" in html(page)


def test_initializations_are_columns_and_lanes():
    page = study(als_inits="gaussian,equal")
    titles = [annotation["text"] for annotation in chart(page, "als_masks")["layout"]["annotations"]]
    assert {"Gaussian", "All equal<br>(the trap)"} <= set(titles)
    assert len(chart(page, "als_errors")["layout"]["yaxis"]["ticktext"]) == 2


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"seen": "6"}, "No mask can be filled."),
        ({"seen": "100"}, "Nothing is hidden."),
        ({"rank": "1"}, "Rank 1 for a matrix of rank 2."),
        ({"matrix": "sea-temperature", "seen": "60"}, "no run counts as recovered or stuck"),
        ({"matrix": "votes", "seen": "70"}, "Off by"),
    ],
)
def test_what_cannot_be_known_is_said(query, words):
    page = study(**query)
    assert page.errors == [] and words in html(page)


def test_a_matrix_smaller_than_its_rank_is_told_in_a_sentence():
    page = study(matrix="generated", rows="5", rank="7")
    assert page.errors == ["The true rank is 7, but the matrix is 5×40; choose 1 to 5."]


# Settings


def test_a_matrix_comes_with_how_much_of_it_is_seen():
    page = study().set("selectbox", "als_study_matrix", "votes")
    assert settings(page).seen == MATRICES["votes"].seen
    assert "belongs to the settings before" in " ".join(page.captions)


def test_what_changed_runs_when_asked():
    page = study().set("slider", "als_study_n_masks", 2)
    assert page.app.button(key="als_study_run").label == "Run 12 starts"
    page.click("als_study_run").run()
    assert page.app.button(key="als_study_run").label == "12 runs done"


def test_the_dice_rolls_starts_and_masks():
    page = study().click("als_study_dice")
    assert settings(page).first_seed != ALSStudySettings.first_seed
    assert settings(page).first_mask_seed != ALSStudySettings.first_mask_seed


# Side by side


def test_below_two_runs_stands_what_turns_their_factors_into_each_other():
    page = study(runs="gaussian:0:2 gaussian:1:2")
    assert "The factors differ, their product does not." in html(page)
    assert chart(page, "rotation_factors")["data"] and chart(page, "rotation_turn")["data"]
    assert page.errors == []


def test_two_completions_that_differ_are_told_apart():
    assert "The products differ." in html(study(runs="gaussian:0:2 equal:0:2"))


def test_for_a_rank_other_than_two_the_factors_are_heat_maps():
    page = study(rank="3", matrix="low-rank", runs="gaussian:0:2 gaussian:1:2")
    assert [trace["type"] for trace in chart(page, "rotation_factors")["data"]] == ["heatmap"] * 3


# The phase diagram


@pytest.fixture
def few_cells(monkeypatch):
    """A diagram of a few cells, which take no time."""
    monkeypatch.setattr(phase_view, "SEEN", (30, 60))
    monkeypatch.setattr(phase_view, "MOST_RANKS", 2)


def test_the_phase_diagram_waits_until_it_is_asked_for_and_stops_when_told(few_cells, monkeypatch):
    allowed, iterate = threading.Semaphore(1), tasks.iterate_phase

    def when_allowed(*args, **settings):
        for cell in iterate(*args, **settings):
            yield cell
            assert allowed.acquire(timeout=60)

    def wait(diagram, seconds):
        """The page rests when a cell is there, as if it were still at it."""
        if diagram.cells and not allowed_all:
            st.stop()
        return scheduler.wait(diagram, seconds)

    allowed_all = []
    monkeypatch.setattr(tasks, "iterate_phase", when_allowed)
    monkeypatch.setattr(phase_view, "wait", wait)
    monkeypatch.setattr(scheduler, "SLICE", 0.0)
    page = study(matrix="generated", rows="9", cols="9")
    assert page.app.button(key="phase_run").label.startswith("Compute 4 cells")
    page.click("phase_run")
    done = phase_view._diagram(phase_view._settings_of(settings(page)), "rank")
    assert 0 < len(done.cells) < 4
    page.click("phase_stop")
    there = len(done.cells)
    page.run()
    assert page.app.button(key="phase_run").label.startswith(f"Go on: {there} of 4")
    allowed.release(9)
    allowed_all.append(True)
    page.click("phase_run")
    assert done.finished and "4 cells done" in " ".join(page.captions)


def test_a_cell_becomes_the_study(few_cells):
    page = study()
    page.app.session_state["phase_cell"] = wanted = PHASE.__class__(matrix="generated", rank=3, seen=60, n_starts=2)
    page.run()
    assert settings(page) == wanted
    assert page.app.slider(key="als_study_rank").value == 3


def test_cells_of_a_generated_study_have_its_shape_others_their_own():
    mine = phase_view._settings_of(ALSStudySettings(matrix="generated", n_rows=12, n_cols=20, noise=0.1, ridge=1.0))
    assert (mine.n_rows, mine.n_cols, mine.noise, mine.ridge) == (12, 20, 0.1, PHASE.ridge)
    assert phase_view._settings_of(ALSStudySettings(matrix="votes", rank=4)).n_rows == PHASE.n_rows
    assert (
        phase_view._axes(phase_view._settings_of(ALSStudySettings(matrix="generated", n_rows=5)), "rank").values[-1]
        == 5
    )
