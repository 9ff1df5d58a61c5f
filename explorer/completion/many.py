"""Many runs of alternating least squares at once: many starts, or many masks, of small matrices.

On a matrix of some thousand cells a single run spends its time in Python. Here the runs go side by side, and their
half steps are made for all of them at once.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.checks import as_floats, check_callbacks, check_flag, read_only
from explorer.completion.checks import check_comparisons, check_rank
from explorer.completion.factors import Factors
from explorer.completion.observations import MAX_MAGNITUDE, Observations
from explorer.completion.options import ALSOptions, options_of
from explorer.completion.side_by_side.run_states import Job, RunState, reference_run, state_at_start
from explorer.completion.side_by_side.sweeps import side_by_side
from explorer.completion.starts import starting_right
from explorer.completion.trace import MAX_TRACE_NUMBERS
from explorer.errors import InputError
from explorer.slices import Slices, finish
from explorer.stop_reason import StopReason

# Runs with more cells times rank go one at a time: there a single run keeps the processor busy.
LARGE = 1_000_000


@dataclass(frozen=True, eq=False, repr=False)
class ManyALSRuns:
    """What R runs ended with. Each is what `run_als` gives, up to rounding.

    The same run has the same bits in every call, whatever other runs are in it, in which order and how many: what a
    killed study resumes in other portions gives the same table. That holds on one machine, with one number of threads
    for BLAS, and for runs of one kind: on one problem that is given for all, or each on its own.

    lefts: (R, m, k) X of each run.
    rights: (R, n, k) Y of each run.
    objectives: (R,) f(X, Y).
    rmse_observed: (R,) root mean square error on the observed entries, in the unit of the values.
    rmse_hidden: (R,) the same on the hidden entries, or None when none were given.
    n_sweeps: (R,) int64, the sweeps of each run.
    stop_reasons: why each run ended; None for one that was cancelled, which stands where its last whole sweep
    left it, or at its start, X = 0 and Y_0.
    paths: for each run the objective at its start and after each sweep, or None when they were not asked for.

    The arrays are read-only, and all numbers are finite.
    """

    lefts: np.ndarray
    rights: np.ndarray
    objectives: np.ndarray
    rmse_observed: np.ndarray
    rmse_hidden: np.ndarray | None
    n_sweeps: np.ndarray
    stop_reasons: tuple[StopReason | None, ...]
    paths: tuple[np.ndarray, ...] | None

    def __repr__(self) -> str:
        _, m, rank = self.lefts.shape
        reasons = Counter("cut short" if reason is None else str(reason) for reason in self.stop_reasons)
        told = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        return f"ManyALSRuns({self.n_runs} runs, {m}x{self.rights.shape[1]}, rank {rank}: {told})"

    @property
    def n_runs(self) -> int:
        return len(self.objectives)

    def factors(self, run: int) -> Factors:
        """What a run ended with."""
        return Factors(self.lefts[run], self.rights[run])


def run_many_als(
    observations: Observations | Sequence[Observations],
    rank: int | ALSOptions,
    *,
    start: str | np.ndarray = "gaussian",
    seeds: Sequence[int] | None = None,
    hidden: Observations | Sequence[Observations] | None = None,
    keep_paths: bool = False,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    **options: Any,
) -> ManyALSRuns:
    """Run alternating least squares from many starts, or on many problems of one shape, all at once.

    Where the small systems of a run are ill-conditioned, or its fixed factor lacks directions, it is solved in a way
    that stands this, with the other runs like it. Half steps with singular systems, and runs that one sweep fits
    exactly, are made as `run_als` makes them, one at a time. So are all runs where the cells of the matrix times the
    rank are more than a million. A run that itself magnifies rounding, as one that leaves a saddle does, ends within
    what `run_als` answers to a start that differs in its last bits.

    observations: one problem for all runs, or one for each run.
    rank, options: the fields of `ALSOptions`, or the record itself in the place of the rank, as in `run_als`. Where
    rtol is below some 1e-13, rounding may decide in which sweep a run ends.
    start: a name in `STARTS`, or Y_0 for each run, (R, n, k).
    seeds: the seed of each run's start where the start is a name.
    hidden: entries that the runs must not see, only to measure the error on them: for all runs, or for each.
    keep_paths: whether to keep the objective of every sweep.
    progress: called between sweeps with how many runs have finished, and how many there are.
    cancelled: asked between sweeps whether to stop here and return the runs as they stand.

    Raises InputError when a setting is out of its bounds, or the results would not fit into memory.
    """
    check_callbacks(progress, cancelled)
    options = options_of(ALSOptions, rank, options)
    steps = iterate_many_als(observations, options, start=start, seeds=seeds, hidden=hidden, keep_paths=keep_paths)
    return finish(steps, progress, cancelled)


def iterate_many_als(
    observations: Observations | Sequence[Observations],
    rank: int | ALSOptions,
    *,
    start: str | np.ndarray = "gaussian",
    seeds: Sequence[int] | None = None,
    hidden: Observations | Sequence[Observations] | None = None,
    keep_paths: bool = False,
    **options: Any,
) -> Slices[ManyALSRuns]:
    """`run_many_als` in slices of time: yields (finished, all) after every sweep, and returns the runs at the end.

    A sweep is one of all the runs that go side by side, or of the one run that goes by itself. Sending True ends it at
    once. The settings are checked when it is called.
    """
    options = options_of(ALSOptions, rank, options)
    problems = _one_or_many(observations, "The observations")
    comparisons = None if hidden is None else _one_or_many(hidden, "The hidden entries")
    shape = _first(problems).shape
    check_rank(options.rank, shape)
    check_flag("Whether to keep the paths", keep_paths)
    rights = _starts(problems, options.rank, start, seeds)
    _check_counts(problems, comparisons, len(rights))
    _check_memory(len(rights), shape, options.rank, keep_paths * (options.max_sweeps + 1))
    return _iterate(Job(problems, comparisons, rights, options, keep_paths))


def _iterate(job: Job) -> Slices[ManyALSRuns]:
    m, n = job.shape
    together = job.options.max_sweeps > 0 and m * n * job.options.rank <= LARGE
    steps = side_by_side(job) if together else _one_at_a_time(job)
    states: dict[int, RunState] = {}
    try:
        batch = next(steps)
        while True:
            states |= {state.run: state for state in batch}
            batch = steps.send((yield len(states), job.n_runs))
    except StopIteration as end:
        states |= {state.run: state for state in end.value}
    return _gathered([states.get(run) or state_at_start(job, run) for run in range(job.n_runs)], job)


def _one_at_a_time(job: Job) -> Generator[list[RunState], bool | None, list[RunState]]:
    """`side_by_side` for large problems."""
    for run in range(job.n_runs):
        for state in reference_run(job, run):
            if (yield [state] if state.stop_reason is not None else []):
                return [state]
    return []


def _gathered(states: list[RunState], job: Job) -> ManyALSRuns:
    def column(name: str) -> np.ndarray:
        return read_only(np.array([getattr(state, name) for state in states]))

    return ManyALSRuns(
        lefts=column("left"),
        rights=column("right"),
        objectives=column("objective"),
        rmse_observed=column("rmse_observed"),
        rmse_hidden=column("rmse_hidden") if job.comparisons is not None else None,
        n_sweeps=column("n_sweeps"),
        stop_reasons=tuple(state.stop_reason for state in states),
        paths=tuple(read_only(state.path) for state in states) if job.paths else None,
    )


def _first(given: Observations | tuple[Observations, ...]) -> Observations:
    return given[0] if isinstance(given, tuple) else given


def _one_or_many(given: Observations | Sequence[Observations], what: str) -> Observations | tuple[Observations, ...]:
    """One set of entries for all runs, or a tuple with one for each."""
    if isinstance(given, Observations):
        return given
    many = tuple(given) if isinstance(given, Iterable) else ()
    if not many or not all(isinstance(one, Observations) for one in many):
        raise InputError(f"{what} must be one set of observed entries, or one for each run.")
    if any(one.shape != many[0].shape for one in many):
        raise InputError(f"{what} must all belong to matrices of the same shape: run the others apart.")
    return many


def _starts(
    problems: Observations | tuple[Observations, ...], rank: int, start: str | np.ndarray, seeds: Sequence[int] | None
) -> np.ndarray:
    """Y_0 of every run, (R, n, k)."""
    first = _first(problems)
    if isinstance(start, str):
        seeds = list(seeds) if isinstance(seeds, Iterable) else []
        if not seeds:
            raise InputError("A start with a name needs at least one seed: give a list of them, one for each run.")
        if isinstance(problems, tuple) and len(problems) != len(seeds):
            raise InputError(f"There are {len(problems)} problems and {len(seeds)} seeds: give one of each to a run.")
        _check_memory(len(seeds), first.shape, rank)
        its = problems if isinstance(problems, tuple) else [first] * len(seeds)
        return np.stack([starting_right(one, rank, start, seed) for one, seed in zip(its, seeds, strict=True)])
    if seeds is not None:
        raise InputError("Seeds belong to a start with a name: leave them out where the starts are given.")
    rights = as_floats(start, "The starts Y_0", MAX_MAGNITUDE).copy()
    expected = (first.shape[1], rank)
    if rights.ndim != 3 or rights.shape[1:] != expected or not len(rights):
        raise InputError(f"The starts Y_0 must be stacked, (R, {expected[0]}, {expected[1]}), not {rights.shape}.")
    return rights


def _check_memory(total: int, shape: tuple[int, int], rank: int, path: int = 0) -> None:
    if total * (sum(shape) * rank + path) > MAX_TRACE_NUMBERS:
        raise InputError(f"The results of {total} runs do not fit into memory: ask for fewer at a time.")


def _check_counts(
    problems: Observations | tuple[Observations, ...],
    comparisons: Observations | tuple[Observations, ...] | None,
    n_runs: int,
) -> None:
    if isinstance(problems, tuple) and len(problems) != n_runs:
        raise InputError(f"There are {len(problems)} problems and {n_runs} starts: give one of each to a run.")
    if isinstance(comparisons, tuple) and len(comparisons) != n_runs:
        raise InputError(f"There are {len(comparisons)} sets of hidden entries for {n_runs} runs: one, or one each.")
    check_comparisons(_first(problems), None if comparisons is None else _first(comparisons), None)
