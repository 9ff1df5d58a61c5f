"""A whole run of alternating least squares and the trace it leaves."""

import tracemalloc
from itertools import islice

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from explorer.completion import (
    STARTS,
    CompletionTrace,
    Factors,
    Observations,
    distance,
    from_matrix,
    iterate_als,
    run_als,
    textbook,
)
from explorer.completion import half_step as half_step_module
from explorer.completion import trace as trace_module
from explorer.completion.engine import cholesky
from explorer.errors import InputError
from explorer.stop_reason import StopReason
from tests.completion.problems import checkerboard, dense, low_rank, masked, observations


def noisy_problem():
    return masked(low_rank(15, 20, 2, seed=0, noise=0.1), 0.6, seed=1)


def whole(seen):
    """1/2 |P(A)|^2, the objective at X = Y = 0."""
    return 0.5 * np.sum(seen.values**2)


def rounding(seen):
    return 1e-12 * whole(seen)


def product(trace, h=None):
    factors = trace.factors(2 * trace.n_sweeps if h is None else h)
    return factors.left @ factors.right.T


@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_every_half_step_is_the_textbooks(ridge):
    seen, _ = noisy_problem()
    trace = run_als(seen, 3, ridge=ridge, seed=4, max_sweeps=6, rtol=0)
    half_steps = textbook.als(dense(seen), trace.rights[0], ridge, n_sweeps=6)
    assert len(half_steps) == 13 == trace.n_half_steps + 1
    for h, (left, right) in enumerate(half_steps):
        assert np.allclose(trace.factors(h).left, left, rtol=1e-9, atol=1e-10)
        assert np.allclose(trace.factors(h).right, right, rtol=1e-9, atol=1e-10)
        assert trace.objectives[h] == pytest.approx(textbook.objective(dense(seen), left, right, ridge), rel=1e-11)


def test_every_figure_belongs_to_the_factors_of_its_half_step():
    seen, hidden = noisy_problem()
    trace = run_als(seen, 2, ridge=0.3, max_sweeps=5, rtol=0, hidden=hidden)
    assert trace.n_sweeps == 5
    assert trace.lefts.shape == (6, 15, 2)
    assert trace.rights.shape == (6, 20, 2)
    assert len(trace.objectives) == len(trace.rmse_observed) == len(trace.rmse_hidden) == 11
    for h in range(11):
        factors = trace.factors(h)
        assert np.array_equal(factors.left, trace.lefts[(h + 1) // 2])
        assert np.array_equal(factors.right, trace.rights[h // 2])
        errors = dense(seen) - product(trace, h)
        objective = textbook.objective(dense(seen), factors.left, factors.right, 0.3)
        assert trace.objectives[h] == pytest.approx(objective, rel=1e-12)
        assert trace.rmse_observed[h] == pytest.approx(np.sqrt(np.nanmean(errors**2)), rel=1e-12)
        unseen = dense(hidden) - product(trace, h)
        assert trace.rmse_hidden[h] == pytest.approx(np.sqrt(np.nanmean(unseen**2)), rel=1e-12)


def test_the_trace_is_the_record_that_every_solver_leaves():
    seen, hidden = noisy_problem()
    truth = Factors(np.ones((15, 3)), low_rank(20, 3, 3, seed=5))
    trace = run_als(seen, 2, ridge=0.3, max_sweeps=5, rtol=0, hidden=hidden, truth=truth)
    assert isinstance(trace, CompletionTrace)
    assert np.array_equal(trace.final.left, trace.lefts[-1])
    assert np.array_equal(trace.final.right, trace.rights[-1])
    assert len(trace.distances) == len(trace.seconds) == 11
    assert trace.distances[0] == pytest.approx(np.linalg.norm(truth.left @ truth.right.T))
    for h in range(11):
        assert trace.distances[h] == distance(trace.factors(h), truth)
    assert trace.seconds[0] > 0
    assert (np.diff(trace.seconds) > 0).all()
    assert run_als(seen, 2, max_sweeps=0).distances is None


def test_the_distance_to_a_recovered_matrix_is_rounding():
    rng = np.random.default_rng(0)
    truth = Factors(rng.standard_normal((30, 2)), rng.standard_normal((25, 2)))
    seen, _ = masked(truth.left @ truth.right.T, 0.6, seed=1)
    trace = run_als(seen, 2, ridge=0.0, rtol=1e-20, max_sweeps=500, truth=truth)
    assert trace.distances[-1] < 1e-10 * trace.distances[0]


def test_the_start_is_half_step_zero_with_x_zero():
    seen, _ = noisy_problem()
    trace = run_als(seen, 2, ridge=0.0, max_sweeps=0)
    assert not trace.lefts.any()
    assert trace.objectives.tolist() == [pytest.approx(whole(seen))]
    assert trace.stop_reason is StopReason.MAX_ITER
    assert trace.rmse_hidden is None


def test_a_ridge_per_entry_is_the_textbook_loop_of_the_weighted_objective():
    seen, _ = noisy_problem()
    matrix, ridge, k = dense(seen), 0.05, 3
    matrix[4], matrix[:, 7] = np.nan, np.nan
    seen = from_matrix(matrix)
    row_counts, col_counts = np.sum(~np.isnan(matrix), axis=1), np.sum(~np.isnan(matrix), axis=0)
    trace = run_als(seen, k, ridge=ridge, ridge_per_entry=True, seed=4, max_sweeps=4, rtol=0)
    for h in range(9):
        factors = trace.factors(h)
        errors = matrix - factors.left @ factors.right.T
        penalty = row_counts @ np.sum(factors.left**2, axis=1) + col_counts @ np.sum(factors.right**2, axis=1)
        assert trace.objectives[h] == pytest.approx((np.nansum(errors**2) + ridge * penalty) / 2, rel=1e-12)
    for sweep in range(1, 5):
        for i in np.flatnonzero(row_counts):
            y, a = trace.rights[sweep - 1][~np.isnan(matrix[i])], matrix[i, ~np.isnan(matrix[i])]
            x = np.linalg.solve(y.T @ y + ridge * row_counts[i] * np.eye(k), y.T @ a)
            assert np.allclose(trace.lefts[sweep, i], x, rtol=1e-9, atol=1e-10)


def test_a_ridge_per_entry_does_not_penalise_what_has_no_entries():
    seen = Observations([0, 0, 2], [0, 1, 1], [1.0, 2.0, 3.0], (3, 3))
    trace = run_als(seen, 2, ridge=0.1, ridge_per_entry=True)
    assert not trace.lefts[:, 1].any()
    assert trace.rights[0, 2].any()
    assert not trace.rights[1:, 2].any()
    assert trace.singular_rows.tolist() == [1]
    assert trace.singular_cols.tolist() == [2]


def test_with_equally_many_entries_everywhere_a_ridge_per_entry_is_a_larger_ridge():
    seen = from_matrix(low_rank(8, 8, 2, seed=0, noise=0.1))
    each, whole_row = (run_als(seen, 2, ridge=r, ridge_per_entry=e) for r, e in ((0.01, True), (0.08, False)))
    assert np.allclose(each.objectives, whole_row.objectives, rtol=1e-13)
    assert np.allclose(product(each), product(whole_row), atol=1e-12)


@given(
    seen=observations(),
    rank=st.integers(1, 9),
    ridge=st.sampled_from([0.0, 1e-12, 0.01, 5.0]),
    per_entry=st.booleans(),
    start=st.sampled_from(list(STARTS)),
    seed=st.integers(0, 99),
    small=st.booleans(),
)
@settings(max_examples=200, deadline=None)
@example(Observations([0, 1], [0, 1], [0.0, 0.0], (2, 2)), 2, 0.0, False, "gaussian", 0, True)
# Row 1 and column 1 meet no entry but their own: what a decomposition puts there is rounding, not a start.
@example(
    Observations([0, 0, 1, 7, 7], [0, 2, 1, 0, 3], [1.0, 2.5, 1.0, -3.9, 2.7], (9, 6)),
    2,
    0.0,
    False,
    "spectral",
    0,
    True,
)
# Fits exactly, and then rounding alone moves an objective of 1e-23.
@example(from_matrix([[0.0, 1.0], [-3.0, 5.0]]), 2, 0.0, False, "gaussian", 3, True)
def test_the_objective_never_rises_at_any_half_step(seen, rank, ridge, per_entry, start, seed, small):
    rank = min(rank, *seen.shape)
    options = {"ridge": ridge, "ridge_per_entry": per_entry, "start": start, "seed": seed}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cholesky, "SMALL", np.inf if small else 0)
        trace = run_als(seen, rank, max_sweeps=20, rtol=0, **options)
    assert (np.diff(trace.objectives) <= rounding(seen)).all()
    assert trace.stop_reason in (StopReason.CONVERGED, StopReason.MAX_ITER)
    assert np.isfinite(trace.lefts).all()
    assert np.isfinite(trace.rights).all()


@given(
    seen=observations(),
    rank=st.integers(1, 4),
    ridge=st.sampled_from([0.0, 1e-12, 0.01]),
    exponents=st.integers(1, 16),
    seed=st.integers(0, 9999),
    small=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_the_objective_never_rises_from_a_start_with_entries_of_any_size(seen, rank, ridge, exponents, seed, small):
    rank = min(rank, *seen.shape)
    rng = np.random.default_rng(seed)
    start = rng.standard_normal((seen.shape[1], rank)) * 10 ** rng.uniform(-exponents, exponents, (seen.shape[1], rank))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cholesky, "SMALL", np.inf if small else 0)
        trace = run_als(seen, rank, ridge=ridge, start=start, max_sweeps=10, rtol=0)
    # The penalty on a large start is far above 1/2 |P(A)|^2, and rounds in its own last digit.
    assert (np.diff(trace.objectives) <= rounding(seen) + 1e-15 * trace.objectives[:-1]).all()
    assert trace.stop_reason in (StopReason.CONVERGED, StopReason.MAX_ITER)


@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_a_rotated_start_gives_the_same_products(ridge):
    seen, _ = noisy_problem()
    rng = np.random.default_rng(5)
    start = rng.standard_normal((20, 3))
    rotation, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    plain = run_als(seen, 3, ridge=ridge, start=start, max_sweeps=5, rtol=0)
    rotated = run_als(seen, 3, ridge=ridge, start=start @ rotation, max_sweeps=5, rtol=0)
    for h in range(1, 11):
        assert np.allclose(product(plain, h), product(rotated, h), atol=1e-8)


def test_the_order_of_the_entries_does_not_matter():
    seen, _ = noisy_problem()
    shuffle = np.random.default_rng(0).permutation(seen.count)
    shuffled = Observations(seen.rows[shuffle], seen.cols[shuffle], seen.values[shuffle], seen.shape)
    assert np.allclose(product(run_als(seen, 2)), product(run_als(shuffled, 2)), atol=1e-9)


def test_only_the_right_start_and_the_seed_decide_the_run_bit_for_bit():
    seen, _ = noisy_problem()
    first, again, other = (run_als(seen, 2, seed=seed) for seed in (3, 3, 4))
    given_start = run_als(seen, 2, start=first.rights[0], seed=99)
    for same in (again, given_start):
        assert np.array_equal(first.lefts, same.lefts)
        assert np.array_equal(first.rights, same.rights)
        assert np.array_equal(first.objectives, same.objectives)
    assert not np.array_equal(first.rights[0], other.rights[0])


def test_the_checkerboard_is_recovered_from_a_quarter_of_its_entries():
    seen, hidden = masked(checkerboard(), 0.25, seed=0)
    trace = run_als(seen, 2, ridge=0.0, rtol=1e-20, hidden=hidden)
    assert trace.stop_reason is StopReason.CONVERGED
    assert trace.rmse_hidden[0] > 3
    assert trace.rmse_hidden[-1] < 1e-9


@pytest.mark.parametrize("ridge", [0.0, 0.01])
@pytest.mark.parametrize("rank", [2, 3])
def test_from_equal_columns_the_product_never_leaves_rank_one(rank, ridge):
    seen, hidden = masked(checkerboard(), 0.25, seed=0)
    trace = run_als(seen, rank, ridge=ridge, start="equal", max_sweeps=60, rtol=0, hidden=hidden)
    singular_values = np.linalg.svd(product(trace), compute_uv=False)
    assert singular_values[1] < 1e-12 * singular_values[0]
    assert trace.rmse_hidden[-1] > 1
    assert trace.singular_rows.size == (40 if ridge == 0 else 0)


@pytest.mark.parametrize("ridge", [0.0, 0.01])
@pytest.mark.parametrize("seed", range(5))
def test_a_direction_that_the_start_lacks_stays_out_for_good(ridge, seed):
    seen, _ = masked(low_rank(9, 7, 4, seed), 0.7, seed)
    trace = run_als(seen, 3, ridge=ridge, start=low_rank(7, 3, 2, seed), max_sweeps=100, rtol=0)
    singular_values = np.linalg.svd(product(trace), compute_uv=False)
    assert singular_values[2] < 1e-12 * singular_values[0]


def test_without_ridge_singular_rows_and_columns_are_told():
    # Row 2 and column 3 have one entry each, and column 4 none: too few for rank 2.
    matrix = low_rank(6, 5, 2, seed=0)
    matrix[2, 1:] = np.nan
    matrix[1:, 3] = np.nan
    matrix[:, 4] = np.nan
    trace = run_als(from_matrix(matrix), 2, ridge=0.0)
    assert trace.singular_rows.tolist() == [2]
    assert trace.singular_cols.tolist() == [3, 4]
    assert not trace.rights[-1][4].any()
    with_ridge = run_als(from_matrix(matrix), 2, ridge=0.01)
    assert with_ridge.singular_rows.size == with_ridge.singular_cols.size == 0


@pytest.mark.parametrize("noise", [0.1, 0.0])
def test_converged_means_the_first_fall_below_the_tolerance_times_the_objective_at_zero(noise):
    seen, _ = masked(low_rank(15, 20, 2, seed=0, noise=noise), 0.6, seed=1)
    trace = run_als(seen, 2, ridge=1e-4, rtol=1e-4, max_sweeps=500)
    falls = trace.objectives[:-2:2] - trace.objectives[2::2]
    assert trace.stop_reason is StopReason.CONVERGED
    assert falls[-1] < 1e-4 * whole(seen)
    assert (falls[:-1] >= 1e-4 * whole(seen)).all()
    if noise == 0:
        assert falls[-1] > 0.1 * trace.objectives[-3], "a large share of the objective itself, which is no measure"


def test_running_out_of_sweeps_is_not_called_convergence():
    seen, _ = noisy_problem()
    trace = run_als(seen, 2, ridge=0.1, rtol=0, max_sweeps=300)
    assert trace.stop_reason is StopReason.MAX_ITER
    assert trace.n_sweeps == 300


def test_numbers_that_overflow_end_the_run_as_diverged_and_stay_out_of_the_trace():
    seen = from_matrix(np.array([[1e50, 2.0], [3.0, 4.0]]))
    trace = run_als(seen, 1, ridge=0.0, start=np.full((2, 1), 1e-300))
    assert trace.stop_reason is StopReason.DIVERGED
    assert trace.n_sweeps == 0
    assert np.isfinite(trace.objectives).all()


def test_numbers_too_large_to_be_compared_end_the_run_as_diverged_too():
    # Without ridge, x = 1e160 fits the observed entries of a y that is as small; the hidden column is not small.
    seen = Observations([0, 1, 1], [0, 0, 1], [1e50, 1e50, 1.0], (2, 2))
    start = np.array([[1e-110], [1e50]])
    hidden = Observations([0], [1], [1.0], (2, 2))
    for comparison in ({"hidden": hidden}, {"truth": Factors(np.ones((2, 1)), np.ones((2, 1)))}):
        trace = run_als(seen, 1, ridge=0.0, start=start, **comparison)
        assert trace.stop_reason is StopReason.DIVERGED
        for figures in (trace.objectives, trace.rmse_hidden, trace.distances):
            assert figures is None or np.isfinite(figures).all()


@pytest.mark.parametrize("h", [1, 2, 3, 4])
def test_a_sweep_in_which_numbers_overflow_is_left_out_with_both_its_half_steps(monkeypatch, h):
    seen, hidden = noisy_problem()
    errors = iter([1.0] * h + [np.inf])
    monkeypatch.setattr(trace_module, "rmse", lambda factors, entries: next(errors))
    trace = run_als(seen, 2, hidden=hidden)
    assert trace.stop_reason is StopReason.DIVERGED
    assert trace.n_sweeps == (h - 1) // 2
    assert len(trace.rights) == len(trace.lefts)
    assert len(trace.objectives) == len(trace.seconds) == 2 * trace.n_sweeps + 1
    assert np.array_equal(trace.final.left, trace.lefts[-1])


def test_a_rise_of_the_objective_ends_the_run_as_diverged_and_is_kept(monkeypatch):
    seen, _ = noisy_problem()

    def wrong(*arguments):
        factor, squared_error, singular = solve_factor(*arguments)
        return 10 * factor, 100 * squared_error + 1e4, singular

    solve_factor = half_step_module.solve_factor
    monkeypatch.setattr(half_step_module, "solve_factor", wrong)
    trace = run_als(seen, 2)
    assert trace.stop_reason is StopReason.DIVERGED
    assert trace.n_sweeps == 1
    assert trace.objectives[2] > trace.objectives[0]


def test_half_steps_come_one_at_a_time():
    seen, _ = noisy_problem()
    trace = run_als(seen, 2, max_sweeps=10_000)
    steps = list(iterate_als(seen, 2, max_sweeps=10_000))
    assert [step.objective for step in steps] == trace.objectives.tolist()
    assert [step.stop_reason for step in steps] == [None] * (len(steps) - 1) + [StopReason.CONVERGED]
    first_five = list(islice(iterate_als(seen, 2), 5))
    assert np.array_equal(first_five[4].right, trace.rights[2])


def test_the_matrix_is_never_formed():
    # 10^10 cells would take 80 GB.
    cells = np.arange(0, 100_000, 1000)
    seen = Observations(cells, cells[::-1], np.ones(len(cells)), (100_000, 100_000))
    for start in STARTS:
        trace = run_als(seen, 1, max_sweeps=1, start=start, hidden=seen)
        assert trace.objectives[-1] < trace.objectives[0]


def peak_memory(seen, rank):
    """Bytes that a run of one sweep allocates at most."""
    tracemalloc.start()
    try:
        for _ in iterate_als(seen, rank, max_sweeps=1):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_with_the_entries_and_not_with_the_cells():
    rng = np.random.default_rng(0)
    cells = rng.choice(4000 * 4000, size=200_000, replace=False)
    rows, cols = np.divmod(cells, 4000)
    few, many = (Observations(rows[:N], cols[:N], np.ones(N), (4000, 4000)) for N in (100_000, 200_000))
    assert peak_memory(many, 8) < 0.15 * 8 * 4000**2
    assert peak_memory(many, 8) < 2 * peak_memory(few, 8)
    half = from_matrix(np.ones((700, 700)), rng.random((700, 700)) < 0.5)
    assert peak_memory(half, 8) < 150 * half.count


def test_a_trace_is_read_only():
    trace = run_als(noisy_problem()[0], 2, hidden=noisy_problem()[1])
    figures = (trace.objectives, trace.rmse_observed, trace.rmse_hidden, trace.seconds)
    for array in (trace.lefts, trace.rights, *figures):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize("h", [-1, 21])
def test_half_steps_outside_the_run_are_refused(h):
    trace = run_als(noisy_problem()[0], 2, max_sweeps=10, rtol=0)
    with pytest.raises(InputError, match="half steps 0 to 20"):
        trace.factors(h)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"rank": 0}, "rank must be a whole number from 1 to 100"),
        ({"rank": 16}, "rank, for this matrix, must be a whole number from 1 to 15"),
        ({"rank": 1.5}, "rank must be a whole number"),
        ({"ridge": -0.1}, "ridge"),
        ({"ridge": np.nan}, "ridge"),
        ({"ridge": np.inf}, "ridge"),
        ({"seed": -1}, "seed"),
        ({"max_sweeps": -1}, "sweeps must be a whole number"),
        ({"max_sweeps": 10_001}, "sweeps must be a whole number"),
        ({"rtol": 1.0}, "tolerance"),
        ({"rtol": -1e-9}, "tolerance"),
        ({"start": "magic"}, "There is no start “magic”: choose one of gaussian"),
        ({"start": np.ones((15, 2))}, "20 rows"),
        ({"start": np.full((20, 2), np.nan)}, "finite"),
        ({"start": [["a"]]}, "start Y_0 must be numbers"),
        ({"hidden": Observations([0], [0], [1.0], (2, 2))}, "same shape"),
        ({"truth": Factors(np.ones((2, 1)), np.ones((2, 1)))}, "true matrix must have factors X with 15 rows"),
        ({"truth": Factors(np.full((15, 1), 1e60), np.ones((20, 1)))}, "at most 1e"),
        ({"truth": np.ones((15, 20))}, "as factors"),
        ({"ridge": "a"}, "ridge must be a number"),
        ({"rtol": None}, "tolerance must be a number"),
    ],
)
def test_settings_out_of_bounds_are_refused(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        run_als(noisy_problem()[0], **({"rank": 2} | settings))


def test_settings_are_checked_before_the_first_half_step_is_asked_for():
    with pytest.raises(InputError, match="rank"):
        iterate_als(noisy_problem()[0], 0)


def test_a_trace_too_large_for_memory_is_refused():
    seen = Observations([0], [0], [1.0], (1_000_000, 1_000_000))
    with pytest.raises(InputError, match="memory"):
        run_als(seen, 1, start="equal", max_sweeps=1000)
