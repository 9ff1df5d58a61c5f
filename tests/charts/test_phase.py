"""What the phase diagram shows: shares, where nothing can be done, and the bounds."""

import numpy as np
import pytest

from explorer.charts.phase import phase_figure
from explorer.study.phase import PhaseAxes, PhaseCell, full_density, least_density

AXES = PhaseAxes((20, 40, 60), "rank", (1, 2))


def cell(seen, rank, recovered, determined, ridge=1e-4):
    return PhaseCell(seen, rank, ridge, 8, recovered, 4, determined)


CELLS = [
    cell(20, 1, 4, 4),
    cell(40, 1, 8, 4),
    cell(60, 1, 8, 4),
    cell(20, 2, 0, 0),
    cell(40, 2, 2, 3),
    cell(60, 2, 8, 4),
]


def traces(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def test_cells_have_their_share_as_colour_and_number_and_open_ones_are_hatched():
    figure = phase_figure(AXES, CELLS, (30, 40), 2)
    assert np.array(figure.data[0].z).tolist() == [[0.5, 1.0, 1.0], [0.0, 0.25, 1.0]]
    numbers = {
        (x, y): text for t in traces(figure, "share recovered, %") for x, y, text in zip(t.x, t.y, t.text, strict=True)
    }
    assert numbers == {(20, 0): "50", (40, 0): "100", (60, 0): "100", (40, 1): "25", (60, 1): "100"}
    (hatch,) = traces(figure, "not determined")
    assert set(hatch.y.round()) == {1} and all(10 < x < 30 for x in hatch.x)


def test_the_bounds_are_drawn_at_each_rank():
    figure = phase_figure(AXES, CELLS, (30, 40), 2)
    for name, bound in (
        ("as many entries as unknowns", least_density),
        ("half of the masks reach k per row and column", full_density),
    ):
        (line,) = traces(figure, name)
        assert np.interp([0, 1], line.y, line.x) == pytest.approx([100 * bound(30, 40, k) for k in (1, 2)])
        assert (line.y[0], line.y[-1]) == (-0.5, 1.5)


def test_a_click_tells_the_cell_and_before_the_first_there_are_bounds_only():
    (places,) = traces(phase_figure(AXES, CELLS, (30, 40), 2), "cells")
    assert [list(each) for each in places.customdata] == [[c.seen, c.rank] for c in CELLS]
    empty = phase_figure(AXES, [], (30, 40), 2)
    assert np.isnan(np.array(empty.data[0].z, dtype=float)).all()
    assert traces(empty, "as many entries as unknowns")


def test_over_the_ridge_the_bounds_are_upright():
    axes = PhaseAxes((20, 40), "ridge", (0.0, 0.01, 1.0))
    figure = phase_figure(axes, [cell(20, 2, 4, 4, ridge=0.01)], (30, 40), 2)
    (line,) = traces(figure, "as many entries as unknowns")
    assert set(line.x) == {100 * least_density(30, 40, 2)}
    assert figure.layout.yaxis.ticktext == ("0", "0.01", "1") and "rank 2" in figure.layout.yaxis.title.text
