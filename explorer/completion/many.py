"""Many runs of alternating least squares at once: many starts, or many masks, of small matrices.

On a matrix of some thousand cells a single run spends its time in Python. Here the runs go side by side, in
planes: a factor of R runs is (k, R, n), and the product of two of its columns is one plane (R, n), of all runs.
The normal equations of all rows of all runs are then a few products with the mask and the zero-filled matrix,

    (G^T G)_ab = sum_j seen_ij y_ja y_jb,    (G^T a)_a = sum_j a_ij y_ja,

and elimination goes through the planes. A run that has finished makes room for the next one.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from explorer.completion.als import (
    MAX_TRACE_NUMBERS,
    check_settings,
    iterate_als,
    ridges,
    starting_factor,
)
from explorer.completion.checks import check_comparisons
from explorer.completion.factors import Factors, rmse
from explorer.completion.half_step import CONDITION as SPACE_CONDITION
from explorer.completion.observations import MAX_MAGNITUDE, Observations
from explorer.completion.stopping import RISE, ZERO
from explorer.errors import InputError
from explorer.stopping import StopReason

PLANE_NUMBERS = 262_144
"""Numbers in the normal equations of the runs that go side by side, 2 MB."""

CELLS = 4_194_304
"""Cells held at a time, 32 MB: where every run has its own mask, and where residuals are formed."""

LARGE = 1_000_000
"""Runs with more cells times rank go one at a time: there a single run keeps the processor busy."""

CONDITION = 1e6
"""Systems with a condition number below this, stricter than `half_step`'s, are solved alike to ten digits by any
order of the arithmetic, so that a run is the same side by side and by itself."""

CANCELLATION = 1e-6
"""An objective below this share of 1/2 |P_Omega(A)|^2 is recomputed from the residual: the rounding of the normal
equations, some 1e-15 of the whole, could decide when its run ends."""

TERMS = 1e3
"""So is one that is a difference of numbers this many times larger than the whole."""

EXACT = 1e-16
"""A sweep that brings the objective from far above to below this share of the whole fits exactly, at one stroke. What
is left of it is rounding, which decides whether it counts as zero, so that such a run is made by itself."""


@dataclass(frozen=True, eq=False, repr=False)
class ManyALSRuns:
    """What R runs ended with. Each is what `run_als` gives, up to rounding.

    Attributes:
        lefts: (R, m, k) X of each run.
        rights: (R, n, k) Y of each run.
        objectives: (R,) f(X, Y).
        rmse_observed: (R,) root mean square error on the observed entries, in the unit of the values.
        rmse_hidden: (R,) the same on the hidden entries, or None when none were given.
        n_sweeps: (R,) int64, the sweeps of each run.
        stop_reasons: why each run ended; None for one that was cancelled, which stands at its start, X = 0 and Y_0.
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
    rank: int,
    *,
    ridge: float = 0.01,
    ridge_per_entry: bool = False,
    start: str | np.ndarray = "gaussian",
    seeds: Sequence[int] | None = None,
    max_sweeps: int = 100,
    rtol: float = 1e-5,
    hidden: Observations | Sequence[Observations] | None = None,
    keep_paths: bool = False,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ManyALSRuns:
    """Run alternating least squares from many starts, or on many problems of one shape, all at once.

    A run is made by itself instead, as `run_als` makes it, when one of its small systems is not surely
    well-conditioned, its fixed factor lacks a direction, or one sweep fits all entries exactly, so that singular
    cases have the same defined outcome, only later. So are all runs when the cells of the matrix times the rank are
    more than a million.

    Args:
        observations: one problem for all runs, or one for each run.
        rank, ridge, ridge_per_entry, max_sweeps: as in `run_als`.
        start: a name in `STARTS`, or Y_0 for each run, (R, n, k).
        seeds: the seed of each run's start where the start is a name.
        rtol: as in `run_als`. Where it is below some 1e-13, rounding may decide in which sweep a run ends.
        hidden: entries that the runs must not see, only to measure the error on them: for all runs, or for each.
        keep_paths: whether to keep the objective of every sweep.
        progress: called now and then with how many runs have finished, and how many there are.
        cancelled: asked between sweeps whether to stop here and return what has finished.

    Raises `InputError` when a setting is out of its bounds, or the results would not fit into memory.
    """
    problems = _one_or_many(observations, "The observations")
    comparisons = (None,) if hidden is None else _one_or_many(hidden, "The hidden entries")
    shape = problems[0].shape
    check_settings(shape, rank, ridge, max_sweeps, rtol)
    rights = _starts(problems, rank, start, seeds)
    total = len(rights)
    _check_counts(problems, comparisons, total)
    _check_memory(total, shape, rank, keep_paths * (max_sweeps + 1))

    job = _Job(problems, comparisons, rights, rank, ridge, ridge_per_entry, max_sweeps, rtol, keep_paths)
    ends: list[_End | None] = [None] * total
    finished = 0
    for batch in _batches_of_ends(job, cancelled or (lambda: False)):
        for end in batch:
            ends[end.run] = end
        finished += len(batch)
        if progress is not None:
            progress(finished, total)
    return _gathered([end or _unfinished(job, run) for run, end in enumerate(ends)], keep_paths, hidden is not None)


@dataclass(frozen=True, eq=False)
class _Job:
    """What was asked for, with Y_0 for each run in `starts` (R, n, k)."""

    problems: tuple[Observations, ...]
    comparisons: tuple[Observations | None, ...]
    starts: np.ndarray
    rank: int
    ridge: float
    ridge_per_entry: bool
    max_sweeps: int
    rtol: float
    paths: bool

    def problem(self, run: int) -> Observations:
        return self.problems[run % len(self.problems)]

    def hidden(self, run: int) -> Observations | None:
        return self.comparisons[run % len(self.comparisons)]


@dataclass(frozen=True, eq=False)
class _End:
    """How one run ended: its row of `ManyALSRuns`."""

    run: int
    left: np.ndarray
    right: np.ndarray
    objective: float
    rmse_observed: float
    rmse_hidden: float
    n_sweeps: int
    stop_reason: StopReason | None
    path: np.ndarray | None


def _batches_of_ends(job: _Job, cancelled: Callable[[], bool]) -> Iterator[list[_End]]:
    """All runs as they finish: those that go side by side first. Ends early when cancelled."""
    alone = list(range(len(job.starts)))
    m, n = job.problems[0].shape
    if job.max_sweeps > 0 and m * n * job.rank <= LARGE:
        alone = yield from _side_by_side(job, cancelled)
    for run in alone:
        end = _by_itself(job, run, cancelled)
        if end is None:
            return
        yield [end]


def _by_itself(job: _Job, run: int, cancelled: Callable[[], bool]) -> _End | None:
    """One run as `run_als` makes it; None when cancelled."""
    steps = iterate_als(
        job.problem(run),
        job.rank,
        ridge=job.ridge,
        ridge_per_entry=job.ridge_per_entry,
        start=job.starts[run],
        max_sweeps=job.max_sweeps,
        rtol=job.rtol,
    )
    reached, path = None, []
    for h, step in enumerate(steps):
        hidden = _hidden_error(step.left, step.right, job.hidden(run)) if np.isfinite(step.objective) else np.inf
        if not np.isfinite(hidden):
            stop_reason = StopReason.DIVERGED  # and what has overflowed is left out
            break
        if h % 2 == 0:
            reached, rmse_hidden, stop_reason = step, hidden, step.stop_reason
            path.append(step.objective)
            if cancelled():
                return None
    return _End(
        run,
        reached.left,
        reached.right,
        reached.objective,
        reached.rmse_observed,
        rmse_hidden,
        len(path) - 1,
        stop_reason,
        np.array(path) if job.paths else None,
    )


def _side_by_side(job: _Job, cancelled: Callable[[], bool]) -> Generator[list[_End], None, list[int]]:
    """Yield the runs that finish side by side, and return those that have to be made by themselves."""
    waiting = list(reversed(range(len(job.starts))))
    window = _empty_window(job)
    alone = []
    while _refill(window, waiting, job):
        if cancelled():
            return []
        doubtful, finished = _sweep(window, job)
        alone += doubtful
        if finished:
            yield finished
    return alone


@dataclass(frozen=True, eq=False)
class _Problems:
    """Problems as zero-filled matrices, one for each slot of a window, or one for all slots: the first axis is 1 then.

    seen, values: (., m, n), 1 and a_ij where an entry is observed, 0 elsewhere.
    row_ridges, col_ridges: (., m) and (., n), lambda of each.
    squares: (.,) |P_Omega(A)|^2.
    """

    seen: np.ndarray
    values: np.ndarray
    row_ridges: np.ndarray
    col_ridges: np.ndarray
    squares: np.ndarray

    def write(self, slot: int, problem: Observations, ridge: float, per_entry: bool) -> None:
        self.seen[slot], self.values[slot] = 0.0, 0.0
        self.seen[slot, problem.rows, problem.cols] = 1.0
        self.values[slot, problem.rows, problem.cols] = problem.values
        self.row_ridges[slot], self.col_ridges[slot] = ridges(problem, ridge, per_entry)
        self.squares[slot] = np.vdot(problem.values, problem.values)

    def only(self, slots: np.ndarray) -> "_Problems":
        """The problems of some slots."""
        arrays = (self.seen, self.values, self.row_ridges, self.col_ridges, self.squares)
        return self if len(self.seen) == 1 else _Problems(*(array[slots] for array in arrays))


@dataclass(eq=False)
class _Window:
    """The runs that go side by side, one in each of W slots.

    runs: (W,) which run; -1 in a free slot, whose numbers mean nothing.
    right: (k, W, n) its Y.
    objective: (W,) its objective.
    n_sweeps: (W,) the sweeps it has made.
    paths: (W, S + 1) its objectives so far, or None when they are not asked for.
    """

    runs: np.ndarray
    right: np.ndarray
    objective: np.ndarray
    n_sweeps: np.ndarray
    paths: np.ndarray | None
    problems: _Problems


def _empty_window(job: _Job) -> _Window:
    m, n = job.problems[0].shape
    width = PLANE_NUMBERS // (job.rank**2 * max(m, n))
    one_for_all = len(job.problems) == 1
    if not one_for_all:
        width = min(width, CELLS // (m * n))
    width = max(1, min(width, len(job.starts)))
    shapes = ((m, n), (m, n), (m,), (n,), ())
    problems = _Problems(*(np.zeros((1 if one_for_all else width, *shape)) for shape in shapes))
    if one_for_all:
        problems.write(0, job.problems[0], job.ridge, job.ridge_per_entry)
    return _Window(
        runs=np.full(width, -1),
        right=np.zeros((job.rank, width, n)),
        objective=np.zeros(width),
        n_sweeps=np.zeros(width, dtype=np.int64),
        paths=np.zeros((width, job.max_sweeps + 1)) if job.paths else None,
        problems=problems,
    )


def _refill(window: _Window, waiting: list[int], job: _Job) -> bool:
    """Put waiting runs into free slots; when none wait, close the slots if many are free. Is there a run left?"""
    free = np.flatnonzero(window.runs < 0)
    for slot in free[: len(waiting)]:
        run = window.runs[slot] = waiting.pop()
        if len(job.problems) > 1:
            window.problems.write(slot, job.problem(run), job.ridge, job.ridge_per_entry)
        window.right[:, slot] = job.starts[run].T
        window.objective[slot], window.n_sweeps[slot] = _objective_at_start(job, run), 0
        if window.paths is not None:
            window.paths[slot, 0] = window.objective[slot]
    running = window.runs >= 0
    if 4 * np.count_nonzero(running) <= 3 * len(running):
        window.runs, window.right = window.runs[running], window.right[:, running]
        window.objective, window.n_sweeps = window.objective[running], window.n_sweeps[running]
        window.paths = None if window.paths is None else window.paths[running]
        window.problems = window.problems.only(running)
    return bool(running.any())


@np.errstate(all="ignore")
def _sweep(window: _Window, job: _Job) -> tuple[list[int], list[_End]]:
    """One sweep of all runs in the window. Returns the runs to be made by themselves, and those that finished.

    What overflows, or has nothing to divide by, is not finite or not sure, and is left to `run_als` to judge.
    """
    problems, before, running = window.problems, window.objective, window.runs >= 0
    by_cols = (problems.seen.swapaxes(1, 2), problems.values.swapaxes(1, 2))
    left, _, _, sure = _half_step(window.right, *by_cols, _positive(problems.row_ridges, job.ridge))
    right, explained, terms, sure_too = _half_step(
        left, problems.seen, problems.values, _positive(problems.col_ridges, job.ridge)
    )
    # |P(A)|^2 - sum_j y_j . b_j is what is left of the squares, and the penalty on Y.
    penalty = np.einsum("kri,kri->r", left, problems.row_ridges * left)
    after = (problems.squares - explained + penalty) / 2
    whole = np.broadcast_to(problems.squares / 2, after.shape)
    inexact = np.flatnonzero((after <= CANCELLATION * whole) | (terms > TERMS * whole))
    after[inexact], _ = _exactly(left, right, problems, inexact)

    # The rules of `als.verdict`, except that a run that seems to rise, or to fit at one stroke, is left to it.
    exact = (after < EXACT * whole) & (after < EXACT**0.5 * before)
    doubtful = ~(sure & sure_too & (after <= before + RISE * np.maximum(whole, before))) | exact
    converged = (after <= ZERO * whole) | (np.abs(before - after) < job.rtol * whole)
    window.right, window.objective = right, after
    window.n_sweeps += 1
    if window.paths is not None:
        window.paths[running, window.n_sweeps[running]] = after[running]
    over = running & (doubtful | converged | (window.n_sweeps == job.max_sweeps))
    alone = [int(run) for run in window.runs[over & doubtful]]
    ends = []
    finished = np.flatnonzero(over & ~doubtful)
    for slot, objective, error in zip(finished, *_exactly(left, right, problems, finished), strict=True):
        run, n_sweeps = int(window.runs[slot]), int(window.n_sweeps[slot])
        x, y = left[:, slot].T.copy(), right[:, slot].T.copy()
        hidden = _hidden_error(x, y, job.hidden(run))
        if not np.isfinite(hidden):
            alone.append(run)
            continue
        rmse_observed = np.sqrt(error / job.problem(run).count)
        stop_reason = StopReason.CONVERGED if converged[slot] else StopReason.MAX_ITER
        path = None if window.paths is None else window.paths[slot, : n_sweeps + 1].copy()
        ends.append(_End(run, x, y, objective, rmse_observed, hidden, n_sweeps, stop_reason, path))
    window.runs[over] = -1
    return alone, ends


def _positive(lambdas: np.ndarray, ridge: float) -> np.ndarray:
    """A ridge for every problem: one for each entry is 0 where there are none, and any other gives zero there, too."""
    return np.where(lambdas > 0, lambdas, ridge)


def _half_step(
    other: np.ndarray, seen: np.ndarray, values: np.ndarray, lambdas: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Solve one factor of all runs, (k, W, m), with the other one, (k, W, n), fixed.

    `seen` and `values` are (., n, m), the ridges (., m). Returns the factor, and for each run (W,): how much of
    the squares it explains, the size of the terms of that sum, and whether all its systems are surely
    well-conditioned and the fixed factor has all its k directions.
    """
    rank, width, _ = other.shape
    m = seen.shape[2]
    grams = np.empty((rank, rank, width, m))  # only a >= b is used
    space = np.empty((rank, rank, width))
    for a in range(rank):
        products = other[a] * other[: a + 1]
        _sum_entries(products, seen, grams[a, : a + 1])
        space[a, : a + 1] = space[: a + 1, a] = products.sum(axis=2)
    moments = _sum_entries(other, values, np.empty((rank, width, m)))
    traces = np.einsum("aarj->rj", grams)
    np.einsum("aarj->arj", grams)[...] += lambdas

    explained = np.zeros(width)
    for a in range(rank):  # Gaussian elimination, without the square roots of Cholesky's
        inverse = 1 / grams[a, a]
        explained += np.einsum("rj,rj->r", moments[a], moments[a] * inverse)  # the square alone may vanish
        for b in range(a + 1, rank):
            share = grams[b, a] * inverse
            grams[b, a + 1 : b + 1] -= share * grams[a + 1 : b + 1, a]
            moments[b] -= share * moments[a]
    for a in reversed(range(rank)):
        for b in range(a + 1, rank):
            moments[a] -= grams[b, a] * moments[b]
        moments[a] /= grams[a, a]

    terms = np.einsum("rj,krj,krj->r", traces, moments, moments)
    sure = np.isfinite(terms) & _have_all_directions(space)
    if not (traces < CONDITION * lambdas).all():
        pivots = np.einsum("aarj->arj", grams)
        sure &= _surely_well_conditioned(pivots, traces, lambdas).all(axis=1)
    return moments, explained, terms, sure


def _sum_entries(planes: np.ndarray, table: np.ndarray, out: np.ndarray) -> np.ndarray:
    """sum_j t_ij z_j of planes z (p, W, n) for a table t (1, n, m) of all runs or (W, n, m), one of each: (p, W, m)."""
    if len(table) == 1:
        return np.matmul(planes, table[0], out=out)
    np.matmul(planes.swapaxes(0, 1), table, out=out.swapaxes(0, 1))
    return out


def _surely_well_conditioned(pivots: np.ndarray, traces: np.ndarray, lambdas: np.ndarray) -> np.ndarray:
    """Which systems have a condition number below `CONDITION`, by the bound that `half_step` takes: (W, m).

    In terms of the pivots d, with det = d_1 ... d_k: trace / CONDITION < det (others / trace)^others.
    """
    rank = len(pivots)
    others = max(1, rank - 1)
    scale = others / (traces + rank * lambdas)
    bound = np.prod(pivots * scale, axis=0)
    return (traces < CONDITION * lambdas) | ((pivots > 0).all(axis=0) & (bound * CONDITION > others))


def _have_all_directions(space: np.ndarray) -> np.ndarray:
    """Which of the Gram matrices (k, k, W) have full rank, by the rule of `half_step._row_space`: (W,)."""
    rank = len(space)
    grams = space.transpose(2, 0, 1)
    others = max(1, rank - 1)
    scale = others / np.einsum("raa->r", grams)
    full = np.linalg.det(grams * scale[:, None, None]) * SPACE_CONDITION > others
    unsure = np.flatnonzero(~full & np.isfinite(grams).all(axis=(1, 2)))
    if len(unsure):
        spread = np.linalg.eigvalsh(grams[unsure])
        full[unsure] = spread[:, 0] * SPACE_CONDITION > spread[:, -1]
    return full


def _exactly(
    left: np.ndarray, right: np.ndarray, problems: _Problems, slots: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The objectives and the squared errors of some slots, from the residuals."""
    objectives, errors = np.empty(len(slots)), np.empty(len(slots))
    strip = max(1, CELLS // problems.seen[0].size)
    for first in range(0, len(slots), strip):
        part = slice(first, first + strip)
        x, y, its = left[:, slots[part]], right[:, slots[part]], problems.only(slots[part])
        residual = its.values - its.seen * (x.transpose(1, 2, 0) @ y.transpose(1, 0, 2))
        errors[part] = np.einsum("rij,rij->r", residual, residual)
        penalty = np.einsum("kri,kri->r", x, its.row_ridges * x) + np.einsum("krj,krj->r", y, its.col_ridges * y)
        objectives[part] = (errors[part] + penalty) / 2
    return objectives, errors


def _hidden_error(left: np.ndarray, right: np.ndarray, hidden: Observations | None) -> float:
    """The error on the hidden entries; 0 where none are given, and inf where the factors are not finite."""
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        return np.inf
    return rmse(Factors(left, right), hidden) if hidden is not None else 0.0


def _objective_at_start(job: _Job, run: int) -> float:
    """f at X = 0 and Y_0."""
    problem, right = job.problem(run), job.starts[run]
    _, col_ridges = ridges(problem, job.ridge, job.ridge_per_entry)
    return float(np.vdot(problem.values, problem.values) + np.vdot(right, col_ridges[:, None] * right)) / 2


def _unfinished(job: _Job, run: int) -> _End:
    """A run that was cancelled stands at its start."""
    problem, objective = job.problem(run), _objective_at_start(job, run)
    left = np.zeros((problem.shape[0], job.rank))
    hidden = _hidden_error(left, job.starts[run], job.hidden(run))
    error = float(np.sqrt(np.mean(problem.values**2)))
    path = np.array([objective]) if job.paths else None
    return _End(run, left, job.starts[run], objective, error, hidden, 0, None, path)


def _gathered(ends: list[_End], paths: bool, hidden: bool) -> ManyALSRuns:
    def column(name: str) -> np.ndarray:
        array = np.array([getattr(end, name) for end in ends])
        array.setflags(write=False)
        return array

    for end in ends if paths else ():
        end.path.setflags(write=False)
    return ManyALSRuns(
        lefts=column("left"),
        rights=column("right"),
        objectives=column("objective"),
        rmse_observed=column("rmse_observed"),
        rmse_hidden=column("rmse_hidden") if hidden else None,
        n_sweeps=column("n_sweeps"),
        stop_reasons=tuple(end.stop_reason for end in ends),
        paths=tuple(end.path for end in ends) if paths else None,
    )


def _one_or_many(given: Observations | Sequence[Observations], what: str) -> tuple[Observations, ...]:
    if isinstance(given, Observations):
        return (given,)
    many = tuple(given) if isinstance(given, Iterable) else ()
    if not many or not all(isinstance(one, Observations) for one in many):
        raise InputError(f"{what} must be one set of observed entries, or one for each run.")
    if any(one.shape != many[0].shape for one in many):
        raise InputError(f"{what} must all belong to matrices of the same shape: run the others apart.")
    return many


def _starts(
    problems: tuple[Observations, ...], rank: int, start: str | np.ndarray, seeds: Sequence[int] | None
) -> np.ndarray:
    """Y_0 of every run, (R, n, k)."""
    if isinstance(start, str):
        seeds = list(seeds) if isinstance(seeds, Iterable) else []
        if not seeds:
            raise InputError("A start with a name needs at least one seed: give a list of them, one for each run.")
        if len(problems) not in (1, len(seeds)):
            raise InputError(f"There are {len(problems)} problems and {len(seeds)} seeds: give one of each to a run.")
        _check_memory(len(seeds), problems[0].shape, rank)
        made = (starting_factor(problems[r % len(problems)], rank, start, seed) for r, seed in enumerate(seeds))
        return np.stack(list(made))
    if seeds is not None:
        raise InputError("Seeds belong to a start with a name: leave them out where the starts are given.")
    try:
        rights = np.array(start, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("The starts must be the name of one, or a stack of tables of numbers Y_0.") from None
    expected = (problems[0].shape[1], rank)
    if rights.ndim != 3 or rights.shape[1:] != expected or not len(rights):
        raise InputError(f"The starts Y_0 must be stacked, (R, {expected[0]}, {expected[1]}), not {rights.shape}.")
    if not (np.abs(rights) <= MAX_MAGNITUDE).all():
        raise InputError(f"The starts Y_0 must be finite, and at most {MAX_MAGNITUDE:g} in magnitude.")
    return rights


def _check_memory(total: int, shape: tuple[int, int], rank: int, path: int = 0) -> None:
    if total * (sum(shape) * rank + path) > MAX_TRACE_NUMBERS:
        raise InputError(f"The results of {total} runs do not fit into memory: ask for fewer at a time.")


def _check_counts(
    problems: tuple[Observations, ...], comparisons: tuple[Observations | None, ...], n_runs: int
) -> None:
    if len(problems) not in (1, n_runs):
        raise InputError(f"There are {len(problems)} problems and {n_runs} starts: give one of each to a run.")
    if len(comparisons) not in (1, n_runs):
        raise InputError(f"There are {len(comparisons)} sets of hidden entries for {n_runs} runs: one, or one each.")
    check_comparisons(problems[0], comparisons[0], None)
