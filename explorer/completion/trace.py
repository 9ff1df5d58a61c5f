"""The record of a run, the same for every solver: compared by steps and seconds, played by half steps.

A step of any solver is two moves: ALS solves for X, then for Y; Frank-Wolfe finds a direction, then goes there. Half
step h = 2t - 1 is the state after the first move of step t, h = 2t the one after the second, and h = 0 is the start.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from math import isfinite
from time import perf_counter
from typing import Any

import numpy as np

from explorer.checks import read_only
from explorer.completion.factors import Factors, distance, rmse
from explorer.completion.observations import Observations
from explorer.errors import InputError
from explorer.stop_reason import StopReason

# The most numbers that a trace may hold, 2 GB.
MAX_TRACE_NUMBERS = 250_000_000

# Columns that are kept of factors whose number of columns changes: as many as a player shows at most.
SHOWN_COLUMNS = 10


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CompletionTrace:
    """A run of T steps of any solver. Index 0 of every array is the start, index t the state after step t.

    objectives: (T + 1,) what the solver minimises.
    rmse_observed: (T + 1,) root mean square error on the observed entries, in the unit of the values.
    rmse_hidden: (T + 1,) the same on the hidden entries, or None when none were given.
    distances: (T + 1,) |A - X Y^T|_F to the true matrix, all entries, or None when it was not given.
    seconds: (T + 1,) time from the beginning of the run, without the time that this record's own figures took.
    final: the factors after the last step.
    stop_reason: why the run ended: converged, max_iter or diverged.
    half_objectives, half_rmse_observed: the same figures at the H + 1 half steps.
    found: what the move before each half step found, by name, beside new factors: a step size, singular values.
    kept: X and Y at each half step, as `factors` gives them; the same array where a move leaves it as it was.
    whole: whether these are all of X Y^T, and not its leading columns.

    The arrays are read-only, and all their numbers are finite. What is kept takes 8 (m + n) k bytes a step, and twice
    that where both moves change both factors; where factors have no fixed number of columns, k is `SHOWN_COLUMNS`. The
    `run_` functions refuse to begin what could take more than 2 GB, and the `iterate_` functions keep nothing.
    """

    objectives: np.ndarray
    rmse_observed: np.ndarray
    rmse_hidden: np.ndarray | None
    distances: np.ndarray | None
    seconds: np.ndarray
    final: Factors
    stop_reason: StopReason
    half_objectives: np.ndarray
    half_rmse_observed: np.ndarray
    found: tuple[Mapping[str, Any], ...]
    kept: tuple[tuple[np.ndarray, np.ndarray], ...] = ()
    whole: bool = True

    def __repr__(self) -> str:
        shape = f"{len(self.final.left)}x{len(self.final.right)}, rank {self.final.rank}"
        return (
            f"{type(self).__name__}({shape}, {self.n_steps} steps, objective {self.objectives[-1]:.6g}, "
            f"{self.stop_reason})"
        )

    @property
    def n_steps(self) -> int:
        """The number T of steps; of ALS, half steps."""
        return len(self.objectives) - 1

    @property
    def n_half_steps(self) -> int:
        """The number H of half steps, two for each step of the solver."""
        return len(self.half_objectives) - 1

    def factors(self, h: int) -> Factors:
        """X and Y as they stood after half step h, 0..H; the leading columns where they have no fixed number of them.

        Raises InputError when there is no such half step.
        """
        if not 0 <= h <= self.n_half_steps:
            raise InputError(f"This run has the half steps 0 to {self.n_half_steps}, so there is no {h}.")
        return Factors(*self.arrays_at(h))

    def arrays_at(self, h: int) -> tuple[np.ndarray, np.ndarray]:
        """The arrays of `factors`, unchecked; a trace that keeps something else makes them of that."""
        return self.kept[h]

    def all_arrays(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """`arrays_at` every half step from the start on, in one go."""
        return (self.arrays_at(h) for h in range(self.n_half_steps + 1))

    def half_rmse_hidden(self, hidden: Observations) -> np.ndarray:
        """(H + 1,) the error on the hidden entries of the run at every half step.

        After first moves it is measured here, when it is asked for: a comparison by steps does without. Where only
        leading columns are kept, a first move touches nothing but what is observed, if anything.
        """
        errors = np.repeat(self.rmse_hidden, 2)[:-1]
        for h in range(1, len(errors) if self.whole else 0, 2):
            errors[h] = rmse(self.factors(h), hidden)
        return errors


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ALSTrace(CompletionTrace):
    """A whole run of S sweeps: every factor, and every figure at each of the 2S + 1 half steps.

    Half step 0 is the start (X_0 = 0, Y_0); at half step 2s - 1 X_s has just been solved, at 2s Y_s. The steps of
    `CompletionTrace` are half steps here, T = H = 2S. It never ends as degenerate: also a singular problem has a
    defined solution, the shortest one, and its row or column is listed below.

    lefts: (S + 1, m, k) X_0 = 0, X_1, ..., X_S.
    rights: (S + 1, n, k) Y_0, ..., Y_S.
    singular_rows, singular_cols: sorted indices of the rows and columns of the matrix that in some sweep had no unique
    solution. Empty when ridge > 0, except for those without entries where the ridge is one for each entry.

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

    def arrays_at(self, h: int) -> tuple[np.ndarray, np.ndarray]:
        return self.lefts[(h + 1) // 2], self.rights[h // 2]

    def half_rmse_hidden(self, hidden: Observations) -> np.ndarray:
        return self.rmse_hidden


@dataclass(frozen=True, eq=False)
class Iterate:
    """The state of a run after step t; t = 0 is the start.

    left, right: X (m, k) and Y (n, k). Belong to the solver, which does not change them any more.
    objective: what the solver minimises.
    rmse_observed: root mean square error on the observed entries, in the unit of the values.
    stop_reason: why the run ends here, or None if it goes on.
    found: what the second move of the step found beside new factors.
    midway: the state after the first move of the step; None at the start, and where that move changes nothing.
    """

    left: np.ndarray
    right: np.ndarray
    objective: float
    rmse_observed: float
    stop_reason: StopReason | None = None
    found: Mapping[str, Any] = field(default_factory=dict)
    midway: "Iterate | None" = None


@dataclass(frozen=True, eq=False)
class HalfStep(Iterate):
    """The state of a run of ALS after half step h: h = 0 is the start, X was solved at odd h, Y at even h.

    singular: indices of the rows of the factor just solved whose problem had no unique solution.
    """

    singular: np.ndarray = field(kw_only=True)


Keep = Callable[[Iterate], tuple[np.ndarray, np.ndarray] | None]


def all_columns(iterate: Iterate) -> tuple[np.ndarray, np.ndarray]:
    """X and Y as they are."""
    return read_only(iterate.left), read_only(iterate.right)


def leading_columns(iterate: Iterate) -> tuple[np.ndarray, np.ndarray]:
    """The first `SHOWN_COLUMNS` of X and Y, where columns come from a singular value decomposition."""
    left, right = (factor[:, :SHOWN_COLUMNS].copy() for factor in (iterate.left, iterate.right))
    return read_only(left), read_only(right)


def no_columns(iterate: Iterate) -> None:
    """Nothing, where a trace can make its factors from what the moves found."""


def record(
    iterates: Iterable[Iterate], hidden: Observations | None, truth: Factors | None, keep: Keep = all_columns
) -> CompletionTrace:
    """Run a solver to its end and keep its figures, and of the factors at every half step what `keep` says.

    An iterate with numbers that are not finite, or too large to be compared with `hidden` and `truth`, is left
    out with its first move, and the run has diverged before it. The start is finite.
    """
    iterates = iter(iterates)
    figures, halves, moves, seconds = [], [], [], []
    last, elapsed = None, 0.0
    while True:
        began = perf_counter()
        iterate = next(iterates)
        elapsed += perf_counter() - began
        numbers = _figures(iterate, hidden, truth)
        step = [iterate] if last is None else [iterate.midway or replace(last, found={}), iterate]
        half_numbers = [(move.objective, move.rmse_observed) for move in step]
        if not all(map(isfinite, chain(numbers, *half_numbers))):
            stop_reason = StopReason.DIVERGED
            break
        figures.append(numbers)
        halves += half_numbers
        moves += [(move.found, keep(move)) for move in step]
        seconds.append(elapsed)
        last, stop_reason = iterate, iterate.stop_reason
        if stop_reason is not None:
            break
    objectives, rmse_observed, rmse_hidden, distances = (read_only(column.copy()) for column in np.array(figures).T)
    half_objectives, half_rmse_observed = (read_only(column.copy()) for column in np.array(halves).T)
    found, kept = zip(*moves, strict=True)
    return CompletionTrace(
        objectives=objectives,
        rmse_observed=rmse_observed,
        rmse_hidden=rmse_hidden if hidden is not None else None,
        distances=distances if truth is not None else None,
        seconds=read_only(np.array(seconds)),
        final=Factors(last.left, last.right),
        stop_reason=stop_reason,
        half_objectives=half_objectives,
        half_rmse_observed=half_rmse_observed,
        found=found,
        kept=() if keep is no_columns else kept,
        whole=keep is all_columns,
    )


def _figures(iterate: Iterate, hidden: Observations | None, truth: Factors | None) -> tuple[float, float, float, float]:
    """Objective, errors on observed and on hidden entries, distance to the truth; not finite where the factors are."""
    if hidden is None and truth is None and not _is_finite(iterate):
        return np.inf, np.inf, np.inf, np.inf
    return iterate.objective, iterate.rmse_observed, *comparisons(iterate, hidden, truth)


@np.errstate(over="ignore", invalid="ignore")
def comparisons(iterate: Iterate, hidden: Observations | None, truth: Factors | None) -> tuple[float, float]:
    """The error on the hidden entries and the distance to the truth; 0 where there is none, inf on overflow."""
    if hidden is None and truth is None:
        return 0.0, 0.0
    if not _is_finite(iterate):
        return np.inf, np.inf
    factors = Factors(iterate.left, iterate.right)
    return (
        rmse(factors, hidden) if hidden is not None else 0.0,
        distance(factors, truth) if truth is not None else 0.0,
    )


def _is_finite(iterate: Iterate) -> bool:
    return bool(np.isfinite(iterate.left).all() and np.isfinite(iterate.right).all())


def check_fits(numbers: int, steps: str, keeps_none: str) -> None:
    """Raises InputError when a trace may come to hold more than `MAX_TRACE_NUMBERS`."""
    if numbers > MAX_TRACE_NUMBERS:
        raise InputError(
            f"{steps} of factors this large do not fit into memory: allow fewer, or use `{keeps_none}`, "
            "which keeps none."
        )
