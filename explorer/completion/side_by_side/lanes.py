"""The lanes in which runs go side by side: each holds one run, and one that has finished makes room for the next."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from explorer.completion.half_step import Alternation, alternation, ridges
from explorer.completion.side_by_side.batched_half_step import Side, sparse_sides
from explorer.completion.side_by_side.elimination import Room, room_for
from explorer.completion.side_by_side.run_states import Job, RunState, objective_at_start

# Numbers in the normal equations of the runs that go side by side, 2 MB.
GRAM_NUMBERS = 262_144

# Cells of the runs that go side by side where each has its own mask, 32 MB.
CELLS = 4_194_304

# Numbers in the residuals that are formed at a time, 2 MB, unless those of one run are more.
RESIDUAL_NUMBERS = 262_144


@dataclass(frozen=True, eq=False)
class Problems:
    """Problems as zero-filled matrices, one for each lane, or one for all lanes: the first axis is 1 then.

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

    def write(self, lane: int, job: Job, run: int) -> None:
        problem = job.problem(run)
        row_ridges, col_ridges = ridges(problem, job.options)
        self.seen[lane], self.values[lane] = 0.0, 0.0
        self.seen[lane, problem.rows, problem.cols] = 1.0
        self.values[lane, problem.rows, problem.cols] = problem.values
        self.row_ridges[lane] = np.where(self.seen[lane].any(axis=1), row_ridges, 1.0)
        self.col_ridges[lane] = np.where(self.seen[lane].any(axis=0), col_ridges, 1.0)
        self.squares[lane] = np.vdot(problem.values, problem.values)

    def only(self, some: np.ndarray) -> "Problems":
        """The problems of some lanes."""
        arrays = (self.seen, self.values, self.row_ridges, self.col_ridges, self.squares)
        return self if self.one_for_all else Problems(False, self.sparse, *(array[some] for array in arrays))

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
class Lanes:
    """The runs that go side by side, one in each of W lanes.

    runs: (W,) which run; -1 in a free lane, whose numbers mean nothing.
    left, right: (k, W, m) and (k, W, n), its X and Y.
    objective: (W,) its objective.
    n_sweeps: (W,) the sweeps it has made.
    paths: (W, S + 1) its objectives so far, or None when they are not asked for.
    alternations: its problem as `run_als` lays it out, made when it is needed; as many as there are `problems`.
    reference_runs: the sweeps of those runs that the reference makes, by the run.
    room: what half steps and residuals are worked out in.
    """

    runs: np.ndarray
    left: np.ndarray
    right: np.ndarray
    objective: np.ndarray
    n_sweeps: np.ndarray
    paths: np.ndarray | None
    problems: Problems
    alternations: list[Alternation | None]
    reference_runs: dict[int, Iterator[RunState]]
    room: Room

    @property
    def occupied(self) -> np.ndarray:
        """(W,) bool, which lanes hold a run."""
        return self.runs >= 0

    def keep(self, some: np.ndarray) -> None:
        """Close all other lanes."""
        self.runs, self.objective, self.n_sweeps = self.runs[some], self.objective[some], self.n_sweeps[some]
        self.left, self.right = (np.ascontiguousarray(factor[:, some]) for factor in (self.left, self.right))
        self.paths = None if self.paths is None else self.paths[some]
        self.problems = self.problems.only(some)
        if not self.problems.one_for_all:
            self.alternations = [self.alternations[lane] for lane in some]

    def refill(self, waiting: list[int], job: Job) -> bool:
        """Put waiting runs into free lanes; when none wait, close the lanes if many are free. Is there a run left?"""
        for lane in np.flatnonzero(~self.occupied)[: len(waiting)]:
            run = self.runs[lane] = waiting.pop()
            if not job.one_for_all:
                self.problems.write(lane, job, run)
                self.alternations[lane] = None
            self.left[:, lane], self.right[:, lane] = 0.0, job.starts[run].T
            self.objective[lane], self.n_sweeps[lane] = objective_at_start(job, run), 0
            if self.paths is not None:
                self.paths[lane, 0] = self.objective[lane]
        if 4 * np.count_nonzero(self.occupied) <= 3 * len(self.runs):
            self.keep(np.flatnonzero(self.occupied))
        return bool(self.occupied.any())

    def put(self, lane: int, state: RunState) -> None:
        """Set a lane to where the reference says that its run stands."""
        self.left[:, lane], self.right[:, lane] = state.left.T, state.right.T
        self.objective[lane] = state.objective
        if self.paths is not None:
            self.paths[lane, : len(state.path)] = state.path

    def alternation(self, lane: int, job: Job) -> Alternation:
        place = lane % len(self.alternations)
        if self.alternations[place] is None:
            self.alternations[place] = alternation(job.problem(self.runs[lane]), job.options)
        return self.alternations[place]

    def in_strips(self, some: np.ndarray, cells: int) -> Iterator[np.ndarray]:
        """Some lanes, as many at a time as have room for their residuals."""
        size = self.room.residuals.size // cells
        return (some[first : first + size] for first in range(0, len(some), size))


def factor_of(planes: np.ndarray, lane: int) -> np.ndarray:
    """The factor of one lane, (n, k), out of (k, W, n)."""
    return planes[:, lane].T.copy()


def free_lanes(job: Job) -> Lanes:
    """As many lanes as suit the size of the problem, all of them free."""
    (m, n), k = job.shape, job.options.rank
    width = GRAM_NUMBERS // (k**2 * max(m, n))
    if not job.one_for_all:
        width = min(width, CELLS // (m * n))
    width = max(1, min(width, job.n_runs))
    n_problems = 1 if job.one_for_all else width
    sparse = sparse_sides(job.problem(0)) if job.one_for_all else (None, None)
    problems = Problems(
        job.one_for_all, sparse, *(np.zeros((n_problems, *shape)) for shape in ((m, n), (m, n), (m,), (n,), ()))
    )
    if job.one_for_all:
        problems.write(0, job, 0)
    return Lanes(
        runs=np.full(width, -1),
        left=np.zeros((k, width, m)),
        right=np.zeros((k, width, n)),
        objective=np.zeros(width),
        n_sweeps=np.zeros(width, dtype=np.int64),
        paths=np.zeros((width, job.options.max_sweeps + 1)) if job.paths else None,
        problems=problems,
        alternations=[None] * n_problems,
        reference_runs={},
        room=room_for(k, width, (m, n), max(RESIDUAL_NUMBERS, m * n)),
    )
