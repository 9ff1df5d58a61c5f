"""The map of starts: what it draws is what the landscape says, and every start can be clicked."""

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from explorer.charts.landscape import PALEST, SHADES, caption, landscape_figure
from explorer.charts.parts.optimum_styles import colour_of
from explorer.charts.parts.theme import THEMES, mixed
from explorer.datasets import load_sample
from explorer.mixture import OptimumKind
from explorer.runs import make_em_run
from explorer.settings import EMSettings
from explorer.study.landscape import NEVER_SEPARATES, map_landscape, settings_at
from explorer.study.names import names_of

TEN = load_sample("ten-points").values
COLLAPSING = np.array([0.0, 0.0, 0.0, 1.0, 2.0, 5.0])


@pytest.fixture(scope="module")
def ten_points():
    return map_landscape(TEN, 50)


def traces(figure, **wanted):
    return [
        trace for trace in figure.data if all(getattr(trace, name, None) == value for name, value in wanted.items())
    ]


def starts_of(figure):
    """The traces that can be clicked."""
    return traces(figure, type="scatter", hoverinfo=None)


def letters_of(figure):
    return [
        (trace.text, float(x), float(y))
        for trace in traces(figure, mode="markers+text")
        for x, y in zip(trace.x, trace.y, strict=True)
    ]


def optimum_under(found, x, y):
    return found.labels[found.cell(x, y)]


@pytest.mark.parametrize("theme", THEMES)
def test_cells_have_the_colour_of_their_optimum_paler_with_more_iterations(ten_points, theme):
    (heat_map,) = traces(landscape_figure(ten_points, TEN, theme=theme), type="heatmap")
    number, scale = np.array(heat_map.z), heat_map.colorscale
    span = heat_map.zmax - heat_map.zmin

    def colour(row, column):
        share = (number[row, column] - heat_map.zmin) / span
        return next(colour for low, colour in reversed(scale) if low <= share)

    def iterations(row, column):
        return np.inf if ten_points.stopped_early[row, column] else ten_points.iterations[row, column]

    for row, column in [(row, column) for row in range(50) for column in range(50) if row != column][::17]:
        own = colour_of(names_of(ten_points.optima)[ten_points.labels[row, column]], THEMES[theme])
        shades = [mixed(own, THEMES[theme].paper, PALEST * shade / (SHADES - 1)) for shade in range(SHADES)]
        assert colour(row, column) in shades
        if ten_points.labels[row, column] == ten_points.labels[10, 40]:
            paler = shades.index(colour(row, column)) - shades.index(colour(10, 40))
            assert paler * (iterations(row, column) - iterations(10, 40)) >= 0


def test_the_data_stand_on_both_axes_in_their_unit():
    values = load_sample("faithful-eruptions").values
    figure = landscape_figure(map_landscape(values, 20), values, unit="minutes")
    assert figure.layout.xaxis.title.text == "starting mean μ₁, minutes"
    assert figure.layout.yaxis.title.text == "starting mean μ₂, minutes"
    ticks = [trace for trace in traces(figure, mode="lines") if len(trace.x) == 3 * len(np.unique(values))]
    along = [trace.x if np.ptp(trace.x[::3]) else trace.y for trace in ticks]
    assert len(along) == 2
    for places in along:
        assert places[::3] == pytest.approx(np.unique(values))
    low, high = figure.layout.xaxis.range
    assert low < values.min() and values.max() < high
    assert (figure.layout.yaxis.scaleanchor, figure.layout.yaxis.range) == ("x", (low, high))


def test_letters_stand_inside_their_own_regions_and_off_the_diagonal(ten_points):
    letters = letters_of(landscape_figure(ten_points, TEN))
    assert sorted(letter for letter, *_ in letters) == ["A", "A", "B", "B"]
    room = 0.04 * np.ptp(ten_points.axis)
    for letter, x, y in letters:
        for turn in np.linspace(0, 2 * np.pi, 8):
            around = optimum_under(ten_points, x + room * np.cos(turn), y + room * np.sin(turn))
            assert around != NEVER_SEPARATES
            assert names_of(ten_points.optima)[around] == letter


def path_of(settings):
    """The means of a run over its iterations, (T + 1, 2)."""
    return make_em_run(settings).trace.means[:, :, 0]


def test_a_path_is_drawn_over_the_map_and_no_letter_stands_on_it(ten_points):
    path = path_of(settings_at(EMSettings(data="ten-points"), 0.3, -0.4))
    figure = landscape_figure(ten_points, TEN, paths=[path])
    lines = [trace for trace in traces(figure, mode="lines") if len(trace.x) == len(path)]
    assert len(lines) == 2  # light on dark
    for line in lines:
        assert np.column_stack([line.x, line.y]).tolist() == path.tolist()
    dots = [trace for trace in traces(figure, mode="markers") if len(trace.x) == len(path)]
    assert len(dots) == 1  # every iteration
    *letters, (end, x, y) = letters_of(figure)
    assert (end, x, y) == ("A", *path[-1])
    for _, x, y in letters:
        assert np.hypot(*(path - [x, y]).T).min() > 0.04 * np.ptp(ten_points.axis)


def test_letters_give_way_to_paths(ten_points):
    places = [[x, y] for _, x, y in letters_of(landscape_figure(ten_points, TEN))]
    *letters, _ = letters_of(landscape_figure(ten_points, TEN, paths=[places]))  # the last one ends the path
    assert len(letters) >= 4
    for _, x, y in letters:
        assert np.hypot(*(np.array(places) - [x, y]).T).min() > 0.04 * np.ptp(ten_points.axis)


def test_the_label_of_the_diagonal_gives_way_to_a_path(ten_points):
    def place(*paths):
        (label,) = landscape_figure(ten_points, TEN, paths=paths).layout.annotations
        assert label.x == label.y and "never separates" in label.text
        return label.x

    along_the_upper_half = [[1.5, 1.4], [2.0, 2.1]]
    assert place() > 0.5 > -2.0 > place(along_the_upper_half)


def test_a_path_that_stopped_early_ends_in_no_letter(ten_points):
    row, column = np.argwhere(ten_points.stopped_early)[0]
    path = path_of(settings_at(EMSettings(data="ten-points"), ten_points.axis[column], ten_points.axis[row]))
    figure = landscape_figure(ten_points, TEN, paths=[path])
    assert path[-1].tolist() not in [[x, y] for _, x, y in letters_of(figure)]
    assert [trace for trace in traces(figure, mode="markers") if trace.marker.symbol == "square"]


def test_every_start_can_be_clicked_and_is_found_by_its_means(ten_points):
    found = set()
    for trace in starts_of(landscape_figure(ten_points, TEN)):
        assert trace.hovertemplate and trace.marker.opacity == 0
        for x, y, (start, end, iterations) in zip(trace.x, trace.y, trace.customdata, strict=True):
            place = ten_points.cell(float(x), float(y))
            found.add(place)
            assert start == pytest.approx(ten_points.start_log_likelihoods[place], rel=1e-6)
            assert end == pytest.approx(ten_points.log_likelihoods[place], rel=1e-6)
            assert iterations == ten_points.iterations[place]
    assert found == set(np.ndindex(50, 50))


def test_the_pointer_is_told_where_a_start_leads(ten_points):
    told = {trace.name: trace for trace in starts_of(landscape_figure(ten_points, TEN, unit="mm"))}
    assert set(told) == {
        "never separates",
        *("leads to A", "leads to B"),
        *("stops early, on the way to A", "stops early, on the way to B"),
    }
    assert len(told["never separates"].x) == 50
    for name, trace in told.items():
        assert name in trace.hovertemplate and " mm<br>" in trace.hovertemplate
        early = [ten_points.stopped_early[ten_points.cell(*place)] for place in zip(trace.x, trace.y, strict=True)]
        assert set(early) == {"early" in name}


def test_whatever_is_drawn_lets_the_pointer_through_and_does_not_fade_with_a_selection(ten_points):
    path = path_of(settings_at(EMSettings(data="ten-points"), 0.3, -0.4))
    figure = landscape_figure(ten_points, TEN, paths=[path])
    clickable = starts_of(figure)
    for trace in figure.data:
        if trace not in clickable:
            assert trace.hoverinfo == "skip"
            if trace.type == "scatter" and "markers" in trace.mode:
                assert trace.unselected.marker.opacity == 1


def test_degenerate_ends_are_hatched_in_amber_and_have_no_letter():
    found = map_landscape(COLLAPSING, 30)
    assert OptimumKind.DEGENERATE in found.optima.kinds
    figure = landscape_figure(found, COLLAPSING)
    (hatch,) = [trace for trace in traces(figure, mode="markers") if trace.marker.symbol == "line-ne"]
    assert hatch.marker.line.color == THEMES["light"].degenerate
    for x, y in zip(hatch.x, hatch.y, strict=True):
        assert found.optima.kinds[optimum_under(found, x, y)] is OptimumKind.DEGENERATE
    assert "degenerate" not in [letter for letter, *_ in letters_of(figure)]
    assert "ends degenerate" in [trace.name for trace in starts_of(figure)]
    assert "% degenerate (amber hatch)" in caption(found)


def test_the_caption_adds_up(ten_points):
    shares = ten_points.shares()
    told = caption(ten_points)
    assert told.startswith(f"{100 * shares[0]:.3g} % → A · {100 * shares[1]:.3g} % → B · ")
    assert "stopped early" in told and "paler: more iterations" in told


def test_a_map_of_one_optimum_without_early_stops_is_drawn():
    values = load_sample("faithful-eruptions").values
    found = map_landscape(values, 12, rtol=1e-10)
    calm = replace(found, stopped_early=np.zeros((12, 12), dtype=bool))
    figure = landscape_figure(calm, values, theme="dark", font_size=20)
    assert isinstance(figure, go.Figure)
    assert figure.layout.template.layout.font.size == 20
    assert "stopped early" not in caption(calm)


def test_a_figure_of_ten_thousand_starts_is_small():
    figure = landscape_figure(map_landscape(TEN, 100), TEN)
    assert len(figure.to_json()) < 400_000


def test_a_path_from_elsewhere_ends_as_it_is_told(ten_points):
    path = path_of(settings_at(EMSettings(data="ten-points"), 0.3, -0.4))
    *_, (end, x, y) = letters_of(landscape_figure(ten_points, TEN, paths=[path], path_ends=["C"]))
    assert (end, x, y) == ("C", *path[-1])
    figure = landscape_figure(ten_points, TEN, paths=[path], path_ends=[""])
    assert [trace for trace in traces(figure, mode="markers") if trace.marker.symbol == "square"]
