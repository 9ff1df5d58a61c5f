"""The objectives on the way of a study's runs of ALS, made again on demand."""

import numpy as np
import pandas as pd

from explorer.study.als_runs import NOT_RUN, remake
from explorer.study.studies import Study


def objective_paths(study: Study, rows: pd.DataFrame) -> list[np.ndarray]:
    """Return for each row of an ALS study its objective at the start and after each sweep (sweeps + 1,), model units.

    A path is the run's own up to rounding. It is empty where the row was not run, because its mask shows nothing.
    """
    ran = (rows["stop_reason"] != NOT_RUN).to_numpy()
    made = iter(remake(study, rows[ran], keep_paths=True).paths if ran.any() else ())
    return [next(made) if each else np.empty(0) for each in ran]
