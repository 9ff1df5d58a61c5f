"""Alternating least squares: fix Y and solve for X, fix X and solve for Y, repeat (Lecture 19).

The objective, for the observed set Omega and the ridge lambda, is

    f(X, Y) = 1/2 |P_Omega(A - X Y^T)|_F^2 + lambda/2 (|X|_F^2 + |Y|_F^2).

With one factor fixed it falls apart into small least squares problems, one for each row of the other, so
every half step is solved exactly and f never rises. Only observed entries are read, and no m x n matrix is
formed. With a ridge for each entry the penalty is lambda/2 (sum_i n_i |x_i|^2 + sum_j n_j |y_j|^2) instead, with
n_i and n_j the numbers of observed entries of row i and column j (Zhou, Wilkinson, Schreiber and Pan, 2008).
"""

from collections.abc import Iterator
from dataclasses import replace
from math import isfinite
from time import perf_counter
from typing import Any

import numpy as np

from explorer.checks import read_only
from explorer.completion.checks import check_comparisons, check_observations, check_rank
from explorer.completion.factors import Factors
from explorer.completion.half_step import Alternation, alternation
from explorer.completion.observations import Observations
from explorer.completion.options import ALSOptions, options_of
from explorer.completion.starts import starting_right
from explorer.completion.stopping import verdict
from explorer.completion.trace import ALSTrace, HalfStep, check_fits, comparisons
from explorer.slices import Slices, finish
from explorer.stop_reason import StopReason

_NONE = np.empty(0, dtype=np.int64)


def run_als(
    observations: Observations,
    rank: int | ALSOptions,
    *,
    start: str | np.ndarray = "gaussian",
    seed: int = 0,
    hidden: Observations | None = None,
    truth: Factors | None = None,
    **options: Any,
) -> ALSTrace:
    """Complete a matrix by alternating least squares and record the whole run.

    observations: the observed entries of A, m x n.
    rank, options: the fields of `ALSOptions` (ridge, ridge_per_entry, max_sweeps, rtol), or the record itself in the
    place of the rank.
    start: a name in `STARTS`, or Y_0 itself, (n, k).
    seed: seed of the start, at least 0; the data and the mask have their own.
    hidden: entries that the run must not see, only to measure the error on them.
    truth: factors of the true matrix, only to measure the distance to it.

    Raises InputError when a setting is out of its bounds, or a trace that long, 8 (m + n) k bytes a sweep, would not
    fit into memory (`iterate_als` keeps nothing).
    """
    options = options_of(ALSOptions, rank, options)
    return finish(run_als_in_slices(observations, options, start=start, seed=seed, hidden=hidden, truth=truth))


def run_als_in_slices(
    observations: Observations,
    rank: int | ALSOptions,
    *,
    start: str | np.ndarray = "gaussian",
    seed: int = 0,
    hidden: Observations | None = None,
    truth: Factors | None = None,
    **options: Any,
) -> Slices[ALSTrace]:
    """The work of `run_als` in slices of time: yields (s, max_sweeps) after every half step, returns the trace."""
    began = perf_counter()
    options = options_of(ALSOptions, rank, options)
    steps = iterate_als(observations, options, start=start, seed=seed)
    elapsed = perf_counter() - began
    kept = sum(observations.shape) * options.rank * (options.max_sweeps + 1)
    check_fits(kept, f"{options.max_sweeps} sweeps", "iterate_als")
    check_comparisons(observations, hidden, truth)

    history, figures, stop_reason = [], [], None
    while stop_reason is None:
        began = perf_counter()
        step = next(steps)
        elapsed += perf_counter() - began
        stop_reason = step.stop_reason
        figures.append((step.objective, step.rmse_observed, *comparisons(step, hidden, truth), elapsed))
        history.append(step)
        yield len(history) // 2, options.max_sweeps
        if not all(map(isfinite, figures[-1])):
            stop_reason = StopReason.DIVERGED
            del history[-1 - len(history) % 2 :]  # the whole sweep, with its first half step
    objectives, rmse_observed, rmse_hidden, distances, seconds = map(read_only, np.array(figures[: len(history)]).T)
    lefts = read_only(np.stack([history[0].left, *(step.left for step in history[1::2])]))
    rights = read_only(np.stack([step.right for step in history[0::2]]))
    return ALSTrace(
        objectives=objectives,
        rmse_observed=rmse_observed,
        rmse_hidden=rmse_hidden if hidden is not None else None,
        distances=distances if truth is not None else None,
        seconds=seconds,
        final=Factors(lefts[-1], rights[-1]),
        stop_reason=stop_reason,
        half_objectives=objectives,
        half_rmse_observed=rmse_observed,
        found=tuple({"singular": step.singular} for step in history),
        lefts=lefts,
        rights=rights,
        singular_rows=_ever_singular(history[1::2]),
        singular_cols=_ever_singular(history[2::2]),
    )


def iterate_als(
    observations: Observations,
    rank: int | ALSOptions,
    *,
    start: str | np.ndarray = "gaussian",
    seed: int = 0,
    **options: Any,
) -> Iterator[HalfStep]:
    """The half steps of `run_als`, one at a time, and none is kept: the start, then X and Y in turn.

    It is the way to run very large problems: the memory is some 60 bytes an observed entry, and some of the size of
    the factors, however many sweeps there are. Ten million entries take less than a gigabyte:

        for step in iterate_als(observations, 10, ridge=5.0, max_sweeps=20):
            print(step.objective, step.rmse_observed)
        factors = Factors(step.left, step.right)

    The last one has a stop reason. The settings are checked at once, before the first is asked for. When the
    numbers overflow, the last half step is not finite.
    """
    check_observations(observations)
    options = options_of(ALSOptions, rank, options)
    check_rank(options.rank, observations.shape)
    right = starting_right(observations, options.rank, start, seed)
    return _alternate(observations, right, alternation(observations, options), options)


def _alternate(
    observations: Observations, right: np.ndarray, problems: Alternation, options: ALSOptions
) -> Iterator[HalfStep]:
    left = np.zeros((observations.shape[0], right.shape[1]))

    @np.errstate(over="ignore", invalid="ignore")
    def state(squared_error: float, singular: np.ndarray) -> HalfStep:
        penalty = np.vdot(left, problems.row_ridges[:, None] * left)
        penalty += np.vdot(right, problems.col_ridges[:, None] * right)
        return HalfStep(
            left=read_only(left),
            right=read_only(right),
            objective=float(squared_error + penalty) / 2,
            rmse_observed=float(np.sqrt(squared_error / observations.count)),
            singular=singular,
        )

    squared_values = float(np.vdot(observations.values, observations.values))
    step = state(squared_values, _NONE)
    yield replace(step, stop_reason=StopReason.MAX_ITER if options.max_sweeps == 0 else None)

    for sweep in range(1, options.max_sweeps + 1):
        before = step.objective
        left, squared_error, singular = problems.solve_left(left, right)
        yield state(squared_error, singular)
        right, squared_error, singular = problems.solve_right(left, right)
        step = state(squared_error, singular)

        stop_reason = verdict(before, step.objective, squared_values / 2, options.rtol)
        if stop_reason is None and sweep == options.max_sweeps:
            stop_reason = StopReason.MAX_ITER
        yield replace(step, stop_reason=stop_reason)
        if stop_reason is not None:
            return


def _ever_singular(half_steps: list[HalfStep]) -> np.ndarray:
    return read_only(np.unique(np.concatenate([_NONE, *(step.singular for step in half_steps)])))
