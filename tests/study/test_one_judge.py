"""Explore, a replay, a study and its table come to the same answer about the same run."""

import pytest

from explorer.mixture import EMOutcome, select
from explorer.runs import make_em_run
from explorer.settings import EMSettings, EMStudySettings, run_of_study
from explorer.study import Plan, add_outcomes
from explorer.study.beyond import Ends, beyond_em, ends_of_starts
from explorer.study.verdicts import em_verdict
from tests.study.studies import em_table, judged

# What Explore may call a run that the table calls so.
WORDS = {
    EMOutcome.PROPER: {"Best known optimum", "Local optimum"},
    EMOutcome.PLATEAU: {"Stopped on a plateau", "Stopped at max iterations"},
    EMOutcome.SADDLE: {"Saddle point", "Never separates"},
    EMOutcome.SPURIOUS: {"Spurious"},
    EMOutcome.DEGENERATE: {"Degenerate"},
}


def result(work):
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def known(ends):
    yield from ()
    return ends


def ends_of_study(outcomes):
    """What a replay takes for the other starts."""
    kinds = outcomes.table["outcome"].tolist()
    counts = (kinds.count(EMOutcome.DEGENERATE), kinds.count(EMOutcome.SPURIOUS))
    return Ends(outcomes.best and outcomes.best.log_likelihood, *counts, len(kinds))


@pytest.mark.parametrize("n_components", [2, 3, 5])
@pytest.mark.parametrize("data", ["faithful-eruptions", "galaxies", "ten-points", "iris-petal-length"])
def test_a_run_is_judged_alike_by_its_study_and_by_itself(data, n_components):
    assert_one_judge(
        EMStudySettings(data=data, n_components=n_components, initializations=("random-points", "equal"), n_starts=10)
    )


@pytest.mark.parametrize("floor", [1e-4, 1e-3])
def test_runs_that_hold_variances_are_judged_alike(floor):
    assert_one_judge(
        EMStudySettings(
            data="galaxies", n_components=4, initializations=("random-points",), n_starts=10, variance_floor=floor,
            at_floor="hold",
        )
    )  # fmt: skip


def assert_one_judge(settings):
    _, outcomes = judged(settings)
    ends = ends_of_study(outcomes)
    for row in outcomes.table.itertuples():
        own = run_of_study(settings, row.initialization, row.seed)
        run = make_em_run(own)
        found = result(beyond_em(run, own, known(ends)))
        word = em_verdict(run, own, found).word
        assert found.outcome == row.outcome
        assert word in WORDS[row.outcome]
        if row.outcome == EMOutcome.PROPER:
            assert (word == "Best known optimum") == (outcomes.best.log_likelihood - row.limit <= 0.05)


def test_the_spike_on_the_galaxies_is_spurious_whoever_is_asked():
    own = EMSettings(data="galaxies", n_components=5, seed=20)
    run = make_em_run(own)
    explored = result(beyond_em(run, own, ends_of_starts(run.sample.values, own)))
    verdict = em_verdict(run, own, explored)
    assert (verdict.tone, verdict.word, verdict.ahead) == ("warning", "Spurious", "Ends spurious")
    for told in ("converged at 115", "component 2", "43.0 km/s wide", "2 of 82 points", "weight 0.024", "not count"):
        assert told in verdict.sentence

    settings = EMStudySettings(
        data="galaxies", n_components=5, initializations=("random-points",), n_starts=10, first_seed=15
    )
    study, outcomes = judged(settings)
    (row,) = outcomes.table[outcomes.table["seed"] == 20].itertuples()
    assert row.outcome == EMOutcome.SPURIOUS
    replayed = result(beyond_em(run, own, known(ends_of_study(outcomes))))
    assert em_verdict(run, own, replayed).word == "Spurious"
    _, table = em_table(settings)
    assert add_outcomes(Plan((study,)), table)["outcome"].tolist() == outcomes.table["outcome"].tolist()
    (candidate,) = select(run.sample.values, [5], ["full"], n_starts=20).candidates
    assert candidate.n_spurious > 0
    assert candidate.criteria.log_likelihood < run.trace.log_likelihoods[-1]
