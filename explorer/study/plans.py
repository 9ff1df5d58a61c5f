"""What is to be run: studies, and the batches of runs that a worker gets.

A study is one settings record. A plan is a list of studies; in a plan file a setting may be a list, and then there is
one study for each value, and for each combination of such values.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from explorer.completion import STARTS
from explorer.datasets import MatrixProblem, Sample
from explorer.errors import InputError
from explorer.mixture import STRATEGIES
from explorer.runs import matrix_of, sample_of
from explorer.settings import (
    OWN,
    ALSStudySettings,
    Choice,
    EMStudySettings,
    MatrixSettings,
    SampleSettings,
    Several,
    StudySettings,
    settings_of,
)

KINDS = {"em": EMStudySettings, "als": ALSStudySettings}
DATA = {"em": SampleSettings, "als": MatrixSettings}
MAX_STUDIES = 10_000
MAX_RUNS = 1_000_000
# Numbers that the runs of a batch work on, and the most runs in it: a few tenths of a second.
BATCH_NUMBERS = 400_000
BATCH_RUNS = 250


@dataclass(frozen=True, eq=False)
class Study:
    """A study's settings, with the data that they name."""

    settings: StudySettings
    problem: Sample | MatrixProblem

    @property
    def kind(self) -> str:
        return "em" if isinstance(self.settings, EMStudySettings) else "als"


@dataclass(frozen=True)
class Batch:
    """Runs of one study that a worker makes together: one initialization (and mask), consecutive seeds.

    study: the index of the study in its plan. mask_seed: None for EM.
    """

    study: int
    initialization: str
    mask_seed: int | None
    seeds: range


def study_of(settings: StudySettings, own: Sample | MatrixProblem | None = None) -> Study:
    """Load the data that the settings name; `own` is what a user brought, needed where they say "own".

    Raises InputError where the settings do not fit the data.
    """
    problem = sample_of(settings, own) if isinstance(settings, EMStudySettings) else matrix_of(settings, own)
    return _checked(settings, problem)


def _checked(settings: StudySettings, problem: Sample | MatrixProblem) -> Study:
    if isinstance(settings, EMStudySettings):
        if settings.n_components > len(problem.values):
            n = len(problem.values)
            raise InputError(f"K is {settings.n_components}, but there are only {n} values; lower K.")
    elif settings.rank > min(problem.values.shape):
        m, n = problem.values.shape
        raise InputError(f"The rank is {settings.rank}, but the matrix is {m}×{n}; choose at most {min(m, n)}.")
    return Study(settings, problem)


def batches_of(study: Study, index: int = 0) -> list[Batch]:
    """Return the runs of a study, the `index`-th of its plan, in the order of its table.

    How runs are put together depends on the study alone, so that whoever makes them gets the same figures, bit for bit.
    """
    settings = study.settings
    if study.kind == "em":
        numbers = len(study.problem.values) * settings.n_components
        uses_seed, masks = STRATEGIES, (None,)
    else:
        numbers = study.problem.values.size * settings.rank
        uses_seed = STARTS
        masks = range(settings.first_mask_seed, settings.first_mask_seed + settings.n_masks)
    size = max(1, min(BATCH_RUNS, BATCH_NUMBERS // numbers))
    batches = []
    for initialization in settings.initializations:
        n_starts = settings.n_starts if uses_seed[initialization].uses_seed else 1
        end = settings.first_seed + n_starts
        batches += [
            Batch(index, initialization, mask_seed, range(first, min(first + size, end)))
            for mask_seed in masks
            for first in range(settings.first_seed, end, size)
        ]
    return batches


@dataclass(frozen=True, eq=False)
class Plan:
    """Studies of one kind, "em" or "als", run one after the other."""

    studies: tuple[Study, ...]

    def __post_init__(self) -> None:
        if not self.studies:
            raise InputError("The plan holds no study.")
        if len({study.kind for study in self.studies}) > 1:
            raise InputError("All studies of a plan must be of EM, or all of ALS.")
        if self.n_runs > MAX_RUNS:
            raise InputError(f"The plan has {self.n_runs:,} runs; a plan may have {MAX_RUNS:,}. Split it.")

    @property
    def kind(self) -> str:
        return self.studies[0].kind

    @property
    def batches(self) -> list[Batch]:
        """All batches, in the order of the table."""
        return [batch for index, study in enumerate(self.studies) for batch in batches_of(study, index)]

    @property
    def n_runs(self) -> int:
        return sum(len(batch.seeds) for batch in self.batches)


def read_plan(text: str, own: Sample | MatrixProblem | None = None) -> Plan:
    """Read a plan file (TOML): `kind = "em"` or `"als"`, and settings by their names in Python.

    Raises InputError that says what is wrong.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The plan is not a TOML file: {error}.") from None
    return plan_of(table, own)


def plan_of(table: Mapping[str, Any], own: Sample | MatrixProblem | None = None) -> Plan:
    """Return the plan of a table such as {"kind": "em", "n_components": [2, 3], "n_starts": 500}."""
    given = dict(table)
    kind = given.pop("kind", None)
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f'The plan\'s kind is {kind!r}; write kind = "em" or kind = "als".')
    described = settings_of(KINDS[kind])
    unknown = next((name for name in given if name not in described), None)
    if unknown is not None:
        raise InputError(
            f"“{unknown}” is not a setting of a study of {kind.upper()}; there are {', '.join(described)}."
        )
    axes = {name: list(_values(described[name], value)) for name, value in given.items()}
    count = 1
    for name, values in axes.items():
        if not values:
            raise InputError(f"{described[name].label} ({name}): the list is empty.")
        count *= len(values)
    if count > MAX_STUDIES:
        raise InputError(f"The plan's lists make {count:,} studies; a plan may have {MAX_STUDIES:,}.")
    studies, loaded = [], {}
    for values in product(*axes.values()):
        settings = KINDS[kind](**dict(zip(axes, values, strict=True)))
        data = tuple(getattr(settings, name) for name in settings_of(DATA[kind]))
        if data not in loaded:  # studies on the same data share it
            loaded[data] = study_of(settings, own).problem
        studies.append(_checked(settings, loaded[data]))
    return Plan(tuple(studies))


def _values(setting: Any, value: Any) -> Iterator[Any]:
    """The values of a setting in a plan: each of a list, or the one that is given."""
    if isinstance(setting, Several):
        yield setting.in_order(value if isinstance(value, list) else [value])
        return
    for each in value if isinstance(value, list) else [value]:
        # TOML and JSON write 0 for 0.0.
        numeric = isinstance(setting, Choice) and isinstance(each, int) and not isinstance(each, bool)
        yield float(each) if numeric and float(each) in setting.options else each


def as_table(settings: StudySettings) -> dict[str, Any]:
    """Return a study's settings as a table of a plan, with every setting in it."""
    kind = "em" if isinstance(settings, EMStudySettings) else "als"
    values = {name: getattr(settings, name) for name in settings_of(type(settings))}
    return {"kind": kind} | {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def uses_own_data(table: Mapping[str, Any]) -> bool:
    """Whether a plan's table asks for data that a user brings."""
    return OWN in (table.get("data"), table.get("matrix"))
