"""From settings to a run: load the data, make the start, run the algorithm."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from explorer.completion import STARTS, ALSTrace, run_als_in_slices
from explorer.datasets import (
    MAX_MATRIX_SIDE,
    MAX_VALUES,
    MaskedMatrix,
    MatrixProblem,
    Sample,
    generate_matrix,
    generate_sample,
    load_matrix,
    load_sample,
    split,
)
from explorer.errors import InputError, shortened
from explorer.mixture import (
    STRATEGIES,
    Mixture,
    MixtureTrace,
    hard_assignments,
    initialize,
    mixture_at,
    run_em_in_slices,
)
from explorer.settings import (
    OWN,
    ALSSettings,
    EMSettings,
    MatrixSettings,
    RunSettings,
    SampleSettings,
    settings_of,
    shown,
)
from explorer.slices import Slices, finish
from explorer.words import plural

Data = TypeVar("Data")

# Points times components times iterations, or entries times rank times sweeps, from which a run may take longer than
# people wait for a picture: a few tenths of a second.
LONG = 30_000_000


@dataclass(frozen=True, eq=False)
class EMRun:
    """A finished run of EM with the data it ran on.

    start_labels (n,): hard assignments of the start, from 0.
    explanation: one sentence on how the start was made.
    """

    sample: Sample
    start_labels: np.ndarray
    explanation: str
    trace: MixtureTrace

    @property
    def shown_order(self) -> np.ndarray:
        """The components (K,) in the order in which people see and number them: by the last iterate's means.

        In several dimensions their first coordinate decides.
        """
        return np.argsort(self.trace.means[-1, :, 0], kind="stable")


@dataclass(frozen=True, eq=False)
class ALSRun:
    """A finished run of ALS with the problem it ran on; the trace is in model units."""

    problem: MatrixProblem
    masked: MaskedMatrix
    explanation: str
    trace: ALSTrace


def may_take_long(settings: RunSettings, own: Sample | MatrixProblem | None = None) -> bool:
    """Return whether a run may take longer than people wait, if it goes on as long as it may.

    Raises InputError where the settings name no data.
    """
    if isinstance(settings, EMSettings):
        steps, most = settings.n_components * settings.max_iter, MAX_VALUES
    else:
        steps, most = settings.rank * settings.max_sweeps, MAX_MATRIX_SIDE**2
    if steps * most <= LONG:  # whatever the data is
        return False
    numbers = sample_of(settings, own).points if isinstance(settings, EMSettings) else matrix_of(settings, own).values
    return steps * numbers.size > LONG


def make_em_run(settings: EMSettings, own: Sample | None = None) -> EMRun:
    """Run EM as the settings say. `own` is the user's data, needed where settings.data is "own".

    Raises InputError where the settings do not fit the data or each other.
    """
    return finish(em_run_in_slices(settings, own))


def em_run_in_slices(settings: EMSettings, own: Sample | None = None) -> Slices[EMRun]:
    """The work of `make_em_run` in slices of time: yields (iterations, the most there can be)."""
    sample = sample_of(settings, own)
    check_n_components(settings.n_components, sample)
    start, labels = _em_start(settings, sample)
    trace = yield from run_em_in_slices(sample.points, start, settings.options())
    return EMRun(sample, labels, STRATEGIES[settings.initialization].explanation, trace)


def sample_of(settings: SampleSettings, own: Sample | None = None) -> Sample:
    """Return the data that the settings name."""
    if settings.data == OWN:
        return _brought(own, "data")
    if settings.data == "generated":
        described = settings_of(EMSettings)
        truth = [
            described[name].parse(getattr(settings, name)) for name in ("true_weights", "true_means", "true_deviations")
        ]
        return generate_sample(*truth, n_points=settings.n_points, seed=settings.data_seed)
    return load_sample(settings.data, settings.data_seed)


def check_n_components(n_components: int, sample: Sample) -> None:
    """Raise InputError where there are fewer values than components."""
    if n_components > len(sample.points):
        raise InputError(f"K is {n_components}, but there are only {len(sample.points)} values; lower K.")


def placed_means(settings: EMSettings, values: np.ndarray) -> tuple[float, ...]:
    """Return the K means placed by hand on a line, values (n,); spread evenly over its range where none are typed."""
    means = settings_of(EMSettings)["means"].parse(settings.means)
    count = settings.n_components
    if not means:
        low, high = float(values.min()), float(values.max())
        return tuple(low + (high - low) * (k + 0.5) / count for k in range(count))
    if len(means) != count:
        raise InputError(
            f"You placed {len(means)} {plural(len(means), 'mean')}, but K is {count}; type {count} or change K."
        )
    return means


def _em_start(settings: EMSettings, sample: Sample) -> tuple[np.ndarray | Mixture, np.ndarray]:
    given = {}
    if settings.initialization == "partition":
        given["partition"] = _partition_of(settings, sample)
    if settings.initialization == "means":
        given["means"] = placed_means(settings, sample.values)
    responsibilities = initialize(sample.points, settings.n_components, settings.initialization, settings.seed, **given)
    labels = hard_assignments(responsibilities)
    # Means placed by hand are the first iterate itself: an M step would move them before anyone saw them.
    if "means" in given:
        start = mixture_at(sample.points, given["means"], settings.variance_floor, settings.structure)
    else:
        start = responsibilities
    return start, labels


def _partition_of(settings: EMSettings, sample: Sample) -> tuple[int, ...]:
    count = settings.n_components
    if settings.partition == "typed":
        labels = settings_of(EMSettings)["labels"].parse(settings.labels)
        if len(labels) != len(sample.points):
            raise InputError(
                f"The given partition has {len(labels)} {plural(len(labels), 'label')}, but there are "
                f"{len(sample.points)} values; type one label from 1 to {count} for each."
            )
        if any(label not in range(1, count + 1) for label in labels):
            raise InputError(f"The labels of the given partition must be whole numbers from 1 to K = {count}.")
        return tuple(int(label) for label in labels)
    if settings.partition not in sample.partitions:
        raise InputError(
            f"{shortened(sample.label)} has no given partition; choose the ten points, type labels of your own under "
            "More, or choose another initialization."
        )
    partition = sample.partitions[settings.partition]
    if max(partition) != count:
        groups = max(partition)
        which = shown(settings, "partition")
        raise InputError(f"The {which} has {groups} groups, but K is {count}; set K to {groups}.")
    return partition


def make_als_run(settings: ALSSettings, own: MatrixProblem | None = None) -> ALSRun:
    """Run ALS as the settings say. `own` is the user's matrix, needed where settings.matrix is "own".

    Raises InputError where the settings do not fit the matrix.
    """
    return finish(als_run_in_slices(settings, own))


def als_run_in_slices(settings: ALSSettings, own: MatrixProblem | None = None) -> Slices[ALSRun]:
    """The work of `make_als_run` in slices of time: yields (sweeps, the most there can be)."""
    problem = matrix_of(settings, own)
    check_rank(settings.rank, problem)
    masked = split(problem, settings.seen / 100, settings.mask_seed)
    trace = yield from run_als_in_slices(
        masked.observed,
        settings.options(),
        start=settings.initialization,
        seed=settings.seed,
        hidden=masked.hidden,
    )
    return ALSRun(problem, masked, STARTS[settings.initialization].explanation, trace)


def matrix_of(settings: MatrixSettings, own: MatrixProblem | None = None) -> MatrixProblem:
    """Return the matrix that the settings name."""
    if settings.matrix == OWN:
        return _brought(own, "matrix")
    if settings.matrix == "generated":
        rank = settings.true_rank or settings.rank
        return generate_matrix(settings.n_rows, settings.n_cols, rank, settings.noise, settings.matrix_seed)
    return load_matrix(settings.matrix, settings.matrix_seed)


def check_rank(rank: int, problem: MatrixProblem) -> None:
    """Raise InputError where the rank is larger than any of such a matrix."""
    m, n = problem.values.shape
    if rank > min(m, n):
        raise InputError(f"The rank is {rank}, but the matrix is {m}×{n}; choose at most {min(m, n)}.")


_BRING = {
    "data": "Paste numbers or upload a CSV under More, Your data",
    "matrix": "Upload a CSV under More, Your matrix",
}


def _brought(own: Data | None, what: str) -> Data:
    if own is None:
        raise InputError(
            f"Your own {what} is not here: a link cannot carry it, and a reload forgets it. {_BRING[what]}."
        )
    return own
