"""What many runs of alternating least squares are asked for, how each ended, and how one is made by itself."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from explorer.completion.als import iterate_als, ridges
from explorer.completion.factors import Factors, rmse
from explorer.completion.observations import Observations
from explorer.stop_reason import StopReason


@dataclass(frozen=True, eq=False)
class Job:
    """What was asked for: one problem for all runs or one for each, and Y_0 of each run in `starts`, (R, n, k)."""

    problems: Observations | tuple[Observations, ...]
    comparisons: Observations | tuple[Observations, ...] | None
    starts: np.ndarray
    rank: int
    ridge: float
    ridge_per_entry: bool
    max_sweeps: int
    rtol: float
    paths: bool

    @property
    def n_runs(self) -> int:
        return len(self.starts)

    @property
    def shape(self) -> tuple[int, int]:
        return self.problem(0).shape

    @property
    def one_for_all(self) -> bool:
        """Whether all runs have the same problem."""
        return isinstance(self.problems, Observations)

    def problem(self, run: int) -> Observations:
        return self.problems if self.one_for_all else self.problems[run]

    def hidden(self, run: int) -> Observations | None:
        return self.comparisons[run] if isinstance(self.comparisons, tuple) else self.comparisons


@dataclass(frozen=True, eq=False)
class End:
    """Where a run stands: its row of `ManyALSRuns`. The hidden error is 0 where nothing is hidden."""

    run: int
    left: np.ndarray
    right: np.ndarray
    objective: float
    rmse_observed: float
    rmse_hidden: float
    n_sweeps: int
    stop_reason: StopReason | None
    path: np.ndarray | None


def by_itself(job: Job, run: int, max_sweeps: int) -> Iterator[End]:
    """One run as `run_als` makes it, with the same bits: where it stands at its start, and after every sweep."""
    steps = iterate_als(
        job.problem(run),
        job.rank,
        ridge=job.ridge,
        ridge_per_entry=job.ridge_per_entry,
        start=job.starts[run],
        max_sweeps=max_sweeps,
        rtol=job.rtol,
    )
    path, end = [], None
    for h, step in enumerate(steps):
        hidden = hidden_error(step.left, step.right, job.hidden(run)) if np.isfinite(step.objective) else np.inf
        if not np.isfinite(hidden):  # what has overflowed is left out
            yield replace(end, stop_reason=StopReason.DIVERGED)
            return
        if h % 2 == 0:
            path.append(step.objective)
            end = End(
                run,
                step.left,
                step.right,
                step.objective,
                step.rmse_observed,
                hidden,
                h // 2,
                step.stop_reason,
                np.array(path) if job.paths else None,
            )
            yield end


def at_start(job: Job, run: int) -> End:
    """A run that has not begun: X = 0 and Y_0."""
    problem, objective = job.problem(run), objective_at_start(job, run)
    left = np.zeros((problem.shape[0], job.rank))
    hidden = hidden_error(left, job.starts[run], job.hidden(run))
    error = float(np.sqrt(np.mean(problem.values**2)))
    path = np.array([objective]) if job.paths else None
    return End(run, left, job.starts[run], objective, error, hidden, 0, None, path)


def objective_at_start(job: Job, run: int) -> float:
    """f at X = 0 and Y_0."""
    problem, right = job.problem(run), job.starts[run]
    _, col_ridges = ridges(problem, job.ridge, job.ridge_per_entry)
    return float(np.vdot(problem.values, problem.values) + np.vdot(right, col_ridges[:, None] * right)) / 2


def hidden_error(left: np.ndarray, right: np.ndarray, hidden: Observations | None) -> float:
    """The error on the hidden entries; 0 where none are given, and inf where the factors are not finite."""
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        return np.inf
    return rmse(Factors(left, right), hidden) if hidden is not None else 0.0
