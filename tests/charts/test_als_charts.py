"""What the charts of a study of ALS show: the numbers in their traces."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from explorer.charts.errors import Lane, errors_figure
from explorer.charts.masks import masks_figure
from explorer.charts.objectives import drawn_runs, objectives_figure
from explorer.charts.parts.als_headline import headline
from explorer.charts.parts.log_axis import log_ticks
from explorer.charts.parts.mask_rows import mask_rows
from explorer.charts.parts.outcome_styles import EXPLAINED, style_of
from explorer.charts.parts.theme import THEMES
from explorer.charts.recovery import recovery_figure
from explorer.datasets import MatrixProblem, load_matrix
from explorer.study.als_outcomes import ALSOutcome
from explorer.study.als_summary import (
    ENDINGS,
    LUCKY,
    endings_of,
    partner_of,
    share_recovered,
    shares_by_mask,
    starts_enough,
    telling_runs,
)

LABELS = {"gaussian": "Gaussian", "small": "Small Gaussian"}
RECOVERED, STUCK, OPEN = ALSOutcome.RECOVERED.value, ALSOutcome.STUCK.value, ALSOutcome.NOT_DETERMINED.value


def table(*groups):
    """A table of runs: groups of (initialization, mask, determined, outcome, error, how many)."""
    rows = []
    for name, mask, determined, outcome, error, count in groups:
        rows += [
            {
                "initialization": name, "mask_seed": mask, "determined": determined, "outcome": outcome,
                "error_hidden": error, "objective": 2 * error, "seed": len(rows) + i, "rank": 2, "n_observed": 700,
                "sweeps": 9,
            }
            for i in range(count)
        ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def runs():
    return table(
        ("gaussian", 0, True, RECOVERED, 0.01, 6), ("gaussian", 0, True, STUCK, 5.0, 4),
        ("gaussian", 1, True, RECOVERED, 0.02, 9), ("gaussian", 1, True, STUCK, 6.0, 1),
        ("gaussian", 2, False, RECOVERED, 0.1, 3), ("gaussian", 2, False, OPEN, 9.0, 7),
        ("small", 0, True, STUCK, 4.0, 10), ("small", 1, True, STUCK, 4.0, 10), ("small", 2, False, OPEN, 8.0, 10),
    )  # fmt: skip


# Figures


def test_what_comes_close_under_an_open_mask_is_luck_and_does_not_count(runs):
    assert np.count_nonzero(endings_of(runs) == LUCKY) == 3
    share = share_recovered(runs)["gaussian"]
    assert (share.count, share.total) == (15, 20)
    assert {name: each.tolist() for name, each in shares_by_mask(runs).items()} == {
        "gaussian": [0.6, 0.9],
        "small": [0.0, 0.0],
    }
    assert starts_enough(runs) == {"gaussian": 3.0, "small": np.inf}


def test_rows_put_masks_that_can_be_filled_first_and_many_together():
    many = table(
        *(("gaussian", mask, True, RECOVERED if mask % 3 else STUCK, 1.0, 2) for mask in range(70)),
        *(("gaussian", mask, False, OPEN, 1.0, 2) for mask in range(70, 100)),
    )
    rows = mask_rows(many)
    assert len(rows) == 30
    assert [row.determined for row in rows] == [True] * 21 + [False] * 9
    assert sorted(mask for row in rows for mask in row.masks) == list(range(100))
    shares = [row.recovered["gaussian"].share for row in rows if row.determined]
    assert shares == sorted(shares, reverse=True)
    assert rows[0].title == "4 masks"
    assert mask_rows(many[many["mask_seed"] == 7])[0].title == "mask 7"


def test_every_bar_of_the_masks_adds_up_and_says_what_a_click_replays(runs):
    rows = mask_rows(runs)
    figure = masks_figure(rows, LABELS, share_recovered(runs), {"gaussian": "3", "small": "–"})
    lengths = {}
    for bar in (trace for trace in figure.data if trace.type == "bar"):
        for x, base, (row, name, ending) in zip(bar.x, bar.base, bar.customdata, strict=True):
            assert ending == bar.name
            lengths.setdefault((row, name), []).append((base, base + x))
    assert len(lengths) == 6
    for pieces in lengths.values():
        ends = sorted(pieces)
        assert ends[0][0] == 0 and ends[-1][1] == pytest.approx(1)
        assert all(left[1] == pytest.approx(right[0]) for left, right in pairwise(ends))
    texts = [annotation.text for annotation in figure.layout.annotations]
    assert {"mask 0", "mask 1", "mask 2", "Gaussian"} <= set(texts)
    assert any("✗ not determined" in text and "luck" in text for text in texts)
    assert any(text.startswith("<b>75 %</b>") for text in texts)


def test_intervals_are_drawn_for_masks_that_can_be_filled_only(runs):
    figure = masks_figure(mask_rows(runs), LABELS, share_recovered(runs), {"gaussian": "3", "small": "–"})
    lines = [trace for trace in figure.data if trace.name == "95 % interval"]
    assert [len(line.x) for line in lines] == [6, 6]
    low, high = lines[0].x[:2]
    assert low < 0.9 < high


@pytest.mark.parametrize("theme", THEMES)
def test_outcomes_differ_by_more_than_colour(theme):
    styles = [style_of(ending, THEMES[theme]) for ending in ENDINGS]
    assert len({(style.fill, style.stroke, style.hatch) for style in styles}) == len(ENDINGS)
    recovered, stuck = style_of(RECOVERED, THEMES[theme]), style_of(STUCK, THEMES[theme])
    assert (recovered.fill, stuck.fill) == THEMES[theme].optima[:2] and recovered.dash != stuck.dash
    assert style_of(OPEN, THEMES[theme]).bar(THEMES[theme])["pattern"]["fgcolor"] == THEMES[theme].degenerate
    assert set(EXPLAINED) == set(ENDINGS)


def test_a_lane_shows_each_run_once_and_a_click_finds_one_that_ended_there(runs):
    lanes = [Lane(label, "", (runs["initialization"] == name).to_numpy()) for name, label in LABELS.items()]
    figure = errors_figure(runs, lanes, unit="°C", limit=0.05)
    assert "°C" in figure.layout.xaxis.title.text
    for bar in figure.data:
        for x, width, row in zip(bar.x, bar.width, bar.customdata, strict=True):
            assert endings_of(runs)[row] == bar.name
            assert abs(np.log10(runs["error_hidden"][row]) - x) <= width / 2 + 1e-9
    # Each lane is as high as its own highest bar, whatever the others are.
    tops = [
        max(b + y for bar in figure.data for b, y in zip(bar.base, bar.y, strict=True) if int(b) == i) for i in (0, 1)
    ]
    assert tops[0] == pytest.approx(tops[1] - 1)
    assert any(shape.x0 == pytest.approx(np.log10(0.05)) for shape in figure.layout.shapes)


def test_without_errors_the_lanes_show_the_objective(runs):
    runs["error_hidden"] = np.nan
    figure = errors_figure(runs, [Lane("all", "", np.ones(len(runs), bool))], measure="objective")
    assert "objective" in figure.layout.xaxis.title.text and len(figure.data)
    assert not errors_figure(runs, [Lane("all", "", np.ones(len(runs), bool))]).data


@pytest.mark.parametrize(("low", "high", "texts"), [(-2, 1, ["0.01", "0.1", "1", "10"]), (0.9, 1.1, ["8", "9", "10"])])
def test_ticks_are_plain_numbers(low, high, texts):
    places, told = log_ticks(low, high)
    assert [text for text in told if text in texts] == texts
    assert all(low <= place <= high for place in places) and len(places) <= 8


def test_paths_are_grouped_by_how_they_end_and_a_click_names_the_row(runs):
    rows = drawn_runs(runs)
    assert rows.tolist() == list(range(60))
    paths = [np.geomspace(100, runs["objective"][row], 5) for row in rows]
    figure = objectives_figure(runs, rows, paths)
    assert {trace.name for trace in figure.data} == {RECOVERED, STUCK, LUCKY, OPEN}
    for trace in figure.data:
        assert {endings_of(runs)[row] for row in trace.customdata} == {trace.name}
    assert figure.layout.yaxis.type == "log"


def test_of_many_runs_a_fair_part_is_drawn_and_nothing_rare_is_left_out():
    many = table(("gaussian", 0, True, RECOVERED, 0.1, 2000), ("gaussian", 0, True, STUCK, 5.0, 3))
    rows = drawn_runs(many)
    assert len(rows) < 300 and np.count_nonzero(endings_of(many)[rows] == STUCK) == 3


def test_the_chance_of_recovery_reaches_certainty_where_it_is_marked(runs):
    figure = recovery_figure(shares_by_mask(runs), LABELS)
    lines = {trace.name: trace for trace in figure.data}
    assert lines["Gaussian"].y[0] == pytest.approx(0.75)
    assert lines["Gaussian, enough"].x == (3.0,) and lines["Gaussian, enough"].y[0] >= 0.95
    assert max(lines["Small Gaussian"].y) == 0 and "Small Gaussian, enough" not in lines


# Side by side


def test_beside_a_stuck_run_stands_one_that_recovered_under_the_same_mask_and_start(runs):
    stuck = runs[(runs["outcome"] == STUCK) & (runs["mask_seed"] == 0) & (runs["initialization"] == "gaussian")].iloc[0]
    partner = partner_of(runs, stuck)
    assert (partner["mask_seed"], partner["outcome"], partner["initialization"]) == (0, RECOVERED, "gaussian")
    back = partner_of(runs, partner)
    assert (back["mask_seed"], back["outcome"], back["initialization"]) == (0, STUCK, "gaussian")


def test_under_an_open_mask_the_most_different_completion_stands_beside(runs):
    lucky = runs[(runs["mask_seed"] == 2) & (runs["outcome"] == RECOVERED)].iloc[0]
    partner = partner_of(runs, lucky)
    assert (partner["mask_seed"], partner["error_hidden"]) == (2, 9.0)
    assert partner_of(runs.iloc[[0]], runs.iloc[0]) is None


def test_telling_runs_are_of_every_kind_and_varied_masks_come_first(runs):
    chosen = telling_runs(runs)
    assert len(chosen) == 9 and len(chosen.drop_duplicates(["mask_seed", "ending", "initialization"])) == 9
    assert len(telling_runs(runs, most=4)) == 4
    left_out = runs.index.difference(telling_runs(runs, most=4).index)
    with_one = telling_runs(runs, most=4, always=runs.index == left_out[0])
    assert len(with_one) == 5 and left_out[0] in with_one.index


# In words


def test_the_headline_tells_masks_and_starts(runs):
    title, sentence = headline(runs, load_matrix("checkerboard"), LABELS)
    assert title == "Two of 3 masks can be filled."
    assert "“Gaussian” recovers the matrix in 75 %" in sentence and "“Small Gaussian” in 0 %" in sentence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"determined": False}, "No mask can be filled."),
        ({"error_hidden": np.nan}, "Nothing is hidden."),
        ({"rank": 3}, "Rank 3 for a matrix of rank 2."),
        ({"rank": 1}, "Rank 1 for a matrix of rank 2."),
    ],
)
def test_the_headline_says_what_is_in_the_way(runs, change, words):
    assert headline(runs.assign(**change), load_matrix("checkerboard"), LABELS)[0] == words


def test_of_a_measured_matrix_nothing_is_said_to_be_recovered(runs):
    problem = load_matrix("sea-temperature")
    assert isinstance(problem, MatrixProblem) and problem.low_rank is None
    title, sentence = headline(runs.assign(outcome=ALSOutcome.UNKNOWN.value), problem, LABELS)
    assert title.startswith("Off by ") and "°C" in title
    assert "no run counts as recovered or stuck" in sentence and "2 of 3 masks" in sentence
