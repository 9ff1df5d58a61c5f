"""The log-likelihood of every run by iteration: thinned, but from its start to its end, and each can be clicked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.charts.parts.theme import THEMES
from explorer.charts.parts.windows import window_of
from explorer.charts.paths import MOST_PLACES, paths_figure
from tests.charts.ends import outcomes_of, text_with, texts

LABELS = {"points": "Random points"}
ENDS = ["A", "B", "A", "degenerate", ("B", -108.0), ("", -111.0)]
OUTCOMES = outcomes_of({"A": -100.0, "B": -104.0}, [("points", seed, end) for seed, end in enumerate(ENDS)])
PATHS = [
    np.array([-150.0, -110.0, -100.0]),
    np.array([-140.0, -104.0]),
    -100.0 - 40.0 * 0.9 ** np.arange(300),
    np.array([-130.0, -50.0]),
    np.array([-160.0, -109.0, -108.0]),
    np.array([-160.0, -111.0]),
]


def drawn(figure):
    """The places of each drawn run by its row, and the trace that it is in."""
    found = {}
    for trace in figure.data:
        x, y, rows = (np.array(each, dtype=float) for each in (trace.x, trace.y, trace.customdata))
        for row in np.unique(rows):
            mine = (rows == row) & np.isfinite(x)
            found[int(row)] = (x[mine], y[mine], trace)
    return found


def test_every_run_is_drawn_from_its_start_to_its_end_as_its_row_says():
    runs = drawn(paths_figure(OUTCOMES, PATHS, LABELS))
    assert set(runs) == set(range(6))
    for row, (x, y, _) in runs.items():
        assert x[0] == 0 and x[-1] == len(PATHS[row]) - 1
        np.testing.assert_allclose(y, PATHS[row][x.astype(int)], rtol=1e-6)


def test_runs_do_not_run_into_each_other():
    for trace in paths_figure(OUTCOMES, PATHS, LABELS).data:
        rows, gaps = np.array(trace.customdata), np.isnan(np.array(trace.y, dtype=float))
        assert gaps[:-1][rows[1:] != rows[:-1]].all()


@pytest.mark.parametrize("theme", THEMES)
def test_a_path_has_the_colour_of_its_optimum_and_is_dotted_where_it_came_to_none(theme):
    colours = THEMES[theme]
    told = {row: (run[2].line.color, run[2].line.dash) for row, run in
            drawn(paths_figure(OUTCOMES, PATHS, LABELS, theme=theme)).items()}  # fmt: skip
    best, second, other = (colours.optima[0], "solid"), (colours.optima[1], "solid"), (colours.degenerate, "dot")
    assert told == {0: best, 1: second, 2: best, 3: other, 4: other, 5: other}


def test_every_path_can_be_clicked():
    """Plotly reports no click on a trace of lines only."""
    for trace in paths_figure(OUTCOMES, PATHS, LABELS).data:
        assert "markers" in trace.mode and trace.hoverinfo != "skip" and trace.marker.opacity == 0


def test_small_groups_lie_over_large_ones():
    assert "optimum A" in paths_figure(OUTCOMES, PATHS, LABELS).data[0].hovertemplate


def test_the_window_is_that_of_the_optima_and_they_are_named_beside_it():
    figure = paths_figure(OUTCOMES, PATHS, LABELS)
    assert tuple(figure.layout.yaxis.range) == window_of(OUTCOMES)
    assert tuple(figure.layout.xaxis.range) == (0, 299)
    assert (text_with(figure, "<b>A</b>").text, text_with(figure, "<b>A</b>").y) == ("<b>A</b> −100.0", -100.0)
    assert text_with(figure, "<b>B</b>").text == "<b>B</b> −104.0"


def test_names_of_optima_that_are_close_do_not_overlap():
    levels = {"A": -100.0, "B": -100.01, "C": -105.0}
    outcomes = outcomes_of(levels, [("points", seed, end) for seed, end in enumerate("ABC")])
    figure = paths_figure(outcomes, [np.array([-150.0, -100.0])] * 3, LABELS)
    low, high = figure.layout.yaxis.range
    a, b = (text_with(figure, f"<b>{label}</b>").y for label in "AB")
    assert (a - b) / (high - low) * figure.layout.height >= 14  # pixels, as high as the type


def test_the_distance_to_the_own_limit_is_told_on_a_logarithmic_axis():
    figure = paths_figure(OUTCOMES, PATHS, LABELS, gap=True)
    runs = drawn(figure)
    assert set(runs) == {0, 1, 2, 4}, "what collapses has no limit"
    np.testing.assert_allclose(runs[0][1], [50.0, 10.0, 1e-9], rtol=1e-5)  # the end itself, where it can be drawn
    np.testing.assert_allclose(runs[4][1], [56.0, 5.0, 4.0], rtol=1e-5)
    assert figure.layout.yaxis.type == "log"
    assert texts(figure) == []


@given(arrays(float, st.integers(1, 400), elements=st.floats(-1e6, -1)).map(np.sort), st.booleans())
@settings(deadline=None, max_examples=60)
def test_a_path_is_thinned_and_keeps_both_ends(path, gap):
    level = path[-1]
    outcomes = outcomes_of({"A": level}, [("points", 0, "A")])
    ((x, y, _),) = drawn(paths_figure(outcomes, [path], LABELS, gap=gap)).values()
    assert len(x) <= MOST_PLACES
    assert (x[0], x[-1]) == (0, len(path) - 1)
    assert (np.diff(x) > 0).all()
    expected = np.maximum(level - path, 1e-9) if gap else path
    np.testing.assert_allclose(y, expected[x.astype(int)], rtol=1e-5)


def test_a_plateau_keeps_its_two_ends_and_the_climb_between_is_followed():
    """Two plateaus of 200 iterations, 20 of climbing between them: most places lie where it climbs."""
    path = np.concatenate([np.full(200, -120.0), np.linspace(-120, -100, 20), np.full(200, -100.0)])
    ((x, _, _),) = drawn(paths_figure(outcomes_of({"A": -100.0}, [("points", 0, "A")]), [path], LABELS)).values()
    assert ((x >= 199) & (x <= 220)).sum() > MOST_PLACES / 3
