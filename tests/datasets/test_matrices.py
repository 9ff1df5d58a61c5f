"""The matrices: shapes and gaps as files/SOURCES.md says, the generated ones as the lecture defines them."""

import numpy as np
import pytest

from explorer.completion import identifiability
from explorer.datasets import MATRICES, generate_matrix, load_matrix, own_matrix, split
from explorer.errors import InputError

SHAPES_AND_MISSING = {
    "checkerboard": ((40, 70), 0),
    "low-rank": ((40, 60), 0),
    "votes": ((50, 31), 217),
    "sea-temperature": ((61, 12), 0),
    "life-expectancy": ((142, 12), 0),
    "life-expectancy-gaps": ((187, 58), 7533),
    "camera": ((64, 64), 0),
    "generated": ((30, 40), 0),
}


def test_matrices_are_listed_in_display_order():
    assert list(MATRICES) == list(SHAPES_AND_MISSING)


@pytest.mark.parametrize("name", SHAPES_AND_MISSING)
def test_every_matrix_loads_with_the_shape_and_gaps_of_its_source(name):
    problem, source = load_matrix(name), MATRICES[name]
    shape, missing = SHAPES_AND_MISSING[name]
    assert problem.values.shape == shape == (len(problem.row_labels), len(problem.col_labels))
    assert np.isnan(problem.values).sum() == missing
    assert not np.isinf(problem.values).any()
    assert (problem.name, problem.label, problem.about) == (source.name, source.label, source.about)
    assert problem.source


@pytest.mark.parametrize("name", SHAPES_AND_MISSING)
def test_values_cannot_be_changed_by_accident(name):
    with pytest.raises(ValueError, match="read-only"):
        load_matrix(name).values[0, 0] = 0.0


@pytest.mark.parametrize("name", SHAPES_AND_MISSING)
def test_a_seed_gives_the_same_bits_again_and_another_seed_others(name):
    first, again, other = (load_matrix(name, seed).values for seed in (3, 3, 4))
    assert first.tobytes() == again.tobytes()
    assert (first.tobytes() == other.tobytes()) != MATRICES[name].uses_seed


@pytest.mark.parametrize(
    ("name", "row", "col", "value"),
    [  # read off the files by hand
        ("votes", "Virginia", "1856", 0.19),
        ("votes", "Wyoming", "1976", 59.85),
        ("sea-temperature", "1952", "MAR", 26.37),
        ("life-expectancy", "Australia", "2007", 81.235),
        ("life-expectancy-gaps", "Afghanistan", "1952", 28.801),
        ("camera", "1", "2", 199),
    ],
)
def test_labels_stand_beside_their_values(name, row, col, value):
    problem = load_matrix(name)
    assert problem.values[problem.row_labels.index(row), problem.col_labels.index(col)] == value


def test_the_gap_of_a_state_that_did_not_vote_yet_stays_a_gap():
    votes = load_matrix("votes")
    alaska = votes.values[votes.row_labels.index("Alaska")]
    assert np.isnan(alaska[: votes.col_labels.index("1960")]).all()
    assert not np.isnan(alaska[votes.col_labels.index("1960") :]).any()


def test_checkerboard_is_the_lectures_loop_with_its_indices_put_back():
    expected = np.zeros((40, 70))
    for i in range(40):
        for j in range(70):
            expected[i, j] += -3.0 if divmod(i, 2)[1] == 0 else 3.0
            expected[i, j] += 1.0 if divmod(j, 2)[1] == 0 else -1.0
    values = load_matrix("checkerboard").values
    np.testing.assert_array_equal(values, expected)
    assert set(np.unique(values)) == {-4, -2, 2, 4}
    assert np.linalg.matrix_rank(values) == 2


def test_random_low_rank_has_three_directions_and_noise_in_all_others():
    problem = load_matrix("low-rank", seed=1)
    singular = np.linalg.svd(problem.values, compute_uv=False)
    assert problem.low_rank == 3
    assert singular[2] > 15 * singular[3]
    residual = np.sqrt(np.sum(singular[3:] ** 2) / (37 * 57))  # (m - k)(n - k) degrees of freedom are left
    assert residual == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("name", SHAPES_AND_MISSING)
def test_only_generated_matrices_know_their_rank(name):
    assert (load_matrix(name).low_rank is not None) == (name in ("checkerboard", "low-rank", "generated"))


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(InputError, match=r"^There is no matrix “chess”: choose one of checkerboard, low-rank, "):
        load_matrix("chess")


def test_own_matrix_is_numbered_unless_it_brings_labels():
    values = [[1, np.nan], [3, 4], [5, 6]]
    numbered, labelled = own_matrix(values), own_matrix(values, ["a", "b", "c"], ["x", "y"], "Marks")
    assert (numbered.row_labels, numbered.col_labels) == (("1", "2", "3"), ("1", "2"))
    assert (labelled.row_labels, labelled.col_labels, labelled.label) == (
        ("a", "b", "c"),
        ("x", "y"),
        "Marks",
    )
    assert numbered.about == "The 3 x 2 matrix that you brought; 1 of its cells are missing."
    assert numbered.low_rank is None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([[1, 2]], "The matrix is 1 x 2 (rows x columns); at least 2 x 2 is needed."),
        (
            np.eye(2, 201),
            "The matrix is 2 x 201 (rows x columns) and the limit is 200 x 200; bring a smaller part of it.",
        ),
        ([1, 2], "The matrix must have rows and columns, but the numbers are 1-dimensional."),
        ([["a", "b"], ["c", "d"]], "The matrix must be numbers, in rows of equal length."),
        (
            np.full((2, 2), np.nan),
            "The matrix has no numbers: all of its cells are missing; fill in some of them.",
        ),
        (
            [[1, 2], [3, np.inf]],
            "The matrix has an infinite value in row 2, column 2; leave that cell blank.",
        ),
        ([[1, 1], [1, np.nan]], "The matrix has only one distinct value, 1; at least 2 are needed."),
        ([[1, 1], [1, 1e60]], "The matrix has 1e+60, which is too large: no number may exceed 1e+50."),
    ],
)
def test_an_own_matrix_that_cannot_be_used_is_refused_in_one_sentence(values, sentence):
    with pytest.raises(InputError) as error:
        own_matrix(values)
    assert str(error.value) == sentence


def test_labels_must_be_as_many_as_rows_and_columns():
    with pytest.raises(InputError, match=r"^The number of row labels is 1; give 2, one for every row\.$"):
        own_matrix([[1, 2], [3, 4]], row_labels=["a"])


@pytest.mark.parametrize("name", [name for name in MATRICES if name != "life-expectancy-gaps"])
def test_as_many_entries_are_shown_at_first_as_nearly_every_mask_needs(name):
    """The matrix with its gaps has countries that are known in a single year: no share is enough."""
    problem, seen = load_matrix(name), MATRICES[name].seen
    determined = [identifiability(split(problem, seen / 100, seed).observed, 2).determined for seed in range(10)]
    assert sum(determined) >= 8


def test_a_generated_matrix_has_the_rank_and_the_noise_that_were_asked_for():
    exact, noisy = generate_matrix(12, 9, rank=3, seed=5), generate_matrix(12, 9, rank=3, noise=0.1, seed=5)
    assert np.linalg.matrix_rank(exact.values) == 3 == exact.low_rank
    assert 0.05 < np.std(noisy.values - exact.values) < 0.2
    assert noisy.noise == 0.1
    assert "rank 3" in exact.about
    with pytest.raises(InputError, match="true rank is 10, but the matrix is 12×9"):
        generate_matrix(12, 9, rank=10)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"n_rows": 3.5}, "The number of rows must be a whole number of at least 1; got 3.5."),
        ({"n_cols": "a"}, "The number of columns must be a whole number of at least 1; got “a”."),
        ({"rank": 1.5}, "The number of dimensions (the rank) must be a whole number of at least 1; got 1.5."),
        ({"noise": -1}, "The noise must be a number of at least 0; got -1."),
        ({"noise": float("nan")}, "The noise must be a number of at least 0; got nan."),
    ],
)
def test_what_no_matrix_can_be_generated_with_is_refused(settings, sentence):
    with pytest.raises(InputError) as error:
        generate_matrix(**settings)
    assert str(error.value) == sentence


def test_masked_entries_of_an_own_matrix_are_missing():
    """Their values lie in the array all the same: to show them to ALS would give away what is to be found."""
    values = own_matrix(np.ma.array([[1.0, 2.0], [3.0, 4.0]], mask=[[False, True], [False, False]])).values
    np.testing.assert_array_equal(values, [[1.0, np.nan], [3.0, 4.0]])
