"""Hiding entries: which ones, in which units, and nothing of the hidden ones leaks into the observed ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.datasets import MATRICES, load_matrix, own_matrix, split
from explorer.errors import InputError


def cells(observations):
    return set(zip(observations.rows.tolist(), observations.cols.tolist(), strict=True))


@pytest.mark.parametrize("name", MATRICES)
def test_observed_and_hidden_entries_share_out_what_is_not_missing(name):
    problem = load_matrix(name)
    masked = split(problem, density=0.4, seed=1)
    observed, hidden = cells(masked.observed), cells(masked.hidden)
    available = set(zip(*(index.tolist() for index in np.nonzero(~np.isnan(problem.values))), strict=True))
    assert observed | hidden == available
    assert not observed & hidden
    assert len(observed) / len(available) == pytest.approx(0.4, abs=0.05)
    assert masked.observed.shape == masked.hidden.shape == problem.values.shape


@pytest.mark.parametrize("name", MATRICES)
def test_offset_and_scale_lead_back_to_the_units_of_the_problem(name):
    problem = load_matrix(name)
    masked = split(problem, density=0.4, seed=1)
    for part in (masked.observed, masked.hidden):
        shown = masked.offset + masked.scale * part.values
        np.testing.assert_allclose(shown, problem.values[part.rows, part.cols], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", MATRICES)
def test_measured_matrices_are_standardised_by_their_observed_entries_and_generated_ones_are_not(name):
    problem = load_matrix(name)
    masked = split(problem, density=0.3, seed=2)
    if name in ("checkerboard", "low-rank", "generated"):
        assert (masked.offset, masked.scale) == (0.0, 1.0)
    else:
        assert masked.observed.values.mean() == pytest.approx(0, abs=1e-12)
        assert masked.observed.values.std() == pytest.approx(1, rel=1e-12)


def test_hidden_entries_have_no_influence_on_the_observed_ones():
    problem = load_matrix("sea-temperature")
    masked = split(problem, density=0.5, seed=0)
    falsified = own_matrix(np.where(masked.mask, problem.values, 999.0))
    np.testing.assert_array_equal(split(falsified, 0.5, 0).observed.values, masked.observed.values)


def test_mask_is_boolean_read_only_and_marks_the_observed_entries():
    masked = split(load_matrix("votes"), density=0.3, seed=0)
    assert masked.mask.dtype == np.bool_
    assert not masked.mask.flags.writeable
    assert cells(masked.observed) == set(zip(*(i.tolist() for i in np.nonzero(masked.mask)), strict=True))


def test_a_seed_gives_the_same_mask_again_and_another_seed_another_one():
    problem = load_matrix("checkerboard")
    first, again, other = (split(problem, 0.25, seed).mask for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_raising_the_density_only_adds_entries():
    problem = load_matrix("life-expectancy")
    sparse, dense = split(problem, 0.2, 3).mask, split(problem, 0.6, 3).mask
    assert (sparse <= dense).all()


def test_density_one_hides_nothing():
    masked = split(load_matrix("votes"), density=1, seed=0)
    assert masked.hidden is None
    assert masked.observed.count == 50 * 31 - 217


def test_equal_observed_entries_are_centred_but_their_rounding_errors_not_blown_up():
    assert np.full(3, 0.1).std() > 0  # the mean of three times 0.1 is rounded
    problem = own_matrix([[0.1, 0.1], [0.1, 7.0]])
    three_equal = [[True, True], [True, False]]
    masked = next(m for m in (split(problem, 0.7, seed) for seed in range(200)) if (m.mask == three_equal).all())
    assert (masked.offset, masked.scale) == (0.1, 1.0)
    np.testing.assert_array_equal(masked.observed.values, np.zeros(3))
    np.testing.assert_allclose(masked.hidden.values, [6.9])


@pytest.mark.parametrize("density", [0, -0.1, 1.01, float("nan"), float("inf")])
def test_density_must_be_above_zero_and_at_most_one(density):
    with pytest.raises(InputError, match=r"^The density is \S+; it must be larger than 0 and at most 1\.$"):
        split(load_matrix("checkerboard"), density, 0)


def test_a_mask_without_any_entry_is_refused():
    sentence = r"^With density 1e-09 and this mask seed not one entry is observed; raise the density or .*\.$"
    with pytest.raises(InputError, match=sentence):
        split(load_matrix("checkerboard"), 1e-9, 0)


def test_seed_must_be_a_whole_number():
    with pytest.raises(InputError, match=r"^The seed must be a whole number of at least 0; got -1\.$"):
        split(load_matrix("checkerboard"), 0.5, -1)


@settings(max_examples=50, deadline=None)
@given(density=st.floats(0.02, 1), seed=st.integers(0, 2**64))
def test_any_density_and_seed_split_the_entries_without_loss(density, seed):
    problem = load_matrix("low-rank")
    masked = split(problem, density, seed)
    hidden = masked.hidden.count if masked.hidden else 0
    assert masked.observed.count == masked.mask.sum()
    assert masked.observed.count + hidden == problem.values.size


@pytest.mark.parametrize("given", ["checkerboard", np.ones((3, 3))])
def test_only_a_matrix_problem_is_split(given):
    with pytest.raises(InputError, match=r"Only a MatrixProblem can be split, not (str|ndarray): `load_matrix` and"):
        split(given, 0.5, 0)
