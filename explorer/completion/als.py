"""Alternating least squares: fix Y and solve for X, fix X and solve for Y, repeat (Lecture 19).

The objective, for the observed set Omega and the ridge lambda, is

    f(X, Y) = 1/2 |P_Omega(A - X Y^T)|_F^2 + lambda/2 (|X|_F^2 + |Y|_F^2).

With one factor fixed it falls apart into small least squares problems, one for each row of the other, so
every half step is solved exactly and f never rises. Only observed entries are read, and no m x n matrix is
formed. With a ridge for each entry the penalty is lambda/2 (sum_i n_i |x_i|^2 + sum_j n_j |y_j|^2) instead, with
n_i and n_j the numbers of observed entries of row i and column j (Zhou, Wilkinson, Schreiber and Pan, 2008).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isfinite
from time import perf_counter

import numpy as np

from explorer.completion.checks import (
    MAX_RANK,
    check_choice,
    check_comparisons,
    check_flag,
    check_observations,
    check_ridge,
    check_rtol,
    check_seed,
    check_whole,
)
from explorer.completion.engine.row_blocks import Block, DenseBlock, col_blocks, row_blocks
from explorer.completion.factors import Factors, distance, rmse
from explorer.completion.half_step import solve_factor
from explorer.completion.observations import MAX_MAGNITUDE, Observations
from explorer.completion.starts import STARTS
from explorer.completion.stopping import verdict
from explorer.completion.trace import CompletionTrace
from explorer.errors import InputError
from explorer.slices import Slices, finish
from explorer.stop_reason import StopReason

MAX_SWEEPS = 10_000
# The most numbers a whole trace may hold, 2 GB.
MAX_TRACE_NUMBERS = 250_000_000


@dataclass(frozen=True, eq=False)
class HalfStep:
    """The state of a run after half step h: h = 0 is the start, X was solved at odd h, Y at even h.

    left, right: X (m, k) and Y (n, k), as they stand now, read-only.
    objective: f(X, Y).
    rmse_observed: root mean square error on the observed entries, in the unit of the values.
    singular: indices of the rows of the factor just solved whose problem had no unique solution.
    stop_reason: why the run ends here, or None if it goes on.
    """

    left: np.ndarray
    right: np.ndarray
    objective: float
    rmse_observed: float
    singular: np.ndarray
    stop_reason: StopReason | None = None


@dataclass(frozen=True, eq=False, repr=False)
class ALSTrace(CompletionTrace):
    """A whole run of S sweeps: every factor, and every figure at each of the 2S + 1 half steps.

    Half step 0 is the start (X_0 = 0, Y_0); at half step 2s - 1 X_s has just been solved, at 2s Y_s. The steps of
    `CompletionTrace` are half steps here, T = 2S. It never ends as degenerate: also a singular problem has a
    defined solution, the shortest one, and its row or column is listed below.

    lefts: (S + 1, m, k) X_0 = 0, X_1, ..., X_S.
    rights: (S + 1, n, k) Y_0, ..., Y_S.
    singular_rows, singular_cols: sorted indices of the rows and columns of the matrix that in some sweep
    had no unique solution. Empty when ridge > 0, except for those without entries where the ridge is
    one for each entry.

    A sweep whose numbers overflow is left out, and the run ends as diverged before it.
    """

    lefts: np.ndarray
    rights: np.ndarray
    singular_rows: np.ndarray
    singular_cols: np.ndarray

    @property
    def n_sweeps(self) -> int:
        """The number S of sweeps; a sweep solves X, then Y."""
        return len(self.lefts) - 1

    def factors(self, h: int) -> Factors:
        """X and Y as they stood after half step h, 0..2S."""
        if not 0 <= h <= 2 * self.n_sweeps:
            raise InputError(f"This run has the half steps 0 to {2 * self.n_sweeps}, so there is no {h}.")
        return Factors(self.lefts[(h + 1) // 2], self.rights[h // 2])


def run_als(
    observations: Observations,
    rank: int,
    *,
    ridge: float = 0.01,
    ridge_per_entry: bool = False,
    start: str | np.ndarray = "gaussian",
    seed: int = 0,
    max_sweeps: int = 100,
    rtol: float = 1e-5,
    hidden: Observations | None = None,
    truth: Factors | None = None,
) -> ALSTrace:
    """Complete a matrix by alternating least squares and record the whole run.

    observations: the observed entries of A, m x n.
    rank: k, 1..min(m, n) and at most 100.
    ridge: lambda >= 0, in the unit of the values. With 0, a problem without a unique solution gets its
    shortest one, and is reported.
    ridge_per_entry: whether a row or column is penalised once for each of its observed entries, rather than
    once. Those without entries then have no penalty; the shortest solution, which they get, is zero.
    start: a name in `STARTS`, or Y_0 itself, (n, k).
    seed: seed of the start, >= 0; the data and the mask have their own.
    max_sweeps: 0..10 000.
    rtol: in [0, 1); the run has converged when a whole sweep lowers f by less than this share of
    1/2 |P_Omega(A)|^2, which is f at X = Y = 0, or when f is zero up to rounding. Not of f itself:
    where X Y^T fits exactly, f falls towards the penalty for very long, by shares of itself that look
    large though nothing moves any more. 0 runs on to max_sweeps unless f becomes zero.
    hidden: entries that the run must not see, only to measure the error on them.
    truth: factors of the true matrix, only to measure the distance to it.

    Raises `InputError` when a setting is out of its bounds, or a trace that long would not fit into memory
    (`iterate_als` keeps nothing).
    """
    return finish(
        run_als_in_slices(
            observations,
            rank,
            ridge=ridge,
            ridge_per_entry=ridge_per_entry,
            start=start,
            seed=seed,
            max_sweeps=max_sweeps,
            rtol=rtol,
            hidden=hidden,
            truth=truth,
        )
    )


def run_als_in_slices(
    observations: Observations,
    rank: int,
    *,
    ridge: float = 0.01,
    ridge_per_entry: bool = False,
    start: str | np.ndarray = "gaussian",
    seed: int = 0,
    max_sweeps: int = 100,
    rtol: float = 1e-5,
    hidden: Observations | None = None,
    truth: Factors | None = None,
) -> Slices[ALSTrace]:
    """The work of `run_als` in slices of time: yields (s, max_sweeps) after every half step, returns the trace."""
    began = perf_counter()
    steps = iterate_als(
        observations,
        rank,
        ridge=ridge,
        ridge_per_entry=ridge_per_entry,
        start=start,
        seed=seed,
        max_sweeps=max_sweeps,
        rtol=rtol,
    )
    elapsed = perf_counter() - began
    if sum(observations.shape) * rank * (max_sweeps + 1) > MAX_TRACE_NUMBERS:
        raise InputError(
            f"{max_sweeps} sweeps of factors this large do not fit into memory: allow fewer, or use `iterate_als`, "
            "which keeps none."
        )
    check_comparisons(observations, hidden, truth)

    history, figures, stop_reason = [], [], None
    while stop_reason is None:
        began = perf_counter()
        step = next(steps)
        elapsed += perf_counter() - began
        stop_reason = step.stop_reason
        figures.append((step.objective, step.rmse_observed, *_comparisons(step, hidden, truth), elapsed))
        history.append(step)
        yield len(history) // 2, max_sweeps
        if not all(map(isfinite, figures[-1])):
            stop_reason = StopReason.DIVERGED
            del history[-1 - len(history) % 2 :]  # the whole sweep, with its first half step
    objectives, rmse_observed, rmse_hidden, distances, seconds = map(_frozen, np.array(figures[: len(history)]).T)
    lefts = _frozen(np.stack([history[0].left, *(step.left for step in history[1::2])]))
    rights = _frozen(np.stack([step.right for step in history[0::2]]))
    return ALSTrace(
        objectives=objectives,
        rmse_observed=rmse_observed,
        rmse_hidden=rmse_hidden if hidden is not None else None,
        distances=distances if truth is not None else None,
        seconds=seconds,
        final=Factors(lefts[-1], rights[-1]),
        stop_reason=stop_reason,
        lefts=lefts,
        rights=rights,
        singular_rows=_ever_singular(history[1::2]),
        singular_cols=_ever_singular(history[2::2]),
    )


def iterate_als(
    observations: Observations,
    rank: int,
    *,
    ridge: float = 0.01,
    ridge_per_entry: bool = False,
    start: str | np.ndarray = "gaussian",
    seed: int = 0,
    max_sweeps: int = 100,
    rtol: float = 1e-5,
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
    check_settings(observations.shape, rank, ridge, ridge_per_entry, max_sweeps, rtol)
    right = starting_factor(observations, rank, start, seed)
    return _alternate(observations, right, halves(observations, rank, ridge, ridge_per_entry), max_sweeps, rtol)


@dataclass(frozen=True, eq=False)
class Halves:
    """The two problems that a sweep solves in turn: the entries by rows and by columns, each with their lambdas."""

    rows: tuple[Block | DenseBlock, ...]
    cols: tuple[Block | DenseBlock, ...]
    row_ridges: np.ndarray
    col_ridges: np.ndarray

    def solve_left(self, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
        """X for a fixed Y, as `solve_factor` returns it."""
        return solve_factor(self.rows, right, left, self.row_ridges)

    def solve_right(self, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
        """Y for a fixed X."""
        return solve_factor(self.cols, left, right, self.col_ridges)


def halves(observations: Observations, rank: int, ridge: float, per_entry: bool) -> Halves:
    """What the half steps of a run need, made once."""
    return Halves(
        row_blocks(observations, rank), col_blocks(observations, rank), *ridges(observations, ridge, per_entry)
    )


def _alternate(
    observations: Observations, right: np.ndarray, problems: Halves, max_sweeps: int, rtol: float
) -> Iterator[HalfStep]:
    left = np.zeros((observations.shape[0], right.shape[1]))

    @np.errstate(over="ignore", invalid="ignore")
    def state(squared_error: float, singular: np.ndarray) -> HalfStep:
        left.setflags(write=False)
        right.setflags(write=False)
        penalty = np.vdot(left, problems.row_ridges[:, None] * left)
        penalty += np.vdot(right, problems.col_ridges[:, None] * right)
        rmse = float(np.sqrt(squared_error / observations.count))
        return HalfStep(left, right, float(squared_error + penalty) / 2, rmse, singular)

    squared_values = float(np.vdot(observations.values, observations.values))
    step = state(squared_values, _NONE)
    yield replace(step, stop_reason=StopReason.MAX_ITER if max_sweeps == 0 else None)

    for sweep in range(1, max_sweeps + 1):
        before = step.objective
        left, squared_error, singular = problems.solve_left(left, right)
        yield state(squared_error, singular)
        right, squared_error, singular = problems.solve_right(left, right)
        step = state(squared_error, singular)

        stop_reason = verdict(before, step.objective, squared_values / 2, rtol)
        if stop_reason is None and sweep == max_sweeps:
            stop_reason = StopReason.MAX_ITER
        yield replace(step, stop_reason=stop_reason)
        if stop_reason is not None:
            return


def ridges(observations: Observations, ridge: float, per_entry: bool) -> tuple[np.ndarray, np.ndarray]:
    """The lambda of every row (m,) and of every column (n,)."""
    m, n = observations.shape
    if not per_entry:
        return np.full(m, float(ridge)), np.full(n, float(ridge))
    return ridge * np.bincount(observations.rows, minlength=m), ridge * np.bincount(observations.cols, minlength=n)


def check_settings(
    shape: tuple[int, int], rank: int, ridge: float, ridge_per_entry: bool, max_sweeps: int, rtol: float
) -> None:
    """Raises `InputError` for a setting that `run_als` says is out of its bounds."""
    check_whole("The rank", rank, 1, min(*shape, MAX_RANK))
    check_ridge(ridge)
    check_flag("Whether the ridge is one per entry", ridge_per_entry)
    check_whole("The sweeps", max_sweeps, 0, MAX_SWEEPS)
    check_rtol(rtol)


def starting_factor(observations: Observations, rank: int, start: str | np.ndarray, seed: int) -> np.ndarray:
    """Y_0, (n, k): by a name in `STARTS`, or as it is given. Raises `InputError` when it does not fit."""
    check_seed(seed)
    if isinstance(start, str):
        check_choice("start", start, STARTS)
        return STARTS[start].make(observations, rank, np.random.default_rng(seed))
    try:
        right = np.array(start, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("A start must be the name of one, or a table of numbers Y_0.") from None
    if right.shape != (observations.shape[1], rank):
        raise InputError(
            f"A start Y_0 must have {observations.shape[1]} rows, one for each column of the matrix, and "
            f"{rank} columns, but its shape is {right.shape}."
        )
    if not (np.abs(right) <= MAX_MAGNITUDE).all():
        raise InputError(f"A start Y_0 must be finite, and at most {MAX_MAGNITUDE:g} in magnitude.")
    return right


@np.errstate(over="ignore", invalid="ignore")
def _comparisons(step: HalfStep, hidden: Observations | None, truth: Factors | None) -> tuple[float, float]:
    """The error on the hidden entries and the distance to the truth; 0 where there is none, inf on overflow."""
    if hidden is None and truth is None:
        return 0.0, 0.0
    if not (np.isfinite(step.left).all() and np.isfinite(step.right).all()):
        return np.inf, np.inf
    factors = Factors(step.left, step.right)
    return (
        rmse(factors, hidden) if hidden is not None else 0.0,
        distance(factors, truth) if truth is not None else 0.0,
    )


def _ever_singular(half_steps: list[HalfStep]) -> np.ndarray:
    return _frozen(np.unique(np.concatenate([_NONE, *(step.singular for step in half_steps)])))


def _frozen(numbers: np.ndarray | list[float]) -> np.ndarray:
    array = np.asarray(numbers)
    array.setflags(write=False)
    return array


_NONE = np.empty(0, dtype=np.int64)
