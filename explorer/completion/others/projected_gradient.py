"""Projected gradient over the nuclear norm ball: the convex way, one whole decomposition a step (Lecture 5).

It minimises 1/2 |P_Omega(A - Z)|_F^2 over |Z|_* <= radius by Z <- project(Z + s P_Omega(A - Z)). Z is formed, so
that this is for small matrices: it shows what Frank-Wolfe and the factored methods avoid.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.checks import as_floats, check_fraction, check_whole_number, is_number
from explorer.completion.checks import check_comparisons, check_observations, check_radius
from explorer.completion.factors import Factors
from explorer.completion.observations import MAX_MAGNITUDE, Observations
from explorer.completion.options import options_of
from explorer.completion.others.nuclear import as_factors, check_small, cut, decomposed
from explorer.completion.stopping import falling, until
from explorer.completion.trace import SHOWN_COLUMNS, CompletionTrace, Iterate, check_fits, leading_columns, record
from explorer.errors import InputError, quoted

MAX_STEPS = 100_000


@dataclass(frozen=True)
class ProjectedGradientOptions:
    """How a run of projected gradient goes.

    radius: of the nuclear norm ball, 0 < radius <= 1e60, in the unit of the values.
    step: s, above 0 and below 2. The gradient changes at most as much as Z does, so that the objective never rises;
    with s = 1 and every entry observed, the first step ends at the solution.
    max_iter: 0..100 000.
    rtol: in [0, 1); the run has converged when a step lowers the objective by less than this share of
    1/2 |P_Omega(A)|^2 (of the objective at the start where that is 0), or when it is zero up to rounding.
    """

    radius: float
    step: float = 1.0
    max_iter: int = 500
    rtol: float = 1e-5

    def __post_init__(self) -> None:
        check_radius(self.radius)
        if not is_number(self.step) or not 0 < self.step < 2:
            raise InputError(f"The step size must be a number above 0 and below 2; got {quoted(self.step)}.")
        check_whole_number("The number of steps", self.max_iter, 0, MAX_STEPS)
        check_fraction("The relative tolerance", self.rtol)


def run_projected_gradient(
    observations: Observations,
    radius: float | ProjectedGradientOptions,
    *,
    start: np.ndarray | None = None,
    hidden: Observations | None = None,
    truth: Factors | None = None,
    **options: Any,
) -> CompletionTrace:
    """Complete a small matrix by projected gradient; `final` are the factors of the last Z, of its own rank.

    At half steps the trace keeps the leading `SHOWN_COLUMNS` columns, by the singular value decomposition, of what was
    stepped to and of its projection, and all singular values of both.

    observations: the observed entries of A, m x n, with at most 1e6 cells.
    radius, options: the fields of `ProjectedGradientOptions`, or the record itself in the place of the radius.
    start: Z_0, (m, n), which is projected onto the ball first; None starts from zero.
    hidden: entries that the run must not see, only to measure the error on them.
    truth: the factors of the true matrix, only to measure the distance to it.

    Raises InputError when a setting is out of its bounds, the matrix too large, or a trace that long, some 200 (m + n)
    bytes a step, would not fit into memory.
    """
    options = options_of(ProjectedGradientOptions, radius, options)
    check_comparisons(observations, hidden, truth)
    iterates = iterate_projected_gradient(observations, options, start=start)
    kept = (2 * SHOWN_COLUMNS * sum(observations.shape) + 2 * min(observations.shape)) * (options.max_iter + 1)
    check_fits(kept, f"{options.max_iter} steps", "iterate_projected_gradient")
    return record(iterates, hidden, truth, leading_columns)


def iterate_projected_gradient(
    observations: Observations,
    radius: float | ProjectedGradientOptions,
    *,
    start: np.ndarray | None = None,
    **options: Any,
) -> Iterator[Iterate]:
    """The iterates of `run_projected_gradient`, one at a time, and none is kept; the settings are checked at once."""
    options = options_of(ProjectedGradientOptions, radius, options)
    check_observations(observations)
    check_small(observations.shape)
    start = _as_start(start, observations.shape)
    at_zero = float(np.vdot(observations.values, observations.values)) / 2
    return until(falling(at_zero, options.rtol), options.max_iter, _descend(observations, start, options))


def _descend(observations: Observations, matrix: np.ndarray, options: ProjectedGradientOptions) -> Iterator[Iterate]:
    cells = (observations.rows, observations.cols)
    iterate = midway = None
    while True:
        left, singular_values, right = decomposed(matrix)
        if iterate is not None:
            shown = as_factors(left[:, :SHOWN_COLUMNS], singular_values[:SHOWN_COLUMNS], right[:SHOWN_COLUMNS])
            midway = _state(shown, observations.values - matrix[cells], singular_values)
        singular_values = cut(singular_values, options.radius)
        factors = as_factors(left, singular_values, right)
        matrix = factors.left @ factors.right.T
        residual = observations.values - matrix[cells]
        iterate = _state(factors, residual, singular_values, midway)
        yield iterate
        matrix[cells] += options.step * residual


def _state(
    factors: Factors, residual: np.ndarray, singular_values: np.ndarray, midway: Iterate | None = None
) -> Iterate:
    """Z, or its leading columns, with its figures."""
    squared_error = float(np.vdot(residual, residual))
    rmse_observed = float(np.sqrt(squared_error / len(residual)))
    found = {"singular_values": singular_values}
    return Iterate(factors.left, factors.right, squared_error / 2, rmse_observed, found=found, midway=midway)


def _as_start(start: np.ndarray | None, shape: tuple[int, int]) -> np.ndarray:
    if start is None:
        return np.zeros(shape)
    start = as_floats(start, "A start Z_0", MAX_MAGNITUDE).copy()
    if start.shape != shape:
        raise InputError(f"A start Z_0 must be {shape[0]} x {shape[1]}, as the matrix is, not {start.shape}.")
    return start
