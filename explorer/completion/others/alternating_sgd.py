"""Alternating least squares whose half steps are solved by stochastic gradient (the exercise of Lecture 19).

With Y fixed, f is a sum of least squares problems, one for each row of X, and a stochastic gradient step of
size s on one observed entry is x_i <- x_i + s (e y_j - lambda/n_i x_i), with e = a_ij - x_i . y_j. Some epochs
of such steps stand in for the exact solution; then the same for Y with X fixed. Only entries are read, one at
a time: neither a row's k x k system nor an m x n matrix is ever formed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.checks import check_whole_number
from explorer.completion.checks import check_comparisons, check_observations
from explorer.completion.engine.matchings import one_a_row
from explorer.completion.factors import Factors
from explorer.completion.observations import Observations, transposed
from explorer.completion.options import options_of
from explorer.completion.others.sgd import (
    SCHEDULES,
    EntryBlocks,
    check_stochastic,
    entry_blocks,
    state,
    without_entries_zero,
)
from explorer.completion.starts import starting_factors
from explorer.completion.stopping import until, wandering
from explorer.completion.trace import CompletionTrace, Iterate, check_fits, record

MAX_INNER_EPOCHS = 1000
MAX_SWEEPS = 100_000


@dataclass(frozen=True)
class AlternatingSGDOptions:
    """How a run of alternating minimisation with stochastic gradient inside goes.

    rank, ridge: as in `ALSOptions`.
    inner_epochs: how often a half step visits every entry, 1..1000.
    step: the step size s > 0 of the first inner epoch, in one over the unit of the values. None takes one over the
    largest curvature of a single entry, max_j |y_j|^2 + lambda / n_i, at every half step.
    schedule: a name in `SCHEDULES`, of the step size within a half step.
    max_sweeps: 0..100 000.
    rtol: in [0, 1); the run has converged when a sweep changes f by less than this share of 1/2 |P_Omega(A)|^2 (of f at
    the start where that is 0), or when f is zero up to rounding.
    """

    rank: int
    ridge: float = 0.01
    inner_epochs: int = 10
    step: float | None = None
    schedule: str = "inverse-sqrt"
    max_sweeps: int = 100
    rtol: float = 1e-5

    def __post_init__(self) -> None:
        check_stochastic(self.rank, self.ridge, self.step, self.schedule, self.rtol)
        check_whole_number("The number of inner epochs", self.inner_epochs, 1, MAX_INNER_EPOCHS)
        check_whole_number("The number of sweeps", self.max_sweeps, 0, MAX_SWEEPS)


def run_alternating_sgd(
    observations: Observations,
    rank: int | AlternatingSGDOptions,
    *,
    start: str | Factors = "gaussian",
    seed: int = 0,
    hidden: Observations | None = None,
    truth: Factors | None = None,
    **options: Any,
) -> CompletionTrace:
    """Complete a matrix by alternating minimisation with stochastic gradient inside.

    A step of the trace is a sweep: some epochs on X, then as many on Y. The more inner epochs, the nearer a
    half step is to that of ALS, if the schedule lets the noise die out. Rows and columns without an entry are
    zero from the start.

    observations: the observed entries of A, m x n.
    rank, options: the fields of `AlternatingSGDOptions`, or the record itself in the place of the rank.
    start: a name in `FACTOR_STARTS`, or X_0 and Y_0 themselves.
    seed: seed of the start and of the order of the entries, at least 0.
    hidden: entries that the run must not see, only to measure the error on them.
    truth: the factors of the true matrix, only to measure the distance to it.

    The run has diverged when f is no longer finite, or ten times what it was at the start, and at zero. Raises
    InputError when a setting is out of its bounds, or a trace that long, 8 (m + n) k bytes a sweep, would not fit into
    memory.
    """
    options = options_of(AlternatingSGDOptions, rank, options)
    check_comparisons(observations, hidden, truth)
    kept = sum(observations.shape) * options.rank * (options.max_sweeps + 1)
    check_fits(kept, f"{options.max_sweeps} sweeps", "iterate_alternating_sgd")
    return record(iterate_alternating_sgd(observations, options, start=start, seed=seed), hidden, truth)


def iterate_alternating_sgd(
    observations: Observations,
    rank: int | AlternatingSGDOptions,
    *,
    start: str | Factors = "gaussian",
    seed: int = 0,
    **options: Any,
) -> Iterator[Iterate]:
    """The iterates of `run_alternating_sgd`, one a sweep, and none is kept; the settings are checked at once.

    When the numbers overflow, the last iterate is not finite.
    """
    options = options_of(AlternatingSGDOptions, rank, options)
    check_observations(observations)
    left, right = starting_factors(observations, options.rank, start, seed)
    left, right = without_entries_zero(observations, left, right)
    sweeps = _sweeps(observations, left, right, options, np.random.default_rng([seed, 1]))
    at_zero = float(np.vdot(observations.values, observations.values)) / 2
    return until(wandering(at_zero, options.rtol), options.max_sweeps, sweeps)


def _sweeps(
    observations: Observations,
    left: np.ndarray,
    right: np.ndarray,
    options: AlternatingSGDOptions,
    rng: np.random.Generator,
) -> Iterator[Iterate]:
    ridge, inner = options.ridge, (options.inner_epochs, options.step, options.schedule, rng)
    by_row = entry_blocks(observations, one_a_row(observations.rows, rng), ridge)
    mirrored = transposed(observations)
    by_col = entry_blocks(mirrored, one_a_row(mirrored.rows, rng), ridge)
    iterate = state(observations, left, right, ridge)
    while True:
        yield iterate
        left = stochastic_half_step(by_row, right, left, *inner)
        midway = state(observations, left, right, ridge)
        right = stochastic_half_step(by_col, left, right, *inner)
        iterate = state(observations, left, right, ridge, midway=midway)


@np.errstate(over="ignore", invalid="ignore")
def stochastic_half_step(
    entries: EntryBlocks,
    other: np.ndarray,
    current: np.ndarray,
    epochs: int,
    step: float | None,
    schedule: str,
    rng: np.random.Generator,
) -> np.ndarray:
    """X after some epochs of stochastic gradient from `current`, with Y = `other` fixed; swapped, Y.

    `entries` are in blocks that share no row; every epoch takes the blocks in a new order. The rest is as in
    `run_alternating_sgd`.
    """
    factor = current.copy()
    if step is None:
        curvature = float(np.max(np.sum(other**2, axis=1)[entries.cols] + entries.row_ridges))
        step = 1.0 / curvature if curvature > np.finfo(np.float64).tiny else 1.0
    for t in range(1, epochs + 1):
        size = step * SCHEDULES[schedule].factor(t)
        for b in rng.permutation(len(entries.blocks)):
            block = entries.blocks[b]
            rows = entries.rows[block]
            x, y = factor.take(rows, axis=0), other.take(entries.cols[block], axis=0)
            error = size * (entries.values[block] - np.einsum("ek,ek->e", x, y))[:, None]
            factor[rows] = x * (1.0 - size * entries.row_ridges[block])[:, None] + error * y
    return factor
