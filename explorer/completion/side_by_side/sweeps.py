"""Many runs side by side, a sweep of all lanes at a time, each with the outcome that `run_als` gives it alone.

Which arithmetic makes a half step, or a whole run, is decided here, from the first row of the table down:

    what                 when it is taken, and why                                           measured cost
    -------------------  ------------------------------------------------------------------  -----------------------
    batched half step    Tried first. Kept where the fixed factor surely has full rank and   1: some microseconds a
                         all systems a condition number below 1e6: ten digits are then the   lane (40 x 70, rank 2)
                         same in any order of the arithmetic.
    refined half step    Else, if every weak direction is clearly one or clearly rounding,   6 to 13, of the lanes
                         and the systems, scaled to a unit diagonal, have a condition        in doubt
                         number below 1e11: two corrections restore the digits.
    reference half step  Else. Nearly singular: which solution is the shortest, and whether  9 to 33, of one lane
                         it is better than the row that it replaces, the reference says.     at a time
    reference run        A sweep whose outcome rounding decides: the objective fell to       the run again from its
                         rounding at one stroke, or seems to rise. Also a run whose hidden   start, 10 to 35 a half
                         error overflows at its end.                                         step
    one at a time        Before all this (`many`): with more than a million cells times      as `run_als`
                         rank one run keeps the processor busy, and with no sweep to make
                         there is nothing to share.

They are `batched_half_step` and `refined_half_step`, `half_step.solve_factor` (`Lanes.alternation`), and `iterate_als`
(`reference_run`). A run that the reference has taken over stays with it: its lane repeats where it stands, sweep by
sweep. The objective comes with the half step where no digits cancel, and from the residual where they do.
"""

from collections.abc import Callable, Generator

import numpy as np

from explorer.completion.side_by_side.batched_half_step import Side, batched_half_step, refined_half_step
from explorer.completion.side_by_side.elimination import cut, inner_products
from explorer.completion.side_by_side.lanes import Lanes, factor_of, free_lanes
from explorer.completion.side_by_side.run_states import Job, RunState, hidden_error, reference_run
from explorer.completion.stopping import has_converged, has_risen
from explorer.stop_reason import StopReason

# An objective below this share of 1/2 |P_Omega(A)|^2 is recomputed from the residual: the rounding of the normal
# equations, some 1e-15 of the whole, could decide when its run ends.
CANCELLATION = 1e-6

# So is one that is a difference of numbers this many times larger than the whole.
TERMS = 1e3

# A sweep that brings the objective from far above to below this share of the whole fits exactly, at one stroke. What is
# left of it is rounding, which decides whether it counts as zero.
EXACT = 1e-16


def side_by_side(job: Job) -> Generator[list[RunState], bool | None, list[RunState]]:
    """All runs of a job: yields those that have finished, after every sweep of the lanes.

    Ends when True is sent, and returns the runs that were under way, as they stand.
    """
    waiting = list(reversed(range(job.n_runs)))
    lanes = free_lanes(job)
    while lanes.refill(waiting, job):
        if (yield _sweep(lanes, job)):
            return _states(lanes, np.flatnonzero(lanes.occupied), job, None)
    return []


@np.errstate(all="ignore")  # what overflows, or has nothing to divide by, is not finite or not sure
def _sweep(lanes: Lanes, job: Job) -> list[RunState]:
    """One sweep of all lanes. Returns the runs that finished."""
    problems, before, running = lanes.problems, lanes.objective, lanes.occupied

    def reference_left(lane: int) -> np.ndarray:
        x, y = factor_of(lanes.left, lane), factor_of(lanes.right, lane)
        return lanes.alternation(lane, job).solve_left(x, y)[0]

    def reference_right(lane: int) -> np.ndarray:
        x, y = factor_of(left, lane), factor_of(lanes.right, lane)
        return lanes.alternation(lane, job).solve_right(x, y)[0]

    left, _, _ = _half_step(lanes, lanes.right, problems.of_rows, reference_left)
    right, explained, terms = _half_step(lanes, left, problems.of_cols, reference_right)
    # |P(A)|^2 - sum_j y_j . b_j is what is left of the squares, and the penalty on Y.
    penalty = inner_products(left, (problems.row_ridges * plane for plane in left))
    after = (problems.squares - explained + penalty) / 2
    whole = np.broadcast_to(problems.squares / 2, after.shape)
    inexact = np.flatnonzero(running & ~((after > CANCELLATION * whole) & (terms <= TERMS * whole)))
    if len(inexact):
        after[inexact], _ = _from_residuals(left, right, lanes, inexact)
    lanes.left, lanes.right, lanes.objective = left, right, after
    lanes.n_sweeps[running] += 1
    if lanes.paths is not None:
        lanes.paths[running, lanes.n_sweeps[running]] = after[running]

    exact = (after < EXACT * whole) & (after < EXACT**0.5 * before)
    decided_by_rounding = running & (exact | has_risen(before, after, whole))
    if lanes.reference_runs:
        decided_by_rounding |= np.isin(lanes.runs, list(lanes.reference_runs))
    converged = has_converged(before, after, whole, job.options.rtol)
    over = running & ~decided_by_rounding & (converged | (lanes.n_sweeps == job.options.max_sweeps))
    states = _states(lanes, np.flatnonzero(over), job, converged)
    for lane in np.flatnonzero(decided_by_rounding):
        run, n_sweeps = int(lanes.runs[lane]), lanes.n_sweeps[lane]
        sweeps = lanes.reference_runs.setdefault(run, reference_run(job, run))
        state = next(state for state in sweeps if state.stop_reason is not None or state.n_sweeps == n_sweeps)
        if state.stop_reason is None:
            lanes.put(lane, state)
        else:
            states.append(state)
            over[lane] = True
            del lanes.reference_runs[run]
    lanes.runs[over] = -1
    return states


def _half_step(
    lanes: Lanes, other: np.ndarray, side: Side, reference: Callable[[int], np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One factor of all runs, how much of the squares it explains, and the size of that sum's terms.

    `reference` makes the half step of one lane. What a run explains that is not batched is NaN: not known.
    """
    solved = batched_half_step(other, side, lanes.room)
    doubtful = np.flatnonzero(lanes.occupied & ~solved.sure)
    solved.explained[doubtful] = np.nan
    for some in lanes.in_strips(doubtful, side.seen.shape[-2] * side.seen.shape[-1]):
        solved.factor[:, some], sure = refined_half_step(other[:, some], side.only(some), lanes.room)
        for lane in some[~sure]:
            solved.factor[:, lane] = reference(lane).T
    return solved.factor, solved.explained, solved.terms


def _from_residuals(
    left: np.ndarray, right: np.ndarray, lanes: Lanes, which: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The objectives and the squared errors of some lanes, from the residuals."""
    (m, n), objectives, errors = lanes.problems.seen.shape[1:], [], []
    for some in lanes.in_strips(which, m * n):
        x, y, its = left[:, some], right[:, some], lanes.problems.only(some)
        residual = cut(lanes.room.residuals, len(some), m, n)
        np.matmul(x.transpose(1, 2, 0), y.transpose(1, 0, 2), out=residual)
        residual *= its.seen
        np.subtract(its.values, residual, out=residual)
        error = np.einsum("rij,rij->r", residual, residual)
        penalty = inner_products(x, its.row_ridges * x) + inner_products(y, its.col_ridges * y)
        errors.append(error)
        objectives.append((error + penalty) / 2)
    return np.concatenate([[], *objectives]), np.concatenate([[], *errors])


def _states(lanes: Lanes, which: np.ndarray, job: Job, converged: np.ndarray | None) -> list[RunState]:
    """Where the runs in some lanes stand; they were cut short where it is not told which of them have converged."""
    states = []
    for lane, objective, error in zip(which, *_from_residuals(lanes.left, lanes.right, lanes, which), strict=True):
        run, n_sweeps = int(lanes.runs[lane]), int(lanes.n_sweeps[lane])
        left, right = factor_of(lanes.left, lane), factor_of(lanes.right, lane)
        hidden = hidden_error(left, right, job.hidden(run))
        if not np.isfinite(hidden):
            *_, state = reference_run(job, run)
            states.append(state)
            continue
        error = np.sqrt(error / job.problem(run).count)
        reason = None
        if converged is not None:
            reason = StopReason.CONVERGED if converged[lane] else StopReason.MAX_ITER
        path = None if lanes.paths is None else lanes.paths[lane, : n_sweeps + 1].copy()
        states.append(RunState(run, left, right, objective, error, hidden, n_sweeps, reason, path))
    return states
