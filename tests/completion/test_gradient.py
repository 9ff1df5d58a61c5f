"""Alternating gradient steps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from explorer.completion import Factors, Observations, from_matrix, run_als
from explorer.completion.others.gradient import iterate_gradient, run_gradient
from explorer.completion.starts import FACTOR_STARTS, starting_factors
from explorer.completion.textbook import objective
from explorer.errors import InputError
from explorer.stop_reason import StopReason
from tests.completion.hard import HARD
from tests.completion.problems import checkerboard, dense, low_rank, masked, observations


def noisy_problem():
    return masked(low_rank(15, 20, 2, seed=0, noise=0.1), 0.6, seed=1)


def test_a_step_follows_the_gradient_in_x_and_then_in_y_at_the_new_x():
    seen, _ = masked(low_rank(5, 4, 2, seed=0), 0.7, seed=1)
    matrix, ridge, step = dense(seen), 0.3, 0.01
    left, right = starting_factors(seen, 2, "gaussian", seed=4)
    for iterate in list(iterate_gradient(seen, 2, ridge=ridge, step=step, seed=4, max_iter=3, rtol=0))[1:]:

        def of_left(x, right=right):
            return objective(matrix, x.reshape(5, 2), right, ridge)

        left = left - step * approx_fprime(left.ravel(), of_left, 1e-7).reshape(5, 2)

        def of_right(y, left=left):
            return objective(matrix, left, y.reshape(4, 2), ridge)

        right = right - step * approx_fprime(right.ravel(), of_right, 1e-7).reshape(4, 2)
        assert np.allclose(iterate.left, left, atol=1e-6)
        assert np.allclose(iterate.right, right, atol=1e-6)
        assert iterate.objective == pytest.approx(objective(matrix, iterate.left, iterate.right, ridge), rel=1e-12)
        assert iterate.rmse_observed == pytest.approx(
            np.sqrt(np.nanmean((matrix - iterate.left @ iterate.right.T) ** 2)), rel=1e-12
        )


@given(
    seen=observations(),
    rank=st.integers(1, 4),
    ridge=st.sampled_from([0.0, 1e-12, 0.01, 5.0, 1e6]),
    start=st.sampled_from(list(FACTOR_STARTS)),
    seed=st.integers(0, 99),
)
@settings(max_examples=150, deadline=None)
def test_with_the_default_step_the_objective_never_rises(seen, rank, ridge, start, seed):
    trace = run_gradient(seen, min(rank, *seen.shape), ridge=ridge, start=start, seed=seed, max_iter=30, rtol=0)
    rounding = 1e-12 * max(trace.objectives[0], np.sum(seen.values**2))
    assert (np.diff(trace.objectives) <= rounding).all()
    assert trace.stop_reason in (StopReason.CONVERGED, StopReason.MAX_ITER)


def test_no_much_longer_step_is_safe_on_a_full_matrix_of_rank_one():
    # With every entry seen and rank 1, the bound is the largest eigenvalue itself: steps beyond 2 / L must rise.
    matrix = np.outer(np.arange(1.0, 5.0), np.ones(3))
    given_start = Factors(np.ones((4, 1)), np.ones((3, 1)))
    largest = 3.0
    rising = run_gradient(from_matrix(matrix), 1, ridge=0.0, start=given_start, step=2.1 / largest, max_iter=1)
    assert rising.stop_reason is StopReason.DIVERGED
    first = next(iter(list(iterate_gradient(from_matrix(matrix), 1, ridge=0.0, start=given_start, max_iter=1))[1:]))
    assert np.allclose(first.left[:, 0], np.arange(1.0, 5.0), atol=1e-14), "the exact solution, in one step 1 / L"


@pytest.mark.parametrize("start", ["gaussian", "small", "spectral", "orthonormal"])
def test_in_the_end_it_is_where_als_is(start):
    seen, _ = noisy_problem()
    by_gradient = run_gradient(seen, 2, ridge=0.1, start=start, max_iter=20_000, rtol=1e-15)
    by_als = run_als(seen, 2, ridge=0.1, rtol=1e-15, max_sweeps=5000)
    assert by_gradient.objectives[-1] == pytest.approx(by_als.objectives[-1], rel=1e-8)


def test_the_lectures_example_falls_at_once_to_the_quality_of_zeros_and_then_slowly():
    # A matrix of rank 10, positive semidefinite and of nuclear norm 1, half observed; here 150 x 150.
    rng = np.random.default_rng(7)
    basis, _ = np.linalg.qr(rng.standard_normal((150, 10)))
    spectrum = rng.uniform(0, 1, 10)
    spectrum /= spectrum.sum()
    truth = Factors(basis * spectrum, basis)
    seen, hidden = masked(truth.left @ truth.right.T, 0.5, seed=0)
    trace = run_gradient(
        seen, 10, ridge=0.0, step=1.0, start="orthonormal", max_iter=100, rtol=0, hidden=hidden, truth=truth
    )
    share = trace.objectives / (np.sum(seen.values**2) / 2)
    assert share[0] > 50, "the start is far worse than zeros"
    assert share[10] < 1, "and soon as good as they are"
    falls = -np.diff(np.log(share))
    assert falls[:5].min() > 10 * falls[15:40].max(), "then it slows down substantially"
    assert share[40] > 0.6
    assert trace.distances[20] == pytest.approx(np.linalg.norm(spectrum), rel=0.05), "no nearer to A than zeros are"


def test_the_checkerboard_is_recovered_from_a_quarter_of_its_entries():
    seen, hidden = masked(checkerboard(), 0.25, seed=0)
    trace = run_gradient(seen, 2, ridge=0.0, max_iter=5000, rtol=1e-16, hidden=hidden)
    assert trace.stop_reason is StopReason.CONVERGED
    assert trace.rmse_hidden[-1] < 1e-6


def test_in_another_unit_of_the_values_the_run_is_the_same():
    seen, _ = noisy_problem()
    unit = 2.0**100
    scaled = Observations(seen.rows, seen.cols, unit * seen.values, seen.shape)
    plain = run_gradient(seen, 2, ridge=0.1, max_iter=50, rtol=0)
    in_unit = run_gradient(scaled, 2, ridge=unit * 0.1, max_iter=50, rtol=0)
    assert np.allclose(in_unit.objectives / unit**2, plain.objectives, rtol=1e-12)


def test_the_order_of_the_entries_does_not_matter():
    seen, _ = noisy_problem()
    shuffle = np.random.default_rng(0).permutation(seen.count)
    shuffled = Observations(seen.rows[shuffle], seen.cols[shuffle], seen.values[shuffle], seen.shape)
    one, other = (run_gradient(s, 2, max_iter=30, start="gaussian", rtol=0) for s in (seen, shuffled))
    assert np.allclose(one.final.left, other.final.left, rtol=1e-12)


def test_the_same_settings_give_the_same_bits_and_another_seed_other_ones():
    seen, _ = noisy_problem()
    first, again, other = (run_gradient(seen, 2, seed=seed, max_iter=20) for seed in (3, 3, 4))
    assert np.array_equal(first.objectives, again.objectives)
    assert np.array_equal(first.final.left, again.final.left)
    assert not np.array_equal(first.final.left, other.final.left)


def test_a_step_that_is_far_too_long_ends_as_diverged_with_finite_numbers():
    seen, hidden = noisy_problem()
    truth = Factors(np.ones((15, 1)), np.ones((20, 1)))
    for step in (1.0, 1e10, 1e300):
        trace = run_gradient(seen, 2, step=step, hidden=hidden, truth=truth)
        assert trace.stop_reason is StopReason.DIVERGED
        for array in (trace.objectives, trace.rmse_observed, trace.rmse_hidden, trace.distances):
            assert np.isfinite(array).all()


def test_converged_means_the_first_change_below_the_tolerance_times_the_objective_at_zero():
    seen, _ = noisy_problem()
    trace = run_gradient(seen, 2, rtol=1e-4)
    changes = -np.diff(trace.objectives) / (np.sum(seen.values**2) / 2)
    assert trace.stop_reason is StopReason.CONVERGED
    assert changes[-1] < 1e-4
    assert (changes[:-1] >= 1e-4).all()


def test_a_run_without_a_step_is_its_start():
    seen, _ = noisy_problem()
    trace = run_gradient(seen, 2, max_iter=0, seed=1)
    assert len(trace.objectives) == 1
    assert trace.stop_reason is StopReason.MAX_ITER
    assert np.array_equal(trace.final.right, starting_factors(seen, 2, "gaussian", 1)[1])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("start", FACTOR_STARTS)
@pytest.mark.parametrize("ridge", [0.0, 0.01])
def test_hard_inputs_have_a_defined_outcome(name, start, ridge):
    seen = HARD[name]
    rank = min(2, *seen.shape)
    trace = run_gradient(seen, rank, ridge=ridge, start=start, max_iter=50)
    assert trace.stop_reason in (StopReason.CONVERGED, StopReason.MAX_ITER)
    assert (np.diff(trace.objectives) <= 1e-12 * trace.objectives[0]).all()


def test_the_matrix_is_never_formed():
    # 10^10 cells would take 80 GB.
    cells = np.arange(0, 100_000, 1000)
    seen = Observations(cells, cells[::-1], np.ones(len(cells)), (100_000, 100_000))
    truth = Factors(np.ones((100_000, 1)), np.ones((100_000, 1)))
    trace = run_gradient(seen, 1, max_iter=2, hidden=seen, truth=truth)
    assert trace.objectives[-1] < trace.objectives[0]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"rank": 0}, "rank"),
        ({"rank": 16}, "from 1 to 15"),
        ({"ridge": -0.1}, "ridge"),
        ({"ridge": "a"}, "ridge"),
        ({"step": 0.0}, "step size"),
        ({"step": np.inf}, "step size"),
        ({"step": np.nan}, "step size"),
        ({"start": "magic"}, "no start “"),
        ({"seed": -1}, "seed"),
        ({"max_iter": -1}, "number of steps"),
        ({"max_iter": 100_001}, "number of steps"),
        ({"max_iter": 1.5}, "number of steps"),
        ({"rtol": 1.0}, "tolerance"),
        ({"rtol": np.nan}, "tolerance"),
        ({"hidden": Observations([0], [0], [1.0], (2, 2))}, "same shape"),
        ({"truth": Factors(np.ones((2, 1)), np.ones((2, 1)))}, "X with 15 rows"),
        ({"truth": np.ones((15, 20))}, "given as factors"),
    ],
)
def test_settings_out_of_bounds_are_refused(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        run_gradient(noisy_problem()[0], **({"rank": 2} | settings))


def test_settings_are_checked_before_the_first_step_is_asked_for():
    with pytest.raises(InputError, match="rank"):
        iterate_gradient(noisy_problem()[0], 0)
