"""Which log-likelihoods a chart shows: where the optima are told apart, not where the worst start was."""

from __future__ import annotations

from explorer.study.em_outcomes import EMOutcomes

# Optima that count: the best few, as far as some share of the runs leads there.
MOST_LEVELS = 5
LEAST_SHARE = 0.01
# The window holds the levels and, below, this many times their spread; at least LEAST_SPREAD nats.
BELOW = 3.0
LEAST_SPREAD = 0.5


def levels_of(outcomes: EMOutcomes) -> list[tuple[str, float]]:
    """Label and log-likelihood of the optima that are worth a mark, the best first."""
    shares = outcomes.table["optimum"].value_counts(normalize=True)
    proper = outcomes.proper
    worth = [*proper[:1]] + [optimum for optimum in proper[1:] if shares.get(optimum.label, 0) >= LEAST_SHARE]
    return [(optimum.label, optimum.log_likelihood) for optimum in worth[:MOST_LEVELS]]


def window_of(outcomes: EMOutcomes) -> tuple[float, float]:
    """The least and the largest log-likelihood to show."""
    levels = [level for _, level in levels_of(outcomes)]
    ends = outcomes.table["log_likelihood"]
    if not levels:
        return _with_margin(float(ends.min()), float(ends.max()))
    high = levels[0]
    spread = max(high - levels[-1], LEAST_SPREAD)
    low = max(high - (1 + BELOW) * spread, min(float(ends.min()), levels[-1] - LEAST_SPREAD))
    return _with_margin(low, high)


def _with_margin(low: float, high: float) -> tuple[float, float]:
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin
