"""A table of ALS runs: each row is the single run that Explore makes of it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from explorer.datasets import own_matrix
from explorer.runs import make_als_run
from explorer.settings import ALSSettings, ALSStudySettings, EMSettings, EMStudySettings, run_of_study
from explorer.study.als_paths import objective_paths
from explorer.study.als_runs import COLUMNS, NOT_RUN, remake, run_als_batch
from explorer.study.plans import batches_of, run_settings, study_of
from explorer.study.studies import Batch


def table_of(study):
    """All runs of a study, as they are made in its batches."""
    parts = [run_als_batch(study.settings, study.problem, batch) for batch in batches_of(study)]
    return pd.concat(parts, ignore_index=True)


def single_run(study, row, own=None):
    return make_als_run(run_of_study(study.settings, row.initialization, row.seed, row.mask_seed), own)


def hidden_error(run):
    """In the problem's unit, densely."""
    product = run.trace.final.left @ run.trace.final.right.T
    hidden = ~np.isnan(run.problem.values) & ~run.masked.mask
    errors = run.masked.offset + run.masked.scale * product - run.problem.values
    return np.sqrt(np.mean(errors[hidden] ** 2))


@pytest.mark.parametrize(
    "settings",
    [
        ALSStudySettings(
            initializations=("gaussian", "small", "spectral", "equal"), n_starts=3, n_masks=2, first_mask_seed=4
        ),
        ALSStudySettings(matrix="votes", seen=70, rank=3, n_starts=3, n_masks=2, first_seed=7),
        ALSStudySettings(matrix="generated", n_rows=12, n_cols=9, seen=60, ridge=0.0, n_starts=3, max_sweeps=7),
    ],
    ids=["checkerboard", "measured", "generated, without ridge"],
)
def test_a_row_is_the_run_that_explore_makes(settings):
    study = study_of(settings)
    for row in table_of(study).itertuples():
        run = single_run(study, row)
        assert (row.sweeps, row.stop_reason) == (run.trace.n_sweeps, run.trace.stop_reason)
        assert row.n_observed == run.masked.observed.count
        assert row.objective == pytest.approx(run.trace.objectives[-1], rel=1e-8)
        assert row.error_observed == pytest.approx(run.masked.scale * run.trace.rmse_observed[-1], rel=1e-7)
        assert row.error_hidden == pytest.approx(hidden_error(run), rel=1e-7)


def test_a_table_has_a_row_a_run_in_the_order_of_the_seeds():
    study = study_of(ALSStudySettings(initializations=("gaussian", "spectral"), n_starts=3, n_masks=2, first_seed=5))
    table = table_of(study)
    assert list(table) == list(COLUMNS)
    assert table[["initialization", "mask_seed", "seed"]].to_records(index=False).tolist() == [
        *(("gaussian", mask_seed, seed) for mask_seed in (0, 1) for seed in (5, 6, 7)),
        *(("spectral", mask_seed, 5) for mask_seed in (0, 1)),
    ]
    assert (table["seconds"] > 0).all()
    assert table["size"].tolist() == pytest.approx([np.sqrt(10)] * len(table))  # of -4, -2, 2 and 4


def test_the_size_of_a_measured_matrix_is_its_spread_about_the_mean_of_what_is_seen():
    study = study_of(ALSStudySettings(matrix="life-expectancy", seen=80, n_starts=1, n_masks=1))
    row = table_of(study).iloc[0]
    masked = make_als_run(run_settings(study, row)).masked
    seen = study.problem.values[masked.mask].mean()
    assert row["size"] == pytest.approx(np.sqrt(np.mean((study.problem.values - seen) ** 2)))


def test_where_nothing_is_hidden_there_is_no_hidden_error():
    table = table_of(study_of(ALSStudySettings(seen=100, n_starts=2, n_masks=1)))
    assert table["error_hidden"].isna().all()
    assert table["error_observed"].notna().all()


def test_a_mask_that_shows_nothing_gives_rows_that_say_so():
    own = own_matrix([[1.0, 2.0], [np.nan, 4.0]])
    study = study_of(ALSStudySettings(matrix="own", rank=1, seen=20, n_starts=2, n_masks=8), own)
    table = table_of(study)
    empty = table[table["stop_reason"] == NOT_RUN]
    assert len(table) == 16
    assert 0 < len(empty) < 16
    assert (empty["n_observed"] == 0).all() and (empty["sweeps"] == 0).all()
    assert empty[["objective", "error_observed", "error_hidden", "size"]].isna().all(axis=None)
    rest = table.drop(empty.index)
    assert (rest["n_observed"] > 0).all() and rest["objective"].notna().all()


def test_a_batch_gives_the_same_figures_bit_for_bit():
    study = study_of(ALSStudySettings(n_starts=20, n_masks=1))
    batch = batches_of(study)[0]
    again, once = (run_als_batch(study.settings, study.problem, batch).drop(columns="seconds") for _ in range(2))
    pd.testing.assert_frame_equal(again, once, check_exact=True)


def test_what_a_batch_holds_beside_a_run_does_not_change_it():
    study = study_of(ALSStudySettings(n_starts=20, n_masks=1))
    table = table_of(study)
    alone = pd.concat(
        [run_als_batch(study.settings, study.problem, Batch(0, "gaussian", 0, range(s, s + 1))) for s in range(20)],
        ignore_index=True,
    )
    pd.testing.assert_frame_equal(alone.drop(columns="seconds"), table.drop(columns="seconds"), rtol=1e-8)


# Runs made again


def test_a_row_of_the_table_is_replayed_by_its_settings():
    study = study_of(ALSStudySettings(initializations=("small", "spectral"), n_starts=2, first_seed=3, seen=40))
    row = table_of(study).iloc[1]
    expected = ALSSettings(initialization="small", seed=4, mask_seed=0, seen=40)
    assert run_settings(study, row) == expected
    assert make_als_run(expected).trace.n_sweeps == row["sweeps"]


def test_a_row_of_a_study_of_em_is_replayed_too():
    study = study_of(EMStudySettings(n_components=2))
    assert run_settings(study, {"initialization": "k-means++", "seed": np.int64(9)}) == EMSettings(
        n_components=2, initialization="k-means++", seed=9, max_iter=1000
    )


MIXED = ALSStudySettings(initializations=("gaussian", "spectral", "equal"), n_starts=4, n_masks=3, seen=30)


def test_rows_are_made_again_in_any_order():
    study = study_of(MIXED)
    rows = table_of(study).sample(frac=1, random_state=0)
    runs = remake(study, rows)
    assert runs.n_sweeps.tolist() == rows["sweeps"].tolist()
    assert runs.objectives == pytest.approx(rows["objective"].to_numpy(), rel=1e-8)


def test_paths_are_the_objectives_of_the_single_runs():
    study = study_of(MIXED)
    rows = table_of(study).sample(6, random_state=1)
    paths = objective_paths(study, rows)
    for row, path in zip(rows.itertuples(), paths, strict=True):
        assert path == pytest.approx(single_run(study, row).trace.objectives[::2], rel=1e-8)


def test_what_was_not_run_has_an_empty_path():
    own = own_matrix([[1.0, 2.0], [np.nan, 4.0]])
    study = study_of(ALSStudySettings(matrix="own", rank=1, seen=20, n_starts=1, n_masks=8), own)
    table = table_of(study)
    lengths = [len(path) for path in objective_paths(study, table)]
    assert [length == 0 for length in lengths] == (table["stop_reason"] == NOT_RUN).tolist()
    assert objective_paths(study, table[table["stop_reason"] == NOT_RUN]) != []
    assert objective_paths(study, table.iloc[:0]) == []


def test_a_study_in_one_mask_is_the_same_as_that_mask_among_others():
    one = study_of(replace(MIXED, n_masks=1, first_mask_seed=2))
    three = study_of(MIXED)
    some = table_of(three).query("mask_seed == 2").reset_index(drop=True)
    pd.testing.assert_frame_equal(table_of(one).drop(columns="seconds"), some.drop(columns="seconds"), rtol=1e-8)
