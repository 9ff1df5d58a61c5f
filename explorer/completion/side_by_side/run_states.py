"""What many runs of alternating least squares are asked for, where each stands, and how the reference makes one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from explorer.completion.als import iterate_als
from explorer.completion.factors import Factors, rmse
from explorer.completion.half_step import ridges
from explorer.completion.observations import Observations
from explorer.completion.options import ALSOptions
from explorer.stop_reason import StopReason


@dataclass(frozen=True, eq=False)
class Job:
    """What was asked for: one problem for all runs or one for each, and Y_0 of each run in `starts`, (R, n, k)."""

    problems: Observations | tuple[Observations, ...]
    comparisons: Observations | tuple[Observations, ...] | None
    starts: np.ndarray
    options: ALSOptions
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
class RunState:
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


def reference_run(job: Job, run: int) -> Iterator[RunState]:
    """One run as `run_als` makes it, with the same bits: where it stands at its start, and after every sweep."""
    steps = iterate_als(job.problem(run), job.options, start=job.starts[run])
    path, end = [], None
    for h, step in enumerate(steps):
        hidden = hidden_error(step.left, step.right, job.hidden(run)) if np.isfinite(step.objective) else np.inf
        if not np.isfinite(hidden):  # what has overflowed is left out
            yield replace(end, stop_reason=StopReason.DIVERGED)
            return
        if h % 2 == 0:
            path.append(step.objective)
            end = RunState(
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


def state_at_start(job: Job, run: int) -> RunState:
    """A run that has not begun: X = 0 and Y_0."""
    problem, objective = job.problem(run), objective_at_start(job, run)
    left = np.zeros((problem.shape[0], job.options.rank))
    hidden = hidden_error(left, job.starts[run], job.hidden(run))
    error = float(np.sqrt(np.mean(problem.values**2)))
    path = np.array([objective]) if job.paths else None
    return RunState(run, left, job.starts[run], objective, error, hidden, 0, None, path)


def objective_at_start(job: Job, run: int) -> float:
    """f at X = 0 and Y_0."""
    problem, right = job.problem(run), job.starts[run]
    _, col_ridges = ridges(problem, job.options)
    return float(np.vdot(problem.values, problem.values) + np.vdot(right, col_ridges[:, None] * right)) / 2


def hidden_error(left: np.ndarray, right: np.ndarray, hidden: Observations | None) -> float:
    """The error on the hidden entries; 0 where none are given, and inf where the factors are not finite."""
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        return np.inf
    return rmse(Factors(left, right), hidden) if hidden is not None else 0.0
