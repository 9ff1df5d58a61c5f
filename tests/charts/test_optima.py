"""The distinct optima: a row each with its density, its words and a bar for every initialization."""

import numpy as np
import pytest
from scipy.integrate import trapezoid

from explorer.charts.optima import optima_figure
from explorer.charts.parts.end_rows import EndRow, end_rows
from explorer.charts.parts.theme import THEMES
from explorer.mixture import density
from tests.charts.ends import outcomes_of, text_with, texts

VALUES = np.array([0.0, 0.5, 1.0, 9.0, 10.0, 11.0])
LABELS = {"points": "Random points", "parts": "Random partition"}
RUNS = [("points", seed, "A") for seed in range(3)] + [("points", 3, "B")]
RUNS += [("parts", 0, "A"), ("parts", 1, "degenerate"), ("parts", 2, ("A", -101.0)), ("parts", 3, ("B", -101.0))]
OUTCOMES = outcomes_of({"A": -100.0, "B": -100.5}, RUNS)
ROWS = end_rows(OUTCOMES)


def bars(figure):
    """What every filled bar says: by row and initialization, its length, colour, hatch and the words at the pointer."""
    told = {}
    for trace in figure.data:
        if trace.type == "bar" and trace.hoverinfo != "skip":
            for i, (key, name) in enumerate(trace.customdata):
                colour = trace.marker.color if isinstance(trace.marker.color, str) else trace.marker.color[i]
                told[key, name] = (trace.x[i], colour, trace.marker.pattern.shape, trace.hovertemplate[i])
    return told


def scatters(figure, mode):
    return [trace for trace in figure.data if trace.type == "scatter" and trace.mode == mode]


def densities(figure, key):
    """The curves of a row: its components, then their sum."""
    return [
        trace
        for trace in scatters(figure, "lines+markers")
        if trace.customdata is not None and trace.customdata[0][0] == key
    ]


@pytest.mark.parametrize("theme", THEMES)
def test_a_bar_is_as_long_as_its_share_in_the_colour_of_its_optimum_or_hatched_where_it_is_none(theme):
    colours = THEMES[theme]
    told = {end: bar[:3] for end, bar in bars(optima_figure(ROWS, VALUES, LABELS, theme=theme)).items()}
    assert told == {
        ("A", "points"): (0.75, colours.optima[0], None),
        ("A", "parts"): (0.25, colours.optima[0], None),
        ("B", "points"): (0.25, colours.optima[1], None),
        ("plateau", "parts"): (0.5, colours.degenerate, "/"),
        ("degenerate", "parts"): (0.25, colours.degenerate, "/"),
    }


def test_every_bar_tells_its_share_and_that_it_can_be_clicked():
    told = bars(optima_figure(ROWS, VALUES, LABELS))
    assert told["A", "points"][3].startswith("Random points: 75 %<br>Click")


def test_shares_stand_above_the_bars_and_nothing_is_told_as_a_pale_0():
    figure = optima_figure(ROWS, VALUES, LABELS)
    by_column = scatters(figure, "text")
    assert [list(trace.text) for trace in by_column] == [
        ["<b>75 %</b>", "<b>25 %</b>", "0", "0"],
        ["<b>25 %</b>", "0", "<b>50 %</b>", "<b>25 %</b>"],
    ]
    colours = THEMES["light"]
    assert list(by_column[1].textfont.color) == [colours.ink, colours.ghost, colours.warning, colours.warning]


def test_bars_of_a_row_are_level_and_rows_go_down():
    figure = optima_figure(ROWS, VALUES, LABELS)
    heights = {}
    for trace in figure.data:
        if trace.type == "bar":
            for (key, _), y in zip(trace.customdata, trace.y, strict=True):
                heights.setdefault(key, set()).add(float(y))
    assert [len(heights[row.key]) for row in ROWS] == [1, 1, 1, 1]
    order = [min(heights[row.key]) for row in ROWS]
    assert order == sorted(order)
    top, bottom = figure.layout.yaxis.range[::-1]
    assert top < order[0] and order[-1] < bottom


def test_the_words_of_the_rows_and_the_headings_are_there():
    told = texts(optima_figure(ROWS, VALUES, LABELS))
    for row in ROWS:
        (words,) = [text for text in told if f">{row.title}</b>" in text]
        assert row.note in words
        assert not row.letter or f"<b>{row.letter}</b>" in told
    plain = [text.replace("<br>", " ").replace("- ", "") for text in told]
    for label in LABELS.values():
        assert label in plain


def test_the_foot_stands_in_the_column_of_its_initialization():
    foot = {"points": "9", "parts": "18"}
    figure = optima_figure(ROWS, VALUES, LABELS, foot=foot, foot_title="starts for A")
    heads = [annotation for annotation in figure.layout.annotations if annotation.text.startswith("Random")]
    for name, head in zip(LABELS, heads, strict=True):
        assert text_with(figure, f"<b>{foot[name]}</b>").x == head.x
    assert text_with(figure, "starts for A").y == text_with(figure, "<b>9</b>").y
    assert "starts for A" not in texts(optima_figure(ROWS, VALUES, LABELS))


def test_a_row_draws_its_components_and_their_sum():
    mixture = OUTCOMES.optimum("B").mixture
    *parts, total = densities(optima_figure(ROWS, VALUES, LABELS), "B")
    np.testing.assert_allclose(sum(np.array(part.y) for part in parts), total.y)
    np.testing.assert_allclose(total.y, density(np.array(total.x), mixture))
    assert [part.line.color for part in parts] == list(THEMES["light"].components[:2])
    assert parts[0].line.dash != parts[1].line.dash


def test_all_densities_stand_on_the_same_places():
    figure = optima_figure(ROWS, VALUES, LABELS)
    (places,) = {tuple(trace.x) for row in ROWS for trace in densities(figure, row.key)}
    assert places[0] < VALUES.min() and places[-1] > VALUES.max()


def test_a_density_can_be_clicked():
    """Plotly reports no click on a trace of lines only, or on one that the pointer goes through."""
    for curve in densities(optima_figure(ROWS, VALUES, LABELS), "A"):
        assert "markers" in curve.mode and curve.hoverinfo != "skip" and curve.marker.opacity == 0


def test_a_spike_is_cut_off_where_it_would_flatten_the_others():
    spike = outcomes_of({"A": -100.0}, [*RUNS[:1], ("parts", 0, "degenerate")])
    spike.table.loc[1, ["deviation_1", "deviation_2"]] = 1e-3
    figure = optima_figure(end_rows(spike), VALUES, LABELS)
    best, degenerate = (densities(figure, key)[-1] for key in ("A", "degenerate"))
    ceiling = figure.layout[degenerate.yaxis.replace("y", "yaxis")].range[1]
    assert max(degenerate.y) > 10 * max(best.y)
    assert ceiling < 2 * max(best.y)


def test_few_points_are_drawn_each_in_the_colour_of_its_component_and_many_as_a_histogram():
    def points(values):
        return scatters(optima_figure(ROWS[:1], values, LABELS), "markers")

    (strip,) = points(VALUES)
    assert strip.x.tolist() == VALUES.tolist()
    blue, red = THEMES["light"].components[:2]
    assert list(strip.marker.color) == [blue, blue, blue, red, red, red]
    assert len(set(strip.marker.symbol)) == 2
    many = np.repeat(VALUES, 11)
    assert points(many) == []
    figure = optima_figure(ROWS[:1], many, LABELS)
    (histogram,) = [trace for trace in scatters(figure, "lines") if trace.customdata is None]
    edges, heights = np.array(histogram.x), np.array(histogram.y)
    assert trapezoid(heights, edges) == pytest.approx(1)


def test_only_what_is_no_optimum_has_a_hatched_swatch():
    def swatches(rows):
        shapes = optima_figure(rows, VALUES, LABELS).layout.shapes
        return [shape.fillcolor for shape in shapes if shape.type == "rect"], sum(s.type == "path" for s in shapes)

    colours = THEMES["light"]
    assert swatches(ROWS[:2]) == (list(colours.optima[:2]), 0)
    assert swatches(ROWS[2:]) == ([colours.fill] * 2, 2)


def test_everything_grows_with_the_type():
    small, large = (optima_figure(ROWS, VALUES, LABELS, font_size=size).layout for size in (14, 18))
    assert large.height == pytest.approx(small.height * 18 / 14)
    for one, other in zip(small.annotations, large.annotations, strict=True):
        assert other.font.size == pytest.approx(one.font.size * 18 / 14)
        assert other.y == pytest.approx(one.y)


def test_a_row_without_a_density_has_its_words_and_its_bar():
    row = EndRow("others", "", "3 more", "L −9.0 to −8.0", 5, None, {"points": 0.5})
    figure = optima_figure([row], VALUES, LABELS)
    assert densities(figure, "others") == []
    assert bars(figure)["others", "points"][:2] == (0.5, THEMES["light"].optima[5])
