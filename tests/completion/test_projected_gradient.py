"""Projected gradient over the nuclear norm ball."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.completion import Factors, Observations, from_matrix
from explorer.completion.others.nuclear import nuclear_norm, project_onto_nuclear_ball
from explorer.completion.others.projected_gradient import iterate_projected_gradient, run_projected_gradient
from explorer.errors import InputError
from explorer.stop_reason import StopReason
from tests.completion.hard import HARD
from tests.completion.problems import dense, low_rank, masked, observations


def formed(factors):
    return factors.left @ factors.right.T


def noisy_problem():
    return masked(low_rank(15, 20, 2, seed=0, noise=0.1), 0.6, seed=1)


def test_with_every_entry_observed_the_first_step_ends_at_the_projection():
    matrix = low_rank(6, 8, 3, seed=0)
    projection = formed(project_onto_nuclear_ball(matrix, 5.0))
    trace = run_projected_gradient(from_matrix(matrix), 5.0)
    assert trace.stop_reason is StopReason.CONVERGED
    assert len(trace.objectives) == 3, "the start, the solution, and a step that changes nothing"
    assert trace.objectives[1:] == pytest.approx([np.sum((matrix - projection) ** 2) / 2] * 2)
    assert np.allclose(formed(trace.final), projection, atol=1e-12)


def test_a_step_is_a_gradient_step_and_the_projection():
    seen, _ = noisy_problem()
    matrix, z = dense(seen), np.zeros((15, 20))
    for iterate in list(iterate_projected_gradient(seen, 9.0, step=0.7, max_iter=4, rtol=0))[1:]:
        z = formed(project_onto_nuclear_ball(z + 0.7 * np.nan_to_num(matrix - z), 9.0))
        assert np.allclose(iterate.left @ iterate.right.T, z, atol=1e-12)
        assert iterate.objective == pytest.approx(np.nansum((matrix - z) ** 2) / 2)
        assert iterate.rmse_observed == pytest.approx(np.sqrt(np.nanmean((matrix - z) ** 2)))


@given(
    seen=observations(),
    radius=st.sampled_from([1e-3, 1.0, 10.0, 1e3]),
    step=st.sampled_from([0.1, 1.0, 1.9]),
    seed=st.integers(0, 99),
)
@settings(max_examples=100, deadline=None)
def test_the_objective_never_rises_and_no_iterate_leaves_the_ball(seen, radius, step, seed):
    start = 5 * np.random.default_rng(seed).standard_normal(seen.shape)
    iterates = list(iterate_projected_gradient(seen, radius, step=step, start=start, max_iter=15, rtol=0))
    objectives = np.array([iterate.objective for iterate in iterates])
    assert (np.diff(objectives) <= 1e-12 * objectives[0]).all()
    assert iterates[-1].stop_reason in (StopReason.CONVERGED, StopReason.MAX_ITER)
    for iterate in iterates:
        assert nuclear_norm(iterate.left @ iterate.right.T) <= radius * (1 + 1e-10)


def test_at_the_end_no_matrix_of_the_ball_lies_downhill():
    # Optimality over a convex set: <gradient, Z - Z*> >= 0; over the ball, at the worst Z, |R|_2 radius = <R, Z*>.
    seen, _ = noisy_problem()
    trace = run_projected_gradient(seen, 12.0, rtol=1e-15, max_iter=5000)
    z = formed(trace.final)
    residual = np.nan_to_num(dense(seen) - z)
    assert np.linalg.norm(residual, 2) * 12.0 == pytest.approx(np.vdot(residual, z), rel=1e-6)
    assert nuclear_norm(z) == pytest.approx(12.0)


def test_every_start_ends_at_the_same_objective():
    seen, _ = noisy_problem()
    from_zero = run_projected_gradient(seen, 12.0, rtol=1e-12, max_iter=5000)
    start = np.random.default_rng(3).standard_normal((15, 20))
    elsewhere = run_projected_gradient(seen, 12.0, start=start, rtol=1e-12, max_iter=5000)
    assert elsewhere.objectives[0] > 1.1 * elsewhere.objectives[-1]
    assert elsewhere.objectives[-1] == pytest.approx(from_zero.objectives[-1], rel=1e-6)


def test_a_low_rank_matrix_is_completed():
    matrix = low_rank(30, 30, 1, seed=0)
    seen, hidden = masked(matrix, 0.6, seed=0)
    u, s, v = np.linalg.svd(matrix)
    truth = Factors(u[:, :1] * s[0], v[:1].T)
    trace = run_projected_gradient(seen, nuclear_norm(matrix), rtol=1e-14, max_iter=2000, hidden=hidden, truth=truth)
    assert trace.rmse_hidden[-1] < 0.01 * trace.rmse_hidden[0]
    assert trace.distances[0] == pytest.approx(s[0])
    assert trace.distances[-1] < 0.01 * s[0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("radius", [1e-3, 5.0, 1e60])
def test_hard_inputs_have_a_defined_outcome(name, radius):
    trace = run_projected_gradient(HARD[name], radius, max_iter=20)
    assert trace.stop_reason in (StopReason.CONVERGED, StopReason.MAX_ITER)
    assert (np.diff(trace.objectives) <= 1e-12 * trace.objectives[0]).all()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"radius": 0.0}, "radius"),
        ({"radius": "a"}, "radius"),
        ({"step": 2.0}, "step size"),
        ({"step": 0.0}, "step size"),
        ({"step": np.nan}, "step size"),
        ({"start": np.zeros((2, 2))}, "15 x 20"),
        ({"start": np.full((15, 20), np.nan)}, "start Z_0 must be finite"),
        ({"start": [["a"]]}, "start Z_0 must be numbers"),
        ({"max_iter": -1}, "number of steps"),
        ({"rtol": 1.0}, "tolerance"),
        ({"hidden": Observations([0], [0], [1.0], (2, 2))}, "same shape"),
    ],
)
def test_settings_out_of_bounds_are_refused(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        run_projected_gradient(noisy_problem()[0], **({"radius": 1.0} | settings))


def test_a_matrix_too_large_to_be_decomposed_is_refused():
    seen = Observations([0], [0], [1.0], (100_000, 100_000))
    with pytest.raises(InputError, match="too large to be decomposed whole: choose one of at most 1,000,000 cells"):
        run_projected_gradient(seen, 1.0)
