"""Runs of a study looked at again: a table holds figures only, what else there is to see is made again for its rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from explorer.settings import ALSSettings, EMSettings, run_of_study
from explorer.study.als_runs import NOT_RUN, remake
from explorer.study.plans import Study


def run_settings(study: Study, row: Mapping[str, Any]) -> EMSettings | ALSSettings:
    """Return the settings of the run of one row, such as `table.iloc[0]`, with which Explore replays it."""
    mask_seed = {} if study.kind == "em" else {"mask_seed": int(row["mask_seed"])}
    return run_of_study(study.settings, row["initialization"], int(row["seed"]), **mask_seed)


def objective_paths(study: Study, rows: pd.DataFrame) -> list[np.ndarray]:
    """Return for each row of an ALS study its objective at the start and after each sweep (sweeps + 1,), model units.

    A path is the run's own up to rounding. It is empty where the row was not run, because its mask shows nothing.
    """
    ran = (rows["stop_reason"] != NOT_RUN).to_numpy()
    made = iter(remake(study, rows[ran], keep_paths=True).paths if ran.any() else ())
    return [next(made) if each else np.empty(0) for each in ran]
