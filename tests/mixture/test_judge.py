"""What became of a run of EM: what is decided, and that all who ask get the same answer."""

from itertools import product

import numpy as np
import pytest

from explorer.datasets import load_sample
from explorer.errors import InputError
from explorer.mixture import (
    EMOptions,
    EMOutcome,
    Mixture,
    Mixtures,
    OptimumKind,
    StopReason,
    find_limits,
    initialize,
    run_em,
    run_many,
    select,
)
from explorer.mixture.judge import (
    LIMIT_ITERATIONS,
    LIMIT_RTOL,
    is_best,
    kinds_as_ended,
    kinds_of_ends,
    limit_iterations,
    outcome_of,
    spurious_components,
)
from explorer.mixture.limits import iterate_limit
from explorer.slices import finish
from tests.mixture.clouds import clouds

GALAXIES = load_sample("galaxies").values


# The decisions


@pytest.mark.parametrize(("early", "kind"), list(product([False, True], OptimumKind)))
def test_a_run_is_what_its_limit_is_unless_it_stopped_before_it(early, kind):
    for reason in (StopReason.CONVERGED, StopReason.MAX_ITER, None):
        expected = EMOutcome.PLATEAU if early else EMOutcome(str(kind))
        assert outcome_of(reason, early, kind) is expected
    assert outcome_of(StopReason.DEGENERATE, early, kind) is EMOutcome.DEGENERATE
    assert outcome_of(StopReason.DIVERGED, early, kind) is EMOutcome.DIVERGED


def test_a_collapse_counts_before_a_saddle_and_a_saddle_before_a_spike():
    degenerate, spurious, saddles = np.array(list(product([False, True], repeat=3))).T
    kinds = kinds_of_ends(degenerate, spurious, saddles)
    assert all(isinstance(kind, OptimumKind) for kind in kinds)
    assert (kinds[degenerate] == OptimumKind.DEGENERATE).all()
    assert (kinds[saddles & ~degenerate] == OptimumKind.SADDLE).all()
    assert (kinds[spurious & ~saddles & ~degenerate] == OptimumKind.SPURIOUS).all()
    assert kinds[0] is OptimumKind.PROPER


@pytest.mark.parametrize(("gap", "best"), [(-1.0, True), (0.04, True), (0.06, False)])
def test_the_best_is_the_best_up_to_a_twentieth_of_a_nat(gap, best):
    assert is_best(-100.0, -100.0 + gap) is best


def test_a_run_goes_on_for_less_long_where_each_iteration_takes_longer():
    assert limit_iterations(10, 2) == limit_iterations(1000, 5) == LIMIT_ITERATIONS == 20_000
    assert limit_iterations(4000, 5) == 5000
    assert limit_iterations(1_000_000, 50) == 200


# Spikes


@pytest.mark.parametrize("d", [1, 2, 4])
@pytest.mark.parametrize(("share", "spurious"), [(0.029, True), (0.031, False)])
def test_a_component_narrower_than_three_per_cent_of_the_data_in_some_direction_is_spurious(d, share, spurious):
    """In any direction, not only along an axis, and in any unit of each column."""
    rng = np.random.default_rng(d)
    data = clouds(60, d, n_components=2, seed=d).reshape(-1, d)
    root = np.linalg.cholesky(np.cov(data.T, bias=True).reshape(d, d))
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    narrow = root @ turn @ np.diag([share**2, *[0.5] * (d - 1)]) @ turn.T @ root.T
    covariances = np.stack([np.cov(data.T, bias=True).reshape(d, d), narrow])[None]
    for unit in (np.ones(d), 10.0 ** rng.integers(-30, 30, size=d)):
        ends = Mixtures([[0.5, 0.5]], np.zeros((1, 2, d)), covariances * unit[:, None] * unit)
        assert spurious_components(data * unit, ends).tolist() == [[False, spurious]]


def test_data_on_a_line_or_all_equal_has_no_direction_to_be_narrow_in():
    line = np.outer(np.linspace(0, 1, 20), [1.0, 2.0])
    ends = Mixtures([[1.0]], [[[0.5, 1.0]]], [[0.2 * np.eye(2)]])
    assert not spurious_components(line, ends).any()
    assert not spurious_components(np.full((20, 2), 3.0), ends).any()


def test_data_and_ends_of_other_dimensions_are_refused():
    with pytest.raises(InputError, match="columns"):
        spurious_components(np.zeros((5, 2)), Mixtures([[1.0]], [[[0.0]]], [[[[1.0]]]]))


# All who ask get the same answer


def test_a_run_by_itself_is_judged_as_among_others():
    starts = [initialize(GALAXIES, 4, "random-points", seed) for seed in range(12)]
    runs = run_many(GALAXIES, starts)
    together = find_limits(GALAXIES, runs)
    assert set(together.outcomes) >= {EMOutcome.PROPER, EMOutcome.SPURIOUS, EMOutcome.PLATEAU}
    for r in range(runs.n_runs):
        if not runs.degenerate[r]:
            alone = finish(iterate_limit(GALAXIES, runs.mixture(r), EMOptions(structure="full", variance_floor=1e-6)))
            assert alone.outcomes == (together.outcomes[r],)
            assert alone.continued.log_likelihoods[0] == pytest.approx(together.continued.log_likelihoods[r], abs=1e-6)


def test_the_limit_is_where_a_run_with_the_judges_tolerance_ends():
    start = initialize(GALAXIES, 3, "random-points", 4)
    end = run_em(GALAXIES, start, max_iter=5).mixture(-1)
    limits = finish(iterate_limit(GALAXIES, end, EMOptions(structure="full", variance_floor=1e-6)))
    on = run_em(GALAXIES, end, rtol=LIMIT_RTOL, max_iter=LIMIT_ITERATIONS)
    assert limits.continued.n_iterations[0] == on.n_iterations
    assert limits.continued.log_likelihoods[0] == pytest.approx(on.log_likelihoods[-1], rel=1e-12)


def test_a_choice_of_k_leaves_out_what_the_judge_does_not_call_proper():
    (candidate,) = select(GALAXIES, [5], ["full"], n_starts=20).candidates
    runs = run_many(
        GALAXIES, [initialize(GALAXIES, 5, "k-means++", seed) for seed in range(20)], max_iter=1000, rtol=1e-8
    )
    kinds = kinds_as_ended(GALAXIES, runs).tolist()
    assert candidate.n_spurious == kinds.count(OptimumKind.SPURIOUS) > 0
    assert candidate.n_degenerate == kinds.count(OptimumKind.DEGENERATE)
    proper = [value for value, kind in zip(runs.log_likelihoods, kinds, strict=True) if kind is OptimumKind.PROPER]
    assert candidate.criteria.log_likelihood == pytest.approx(max(proper), rel=1e-9)
    assert candidate.criteria.log_likelihood < runs.log_likelihoods.max()


def test_equal_components_are_at_a_saddle_point():
    equal = run_em(GALAXIES, initialize(GALAXIES, 2, "equal")).mixture(-1)
    assert isinstance(equal, Mixture)
    (outcome,) = finish(iterate_limit(GALAXIES, equal, EMOptions(structure="full", variance_floor=1e-6))).outcomes
    assert outcome is EMOutcome.SADDLE
