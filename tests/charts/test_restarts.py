"""Initializations side by side: what more restarts bring."""

import pytest

from explorer.charts.restarts import restarts_figure
from tests.charts.ends import outcomes_of, text_with

LABELS = {"points": "Random points", "parts": "Random partition"}
LEVELS = {"A": -100.0, "B": -104.0, "s1": -95.0}
OUTCOMES = outcomes_of(LEVELS, [("points", 0, "A"), ("points", 1, "B"), ("parts", 0, "A")])


def lines(figure):
    return {trace.name: trace for trace in figure.data}


def test_the_best_of_m_starts_is_its_expectation():
    outcomes = outcomes_of(LEVELS, [("points", seed, end) for seed, end in enumerate("AABB")])
    line = lines(restarts_figure(outcomes, LABELS))["Random points"]
    best = dict(zip(line.x, line.y, strict=True))
    assert best[1] == pytest.approx(-102.0)
    assert best[2] == pytest.approx(-100.0 - 4 / 6)  # of the 6 pairs one is of two Bs
    assert best[4] == pytest.approx(-100.0)


def test_what_nobody_would_keep_does_not_count():
    runs = [("points", 0, "B"), ("points", 1, "s1"), ("points", 2, "degenerate"), ("points", 3, ("A", -106.0))]
    line = lines(restarts_figure(outcomes_of(LEVELS, runs), LABELS))["Random points"]
    assert line.x.tolist() == [1, 2]
    assert line.y.tolist() == pytest.approx([-105.0, -104.0])


def test_an_initialization_without_any_run_to_keep_has_no_line_and_each_other_a_dash_of_its_own():
    runs = [("points", 0, "A"), ("parts", 0, "B"), ("means", 0, "degenerate")]
    figure = restarts_figure(outcomes_of(LEVELS, runs), LABELS | {"means": "Means"})
    assert set(lines(figure)) == set(LABELS.values())
    assert len({trace.line.dash for trace in figure.data}) == 2


def test_the_best_known_is_marked():
    figure = restarts_figure(OUTCOMES, LABELS)
    assert text_with(figure, "A").text == "A −100.0"
    (shape,) = figure.layout.shapes
    assert (shape.y0, shape.y1) == (-100.0, -100.0)
    assert restarts_figure(outcomes_of({"s1": -9.0}, [("points", 0, "s1")]), LABELS).layout.shapes == ()
