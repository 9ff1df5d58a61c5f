"""Stochastic gradient descent: one observed entry at a time, in blocks that numpy can compute at once.

The objective is a sum over observed entries: with n_i entries in row i and n_j in column j,

    f = sum_(i,j) 1/2 (a_ij - x_i . y_j)^2 + lambda/2 (|x_i|^2 / n_i + |y_j|^2 / n_j),

and a step of size s on one entry, with e = a_ij - x_i . y_j, is

    x_i <- x_i + s (e y_j - lambda/n_i x_i),    y_j <- y_j + s (e x_i - lambda/n_j y_j), with the x_i before.

Entries that share no row and no column do not feel each other: a block of them at once is the same as one
after another, in any order.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np

from explorer.checks import check_choice, check_positive, check_whole_number
from explorer.completion.checks import check_comparisons, check_observations
from explorer.completion.engine.matchings import matchings
from explorer.completion.factors import Factors, products
from explorer.completion.observations import Observations
from explorer.completion.options import check_factored, options_of
from explorer.completion.starts import root_mean_square, starting_factors
from explorer.completion.stopping import until, wandering
from explorer.completion.trace import CompletionTrace, Iterate, check_fits, record

MAX_EPOCHS = 100_000

# The default step is this share of what one entry's own curvature would allow at the start, or at the end.
CAUTION = 0.1


@dataclass(frozen=True)
class Schedule:
    """How the step size goes on from epoch to epoch.

    name: its key in `SCHEDULES` and in an address.
    label: its name on the screen.
    explanation: one sentence for the screen.
    factor: t -> what the first step size is multiplied by in epoch t = 1, 2, ...
    """

    name: str
    label: str
    explanation: str
    factor: Callable[[int], float]


# Every schedule by name.
SCHEDULES: dict[str, Schedule] = {
    schedule.name: schedule
    for schedule in (
        Schedule(
            "constant",
            "Constant",
            "Every epoch takes steps of one size; the noise of single entries never dies out.",
            lambda epoch: 1.0,
        ),
        Schedule(
            "inverse-sqrt",
            "1/√t",
            "The step size falls with the square root of the epoch.",
            lambda epoch: epoch**-0.5,
        ),
        Schedule(
            "inverse",
            "1/t",
            "The step size falls with the epoch: the noise dies out, and so may the progress.",
            lambda epoch: 1.0 / epoch,
        ),
    )
}


@dataclass(frozen=True)
class SGDOptions:
    """How a run of stochastic gradient descent goes.

    rank, ridge: as in `ALSOptions`.
    step: the step size s > 0 of the first epoch, in one over the unit of the values. None takes a tenth of one over the
    largest among the root mean square of the values and the squared lengths of the rows of X_0 and Y_0, plus lambda.
    schedule: a name in `SCHEDULES`.
    max_epochs: 0..100 000.
    rtol: in [0, 1); the run has converged when an epoch changes f by less than this share of 1/2 |P_Omega(A)|^2 (of f
    at the start where that is 0), or when f is zero up to rounding. A short step passes for convergence too, and f may
    pass through a plateau by chance.
    """

    rank: int
    ridge: float = 0.01
    step: float | None = None
    schedule: str = "inverse-sqrt"
    max_epochs: int = 200
    rtol: float = 1e-5

    def __post_init__(self) -> None:
        check_stochastic(self.rank, self.ridge, self.step, self.schedule, self.rtol)
        check_whole_number("The number of epochs", self.max_epochs, 0, MAX_EPOCHS)


def check_stochastic(rank: int, ridge: float, step: float | None, schedule: str, rtol: float) -> None:
    """What the options have in common of the solvers that take one entry at a time."""
    check_factored(rank, ridge, rtol)
    if step is not None:
        check_positive("The step size", step)
    check_choice("step schedule", schedule, SCHEDULES)


@dataclass(frozen=True, eq=False)
class EntryBlocks:
    """Observed entries block by block, with all that a step on them needs.

    rows, cols, values: (N,), the entries, one block after the other.
    row_ridges, col_ridges: (N,), lambda/n_i and lambda/n_j of each entry.
    blocks: which entries are a block.
    """

    rows: np.ndarray
    cols: np.ndarray
    values: np.ndarray
    row_ridges: np.ndarray
    col_ridges: np.ndarray
    blocks: tuple[slice, ...]


def run_sgd(
    observations: Observations,
    rank: int | SGDOptions,
    *,
    start: str | Factors = "small",
    seed: int = 0,
    hidden: Observations | None = None,
    truth: Factors | None = None,
    **options: Any,
) -> CompletionTrace:
    """Complete a matrix by stochastic gradient descent; a step of the trace is an epoch: every entry once.

    The blocks are drawn once, and every epoch takes them in a new random order. Rows and columns without an
    entry are never drawn: they are zero, as they are where f is least.

    observations: the observed entries of A, m x n.
    rank, options: the fields of `SGDOptions`, or the record itself in the place of the rank.
    start: a name in `FACTOR_STARTS`, or X_0 and Y_0 themselves.
    seed: seed of the start, of the blocks and of their order, at least 0.
    hidden: entries that the run must not see, only to measure the error on them.
    truth: the factors of the true matrix, only to measure the distance to it.

    The run has diverged when f is no longer finite, or ten times what it was at the start, and at zero. Raises
    InputError when a setting is out of its bounds, or a trace that long, 8 (m + n) k bytes an epoch, would not fit into
    memory.
    """
    options = options_of(SGDOptions, rank, options)
    check_comparisons(observations, hidden, truth)
    kept = sum(observations.shape) * options.rank * (options.max_epochs + 1)
    check_fits(kept, f"{options.max_epochs} epochs", "iterate_sgd")
    return record(iterate_sgd(observations, options, start=start, seed=seed), hidden, truth)


def iterate_sgd(
    observations: Observations,
    rank: int | SGDOptions,
    *,
    start: str | Factors = "small",
    seed: int = 0,
    **options: Any,
) -> Iterator[Iterate]:
    """The iterates of `run_sgd`, one an epoch, and none is kept; the settings are checked at once.

    When the numbers overflow, the last iterate is not finite.
    """
    options = options_of(SGDOptions, rank, options)
    check_observations(observations)
    left, right = starting_factors(observations, options.rank, start, seed)
    left, right = without_entries_zero(observations, left, right)
    epochs = _epochs(observations, left, right, options, np.random.default_rng([seed, 1]))
    at_zero = float(np.vdot(observations.values, observations.values)) / 2
    return until(wandering(at_zero, options.rtol), options.max_epochs, epochs)


def without_entries_zero(
    observations: Observations, left: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Copies of X and Y in which the rows that belong to no entry are zero."""
    m, n = observations.shape
    row_counts = np.bincount(observations.rows, minlength=m)[:, None]
    col_counts = np.bincount(observations.cols, minlength=n)[:, None]
    return np.where(row_counts > 0, left, 0.0), np.where(col_counts > 0, right, 0.0)


def entry_blocks(observations: Observations, blocks: list[np.ndarray], ridge: float) -> EntryBlocks:
    """The observations in the order of the blocks, which are arrays of indices into them."""
    order = np.concatenate(blocks)
    rows, cols = observations.rows[order], observations.cols[order]
    ends = np.cumsum([len(block) for block in blocks])
    return EntryBlocks(
        rows=rows,
        cols=cols,
        values=observations.values[order],
        row_ridges=ridge / np.bincount(rows)[rows],
        col_ridges=ridge / np.bincount(cols)[cols],
        blocks=tuple(slice(end - len(block), end) for end, block in zip(ends, blocks, strict=True)),
    )


@np.errstate(over="ignore", invalid="ignore")
def epoch(entries: EntryBlocks, left: np.ndarray, right: np.ndarray, size: float, order: np.ndarray) -> None:
    """A step of the given size on every entry, the blocks in the given order; X and Y are changed in place.

    The blocks must share no row and no column.
    """
    for b in order:
        block = entries.blocks[b]
        rows, cols = entries.rows[block], entries.cols[block]
        x, y = left.take(rows, axis=0), right.take(cols, axis=0)
        error = size * (entries.values[block] - np.einsum("ek,ek->e", x, y))[:, None]
        left[rows] = x * (1.0 - size * entries.row_ridges[block])[:, None] + error * y
        right[cols] = y * (1.0 - size * entries.col_ridges[block])[:, None] + error * x


def _epochs(
    observations: Observations, left: np.ndarray, right: np.ndarray, options: SGDOptions, rng: np.random.Generator
) -> Iterator[Iterate]:
    first = _cautious_step(observations, left, right, options.ridge) if options.step is None else options.step
    entries = entry_blocks(observations, matchings(observations, rng), options.ridge)
    iterate = state(observations, left, right, options.ridge)
    for t in count(1):
        yield iterate
        size, order = first * SCHEDULES[options.schedule].factor(t), rng.permutation(len(entries.blocks))
        drawn = replace(iterate, found={"step_size": size}, midway=None)
        left, right = left.copy(), right.copy()
        epoch(entries, left, right, size, order)
        iterate = state(observations, left, right, options.ridge, midway=drawn)


@np.errstate(over="ignore", invalid="ignore")
def state(observations: Observations, left: np.ndarray, right: np.ndarray, ridge: float, **more: Any) -> Iterate:
    """X and Y with their objective f and their error on the observed entries."""
    errors = observations.values - products(left, right, observations.rows, observations.cols)
    squared_error = float(np.vdot(errors, errors))
    penalty = ridge * (np.vdot(left, left) + np.vdot(right, right))
    rmse_observed = float(np.sqrt(squared_error / len(errors)))
    return Iterate(left, right, float(squared_error + penalty) / 2, rmse_observed, **more)


def _cautious_step(observations: Observations, left: np.ndarray, right: np.ndarray, ridge: float) -> float:
    """A step size that suits the unit of the values and does not overshoot at the start.

    One entry's curvature in x_i is |y_j|^2. At the end it is about the size of the values, since that is the
    size of x_i . y_j.
    """
    longest = max(float(np.sum(factor**2, axis=1).max()) for factor in (left, right))
    curvature = max(root_mean_square(observations.values), longest) + ridge
    return CAUTION / curvature if curvature > np.finfo(np.float64).tiny else 1.0
