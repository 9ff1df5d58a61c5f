"""The rows of the first figure: each place where runs end, in what order, and in what words."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.charts.parts.end_rows import end_rows, keys_of_runs
from explorer.settings import EMStudySettings
from tests.charts.ends import outcomes_of
from tests.study.studies import judged

ALL_KINDS = outcomes_of(
    {"A": -100.0, "B": -100.4, "C": -104.25, "s1": -90.0, "s2": -91.0, "u1": -120.0},
    [
        ("points", 0, "B"),
        ("points", 1, "A"),
        ("points", 2, "C"),
        ("points", 3, "degenerate"),
        ("parts", 0, "u1"),
        ("parts", 1, ("A", -101.5)),
        ("parts", 2, ("B", -107.0)),
        ("parts", 3, "s2"),
        ("parts", 4, "s1"),
        ("parts", 5, "A"),
    ],
)


def test_optima_first_by_their_height_then_what_else_there_is():
    rows = end_rows(ALL_KINDS)
    assert [row.key for row in rows] == ["A", "B", "C", "saddle", "plateau", "spurious", "degenerate"]
    assert [row.letter for row in rows] == ["A", "B", "C", "", "", "", ""]
    assert [row.index for row in rows] == [0, 1, 2, None, None, None, None]


def test_the_words_of_each_row():
    told = {row.key: (row.title, row.note) for row in end_rows(ALL_KINDS)}
    assert told == {
        "A": ("L −100.0", "best known"),
        "B": ("L −100.4", "0.40 below A"),
        "C": ("L −104.2", "4.2 below A"),
        "saddle": ("saddle point", "L −120.0"),
        "plateau": ("stopped early", "up to 6.6 below limit"),
        "spurious": ("spurious", "2 spikes, best L −90.0"),
        "degenerate": ("degenerate", "L has no limit"),
    }


def test_what_was_on_its_way_to_a_collapse_has_no_limit():
    (row,) = end_rows(outcomes_of({}, [("points", 0, ("", -70.0))]))
    assert (row.title, row.note) == ("stopped early", "a component would collapse")


def test_runs_that_diverged_have_a_row_of_their_own_at_the_end():
    """EM itself never does, so the table is made up."""
    found = outcomes_of({"A": -100.0}, [("points", 0, "A"), ("points", 1, "degenerate")])
    table = found.table.assign(outcome=found.table["outcome"].astype(str).replace("degenerate", "diverged"))
    rows = end_rows(replace(found, table=table))
    assert [(row.key, row.title, row.mixture is None) for row in rows] == [
        ("A", "L −100.0", False),
        ("diverged", "diverged", True),
    ]


def test_a_row_shows_the_density_of_its_own_end():
    rows = {row.key: row for row in end_rows(ALL_KINDS)}
    for key, optimum in (("A", "A"), ("C", "C"), ("saddle", "u1"), ("spurious", "s1")):  # of spikes the highest
        assert rows[key].mixture.means.tolist() == ALL_KINDS.optimum(optimum).mixture.means.tolist()
    assert rows["plateau"].mixture.means.ravel().tolist() == [50.0, 60.0]


def test_many_optima_have_five_rows_and_one_for_the_rest():
    levels = {label: -100.0 - i for i, label in enumerate("ABCDEFG")}
    outcomes = outcomes_of(levels, [("points", i, label) for i, label in enumerate("ABCDEFGG")])
    rows = end_rows(outcomes)
    assert [row.key for row in rows] == [*"ABCDE", "others"]
    assert (rows[-1].title, rows[-1].note) == ("2 more", "L −106.0 to −105.0")
    assert rows[-1].shares == {"points": 3 / 8}
    assert (rows[-1].mixture, rows[-1].index) == (None, 5), "the colour of the best of them"
    assert keys_of_runs(outcomes).tolist() == [*"ABCDE", "others", "others", "others"]


def test_one_more_optimum_than_five_has_a_row_of_its_own():
    levels = {label: -100.0 - i for i, label in enumerate("ABCDEF")}
    rows = end_rows(outcomes_of(levels, [("points", i, label) for i, label in enumerate("ABCDEF")]))
    assert [row.key for row in rows] == list("ABCDEF")


def test_an_optimum_that_no_run_reached_takes_no_row_from_those_that_were():
    levels = {label: -100.0 - i for i, label in enumerate("ABCDEFG")}
    ends = [*"ACDEF", ("B", -120.0), ("G", -130.0)]
    rows = end_rows(outcomes_of(levels, [("points", i, end) for i, end in enumerate(ends)]))
    assert [row.key for row in rows] == [*"ACDEF", "plateau"]
    assert rows[1].note == "2.0 below A"


def test_an_initialization_that_never_ended_there_has_a_share_of_nothing():
    (a, *_) = end_rows(outcomes_of({"A": -1.0}, [("points", 0, "A"), ("parts", 0, "degenerate")]))
    assert a.shares == {"points": 1.0, "parts": 0.0}


LABELS = ("A", "B", "C", "D", "E", "F", "G", "s1", "s2", "u1")
ends = st.one_of(st.sampled_from([*LABELS, "degenerate"]), st.sampled_from(LABELS).map(lambda label: (label, -500.0)))
some_runs = st.lists(st.tuples(st.sampled_from(["points", "parts", "k-means"]), ends), min_size=1, max_size=30)


@given(some_runs)
@settings(deadline=None, max_examples=50)
def test_every_run_is_in_one_row_and_the_shares_of_an_initialization_add_up_to_one(some):
    levels = {label: -100.0 - i for i, label in enumerate(LABELS)}
    outcomes = outcomes_of(levels, [(name, seed, end) for seed, (name, end) in enumerate(some)])
    rows = end_rows(outcomes)
    assert set(keys_of_runs(outcomes)) == {row.key for row in rows}
    assert len({row.key for row in rows}) == len(rows)
    for name in {name for name, _ in some}:
        assert sum(row.shares[name] for row in rows) == pytest.approx(1.0)


def test_the_rows_of_a_study_count_its_runs():
    _, outcomes = judged(EMStudySettings(data="ten-points", n_components=2, n_starts=20, variance_floor=0.01))
    rows = end_rows(outcomes)
    assert [row.key for row in rows][:2] == ["A", "B"]
    keys, table = keys_of_runs(outcomes), outcomes.table
    for row in rows:
        for name, share in row.shares.items():
            assert share == ((keys == row.key) & (table["initialization"] == name)).sum() / 20
