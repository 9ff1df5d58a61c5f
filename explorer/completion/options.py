"""The options of a run as one record: what determines how it goes, once the data, the start and the seed are given.

Each solver has a record of its own, beside it; that of ALS is here, because single runs, many runs, selection and
studies all take it. A function of a solver takes the record, or its fields, the first one by position:

    run_als(observed, 2, ridge=0.1)    is    run_als(observed, ALSOptions(2, ridge=0.1))

so that a new option is one field, checked once, and reaches every function of the solver.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from explorer.checks import check_flag, check_fraction, check_whole_number
from explorer.completion.checks import MAX_RANK, check_ridge

MAX_SWEEPS = 10_000

Options = TypeVar("Options")


@dataclass(frozen=True)
class ALSOptions:
    """How a run of alternating least squares goes.

    rank: k, 1..100, and at most min(m, n).
    ridge: lambda, 0..1e50, in the unit of the values. With 0, a problem without a unique solution gets its shortest
    one, and is reported.
    ridge_per_entry: whether a row or column is penalised once for each of its observed entries, rather than once
    (Zhou, Wilkinson, Schreiber and Pan, 2008). Those without entries then have no penalty; the shortest solution,
    which they get, is zero.
    max_sweeps: 0..10 000.
    rtol: in [0, 1); the run has converged when a whole sweep lowers f by less than this share of 1/2 |P_Omega(A)|^2,
    which is f at X = Y = 0, or when f is zero up to rounding. Not of f itself: where X Y^T fits exactly, f falls
    towards the penalty for very long, by shares of itself that look large though nothing moves any more. 0 runs on to
    max_sweeps unless f becomes zero.

    Raises InputError when one is out of its bounds.
    """

    rank: int
    ridge: float = 0.01
    ridge_per_entry: bool = False
    max_sweeps: int = 100
    rtol: float = 1e-5

    def __post_init__(self) -> None:
        check_factored(self.rank, self.ridge, self.rtol)
        check_flag("Whether the ridge is one per entry", self.ridge_per_entry)
        check_whole_number("The sweeps", self.max_sweeps, 0, MAX_SWEEPS)


def check_factored(rank: int, ridge: float, rtol: float) -> None:
    """What the options of all solvers have in common that move X and Y."""
    check_whole_number("The rank", rank, 1, MAX_RANK)
    check_ridge(ridge)
    check_fraction("The relative tolerance", rtol)


def options_of(kind: type[Options], first: Options | Any, fields: Mapping[str, Any]) -> Options:
    """The record that a call means: `first` is one, or the value of its first field; `fields` are others by name."""
    return replace(first, **fields) if isinstance(first, kind) else kind(first, **fields)
