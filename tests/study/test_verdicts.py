"""How a run ended: every word on a case made for it, and the numbers that the sentence must give."""

import re
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from explorer.completion import Identifiability
from explorer.datasets import own_matrix, own_sample
from explorer.mixture import Degeneracy, DegeneracyKind, EMOutcome, OptimumKind
from explorer.runs import make_als_run, make_em_run
from explorer.settings import ALSSettings, EMSettings
from explorer.stop_reason import StopReason
from explorer.study.beyond import BeyondALS, BeyondEM, beyond_als, beyond_em, ends_of_starts
from explorer.study.verdicts import als_verdict, describe_fall, em_verdict

TEN_POINTS = EMSettings(data="ten-points", initialization="partition", n_components=2)
NONE = np.empty(0, dtype=np.intp)


def result(work):
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def judged_em(settings, own=None):
    """The run, the verdict at once, what is known beyond, and the verdict then."""
    run = make_em_run(settings, own)
    found = result(beyond_em(run, settings, ends_of_starts(run.sample.values, settings)))
    return run, em_verdict(run, settings), found, em_verdict(run, settings, found)


def judged_als(settings, own=None):
    run = make_als_run(settings, own)
    found = result(beyond_als(run, settings))
    return run, als_verdict(run, settings), found, als_verdict(run, settings, found)


def typed(labels, n_components=2, **more):
    """The ten points from typed labels."""
    return replace(TEN_POINTS, partition="typed", labels=labels, n_components=n_components, **more)


def last(run):
    """The last log-likelihood, as a sentence writes it."""
    return f"{run.trace.log_likelihoods[-1]:.1f}".replace("-", "−")


# EM: where a sound run ends


def test_best_known_optimum():
    run, at_once, found, verdict = judged_em(EMSettings(n_components=2))
    assert (at_once.tone, at_once.word) == ("plain", "Converged")
    assert found.best == pytest.approx(run.trace.log_likelihoods[-1], abs=0.05)
    assert (verdict.tone, verdict.word) == ("good", "Best known optimum")
    assert verdict.ahead == "Ends in the best known optimum"
    for told in (
        f"converged at {run.trace.n_iterations}",
        f"L = {last(run)}",
        "none of 40 other starts ends higher",
    ):
        assert told in verdict.sentence


def test_local_optimum():
    run, _, found, verdict = judged_em(EMSettings(n_components=3))
    assert (verdict.tone, verdict.word) == ("local", "Local optimum")
    assert verdict.ahead == "Ends in a local optimum"
    gap = found.best - found.continued
    assert gap == pytest.approx(3.97, abs=0.01)
    told = f"converged at {run.trace.n_iterations}, L = {last(run)}; the best of 40 starts is 4 higher"
    assert told in verdict.sentence


@pytest.mark.parametrize(("gap", "word"), [(0.04, "Best known optimum"), (0.06, "Local optimum")])
def test_two_ends_count_as_one_optimum_up_to_a_gap_of_a_twentieth(gap, word):
    settings = EMSettings(n_components=2)
    run = make_em_run(settings)
    end = float(run.trace.log_likelihoods[-1])
    assert em_verdict(run, settings, BeyondEM(end, 0, end + gap, 0)).word == word


def test_best_known_is_not_claimed_where_all_other_starts_collapsed():
    settings = EMSettings(n_components=2)
    run = make_em_run(settings)
    end = float(run.trace.log_likelihoods[-1])
    verdict = em_verdict(run, settings, BeyondEM(end, 3, end, 40))
    assert verdict.word == "Converged"
    assert verdict.tone == "plain"
    assert "all 40 other starts collapsed" in verdict.sentence


def test_the_relative_tolerance_stops_document_002_on_a_plateau():
    settings = replace(TEN_POINTS, rtol=1e-4)
    run, at_once, found, verdict = judged_em(settings)
    assert run.trace.stop_reason is StopReason.CONVERGED
    assert at_once.word == "Converged"
    assert (verdict.tone, verdict.word) == ("warning", "Stopped on a plateau")
    assert found.continued - run.trace.log_likelihoods[-1] == pytest.approx(2.2, abs=0.05)
    for told in (
        f"stopped at {run.trace.n_iterations} by the tolerance 10⁻⁴",
        f"{found.continued_iterations} more iterations climb 2.2 higher",
    ):
        assert told in verdict.sentence


def test_with_a_smaller_tolerance_the_same_start_climbs_off_the_plateau():
    """The document's own 1e-6 needs more than its 20 iterations."""
    settings = replace(TEN_POINTS, rtol=1e-6)
    run, _, _, verdict = judged_em(settings)
    assert verdict.word == "Best known optimum"
    assert run.trace.n_iterations > 60


def test_stopped_at_max_iterations():
    """Document 002: 20 iterations, on the plateau still."""
    _, at_once, found, verdict = judged_em(replace(TEN_POINTS, max_iter=20))
    for each in (at_once, verdict):
        assert (each.tone, each.word) == ("warning", "Stopped at max iterations")
        assert each.sentence.startswith("stopped at 20")
    assert "L = −23.0" in at_once.sentence
    assert f"still climbing; {found.continued_iterations} more iterations climb 2.2 higher" in verdict.sentence


def test_stopped_at_max_iterations_with_nothing_left_to_climb_is_judged_by_where_it_stands():
    run, at_once, _, verdict = judged_em(EMSettings(n_components=2, max_iter=30, rtol=0.0))
    assert run.trace.stop_reason is StopReason.MAX_ITER
    assert at_once.word == "Stopped at max iterations"
    assert verdict.word == "Best known optimum"
    assert "stopped at 30" in verdict.sentence
    assert "converged" not in verdict.sentence


def collapsed(n, n_spurious=0):
    """Of n other starts all but some spurious ones collapsed."""
    return {"n_degenerate": n - n_spurious, "n_spurious": n_spurious, "n_starts": n}


def test_best_known_is_not_claimed_where_no_other_start_ends_in_an_optimum_that_counts():
    settings = EMSettings(n_components=2)
    run = make_em_run(settings)
    end = float(run.trace.log_likelihoods[-1])
    verdict = em_verdict(run, settings, BeyondEM(end, 3, end, **collapsed(40, 38)))
    assert (verdict.tone, verdict.word) == ("plain", "Converged")
    assert "none of 40 other starts ends in an optimum that counts (38 spurious and 2 degenerate left out)" in (
        verdict.sentence
    )


@pytest.mark.parametrize(
    ("left_out", "told"),
    [
        ({}, ""),
        ({"n_degenerate": 3}, " (3 degenerate left out)"),
        ({"n_spurious": 2}, " (2 spurious left out)"),
        ({"n_spurious": 2, "n_degenerate": 3}, " (2 spurious and 3 degenerate left out)"),
    ],
)
def test_other_starts_that_do_not_count_are_told(left_out, told):
    settings = EMSettings(n_components=2)
    run = make_em_run(settings)
    end = float(run.trace.log_likelihoods[-1])
    best = em_verdict(run, settings, BeyondEM(end, 3, end, **({"n_degenerate": 0} | left_out)))
    assert best.sentence.endswith(f"none of 40 other starts ends higher{told}")
    local = em_verdict(run, settings, BeyondEM(end, 3, end + 4, **({"n_degenerate": 0} | left_out)))
    assert local.sentence.endswith(f"the best of 40 starts is 4 higher{told}")


def test_a_spike_is_spurious_and_its_component_its_width_and_its_points_are_told():
    """Numbered from left to right, as the picture shows them, whatever their order in the trace."""
    run, at_once, found, verdict = judged_em(EMSettings(data="galaxies", n_components=4, seed=3))
    assert at_once.word == "Converged"
    assert (verdict.tone, verdict.word, verdict.ahead) == ("warning", "Spurious", "Ends spurious")
    end, values = run.trace.mixture(-1), run.sample.values
    narrow = int(end.covariances.argmin())
    number = 1 + int((end.means[:, 0] < end.means[narrow, 0]).sum())
    width, weight = np.sqrt(end.covariances[narrow, 0, 0]), end.weights[narrow]
    assert width < 0.03 * values.std()
    for told in (
        f"converged at {run.trace.n_iterations}",
        f"component {number}, {width:.2g} km/s wide",
        f"on about {weight * len(values):.2g} of {len(values)} points (weight {weight:.2g})",
        f"L = {last(run)} does not count",
    ):
        assert told in verdict.sentence
    assert found.continued < found.best


def test_the_best_known_optimum_is_not_beaten_by_a_spike():
    """Nearly all starts with K = 5 end in a spike, and that of seed 20 is six nats above the best of the others."""
    spike = make_em_run(EMSettings(data="galaxies", n_components=5, seed=20))
    run, _, found, verdict = judged_em(EMSettings(data="galaxies", n_components=5, seed=11))
    assert spike.trace.log_likelihoods[-1] > run.trace.log_likelihoods[-1] + 5
    assert verdict.word == "Best known optimum"
    assert f"none of 40 other starts ends higher ({found.n_spurious} spurious and" in verdict.sentence


def test_a_saddle_point_is_told_where_a_run_rests_at_one():
    """Two of three components start equal, and stay so."""
    settings = EMSettings(n_components=3, initialization="means", means="2 4.3 4.3")
    run, at_once, found, verdict = judged_em(settings)
    assert at_once.word == "Converged"
    assert found.outcome is EMOutcome.SADDLE
    assert (verdict.tone, verdict.word, verdict.ahead) == ("warning", "Saddle point", "Ends at a saddle point")
    gap = found.best - found.continued
    for told in (f"L = {last(run)}", "slightest push", f"the best of 40 starts is {gap:.1f} higher"):
        assert told in verdict.sentence


def test_where_a_run_would_have_come_is_told_with_what_is_there():
    run = make_em_run(replace(TEN_POINTS, max_iter=20))
    end = float(run.trace.log_likelihoods[-1])
    for kind, told in (
        (OptimumKind.PROPER, "; 7 more iterations climb 2 higher"),
        (OptimumKind.SPURIOUS, "7 more iterations climb 2 higher, to a spurious spike"),
        (OptimumKind.SADDLE, "7 more iterations climb 2 higher, to a saddle point"),
    ):
        found = BeyondEM(end + 2, 7, end, 0, outcome=EMOutcome.PLATEAU, limit=kind)
        assert em_verdict(run, TEN_POINTS, found).sentence.endswith(told)


def test_a_run_that_was_stopped_on_its_way_to_a_collapse_is_told_of_it():
    values = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.0, 6.0]
    settings = EMSettings(data="own", n_components=2, initialization="means", means="1 6", max_iter=3)
    run, _, found, verdict = judged_em(settings, own_sample(values))
    assert run.trace.stop_reason is StopReason.MAX_ITER
    assert (verdict.tone, verdict.word) == ("warning", "Stopped at max iterations")
    told = f"still climbing; {found.continued_iterations} iterations later component 2 collapsed on 3 points at 6"
    assert told in verdict.sentence


@pytest.mark.parametrize("n_components", [2, 5])
def test_never_separates(n_components):
    settings = EMSettings(data="iris-petal-length", n_components=n_components, initialization="equal")
    run = make_em_run(settings)
    end = float(run.trace.log_likelihoods[-1])
    verdict = em_verdict(run, settings, BeyondEM(end, 1, end + 100, 0))
    assert verdict == em_verdict(run, settings)
    assert (verdict.tone, verdict.word) == ("warning", "Never separates")
    assert f"all {n_components} components" in verdict.sentence
    assert last(run) in verdict.sentence


def test_a_single_component_has_nothing_to_separate_from():
    _, _, _, verdict = judged_em(EMSettings(n_components=1, initialization="equal"))
    assert verdict.word == "Best known optimum"


def test_diverged():
    """EM cannot, so the trace is made up."""
    settings = EMSettings(n_components=2)
    run = make_em_run(settings)
    run = replace(run, trace=replace(run.trace, stop_reason=StopReason.DIVERGED))
    verdict = em_verdict(run, settings)
    assert (verdict.tone, verdict.word) == ("error", "Diverged")
    for told in (f"stopped at {run.trace.n_iterations}", last(run), "fell"):
        assert told in verdict.sentence


# EM: degenerate, and each kind says what happened to which component


def assert_degenerate(verdict, kind, run):
    assert run.trace.degeneracies[0].kind is kind
    assert (verdict.tone, verdict.word) == ("warning", "Degenerate")
    assert verdict.sentence.startswith(f"stopped at {run.trace.n_iterations}")


def test_degenerate_at_the_floor():
    values = [1.0, 1.2, 1.1, 0.9, 1.05, 7.0]
    own, settings = own_sample(values), EMSettings(data="own", n_components=2, initialization="means", means="7.5 1")
    run, at_once, found, verdict = judged_em(settings, own)
    assert_degenerate(verdict, DegeneracyKind.FLOOR, run)
    for sentence in (at_once.sentence, verdict.sentence):
        assert "component 2 collapsed on one point at 7" in sentence
    assert f"{found.n_degenerate} of 40 other starts collapse too" in verdict.sentence
    assert found.n_degenerate > 0


def test_degenerate_on_equal_points():
    own = own_sample([0.0, 0.1, 0.3, 0.6, *[5.0] * 4])
    settings = EMSettings(data="own", n_components=2, initialization="means", means="0 5")
    run, _, _, verdict = judged_em(settings, own)
    assert_degenerate(verdict, DegeneracyKind.FLOOR, run)
    assert re.search(r"component 2 collapsed on 4 (equal )?points at 5\b", verdict.sentence)


def test_points_within_the_floor_are_called_equal_only_where_they_are():
    """71 eruptions near 1.8 minutes lie within a high floor; they did not all last the same."""
    run, _, _, verdict = judged_em(EMSettings(n_components=6, variance_floor=1e-2))
    fall = run.trace.degeneracies[0]
    assert_degenerate(verdict, DegeneracyKind.FLOOR, run)
    near = np.abs(run.sample.values - fall.location[0]) <= 3 * np.sqrt(1e-2 * run.sample.values.var())
    assert len(np.unique(run.sample.values[near])) > 1
    assert f"{fall.points} " in verdict.sentence
    assert "equal" not in verdict.sentence


def test_degenerate_by_a_start_of_one_point():
    run, _, found, verdict = judged_em(typed("2 2 2 1 2 2 2 2 2 2"))
    assert_degenerate(verdict, DegeneracyKind.SINGLETON, run)
    assert run.trace.degeneracies[0].component == 0
    for told in ("stopped at 0", "component 2", "3.3", f"{found.n_degenerate} of 40"):
        assert told in verdict.sentence


def test_degenerate_by_a_component_without_points():
    run, _, _, verdict = judged_em(typed("1 1 1 3 3 3 3 3 1 1", n_components=3))
    assert_degenerate(verdict, DegeneracyKind.EMPTIED, run)
    assert run.trace.degeneracies[0].component == 1
    assert "component 2" in verdict.sentence
    assert "no point" in verdict.sentence


@pytest.mark.parametrize("means", ["5 9", "9 5", "5 -9", "4 6"])
def test_degenerate_because_all_values_are_equal(means):
    """Readers refuse such data; a generator with a tiny deviation makes it."""
    settings = EMSettings(
        data="generated",
        true_weights="1",
        true_means="5",
        true_deviations="1e-17",
        n_components=2,
        initialization="means",
        means=means,
    )
    run, _, _, verdict = judged_em(settings)
    assert run.sample.values.tolist() == [5.0] * 1000
    assert_degenerate(verdict, DegeneracyKind.CONSTANT, run)
    assert "every value is 5" in verdict.sentence
    assert "nothing to separate" in verdict.sentence
    assert "another seed" not in verdict.sentence


def test_degenerate_with_fewer_distinct_values_than_components():
    own = own_sample([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
    _, _, _, verdict = judged_em(EMSettings(data="own", n_components=3), own)
    assert verdict.word == "Degenerate"
    assert "40 of 40 other starts collapse too" in verdict.sentence
    assert "fewer distinct values than components" in verdict.sentence
    assert "another seed" not in verdict.sentence


@pytest.mark.parametrize("settings", [typed("1 2 2 2 2 2 2 2 2 2"), typed("1 1 1 3 3 3 3 3 1 1", n_components=3)])
def test_another_seed_is_no_advice_to_a_start_without_one(settings):
    assert "seed" not in em_verdict(make_em_run(settings), settings).sentence


def test_places_are_written_in_the_unit_and_without_powers_of_ten():
    settings = EMSettings(data="galaxies", n_components=10, seed=4)
    run = make_em_run(settings)
    assert run.trace.degeneracies[0].location == (21960.0,)
    sentence = em_verdict(run, settings).sentence
    assert "e+" not in sentence
    assert "km/s" in sentence


@pytest.mark.parametrize("kind", DegeneracyKind)
def test_every_kind_of_degeneracy_is_described(kind):
    told = describe_fall(Degeneracy(0, kind, 3, (2.5,), 1), "cm")
    assert set(told) == {"head", "detail"}
    assert all(told.values())
    assert ("2.5 cm" in told["detail"]) == (kind is not DegeneracyKind.EMPTIED)


def test_components_are_numbered_from_left_to_right_as_the_picture_shows_them():
    for order in permutations([2.0, 3.5, 4.5]):
        settings = EMSettings(initialization="means", means=" ".join(map(str, order)), max_iter=3)
        run = make_em_run(settings)
        means = run.trace.means[-1, :, 0]
        assert [means[component] for component in run.shown_order] == sorted(means)


# ALS


def hidden_error(run):
    """Root mean square error on the hidden entries in the data's unit, from the factors, densely."""
    product = run.trace.lefts[-1] @ run.trace.rights[-1].T
    shown = run.masked.offset + run.masked.scale * product
    hidden = ~np.isnan(run.problem.values) & ~run.masked.mask
    return float(np.sqrt(np.mean((shown - run.problem.values)[hidden] ** 2)))


def test_recovered():
    run, at_once, found, verdict = judged_als(ALSSettings(mask_seed=4))
    assert found.identifiability.determined
    assert (verdict.tone, verdict.word, verdict.ahead) == ("good", "Recovered", "Ends recovered")
    assert at_once.word == "Recovered"
    assert f"converged at {run.trace.n_sweeps}, hidden error {hidden_error(run):.2g}" in verdict.sentence
    assert "this mask determines the matrix" in verdict.sentence
    assert "determines" not in at_once.sentence


def test_a_noisy_matrix_is_recovered_when_nothing_but_its_noise_is_left():
    run, _, found, verdict = judged_als(ALSSettings(matrix="low-rank", rank=3, seen=70))
    assert found.identifiability.determined
    assert hidden_error(run) < 1.5 * 0.1  # the noise has a standard deviation of 0.1, the entries have 1.7
    assert verdict.word == "Recovered"


@pytest.mark.parametrize(
    "settings",
    [ALSSettings(mask_seed=19), ALSSettings(mask_seed=4, initialization="equal")],
    ids=["in a local optimum", "in the symmetric trap"],
)
def test_stuck(settings):
    run, at_once, found, verdict = judged_als(settings)
    assert found.identifiability.determined
    assert at_once.word == "Converged"
    assert (verdict.tone, verdict.word, verdict.ahead) == ("local", "Stuck", "Gets stuck")
    assert hidden_error(run) > 0.5
    assert f"converged at {run.trace.n_sweeps}, hidden error {hidden_error(run):.2g}" in verdict.sentence
    assert "although the mask determines the matrix and its true factors lead to 0.002" in verdict.sentence


def test_not_determined_for_short_rows_and_columns():
    """An 8x9 matrix of which a row and two columns show nothing or one entry."""
    values = np.add.outer(np.arange(8.0), np.arange(9.0) ** 2)
    values[2, 1:] = np.nan
    values[:7, 4] = values[:, 6] = np.nan
    _, at_once, found, verdict = judged_als(ALSSettings(matrix="own", rank=2, seen=100), own_matrix(values))
    assert found.identifiability.short_rows.tolist() == [2]
    assert found.identifiability.short_cols.tolist() == [4, 6]
    assert "determine" not in at_once.word.lower()
    assert (verdict.tone, verdict.word) == ("warning", "Not determined")
    for told in ("1 row ", "2 columns", "rank 2", "no method"):
        assert told in verdict.sentence


def test_not_determined_for_one_short_column():
    values = np.add.outer(np.arange(8.0), np.arange(9.0) ** 2)
    values[1:, 4] = np.nan
    _, _, _, verdict = judged_als(ALSSettings(matrix="own", rank=2, seen=100), own_matrix(values))
    assert "1 column " in verdict.sentence
    assert "row" not in verdict.sentence


def test_not_determined_although_no_row_or_column_is_short():
    _, at_once, found, verdict = judged_als(ALSSettings(mask_seed=9))
    assert len(found.identifiability.short_rows) == len(found.identifiability.short_cols) == 0
    assert at_once.word != "Not determined"
    assert (verdict.tone, verdict.word) == ("warning", "Not determined")
    assert "2 directions of a rank-2 matrix free" in verdict.sentence


def test_a_matrix_that_was_recovered_stays_so_though_the_mask_left_a_choice():
    _, at_once, found, verdict = judged_als(ALSSettings(mask_seed=1))
    assert not found.identifiability.determined
    assert at_once.word == verdict.word == "Recovered"
    free = "although the seen entries leave 1 direction of a rank-2 matrix free"
    assert f"{free}: start and ridge chose well" in verdict.sentence
    _, _, _, verdict = judged_als(ALSSettings(mask_seed=1, ridge=0.0))
    assert f"{free}: the start chose well" in verdict.sentence


def test_held_back_by_the_ridge():
    run, at_once, found, verdict = judged_als(ALSSettings(ridge=10.0))
    assert at_once.word == "Converged"
    assert (verdict.tone, verdict.word) == ("warning", "Held back")
    assert hidden_error(run) == pytest.approx(found.alternatives.from_truth, rel=0.01)
    assert (
        f"the true factors lead to {found.alternatives.from_truth:.2g}: the ridge allows no better" in verdict.sentence
    )


def test_held_back_by_the_noise():
    """A smaller ridge does not help: 0.155 where 0.15 would do."""
    run, _, found, verdict = judged_als(ALSSettings(matrix="low-rank", rank=3, seen=24, mask_seed=7))
    assert verdict.word == "Held back"
    assert found.alternatives.without_ridge == pytest.approx(found.alternatives.from_truth, rel=0.05)
    assert hidden_error(run) > 0.15
    assert "the noise allows no better" in verdict.sentence


@pytest.mark.parametrize(
    "settings",
    [
        ALSSettings(ridge=10.0, max_sweeps=1),
        ALSSettings(mask_seed=19, max_sweeps=1),
        ALSSettings(matrix="low-rank", rank=3, seen=24, mask_seed=9),
    ],
    ids=["the ridge would hold it back", "it would get stuck", "it would end well"],
)
def test_a_run_that_was_stopped_on_its_way_is_not_judged_by_its_end(settings):
    run, _, found, verdict = judged_als(settings)
    assert (verdict.tone, verdict.word) == ("warning", "Stopped at max sweeps")
    told = f"hidden error {hidden_error(run):.2g}; {found.alternatives.sweeps} more sweeps lead to "
    assert told in verdict.sentence


def test_stopped_on_a_plateau():
    run, at_once, found, verdict = judged_als(ALSSettings(rtol=1e-2))
    assert run.trace.stop_reason is StopReason.CONVERGED
    assert at_once.word == "Converged"
    assert (verdict.tone, verdict.word) == ("warning", "Stopped on a plateau")
    assert f"{found.alternatives.sweeps} more sweeps recover the matrix" in verdict.sentence


def test_rank_too_high_is_said_although_the_mask_could_not_determine_that_rank():
    run, at_once, found, verdict = judged_als(ALSSettings(rank=6))
    assert not found.identifiability.determined
    for each in (at_once, verdict):
        assert (each.tone, each.word) == ("warning", "Rank too high")
        assert f"hidden error {hidden_error(run):.2g}: the matrix has rank 2" in each.sentence


def test_rank_too_low():
    run, _, found, verdict = judged_als(ALSSettings(rank=1))
    assert found.identifiability.determined
    assert (verdict.tone, verdict.word) == ("warning", "Rank too low")
    assert f"hidden error {hidden_error(run):.2g}" in verdict.sentence
    assert "the matrix has rank 2" in verdict.sentence


@pytest.mark.parametrize("matrix", ["sea-temperature", "life-expectancy"])
def test_measured_data_is_given_its_error_in_its_unit_and_is_never_called_recovered_or_stuck(matrix):
    run, at_once, found, verdict = judged_als(ALSSettings(matrix=matrix, rank=2, seen=50))
    assert run.problem.low_rank is None
    assert found.identifiability.determined
    for each in (at_once, verdict):
        assert (each.tone, each.word) == ("plain", "Converged")
        assert f"hidden error {hidden_error(run):.2g} {run.problem.unit}" in each.sentence
    assert "this mask can determine a rank-2 matrix" in verdict.sentence


def test_with_nothing_hidden_the_error_is_that_on_the_seen_entries():
    run, _, _, verdict = judged_als(ALSSettings(matrix="sea-temperature", rank=2, seen=100))
    assert verdict.word == "Converged"
    error = run.trace.rmse_observed[-1] * run.masked.scale
    assert f"error on the seen entries {error:.2g} °C" in verdict.sentence


def test_stopped_at_max_sweeps():
    run, at_once, found, verdict = judged_als(ALSSettings(max_sweeps=1, ridge=0.1))
    for each in (at_once, verdict):
        assert (each.tone, each.word) == ("warning", "Stopped at max sweeps")
        assert each.sentence.startswith(f"stopped at 1, hidden error {hidden_error(run):.2g}")
    assert f"{found.alternatives.sweeps} more sweeps recover the matrix" in verdict.sentence


def test_als_diverged():
    """ALS cannot, so the trace is made up."""
    run = make_als_run(ALSSettings())
    run = replace(run, trace=replace(run.trace, stop_reason=StopReason.DIVERGED))
    verdict = als_verdict(run, ALSSettings(), BeyondALS(Identifiability(NONE, NONE, 5, 6)))
    assert (verdict.tone, verdict.word) == ("error", "Diverged")
    assert f"stopped at {run.trace.n_sweeps}" in verdict.sentence


def test_a_verdict_travels_as_plain_text():
    settings = EMSettings(n_components=2)
    sent = em_verdict(make_em_run(settings), settings).as_json()
    assert set(sent) == {"tone", "word", "sentence", "ahead"}
    assert all(type(text) is str for text in sent.values())


# EM: variances held at their floor

HELD = EMSettings(data="galaxies", n_components=6, seed=3, variance_floor=1e-3, at_floor="hold")


def test_a_held_run_is_judged_as_others_are_and_says_what_its_likelihood_compares_with():
    run, at_once, found, verdict = judged_em(HELD)
    held = [run.shown_order.tolist().index(k) + 1 for k in np.flatnonzero(run.trace.held[-1])]
    assert sorted(held) == [3, 4, 5]
    assert (at_once.word, verdict.word, found.outcome) == ("Converged", "Local optimum", EMOutcome.PROPER)
    for sentence in (at_once.sentence, verdict.sentence):
        assert sentence.endswith("; 3, 4, 5 held at the floor: compare only with held runs")
    assert f"the best of 40 starts is {found.best - found.continued:.1f} higher" in verdict.sentence


def test_a_held_spike_is_spurious():
    """The floor is so low that what is held there buys its likelihood all the same."""
    _, _, found, verdict = judged_em(replace(HELD, n_components=4, seed=2, variance_floor=1e-4))
    assert (found.outcome, verdict.word) == (EMOutcome.SPURIOUS, "Spurious")
    assert "held at the floor: compare only with held runs" in verdict.sentence


def test_a_run_that_holds_nothing_is_judged_as_ever():
    stop, hold = (judged_em(EMSettings(n_components=3, at_floor=each))[3] for each in ("stop", "hold"))
    assert stop == hold


def test_one_held_component_is_told_in_the_singular():
    own = own_sample(np.r_[np.random.default_rng(0).normal(size=60), np.full(6, 8.0)], "tied")
    settings = EMSettings(data="own", n_components=2, initialization="k-means++", at_floor="hold")
    _, at_once, _, _ = judged_em(settings, own)
    assert "; component 2 held at the floor" in at_once.sentence
