"""The phase diagram: the same counts as plain loops over single runs, in an order that fills the picture evenly."""

from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pandas as pd
import pytest

from explorer.completion import factorize, from_matrix, identifiability
from explorer.datasets import split
from explorer.errors import InputError
from explorer.runs import make_als_run
from explorer.settings import ALSStudySettings, EMStudySettings, run_of_study
from explorer.study.als_outcomes import ALSOutcome, add_als_outcomes
from explorer.study.als_runs import run_als_batch
from explorer.study.phase import (
    PHASE,
    PhaseAxes,
    PhaseCell,
    full_density,
    iterate_phase,
    least_density,
    painted,
    phase_cells,
)
from explorer.study.plans import as_table, batches_of, plan_of, study_of

SMALL = replace(PHASE, n_rows=12, n_cols=15, n_masks=2, n_starts=2, max_sweeps=60)
AXES = PhaseAxes((30, 45, 60, 75, 90), "rank", (1, 2, 3))


@pytest.fixture(scope="module")
def cells():
    return list(iterate_phase(SMALL, AXES))


# Bounds


def test_fewer_entries_than_degrees_of_freedom_determine_nothing():
    rng = np.random.default_rng(0)
    for rank in (1, 2, 3):
        freedom = round(least_density(9, 11, rank) * 99)
        assert freedom == (9 + 11 - rank) * rank
        left, right = rng.standard_normal((9, rank)), rng.standard_normal((11, rank))
        for count, can in ((freedom - 1, False), (99, True)):
            mask = np.zeros(99, dtype=bool)
            mask[rng.permutation(99)[:count]] = True
            masked = np.where(mask.reshape(9, 11), left @ right.T, np.nan)
            assert identifiability(from_matrix(masked), rank).determined == can
    assert least_density(30, 40, 30) == 1


@pytest.mark.parametrize(("rank", "share"), [(1, 0.5), (2, 0.5), (2, 0.9), (5, 0.5)])
def test_at_the_full_density_so_many_masks_have_no_short_row_or_column(rank, share):
    density = full_density(30, 40, rank, share)
    masks = np.random.default_rng(0).random((4000, 30, 40)) < density
    full = (masks.sum(axis=2) >= rank).all(axis=1) & (masks.sum(axis=1) >= rank).all(axis=1)
    assert full.mean() == pytest.approx(share, abs=0.04)


def test_a_rank_that_no_matrix_of_the_shape_has_has_no_full_density():
    assert np.isnan(full_density(4, 9, 5))


# The order


@pytest.mark.parametrize("shape", [(1, 1), (5, 1), (2, 7), (12, 10), (33, 4)])
def test_every_cell_comes_once_and_each_level_covers_the_picture(shape):
    axes = PhaseAxes(tuple(range(5, 5 + shape[0])), "rank", tuple(range(1, 1 + shape[1])))
    places = phase_cells(axes)
    assert sorted((place.x, place.y) for place in places) == [(x, y) for x in range(shape[0]) for y in range(shape[1])]
    steps = [place.step for place in places]
    assert steps == sorted(steps, reverse=True)
    assert steps[-1] == 1 and all(coarse in (fine, 2 * fine) for coarse, fine in pairwise(steps))
    for step in set(steps):
        reached = [place for place in places if place.step >= step]
        assert {(place.x, place.y) for place in reached} == {
            (x, y) for x in range(0, shape[0], step) for y in range(0, shape[1], step)
        }
        known = [cell_at(axes.seen[place.x], axes.values[place.y]) for place in reached]
        picture = painted(axes, known, "n_runs")
        assert picture.tolist() == [
            [100 * axes.seen[x - x % step] + axes.values[y - y % step] for x in range(shape[0])]
            for y in range(shape[1])
        ]


def cell_at(seen, rank):
    """A cell whose number of runs says where it lies."""
    return PhaseCell(seen, rank, 0.01, 100 * seen + rank, 0, 1, 0)


def test_the_first_level_of_a_common_picture_is_a_glance():
    axes = PhaseAxes(tuple(range(10, 81, 6)), "rank", tuple(range(1, 11)))
    steps = [place.step for place in phase_cells(axes)]
    assert [steps.count(step) for step in (4, 2, 1)] == [9, 21, 90]


def test_where_nothing_is_known_the_picture_is_empty():
    assert np.isnan(painted(AXES, [])).all()
    assert np.isnan(painted(AXES, [cell_at(31, 1)])).all()


# Cells


def test_cells_are_those_of_plain_loops_over_single_runs(cells):
    for cell in (cells[0], cells[5], cells[9], cells[-1]):
        n_runs = n_recovered = n_determined = 0
        for matrix_seed in (0, 1):
            settings = replace(SMALL, seen=cell.seen, rank=cell.rank, matrix_seed=matrix_seed)
            problem = study_of(settings).problem
            for mask_seed in (0, 1):
                observed = split(problem, cell.seen / 100, mask_seed).observed
                truth = factorize(problem.values, cell.rank)
                n_determined += identifiability(observed, cell.rank, at=truth).determined
                for seed in (0, 1):
                    run = make_als_run(run_of_study(settings, "gaussian", seed, mask_seed))
                    n_runs += 1
                    n_recovered += run.trace.rmse_hidden[-1] < 0.05 * np.sqrt(np.mean(problem.values**2))
        expected = PhaseCell(cell.seen, cell.rank, 0.01, n_runs, n_recovered, 4, n_determined)
        assert cell == expected


def test_the_picture_has_both_phases(cells):
    shares, determined = painted(AXES, cells), painted(AXES, cells, "share_determined")
    assert shares[2, 0] == determined[2, 0] == 0  # rank 3, a third seen
    assert shares[0, -1] > 0.7 and determined[0, -1] == 1  # rank 1, nearly all seen
    for y, rank in enumerate(AXES.values):
        below = np.array(AXES.seen) / 100 < 0.8 * least_density(12, 15, rank)
        assert not determined[y, below].any()


def test_a_cell_does_not_depend_on_what_was_computed_before(cells):
    alone = list(iterate_phase(SMALL, PhaseAxes((60,), "rank", (2,))))
    assert alone == [cell for cell in cells if (cell.seen, cell.rank) == (60, 2)]


def test_a_picture_goes_on_where_it_was_left(cells):
    first = list(islice(iterate_phase(SMALL, AXES), 4))
    rest = list(iterate_phase(SMALL, AXES, done={(cell.seen, cell.rank) for cell in first}))
    assert first + rest == cells


def test_more_ridge_on_the_checkerboard_holds_every_run_back():
    settings = replace(PHASE, matrix="checkerboard", n_masks=2, n_starts=3)
    cells = list(iterate_phase(settings, PhaseAxes((25, 50), "ridge", (0.01, 10.0))))
    assert [(cell.seen, cell.ridge, cell.n_masks, cell.n_runs) for cell in cells] == [
        (25, 0.01, 2, 6), (50, 0.01, 2, 6), (25, 10.0, 2, 6), (50, 10.0, 2, 6),
    ]  # fmt: skip
    assert [cell.share > 0.5 for cell in cells] == [True, True, False, False]


def test_where_nothing_is_hidden_there_is_nothing_to_judge():
    (cell,) = iterate_phase(SMALL, PhaseAxes((100,), "rank", (2,)))
    assert (cell.n_runs, cell.n_recovered, cell.share_determined) == (0, 0, 1)
    assert np.isnan(cell.share)


def test_a_mask_that_shows_nothing_recovers_nothing():
    settings = replace(SMALL, n_rows=5, n_cols=5, n_masks=8, n_starts=1)
    (cell,) = iterate_phase(settings, PhaseAxes((5,), "rank", (1,)))
    assert (cell.n_runs, cell.n_recovered, cell.n_masks, cell.n_determined) == (16, 0, 16, 0)


@pytest.mark.parametrize(
    "axes",
    [((), "rank", (1,)), ((30,), "rank", ()), ((30, 30), "rank", (1,)), ((30,), "noise", (0.1,))],
)
def test_axes_that_make_no_picture_are_refused(axes):
    with pytest.raises(InputError):
        PhaseAxes(*axes)


def test_a_matrix_of_unknown_rank_has_no_phase_diagram():
    with pytest.raises(InputError, match="rank is known"):
        next(iterate_phase(replace(SMALL, matrix="votes"), AXES))


# The same picture from a plan


def phase_table(settings, axes, matrix_seeds=(0, 1)):
    """The plan of all runs of the picture."""
    lists = {"seen": list(axes.seen), axes.name: list(axes.values), "matrix_seed": list(matrix_seeds)}
    return as_table(settings) | lists


def phase_of(plan, table):
    """The cells, counted from the outcomes of single runs; a mask counts once for each problem."""
    counts = {}
    for index, rows in table.groupby("study", sort=True):
        settings = plan.studies[index].settings
        masks = rows.groupby("mask_seed")["determined"].first()
        judged, recovered = (
            (rows["outcome"] != ALSOutcome.UNKNOWN).sum(),
            (rows["outcome"] == ALSOutcome.RECOVERED).sum(),
        )
        key = (settings.seen, settings.rank, settings.ridge)
        counts[key] = counts.get(key, 0) + np.array([judged, recovered, len(masks), masks.sum()])
    return tuple(PhaseCell(*key, *figures.tolist()) for key, figures in counts.items())


def table_of(plan):
    parts = []
    for index, study in enumerate(plan.studies):
        rows = pd.concat([run_als_batch(study.settings, study.problem, each) for each in batches_of(study, index)])
        parts.append(add_als_outcomes(study, rows))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(
    ("settings", "axes", "n_runs"),
    [
        (SMALL, PhaseAxes((5, 75), "rank", (1, 2)), 4 * 2 * 2 * 2),
        (replace(SMALL, initializations=("gaussian", "equal")), PhaseAxes((70, 100), "rank", (1,)), 2 * 2 * 2 * 3),
    ],
    ids=["over rank", "two starts, and nothing hidden"],
)
def test_a_plan_gives_the_same_cells(settings, axes, n_runs):
    plan = plan_of(phase_table(settings, axes))
    assert plan.n_runs == n_runs
    found = phase_of(plan, table_of(plan))
    assert set(found) == set(iterate_phase(settings, axes))
    assert {(cell.seen, cell.rank) for cell in found} == {(seen, rank) for rank in axes.values for seen in axes.seen}


def test_a_table_that_has_not_come_to_its_end_gives_the_cells_so_far():
    plan = plan_of(phase_table(SMALL, PhaseAxes((45, 75), "rank", (1,))))
    table = table_of(plan)
    some = phase_of(plan, table[table["study"] < 3])
    assert [(cell.seen, cell.n_runs, cell.n_masks) for cell in some] == [(45, 8, 4), (75, 4, 2)]
    assert phase_of(plan, table.iloc[:0]) == ()


def test_the_plan_can_be_written_into_a_file():
    axes = PhaseAxes((30, 60), "ridge", (0.0, 0.01))
    table = phase_table(replace(PHASE, matrix="checkerboard"), axes, [0])
    assert (table["kind"], table["seen"], table["ridge"], table["matrix_seed"]) == ("als", [30, 60], [0.0, 0.01], [0])
    studies = [study.settings for study in plan_of(table).studies]
    assert {(each.seen, each.ridge) for each in studies} == {(30, 0.0), (30, 0.01), (60, 0.0), (60, 0.01)}
    assert all(isinstance(each, ALSStudySettings) and each.rtol == PHASE.rtol for each in studies)


def test_what_no_cell_can_be_made_of_is_refused_in_a_sentence():
    axes = PhaseAxes((20,), "rank", (1,))
    with pytest.raises(InputError, match="A phase diagram is of ALS: give ALSStudySettings, not EMStudySettings"):
        next(iterate_phase(EMStudySettings(), axes))
    with pytest.raises(InputError, match="The number of problems is 0; it must be a whole number, 1 or larger"):
        next(iterate_phase(PHASE, axes, n_problems=0))
