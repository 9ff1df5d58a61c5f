"""Frank-Wolfe over the nuclear norm ball: one pair of singular vectors a step, and no projection (Lecture 5).

It minimises f(Z) = 1/2 |P_Omega(A - Z)|_F^2 over |Z|_* <= radius. With the residual R = P_Omega(A - Z), which is
minus the gradient, the matrix of the ball that goes furthest downhill is S = radius u v^T, with the leading
singular vectors of R, and the step is Z <- (1 - g) Z + g S. The duality gap

    <R, S - Z> = radius |R|_2 - <R, Z>  >=  f(Z) - min f

comes for free and proves how near the minimum is (Jaggi, 2013); with a bound of |R|_2 in its place, at most a
tenth larger, it is on the safe side of what Lanczos cannot know. Z is kept as X Y^T, a column more a step; only
R is computed, on the observed entries.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from explorer.checks import check_choice, check_fraction, check_whole_number, read_only
from explorer.completion.checks import check_comparisons, check_observations, check_radius
from explorer.completion.engine.leading_pair import SingularPair, leading_pair
from explorer.completion.engine.residual import Residual, residual_at_zero
from explorer.completion.factors import Factors
from explorer.completion.observations import Observations
from explorer.completion.options import options_of
from explorer.completion.rounding import ROUNDING
from explorer.completion.stopping import ZERO, until
from explorer.completion.trace import (
    MAX_TRACE_NUMBERS,
    SHOWN_COLUMNS,
    CompletionTrace,
    Iterate,
    check_fits,
    no_columns,
    record,
)
from explorer.errors import InputError
from explorer.stop_reason import StopReason

MAX_STEPS = 10_000

# Columns of X and Y that are let grow before they are made as few as the rank of X Y^T.
COLUMNS = 64


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class FrankWolfeTrace(CompletionTrace):
    """A run of Frank-Wolfe with its duality gaps.

    gaps: (T + 1,) at least the objective minus its minimum; read-only.
    radius: of the ball.

    A direction S = radius u v^T is found at the first move of a step (`found` has u (m,), v (n,) and the gap), and the
    second goes the share g of the way (`found` has it): that is all that is kept, 8 (m + n) bytes a step, and every
    iterate is a sum of those found before it.
    """

    gaps: np.ndarray
    radius: float

    def arrays_at(self, h: int) -> tuple[np.ndarray, np.ndarray]:
        return next(islice(self.all_arrays(), h, None))

    def all_arrays(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Z at every half step, as its leading `SHOWN_COLUMNS` columns by the singular value decomposition.

        Each from the one before it, whose columns it follows in sign; a first move changes nothing.
        """
        left, right = np.zeros_like(self.final.left[:, :1]), np.zeros_like(self.final.right[:, :1])
        yield left, right
        for first, second in zip(self.found[1::2], self.found[2::2], strict=True):
            shown = left[:, :SHOWN_COLUMNS], right[:, :SHOWN_COLUMNS]
            yield shown
            stays, added = np.sqrt(1.0 - second["share"]), np.sqrt(self.radius * second["share"])
            left, right = compressed(
                np.column_stack([stays * left, added * first["left"]]),
                np.column_stack([stays * right, added * first["right"]]),
            )
            columns = min(shown[0].shape[1], left.shape[1])
            signs = np.ones(left.shape[1])
            signs[:columns] = np.where((left[:, :columns] * shown[0][:, :columns]).sum(axis=0) < 0, -1.0, 1.0)
            left, right = left * signs, right * signs
            yield left[:, :SHOWN_COLUMNS], right[:, :SHOWN_COLUMNS]


@dataclass(frozen=True, eq=False)
class FrankWolfeIterate(Iterate):
    """An iterate with its duality gap."""

    gap: float = np.inf


@dataclass(frozen=True)
class StepRule:
    """How far to go towards S.

    name: its key in `STEP_RULES` and in an address.
    label: its name on the screen.
    explanation: one sentence for the screen.
    length: (t, downhill, curvature) -> g in [0, 1] for step t = 0, 1, ..., where f changes by
    -g downhill + g^2/2 curvature, curvature > 0.
    """

    name: str
    label: str
    explanation: str
    length: Callable[[int, float, float], float]


# Every step rule by name.
STEP_RULES: dict[str, StepRule] = {
    rule.name: rule
    for rule in (
        StepRule(
            "line-search",
            "Line search",
            "Every step goes as far as the objective falls, which never rises.",
            lambda t, downhill, curvature: min(1.0, max(0.0, downhill / curvature)),
        ),
        StepRule(
            "open-loop",
            "2/(t+2)",
            "Step t goes the share 2/(t+2) of the way, whatever the objective does.",
            lambda t, downhill, curvature: 2.0 / (t + 2.0),
        ),
    )
}


@dataclass(frozen=True)
class FrankWolfeOptions:
    """How a run of Frank-Wolfe goes.

    radius: of the nuclear norm ball, 0 < radius <= 1e60, in the unit of the values.
    step_rule: a name in `STEP_RULES`.
    max_iter: 0..10 000. After t steps the objective is at most 2 (2 radius)^2 / (t + 2) above its minimum.
    rtol: in [0, 1); the run has converged when the duality gap is below this share of 1/2 |P_Omega(A)|^2, or the
    objective is zero up to rounding. The gap falls like 1/t: small tolerances take many steps.
    """

    radius: float
    step_rule: str = "line-search"
    max_iter: int = 500
    rtol: float = 1e-3

    def __post_init__(self) -> None:
        check_radius(self.radius)
        check_choice("step rule", self.step_rule, STEP_RULES)
        check_whole_number("The number of steps", self.max_iter, 0, MAX_STEPS)
        check_fraction("The relative tolerance", self.rtol)


def run_frank_wolfe(
    observations: Observations,
    radius: float | FrankWolfeOptions,
    *,
    hidden: Observations | None = None,
    truth: Factors | None = None,
    **options: Any,
) -> FrankWolfeTrace:
    """Complete a matrix by Frank-Wolfe, from Z = 0.

    observations: the observed entries of A, m x n.
    radius, options: the fields of `FrankWolfeOptions`, or the record itself in the place of the radius.
    hidden: entries that the run must not see, only to measure the error on them.
    truth: the factors of the true matrix, only to measure the distance to it.

    Raises InputError when a setting is out of its bounds, or a trace that long, 8 (m + n) bytes a step, would not fit
    into memory.
    """
    options = options_of(FrankWolfeOptions, radius, options)
    check_comparisons(observations, hidden, truth)
    check_fits(sum(observations.shape) * options.max_iter, f"{options.max_iter} steps", "iterate_frank_wolfe")
    iterates = iterate_frank_wolfe(observations, options)
    gaps = []

    def noting_gaps() -> Iterator[FrankWolfeIterate]:
        for iterate in iterates:
            gaps.append(iterate.gap)
            yield iterate

    trace = record(noting_gaps(), hidden, truth, keep=no_columns)
    gaps = read_only(np.array(gaps[: len(trace.objectives)]))
    return FrankWolfeTrace(**vars(trace), gaps=gaps, radius=options.radius)


def iterate_frank_wolfe(
    observations: Observations, radius: float | FrankWolfeOptions, **options: Any
) -> Iterator[FrankWolfeIterate]:
    """The iterates of `run_frank_wolfe`, one at a time, and none is kept; the settings are checked at once."""
    options = options_of(FrankWolfeOptions, radius, options)
    check_observations(observations)
    if sum(observations.shape) * min(options.max_iter, COLUMNS + min(observations.shape)) > MAX_TRACE_NUMBERS:
        raise InputError(f"The factors after {options.max_iter} steps would not fit into memory: allow fewer steps.")
    residual = residual_at_zero(observations)
    at_zero = residual.squared() / 2

    def rule(before: Iterate | None, iterate: FrankWolfeIterate) -> StopReason | None:
        if not np.isfinite(iterate.objective):
            return StopReason.DIVERGED
        if iterate.objective <= ZERO * at_zero or iterate.gap < options.rtol * at_zero:
            return StopReason.CONVERGED
        return None

    return until(rule, options.max_iter, _descend(residual, options.radius, STEP_RULES[options.step_rule]))


def _descend(residual: Residual, radius: float, rule: StepRule) -> Iterator[FrankWolfeIterate]:
    m, n = residual.matrix.shape
    left, right = np.zeros((m, 1)), np.zeros((n, 1))
    product = np.zeros(len(residual.values))  # P_Omega(Z)
    columns = COLUMNS
    rng = np.random.default_rng(0)
    found, midway = {}, None
    t = 0
    while True:
        np.subtract(residual.values, product, out=residual.entries)
        inner = float(np.vdot(residual.entries, product))
        pair = _leading_pair(residual, rng.standard_normal(n), inner / radius)
        squared_error = residual.squared()
        gap = max(0.0, radius * pair.bound - inner)
        figures = squared_error / 2, float(np.sqrt(squared_error / len(product)))
        yield FrankWolfeIterate(left, right, *figures, found=found, midway=midway, gap=gap)
        midway = Iterate(left, right, *figures, found={"left": pair.left, "right": pair.right, "gap": gap})
        corner = radius * pair.left[residual.rows] * pair.right[residual.cols]  # P_Omega(S)
        direction = corner - product
        curvature = float(np.vdot(direction, direction))
        length = rule.length(t, float(np.vdot(residual.entries, direction)), curvature) if curvature > 0 else 0.0
        found = {"share": length}
        product += length * direction
        scale = np.sqrt(radius * length)
        left = np.column_stack([np.sqrt(1.0 - length) * left, scale * pair.left])
        right = np.column_stack([np.sqrt(1.0 - length) * right, scale * pair.right])
        if left.shape[1] > columns:
            left, right = compressed(left, right)
            columns = COLUMNS + left.shape[1]
        t += 1


def _leading_pair(residual: Residual, start: np.ndarray, threshold: float) -> SingularPair:
    """The leading singular pair of the residual, computed in its own unit so that no square vanishes."""
    unit = float(np.abs(residual.entries).max()) or 1.0
    pair = leading_pair(residual.matrix / unit, start, threshold / unit)
    return SingularPair(unit * pair.value, unit * pair.bound, pair.left, pair.right)


def compressed(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same X Y^T with as few columns as its rank, at least one, X^T X = Y^T Y, and without forming it."""
    left_basis, left_part = np.linalg.qr(left)
    right_basis, right_part = np.linalg.qr(right)
    u, singular_values, v = np.linalg.svd(left_part @ right_part.T, full_matrices=False)
    rank = max(1, np.count_nonzero(singular_values > ROUNDING * singular_values[0]))
    scale = np.sqrt(singular_values[:rank])
    return left_basis @ u[:, :rank] * scale, right_basis @ v[:rank].T * scale
