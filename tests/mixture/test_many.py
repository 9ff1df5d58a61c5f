"""Many runs at once: each ends as it would alone."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.datasets import load_sample
from explorer.errors import InputError
from explorer.mixture import (
    STRATEGIES,
    STRUCTURES,
    Mixture,
    Mixtures,
    StopReason,
    initialize,
    iterate_many,
    mixture_at,
    run_em,
    run_many,
)
from tests.mixture.clouds import clouds
from tests.mixture.strategies import SEEDS

ERUPTIONS = load_sample("faithful-eruptions").values


def assert_each_as_alone(runs, data, starts, tolerance=1e-12, **settings):
    """Same number of iterations and reason, the same log-likelihoods to 1e-12, and the same parameters."""
    assert runs.n_runs == len(starts)
    for r, start in enumerate(starts):
        alone = run_em(data, start, **settings)
        assert (runs.n_iterations[r], runs.stop_reasons[r]) == (alone.n_iterations, alone.stop_reason)
        # On its way into a collapse, a component magnifies a rounding error a thousandfold in each step.
        rtol = 1e-8 if alone.degeneracies else tolerance
        np.testing.assert_allclose(runs.paths[r], alone.log_likelihoods, rtol=rtol)
        assert runs.log_likelihoods[r] == runs.paths[r][-1]
        np.testing.assert_allclose(runs.weights[r], alone.weights[-1], rtol=1e-7, atol=1e-12)
        np.testing.assert_allclose(runs.means[r], alone.means[-1], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(runs.covariances[r], alone.covariances[-1], rtol=1e-6, atol=1e-12)
        assert [fall.kind for fall in runs.degeneracies[r]] == [fall.kind for fall in alone.degeneracies]


def starts_of(data, n_components, n_runs, strategy):
    return np.array([initialize(data, n_components, strategy, seed) for seed in range(n_runs)])


@pytest.mark.parametrize("strategy", [name for name, strategy in STRATEGIES.items() if strategy.uses_seed])
@pytest.mark.parametrize("n_components", [2, 3])
def test_each_restart_on_old_faithful_ends_as_it_would_alone(strategy, n_components):
    starts = starts_of(ERUPTIONS, n_components, 40, strategy)
    runs = run_many(ERUPTIONS, starts, keep_paths=True)
    assert_each_as_alone(runs, ERUPTIONS, starts)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("d", [2, 4, 18])
def test_each_run_in_d_dimensions_ends_as_it_would_alone(structure, d):
    data = clouds(120, d)
    starts = starts_of(data, 3, 12, "random-points")
    options = {"structure": structure, "max_iter": 60, "rtol": 1e-7}
    assert_each_as_alone(run_many(data, starts, keep_paths=True, **options), data, starts, **options)


def test_starts_of_every_kind_stop_for_a_reason_of_their_own():
    """One that never separates, one that is degenerate at once, one of a single point, and ordinary ones."""
    data = np.r_[ERUPTIONS, 9.0, 9.0, 9.0]
    n = len(data)
    single = initialize(data, 3, "partition", partition=np.r_[2, 3, np.ones(n - 2, int)])
    empty = initialize(data, 3, "partition", partition=np.r_[np.full(9, 2), np.ones(n - 9, int)])
    on_the_repeats = initialize(data, 3, "means", means=[2.0, 4.0, 9.0])
    starts = [initialize(data, 3, "equal"), single, empty, on_the_repeats, *starts_of(data, 3, 5, "k-means++")]
    runs = run_many(data, starts, keep_paths=True, max_iter=40)
    assert_each_as_alone(runs, data, starts, max_iter=40)
    assert set(runs.stop_reasons) == {StopReason.CONVERGED, StopReason.DEGENERATE, StopReason.MAX_ITER}
    # Identical components stay identical to the last bit also among others.
    assert (runs.means[0] == runs.means[0, :1]).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 4), st.integers(5, 30), st.integers(1, 8), SEEDS)
def test_hard_data_too(n_components, n, n_runs, seed):
    rng = np.random.default_rng(seed)
    data = np.round(rng.standard_t(1.5, size=n), 1)
    starts = rng.dirichlet(np.full(n_components, 0.5), size=(n_runs, n))
    runs = run_many(data, starts, keep_paths=True, max_iter=30)
    # A handful of points with ties: some of these runs are on their way into a collapse when they end.
    assert_each_as_alone(runs, data, list(starts), tolerance=1e-8, max_iter=30)


def test_mixtures_as_starts_stacked_or_listed():
    listed = [mixture_at(ERUPTIONS, [low, 4.0]) for low in (1.5, 2.0, 3.0)]
    stacked = Mixtures(*(np.stack([getattr(m, name) for m in listed]) for name in ("weights", "means", "covariances")))
    one, other = (run_many(ERUPTIONS, starts, keep_paths=True) for starts in (listed, stacked))
    assert_each_as_alone(one, ERUPTIONS, listed)
    np.testing.assert_array_equal(one.means, other.means)
    assert isinstance(one.mixture(2), Mixture)


def test_starts_may_come_one_by_one_and_memory_stays_small():
    data = clouds(5000, 1)[:, 0]

    def starts():
        for seed in range(200):
            yield initialize(data, 5, "random-responsibilities", seed)

    tracemalloc.start()
    runs = run_many(data, starts(), max_iter=2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert runs.n_runs == 200
    # All responsibilities together would be 40 MB, and three times as much while they are worked on.
    assert peak < 150e6


def test_memory_does_not_grow_with_the_number_of_runs():
    data = clouds(20_000, 1)[:, 0]

    def peak(n_runs):
        starts = (initialize(data, 3, "random-responsibilities", seed) for seed in range(n_runs))
        tracemalloc.start()
        run_many(data, starts, max_iter=1)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(160) < 1.5 * peak(80)


def test_groups_of_runs_are_numbered_on(monkeypatch):
    """Many more runs than fit together are worked through in groups, and stopped between two of them."""
    monkeypatch.setattr("explorer.mixture.many.RUNNING_NUMBERS", 20)
    monkeypatch.setattr("explorer.mixture.many.READING_NUMBERS", 2 * 3 * len(ERUPTIONS))
    starts = list(starts_of(ERUPTIONS, 3, 17, "random-points"))
    assert_each_as_alone(run_many(ERUPTIONS, starts, keep_paths=True), ERUPTIONS, starts)
    finished = []
    stopped = run_many(
        ERUPTIONS, starts, progress=lambda now, _: finished.append(now), cancelled=lambda: finished[-1] >= 8
    )
    assert 8 <= stopped.n_runs < 17
    assert None not in stopped.stop_reasons[:8]


def test_progress_is_told_and_the_work_can_be_stopped():
    starts = starts_of(ERUPTIONS, 3, 20, "random-points")
    told = []
    run_many(ERUPTIONS, starts, progress=lambda *now: told.append(now))
    assert told[-1] == (20, 20)
    assert [finished for finished, _ in told] == sorted(finished for finished, _ in told)

    # The first call is while the starts are read.
    calls = iter([False] * 91 + [True] * 1000)
    stopped = run_many(ERUPTIONS, starts, keep_paths=True, cancelled=lambda: next(calls))
    under_way = [r for r, reason in enumerate(stopped.stop_reasons) if reason is None]
    assert 0 < len(under_way) < 20
    assert (stopped.n_iterations[under_way] == 90).all()
    for r in range(20):
        alone = run_em(ERUPTIONS, starts[r], max_iter=90)
        np.testing.assert_allclose(stopped.paths[r], alone.log_likelihoods, rtol=1e-12)
        assert stopped.stop_reasons[r] in (None, alone.stop_reason)


def test_it_can_be_stopped_while_starts_are_still_read():
    data, read = clouds(4000, 1)[:, 0], []

    def slow():
        for seed in range(1000):
            read.append(seed)
            yield initialize(data, 5, "random-responsibilities", seed)

    runs = run_many(data, slow(), cancelled=lambda: len(read) > 10)
    assert 10 < len(read) < 20
    assert runs.n_runs == len(read)
    assert set(runs.stop_reasons) == {None}
    assert (runs.n_iterations == 0).all()
    assert np.isfinite(runs.log_likelihoods).all()


def test_classification_em_too():
    data = clouds(200, 2)
    starts = starts_of(data, 3, 10, "k-means++")
    runs = run_many(data, starts, hard=True, keep_paths=True)
    assert_each_as_alone(runs, data, starts, hard=True)


def test_it_can_be_advanced_in_slices_of_time():
    starts = starts_of(ERUPTIONS, 2, 5, "random-points")
    steps = iterate_many(ERUPTIONS, starts)
    told = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            runs = end.value
            break
    assert told[-1] == (5, 5)
    np.testing.assert_array_equal(runs.log_likelihoods, run_many(ERUPTIONS, starts).log_likelihoods)


def test_the_order_of_the_starts_does_not_matter_and_the_same_starts_give_the_same_bits():
    starts = starts_of(ERUPTIONS, 3, 30, "random-points")
    order = np.random.default_rng(0).permutation(30)
    runs, again, shuffled = (run_many(ERUPTIONS, some) for some in (starts, starts, starts[order]))
    np.testing.assert_array_equal(runs.covariances, again.covariances)
    np.testing.assert_array_equal(runs.n_iterations[order], shuffled.n_iterations)
    np.testing.assert_allclose(runs.log_likelihoods[order], shuffled.log_likelihoods, rtol=1e-13)


@pytest.mark.parametrize(
    ("starts", "message"),
    [
        ([], "give at least one"),
        (np.ones((3, 1)), "one row a data point, or mixtures"),
        ([np.ones((3, 1)), np.full((3, 2), 0.5)], "equally many components"),
        ([Mixture.univariate([1.0], [0.0], [1.0]), np.ones((3, 1))], "of one kind"),
        (np.ones((2, 4, 1)), "3 rows"),
        (np.full((2, 3, 2), 0.4), "sum to 1"),
        (Mixture.univariate([1.0], [0.0], [1.0]), "put the one mixture into a list"),
        (np.full((1, 3, 4), 0.25), "4 components need as many data points"),
    ],
)
def test_what_are_no_starts_is_refused(starts, message):
    with pytest.raises(InputError, match=message):
        run_many([1.0, 2.0, 4.0], starts)


def test_runs_tell_what_they_are_in_one_line():
    starts = starts_of(ERUPTIONS, 2, 3, "k-means")
    runs, trace = run_many(ERUPTIONS, starts), run_em(ERUPTIONS, starts[0])
    assert repr(runs) == "ManyRuns(R = 3, K = 2, d = 1: 3 converged)"
    assert repr(trace).startswith(f"MixtureTrace(K = 2, d = 1, {trace.n_iterations} iterations, log-likelihood -276.36")
    assert (
        repr(Mixture.univariate([0.5, 0.5], [2, 4], [1, 1]))
        == "Mixture(K = 2, d = 1, weights [0.5 0.5], means [2. 4.])"
    )
