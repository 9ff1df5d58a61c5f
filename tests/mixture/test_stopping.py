"""The one rule of when a run stops: its order, its bounds, and that one run and many are judged alike."""

from itertools import product

import numpy as np
import pytest

from explorer.mixture.stopping import RiseRule, first_reason, reasons_to_stop
from explorer.stop_reason import StopReason

ORDER = (StopReason.DEGENERATE, StopReason.DIVERGED, StopReason.CONVERGED, StopReason.MAX_ITER)
RULE = RiseRule(n_points=100, rtol=1e-6, max_iter=10)


def test_of_several_reasons_the_first_one_is_told():
    for signs in product((False, True), repeat=4):
        expected = next((reason for reason, sign in zip(ORDER, signs, strict=True) if sign), None)
        assert first_reason(*signs) is expected


def test_many_runs_are_judged_as_one_is():
    combinations = np.array(list(product((False, True), repeat=4)))
    over, reasons = reasons_to_stop(tuple(combinations.T), len(combinations))
    alone = [first_reason(*signs) for signs in combinations.tolist()]
    assert over.tolist() == [reason is not None for reason in alone]
    assert reasons == [reason for reason in alone if reason is not None]


def test_a_sign_for_all_runs_may_be_one_boolean():
    over, reasons = reasons_to_stop((False, False, np.array([True, False]), True), 2)
    assert over.all()
    assert reasons == [StopReason.CONVERGED, StopReason.MAX_ITER]


@pytest.mark.parametrize(
    "value, reason",
    [
        (-250.0 * (1 + 0.9e-6), StopReason.DIVERGED),
        (-250.0 * (1 - 1.1e-6), None),
        (-250.0 * (1 - 0.9e-6), StopReason.CONVERGED),
        (-250.0, StopReason.CONVERGED),
    ],
)
def test_a_change_below_the_tolerance_converges_unless_it_is_a_fall(value, reason):
    assert first_reason(*RULE.signs(3, False, value, -250.0)) is reason
    over, reasons = reasons_to_stop(RULE.signs(3, False, np.full(2, value), np.full(2, -250.0)), 2)
    assert reasons == [reason] * 2 if reason else over is None


@pytest.mark.parametrize("previous", [-1e4, -250.0, 0.0, 1e-9, 250.0])
def test_rounding_of_a_sum_over_the_points_is_no_fall(previous):
    """A sum of n logarithms of size 1 is rounded by about n 1e-16, even where it is near 0 by chance."""
    rounding = 4 * np.finfo(float).eps * (abs(previous) + RULE.n_points)
    assert not RULE.signs(3, False, previous - rounding, previous)[1]


@pytest.mark.parametrize("previous", [-1e4, -250.0, 0.0, 250.0])
def test_a_fall_in_the_eighth_digit_is_told(previous):
    """No EM step makes one: something is wrong, and the run must not go on as if nothing were."""
    assert RULE.signs(3, False, previous - 1e-8 * (abs(previous) + RULE.n_points), previous)[1]


def test_the_start_neither_falls_nor_converges():
    assert RULE.signs(0, False, -250.0, None) == (False, False, False, False)


def test_the_last_iterate_is_the_one_at_the_limit():
    assert [bool(RULE.signs(t, False, -200.0, -250.0)[3]) for t in (9, 10)] == [False, True]
