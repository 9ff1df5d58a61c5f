"""Outcomes of a study of ALS: what the verdict on each single run is, and what a table of them says."""

from dataclasses import replace
from math import ceil, log

import numpy as np
import pandas as pd
import pytest

from explorer.completion import factorize, identifiability
from explorer.datasets import own_matrix, split
from explorer.runs import make_als_run
from explorer.settings import ALSStudySettings
from explorer.stop_reason import StopReason
from explorer.study import als_outcomes
from explorer.study.als_outcomes import (
    ALSOutcome,
    add_als_outcomes,
    judge_masks,
    mask_determines,
    shares_recovered,
    starts_to_recover,
)
from explorer.study.als_summary import ENDINGS, LUCKY, endings_of
from explorer.study.beyond import beyond_als
from explorer.study.plans import run_settings, study_of
from explorer.study.verdicts import als_verdict
from tests.study.test_als_runs import table_of

WORDS = {
    "Recovered": "recovered",
    "Stuck": "stuck",
    "Stopped on a plateau": "stopped early",
    "Held back": "held back",
    "Not determined": "not determined",
    "Rank too low": "rank differs",
    "Rank too high": "rank differs",
    "Converged": "unknown",
}


def judged(settings, own=None):
    study = study_of(settings, own)
    return study, add_als_outcomes(study, table_of(study))


def word_of_the_verdict(study, row, own=None):
    settings = run_settings(study, row)
    run = make_als_run(settings, own)
    work = beyond_als(run, settings)
    while True:
        try:
            next(work)
        except StopIteration as found:
            verdict = als_verdict(run, settings, found.value)
            break
    if verdict.word == "Stopped at max sweeps":  # said of a run that could go on, and of one of which nothing is known
        return "stopped early" if " more sweep" in verdict.sentence else "unknown"
    return WORDS[verdict.word]


@pytest.mark.parametrize(
    ("settings", "outcomes"),
    [
        (ALSStudySettings(n_masks=10, n_starts=12), "recovered, stuck, not determined"),
        (ALSStudySettings(initializations=("spectral", "equal"), n_masks=3), "recovered, stuck"),
        (ALSStudySettings(ridge=10.0, n_starts=3), "held back, not determined"),
        (ALSStudySettings(max_sweeps=1, n_starts=8, n_masks=10), "stopped early, stuck, not determined"),
        (ALSStudySettings(rtol=1e-2, n_starts=5, n_masks=10), "recovered, stopped early, not determined"),
        (ALSStudySettings(rtol=0.0, max_sweeps=40, n_starts=5, n_masks=10), "recovered, not determined"),
        (ALSStudySettings(matrix="low-rank", rank=3, seen=24, first_mask_seed=7, n_masks=1, n_starts=1), "held back"),
        (ALSStudySettings(rank=1, n_starts=2), "rank differs"),
        (ALSStudySettings(rank=3, seen=60, n_starts=3), "recovered"),
        (ALSStudySettings(matrix="sea-temperature", seen=50, n_starts=2), "unknown"),
        (ALSStudySettings(matrix="votes", rank=6, seen=15, n_starts=2), "not determined"),
        (ALSStudySettings(seen=100, n_starts=2), "unknown"),
    ],
    ids=lambda each: each.replace(" ", "-") if isinstance(each, str) else "",
)
def test_the_outcome_is_the_verdict_on_the_single_run(settings, outcomes):
    study, table = judged(settings)
    assert set(outcomes.split(", ")) <= set(table["outcome"])
    for _, row in table.groupby("outcome").head(1).iterrows():
        assert row["outcome"] == word_of_the_verdict(study, row), row


def test_a_run_that_diverged_is_called_so():
    """ALS cannot, so the row is made up."""
    study = study_of(ALSStudySettings(n_starts=4, n_masks=1))
    table = table_of(study)
    table.loc[2, "stop_reason"] = str(StopReason.DIVERGED)
    assert add_als_outcomes(study, table)["outcome"].tolist()[2] == ALSOutcome.DIVERGED


def test_a_matrix_that_was_recovered_counts_although_the_mask_left_a_choice():
    _, table = judged(ALSStudySettings(first_mask_seed=1, n_masks=1, first_seed=1, n_starts=1))
    assert table["outcome"].tolist() == ["recovered"]
    assert table["determined"].tolist() == [False]


def test_a_mask_that_shows_nothing_determines_nothing():
    own = own_matrix([[1.0, 2.0], [np.nan, 4.0]])
    _, table = judged(ALSStudySettings(matrix="own", rank=1, seen=20, n_starts=2, n_masks=8), own)
    empty = table[table["n_observed"] == 0]
    assert len(empty) and not empty["determined"].any() and set(empty["outcome"]) == {"not determined"}


def test_the_rows_stay_as_they_are():
    study = study_of(ALSStudySettings(n_starts=10, n_masks=2))
    table = table_of(study)
    some = table.sample(8, random_state=0)
    before = some.copy()
    found = add_als_outcomes(study, some)
    pd.testing.assert_frame_equal(some, before)
    pd.testing.assert_frame_equal(found[some.columns], before)
    assert found["outcome"].tolist() == add_als_outcomes(study, table).loc[some.index, "outcome"].tolist()
    assert add_als_outcomes(study, table.iloc[:0])["outcome"].tolist() == []


# Masks


def test_a_quarter_of_the_checkerboard_often_does_not_determine_it_and_then_no_run_is_called_stuck():
    """Lecture 19's example: "ALS did not converge" and "this mask is not completable" are two verdicts."""
    study, table = judged(ALSStudySettings(n_masks=40, n_starts=10))
    truth = factorize(study.problem.values, 2)
    determined = [
        identifiability(split(study.problem, 0.25, seed).observed, 2, at=truth).determined for seed in range(40)
    ]
    assert table.groupby("mask_seed")["determined"].first().tolist() == determined
    assert 10 <= determined.count(False) <= 30
    outcomes = pd.crosstab(table["determined"], table["outcome"]).reindex(columns=[*ALSOutcome], fill_value=0)
    assert outcomes.loc[False, "stuck"] == outcomes.loc[False, "held back"] == 0
    assert outcomes.loc[False, "not determined"] > 0.5 * 10 * determined.count(False)
    assert outcomes.loc[True, "not determined"] == 0
    assert outcomes.loc[True, "stuck"] > 0


@pytest.mark.parametrize("density", [0.05, 0.1, 0.15, 0.2, 0.25, 0.4])
def test_what_is_plain_from_counting_is_what_the_jacobian_says(density):
    problem = study_of(ALSStudySettings()).problem
    truth = factorize(problem.values, 2)
    for seed in range(10):
        observed = split(problem, density, seed).observed
        assert mask_determines(observed, 2, truth) == identifiability(observed, 2, at=truth).determined


def test_every_mask_is_judged_once(monkeypatch):
    judged_masks = []
    as_it_is = als_outcomes.mask_determines
    monkeypatch.setattr(als_outcomes, "mask_determines", lambda *a: judged_masks.append(a) or as_it_is(*a))
    study = study_of(ALSStudySettings(n_starts=6, n_masks=3))
    table = table_of(study)
    together = add_als_outcomes(study_of(study.settings), table)
    parts = pd.concat([add_als_outcomes(study, table.iloc[first : first + 4]) for first in range(0, 18, 4)])
    pd.testing.assert_frame_equal(parts, together)
    assert len(judged_masks) == 6  # three of each study


def test_what_a_mask_allows_from_the_truth():
    settings = ALSStudySettings(ridge=10.0, n_starts=1, n_masks=4)
    facts = judge_masks(study_of(settings), range(4))
    assert [facts[seed].determined for seed in range(4)] == [not np.isnan(facts[seed].from_truth) for seed in range(4)]
    _, table = judged(settings)
    held = table[table["outcome"] == "held back"]
    assert held["error_hidden"].tolist() == pytest.approx([facts[s].from_truth for s in held["mask_seed"]], rel=0.01)


# What a table says

TABLE = pd.DataFrame(
    [
        ("gaussian", 0, "recovered", True, 0.0),
        ("gaussian", 0, "recovered", True, 1.0),
        ("gaussian", 0, "stuck", True, 2.0),
        ("gaussian", 1, "recovered", True, 3.0),
        ("gaussian", 1, "stuck", True, 4.0),
        ("gaussian", 2, "not determined", False, np.nan),
        ("small", 0, "recovered", True, 1.0),
        ("small", 0, "recovered", True, 1.0),
        ("small", 1, "recovered", True, 1.0),
        ("small", 1, "held back", True, 5.0),
    ],
    columns=["initialization", "mask_seed", "outcome", "determined", "error_hidden"],
)


def test_shares_recovered():
    shares = shares_recovered(TABLE)
    assert shares[["runs", "recovered", "share"]].to_dict("index") == {
        "gaussian": {"runs": 6, "recovered": 3, "share": 0.5},
        "small": {"runs": 4, "recovered": 3, "share": 0.75},
    }
    assert ((shares["low"] < shares["share"]) & (shares["share"] < shares["high"])).all()
    by_both = shares_recovered(TABLE, ["initialization", "mask_seed"])
    assert by_both.loc[("gaussian", 0), "share"] == pytest.approx(2 / 3)
    assert by_both.loc[("gaussian", 2), "share"] == 0
    assert shares_recovered(TABLE, "mask_seed")["runs"].to_dict() == {0: 5, 1: 4, 2: 1}


def test_every_outcome_is_an_ending_that_is_shown_and_every_run_has_one():
    assert {outcome.value for outcome in ALSOutcome} | {LUCKY} == {*ENDINGS}
    endings = pd.Series(endings_of(TABLE)).groupby(TABLE["initialization"]).value_counts()
    assert endings["gaussian"].to_dict() == {"recovered": 3, "stuck": 2, "not determined": 1}
    assert endings.sum() == len(TABLE)


def test_starts_to_recover_count_only_masks_that_determine_the_matrix():
    needed = starts_to_recover(TABLE)
    assert needed["masks"].to_dict() == {"gaussian": 2, "small": 2}
    assert needed.loc["gaussian", "share"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert needed.loc["gaussian", "hardest_starts"] == ceil(log(0.05) / log(0.5))
    m = int(needed.loc["gaussian", "starts"])
    assert ((1 / 3) ** m + (1 / 2) ** m) / 2 <= 0.05 < ((1 / 3) ** (m - 1) + (1 / 2) ** (m - 1)) / 2
    assert starts_to_recover(TABLE[TABLE["initialization"] == "small"]).loc["small", "starts"] == 4  # 0 and (1/2)^4
    assert starts_to_recover(TABLE.assign(determined=False)).empty


def test_so_many_starts_do_recover_the_checkerboard():
    """Among groups of that many fresh starts about 95 % hold one that recovers."""
    settings = ALSStudySettings(n_masks=8, first_mask_seed=3, n_starts=60)
    _, table = judged(settings)
    starts = int(starts_to_recover(table).loc["gaussian", "starts"])
    fresh = judged(replace(settings, first_seed=1000, n_starts=40 * starts))[1]
    fresh = fresh[fresh["determined"]]
    groups = (fresh["outcome"] == "recovered").groupby([fresh["mask_seed"], (fresh["seed"] - 1000) // starts])
    assert groups.any().mean() > 0.9
    assert 1 < starts < 6
