"""How charts name and colour optima: the same letter and the same colour in every chart of one study."""

from __future__ import annotations

from string import ascii_uppercase

from explorer.charts.theme import Theme, mixed
from explorer.mixture import Optima

DEGENERATE = "degenerate"
# Names of kinds other than proper ones: spurious optima, and saddle points, where components stay alike.
_LETTERS = {"spurious": "s", "saddle": "u"}


def names_of(optima: Optima) -> tuple[str, ...]:
    """A, B, ..., Z, A2, ... for proper optima, s1, ... for spurious ones, "degenerate" for all ends that are."""
    names, seen = [], {}
    for kind in map(str, optima.kinds):
        index = seen[kind] = seen.get(kind, -1) + 1
        if kind == DEGENERATE:
            names.append(DEGENERATE)
        elif kind in _LETTERS:
            names.append(f"{_LETTERS[kind]}{index + 1}")
        else:
            round_, letter = divmod(index, len(ascii_uppercase))
            names.append(ascii_uppercase[letter] + (f"{round_ + 1}" if round_ else ""))
    return tuple(names)


def colours_of(optima: Optima, theme: Theme) -> tuple[str, ...]:
    """The fill of each optimum; under a hatch of `theme.degenerate` for ends that are degenerate."""
    special = {DEGENERATE: mixed(theme.degenerate, theme.paper, 0.7), "saddle": theme.coming}
    return tuple(special.get(str(kind), theme.optima[g % len(theme.optima)]) for g, kind in enumerate(optima.kinds))


def written(log_likelihood: float) -> str:
    """A log-likelihood as it is written in a chart: two decimals and a true minus sign."""
    return f"{log_likelihood:.2f}".replace("-", "−")
