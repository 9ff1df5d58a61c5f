"""A data set is added by one function and one row, and is then in settings, links, plans, studies and on the screen."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

# The choices of settings are made when they are imported, so that what is added comes before, in a process of its own.
ADDED = """
from dataclasses import replace

from explorer.datasets import MATRICES, SAMPLES

def coins(rng):
    return SAMPLES["two-bumps"].draw(rng)[::40]

def tiles(rng):
    values, rows, cols = MATRICES["checkerboard"].make(rng)
    return values[:12, :15], rows[:12], cols[:15]

SAMPLES["coins"] = replace(SAMPLES["two-bumps"], name="coins", label="Coins", draw=coins)
MATRICES["tiles"] = replace(MATRICES["checkerboard"], name="tiles", label="Tiles", make=tiles)
"""

MAKES_ITS_RUNS = """
from explorer.runs import make_als_run, make_em_run
from explorer.settings import ALSSettings, EMSettings, read_query, settings_of, write_query
from explorer.study import Results, add_outcomes, plan_of, read_results, run_plan
from explorer.study.results import results_as_bytes

for settings_type, setting, name, label, make in (
    (EMSettings, "data", "coins", "Coins", make_em_run),
    (ALSSettings, "matrix", "tiles", "Tiles", make_als_run),
):
    assert settings_of(settings_type)[setting].options[name] == label
    settings = settings_type(**{setting: name})
    link = {entry: text for entry, text in write_query(settings).items() if text is not None}
    assert link == {settings_of(settings_type)[setting].url: name}
    assert read_query(settings_type, link) == (settings, [])
    assert make(settings).trace.stop_reason == "converged"

    plan = plan_of({"kind": settings.kind, setting: name, "n_starts": 2})
    assert plan.studies[0].problem.name == name
    table = run_plan(plan)
    assert len(table) == plan.n_runs and set(table[setting]) == {name}
    results = Results(plan, add_outcomes(plan, table))
    assert results.table["outcome"].notna().all()
    again = read_results(results_as_bytes(results, "json"))
    assert again.plan.studies[0].settings == plan.studies[0].settings and again.complete
"""

IS_ON_THE_SCREEN = '''
from streamlit.testing.v1 import AppTest

page = AppTest.from_string(
    """
import streamlit as st

from explorer.screens.parts import als_panel, em_panel
from explorer.screens.parts.widgets import Form
from explorer.settings import ALSSettings, ALSStudySettings, EMSettings, EMStudySettings

for state, start in (("link", {"data": "coins", "matrix": "tiles"}), ("link_problems", [])):
    st.session_state.setdefault(state, start)
for name, settings in (("em", EMSettings), ("em_study", EMStudySettings)):
    em_panel.draw_sample(Form(name, settings))
for name, settings in (("als", ALSSettings), ("als_study", ALSStudySettings)):
    als_panel.draw_matrix(Form(name, settings))
"""
).run(timeout=60)
assert not page.exception, page.exception
for key in ("em_data", "em_study_data", "als_matrix", "als_study_matrix"):
    assert {"Coins", "Tiles"} & set(page.selectbox(key=key).options), key
assert (page.selectbox(key="em_data").value, page.selectbox(key="als_matrix").value) == ("coins", "tiles")
'''


@pytest.mark.parametrize("what_follows", [MAKES_ITS_RUNS, IS_ON_THE_SCREEN], ids=["runs and studies", "widgets"])
def test_what_is_added_as_one_row_follows_everywhere(what_follows):
    ended = subprocess.run(
        [sys.executable, "-c", ADDED + what_follows], capture_output=True, text=True, cwd=REPOSITORY, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
