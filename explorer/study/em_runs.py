"""A batch of EM runs as rows of a table."""

from collections.abc import Iterable
from time import perf_counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explorer.datasets import Sample
from explorer.mixture import ManyRuns, initialize, run_many
from explorer.settings import EMStudySettings
from explorer.study.studies import Batch

COLUMNS = (
    "study", "data", "n_components", "structure", "rtol", "initialization", "seed",
    "log_likelihood", "iterations", "stop_reason", "seconds",
)  # fmt: skip
# Followed by _1, _2, ..., one for each component.
PARAMETERS = ("weight", "mean", "deviation")


def columns_of(n_components: int) -> tuple[str, ...]:
    """The columns of a table whose runs have at most so many components."""
    return (*COLUMNS, *(f"{name}_{k + 1}" for name in PARAMETERS for k in range(n_components)))


def run_em_batch(settings: EMStudySettings, sample: Sample, batch: Batch) -> pd.DataFrame:
    """Run the batch's starts together; one row a run, in the order of the seeds.

    Beside COLUMNS there are the parameters with which the run ended, components by rising mean: weight_1, ..., mean_1,
    ..., deviation_1, ... (data's unit). log_likelihood: total over points. seconds: the batch's time, start included,
    shared among its runs by their iterations.
    """
    began = perf_counter()
    n_components = settings.n_components
    runs = run_starts(settings, sample.values, ((batch.initialization, seed) for seed in batch.seeds))
    order = np.argsort(runs.means[:, :, 0], axis=1, kind="stable")
    parameters = (runs.weights, runs.means[:, :, 0], np.sqrt(runs.covariances[:, :, 0, 0]))
    work = runs.n_iterations + 1.0
    table = {
        "study": batch.study,
        "data": settings.data,
        "n_components": n_components,
        "structure": settings.structure,
        "rtol": settings.rtol,
        "initialization": batch.initialization,
        "seed": np.array(batch.seeds),
        "log_likelihood": runs.log_likelihoods,
        "iterations": runs.n_iterations,
        "stop_reason": [str(reason) for reason in runs.stop_reasons],
    }
    for name, array in zip(PARAMETERS, parameters, strict=True):
        ordered = np.take_along_axis(array, order, axis=1)
        table |= {f"{name}_{k + 1}": ordered[:, k] for k in range(n_components)}
    table["seconds"] = work / work.sum() * (perf_counter() - began)
    return pd.DataFrame(table)[list(columns_of(n_components))]


def run_starts(
    settings: EMStudySettings,
    values: NDArray[np.float64],
    starts: Iterable[tuple[str, int]],
    *,
    keep_paths: bool = False,
) -> ManyRuns:
    """Run EM from (initialization, seed) pairs, with the settings of a study."""
    return run_many(
        values,
        (initialize(values, settings.n_components, initialization, seed) for initialization, seed in starts),
        settings.options(),
        keep_paths=keep_paths,
    )
