"""What optima are called: the same letter wherever the same optimum is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from string import ascii_uppercase
from typing import Protocol

from explorer.mixture import Optima, OptimumKind
from explorer.mixture.judge import LOG_LIKELIHOOD_TOLERANCE

DEGENERATE = "degenerate"
_PREFIXES = {OptimumKind.SADDLE: "u", OptimumKind.SPURIOUS: "s"}


class Named(Protocol):
    """An optimum that has a name already."""

    label: str
    log_likelihood: float


def names_of(optima: Optima, known: Sequence[Named] = ()) -> tuple[str, ...]:
    """Name each optimum, (G,): A, B, ... the proper ones, u1, ... saddles, s1, ... spurious ones, and all that
    collapses DEGENERATE.

    One that is among the known, with their kind of name and their log-likelihood to LOG_LIKELIHOOD_TOLERANCE, is called
    so; others get names that none of the known has.
    """
    taken = {each.label for each in known}
    fresh = {kind: (name for name in _names(kind) if name not in taken) for kind in OptimumKind}
    free = list(known)
    names = []
    for kind, log_likelihood in zip(optima.kinds, optima.log_likelihoods, strict=True):
        same = [
            each
            for each in free
            if kind_of_name(each.label) is kind
            and abs(each.log_likelihood - log_likelihood) <= LOG_LIKELIHOOD_TOLERANCE
        ]
        if kind is OptimumKind.DEGENERATE:
            names.append(DEGENERATE)
        elif same:
            nearest = min(same, key=lambda each: abs(each.log_likelihood - log_likelihood))
            free.remove(nearest)
            names.append(nearest.label)
        else:
            names.append(next(fresh[kind]))
    return tuple(names)


def kind_of_name(name: str) -> OptimumKind:
    """The kind of optimum that has such a name."""
    if name == DEGENERATE:
        return OptimumKind.DEGENERATE
    return next((kind for kind, prefix in _PREFIXES.items() if name.startswith(prefix)), OptimumKind.PROPER)


def rank_of_name(name: str) -> int:
    """Which one of its kind a name stands for, from 0: B is 1, and so is s2."""
    kind = kind_of_name(name)
    return next(index for index, each in enumerate(_names(kind)) if each == name) if kind in _NAMED else 0


def _names(kind: OptimumKind) -> Iterator[str]:
    """All names of a kind in their order."""
    for index in count():
        if kind is OptimumKind.PROPER:
            round_, letter = divmod(index, len(ascii_uppercase))
            yield ascii_uppercase[letter] + (f"{round_ + 1}" if round_ else "")
        else:
            yield f"{_PREFIXES.get(kind, DEGENERATE)}{index + 1}"


_NAMED = {OptimumKind.PROPER, *_PREFIXES}
