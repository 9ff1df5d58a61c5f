"""A batch of ALS runs as rows of a table, and rows made again, when more than their figures is asked for.

A mask under which `explorer.datasets.split` refuses to go on, because it shows not one entry, does not end a study of
thousands: each of its runs is a row with NaN for figures, no sweeps and the stop reason NOT_RUN.
"""

from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from explorer.completion import STARTS, ManyALSRuns, Observations, rmse, run_many_als
from explorer.datasets import MaskedMatrix, MatrixProblem, split
from explorer.errors import InputError
from explorer.settings import ALSStudySettings
from explorer.study.studies import Batch, Study

COLUMNS = (
    "study", "matrix", "rank", "seen", "ridge", "initialization", "mask_seed", "seed",
    "objective", "error_observed", "error_hidden", "sweeps", "stop_reason", "n_observed", "size", "seconds",
)  # fmt: skip
NOT_RUN = "not run"


def run_als_batch(settings: ALSStudySettings, problem: MatrixProblem, batch: Batch) -> pd.DataFrame:
    """Run the batch's starts together; one row a run, in the order of the seeds: each what `make_als_run` gives.

    The columns are COLUMNS. objective: in model units, as the run minimised it. error_observed, error_hidden: root mean
    squares in the problem's own unit; error_hidden is NaN where nothing is hidden. size: the root mean square of all
    known entries, in that unit, less the offset that a measured matrix is centred by, so that error_hidden / size
    compares matrices. n_observed: the number of entries seen. seconds: the batch's time, start included, shared among
    its runs by their sweeps.
    """
    began = perf_counter()
    masked = masked_by(problem, settings, batch.mask_seed)
    table = {
        "study": batch.study,
        "matrix": settings.matrix,
        "rank": settings.rank,
        "seen": settings.seen,
        "ridge": settings.ridge,
        "initialization": batch.initialization,
        "mask_seed": batch.mask_seed,
        "seed": np.array(batch.seeds),
    }
    if masked is None:
        figures = dict.fromkeys(("objective", "error_observed", "error_hidden", "size"), np.nan)
        table |= figures | {"sweeps": 0, "stop_reason": NOT_RUN, "n_observed": 0}
        work = np.ones(len(batch.seeds))
    else:
        runs = run_many_als(
            masked.observed,
            settings.options(),
            start=batch.initialization,
            seeds=batch.seeds,
            hidden=masked.hidden,
        )
        table |= {
            "objective": runs.objectives,
            "error_observed": masked.scale * runs.rmse_observed,
            "error_hidden": np.nan if masked.hidden is None else masked.scale * runs.rmse_hidden,
            "sweeps": runs.n_sweeps,
            "stop_reason": [str(reason) for reason in runs.stop_reasons],
            "n_observed": masked.observed.count,
            "size": float(np.sqrt(np.nanmean((problem.values - masked.offset) ** 2))),
        }
        work = runs.n_sweeps + 1.0
    table["seconds"] = work / work.sum() * (perf_counter() - began)
    return pd.DataFrame(table)[list(COLUMNS)]


def masked_by(problem: MatrixProblem, settings: ALSStudySettings, mask_seed: int) -> MaskedMatrix | None:
    """Return what the mask shows and hides, or None where it shows nothing that ALS could run on."""
    try:
        return split(problem, settings.seen / 100, mask_seed)
    except InputError:
        return None


def masks_of(study: Study, rows: pd.DataFrame) -> list[MaskedMatrix | None]:
    """Return the mask of every row, each made once."""
    seeds = rows["mask_seed"].tolist()
    masks = {seed: masked_by(study.problem, study.settings, seed) for seed in set(seeds)}
    return [masks[seed] for seed in seeds]


def remake(study: Study, rows: pd.DataFrame, *, keep_paths: bool = False) -> ManyALSRuns:
    """Make the runs of these rows of a study's table again, all together, and return them in the order of the rows.

    They are the runs of the table up to rounding, which depends on what else is run beside them. Rows that were NOT_RUN
    must be left out, and there must be at least one row.
    """
    settings = study.settings
    observed = [masked.observed for masked in masks_of(study, rows)]
    starts = [
        start_of(seen, settings.rank, name, seed)
        for name, seen, seed in zip(rows["initialization"], observed, rows["seed"], strict=True)
    ]
    return run_on(observed, settings, np.stack(starts), keep_paths=keep_paths)


def start_of(observed: Observations, rank: int, initialization: str, seed: int) -> np.ndarray:
    """Return Y_0 (n, k), as `run_als` makes it from the name of a start and its seed."""
    return STARTS[initialization].make(observed, rank, np.random.default_rng(seed))


def run_on(observed: list[Observations], settings: ALSStudySettings, starts: np.ndarray, **others: Any) -> ManyALSRuns:
    """Run ALS as the study does, but for `others`, one run from each start Y_0 (R, n, k) on each set of entries."""
    one_mask = all(each is observed[0] for each in observed)  # all runs together then share its tables
    return run_many_als(observed[0] if one_mask else observed, settings.options(), start=starts, **others)


def hidden_errors(masks: list[MaskedMatrix], runs: ManyALSRuns) -> np.ndarray:
    """Return the error of each run on what its mask hides (R,), in the problem's unit; NaN where that is nothing."""
    return np.array(
        [
            np.nan if masked.hidden is None else masked.scale * rmse(runs.factors(run), masked.hidden)
            for run, masked in enumerate(masks)
        ]
    )
