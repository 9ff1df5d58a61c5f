"""Which start leads where: the map against single runs."""

import numpy as np
import pytest

from explorer.datasets import load_sample
from explorer.errors import InputError
from explorer.mixture import OptimumKind, as_points, log_likelihood, mixture_at, run_em
from explorer.mixture.starts import least_variances
from explorer.runs import make_em_run
from explorer.settings import EMSettings
from explorer.study.landscape import (
    MARGIN,
    NEVER_SEPARATES,
    axis_of,
    iterate_landscape,
    map_landscape,
    settings_at,
    starting_variances,
)

TEN = load_sample("ten-points").values
FAITHFUL = load_sample("faithful-eruptions").values


@pytest.fixture(scope="module")
def ten_points():
    return map_landscape(TEN, 40, rtol=1e-6)


def beside_the_diagonal(size):
    return [(row, column) for row in range(0, size, 7) for column in range(3, size, 9) if row != column]


@pytest.mark.parametrize("values", [TEN, FAITHFUL, 1e6 + FAITHFUL, np.array([0.0, 0.0, 1.0])])
def test_starts_are_those_of_means_placed_by_hand(values):
    axis = axis_of(values, 12)
    floor = least_variances(as_points(values), 1e-6, "full")
    variances = np.maximum(starting_variances(values, axis), floor)
    for row, column in np.ndindex(12, 12):
        placed = mixture_at(values, [axis[column], axis[row]])
        assert variances[row, column] == pytest.approx(placed.covariances[0, 0, 0], rel=1e-13)


@pytest.mark.parametrize("structure", ["full", "tied"])
def test_every_start_ends_as_its_own_run_does(structure):
    settings = {"structure": structure, "rtol": 1e-6, "max_iter": 150, "variance_floor": 1e-4}
    found = map_landscape(TEN, 40, **settings)
    for row, column in beside_the_diagonal(40):
        start = mixture_at(TEN, [found.axis[column], found.axis[row]], 1e-4, structure)
        trace = run_em(TEN, start, **settings)
        assert found.iterations[row, column] == trace.n_iterations
        assert found.log_likelihoods[row, column] == pytest.approx(trace.log_likelihoods[-1], rel=1e-12)
        assert found.start_log_likelihoods[row, column] == pytest.approx(log_likelihood(TEN, start), rel=1e-12)


def test_every_start_leads_where_a_long_run_ends(ten_points):
    for row, column in beside_the_diagonal(40):
        start = mixture_at(TEN, [ten_points.axis[column], ten_points.axis[row]])
        long = run_em(TEN, start, rtol=1e-13, max_iter=5000)
        optimum = ten_points.labels[row, column]
        assert ten_points.optima.log_likelihoods[optimum] == pytest.approx(long.log_likelihoods[-1], abs=1e-6)
        gap = long.log_likelihoods[-1] - ten_points.log_likelihoods[row, column]
        assert ten_points.stopped_early[row, column] == (gap > 0.05)


def test_the_ten_points_have_two_basins_and_a_plateau_between(ten_points):
    assert ten_points.optima.log_likelihoods == pytest.approx([-20.80122, -22.41130], abs=1e-5)
    assert 0.1 < ten_points.stopped_early.mean() < 0.2
    assert ten_points.shares().sum() == pytest.approx(1 - 1 / 40)


def test_the_map_is_its_own_mirror_image_and_so_are_the_runs(ten_points):
    for name in ("labels", "iterations", "log_likelihoods", "start_log_likelihoods", "stopped_early"):
        array = getattr(ten_points, name)
        assert (array == array.T).all()
    # The half that is not run: swapping the means swaps the components of all iterates, to rounding.
    for row, column in beside_the_diagonal(40):
        means = ten_points.axis[[column, row]]
        one, other = (run_em(TEN, mixture_at(TEN, each)) for each in (means, means[::-1]))
        assert one.n_iterations == other.n_iterations
        np.testing.assert_allclose(one.means, other.means[:, ::-1], rtol=1e-9, atol=1e-9)


def test_equal_means_never_separate(ten_points):
    assert ((ten_points.labels == NEVER_SEPARATES) == np.eye(40, dtype=bool)).all()
    one_gaussian = -0.5 * len(TEN) * (np.log(2 * np.pi * TEN.var()) + 1)
    assert ten_points.log_likelihoods.diagonal() == pytest.approx(np.full(40, one_gaussian), rel=1e-12)


def test_a_place_on_the_map_is_replayed_on_the_explore_page(ten_points):
    row, column = ten_points.cell(2.1, -3.4)
    mean_1, mean_2 = ten_points.axis[column], ten_points.axis[row]
    assert (mean_1, mean_2) == pytest.approx((2.1, -3.4), abs=0.15)
    settings = settings_at(EMSettings(data="ten-points"), mean_1, mean_2)
    assert len(settings.means) < 20  # short enough for a link, and exact
    trace = make_em_run(settings).trace
    assert trace.means[0, :, 0].tolist() == [mean_1, mean_2]
    assert trace.n_iterations == ten_points.iterations[row, column]
    assert trace.log_likelihoods[-1] == pytest.approx(ten_points.log_likelihoods[row, column], rel=1e-12)
    assert trace.means[:, :, 0].shape == (trace.n_iterations + 1, 2), "its path on the map"


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_axes_hold_the_data_and_a_margin_in_any_unit(unit):
    axis = axis_of(unit * FAITHFUL, 100)
    low, high = unit * FAITHFUL.min(), unit * FAITHFUL.max()
    step = (high - low) * (1 + 2 * MARGIN) / 99
    assert axis[[0, -1]] == pytest.approx([low - MARGIN * (high - low), high + MARGIN * (high - low)], abs=0.01 * step)
    assert np.diff(axis) == pytest.approx(np.full(99, step), rel=0.02)


def test_a_start_that_collapses_is_degenerate_on_the_map():
    values = [0.0, 0.0, 0.0, 1.0, 2.0, 5.0]
    found = map_landscape(values, 20)
    kinds = np.array([*found.optima.kinds, "never"])[found.labels]
    row, column = found.cell(0.0, 3.0)
    trace = run_em(values, mixture_at(values, [found.axis[column], found.axis[row]]))
    assert str(trace.stop_reason) == "degenerate"
    assert kinds[row, column] == OptimumKind.DEGENERATE


def test_progress_rises_to_all_starts_run_and_continued():
    steps = iterate_landscape(TEN, 15)
    told = list(steps)
    of_all = 2 * 15 * 14 // 2
    assert {every for _, every in told} == {of_all}
    finished = [done for done, _ in told]
    assert finished == sorted(finished) and finished[-1] == of_all


@pytest.mark.parametrize(
    ("values", "size", "message"),
    [([1.0, 1.0], 10, "All values are equal"), (TEN, 1, "size of the map"), ([[1, 2], [3, 4]], 10, "one dimension")],
)
def test_what_has_no_map_is_told(values, size, message):
    with pytest.raises(InputError, match=message):
        map_landscape(values, size)
