"""The record that every solver leaves, and the rule by which a run ends."""

from itertools import count
from time import perf_counter, sleep

import numpy as np
import pytest

from explorer.completion import Factors, Observations
from explorer.completion.stopping import falling, until, wandering
from explorer.completion.trace import Iterate, record
from explorer.stop_reason import StopReason

HIDDEN = Observations([0, 1], [1, 0], [3.0, 4.0], (2, 2))
TRUTH = Factors(np.ones((2, 1)), np.ones((2, 1)))


def iterates(objectives, stop_reason=StopReason.MAX_ITER, left=1.0):
    """Iterates with these objectives, whose t-th factors are X = t left and Y = 1."""
    for t, objective in enumerate(objectives):
        last = t == len(objectives) - 1
        yield Iterate(np.full((2, 1), t * left), np.ones((2, 1)), objective, 0.5, stop_reason if last else None)


def test_every_figure_belongs_to_its_iterate():
    trace = record(iterates([8.0, 4.0, 2.0]), HIDDEN, TRUTH)
    assert trace.objectives.tolist() == [8.0, 4.0, 2.0]
    assert trace.rmse_observed.tolist() == [0.5] * 3
    assert trace.rmse_hidden.tolist() == [np.sqrt(((3 - t) ** 2 + (4 - t) ** 2) / 2) for t in range(3)]
    assert trace.distances == pytest.approx([2.0, 0.0, 2.0], abs=1e-14)
    assert trace.final.left.tolist() == [[2.0], [2.0]]
    assert trace.stop_reason is StopReason.MAX_ITER


def test_what_was_not_given_is_not_compared():
    trace = record(iterates([8.0]), None, None)
    assert trace.rmse_hidden is None
    assert trace.distances is None


def test_seconds_leave_out_what_the_record_takes(monkeypatch):
    def slow_distance(*arguments):
        sleep(0.05)
        return 0.0

    def slow_solver():
        for iterate in iterates([2.0, 1.0, 0.0]):
            sleep(0.01)
            yield iterate

    monkeypatch.setattr("explorer.completion.trace.distance", slow_distance)
    began = perf_counter()
    trace = record(slow_solver(), None, TRUTH)
    whole = perf_counter() - began
    assert (np.diff(trace.seconds, prepend=0.0) >= 0.01).all()
    assert trace.seconds[-1] <= whole - 3 * 0.05


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("objective", [np.nan, np.inf])
def test_an_iterate_that_is_not_finite_is_left_out_and_the_run_has_diverged(objective):
    trace = record(iterates([8.0, 4.0, objective]), HIDDEN, TRUTH)
    assert trace.objectives.tolist() == [8.0, 4.0]
    assert trace.final.left.tolist() == [[1.0], [1.0]]
    assert trace.stop_reason is StopReason.DIVERGED


@pytest.mark.filterwarnings("error")
def test_an_error_too_large_to_be_squared_is_divergence_too():
    trace = record(iterates([8.0, 4.0], left=1e200), HIDDEN, None)
    assert len(trace.objectives) == 1
    assert trace.stop_reason is StopReason.DIVERGED


def test_a_trace_is_read_only():
    trace = record(iterates([8.0, 4.0]), HIDDEN, TRUTH)
    for array in (trace.objectives, trace.rmse_observed, trace.rmse_hidden, trace.distances, trace.seconds):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


def end(rule, objectives, max_iter=100):
    """The step at which a run with these objectives ends, and why."""
    last = list(until(rule, max_iter, iterates(objectives, stop_reason=None)))
    assert all(iterate.stop_reason is None for iterate in last[:-1])
    return len(last) - 1, last[-1].stop_reason


@pytest.mark.parametrize("rule", [falling, wandering])
def test_converged_is_a_change_below_the_share_of_the_objective_at_zero(rule):
    assert end(rule(100.0, 1e-2), [500.0, 99.0, 98.0, 97.5, 90.0]) == (3, StopReason.CONVERGED)
    assert end(rule(100.0, 0.0), [500.0, 99.0, 99.0, 1e-23, 90.0]) == (3, StopReason.CONVERGED)


def test_where_the_objective_at_zero_vanishes_the_start_is_the_measure():
    assert end(falling(0.0, 1e-2), [500.0, 100.0, 96.0, 90.0]) == (2, StopReason.CONVERGED)


def test_a_falling_run_that_rises_has_diverged_but_rounding_is_no_rise():
    assert end(falling(100.0, 0.0), [90.0, 80.0, 80.0 + 1e-7]) == (2, StopReason.DIVERGED)
    assert end(falling(100.0, 0.0), [90.0, 80.0, 80.0 + 1e-9, 1.0], max_iter=3) == (3, StopReason.MAX_ITER)
    assert end(falling(1.0, 0.0), [1e20, 1e20 + 1e5, 1.0], max_iter=2) == (2, StopReason.MAX_ITER)


def test_a_wandering_run_has_diverged_only_far_above_start_and_zero():
    assert end(wandering(100.0, 0.0), [50.0, 900.0, 80.0, 1001.0]) == (3, StopReason.DIVERGED)
    assert end(wandering(100.0, 0.0), [500.0, 900.0, 4000.0, 5001.0]) == (3, StopReason.DIVERGED)


@pytest.mark.parametrize("rule", [falling, wandering])
def test_numbers_that_are_not_finite_are_divergence(rule):
    assert end(rule(100.0, 0.0), [50.0, np.nan]) == (1, StopReason.DIVERGED)
    assert end(rule(100.0, 0.0), [50.0, np.inf]) == (1, StopReason.DIVERGED)


def test_no_step_is_asked_for_beyond_the_last():
    def endless():
        for t in count():
            assert t <= 2
            yield Iterate(np.ones((1, 1)), np.ones((1, 1)), 1.0 / (t + 1), 0.0)

    assert len(list(until(falling(1.0, 0.0), 2, endless()))) == 3
