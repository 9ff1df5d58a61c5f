"""What becomes of a run: judged against a plain EM that goes on for as long as it takes, and against scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.mixture import GaussianMixture

from explorer.mixture import EMOutcome, initialize, m_step
from explorer.runs import make_em_run
from explorer.settings import EMStudySettings
from explorer.study.em_outcomes import em_outcomes
from explorer.study.em_summary import headline
from explorer.study.plans import Plan, run_settings, study_of
from explorer.study.work import run_plan
from tests.study.studies import em_table, judged

TEN_POINTS = EMStudySettings(
    data="ten-points",
    n_components=2,
    initializations=("random-partition", "random-responsibilities", "k-means++", "equal"),
    n_starts=40,
    variance_floor=1e-2,
)


def climb(x, weights, means, variances, iterations):
    """Plain EM on the line, many runs side by side, from parameters (R, 1, K): the log-likelihoods at the end, (R,)."""
    for _ in range(iterations):
        joint = np.log(weights) - 0.5 * (np.log(2 * np.pi * variances) + (x[:, None] - means) ** 2 / variances)
        total = logsumexp(joint, axis=2, keepdims=True)
        q = np.exp(joint - total)
        counts = q.sum(axis=1, keepdims=True)
        weights, means = counts / len(x), (q * x[:, None]).sum(axis=1, keepdims=True) / counts
        variances = (q * (x[:, None] - means) ** 2).sum(axis=1, keepdims=True) / counts
    return total.sum(axis=(1, 2))


def test_every_run_is_judged_by_where_a_plain_em_would_have_come():
    study, outcomes = judged(TEN_POINTS)
    x, table = study.problem.values, outcomes.table
    lasting = table[table["outcome"] != EMOutcome.DEGENERATE]
    weights, means, deviations = (
        lasting[[f"{name}_{k}" for k in (1, 2)]].to_numpy()[:, None] for name in ("weight", "mean", "deviation")
    )
    limits = climb(x, weights, means, deviations**2, 4000)
    reached = [outcomes.optimum(label).log_likelihood for label in lasting["optimum"]]
    np.testing.assert_allclose(lasting["limit"], limits, atol=1e-6)
    np.testing.assert_allclose(reached, limits, atol=1e-6)
    stopped_early = limits - lasting["log_likelihood"] > 0.05
    assert ((lasting["outcome"] == EMOutcome.PLATEAU) == stopped_early).all()
    np.testing.assert_allclose(lasting["gap"], outcomes.best.log_likelihood - lasting["log_likelihood"])
    assert set(lasting["outcome"]) == {EMOutcome.PROPER, EMOutcome.PLATEAU, EMOutcome.SADDLE}


def test_the_optima_of_the_ten_points_are_the_two_that_there_are():
    _, outcomes = judged(TEN_POINTS)
    assert [optimum.label for optimum in outcomes.proper] == ["A", "B"]
    assert [optimum.log_likelihood for optimum in outcomes.proper] == pytest.approx([-20.80, -22.41], abs=0.005)
    for optimum in outcomes.proper:
        assert (np.diff(optimum.mixture.means[:, 0]) > 0).all()


def test_components_that_start_equal_rest_at_a_saddle_point():
    _, outcomes = judged(TEN_POINTS)
    equal = outcomes.table[outcomes.table["initialization"] == "equal"]
    assert equal[["outcome", "optimum"]].to_numpy().tolist() == [[EMOutcome.SADDLE, "u1"]]


def test_shares_by_initialization_are_those_of_a_loop_over_scikit_learn():
    settings = EMStudySettings(n_components=3, initializations=("random-points", "k-means++"), n_starts=12, rtol=1e-8)
    study, outcomes = judged(settings)
    x = study.problem.values
    levels = {optimum.label: optimum.log_likelihood for optimum in outcomes.optima}
    for name in settings.initializations:
        runs = outcomes.table[outcomes.table["initialization"] == name]
        assert set(runs["outcome"]) <= {EMOutcome.PROPER, EMOutcome.DEGENERATE, EMOutcome.SPURIOUS}
        theirs = []
        for seed in runs.loc[runs["outcome"] != EMOutcome.DEGENERATE, "seed"]:
            start = m_step(x, initialize(x, 3, name, seed), variance_floor=1e-6)
            peer = GaussianMixture(
                3, weights_init=start.weights, means_init=start.means, precisions_init=1 / start.covariances,
                reg_covar=0.0, tol=1e-9, max_iter=3000,
            ).fit(x[:, None])  # fmt: skip
            end = peer.score(x[:, None]) * len(x)
            theirs.append(min(levels, key=lambda label: abs(levels[label] - end)))
        ours = runs.loc[runs["outcome"] != EMOutcome.DEGENERATE, "optimum"].tolist()
        assert ours == theirs


def test_a_spike_on_a_few_points_is_spurious_and_a_collapse_has_no_limit():
    settings = EMStudySettings(data="galaxies", n_components=4, initializations=("random-points",), n_starts=60)
    _, outcomes = judged(settings)
    table = outcomes.table
    spurious = table[table["outcome"] == EMOutcome.SPURIOUS]
    assert len(spurious)
    assert spurious[[f"deviation_{k}" for k in range(1, 5)]].min(axis=1).max() < 0.03 * 4600  # the data's deviation
    collapsed = table[table["outcome"] == EMOutcome.DEGENERATE]
    assert len(collapsed)
    assert collapsed[["limit", "gap"]].isna().all(axis=None)
    assert (collapsed["optimum"] == "").all()


def test_where_all_runs_collapse_there_is_no_best():
    settings = EMStudySettings(data="ten-points", n_components=8, initializations=("random-points",), n_starts=5)
    _, outcomes = judged(settings)
    assert set(outcomes.table["outcome"]) == {EMOutcome.DEGENERATE}
    assert outcomes.best is None
    assert outcomes.optima == ()


def test_what_diverged_is_not_called_degenerate():
    """EM itself never does, so the table is made up."""
    settings = EMStudySettings(n_components=2, initializations=("random-points",), n_starts=3)
    study, table = em_table(settings)
    reasons = ["converged", "diverged", "degenerate"]
    found = em_outcomes(settings, study.problem.values, table.assign(stop_reason=reasons)).table
    assert found["outcome"].tolist() == [EMOutcome.PROPER, EMOutcome.DIVERGED, EMOutcome.DEGENERATE]
    assert found["gap"].isna().tolist() == [False, True, True]


def test_a_study_that_holds_variances_counts_the_held_components_of_every_run():
    settings = EMStudySettings(
        data="galaxies", n_components=6, n_starts=6, initializations=("random-points",), variance_floor=1e-3,
        at_floor="hold",
    )  # fmt: skip
    study = study_of(settings)
    table = run_plan(Plan((study,)))
    outcomes = em_outcomes(settings, study.problem.values, table)
    assert not (outcomes.table["outcome"] == EMOutcome.DEGENERATE).any()
    for row in outcomes.table.to_dict("records"):
        run = make_em_run(run_settings(study, row))
        assert row["held"] == np.count_nonzero(run.trace.held[-1])
    assert outcomes.table["held"].any()
    assert (
        "compare L only with runs that hold at this floor" in headline(outcomes, {"random-points": "Random points"})[1]
    )
    stopped = em_outcomes(replace(settings, at_floor="stop"), study.problem.values, table)
    assert not stopped.table["held"].any()
