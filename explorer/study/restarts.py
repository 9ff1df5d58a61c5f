"""How often something happened among many starts, and what that says about the next ones.

Nothing here knows of EM or ALS: shares with their uncertainty, how many starts are enough, the best of m starts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, log, log1p, sqrt

import numpy as np
from scipy.special import gammaln, ndtri

from explorer.errors import InputError

CERTAINTY = 0.95
# More starts than this are reported as infinitely many: nobody makes them.
MOST_STARTS = 10_000_000
# A certainty that is missed by rounding only is reached.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Share:
    """`count` of `total`, and the interval low..high that holds the true share; NaN, 0 and 1 where total is 0."""

    count: int
    total: int
    share: float
    low: float
    high: float


def share_with_interval(count: int, total: int, confidence: float = CERTAINTY) -> Share:
    """Return the share with its Wilson interval (1927), which stays sensible at 0, at 1 and for few runs.

    It takes the runs for independent. Those of few masks are not quite: then the truth is less certain.

    Raises InputError unless 0 <= count <= total and 0 < confidence < 1.
    """
    if not 0 <= count <= total:
        raise InputError(f"{count} of {total} is no share; count from 0 up to the total.")
    _check_inside("The confidence", confidence)
    if total == 0:
        return Share(0, 0, np.nan, 0.0, 1.0)
    share, z = count / total, float(ndtri((1 + confidence) / 2))
    spread = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    middle, shrink = share + z * z / (2 * total), 1 + z * z / total
    # Where nothing, or everything, succeeded, that end of the interval is 0, or 1, up to rounding.
    low = 0.0 if count == 0 else (middle - spread) / shrink
    high = 1.0 if count == total else (middle + spread) / shrink
    return Share(int(count), int(total), share, low, high)


def starts_needed(share: float | Sequence[float], certainty: float = CERTAINTY) -> float:
    """Return how many starts succeed at least once with this certainty, when each does so with probability `share`.

    That is the least m with 1 - (1 - p)^m >= c, ceil(log(1 - c) / log(1 - p)). With several shares, of equally likely
    problems of which one does not know which one has, it is the least m for which the mean of 1 - (1 - p)^m is so
    large: more than for the mean share, since the hard problems decide. A whole number as a float; infinite where no
    number, or only more than MOST_STARTS, is enough.

    Raises InputError unless every share is in 0..1, there is one, and 0 < certainty < 1.
    """
    shares = np.atleast_1d(np.asarray(share, dtype=np.float64))
    if not shares.size or not ((shares >= 0) & (shares <= 1)).all():
        raise InputError("Every share must be a number from 0 to 1, and there must be at least one.")
    _check_inside("The certainty", certainty)
    allowed = (1 - certainty) * (1 + ROUNDING)

    def enough(m: int) -> bool:
        return float(np.mean((1 - shares) ** m)) <= allowed

    # The chance of failing lies between that at the lowest and at the highest share, and falls with m.
    if not enough(MOST_STARTS):
        return inf
    few, many = 0, min(MOST_STARTS, _closed_form(float(shares.min()), certainty))
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return float(many)


def _closed_form(share: float, certainty: float) -> int:
    """Surely enough starts: the formula for one share, rounded up once more."""
    if share == 1:
        return 1
    return MOST_STARTS if share == 0 else ceil(min(log(1 - certainty) / log1p(-share), MOST_STARTS)) + 1


@dataclass(frozen=True, eq=False)
class BestOf:
    """The best of m starts, for several m.

    n_starts: (M,) the numbers m.
    expected: (M,) its expectation.
    levels: (Q,) probabilities; quantiles: (M, Q) what the best is at most with these probabilities, by value: the
    median is level 0.5 whether the largest or the smallest is best.
    """

    n_starts: np.ndarray
    expected: np.ndarray
    levels: np.ndarray
    quantiles: np.ndarray


def best_of(
    values: Sequence[float],
    n_starts: int | Sequence[int],
    *,
    largest: bool = True,
    levels: Sequence[float] = (0.05, 0.5, 0.95),
) -> BestOf:
    """Return the exact distribution of the best of m starts that are drawn from the observed ones, without repetition.

    Of all subsets of m among the R observed values, a share C(i, m) / C(R, m) has its largest among the i smallest.
    Its expectation is the unbiased estimate for m fresh starts with the least variance; drawing with repetition would
    give too little (Tang et al., "Showing Your Work Doesn't Always Work", 2020).

    values (R,): where the starts ended; infinite is allowed, NaN is not. n_starts: m, one or several, each 1..R: what
    more than R starts would bring, R starts cannot tell. largest: whether the largest is best (a log-likelihood), or
    the smallest (an error).

    Raises InputError where an argument is out of its bounds.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64).ravel())
    counts, levels = np.atleast_1d(np.asarray(n_starts)), np.asarray(levels, dtype=np.float64)
    total = len(ordered)
    if not total or np.isnan(ordered).any():
        raise InputError("The best of some starts needs at least one value, and none that is not a number.")
    if not np.issubdtype(counts.dtype, np.integer) or not ((counts >= 1) & (counts <= total)).all():
        raise InputError(f"There are {total} starts, so the best can be taken of 1 to {total} of them.")
    if not ((levels > 0) & (levels < 1)).all():
        raise InputError("The levels of quantiles must lie between 0 and 1.")
    among = np.array([_largest_among(total, int(m)) for m in counts])
    if not largest:  # the smallest of m is above the i smallest exactly when all m are
        among = 1 - np.hstack([among[:, -2::-1], np.zeros((len(counts), 1))])
    chances = np.diff(among, axis=1, prepend=0.0)
    with np.errstate(invalid="ignore"):  # an infinite value that is never the best does not count
        expected = np.where(chances > 0, chances * ordered, 0.0).sum(axis=1)
    positions = [np.searchsorted(row, levels * (1 - ROUNDING)) for row in among]
    return BestOf(counts, expected, levels, ordered[np.minimum(positions, total - 1)])


def _largest_among(total: int, m: int) -> np.ndarray:
    """The chance that the largest of m of `total` values is among the i smallest, for i = 1..total."""
    i = np.arange(m, total + 1)
    chance = np.exp(gammaln(i + 1) - gammaln(i - m + 1) - gammaln(total + 1) + gammaln(total - m + 1))
    chance[-1] = 1.0
    return np.concatenate([np.zeros(m - 1), chance])


def _check_inside(what: str, value: float) -> None:
    if not 0 < value < 1:
        raise InputError(f"{what} is {value}, but must lie between 0 and 1.")
