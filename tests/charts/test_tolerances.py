"""How many runs a tolerance stops on a plateau, by initialization."""

import numpy as np
import pytest

from explorer.charts.tolerances import tolerances_figure
from explorer.study.em_paths import ToleranceEffect

LABELS = {"points": "Random points", "parts": "Random partition", "means": "Means"}
NAMES = np.array(["points", "points", "parts", "parts", "parts", "parts"])
EFFECTS = [
    ToleranceEffect(1e-4, np.array([1, 1, 1, 1, 1, 0], bool), np.array([3, 5, 2, 2, 4, 9])),
    ToleranceEffect(1e-6, np.array([1, 0, 0, 0, 0, 0], bool), np.array([30, 50, 20, 20, 40, 90])),
]


def test_a_bar_is_the_share_of_its_initialization_s_runs():
    bars = {bar.name: bar for bar in tolerances_figure(EFFECTS, NAMES, LABELS).data}
    assert set(bars) == {"Random points", "Random partition"}, "without runs there is no bar"
    assert list(bars["Random points"].y) == [1.0, 0.5]
    assert list(bars["Random partition"].y) == [0.75, 0.0]
    assert list(bars["Random partition"].text) == ["75 %", "0"]


def test_the_tolerances_are_in_order_and_the_pointer_is_told_the_iterations():
    bar = tolerances_figure(EFFECTS, NAMES, LABELS).data[0]
    assert list(bar.x) == ["10<sup>-4</sup>", "10<sup>-6</sup>"]
    assert bar.hovertemplate[0] == "Random points: 100 % stop early<br>median 4 iterations<extra></extra>"


def test_bars_are_told_apart_by_their_pattern():
    bars = tolerances_figure(EFFECTS, NAMES, LABELS).data
    assert len({bar.marker.pattern.shape for bar in bars}) == len(bars)
    assert len({bar.marker.color for bar in bars}) == 1


@pytest.mark.parametrize("stopped", [0, 1])
def test_the_axis_begins_at_0_and_has_room_for_the_words(stopped):
    effects = [ToleranceEffect(1e-8, np.full(6, stopped, bool), np.ones(6, int))]
    low, high = tolerances_figure(effects, NAMES, LABELS).layout.yaxis.range
    assert low == 0 and high > 1.05 * stopped
