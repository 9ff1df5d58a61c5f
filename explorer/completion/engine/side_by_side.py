"""The window of runs that go side by side: each has a slot, and one that has finished makes room for the next.

A sweep is made in `planes`, of all slots at once. Three kinds of runs need more, and get the outcome of `run_als`:
one whose fixed factor has weak directions is solved in these directions, with the others like it; one whose problems
are nearly singular makes this half step as `run_als` makes it; and one whose outcome rounding could decide, because
it fits exactly at one stroke or seems to rise, is made by itself from its start on.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import numpy as np

from explorer.completion.als import Halves, halves, ridges
from explorer.completion.engine.batched_half_step import (
    Room,
    Side,
    cut,
    half_step,
    inner_products,
    refined_half_step,
    room_for,
    sparse_sides,
)
from explorer.completion.engine.run_states import End, Job, by_itself, hidden_error, objective_at_start
from explorer.completion.stopping import has_converged, has_risen
from explorer.stop_reason import StopReason

# Numbers in the normal equations of the runs that go side by side, 2 MB.
PLANE_NUMBERS = 262_144

# Cells of the runs that go side by side where each has its own mask, 32 MB.
CELLS = 4_194_304

# Numbers in the residuals that are formed at a time, 2 MB, unless those of one run are more.
RESIDUAL_NUMBERS = 262_144

# An objective below this share of 1/2 |P_Omega(A)|^2 is recomputed from the residual: the rounding of the normal
# equations, some 1e-15 of the whole, could decide when its run ends.
CANCELLATION = 1e-6

# So is one that is a difference of numbers this many times larger than the whole.
TERMS = 1e3

# A sweep that brings the objective from far above to below this share of the whole fits exactly, at one stroke. What is
# left of it is rounding, which decides whether it counts as zero.
EXACT = 1e-16


@dataclass(frozen=True, eq=False)
class Problems:
    """Problems as zero-filled matrices, one for each slot of a window, or one for all slots: the first axis is 1 then.

    one_for_all: which of the two.
    sparse: the one problem of all runs as `sparse_sides` gives it.
    seen, values: (., m, n), 1 and a_ij where an entry is observed, 0 elsewhere.
    row_ridges, col_ridges: (., m) and (., n), lambda of each; 1 where nothing is observed, which gives zero.
    squares: (.,) |P_Omega(A)|^2.
    """

    one_for_all: bool
    sparse: tuple
    seen: np.ndarray
    values: np.ndarray
    row_ridges: np.ndarray
    col_ridges: np.ndarray
    squares: np.ndarray

    def write(self, slot: int, job: Job, run: int) -> None:
        problem = job.problem(run)
        row_ridges, col_ridges = ridges(problem, job.ridge, job.ridge_per_entry)
        self.seen[slot], self.values[slot] = 0.0, 0.0
        self.seen[slot, problem.rows, problem.cols] = 1.0
        self.values[slot, problem.rows, problem.cols] = problem.values
        self.row_ridges[slot] = np.where(self.seen[slot].any(axis=1), row_ridges, 1.0)
        self.col_ridges[slot] = np.where(self.seen[slot].any(axis=0), col_ridges, 1.0)
        self.squares[slot] = np.vdot(problem.values, problem.values)

    def only(self, slots: np.ndarray) -> "Problems":
        """The problems of some slots."""
        arrays = (self.seen, self.values, self.row_ridges, self.col_ridges, self.squares)
        return self if self.one_for_all else Problems(False, self.sparse, *(array[slots] for array in arrays))

    @property
    def of_rows(self) -> Side:
        """What X solves."""
        return self._side(self.seen.swapaxes(1, 2), self.values.swapaxes(1, 2), self.row_ridges, self.sparse[0])

    @property
    def of_cols(self) -> Side:
        """What Y solves."""
        return self._side(self.seen, self.values, self.col_ridges, self.sparse[1])

    def _side(self, seen: np.ndarray, values: np.ndarray, ridges: np.ndarray, sparse: tuple | None) -> Side:
        return Side(seen[0], values[0], ridges, sparse) if self.one_for_all else Side(seen, values, ridges)


@dataclass(eq=False)
class Window:
    """The runs that go side by side, one in each of W slots.

    runs: (W,) which run; -1 in a free slot, whose numbers mean nothing.
    left, right: (k, W, m) and (k, W, n), its X and Y.
    objective: (W,) its objective.
    n_sweeps: (W,) the sweeps it has made.
    paths: (W, S + 1) its objectives so far, or None when they are not asked for.
    halves: its problem as `run_als` lays it out, made when it is needed; as many as there are `problems`.
    alone: the sweeps of those runs that are made by themselves, by the run.
    room: what half steps and residuals are worked out in.
    """

    runs: np.ndarray
    left: np.ndarray
    right: np.ndarray
    objective: np.ndarray
    n_sweeps: np.ndarray
    paths: np.ndarray | None
    problems: Problems
    halves: list[Halves | None]
    alone: dict[int, Iterator[End]]
    room: Room

    def keep(self, slots: np.ndarray) -> None:
        """Close all other slots."""
        self.runs, self.objective, self.n_sweeps = self.runs[slots], self.objective[slots], self.n_sweeps[slots]
        self.left, self.right = (np.ascontiguousarray(factor[:, slots]) for factor in (self.left, self.right))
        self.paths = None if self.paths is None else self.paths[slots]
        self.problems = self.problems.only(slots)
        self.halves = self.halves if self.problems.one_for_all else [self.halves[slot] for slot in slots]


def side_by_side(job: Job) -> Generator[list[End], bool | None, list[End]]:
    """All runs of a job: yields those that have finished, after every sweep of the window.

    Ends when True is sent, and returns the runs that were under way, as they stand.
    """
    waiting = list(reversed(range(job.n_runs)))
    window = _empty_window(job)
    while _refill(window, waiting, job):
        if (yield _sweep(window, job)):
            return _ends(window, np.flatnonzero(window.runs >= 0), job, None)
    return []


def _empty_window(job: Job) -> Window:
    (m, n), k = job.shape, job.rank
    width = PLANE_NUMBERS // (k**2 * max(m, n))
    if not job.one_for_all:
        width = min(width, CELLS // (m * n))
    width = max(1, min(width, job.n_runs))
    n_problems = 1 if job.one_for_all else width
    sparse = sparse_sides(job.problem(0)) if job.one_for_all else (None, None)
    window = Window(
        runs=np.full(width, -1),
        left=np.zeros((k, width, m)),
        right=np.zeros((k, width, n)),
        objective=np.zeros(width),
        n_sweeps=np.zeros(width, dtype=np.int64),
        paths=np.zeros((width, job.max_sweeps + 1)) if job.paths else None,
        problems=Problems(
            job.one_for_all, sparse, *(np.zeros((n_problems, *shape)) for shape in ((m, n), (m, n), (m,), (n,), ()))
        ),
        halves=[None] * n_problems,
        alone={},
        room=room_for(k, width, (m, n), max(RESIDUAL_NUMBERS, m * n)),
    )
    if job.one_for_all:
        window.problems.write(0, job, 0)
    return window


def _refill(window: Window, waiting: list[int], job: Job) -> bool:
    """Put waiting runs into free slots; when none wait, close the slots if many are free. Is there a run left?"""
    for slot in np.flatnonzero(window.runs < 0)[: len(waiting)]:
        run = window.runs[slot] = waiting.pop()
        if not job.one_for_all:
            window.problems.write(slot, job, run)
            window.halves[slot] = None
        window.left[:, slot], window.right[:, slot] = 0.0, job.starts[run].T
        window.objective[slot], window.n_sweeps[slot] = objective_at_start(job, run), 0
        if window.paths is not None:
            window.paths[slot, 0] = window.objective[slot]
    running = window.runs >= 0
    if 4 * np.count_nonzero(running) <= 3 * len(running):
        window.keep(np.flatnonzero(running))
    return bool(running.any())


@np.errstate(all="ignore")  # what overflows, or has nothing to divide by, is not finite or not sure
def _sweep(window: Window, job: Job) -> list[End]:
    """One sweep of all runs in the window. Returns the runs that finished."""
    problems, before, running = window.problems, window.objective, window.runs >= 0

    def left_alone(slot: int) -> np.ndarray:
        return _halves(window, slot, job).solve_left(_table(window.left, slot), _table(window.right, slot))[0]

    def right_alone(slot: int) -> np.ndarray:
        return _halves(window, slot, job).solve_right(_table(left, slot), _table(window.right, slot))[0]

    left, _, _ = _half_step(window, window.right, problems.of_rows, left_alone)
    right, explained, terms = _half_step(window, left, problems.of_cols, right_alone)
    # |P(A)|^2 - sum_j y_j . b_j is what is left of the squares, and the penalty on Y.
    penalty = inner_products(left, (problems.row_ridges * plane for plane in left))
    after = (problems.squares - explained + penalty) / 2
    whole = np.broadcast_to(problems.squares / 2, after.shape)
    inexact = np.flatnonzero(running & ~((after > CANCELLATION * whole) & (terms <= TERMS * whole)))
    if len(inexact):
        after[inexact], _ = _exactly(left, right, window, inexact)
    window.left, window.right, window.objective = left, right, after
    window.n_sweeps[running] += 1
    if window.paths is not None:
        window.paths[running, window.n_sweeps[running]] = after[running]

    exact = (after < EXACT * whole) & (after < EXACT**0.5 * before)
    decided_by_rounding = running & (exact | has_risen(before, after, whole))
    if window.alone:
        decided_by_rounding |= np.isin(window.runs, list(window.alone))
    converged = has_converged(before, after, whole, job.rtol)
    over = running & ~decided_by_rounding & (converged | (window.n_sweeps == job.max_sweeps))
    ends = _ends(window, np.flatnonzero(over), job, converged)
    for slot in np.flatnonzero(decided_by_rounding):
        run, n_sweeps = int(window.runs[slot]), window.n_sweeps[slot]
        sweeps = window.alone.setdefault(run, by_itself(job, run, job.max_sweeps))
        end = next(end for end in sweeps if end.stop_reason is not None or end.n_sweeps == n_sweeps)
        if end.stop_reason is None:
            _put_back(window, slot, end)
        else:
            ends.append(end)
            over[slot] = True
            del window.alone[run]
    window.runs[over] = -1
    return ends


def _half_step(
    window: Window, other: np.ndarray, side: Side, alone: Callable[[int], np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One factor of all runs, how much of the squares it explains, and the size of that sum's terms.

    `alone` makes the half step of one slot as `run_als` makes it. What such a run explains is NaN: not known.
    """
    solved = half_step(other, side, window.room)
    doubtful = np.flatnonzero((window.runs >= 0) & ~solved.sure)
    solved.explained[doubtful] = np.nan
    for some in _strips(doubtful, window, side.seen.shape[-2] * side.seen.shape[-1]):
        solved.factor[:, some], sure = refined_half_step(other[:, some], side.only(some), window.room)
        for slot in some[~sure]:
            solved.factor[:, slot] = alone(slot).T
    return solved.factor, solved.explained, solved.terms


def _halves(window: Window, slot: int, job: Job) -> Halves:
    place = slot % len(window.halves)
    if window.halves[place] is None:
        problem = job.problem(window.runs[slot])
        window.halves[place] = halves(problem, job.rank, job.ridge, job.ridge_per_entry)
    return window.halves[place]


def _table(planes: np.ndarray, slot: int) -> np.ndarray:
    """The factor of one slot, (n, k), out of (k, W, n)."""
    return planes[:, slot].T.copy()


def _exactly(left: np.ndarray, right: np.ndarray, window: Window, slots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The objectives and the squared errors of some slots, from the residuals."""
    (m, n), objectives, errors = window.problems.seen.shape[1:], [], []
    for some in _strips(slots, window, m * n):
        x, y, its = left[:, some], right[:, some], window.problems.only(some)
        residual = cut(window.room.residuals, len(some), m, n)
        np.matmul(x.transpose(1, 2, 0), y.transpose(1, 0, 2), out=residual)
        residual *= its.seen
        np.subtract(its.values, residual, out=residual)
        error = np.einsum("rij,rij->r", residual, residual)
        penalty = inner_products(x, its.row_ridges * x) + inner_products(y, its.col_ridges * y)
        errors.append(error)
        objectives.append((error + penalty) / 2)
    return np.concatenate([[], *objectives]), np.concatenate([[], *errors])


def _strips(slots: np.ndarray, window: Window, cells: int) -> Iterator[np.ndarray]:
    """The slots, as many at a time as have room for their residuals."""
    size = window.room.residuals.size // cells
    return (slots[first : first + size] for first in range(0, len(slots), size))


def _ends(window: Window, slots: np.ndarray, job: Job, converged: np.ndarray | None) -> list[End]:
    """Where the runs in some slots stand; they were cut short where it is not told which of them have converged."""
    ends = []
    for slot, objective, error in zip(slots, *_exactly(window.left, window.right, window, slots), strict=True):
        run, n_sweeps = int(window.runs[slot]), int(window.n_sweeps[slot])
        left, right = _table(window.left, slot), _table(window.right, slot)
        hidden = hidden_error(left, right, job.hidden(run))
        if not np.isfinite(hidden):
            *_, end = by_itself(job, run, job.max_sweeps)
            ends.append(end)
            continue
        error = np.sqrt(error / job.problem(run).count)
        reason = None
        if converged is not None:
            reason = StopReason.CONVERGED if converged[slot] else StopReason.MAX_ITER
        path = None if window.paths is None else window.paths[slot, : n_sweeps + 1].copy()
        ends.append(End(run, left, right, objective, error, hidden, n_sweeps, reason, path))
    return ends


def _put_back(window: Window, slot: int, end: End) -> None:
    """Where a run that is made by itself stands now."""
    window.left[:, slot], window.right[:, slot] = end.left.T, end.right.T
    window.objective[slot] = end.objective
    if window.paths is not None:
        window.paths[slot, : len(end.path)] = end.path
