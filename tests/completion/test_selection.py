"""Choosing rank and ridge by entries that were held out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.completion import Observations, from_matrix, run_als
from explorer.completion.selection import choose_rank_and_ridge, hold_out
from explorer.errors import InputError
from explorer.stop_reason import StopReason
from tests.completion.hard import HARD
from tests.completion.problems import low_rank, masked, observations


def cells(entries):
    return set(zip(entries.rows.tolist(), entries.cols.tolist(), entries.values.tolist(), strict=True))


@given(seen=observations(), share=st.sampled_from([0.01, 0.2, 0.5, 0.99]), seed=st.integers(0, 999))
@settings(max_examples=200, deadline=None)
def test_a_split_holds_out_some_entries_and_leaves_every_row_and_column_one(seen, share, seed):
    try:
        observed, held_out = hold_out(seen, share, seed)
    except InputError:
        # Refused only where every entry is the last of its row or column, in some order.
        assert seen.count < len(np.unique(seen.rows)) + len(np.unique(seen.cols))
        return
    assert not cells(observed) & cells(held_out)
    assert cells(observed) | cells(held_out) == cells(seen)
    assert observed.shape == held_out.shape == seen.shape
    assert set(observed.rows) == set(seen.rows)
    assert set(observed.cols) == set(seen.cols)
    assert 1 <= held_out.count <= max(1, round(share * seen.count))


def test_the_share_is_held_out_where_there_are_entries_enough():
    seen, _ = masked(low_rank(30, 40, 2, seed=0), 0.6, seed=0)
    for share in (0.1, 0.3, 0.8):
        assert hold_out(seen, share, seed=1)[1].count == round(share * seen.count)


def test_every_entry_is_held_out_about_equally_often():
    seen = from_matrix(np.arange(64.0).reshape(8, 8))
    times = np.zeros(64)
    for seed in range(2000):
        times[hold_out(seen, 0.3, seed)[1].values.astype(int)] += 1
    # Binomial with deviation about 20 around 2000 * 19 / 64 = 594.
    assert np.abs(times - 2000 * 19 / 64).max() < 100


def test_the_seed_decides_the_split():
    seen, _ = masked(low_rank(9, 9, 2, seed=0), 0.7, seed=0)
    first, again, other = (hold_out(seen, 0.3, seed)[1] for seed in (3, 3, 4))
    assert cells(first) == cells(again) != cells(other)


def test_where_every_entry_is_needed_none_can_be_held_out():
    with pytest.raises(InputError, match="observe more entries"):
        hold_out(HARD["a diagonal"], 0.3, seed=0)


def test_a_fit_is_that_of_als_on_the_observed_part():
    seen, _ = masked(low_rank(20, 25, 2, seed=0, noise=0.2), 0.6, seed=0)
    selection = choose_rank_and_ridge(
        seen, [1, 2], [0.1, 1.0], share=0.25, n_splits=2, n_starts=3, seed=5, max_sweeps=30
    )
    assert [(fit.rank, fit.ridge, fit.split) for fit in selection.fits] == [
        (rank, ridge, split) for rank in (1, 2) for ridge in (0.1, 1.0) for split in (0, 1)
    ]
    for fit in selection.fits:
        observed, held_out = hold_out(seen, 0.25, 5 + fit.split)
        options = {"ridge": fit.ridge, "max_sweeps": 30, "hidden": held_out}
        traces = [run_als(observed, fit.rank, seed=seed, **options) for seed in (5, 6, 7)]
        trace = min(traces, key=lambda trace: trace.objectives[-1])
        assert fit.rmse_observed == pytest.approx(trace.rmse_observed[-1], rel=1e-9)
        assert fit.rmse_held_out == pytest.approx(trace.rmse_hidden[-1], rel=1e-9)
        assert fit.stop_reason is trace.stop_reason


def test_a_score_is_the_error_over_all_splits_and_the_best_is_the_least():
    seen, _ = masked(low_rank(20, 25, 2, seed=0, noise=0.2), 0.6, seed=0)
    selection = choose_rank_and_ridge(seen, [1, 2, 3], [0.1, 1.0], n_splits=3)
    assert selection.complete
    for i, score in enumerate(selection.scores):
        fits = selection.fits[3 * i : 3 * i + 3]
        assert (score.rank, score.ridge) == (fits[0].rank, fits[0].ridge)
        assert score.rmse_held_out == pytest.approx(np.sqrt(np.mean([fit.rmse_held_out**2 for fit in fits])))
    assert selection.best.rmse_held_out == min(score.rmse_held_out for score in selection.scores)


def test_in_a_score_every_held_out_entry_counts_alike():
    # So few entries that what can be held out differs from split to split.
    seen, _ = masked(low_rank(8, 8, 2, seed=0), 0.3, seed=1)
    score = choose_rank_and_ridge(seen, [1], [0.1], share=0.99, n_splits=4)
    held_out = [hold_out(seen, 0.99, split)[1].count for split in range(4)]
    assert len(set(held_out)) > 1
    squared = [count * fit.rmse_held_out**2 for count, fit in zip(held_out, score.fits, strict=True)]
    assert score.best.rmse_held_out == pytest.approx(np.sqrt(sum(squared) / sum(held_out)))


def test_the_rank_of_a_noisy_matrix_is_found():
    seen, _ = masked(low_rank(60, 50, 3, seed=1, noise=0.3), 0.6, seed=0)
    selection = choose_rank_and_ridge(seen, range(1, 7), [0.03, 0.3, 3.0], n_splits=2)
    assert selection.best.rank == 3


def test_of_equal_pairs_the_lowest_rank_and_then_the_largest_ridge_is_the_best():
    zeros = from_matrix(np.zeros((6, 5)))
    selection = choose_rank_and_ridge(zeros, [3, 1, 2], [0.1, 1.0, 0.0])
    assert {score.rmse_held_out for score in selection.scores} == {0.0}
    assert (selection.best.rank, selection.best.ridge) == (1, 1.0)
    exact, _ = masked(low_rank(40, 40, 1, seed=0), 0.8, seed=0)
    selection = choose_rank_and_ridge(exact, [1, 2], [0.0, 1e-12], rtol=1e-20, max_sweeps=500)
    assert max(score.rmse_held_out for score in selection.scores[:2]) < 1e-8
    assert (selection.best.rank, selection.best.ridge) == (1, 1e-12)


def test_progress_is_told_after_each_fit():
    told = []
    seen, _ = masked(low_rank(9, 9, 2, seed=0), 0.9, seed=0)
    choose_rank_and_ridge(seen, [1, 2], [0.1], n_splits=2, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(("fits", "pairs"), [(0, 0), (1, 0), (3, 1)])
def test_a_cancelled_choice_keeps_what_was_done(fits, pairs):
    seen, _ = masked(low_rank(9, 9, 2, seed=0), 0.9, seed=0)
    done = []
    selection = choose_rank_and_ridge(
        seen,
        [1, 2],
        [0.1],
        n_splits=2,
        progress=lambda now, _: done.append(now),
        cancelled=lambda: len(done) >= fits,
    )
    assert len(selection.fits) == fits
    assert len(selection.scores) == pairs
    assert not selection.complete
    assert (selection.best is None) == (pairs == 0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", sorted(set(HARD) - {"one entry of a large matrix", "one cell", "one zero"}))
def test_hard_inputs_have_a_defined_outcome(name):
    seen = HARD[name]
    if name in ("one row", "one column", "a diagonal"):
        with pytest.raises(InputError, match="observe more entries"):
            choose_rank_and_ridge(seen, [1], [0.0])
        return
    selection = choose_rank_and_ridge(seen, [1, 2], [0.0, 0.01], n_splits=2)
    assert selection.complete
    for fit in selection.fits:
        assert np.isfinite(fit.rmse_held_out)
        assert fit.stop_reason in StopReason


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"ranks": []}, "ranks to choose from must be at least one"),
        ({"ranks": [1, 1]}, "no value twice"),
        ({"ranks": [1, 7]}, "from 1 to 5"),
        ({"ranks": 3}, "ranks to choose from must be a list"),
        ({"ridges": [-1.0]}, "ridge"),
        ({"ridges": ["a", 1]}, "ridges to choose from must be a list"),
        ({"share": 0.0}, "share"),
        ({"share": 1.0}, "share"),
        ({"share": "a"}, "share"),
        ({"n_splits": 0}, "number of splits"),
        ({"seed": -1}, "seed"),
        ({"start": "magic"}, "start"),
        ({"max_sweeps": -1}, "sweeps"),
        ({"rtol": 2.0}, "tolerance"),
    ],
)
def test_settings_out_of_bounds_are_refused(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        choose_rank_and_ridge(from_matrix(np.ones((6, 5))), **({"ranks": [1], "ridges": [0.1]} | settings))


def test_the_matrix_is_never_formed():
    index = np.arange(0, 100_000, 1000)
    rows, cols = np.repeat(index, 2), np.stack([index, index[::-1]], axis=1).ravel()
    seen = Observations(rows, cols, np.ones(len(rows)), (100_000, 100_000))
    assert choose_rank_and_ridge(seen, [1], [0.1], share=0.2, max_sweeps=2).complete


@pytest.mark.parametrize("seed", range(3))
def test_the_true_rank_wins_although_single_starts_get_stuck(seed):
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(30, 2)) @ rng.normal(size=(2, 20))
    seen = from_matrix(matrix, rng.random((30, 20)) < 0.5)
    best = choose_rank_and_ridge(seen, [1, 2, 3], [0.001, 0.1], n_splits=2, seed=seed).best
    assert (best.rank, best.ridge) == (2, 0.001)
