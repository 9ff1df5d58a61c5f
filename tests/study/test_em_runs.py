"""A batch of EM runs as rows: each is the run that the Explore page makes of the same settings."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.runs import make_em_run
from explorer.settings import EMStudySettings, run_of_study
from explorer.study.em_runs import COLUMNS, run_em_batch
from explorer.study.plans import batches_of, study_of
from tests.study.studies import em_table

SETTINGS = EMStudySettings(n_components=3, initializations=("random-points", "k-means++", "quantiles"), n_starts=12)


def test_a_row_is_the_run_that_the_explore_page_makes():
    _, table = em_table(SETTINGS)
    for _, row in table.iloc[::5].iterrows():
        trace = make_em_run(run_of_study(SETTINGS, row["initialization"], row["seed"])).trace
        assert row["iterations"] == trace.n_iterations
        assert row["stop_reason"] == trace.stop_reason
        assert row["log_likelihood"] == pytest.approx(trace.log_likelihoods[-1], rel=1e-12)
        order = np.argsort(trace.means[-1, :, 0])
        for name, values in (
            ("weight", trace.weights[-1]),
            ("mean", trace.means[-1, :, 0]),
            ("deviation", np.sqrt(trace.covariances[-1, :, 0, 0])),
        ):
            found = row[[f"{name}_{k}" for k in (1, 2, 3)]].to_numpy(float)
            np.testing.assert_allclose(found, values[order], rtol=1e-7)


def test_the_table_has_one_row_a_run_and_an_initialization_that_draws_nothing_has_one():
    _, table = em_table(SETTINGS)
    assert list(table.columns[: len(COLUMNS)]) == list(COLUMNS)
    assert table.groupby("initialization", sort=False)["seed"].apply(list).to_dict() == {
        "random-points": list(range(12)),
        "k-means++": list(range(12)),
        "quantiles": [0],
    }


def test_equal_variances_are_kept():
    _, table = em_table(replace(SETTINGS, structure="tied", n_starts=3))
    deviations = table[["deviation_1", "deviation_2", "deviation_3"]].to_numpy()
    np.testing.assert_allclose(deviations, deviations[:, :1] * np.ones(3), rtol=1e-12)


def test_seconds_are_those_of_the_batch_shared_by_iterations():
    study = study_of(SETTINGS)
    rows = run_em_batch(SETTINGS, study.problem, batches_of(study)[0])
    per_iteration = rows["seconds"] / (rows["iterations"] + 1)
    np.testing.assert_allclose(per_iteration, per_iteration.iloc[0])


def test_other_seeds_are_other_starts():
    _, table = em_table(replace(SETTINGS, initializations=("random-points",), first_seed=12))
    _, first = em_table(replace(SETTINGS, initializations=("random-points",)))
    assert table["seed"].tolist() == list(range(12, 24))
    assert set(table["log_likelihood"]).isdisjoint(first["log_likelihood"])
