"""What every solver refuses, in a sentence that says what is wrong and what to do."""

import numpy as np
import pytest

from explorer.completion import (
    Factors,
    iterate_als,
    iterate_alternating_sgd,
    iterate_gradient,
    iterate_many_als,
    iterate_projected_gradient,
    iterate_sgd,
    run_als,
)
from explorer.errors import InputError
from tests.completion.problems import low_rank, masked

SEEN, _ = masked(low_rank(6, 5, 2, seed=0), 0.7, seed=0)
MOVES_BOTH = (iterate_gradient, iterate_sgd, iterate_alternating_sgd)
WRONG_FACTORS = Factors(np.ones((5, 2)), np.ones((6, 2)))


@pytest.mark.parametrize("start", [None, 3, [], [[1, 2], [3]], ["gaussian"], {"a": 1}, WRONG_FACTORS, object()])
@pytest.mark.parametrize("solver", [iterate_als, iterate_many_als, *MOVES_BOTH])
def test_a_start_of_a_wrong_kind_is_refused(solver, start):
    with pytest.raises(InputError, match=r"[Ss]tarts? .*(must|seed)"):
        solver(SEEN, 2, start=start)


@pytest.mark.parametrize("start", [3, [], [[1, 2], [3]], "gaussian", WRONG_FACTORS])
def test_projected_gradient_starts_from_a_matrix(start):
    with pytest.raises(InputError, match="A start Z_0 must be"):
        iterate_projected_gradient(SEEN, 1.0, start=start)


@pytest.mark.parametrize("name", ["", "Gaussian", "magic"])
@pytest.mark.parametrize("solver", [iterate_als, *MOVES_BOTH])
def test_a_start_of_no_known_name_is_refused(solver, name):
    with pytest.raises(InputError, match=f"There is no start “{name}”: choose one of gaussian, "):
        solver(SEEN, 2, start=name)


@pytest.mark.parametrize(
    "table", [np.ones((5, 3)), np.ones((6, 2)), np.ones(10), np.full((5, 2), np.nan), [[0j] * 2] * 5]
)
def test_a_start_of_als_must_fit(table):
    with pytest.raises(InputError, match="start"):
        run_als(SEEN, 2, start=table)


def test_a_start_can_be_a_list_of_rows():
    table = np.arange(10.0).reshape(5, 2)
    assert (
        run_als(SEEN, 2, start=table.tolist()).objectives.tolist() == run_als(SEEN, 2, start=table).objectives.tolist()
    )


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"seed": True}, "seed must be a whole number of at least 0; got True"),
        ({"seed": "one"}, "got “one”"),
        ({"ridge": True}, "ridge must be a number from 0 to 1e\\+50; got True"),
        ({"ridge": np.float64(-1)}, "got -1.0"),
        ({"ridge": "0.1"}, "got “0.1”"),
        ({"rtol": np.nan}, "got nan"),
        ({"ridge_per_entry": "no"}, "must be True or False; got “no”"),
    ],
)
def test_a_message_repeats_a_value_as_one_would_type_it(wrong, sentence):
    with pytest.raises(InputError, match=sentence):
        iterate_als(SEEN, 2, **wrong)
