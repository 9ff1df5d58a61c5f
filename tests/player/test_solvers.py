"""Every solver can be played, and so can a new one: one function and one row, defined here.

What is packed is read back by the layout alone, and by the browser's own scripts, at every half step.
"""

import json
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import pytest

from explorer.checks import check_fraction
from explorer.completion import (
    SOLVERS,
    ALSOptions,
    AlternatingSGDOptions,
    FrankWolfeOptions,
    GradientOptions,
    ProjectedGradientOptions,
    SGDOptions,
    Solver,
    nuclear_norm,
)
from explorer.completion.options import check_factored, options_of
from explorer.completion.starts import FACTOR_STARTS, starting_factors
from explorer.completion.stopping import falling, until
from explorer.completion.textbook import objective, solve_rows
from explorer.completion.trace import Iterate, record
from explorer.datasets import load_matrix, split
from explorer.player.payload import completion_payload
from tests.completion.problems import dense
from tests.player import node
from tests.player.decoder import decode

# A new solver, in one file: what a developer would write


@dataclass(frozen=True)
class LazyOptions:
    """ALS that goes only a share of the way to each exact solution."""

    rank: int
    share: float = 0.5
    ridge: float = 0.01
    max_sweeps: int = 8
    rtol: float = 1e-5

    def __post_init__(self):
        check_factored(self.rank, self.ridge, self.rtol)
        check_fraction("The share", self.share)


def run_lazy(observations, rank, *, start="gaussian", seed=0, hidden=None, truth=None, **options):
    options = options_of(LazyOptions, rank, options)
    matrix = dense(observations)

    def state(left, right, midway=None):
        rmse = np.sqrt(np.nanmean((matrix - left @ right.T) ** 2))
        return Iterate(left, right, objective(matrix, left, right, options.ridge), rmse, midway=midway)

    def sweeps():
        left, right = starting_factors(observations, options.rank, start, seed)
        midway = None
        while True:
            yield state(left, right, midway)
            left = left + options.share * (solve_rows(matrix, right, options.ridge) - left)
            midway = state(left, right)
            right = right + options.share * (solve_rows(matrix.T, left, options.ridge) - right)

    rule = falling(np.sum(observations.values**2) / 2, options.rtol)
    return record(until(rule, options.max_sweeps, sweeps()), hidden, truth)


LAZY = Solver(
    "lazy",
    "Lazy ALS",
    "Each factor goes half of the way to the exact solution.",
    ("Towards X", "Towards Y"),
    SOLVERS["als"].follows,
    LazyOptions,
    FACTOR_STARTS,
    run_lazy,
)

PROBLEM = load_matrix("checkerboard")
MASKED = split(PROBLEM, 0.25, 4)
RADIUS = nuclear_norm(PROBLEM.values / MASKED.scale)
OPTIONS = {
    "als": ALSOptions(2, max_sweeps=6),
    "gradient": GradientOptions(2, max_iter=6),
    "sgd": SGDOptions(2, max_epochs=6),
    "alternating-sgd": AlternatingSGDOptions(2, max_sweeps=6),
    "frank-wolfe": FrankWolfeOptions(RADIUS, max_iter=14),
    "projected-gradient": ProjectedGradientOptions(RADIUS, max_iter=6),
    "lazy": LazyOptions(2),
}
# From which half step on the matrix has more columns than are shown: the errors are then not those of what is kept.
CUT = {"frank-wolfe": 20, "projected-gradient": 0}


@pytest.fixture(autouse=True)
def one_more_row(monkeypatch):
    monkeypatch.setitem(SOLVERS, "lazy", LAZY)


def played(name):
    """A trace made through the table, its header, and the arrays that a player gets."""
    solver = SOLVERS[name]
    trace = solver.run(MASKED.observed, OPTIONS[name], seed=3, hidden=MASKED.hidden)
    frame = {"solver": solver.label, "moves": solver.moves}
    ridge = getattr(OPTIONS[name], "ridge", 0.0)
    header, arrays = decode(completion_payload(PROBLEM, MASKED, trace, solver.explanation, ridge, frame))
    assert header["moves"] == list(solver.moves)
    return trace, header, arrays


def test_every_row_is_tried_here():
    assert set(OPTIONS) == set(SOLVERS)
    for name, solver in SOLVERS.items():
        assert solver.name == name
        assert isinstance(OPTIONS[name], solver.options)


@pytest.mark.parametrize("name", OPTIONS)
def test_every_half_step_of_a_solver_arrives(name):
    trace, header, arrays = played(name)
    m, n, k = header["m"], header["n"], header["rank"]
    lefts, rights = arrays["lefts"].reshape(-1, m, k), arrays["rights"].reshape(-1, n, k)
    h = np.arange(header["last"] + 1)
    left_at, right_at = arrays.get("left_at", (h + 1) // 2), arrays.get("right_at", h // 2)
    assert header["last"] == trace.n_half_steps > 6
    assert left_at[-1] == len(lefts) - 1
    assert right_at[-1] == len(rights) - 1
    for step in h:
        factors = trace.factors(step)
        assert np.array_equal(lefts[left_at[step], :, : factors.rank], factors.left.astype(np.float32))
        assert np.array_equal(rights[right_at[step], :, : factors.rank], factors.right.astype(np.float32))
        product = factors.left @ factors.right.T
        errors = MASKED.observed.values - product[MASKED.observed.rows, MASKED.observed.cols]
        if step < CUT.get(name, np.inf):
            assert arrays["rmse_observed"][step] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-9, abs=1e-9)
    assert len(arrays["objectives"]) == len(arrays["rmse_hidden"]) == header["last"] + 1
    assert arrays["objectives"][-1] == trace.objectives[-1]


@pytest.mark.parametrize("name", OPTIONS)
def test_the_browser_s_scripts_play_every_half_step(name, tmp_path):
    trace, header, _ = played(name)
    for script in ("payload", "factors"):
        (found,) = (files("explorer.player") / "js").rglob(f"{script}.js")
        (tmp_path / f"{script}.mjs").write_text(found.read_text(encoding="utf-8"), encoding="utf-8")
    play = f"""
        import {{ readFileSync }} from "node:fs";
        import {{ decode }} from {json.dumps((tmp_path / "payload.mjs").as_uri())};
        import {{ productAt, shownFactors }} from {json.dumps((tmp_path / "factors.mjs").as_uri())};
        const run = decode(readFileSync(0));
        const halves = Array.from({{ length: run.last + 1 }}, (_, half) => half);
        const product = (half, progress) => productAt(run, shownFactors(run, {{ half, progress }}));
        const at = (progress) => halves.map((half) => Array.from(product(half, progress)));
        console.log(JSON.stringify([at(1), at(0.5)]));
    """
    solver = SOLVERS[name]
    ridge = getattr(OPTIONS[name], "ridge", 0.0)
    message = completion_payload(PROBLEM, MASKED, trace, solver.explanation, ridge, {})
    ran = node.run("--input-type=module", "--eval", play, given=message)
    assert ran.returncode == 0, ran.stderr.decode()
    reached, between = np.array(json.loads(ran.stdout)).reshape(2, header["last"] + 1, header["m"], header["n"])
    before = None
    for h in range(header["last"] + 1):
        left, right = trace.arrays_at(h)
        left, right = (np.pad(each, ((0, 0), (0, header["rank"] - each.shape[1]))) for each in (left, right))
        tolerance = 1e-5 * (1 + np.abs(left).max()) * (1 + np.abs(right).max())
        assert np.allclose(reached[h], left @ right.T, atol=tolerance)
        if before is not None:
            x, y = (before[0] + left) / 2, (before[1] + right) / 2
            assert np.allclose(between[h], x @ y.T, atol=tolerance)
        before = left, right
