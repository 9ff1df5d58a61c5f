"""What the figures in a table of runs can be, so that a file that somebody has changed is refused where it is read."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explorer.datasets import n_shown
from explorer.errors import InputError, quoted
from explorer.mixture import EMOutcome
from explorer.stop_reason import StopReason
from explorer.study.als_outcomes import ALSOutcome
from explorer.study.als_runs import NOT_RUN
from explorer.study.em_runs import PARAMETERS
from explorer.study.studies import Study

# Data and deviations have magnitudes from 1e-154 to 1e50, so that the logarithm of a density is within this.
MOST_LOG_DENSITY = 1_000.0
# Means and weights are weighted means of the data, up to this.
ROUNDING = 1e-6

# A column, which of its rows can be so, and what it must hold.
Bound = tuple[str, NDArray[np.bool_], str]


def check_figures(table: pd.DataFrame, bounds: Iterable[Bound]) -> None:
    """Raise InputError for the first figure of a table that is not within its bound, as no run can have it."""
    for name, possible, must in bounds:
        if not possible.all():
            row = int(np.argmin(possible))
            raise InputError(f"Row {row + 1:,} has {name} {quoted(table[name].iloc[row])}, but it must be {must}.")


def em_bounds(studies: Sequence[Study], table: pd.DataFrame) -> Iterator[Bound]:
    """The bounds of a table of runs of EM."""
    settings = [study.settings for study in studies]
    samples = [study.problem.values for study in studies]
    study = table["study"].to_numpy()
    yield from _closed(table, "stop_reason", [*StopReason])
    yield from _closed(table, "outcome", [*EMOutcome])
    yield from _common(table, "iterations", np.array([each.max_iter for each in settings])[study])
    likelihood = _figures(table, "log_likelihood")
    most = MOST_LOG_DENSITY * np.array([len(values) for values in samples])[study]
    vanished = (likelihood == -np.inf) & (table["stop_reason"] == StopReason.DEGENERATE).to_numpy()
    yield "log_likelihood", (np.abs(likelihood) <= most) | vanished, "a log-likelihood of these data"
    low, high = (np.array([bound(values) for values in samples])[study] for bound in (np.min, np.max))
    slack = ROUNDING * (high - low) + 1e-9 * np.maximum(np.abs(low), np.abs(high))
    n_components = np.array([each.n_components for each in settings])[study]
    if "held" in table:
        held = _figures(table, "held")
        yield "held", (held >= 0) & (held <= n_components), "from 0 to the number of components"
    total = np.zeros(len(table))
    for k in range(max(each.n_components for each in settings)):
        free = k >= n_components
        weight, mean, deviation = (_figures(table, f"{name}_{k + 1}") for name in PARAMETERS)
        with np.errstate(over="ignore", under="ignore"):
            variance = np.square(deviation)
        total += np.where(free, 0.0, weight)
        yield f"weight_{k + 1}", free | ((weight >= 0) & (weight <= 1 + ROUNDING)), "from 0 to 1"
        yield f"mean_{k + 1}", free | ((mean >= low - slack) & (mean <= high + slack)), "among the data"
        possible = (deviation > 0) & (variance > 0) & (deviation <= high - low + slack)
        yield f"deviation_{k + 1}", free | possible, "above 0 and within the range of the data"
    yield "weight_1", (np.abs(total - 1) <= ROUNDING), "a weight that adds up to 1 with the others"


def als_bounds(studies: Sequence[Study], table: pd.DataFrame) -> Iterator[Bound]:
    """The bounds of a table of runs of ALS."""
    settings = [study.settings for study in studies]
    study = table["study"].to_numpy()
    reasons = [StopReason.CONVERGED, StopReason.MAX_ITER, StopReason.DIVERGED, NOT_RUN]
    yield from _closed(table, "stop_reason", reasons)
    yield from _closed(table, "outcome", [*ALSOutcome])
    yield from _common(table, "sweeps", np.array([each.max_sweeps for each in settings])[study])
    observed = table["n_observed"].to_numpy()
    yield "n_observed", observed == _n_shown(studies, table), "what this mask shows"
    ran = (table["stop_reason"] != NOT_RUN).to_numpy()
    yield "stop_reason", ran == (observed > 0), f"“{NOT_RUN}” where a mask shows nothing, and nowhere else"
    available = np.array([np.isfinite(each.problem.values).sum() for each in studies])[study]
    for name in ("objective", "error_observed", "size", "error_hidden"):
        figures = _figures(table, name)
        expected = ran & (observed < available) if name == "error_hidden" else ran
        finite = np.isfinite(figures) | (name == "error_hidden")  # a product of factors can overflow where none of
        yield name, np.where(expected, finite & (figures >= 0), np.isnan(figures)), "0 or more, missing if not known"


def _common(table: pd.DataFrame, steps: str, most: NDArray[np.int64]) -> Iterator[Bound]:
    made, seconds = table[steps].to_numpy(), _figures(table, "seconds")
    yield steps, (made >= 0) & (made <= most), "from 0 to the most that the study allows"
    yield "seconds", (seconds >= 0) & np.isfinite(seconds), "0 or more"


def _closed(table: pd.DataFrame, name: str, words: list[str]) -> Iterator[Bound]:
    if name in table:
        yield name, table[name].isin([str(word) for word in words]).to_numpy(), f"one of {', '.join(words)}"


def _figures(table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    return table[name].to_numpy(np.float64, na_value=np.nan)


def _n_shown(studies: Sequence[Study], table: pd.DataFrame) -> NDArray[np.int64]:
    """How many entries the mask of each row shows, each counted once for studies on the same matrix."""
    counted: dict[tuple[int, int, int], int] = {}
    pairs = table[["study", "mask_seed"]].drop_duplicates()
    for index, seed in pairs.itertuples(index=False):
        study = studies[index]
        key = (id(study.problem), study.settings.seen, seed)
        if key not in counted:
            counted[key] = n_shown(study.problem, study.settings.seen / 100, int(seed))
    shown = [
        counted[id(studies[index].problem), studies[index].settings.seen, seed]
        for index, seed in pairs.itertuples(index=False)
    ]
    return table[["study", "mask_seed"]].merge(pairs.assign(shown=shown), how="left")["shown"].to_numpy()
