"""Choosing the rank and the ridge by what they make of entries that were held out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.checks import check_whole_number, is_number
from explorer.completion.checks import check_observations, check_rank, check_ridge
from explorer.completion.many import run_many_als
from explorer.completion.observations import Observations
from explorer.completion.options import ALSOptions
from explorer.errors import InputError, quoted
from explorer.stop_reason import StopReason

MAX_SPLITS = 100
MAX_STARTS = 10_000

# Errors that differ by less than this share of the size of the held-out values are equal.
TIE = 1e-6


@dataclass(frozen=True)
class Fit:
    """ALS with one rank and one ridge on the observed part of one split.

    rank, ridge: the pair.
    split: which split, from 0.
    rmse_observed: root mean square error on the observed part, in the unit of the values.
    rmse_held_out: the same on the part held out.
    stop_reason: why ALS ended.
    """

    rank: int
    ridge: float
    split: int
    rmse_observed: float
    rmse_held_out: float
    stop_reason: StopReason


@dataclass(frozen=True)
class Score:
    """A pair of rank and ridge, judged on all splits.

    rank, ridge: the pair.
    rmse_held_out: root mean square error over the held-out entries of all splits together.
    """

    rank: int
    ridge: float
    rmse_held_out: float


@dataclass(frozen=True)
class Selection:
    """All fits and what follows from them.

    fits: every fit that was done, pair by pair, and split by split within a pair.
    scores: every pair that was fitted on all splits, in rising order of ranks, then ridges.
    best: the pair with the least held-out error; of pairs that are equal up to a millionth of the values,
    the one with the lowest rank, then with the largest ridge. None when no pair was finished.
    complete: whether every pair was fitted, so that `best` is the best of all.
    """

    fits: tuple[Fit, ...]
    scores: tuple[Score, ...]
    best: Score | None
    complete: bool


def hold_out(observations: Observations, share: float, seed: int) -> tuple[Observations, Observations]:
    """Split the observed entries at random into (still observed, held out); what is in neither is missing.

    Each row and each column keeps at least one of its entries, since nothing could be said about an empty one;
    where that leaves too few, fewer are held out.

    share: of the entries to hold out, above 0 and below 1; at least one is.
    seed: >= 0. The same settings give the same split.

    Raises InputError when every entry is the only one in its row or its column, or a setting is out of bounds.
    """
    check_observations(observations)
    _check_share(share)
    check_whole_number("The seed", seed, 0)
    shuffled = np.random.default_rng(seed).permutation(observations.count)
    _, first_in_row = np.unique(observations.rows[shuffled], return_index=True)
    _, first_in_col = np.unique(observations.cols[shuffled], return_index=True)
    free = np.ones(observations.count, dtype=bool)
    free[first_in_row] = free[first_in_col] = False
    held = shuffled[free][: max(1, round(share * observations.count))]
    if not len(held):
        raise InputError(
            "No entry can be held out, because every one is needed by its row or its column: observe more entries."
        )
    kept = np.ones(observations.count, dtype=bool)
    kept[held] = False
    return _part(observations, kept), _part(observations, ~kept)


def choose_rank_and_ridge(
    observations: Observations,
    ranks: Sequence[int],
    ridges: Sequence[float],
    *,
    share: float = 0.2,
    n_splits: int = 1,
    n_starts: int = 10,
    seed: int = 0,
    start: str = "gaussian",
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    **options: Any,
) -> Selection:
    """Fit every pair of rank and ridge by ALS, and judge it by the error on entries that it did not see.

    observations: the observed entries of A.
    ranks, ridges: what to choose from, each at least one value, no value twice; bounds as in `run_als`.
    share: of the entries to hold out in each split, above 0 and below 1.
    n_splits: 1..100; split s has the seed `seed + s`.
    n_starts: 1..10 000; each pair is fitted from that many starts, and the one with the lowest objective counts:
    a single one often gets stuck.
    seed: of the splits and of the starts, >= 0; start s has the seed `seed + s`, alike in all splits.
    start, options: as in `run_als`, without rank and ridge; the start by name.
    progress: called with (fits done, fits in all) after each fit.
    cancelled: asked while ALS runs; once it says True, what has been done is returned.

    Raises InputError when a setting is out of its bounds, or no entry can be held out.
    """
    check_observations(observations)
    ranks, ridges = _as_choices("ranks", ranks), _as_choices("ridges", ridges)
    for rank in ranks:
        check_rank(rank, observations.shape)
    for ridge in ridges:
        check_ridge(ridge)
    check_whole_number("The number of splits", n_splits, 1, MAX_SPLITS)
    check_whole_number("The number of starts", n_starts, 1, MAX_STARTS)
    check_whole_number("The seed", seed, 0)
    splits = [hold_out(observations, share, seed + s) for s in range(n_splits)]
    to_do = [(int(rank), float(ridge), s) for rank in ranks for ridge in ridges for s in range(n_splits)]

    fits = []
    for rank, ridge, s in to_do:
        observed, held_out = splits[s]
        its = {"start": start, "seeds": range(seed, seed + n_starts), "hidden": held_out, "cancelled": cancelled}
        runs = run_many_als(observed, ALSOptions(rank, ridge, **options), **its)
        if None in runs.stop_reasons:
            break
        best = int(np.argmin(runs.objectives))
        errors = float(runs.rmse_observed[best]), float(runs.rmse_hidden[best])
        fits.append(Fit(rank, ridge, s, *errors, runs.stop_reasons[best]))
        if progress is not None:
            progress(len(fits), len(to_do))

    weights = np.array([held_out.count for _, held_out in splits], dtype=np.float64)
    scores = tuple(_score(fits[i : i + n_splits], weights) for i in range(0, len(fits) - n_splits + 1, n_splits))
    size = max(float(np.abs(held_out.values).max()) for _, held_out in splits)
    return Selection(tuple(fits), scores, _best(scores, TIE * size), complete=len(fits) == len(to_do))


def _score(fits: list[Fit], weights: np.ndarray) -> Score:
    errors = np.array([fit.rmse_held_out for fit in fits])
    largest = errors.max()
    if largest > 0:
        largest *= float(np.sqrt(np.average((errors / largest) ** 2, weights=weights)))
    return Score(fits[0].rank, fits[0].ridge, float(largest))


def _best(scores: tuple[Score, ...], tie: float) -> Score | None:
    if not scores:
        return None
    least = min(score.rmse_held_out for score in scores)
    equal = [score for score in scores if score.rmse_held_out <= least + tie]
    return min(equal, key=lambda score: (score.rank, -score.ridge))


def _part(observations: Observations, kept: np.ndarray) -> Observations:
    return Observations(observations.rows[kept], observations.cols[kept], observations.values[kept], observations.shape)


def _as_choices(what: str, values: Sequence) -> list:
    try:
        choices = sorted(values)
    except TypeError:
        raise InputError(f"The {what} to choose from must be a list of numbers.") from None
    if not choices or len(set(choices)) != len(choices):
        raise InputError(f"The {what} to choose from must be at least one, and no value twice.")
    return choices


def _check_share(share: float) -> None:
    if not is_number(share) or not 0 < share < 1:
        raise InputError(f"The share of entries to hold out must be a number above 0 and below 1; got {quoted(share)}.")
