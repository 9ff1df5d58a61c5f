"""The picture of all partitions: a cell for each, where its start kind and its optimum say."""

from collections import Counter

import numpy as np
import pytest

from explorer.charts.partitions import caption, partitions_figure
from explorer.charts.parts.optimum_styles import colour_of
from explorer.charts.parts.theme import THEMES
from explorer.datasets import load_sample
from explorer.errors import InputError
from explorer.mixture import OptimumKind
from explorer.study.names import names_of
from explorer.study.partitions import enumerate_partitions

TEN = load_sample("ten-points").values
PARTITION_1 = [1, 1, 1, 2, 2, 2, 2, 2, 1, 1]


@pytest.fixture(scope="module")
def ten_points():
    return enumerate_partitions(TEN)


def cells_of(figure):
    """The clickable places, one a partition."""
    (trace,) = [trace for trace in figure.data if trace.hovertext is not None]
    return trace


def outlines(figure, corners):
    """The places of the drawn outlines of so many corners, each with the trace that it is in."""
    for trace in figure.data:
        if trace.mode == "lines" and len(trace.x) and np.isnan(trace.x).argmax() == corners:
            for x, y in zip(trace.x.reshape(-1, corners + 1), trace.y.reshape(-1, corners + 1), strict=True):
                yield (np.nanmin(x) + np.nanmax(x)) / 2, (np.nanmin(y) + np.nanmax(y)) / 2, trace


@pytest.mark.parametrize("theme", THEMES)
def test_every_partition_has_a_cell_of_its_own_in_the_colour_of_its_optimum(ten_points, theme):
    figure = partitions_figure(ten_points, theme=theme)
    cells = cells_of(figure)
    index = {(round(float(x), 1), round(float(y), 1)): r for r, (x, y) in enumerate(zip(cells.x, cells.y, strict=True))}
    assert len(index) == 1024
    drawn = Counter()
    for x, y, trace in outlines(figure, 5):
        r = index[round(x, 1), round(y, 1)]
        g = ten_points.optima.labels[r]
        assert trace.line.color == colour_of(names_of(ten_points.optima)[g], THEMES[theme])
        assert (trace.fill == "none") == ten_points.stopped_early[r]
        drawn[r] += 1
    for x, y, trace in outlines(figure, 2):
        r = index[round(x, 1), round(y, 1)]
        assert ten_points.optima.kinds[ten_points.optima.labels[r]] is OptimumKind.DEGENERATE
        assert trace.line.color == THEMES[theme].degenerate
        drawn[r] += 1
    assert drawn == Counter(range(1024))


def test_columns_are_the_sizes_of_group_1(ten_points):
    figure = partitions_figure(ten_points)
    columns = {}
    for r, x in enumerate(cells_of(figure).x):
        nearest = int(np.abs(np.array(figure.layout.xaxis.tickvals) - x).argmin())
        columns.setdefault(nearest, set()).add(int(np.count_nonzero(ten_points.labels[r] == 1)))
    assert columns == {size: {size} for size in range(11)}
    assert list(figure.layout.xaxis.ticktext) == [str(size) for size in range(11)]


def test_the_height_of_a_column_counts_its_partitions(ten_points):
    figure = partitions_figure(ten_points)
    rows = dict(zip(figure.layout.yaxis.ticktext, figure.layout.yaxis.tickvals, strict=True))
    count_a_row = int(list(rows)[1]) / (rows[list(rows)[1]] - rows["0"])
    highest = max(cells_of(figure).y) + 0.5 - rows["0"]
    assert 252 <= count_a_row * highest < 252 + count_a_row  # 10 choose 5, the last row not full


def test_the_pointer_is_told_the_partition_and_its_end(ten_points):
    told = cells_of(partitions_figure(ten_points)).hovertext
    r = ten_points.find(PARTITION_1)
    name = names_of(ten_points.optima)[ten_points.optima.labels[r]]
    assert told[r] == f"<b>leads to {name}, −20.80</b><br>1 1 1 2 2 2 2 2 1 1<br>{ten_points.iterations[r]} iterations"
    assert told[0].startswith("<b>degenerate: a group is empty</b>")
    assert told[1].startswith("<b>degenerate: a group is too narrow</b>")
    early = int(np.flatnonzero(ten_points.stopped_early)[0])
    assert "stops early at −23." in told[early] and "on the way to" in told[early]


def test_a_chosen_partition_is_marked(ten_points):
    r = ten_points.find(PARTITION_1)
    figure = partitions_figure(ten_points, chosen=r)
    cells = cells_of(figure)
    marked = [(x, y) for x, y, trace in outlines(figure, 5) if trace.line.color == THEMES["light"].active]
    assert marked == [(pytest.approx(cells.x[r], abs=1e-5), pytest.approx(cells.y[r], abs=1e-5))]


def test_the_caption_counts_all(ten_points):
    told = caption(ten_points)
    for part in ("of 1\u202f024 partitions", "(−20.80) 598", "(−22.41) 350", "22 degenerate", "92 stopped early"):
        assert part in told


def test_more_than_two_groups_are_not_drawn():
    with pytest.raises(InputError, match="two groups"):
        partitions_figure(enumerate_partitions(TEN[:5], 3, max_iter=3))


def test_more_cells_than_can_be_seen_are_not_drawn():
    with pytest.raises(InputError, match="at most 12"):
        partitions_figure(enumerate_partitions(np.arange(13.0), 2, max_iter=1))
