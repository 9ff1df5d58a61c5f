"""The part of the log-likelihood that charts show: where the optima are told apart."""

from explorer.charts.parts.windows import LEAST_SPREAD, levels_of, window_of
from tests.charts.ends import outcomes_of


def study(levels, ends):
    return outcomes_of(levels, [("random-points", seed, end) for seed, end in enumerate(ends)])


def test_optima_worth_a_mark_are_the_best_and_those_that_some_runs_reach():
    levels = {"A": -100.0, "B": -101.0, "C": -102.0, "s1": -90.0}
    outcomes = study(levels, ["B"] * 150 + ["C"] + ["s1"] * 50)
    assert levels_of(outcomes) == [("A", -100.0), ("B", -101.0)]  # A though nobody is there, and C is too rare


def test_no_more_than_five_have_a_mark():
    levels = {label: -100.0 - i for i, label in enumerate("ABCDEFG")}
    assert [label for label, _ in levels_of(study(levels, list("ABCDEFG")))] == list("ABCDE")


def test_the_window_holds_the_marks_and_not_the_worst_start():
    low, high = window_of(study({"A": -100.0, "B": -104.0}, ["A", "B", ("B", -900.0)]))
    assert -120 < low < -104 and -100 < high < -98


def test_the_window_reaches_no_further_down_than_the_runs_do():
    low, _ = window_of(study({"A": -100.0, "B": -104.0}, ["A", "B", ("B", -106.0)]))
    assert -107 < low < -106


def test_one_optimum_alone_has_a_window_around_it():
    low, high = window_of(study({"A": -100.0}, ["A"] * 3))
    assert low <= -100 - LEAST_SPREAD and high > -100


def test_without_any_optimum_the_window_holds_all_ends():
    low, high = window_of(study({"s1": -50.0}, ["s1", "degenerate", ("", -70.0)]))
    assert low < -70 and high > 400
    low, high = window_of(study({"s1": -50.0}, ["s1"]))
    assert low < -50 < high
