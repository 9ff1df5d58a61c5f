"""Initializations side by side: where their runs end."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.charts.ends import LARGEST_BUBBLE, SMALLEST_BUBBLE, ends_figure
from explorer.charts.optima import optima_figure
from explorer.charts.parts.end_rows import end_rows
from explorer.charts.parts.optimum_styles import colour_of, said
from explorer.charts.parts.theme import THEMES
from explorer.charts.paths import paths_figure
from explorer.charts.restarts import restarts_figure
from tests.charts.ends import outcomes_of, text_with, texts

LABELS = {"points": "Random points", "parts": "Random partition"}
LEVELS = {"A": -100.0, "B": -104.0, "s1": -95.0, "u1": -110.0}
RUNS = [("points", seed, "A") for seed in range(64)] + [("points", 64 + seed, "B") for seed in range(36)]
RUNS += [("parts", 0, "A"), ("parts", 1, ("B", -108.5)), ("parts", 2, ("A", -400.0)), ("parts", 3, "degenerate")]
OUTCOMES = outcomes_of(LEVELS, RUNS)


def bubbles(figure):
    """Every bubble: lane and log-likelihood, size, colour of the inside, symbol, words, what a click reports."""
    found = []
    for trace in figure.data:
        for i in range(len(trace.x)):
            lane = figure.layout.yaxis.ticktext[trace.y[i]].split("<br>")[0]
            marker = trace.marker
            found.append(
                (
                    lane,
                    trace.x[i],
                    marker.size[i],
                    marker.color,
                    marker.symbol[i],
                    trace.text[i],
                    list(trace.customdata[i]),
                )
            )
    return found


def bubble(words):
    (found,) = [each for each in bubbles(ends_figure(OUTCOMES, LABELS)) if words in each[5]]
    return found


def test_runs_that_end_alike_are_one_bubble_that_tells_how_many():
    lane, x, size, colour, symbol, words, click = bubble("64 runs")
    assert (lane, x, colour, symbol) == ("Random points", -100.0, THEMES["light"].optima[0], "circle")
    assert words == "Random points: 64 runs at L −100.00<br>optimum A"
    assert click == ["points", 0]
    assert size == pytest.approx(LARGEST_BUBBLE * 0.8)


def test_ends_that_differ_by_rounding_only_are_alike():
    ends = [("B", -105.0), ("B", -105.0001), ("B", -105.2)]
    outcomes = outcomes_of(LEVELS, [("points", seed, end) for seed, end in enumerate(ends)])
    assert len(bubbles(ends_figure(outcomes, LABELS))) == 2


def test_the_area_of_a_bubble_is_its_share_of_the_lane():
    assert (bubble("64 runs")[2] / bubble("36 runs")[2]) ** 2 == pytest.approx(64 / 36)
    assert bubble("Random partition: 1 run at L −100.00")[2] == pytest.approx(LARGEST_BUBBLE / 2)  # 1 of 4


def test_what_is_no_optimum_is_hollow():
    *_, words, click = bubble("−108.50")
    assert words.endswith("stopped early, on the way to B") and click == ["parts", 1]
    assert bubble("−108.50")[3] == "rgba(0,0,0,0)"


def test_an_end_far_to_the_left_is_a_triangle_at_the_edge():
    figure = ends_figure(OUTCOMES, LABELS)
    low, high = figure.layout.xaxis.range
    _, x, _, _, symbol, _, click = bubble("−400.00")
    assert (symbol, click) == ("triangle-left", ["parts", 2])
    assert low < x < low + 0.05 * (high - low)


def test_degenerate_runs_have_no_bubble_and_are_counted_at_their_lane():
    assert not [each for each in bubbles(ends_figure(OUTCOMES, LABELS)) if each[6] == ["parts", 3]]
    points, parts = ends_figure(OUTCOMES, LABELS).layout.yaxis.ticktext
    assert points == "Random points"
    assert "1 degenerate" in parts


def test_the_optima_are_marked_above_the_lanes():
    figure = ends_figure(OUTCOMES, LABELS)
    assert (text_with(figure, "<b>A</b>").x, text_with(figure, "<b>B</b>").x) == (-100.0, -104.0)
    assert len(texts(figure)) == 2


ends = st.lists(
    st.sampled_from(["A", "B", "u1", ("A", -105.0), ("A", -105.01), ("B", -300.0)]), min_size=1, max_size=40
)


@given(ends)
@settings(deadline=None, max_examples=40)
def test_every_run_is_in_one_bubble_and_none_is_too_small_to_hit(some):
    outcomes = outcomes_of(LEVELS, [("points", seed, end) for seed, end in enumerate(some)])
    found = bubbles(ends_figure(outcomes, LABELS))
    counts = [int(each[5].split(": ")[1].split()[0]) for each in found]
    assert sum(counts) == len(some)
    assert all(SMALLEST_BUBBLE <= each[2] <= LARGEST_BUBBLE for each in found)
    assert all(each[6][1] in range(len(some)) for each in found)


@pytest.mark.parametrize("theme", THEMES)
def test_an_optimum_has_one_colour_in_all_charts(theme):
    paths = [np.linspace(-120.0, -100.0, 5)] * len(RUNS)
    ends = {trace.text[0].split("<br>")[1]: trace for trace in ends_figure(OUTCOMES, LABELS, theme=theme).data}
    lines = {
        trace.hovertemplate.split("<br>")[0]: trace for trace in paths_figure(OUTCOMES, paths, LABELS, theme=theme).data
    }
    rows = optima_figure(end_rows(OUTCOMES), np.arange(9.0), LABELS, theme=theme)
    fills = {}
    for trace in rows.data:
        if trace.type == "bar" and isinstance(trace.marker.color, tuple):
            fills |= {key: fill for (key, _), fill in zip(trace.customdata, trace.marker.color, strict=True)}
    for i, label in enumerate("AB"):
        colour = THEMES[theme].optima[i]
        assert colour == colour_of(label, THEMES[theme])
        assert colour == ends[f"optimum {label}"].marker.color
        assert colour == lines[f"optimum {label}"].line.color
        assert colour == fills[label]


def test_a_study_of_nothing_but_collapses_can_be_drawn():
    outcomes = outcomes_of({}, [("points", seed, "degenerate") for seed in range(3)])
    figure = ends_figure(outcomes, LABELS)
    assert bubbles(figure) == []
    assert "3 degenerate" in figure.layout.yaxis.ticktext[0]
    assert restarts_figure(outcomes, LABELS).data == ()
    assert len(paths_figure(outcomes, [np.array([-9.0, -5.0])] * 3, LABELS).data) == 1
    assert paths_figure(outcomes, [np.array([-9.0, -5.0])] * 3, LABELS, gap=True).data == ()


def test_ends_are_told_in_words():
    assert said("proper", "C") == "optimum C"
    assert said("plateau", "C") == "stopped early, on the way to C"
    assert said("plateau", "") == "stopped early, on the way to a collapse"
    assert said("saddle", "u1") == "saddle point"
    assert said("spurious", "s3") == "spurious"
