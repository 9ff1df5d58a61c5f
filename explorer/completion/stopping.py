"""When a run ends: the rule that the solvers share.

A run has converged when a whole step changes the objective by less than a share of 1/2 |P_Omega(A)|^2, the
objective at zero; not by a share of itself, which falls for very long where the matrix is fitted exactly. A
plateau passes for convergence too.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from explorer.completion.rounding import ROUNDING
from explorer.completion.trace import Iterate
from explorer.stop_reason import StopReason

# A rise of the objective by more than this share of the larger of itself and its value at zero is not rounding.
RISE = 1e-10

# An objective below this share of its value at zero is zero: twelve digits of the entries are explained.
ZERO = ROUNDING**2

# A run that need not fall at every step has diverged when it is this many times above where it was, and zero is.
BLOW_UP = 10.0

Floats = float | np.ndarray
Marks = bool | np.ndarray

# Whether a run ends at an iterate, given the one before, which is None at the start.
Rule = Callable[[Iterate | None, Iterate], StopReason | None]


def until(rule: Rule, max_iter: int, iterates: Iterable[Iterate]) -> Iterator[Iterate]:
    """The iterates of an endless run, up to the one at which it ends, which gets its stop reason."""
    before = None
    for t, iterate in enumerate(iterates):
        stop_reason = rule(before, iterate)
        if stop_reason is None and t == max_iter:
            stop_reason = StopReason.MAX_ITER
        yield replace(iterate, stop_reason=stop_reason)
        if stop_reason is not None:
            return
        before = iterate


def falling(at_zero: float, rtol: float) -> Rule:
    """The rule of a solver whose objective falls at every step: a rise is divergence.

    `at_zero` is 1/2 |P_Omega(A)|^2. Where that is zero, a share of the objective at the start is taken.
    """
    return _rule(at_zero, rtol, lambda before, after, whole, start: has_risen(before, after, whole))


def wandering(at_zero: float, rtol: float) -> Rule:
    """The rule of a solver whose objective may rise now and then: divergence is a rise far above the start."""
    return _rule(at_zero, rtol, lambda before, after, whole, start: after > BLOW_UP * max(whole, start))


def _rule(at_zero: float, rtol: float, has_diverged: Callable[[float, float, float, float], bool]) -> Rule:
    start = whole = at_zero

    def rule(before: Iterate | None, iterate: Iterate) -> StopReason | None:
        nonlocal start, whole
        if before is None:
            start = iterate.objective
            whole = at_zero if at_zero > 0 else start
            return None
        after = iterate.objective
        if not np.isfinite(after) or has_diverged(before.objective, after, whole, start):
            return StopReason.DIVERGED
        return StopReason.CONVERGED if has_converged(before.objective, after, whole, rtol) else None

    return rule


def verdict(before: float, after: float, whole: float, rtol: float) -> StopReason | None:
    """Whether a run of ALS ends after a sweep from `before` to `after`; `whole` is the objective at X = Y = 0."""
    if has_risen(before, after, whole):
        return StopReason.DIVERGED
    return StopReason.CONVERGED if has_converged(before, after, whole, rtol) else None


def has_risen(before: Floats, after: Floats, whole: Floats) -> Marks:
    """Whether the objective rose by more than rounding, or is no number; also for arrays of runs."""
    return np.logical_not((after <= before + RISE * np.maximum(whole, before)) & (after < np.inf))


def has_converged(before: Floats, after: Floats, whole: Floats, rtol: float) -> Marks:
    """Whether the objective is zero, or changed by too little; also for arrays of runs."""
    return (after <= ZERO * whole) | (abs(before - after) < rtol * whole)
