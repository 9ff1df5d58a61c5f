"""The record of a run, the same for every solver, so that they can be compared by steps and by seconds."""

from collections.abc import Iterable
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from explorer.completion.factors import Factors, distance, rmse
from explorer.completion.observations import Observations
from explorer.stop_reason import StopReason


@dataclass(frozen=True, eq=False, repr=False)
class CompletionTrace:
    """A run of T steps of any solver. Index 0 of every array is the start, index t the state after step t.

    objectives: (T + 1,) what the solver minimises.
    rmse_observed: (T + 1,) root mean square error on the observed entries, in the unit of the values.
    rmse_hidden: (T + 1,) the same on the hidden entries, or None when none were given.
    distances: (T + 1,) |A - X Y^T|_F to the true matrix, all entries, or None when it was not given.
    seconds: (T + 1,) time from the beginning of the run, without the time that this record's own figures took.
    final: the factors after the last step.
    stop_reason: why the run ended: converged, max_iter or diverged.

    The arrays are read-only, and all their numbers are finite.
    """

    objectives: np.ndarray
    rmse_observed: np.ndarray
    rmse_hidden: np.ndarray | None
    distances: np.ndarray | None
    seconds: np.ndarray
    final: Factors
    stop_reason: StopReason

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


@dataclass(frozen=True, eq=False)
class Iterate:
    """The state of a run after step t; t = 0 is the start.

    left, right: X (m, k) and Y (n, k). Belong to the solver, which does not change them any more.
    objective: what the solver minimises.
    rmse_observed: root mean square error on the observed entries, in the unit of the values.
    stop_reason: why the run ends here, or None if it goes on.
    """

    left: np.ndarray
    right: np.ndarray
    objective: float
    rmse_observed: float
    stop_reason: StopReason | None = None


def record(iterates: Iterable[Iterate], hidden: Observations | None, truth: Factors | None) -> CompletionTrace:
    """Run a solver to its end and keep its figures; of the factors only the last ones.

    An iterate with numbers that are not finite, or too large to be compared with `hidden` and `truth`, is left
    out, and the run has diverged before it. The start is finite.
    """
    iterates = iter(iterates)
    figures, seconds = [], []
    elapsed = 0.0
    while True:
        began = perf_counter()
        iterate = next(iterates)
        elapsed += perf_counter() - began
        factors, numbers = _figures(iterate, hidden, truth)
        if factors is None:
            stop_reason = StopReason.DIVERGED
            break
        figures.append(numbers)
        seconds.append(elapsed)
        final, stop_reason = factors, iterate.stop_reason
        if stop_reason is not None:
            break
    objectives, rmse_observed, rmse_hidden, distances = (read_only(column) for column in zip(*figures, strict=True))
    return CompletionTrace(
        objectives=objectives,
        rmse_observed=rmse_observed,
        rmse_hidden=rmse_hidden if hidden is not None else None,
        distances=distances if truth is not None else None,
        seconds=read_only(seconds),
        final=final,
        stop_reason=stop_reason,
    )


@np.errstate(over="ignore", invalid="ignore")
def _figures(
    iterate: Iterate, hidden: Observations | None, truth: Factors | None
) -> tuple[Factors | None, tuple[float, float, float, float]]:
    """The factors, and their figures; None for factors when a number is not finite."""
    numbers = (iterate.objective, iterate.rmse_observed, 0.0, 0.0)
    if not (np.isfinite(numbers).all() and np.isfinite(iterate.left).all() and np.isfinite(iterate.right).all()):
        return None, numbers
    factors = Factors(iterate.left, iterate.right)
    numbers = (
        *numbers[:2],
        rmse(factors, hidden) if hidden is not None else 0.0,
        distance(factors, truth) if truth is not None else 0.0,
    )
    return (factors if np.isfinite(numbers).all() else None), numbers


def read_only(numbers: Iterable[float]) -> np.ndarray:
    """The numbers as a flat array that cannot be changed."""
    array = np.array(list(numbers), dtype=np.float64)
    array.setflags(write=False)
    return array
