"""When a run ends: the rule that the solvers share.

A run has converged when a whole step changes the objective by less than a share of 1/2 |P_Omega(A)|^2, the
objective at zero; not by a share of itself, which falls for very long where the matrix is fitted exactly. A
plateau passes for convergence too.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from explorer.completion.half_step import ROUNDING
from explorer.completion.trace import Iterate
from explorer.stopping import StopReason

RISE = 1e-10
"""A rise of the objective by more than this share of the larger of itself and its value at zero is not rounding."""

ZERO = ROUNDING**2
"""An objective below this share of its value at zero is zero: twelve digits of the entries are explained."""

BLOW_UP = 10.0
"""A run that need not fall at every step has diverged when it is this many times above where it was, and zero is."""

Rule = Callable[[Iterate | None, Iterate], StopReason | None]
"""Whether a run ends at an iterate, given the one before, which is None at the start."""


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
    return _rule(at_zero, rtol, lambda before, whole, start: before + RISE * max(whole, before))


def wandering(at_zero: float, rtol: float) -> Rule:
    """The rule of a solver whose objective may rise now and then: divergence is a rise far above the start."""
    return _rule(at_zero, rtol, lambda before, whole, start: BLOW_UP * max(whole, start))


def _rule(at_zero: float, rtol: float, highest: Callable[[float, float, float], float]) -> Rule:
    start = whole = at_zero

    def rule(before: Iterate | None, iterate: Iterate) -> StopReason | None:
        nonlocal start, whole
        if before is None:
            start = iterate.objective
            whole = at_zero if at_zero > 0 else start
            return None
        if not np.isfinite(iterate.objective) or iterate.objective > highest(before.objective, whole, start):
            return StopReason.DIVERGED
        if iterate.objective <= ZERO * whole or abs(before.objective - iterate.objective) < rtol * whole:
            return StopReason.CONVERGED
        return None

    return rule
