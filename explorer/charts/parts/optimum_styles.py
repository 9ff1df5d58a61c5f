"""How charts colour optima and write of them: the same name has the same colour in every chart."""

from __future__ import annotations

from explorer.charts.parts.theme import Theme, mixed
from explorer.mixture import OptimumKind
from explorer.study.em_outcomes import EMOutcome
from explorer.study.names import kind_of_name, rank_of_name


def colour_of(name: str, theme: Theme) -> str:
    """The fill of an optimum by its name; what is no proper optimum has a pale amber, under a hatch, or a grey."""
    kind = kind_of_name(name)
    if kind is OptimumKind.PROPER:
        return theme.optima[rank_of_name(name) % len(theme.optima)]
    if kind is OptimumKind.SADDLE:
        return theme.coming
    return mixed(theme.degenerate, theme.paper, 0.7 if kind is OptimumKind.DEGENERATE else 0.5)


def written(log_likelihood: float) -> str:
    """A log-likelihood as it is written in a chart: two decimals and a true minus sign."""
    return f"{log_likelihood:.2f}".replace("-", "−")


def said(outcome: str, optimum: str) -> str:
    """How a run ended, in words; `optimum` is the name of the one that it is in or was on its way to."""
    if outcome == EMOutcome.PLATEAU:
        return f"stopped early, on the way to {optimum or 'a collapse'}"
    return {EMOutcome.PROPER: f"optimum {optimum}", EMOutcome.SADDLE: "saddle point"}.get(outcome, str(outcome))
