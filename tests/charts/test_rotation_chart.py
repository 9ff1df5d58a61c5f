"""What is drawn of two runs' factors: the right run, and the left one before and after T."""

import numpy as np
import pytest

from explorer.charts.clouds import clouds_figure
from explorer.charts.factors import factors_figure
from explorer.charts.turn import turn_figure

LEFT = np.random.default_rng(0).standard_normal((6, 2))
TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])


def test_after_the_turn_the_clouds_are_one():
    figure = clouds_figure(LEFT, LEFT @ TURN, TURN)
    before_right, before_left, after_right, after_left = figure.data
    assert not np.allclose(before_right.x, before_left.x)
    assert np.allclose(after_right.x, after_left.x) and np.allclose(after_right.y, after_left.y)
    assert before_left.marker.symbol != before_right.marker.symbol


@pytest.mark.parametrize("rank", [1, 3, 6])
def test_factors_of_any_rank_share_one_scale(rank):
    left, turn = np.random.default_rng(1).standard_normal((5, rank)), np.eye(rank)[::-1]
    figure = factors_figure(left, left @ turn, turn)
    assert np.array_equal(figure.data[1].z, figure.data[2].z)
    assert len({(heat.zmin, heat.zmax) for heat in figure.data}) == 1


def test_the_matrix_bears_its_numbers_where_there_is_room():
    texts = [annotation.text for annotation in turn_figure(TURN).layout.annotations]
    assert texts == ["<b>0.00</b>", "<b>1.00</b>", "<b>−1.00</b>", "<b>0.00</b>"]
    assert not turn_figure(np.eye(6)).layout.annotations
