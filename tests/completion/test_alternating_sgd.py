"""Alternating minimisation with stochastic gradient inside."""

from itertools import pairwise

import numpy as np
import pytest

from explorer.completion import Factors, Observations, run_als
from explorer.completion.engine.matchings import one_a_row
from explorer.completion.engine.row_blocks import row_blocks
from explorer.completion.half_step import solve_factor
from explorer.completion.others.alternating_sgd import (
    iterate_alternating_sgd,
    run_alternating_sgd,
    stochastic_half_step,
)
from explorer.completion.others.sgd import SCHEDULES, entry_blocks
from explorer.completion.starts import FACTOR_STARTS
from explorer.errors import InputError
from explorer.stop_reason import StopReason
from tests.completion.hard import HARD
from tests.completion.problems import checkerboard, low_rank, masked


def noisy_problem():
    return masked(low_rank(15, 20, 2, seed=0, noise=0.1), 0.6, seed=1)


@pytest.mark.parametrize("schedule", ["inverse", "inverse-sqrt"])
def test_a_half_step_approaches_that_of_als_as_inner_epochs_grow(schedule):
    seen, _ = noisy_problem()
    rng = np.random.default_rng(0)
    right, zero = rng.standard_normal((20, 2)), np.zeros((15, 2))
    exact, _, _ = solve_factor(row_blocks(seen, 2), right, zero, 0.3)
    entries = entry_blocks(seen, one_a_row(seen.rows, rng), 0.3)
    errors = []
    for epochs in (1, 8, 64, 512):
        inexact = stochastic_half_step(entries, right, zero, epochs, None, schedule, np.random.default_rng(1))
        errors.append(np.linalg.norm(inexact - exact) / np.linalg.norm(exact))
    assert all(later < earlier / 2 for earlier, later in pairwise(errors))
    assert errors[-1] < 0.03


def test_inner_epochs_are_the_loop_over_single_entries():
    seen, _ = noisy_problem()
    rng = np.random.default_rng(0)
    left, right = rng.standard_normal((15, 2)), rng.standard_normal((20, 2))
    blocks = one_a_row(seen.rows, rng)
    step, ridge = 0.1, 0.3
    entries = entry_blocks(seen, blocks, ridge)
    by_blocks = stochastic_half_step(entries, right, left, 3, step, "inverse", np.random.default_rng(7))

    by_loop, order = left.copy(), np.random.default_rng(7)
    counts = np.bincount(seen.rows)
    for t in (1, 2, 3):
        for b in order.permutation(len(blocks)):
            for e in blocks[b]:
                i, x, y = seen.rows[e], by_loop[seen.rows[e]], right[seen.cols[e]]
                by_loop[i] = x + step / t * ((seen.values[e] - x @ y) * y - ridge / counts[i] * x)
    assert np.allclose(by_blocks, by_loop, rtol=1e-12, atol=1e-13)


def test_a_sweep_moves_x_with_y_fixed_and_then_y_with_the_new_x():
    # One entry: the default step is one over the whole curvature, so that each half step is exact.
    seen = Observations([0], [0], [6.0], (1, 1))
    start = Factors([[1.0]], [[2.0]])
    steps = list(iterate_alternating_sgd(seen, 1, ridge=2.0, start=start, inner_epochs=1, max_sweeps=1, rtol=0))
    x = 6 * 2 / (2**2 + 2)
    assert steps[1].left == pytest.approx(x)
    assert steps[1].right == pytest.approx(6 * x / (x**2 + 2))


def test_it_comes_near_the_objective_that_als_reaches():
    seen, _ = noisy_problem()
    by_als = run_als(seen, 2, ridge=0.1, rtol=1e-12, max_sweeps=1000)
    trace = run_alternating_sgd(seen, 2, ridge=0.1, inner_epochs=100, max_sweeps=60, rtol=0)
    assert by_als.objectives[-1] <= trace.objectives[-1] < 1.01 * by_als.objectives[-1]


def test_the_checkerboard_is_recovered_from_a_quarter_of_its_entries():
    seen, hidden = masked(checkerboard(), 0.25, seed=0)
    trace = run_alternating_sgd(seen, 2, ridge=1e-3, hidden=hidden)
    assert trace.rmse_hidden[0] > 3
    assert trace.rmse_hidden[-1] < 0.1


def test_rows_and_columns_without_an_entry_are_zero():
    trace = run_alternating_sgd(HARD["empty rows and columns"], 1, max_sweeps=3)
    assert np.flatnonzero(trace.final.left.any(axis=1)).tolist() == [0, 4]
    assert np.flatnonzero(trace.final.right.any(axis=1)).tolist() == [0, 3]


def test_the_same_settings_give_the_same_bits_and_another_seed_other_ones():
    seen, _ = noisy_problem()
    first, again, other = (run_alternating_sgd(seen, 2, seed=s, start="equal", max_sweeps=3) for s in (3, 3, 4))
    assert np.array_equal(first.final.left, again.final.left)
    assert not np.array_equal(first.final.left, other.final.left)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("step", [10.0, 1e300])
def test_a_step_that_is_far_too_long_ends_as_diverged_with_finite_numbers(step):
    seen, hidden = noisy_problem()
    trace = run_alternating_sgd(seen, 2, step=step, hidden=hidden)
    assert trace.stop_reason is StopReason.DIVERGED
    assert np.isfinite(trace.objectives).all()
    assert np.isfinite(trace.rmse_hidden).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("start", FACTOR_STARTS)
@pytest.mark.parametrize("ridge", [0.0, 0.01])
def test_hard_inputs_have_a_defined_outcome(name, start, ridge):
    seen = HARD[name]
    trace = run_alternating_sgd(seen, min(2, *seen.shape), ridge=ridge, start=start, max_sweeps=10)
    assert trace.stop_reason in (StopReason.CONVERGED, StopReason.MAX_ITER)


def test_the_matrix_is_never_formed():
    cells = np.arange(0, 100_000, 1000)
    seen = Observations(cells, cells[::-1], np.ones(len(cells)), (100_000, 100_000))
    trace = run_alternating_sgd(seen, 1, max_sweeps=2, hidden=seen)
    assert trace.objectives[-1] < trace.objectives[0]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"rank": 16}, "from 1 to 15"),
        ({"ridge": -1}, "ridge"),
        ({"inner_epochs": 0}, "inner epochs"),
        ({"inner_epochs": 1001}, "inner epochs"),
        ({"step": 0}, "step size"),
        ({"schedule": "magic"}, "no step schedule"),
        ({"start": "magic"}, "no start “"),
        ({"max_sweeps": -1}, "number of sweeps"),
        ({"rtol": 1.0}, "tolerance"),
        ({"hidden": Observations([0], [0], [1.0], (2, 2))}, "same shape"),
    ],
)
def test_settings_out_of_bounds_are_refused(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        run_alternating_sgd(noisy_problem()[0], **({"rank": 2} | settings))


def test_schedules_are_those_of_sgd():
    seen, _ = noisy_problem()
    for schedule in SCHEDULES:
        assert len(run_alternating_sgd(seen, 2, schedule=schedule, max_sweeps=2, rtol=0).objectives) == 3
