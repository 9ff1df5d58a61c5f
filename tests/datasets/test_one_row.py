"""A data set is one row of its table: settings, link, run, player and study follow from it."""

import subprocess
import sys
from pathlib import Path

import explorer

# In a process of its own: what can be chosen is read from the tables when the settings are imported.
SCRIPT = """
import numpy as np
from explorer.datasets import MATRICES, SAMPLES, Column, MatrixSource, SampleSource

SAMPLES["steps"] = SampleSource(
    name="steps", label="Steps", columns=(Column("height", "m"),), about="Two stairs.", source="made up",
    draw=lambda rng: np.array([1.0, 1.2, 1.1, 5.0, 5.3, 5.1]),
)
MATRICES["times"] = MatrixSource(
    name="times", label="Times table", unit="", about="All products.", source="made up", low_rank=1, seen=70,
    make=lambda rng: (np.outer(np.arange(1.0, 9), np.arange(1.0, 7)), "abcdefgh", "uvwxyz"),
)

from explorer.player.payload import als_payload, em_payload
from explorer.runs import make_als_run, make_em_run
from explorer.settings import ALSSettings, EMSettings, read_query, write_query
from explorer.study import plan_of, run_plan

em, problems = read_query(EMSettings, {"data": "steps", "k": "2"})
assert em.data == write_query(em)["data"] == "steps" and not problems
run = make_em_run(em)
assert run.trace.stop_reason == "converged"
assert b'"label": "Steps"' in em_payload(run, em, {})
assert len(run_plan(plan_of({"kind": "em", "data": "steps", "n_components": 2, "n_starts": 3}))) >= 3

als, problems = read_query(ALSSettings, {"matrix": "times", "rank": "1", "seen": "70"})
assert als.matrix == write_query(als)["matrix"] == "times" and not problems
run = make_als_run(als)
assert run.trace.rmse_hidden[-1] < 0.1 * run.trace.rmse_hidden[0]
assert b'"label": "Times table"' in als_payload(run, als, {})
table = {"kind": "als", "matrix": "times", "rank": 1, "seen": 70, "n_starts": 2, "n_masks": 2}
assert len(run_plan(plan_of(table))) >= 4
"""


def test_a_data_set_is_one_row():
    root = Path(explorer.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
