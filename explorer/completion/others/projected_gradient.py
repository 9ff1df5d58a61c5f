"""Projected gradient over the nuclear norm ball: the convex way, one whole decomposition a step (Lecture 5).

It minimises 1/2 |P_Omega(A - Z)|_F^2 over |Z|_* <= radius by Z <- project(Z + s P_Omega(A - Z)). Z is formed, so
that this is for small matrices: it shows what Frank-Wolfe and the factored methods avoid.
"""

from collections.abc import Iterator

import numpy as np

from explorer.completion.checks import MAX_STEPS, check_comparisons, check_radius, check_rtol, check_whole, is_number
from explorer.completion.factors import Factors
from explorer.completion.observations import MAX_MAGNITUDE, Observations
from explorer.completion.others.nuclear import check_small, project_onto_nuclear_ball
from explorer.completion.stopping import falling, until
from explorer.completion.trace import CompletionTrace, Iterate, record
from explorer.errors import InputError, quoted


def run_projected_gradient(
    observations: Observations,
    radius: float,
    *,
    step: float = 1.0,
    start: np.ndarray | None = None,
    max_iter: int = 500,
    rtol: float = 1e-5,
    hidden: Observations | None = None,
    truth: Factors | None = None,
) -> CompletionTrace:
    """Complete a small matrix by projected gradient; `final` are the factors of the last Z, of its own rank.

    observations: the observed entries of A, m x n, with at most 1e6 cells.
    radius: of the nuclear norm ball, 0 < radius <= 1e60, in the unit of the values.
    step: s, above 0 and below 2. The gradient changes at most as much as Z does, so that the objective
    never rises; with s = 1 and every entry observed, the first step ends at the solution.
    start: Z_0, (m, n), which is projected onto the ball first; None starts from zero.
    max_iter: 0..100 000.
    rtol: in [0, 1); the run has converged when a step lowers the objective by less than this share of
    1/2 |P_Omega(A)|^2 (of the objective at the start where that is 0), or when it is zero up to rounding.
    hidden: entries that the run must not see, only to measure the error on them.
    truth: the factors of the true matrix, only to measure the distance to it.

    Raises `InputError` when a setting is out of its bounds, or the matrix too large.
    """
    check_comparisons(observations, hidden, truth)
    iterates = iterate_projected_gradient(observations, radius, step=step, start=start, max_iter=max_iter, rtol=rtol)
    return record(iterates, hidden, truth)


def iterate_projected_gradient(
    observations: Observations,
    radius: float,
    *,
    step: float = 1.0,
    start: np.ndarray | None = None,
    max_iter: int = 500,
    rtol: float = 1e-5,
) -> Iterator[Iterate]:
    """The iterates of `run_projected_gradient`, one at a time; the settings are checked at once."""
    check_small(observations.shape)
    check_radius(radius)
    if not is_number(step) or not 0 < step < 2:
        raise InputError(f"The step size must be a number above 0 and below 2, not {quoted(step)}.")
    check_whole("The number of steps", max_iter, 0, MAX_STEPS)
    check_rtol(rtol)
    start = _as_start(start, observations.shape)
    at_zero = float(np.vdot(observations.values, observations.values)) / 2
    return until(falling(at_zero, rtol), max_iter, _descend(observations, radius, step, start))


def _descend(observations: Observations, radius: float, step: float, start: np.ndarray) -> Iterator[Iterate]:
    cells = (observations.rows, observations.cols)
    matrix = start
    while True:
        factors = project_onto_nuclear_ball(matrix, radius)
        matrix = factors.left @ factors.right.T
        residual = observations.values - matrix[cells]
        squared_error = float(np.vdot(residual, residual))
        rmse_observed = float(np.sqrt(squared_error / observations.count))
        yield Iterate(factors.left, factors.right, squared_error / 2, rmse_observed)
        matrix[cells] += step * residual


def _as_start(start: np.ndarray | None, shape: tuple[int, int]) -> np.ndarray:
    if start is None:
        return np.zeros(shape)
    try:
        start = np.array(start, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("A start Z_0 must be a table of numbers.") from None
    if start.shape != shape or not (np.abs(start) <= MAX_MAGNITUDE).all():
        raise InputError(
            f"A start Z_0 must be {shape[0]} x {shape[1]} numbers of at most {MAX_MAGNITUDE:g} in magnitude."
        )
    return start
