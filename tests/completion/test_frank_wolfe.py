"""Frank-Wolfe over the nuclear norm ball."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.completion import Factors, Observations, from_matrix
from explorer.completion.others import frank_wolfe as frank_wolfe_module
from explorer.completion.others.frank_wolfe import STEP_RULES, compressed, iterate_frank_wolfe, run_frank_wolfe
from explorer.completion.others.nuclear import nuclear_norm, project_onto_nuclear_ball
from explorer.completion.others.projected_gradient import run_projected_gradient
from explorer.errors import InputError
from explorer.stop_reason import StopReason
from tests.completion.hard import HARD
from tests.completion.problems import dense, low_rank, masked, observations


def formed(factors):
    return factors.left @ factors.right.T


def noisy_problem():
    return masked(low_rank(15, 20, 2, seed=0, noise=0.1), 0.6, seed=1)


@pytest.mark.parametrize("rule", STEP_RULES)
def test_a_step_is_the_textbooks_with_a_dense_decomposition(rule):
    seen, _ = noisy_problem()
    matrix, radius = dense(seen), 9.0
    before = z = np.zeros((15, 20))
    iterates = list(iterate_frank_wolfe(seen, radius, step_rule=rule, max_iter=4, rtol=0))
    for t, iterate in enumerate(iterates):
        change = np.linalg.norm(z - before)
        assert np.allclose(iterate.left @ iterate.right.T, z, atol=0.05 * change), "Lanczos is inexact on purpose"
        before = z = iterate.left @ iterate.right.T
        residual = np.nan_to_num(matrix - z)
        assert iterate.objective == pytest.approx(np.sum(residual**2) / 2, rel=1e-12)
        assert iterate.rmse_observed == pytest.approx(np.sqrt(np.nanmean((matrix - z) ** 2)), rel=1e-12)
        u, s, v = np.linalg.svd(residual)
        gap = radius * s[0] - np.vdot(residual, z)
        assert gap * (1 - 1e-10) <= iterate.gap <= 1.1 * gap * (1 + 1e-10)
        direction = radius * np.outer(u[:, 0], v[0]) - z
        seen_direction = np.where(np.isnan(matrix), 0.0, direction)
        length = (
            2 / (t + 2) if rule == "open-loop" else min(1.0, np.vdot(residual, direction) / np.sum(seen_direction**2))
        )
        z = z + length * direction


@pytest.mark.parametrize("rule", STEP_RULES)
def test_with_every_entry_observed_the_minimiser_is_the_projection(rule):
    matrix = low_rank(6, 8, 3, seed=0)
    projection = formed(project_onto_nuclear_ball(matrix, 5.0))
    least = np.sum((matrix - projection) ** 2) / 2
    trace = run_frank_wolfe(from_matrix(matrix), 5.0, step_rule=rule, rtol=1e-3, max_iter=5000)
    assert trace.stop_reason is StopReason.CONVERGED
    # f is strongly convex with constant 1 here: |Z - Z*|^2 / 2 <= f - f* <= gap.
    assert (
        np.sum((formed(trace.final) - projection) ** 2) / 2
        <= trace.objectives[-1] - least + 1e-12
        <= trace.gaps[-1] + 2e-12
    )


@given(
    seen=observations(),
    share=st.sampled_from([0.01, 0.3, 0.9, 2.0]),
    rule=st.sampled_from(list(STEP_RULES)),
)
@settings(max_examples=50, deadline=None)
def test_the_gap_bounds_the_distance_to_the_least_objective_and_the_rate_holds(seen, share, rule):
    radius = share * max(nuclear_norm(np.nan_to_num(dense(seen))), 0.1)
    scale = np.sum(seen.values**2) / 2
    least = run_projected_gradient(seen, radius, rtol=1e-9, max_iter=500).objectives[-1]
    trace = run_frank_wolfe(seen, radius, step_rule=rule, max_iter=20, rtol=0)
    rounding = 1e-9 * max(scale, trace.objectives.max())
    assert (trace.objectives - least <= trace.gaps + rounding).all()
    # At t = 0 the bound holds with line search only: an open-loop step is a whole one first.
    t = np.arange(1, len(trace.gaps))
    curvature = (2 * radius) ** 2
    # The leading pair is accurate to a tenth of the gap: 1 / 0.9 of the rate with exact pairs.
    assert (trace.objectives[1:] - least <= 2 * curvature / (t + 2) * 1.2 + rounding).all()
    assert nuclear_norm(formed(trace.final)) <= radius * (1 + 1e-9)
    if rule == "line-search":
        assert (np.diff(trace.objectives) <= rounding).all()


def test_it_ends_where_projected_gradient_ends():
    seen, hidden = noisy_problem()
    by_projection = run_projected_gradient(seen, 12.0, rtol=1e-14, max_iter=5000, hidden=hidden)
    trace = run_frank_wolfe(seen, 12.0, rtol=1e-4, max_iter=5000, hidden=hidden)
    assert trace.stop_reason is StopReason.CONVERGED
    assert 0 <= trace.objectives[-1] - by_projection.objectives[-1] <= trace.gaps[-1]
    assert trace.gaps[-1] < 1e-4 * np.sum(seen.values**2) / 2
    assert trace.rmse_hidden[-1] == pytest.approx(by_projection.rmse_hidden[-1], rel=0.02)


def test_converged_means_the_first_gap_below_the_tolerance_times_the_objective_at_zero():
    seen, _ = noisy_problem()
    trace = run_frank_wolfe(seen, 12.0, rtol=0.02)
    limit = 0.02 * np.sum(seen.values**2) / 2
    assert trace.stop_reason is StopReason.CONVERGED
    assert trace.gaps[-1] < limit
    assert (trace.gaps[:-1] >= limit).all()


def test_every_figure_is_recorded_and_read_only():
    seen, hidden = noisy_problem()
    truth = Factors(np.ones((15, 1)), np.ones((20, 1)))
    trace = run_frank_wolfe(seen, 12.0, max_iter=7, rtol=0, hidden=hidden, truth=truth)
    assert trace.stop_reason is StopReason.MAX_ITER
    for array in (trace.objectives, trace.rmse_hidden, trace.distances, trace.seconds, trace.gaps):
        assert len(array) == 8
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0
    assert trace.distances[0] == pytest.approx(np.sqrt(300))
    assert trace.rmse_hidden[-1] == pytest.approx(
        np.sqrt(np.nanmean((dense(hidden) - formed(trace.final)) ** 2)), rel=1e-12
    )


def test_few_columns_change_nothing(monkeypatch):
    seen, _ = noisy_problem()
    plain = run_frank_wolfe(seen, 12.0, max_iter=60, rtol=0)
    monkeypatch.setattr(frank_wolfe_module, "COLUMNS", 3)
    compact = run_frank_wolfe(seen, 12.0, max_iter=60, rtol=0)
    assert plain.final.rank == 61
    assert compact.final.rank <= 15 + 3 + 1
    assert np.allclose(compact.objectives, plain.objectives, rtol=1e-9)
    assert np.allclose(formed(compact.final), formed(plain.final), atol=1e-9)


def test_the_columns_stay_few_however_many_steps_there_are():
    seen, _ = masked(low_rank(9, 7, 2, seed=0), 0.7, seed=0)
    steps = iterate_frank_wolfe(seen, 20.0, step_rule="open-loop", max_iter=300, rtol=0)
    assert max(step.left.shape[1] for step in steps) < 100


@pytest.mark.parametrize(("m", "n", "columns", "rank"), [(9, 7, 5, 2), (3, 8, 6, 3), (1, 1, 4, 1)])
def test_compressed_factors_have_the_same_product_and_as_many_columns_as_its_rank(m, n, columns, rank):
    rng = np.random.default_rng(0)
    mix = rng.standard_normal((rank, columns))
    left, right = rng.standard_normal((m, rank)) @ mix, rng.standard_normal((n, columns))
    x, y = compressed(left, right)
    assert x.shape[1] == min(rank, m, n)
    assert np.allclose(x @ y.T, left @ right.T, atol=1e-12)
    assert np.allclose(x.T @ x, y.T @ y, atol=1e-11)


def test_the_same_settings_give_the_same_bits():
    seen, _ = noisy_problem()
    first, again = (run_frank_wolfe(seen, 12.0, max_iter=30) for _ in range(2))
    assert np.array_equal(first.gaps, again.gaps)
    assert np.array_equal(first.final.left, again.final.left)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("rule", STEP_RULES)
@pytest.mark.parametrize("radius", [1e-3, 5.0, 1e60])
def test_hard_inputs_have_a_defined_outcome(name, rule, radius):
    trace = run_frank_wolfe(HARD[name], radius, step_rule=rule, max_iter=20)
    assert trace.stop_reason in (StopReason.CONVERGED, StopReason.MAX_ITER)
    assert np.isfinite(trace.gaps).all()
    assert (trace.gaps >= 0).all()


def test_zeros_have_converged_at_once():
    trace = run_frank_wolfe(from_matrix(np.zeros((4, 3))), 2.0, rtol=0)
    assert trace.stop_reason is StopReason.CONVERGED
    assert len(trace.objectives) == 1


def test_the_matrix_is_never_formed():
    # 10^10 cells would take 80 GB.
    cells = np.arange(0, 100_000, 1000)
    seen = Observations(cells, cells[::-1], np.ones(len(cells)), (100_000, 100_000))
    truth = Factors(np.ones((100_000, 1)), np.ones((100_000, 1)))
    trace = run_frank_wolfe(seen, 10.0, max_iter=3, hidden=seen, truth=truth)
    assert trace.objectives[-1] < trace.objectives[0]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"radius": -1.0}, "radius"),
        ({"radius": np.inf}, "radius"),
        ({"radius": None}, "radius"),
        ({"step_rule": "magic"}, "no step rule “magic”: choose one of line-search, open-loop"),
        ({"step_rule": 2}, "no step rule"),
        ({"max_iter": 10_001}, "number of steps"),
        ({"rtol": -1e-9}, "tolerance"),
        ({"truth": Factors(np.ones((2, 1)), np.ones((2, 1)))}, "X with 15 rows"),
    ],
)
def test_settings_out_of_bounds_are_refused(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        run_frank_wolfe(noisy_problem()[0], **({"radius": 1.0} | settings))


def test_factors_that_would_not_fit_into_memory_are_refused():
    seen = Observations([0], [0], [1.0], (1_000_000, 1_000_000))
    with pytest.raises(InputError, match="memory"):
        run_frank_wolfe(seen, 1.0, max_iter=1000)
