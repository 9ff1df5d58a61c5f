"""The log-likelihoods on the way of a study's runs, made again on demand, and what other tolerances would have done."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explorer.mixture.judge import is_below
from explorer.settings import EMStudySettings
from explorer.study.em_runs import run_starts

TOLERANCES = (1e-4, 1e-6, 1e-8)


def log_likelihood_paths(
    settings: EMStudySettings, values: NDArray[np.float64], runs: pd.DataFrame
) -> list[NDArray[np.float64]]:
    """The log-likelihood of every iterate of the table's runs, (iterations + 1,) each, in the order of the rows."""
    starts = zip(runs["initialization"], runs["seed"].tolist(), strict=True)
    many = run_starts(settings, values, starts, keep_paths=True)
    return list(many.paths)


@dataclass(frozen=True, eq=False)
class ToleranceEffect:
    """What a tolerance does to R runs.

    stopped_early (R,): it stops the run below its limit, as the judge says (`is_below`). iterations (R,): when.
    """

    rtol: float
    stopped_early: NDArray[np.bool_]
    iterations: NDArray[np.intp]


def tolerance_effects(
    settings: EMStudySettings, values: NDArray[np.float64], runs: pd.DataFrame, rtols: tuple[float, ...] = TOLERANCES
) -> list[ToleranceEffect]:
    """Where each tolerance stops the runs of a table with outcomes; those that lead into a collapse are left out.

    A smaller tolerance only continues a run, so that one path tells for all: a run is made once, with the smallest.
    """
    lasting = runs[runs["limit"].notna()]
    if not len(lasting):
        return [ToleranceEffect(rtol, np.empty(0, bool), np.empty(0, np.intp)) for rtol in rtols]
    paths = log_likelihood_paths(replace(settings, rtol=min(rtols)), values, lasting)
    limits = lasting["limit"].to_numpy()
    effects = []
    for rtol in rtols:
        stops = np.array([_first_stop(path, rtol) for path in paths])
        reached = np.array([path[stop] for path, stop in zip(paths, stops, strict=True)])
        effects.append(ToleranceEffect(rtol, is_below(reached, limits), stops))
    return effects


def _first_stop(path: NDArray[np.float64], rtol: float) -> int:
    """The iteration at which a run with this tolerance stops: the last one of the path if none."""
    stopped = np.flatnonzero(np.abs(np.diff(path)) < rtol * np.abs(path[:-1]))  # run_em's rule
    return int(stopped[0]) + 1 if len(stopped) else len(path) - 1
