"""The table of solvers, and what their traces keep at half steps."""

import pickle
from dataclasses import fields, replace

import numpy as np
import pytest

from explorer.completion import (
    SOLVERS,
    ALSOptions,
    AlternatingSGDOptions,
    Factors,
    FrankWolfeOptions,
    GradientOptions,
    Observations,
    ProjectedGradientOptions,
    SGDOptions,
    iterate_als,
    iterate_alternating_sgd,
    iterate_frank_wolfe,
    iterate_gradient,
    iterate_projected_gradient,
    iterate_sgd,
    run_als,
    run_many_als,
    textbook,
)
from explorer.completion.trace import SHOWN_COLUMNS
from explorer.errors import InputError
from explorer.stop_reason import StopReason
from tests.completion.problems import dense, low_rank, masked

SEEN, HIDDEN = masked(low_rank(15, 20, 2, seed=0, noise=0.1), 0.6, seed=1)
TRUTH = Factors(np.ones((15, 1)), np.ones((20, 1)))
OPTIONS = {
    "als": ALSOptions(2, ridge=0.3, max_sweeps=5, rtol=0),
    "gradient": GradientOptions(2, ridge=0.3, max_iter=5, rtol=0),
    "sgd": SGDOptions(2, ridge=0.3, max_epochs=5, rtol=0),
    "alternating-sgd": AlternatingSGDOptions(2, ridge=0.3, max_sweeps=5, rtol=0),
    "frank-wolfe": FrankWolfeOptions(12.0, max_iter=30, rtol=0),
    "projected-gradient": ProjectedGradientOptions(12.0, step=0.7, max_iter=5, rtol=0),
}
ITERATE = {
    "als": iterate_als,
    "gradient": iterate_gradient,
    "sgd": iterate_sgd,
    "alternating-sgd": iterate_alternating_sgd,
    "frank-wolfe": iterate_frank_wolfe,
    "projected-gradient": iterate_projected_gradient,
}
FACTORED = [name for name in OPTIONS if "rank" in {field.name for field in fields(OPTIONS[name])}]
LENGTH = {"als": "max_sweeps", "sgd": "max_epochs", "alternating-sgd": "max_sweeps"}


def run(name, **others):
    return SOLVERS[name].run(SEEN, OPTIONS[name], hidden=HIDDEN, truth=TRUTH, **others)


def nearest(matrix, rank):
    """The nearest matrix of that rank (Eckart and Young)."""
    u, s, v = np.linalg.svd(matrix)
    return (u[:, :rank] * s[:rank]) @ v[:rank]


def test_the_table_says_what_each_solver_is():
    assert list(SOLVERS) == list(OPTIONS)
    for name, solver in SOLVERS.items():
        assert solver.name == name
        assert solver.label
        assert solver.explanation.endswith(".")
        assert len(set(solver.moves)) == 2
        assert solver.follows.startswith("½|P(A − ")
        assert solver.follows.endswith(".")
        assert fields(solver.options)[0].name in ("rank", "radius")


@pytest.mark.parametrize("name", OPTIONS)
def test_even_half_steps_are_the_iterates_bit_for_bit(name):
    trace = run(name)
    iterates = list(ITERATE[name](SEEN, OPTIONS[name]))
    assert trace.n_half_steps == (len(iterates) - 1) * (1 if name == "als" else 2)
    if name == "als":
        iterates = iterates[::2]
    for t, iterate in enumerate(iterates):
        assert trace.half_objectives[2 * t] == iterate.objective
        assert trace.half_rmse_observed[2 * t] == iterate.rmse_observed
        factors = trace.factors(2 * t)
        if name in FACTORED:
            assert np.array_equal(factors.left, iterate.left)
            assert np.array_equal(factors.right, iterate.right)
        else:
            product = nearest(iterate.left @ iterate.right.T, SHOWN_COLUMNS)
            assert np.allclose(factors.left @ factors.right.T, product, atol=1e-9)
    assert np.array_equal(iterates[-1].left, trace.final.left)


@pytest.mark.parametrize("name", FACTORED)
def test_figures_at_half_steps_are_those_of_the_factors_there(name):
    trace = run(name)
    assert trace.whole
    rmse_hidden = trace.half_rmse_hidden(HIDDEN)
    for h in range(trace.n_half_steps + 1):
        left, right = trace.arrays_at(h)
        errors = dense(SEEN) - left @ right.T
        assert trace.half_objectives[h] == pytest.approx(textbook.objective(dense(SEEN), left, right, 0.3), rel=1e-12)
        assert trace.half_rmse_observed[h] == pytest.approx(np.sqrt(np.nanmean(errors**2)), rel=1e-12)
        unseen = dense(HIDDEN) - left @ right.T
        assert rmse_hidden[h] == pytest.approx(np.sqrt(np.nanmean(unseen**2)), rel=1e-12)


@pytest.mark.parametrize("name", [name for name in OPTIONS if name != "als"])
def test_figures_of_whole_steps_are_every_second_one(name):
    trace = run(name)
    assert np.array_equal(trace.objectives, trace.half_objectives[::2])
    assert np.array_equal(trace.rmse_observed, trace.half_rmse_observed[::2])
    assert np.array_equal(trace.rmse_hidden, trace.half_rmse_hidden(HIDDEN)[::2])
    assert len(trace.distances) == len(trace.seconds) == trace.n_steps + 1
    assert len(trace.found) == trace.n_half_steps + 1


@pytest.mark.parametrize("name", [name for name, solver in SOLVERS.items() if "never rises" in solver.follows])
def test_what_never_rises_does_so_at_no_half_step_but_where_a_step_leaves_the_ball(name):
    rises = np.diff(run(name).half_objectives)
    assert (rises[::2] <= 1e-12).all()
    assert (rises[1::2] <= 1e-12).all() or name == "projected-gradient"


@pytest.mark.parametrize("name", ["als", "gradient", "alternating-sgd"])
def test_x_moves_at_odd_half_steps_and_y_at_even_ones(name):
    trace = run(name)
    for h in range(1, trace.n_half_steps + 1):
        (left, right), (x, y) = trace.arrays_at(h - 1), trace.arrays_at(h)
        stays, moves = ((right, y), (left, x)) if h % 2 else ((left, x), (right, y))
        assert np.array_equal(*stays)
        assert not np.array_equal(*moves)


@pytest.mark.parametrize("name", ["sgd", "frank-wolfe"])
def test_a_first_move_that_only_finds_something_leaves_the_matrix(name):
    trace = run(name)
    for h in range(1, trace.n_half_steps, 2):
        for before, after in zip(trace.arrays_at(h - 1), trace.arrays_at(h), strict=True):
            assert np.array_equal(before, after)
        assert trace.found[h]
        assert trace.half_rmse_hidden(HIDDEN)[h] == trace.half_rmse_hidden(HIDDEN)[h - 1]


def test_a_direction_of_frank_wolfe_has_the_gap_of_the_iterate_that_it_leaves():
    trace = run("frank-wolfe")
    for t in range(1, trace.n_steps + 1):
        found = trace.found[2 * t - 1]
        assert found["gap"] == trace.gaps[t - 1]
        assert np.linalg.norm(found["left"]) == pytest.approx(1.0)
        assert 0 <= trace.found[2 * t]["share"] <= 1
    few = run("frank-wolfe").factors(2 * SHOWN_COLUMNS)
    product = np.zeros((15, 20))
    for t in range(1, SHOWN_COLUMNS + 1):
        found, share = trace.found[2 * t - 1], trace.found[2 * t]["share"]
        product += share * (12.0 * np.outer(found["left"], found["right"]) - product)
    assert np.allclose(few.left @ few.right.T, product, atol=1e-12)


def test_projected_gradient_keeps_what_it_stepped_to_and_the_singular_values_before_and_after_the_cut():
    trace, z = run("projected-gradient"), np.zeros((15, 20))
    for t in range(1, 6):
        stepped = z + 0.7 * np.nan_to_num(dense(SEEN) - z)
        odd, even = trace.factors(2 * t - 1), trace.factors(2 * t)
        assert np.allclose(odd.left @ odd.right.T, nearest(stepped, SHOWN_COLUMNS), atol=1e-10)
        assert odd.rank == SHOWN_COLUMNS
        unseen = dense(HIDDEN) - stepped
        assert trace.half_rmse_hidden(HIDDEN)[2 * t - 1] == pytest.approx(np.sqrt(np.nanmean(unseen**2)))
        before, after = trace.found[2 * t - 1]["singular_values"], trace.found[2 * t]["singular_values"]
        assert np.allclose(before, np.linalg.svd(stepped, compute_uv=False), atol=1e-10)
        assert after.sum() == pytest.approx(12.0) or np.array_equal(before, after)
        assert trace.half_objectives[2 * t - 1] == pytest.approx(np.nansum((dense(SEEN) - stepped) ** 2) / 2)
        u, _, v = np.linalg.svd(stepped, full_matrices=False)
        z = (u * after) @ v
        assert np.allclose(even.left @ even.right.T, nearest(z, SHOWN_COLUMNS), atol=1e-10)


@pytest.mark.parametrize("name", OPTIONS)
def test_a_trace_can_be_sent_to_another_process(name):
    trace = run(name)
    copy = pickle.loads(pickle.dumps(trace))
    for one, other in zip(trace.arrays_at(3), copy.arrays_at(3), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("name", OPTIONS)
def test_what_a_trace_holds_is_read_only(name):
    trace = run(name)
    for array in (trace.half_objectives, trace.half_rmse_observed, *sum(trace.kept, ())):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


@pytest.mark.parametrize("name", OPTIONS)
def test_half_steps_outside_the_run_are_refused(name):
    trace = run(name)
    for h in (-1, trace.n_half_steps + 1):
        with pytest.raises(InputError, match=f"half steps 0 to {trace.n_half_steps}, so there is no {h}"):
            trace.factors(h)


def test_a_step_that_overflows_is_left_out_with_its_first_move():
    trace = SOLVERS["gradient"].run(SEEN, GradientOptions(2, step=1e300))
    assert trace.stop_reason is StopReason.DIVERGED
    assert trace.n_half_steps == 2 * trace.n_steps == len(trace.kept) - 1
    assert np.isfinite(trace.half_objectives).all()


@pytest.mark.parametrize("name", OPTIONS)
def test_a_trace_that_may_not_fit_into_memory_is_refused_before_it_begins(name):
    far = (500, 2000) if name == "projected-gradient" else (1_000_000, 1_000_000)
    wide = Observations([0], [0], [1.0], far)
    long = replace(OPTIONS[name], **{LENGTH.get(name, "max_iter"): 10_000})
    with pytest.raises(
        InputError, match=r"do not fit into memory: allow fewer, or use `iterate_\w+`, which keeps none"
    ):
        SOLVERS[name].run(wide, long)


@pytest.mark.parametrize("name", OPTIONS)
def test_the_record_and_its_fields_are_two_ways_to_say_one_thing(name):
    options = OPTIONS[name]
    first, *others = ((field.name, getattr(options, field.name)) for field in fields(options))
    by_record, by_fields = (
        list(ITERATE[name](SEEN, *call[0], **call[1])) for call in (((options,), {}), ((first[1],), dict(others)))
    )
    assert [each.objective for each in by_record] == [each.objective for each in by_fields]
    changed = next(iter(ITERATE[name](SEEN, options, **{LENGTH.get(name, "max_iter"): 0})))
    assert changed.stop_reason is StopReason.MAX_ITER
    with pytest.raises(TypeError, match="unexpected keyword argument 'rigde'"):
        ITERATE[name](SEEN, first[1], rigde=0.1)


def test_many_runs_take_the_same_record():
    many = run_many_als(SEEN, OPTIONS["als"], seeds=[0, 1])
    for seed in (0, 1):
        assert many.objectives[seed] == pytest.approx(
            run_als(SEEN, OPTIONS["als"], seed=seed).objectives[-1], rel=1e-10
        )


@pytest.mark.parametrize("name", FACTORED)
def test_a_solver_of_factors_begins_where_it_is_told(name):
    for start in SOLVERS[name].starts:
        assert np.isfinite(run(name, start=start, seed=1).objectives).all()
    assert not np.array_equal(run(name, start="gaussian", seed=1).objectives, run(name, start="gaussian").objectives)


@pytest.mark.parametrize("name", ["frank-wolfe", "projected-gradient"])
def test_a_solver_that_begins_at_zero_has_no_start(name):
    assert not SOLVERS[name].starts
    assert np.array_equal(run(name, seed=1).objectives, run(name, seed=2).objectives)
    with pytest.raises(InputError, match="begins at zero: leave the start out"):
        run(name, start="gaussian")


def test_options_of_another_solver_are_refused():
    with pytest.raises(InputError, match="options of Stochastic gradient are `SGDOptions`, not ALSOptions"):
        SOLVERS["sgd"].run(SEEN, OPTIONS["als"])


@pytest.mark.parametrize("name", SOLVERS)
def test_all_half_steps_in_one_go_are_those_one_by_one(name):
    trace = run(name)
    told = list(trace.all_arrays())
    assert len(told) == trace.n_half_steps + 1
    for h, (left, right) in enumerate(told):
        x, y = trace.arrays_at(h)
        np.testing.assert_allclose(left @ right.T, x @ y.T, atol=1e-9 * np.abs(x @ y.T).max(initial=1.0))
