"""Paths are those of the single runs, and what a tolerance does is what a run with this tolerance does."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.runs import make_em_run
from explorer.settings import EMStudySettings, run_of_study
from explorer.study.em_paths import TOLERANCES, log_likelihood_paths, tolerance_effects
from tests.study.studies import judged

SETTINGS = EMStudySettings(
    data="ten-points", n_components=2, initializations=("random-responsibilities",), n_starts=25, variance_floor=1e-2
)


def test_a_path_is_the_log_likelihood_of_the_single_run():
    study, outcomes = judged(SETTINGS)
    paths = log_likelihood_paths(SETTINGS, study.problem.values, outcomes.table)
    for seed in (0, 7, 24):
        trace = make_em_run(run_of_study(SETTINGS, "random-responsibilities", seed)).trace
        np.testing.assert_allclose(paths[seed], trace.log_likelihoods, rtol=1e-11)


@pytest.mark.parametrize("rtol", TOLERANCES)
def test_a_tolerance_stops_each_run_where_a_run_with_it_stops(rtol):
    study, outcomes = judged(SETTINGS)
    table = outcomes.table[outcomes.table["limit"].notna()]
    effects = {effect.rtol: effect for effect in tolerance_effects(SETTINGS, study.problem.values, table)}
    early = []
    for i, (_, run) in enumerate(table.iterrows()):
        trace = make_em_run(
            run_of_study(replace(SETTINGS, rtol=rtol), "random-responsibilities", int(run["seed"]))
        ).trace
        assert effects[rtol].iterations[i] == trace.n_iterations
        early.append(run["limit"] - trace.log_likelihoods[-1] > 0.05)
    assert effects[rtol].stopped_early.tolist() == early


def test_a_larger_tolerance_stops_more_runs_on_the_plateau():
    study, outcomes = judged(SETTINGS)
    table = outcomes.table[outcomes.table["limit"].notna()]
    counts = [int(effect.stopped_early.sum()) for effect in tolerance_effects(SETTINGS, study.problem.values, table)]
    assert counts[0] > counts[1] > counts[2]


def test_nothing_is_left_to_tell_where_all_runs_collapse():
    study, outcomes = judged(replace(SETTINGS, n_components=8, initializations=("random-points",), n_starts=3))
    lasting = outcomes.table[outcomes.table["limit"].notna()]
    effects = tolerance_effects(SETTINGS, study.problem.values, lasting)
    assert [len(effect.iterations) for effect in effects] == [0, 0, 0]
