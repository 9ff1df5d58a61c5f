"""Figures that no run can have are refused where a file is read; those that the explorer makes are not."""

import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from explorer.datasets import own_matrix, own_sample
from explorer.errors import InputError
from explorer.study.outcomes import add_outcomes
from explorer.study.plans import Plan, plan_of
from explorer.study.results import Results, read_results, results_as_bytes
from explorer.study.work import run_plan


def finished(plan: Plan) -> Results:
    return Results(plan, add_outcomes(plan, run_plan(plan)))


@pytest.fixture(scope="module")
def em() -> Results:
    table = {"kind": "em", "data": "ten-points", "n_components": [1, 3], "n_starts": 4, "max_iter": 200}
    return finished(plan_of(table | {"variance_floor": 1e-2}))


@pytest.fixture(scope="module")
def als() -> Results:
    """Under 5 % of 30 entries one mask of three shows nothing."""
    matrix = own_matrix(np.outer(np.arange(1.0, 6), np.arange(1.0, 7)), label="mine")
    table = {"kind": "als", "matrix": "own", "rank": 1, "seen": [5, 60, 100], "n_starts": 2, "n_masks": 8}
    return finished(plan_of(table, matrix))


def row_where(results: Results, **values) -> int:
    found = np.ones(len(results.table), dtype=bool)
    for name, value in values.items():
        found &= (results.table[name] == value).to_numpy()
    return int(np.flatnonzero(found)[0])


def changed(results: Results, row: int, name: str, value) -> Results:
    """What is read from a file in which somebody has changed a figure."""
    document = json.loads(results_as_bytes(results, "json"))
    document["runs"][row][name] = value
    return read_results(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stop_reason", ""), ("stop_reason", "not run"), ("stop_reason", "Converged"), ("stop_reason", "=cmd()"),
        ("outcome", "x"), ("iterations", -1), ("iterations", 201), ("iterations", 10**12),
        ("seconds", -1.0), ("seconds", "inf"), ("seconds", None),
        ("log_likelihood", None), ("log_likelihood", "inf"), ("log_likelihood", "-inf"), ("log_likelihood", 1e308),
        ("weight_1", -0.1), ("weight_1", 1.5), ("weight_1", None), ("weight_2", 0.9999), ("mean_1", -9.0),
        ("mean_2", 1e308), ("mean_2", None), ("deviation_1", 0.0), ("deviation_1", -1.0), ("deviation_1", 1e-320),
        ("deviation_2", 1e308), ("deviation_2", "inf"), ("deviation_2", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stop_reason", ["converged", "degenerate"])
def test_what_no_run_of_em_can_have_is_refused(em, name, value, stop_reason):
    if (stop_reason, value) == ("degenerate", "-inf"):
        return  # that of a component with a variance of 0
    row = row_where(em, stop_reason=stop_reason, study=1)
    with pytest.raises(InputError, match=rf"Row {row + 1} has {name} .*, but it must be |Row {row + 1} has weight_1 "):
        changed(em, row, name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stop_reason", "degenerate"), ("stop_reason", "not run"), ("outcome", "proper"),
        ("sweeps", -1), ("sweeps", 101), ("n_observed", 0), ("n_observed", 29), ("n_observed", -3),
        ("objective", -1.0), ("objective", None), ("objective", "inf"), ("error_observed", -0.5),
        ("error_hidden", -0.5), ("error_hidden", None), ("size", None), ("size", -1.0), ("seconds", -1e-9),
    ],
)  # fmt: skip
def test_what_no_run_of_als_can_have_is_refused(als, name, value):
    row = row_where(als, stop_reason="converged", study=1)
    with pytest.raises(InputError, match=rf"Row {row + 1} has (\w+) .*, but it must be "):
        changed(als, row, name, value)


def test_where_a_mask_shows_nothing_or_hides_nothing_there_are_no_figures(als):
    nothing, all_of_it = row_where(als, stop_reason="not run"), row_where(als, study=2)
    for row, name, value in ((nothing, "objective", 0.0), (nothing, "error_hidden", 1.0), (nothing, "n_observed", 1),
                             (nothing, "stop_reason", "converged"), (all_of_it, "error_hidden", 0.1)):  # fmt: skip
        with pytest.raises(InputError, match=rf"Row {row + 1} has "):
            changed(als, row, name, value)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("determined", "x", "“determined” holds something else than True or False"),
        ("optimum", 3, "“optimum” holds something else than text"),
        ("limit", "x", "“limit” holds something else than numbers"),
        ("outcome", True, "“outcome” holds something else than text"),
    ],
)
def test_columns_of_outcomes_hold_what_they_hold(em, als, name, value, sentence):
    results = als if name == "determined" else em
    with pytest.raises(InputError, match=sentence):
        Results(results.plan, results.table.assign(**{name: value}))


def test_halves_of_characters_are_refused(als, em):
    for results, before in ((als, '"label": "mine"'), (em, '"stop_reason": "conv')):
        content = results_as_bytes(results, "json").decode()
        assert before in content
        broken = content.replace(before, before[:-4] + "\\ud800" + before[-4:], 1).encode()
        with pytest.raises(InputError, match=r"halves of characters|text, but row"):
            read_results(broken)


def test_labels_are_texts(als):
    document = json.loads(results_as_bytes(als, "json"))
    document["plan"]["own"]["row_labels"][0] = {"a": 1}
    with pytest.raises(InputError, match="Its own matrix has no lists of labels"):
        read_results(json.dumps(document).encode())


@given(st.data())
@settings(deadline=None, max_examples=15)
def test_what_the_explorer_makes_is_never_refused(data):
    scale = 10.0 ** data.draw(st.integers(-140, 49))
    offset = data.draw(st.sampled_from([0.0, 1.0, 1e6]))
    values = data.draw(st.lists(st.integers(-99, 99), min_size=4, max_size=12, unique=True))
    assume(scale * 3 * (offset + max(map(abs, values)) + 1) <= 1e50)  # what is larger cannot be brought
    sample = own_sample([scale * (offset + value) for value in values])
    table = {"kind": "em", "data": "own", "n_components": [1, 2, 3], "n_starts": 3, "max_iter": [1, 60],
             "variance_floor": [0.0, 1e-2], "structure": ["full", "tied"]}  # fmt: skip
    plan = plan_of(table, sample)
    Results(plan, run_plan(plan))  # of which many are degenerate
    matrix = own_matrix(scale * (offset + np.outer(values[:4], [1.0, 2, 3]) + np.eye(4, 3)))
    table = {"kind": "als", "matrix": "own", "rank": [1, 2], "seen": [5, 60, 100], "n_starts": 2, "n_masks": 3,
             "ridge": [0.0, 10.0], "max_sweeps": [1, 40]}  # fmt: skip
    plan = plan_of(table, matrix)
    Results(plan, run_plan(plan))
