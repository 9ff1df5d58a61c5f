"""Alternating gradient steps: the half steps of ALS, with one gradient step instead of an exact solve (Lecture 19).

On f(X, Y) = 1/2 |P_Omega(A - X Y^T)|_F^2 + lambda/2 (|X|_F^2 + |Y|_F^2), with R = P_Omega(A - X Y^T),

    X <- X + s (R Y - lambda X),    then, with R at the new X,    Y <- Y + s (R^T X - lambda Y).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from explorer.checks import check_positive, check_whole_number
from explorer.completion.checks import check_comparisons, check_observations
from explorer.completion.engine.residual import Residual, residual_at_zero
from explorer.completion.factors import Factors
from explorer.completion.observations import Observations
from explorer.completion.options import check_factored, options_of
from explorer.completion.starts import starting_factors
from explorer.completion.stopping import falling, until
from explorer.completion.trace import CompletionTrace, Iterate, check_fits, record

MAX_STEPS = 100_000


@dataclass(frozen=True)
class GradientOptions:
    """How a run of alternating gradient steps goes.

    rank, ridge: as in `ALSOptions`.
    step: the step size s > 0 of both blocks, in one over the unit of the values. None takes, at every half step, one
    over a bound of the largest eigenvalue of that block's Hessian: f never rises.
    max_iter: 0..100 000.
    rtol: in [0, 1); the run has converged when a step changes f by less than this share of 1/2 |P_Omega(A)|^2 (of f at
    the start where that is 0), or when f is zero up to rounding. The default is lower than that of ALS: gradient steps
    are short, and slow is not converged.
    """

    rank: int
    ridge: float = 0.01
    step: float | None = None
    max_iter: int = 1000
    rtol: float = 1e-7

    def __post_init__(self) -> None:
        check_factored(self.rank, self.ridge, self.rtol)
        if self.step is not None:
            check_positive("The step size", self.step)
        check_whole_number("The number of steps", self.max_iter, 0, MAX_STEPS)


def run_gradient(
    observations: Observations,
    rank: int | GradientOptions,
    *,
    start: str | Factors = "gaussian",
    seed: int = 0,
    hidden: Observations | None = None,
    truth: Factors | None = None,
    **options: Any,
) -> CompletionTrace:
    """Complete a matrix by alternating gradient steps; a step of the trace moves X, then Y.

    observations: the observed entries of A, m x n.
    rank, options: the fields of `GradientOptions`, or the record itself in the place of the rank.
    start: a name in `FACTOR_STARTS`, or X_0 and Y_0 themselves.
    seed: seed of the start, at least 0.
    hidden: entries that the run must not see, only to measure the error on them.
    truth: the factors of the true matrix, only to measure the distance to it.

    A given step can be too long: a rise of f ends the run as diverged. Raises InputError when a setting is out of its
    bounds, or a trace that long, 8 (m + n) k bytes a step, would not fit into memory.
    """
    options = options_of(GradientOptions, rank, options)
    check_comparisons(observations, hidden, truth)
    kept = sum(observations.shape) * options.rank * (options.max_iter + 1)
    check_fits(kept, f"{options.max_iter} steps", "iterate_gradient")
    return record(iterate_gradient(observations, options, start=start, seed=seed), hidden, truth)


def iterate_gradient(
    observations: Observations,
    rank: int | GradientOptions,
    *,
    start: str | Factors = "gaussian",
    seed: int = 0,
    **options: Any,
) -> Iterator[Iterate]:
    """The iterates of `run_gradient`, one at a time, and none is kept; the settings are checked at once.

    When the numbers overflow, the last iterate is not finite.
    """
    options = options_of(GradientOptions, rank, options)
    check_observations(observations)
    left, right = starting_factors(observations, options.rank, start, seed)
    residual = residual_at_zero(observations)
    rule = falling(residual.squared() / 2, options.rtol)
    return until(rule, options.max_iter, _descend(residual, left, right, options))


def _descend(residual: Residual, left: np.ndarray, right: np.ndarray, options: GradientOptions) -> Iterator[Iterate]:
    rows, cols, ridge = residual.rows, residual.cols, options.ridge
    state = _state(residual, left, right, ridge)
    while True:
        yield state
        left, size = _gradient_step(residual.matrix, rows, cols, left, right, ridge, options.step)
        midway = _state(residual, left, right, ridge, found={"step_size": size})
        right, size = _gradient_step(residual.matrix.T, cols, rows, right, left, ridge, options.step)
        state = _state(residual, left, right, ridge, found={"step_size": size}, midway=midway)


@np.errstate(over="ignore", invalid="ignore")
def _state(residual: Residual, left: np.ndarray, right: np.ndarray, ridge: float, **more: Any) -> Iterate:
    """X and Y with their figures; the residual is set to them."""
    residual.set_to(left, right)
    squared_error = residual.squared()
    penalty = ridge * (np.vdot(left, left) + np.vdot(right, right))
    rmse_observed = float(np.sqrt(squared_error / len(residual.values)))
    return Iterate(left, right, float(squared_error + penalty) / 2, rmse_observed, **more)


@np.errstate(over="ignore", invalid="ignore")
def _gradient_step(
    residual: csr_array,
    rows: np.ndarray,
    cols: np.ndarray,
    factor: np.ndarray,
    other: np.ndarray,
    ridge: float,
    step: float | None,
) -> tuple[np.ndarray, float]:
    """X + s (R Y - lambda X) for X = `factor`, and s; Y with everything transposed."""
    if step is None:
        step = _safe_step(other, rows, cols, len(factor), ridge)
    return factor + step * (residual @ other - ridge * factor), step


def _safe_step(other: np.ndarray, rows: np.ndarray, cols: np.ndarray, size: int, ridge: float) -> float:
    """One over a bound of the largest eigenvalue of the Hessian of a block of `size` rows; 0 where it is flat.

    The Hessian for X is block diagonal, with Y_i^T Y_i + lambda I for row i, Y_i being the rows of Y at its
    entries. No eigenvalue of Y_i^T Y_i is above the largest one of Y^T Y, nor above its own trace.
    """
    gram = other.T @ other
    if not np.isfinite(gram).all():
        return 0.0
    squared_lengths = np.einsum("jk,jk->j", other, other)
    largest_trace = np.bincount(rows, squared_lengths[cols], minlength=size).max()
    bound = min(np.linalg.eigvalsh(gram)[-1], largest_trace) + ridge
    return 1.0 / bound if bound > np.finfo(np.float64).tiny else 0.0
