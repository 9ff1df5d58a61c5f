"""What is to be run: studies, and the batches of runs that a worker gets.

A study is one settings record. A plan is a list of studies; in a plan file a setting may be a list, and then there is
one study for each value, and for each combination of such values.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from explorer.errors import InputError, quoted, told
from explorer.settings import (
    OWN,
    Choice,
    Numbers,
    RunSettings,
    Setting,
    Several,
    StudySettings,
    run_of_study,
    settings_of,
)
from explorer.study.kinds import KINDS, Kind, Seeds
from explorer.study.studies import Batch, Problem, Study

MAX_STUDIES = 10_000
MAX_RUNS = 1_000_000
# Numbers in all data sets of a plan together, which are in memory at once.
MAX_NUMBERS = 20_000_000
# Numbers that the runs of a batch work on, and the most runs in it: a few tenths of a second.
BATCH_NUMBERS = 400_000
BATCH_RUNS = 250


def study_of(settings: StudySettings, own: Problem | None = None) -> Study:
    """Load the data that the settings name; `own` is what a user brought, needed where they say "own".

    Raises InputError where the settings do not fit the data.
    """
    return _checked(settings, KINDS[settings.kind].load(settings, own))


def _checked(settings: StudySettings, problem: Problem) -> Study:
    KINDS[settings.kind].check(settings, problem)
    return Study(settings, problem)


def _starts_of(settings: StudySettings, initialization: str) -> int:
    """How many seeds an initialization gets (under each mask): one where it draws nothing."""
    return settings.n_starts if KINDS[settings.kind].initializations[initialization].uses_seed else 1


def n_runs_of(settings: StudySettings) -> int:
    """Return how many runs a study has."""
    n_masks = len(KINDS[settings.kind].mask_seeds(settings))
    return n_masks * sum(_starts_of(settings, each) for each in settings.initializations)


def batches_of(study: Study, index: int = 0) -> list[Batch]:
    """Return the runs of a study, the `index`-th of its plan, in the order of its table.

    How runs are put together depends on the study alone, so that whoever makes them gets the same figures, bit for bit.
    """
    settings, kind = study.settings, KINDS[study.kind]
    size = max(1, min(BATCH_RUNS, BATCH_NUMBERS // kind.numbers_of_a_run(study)))
    batches = []
    for initialization in settings.initializations:
        end = settings.first_seed + _starts_of(settings, initialization)
        batches += [
            Batch(index, initialization, mask_seed, range(first, min(first + size, end)))
            for mask_seed in kind.mask_seeds(settings)
            for first in range(settings.first_seed, end, size)
        ]
    return batches


def run_settings(study: Study, row: Mapping[str, Any]) -> RunSettings:
    """Return the settings of the run of one row, such as `table.iloc[0]`, with which Explore replays it."""
    seeds = {each.name: int(row[each.name]) for each in KINDS[study.kind].seeds}
    return run_of_study(study.settings, row["initialization"], **seeds)


@dataclass(frozen=True, eq=False)
class Plan:
    """Studies of one kind, run one after the other; those on own data share one set of it.

    Raises InputError where the studies do not go together, or are too many.
    """

    studies: tuple[Study, ...]

    def __post_init__(self) -> None:
        _check_size([study.settings for study in self.studies])
        if len({study.kind for study in self.studies}) > 1:
            raise InputError("All studies of a plan must be of EM, or all of ALS.")
        if len({id(study.own) for study in self.studies if study.own is not None}) > 1:
            raise InputError("The plan's studies are on different data of your own; make a plan for each.")

    @property
    def kind(self) -> str:
        return self.studies[0].kind

    @property
    def own(self) -> Problem | None:
        """What a user brought, where studies are on that."""
        return next((study.own for study in self.studies if study.own is not None), None)

    @cached_property
    def batches(self) -> tuple[Batch, ...]:
        """All batches, in the order of the table."""
        return tuple(batch for index, study in enumerate(self.studies) for batch in batches_of(study, index))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table of all runs."""
        return KINDS[self.kind].columns(self.studies)

    @property
    def n_runs(self) -> int:
        return sum(n_runs_of(study.settings) for study in self.studies)


def _check_size(settings: list[StudySettings]) -> None:
    """Refuse no study, or too many runs or seeds, before data is loaded and batches are made."""
    if not settings:
        raise InputError("The plan holds no study.")
    n_runs = sum(n_runs_of(each) for each in settings)
    if n_runs > MAX_RUNS:
        raise InputError(f"The plan has {n_runs:,} runs; a plan may have {MAX_RUNS:,}. Split it.")
    for each in settings:
        for seeds in KINDS[each.kind].seeds:
            _check_seeds(each, seeds)


def _check_seeds(settings: StudySettings, seeds: Seeds) -> None:
    """A run with a seed above the bound could not be looked at on the Explore page."""
    wanted, most = seeds.of(settings), settings_of(type(settings))[seeds.first].high
    if wanted[-1] > most:
        raise InputError(
            f"The last {seeds.name.replace('_', ' ')} would be {wanted[-1]:,}, but seeds end at {most:,}: "
            f"begin lower than at {wanted[0]:,}, or have fewer than {len(wanted):,}."
        )


def plan_of_settings(settings: Iterable[StudySettings], own: Problem | None = None) -> Plan:
    """Return the plan of these studies; those on the same data share it. `own` is what a user brought.

    Raises InputError where settings do not fit the data or each other.
    """
    settings = list(settings)
    _check_size(settings)
    studies, loaded, numbers = [], {}, 0
    for each in settings:
        data = tuple(getattr(each, name) for name in settings_of(KINDS[each.kind].data))
        if data not in loaded:
            loaded[data] = study_of(each, own).problem
            numbers += loaded[data].values.size
            if numbers > MAX_NUMBERS:
                raise InputError(f"The plan's data sets have more than {MAX_NUMBERS:,} numbers together. Split it.")
        studies.append(_checked(each, loaded[data]))
    return Plan(tuple(studies))


def read_plan(text: str, own: Problem | None = None) -> Plan:
    """Read the text of a plan file (TOML): its kind, one of KINDS, and settings by their names in Python.

    Raises InputError that says what is wrong.
    """
    return plan_of(parsed(text), own)


def parsed(text: str) -> dict[str, Any]:
    """Return the table of a plan file's text."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: of a number of thousands of digits, too
        raise InputError(f"The plan is not a TOML file: {told(error)}.") from None


def plan_of(table: Mapping[str, Any], own: Problem | None = None) -> Plan:
    """Return the plan of a table such as {"kind": "em", "n_components": [2, 3], "n_starts": 500}.

    Raises InputError that says what is wrong.
    """
    kind = KINDS[kind_named(table)]
    axes = {name: _values(kind, name, value) for name, value in table.items() if name != "kind"}
    count = math.prod(len(values) for values in axes.values())
    if count > MAX_STUDIES:
        raise InputError(f"The plan's lists make {count:,} studies; a plan may have {MAX_STUDIES:,}.")
    for name, values in axes.items():
        _check_values(_described(kind, name), name, values)
    combinations = product(*axes.values())
    return plan_of_settings([kind.settings(**dict(zip(axes, values, strict=True))) for values in combinations], own)


def settings_in(table: Mapping[str, Any]) -> StudySettings:
    """Return the settings of one study, as `as_table` writes them; those that are left out have their defaults.

    Raises InputError that says what is wrong.
    """
    kind = KINDS[kind_named(table)]
    described = {name: _described(kind, name) for name in table if name != "kind"}
    return kind.settings(**{name: _as_setting(setting, table[name]) for name, setting in described.items()})


def kind_named(table: Mapping[str, Any]) -> str:
    """Return the name of the kind that a plan's table is of."""
    name, known = table.get("kind"), " or ".join(f'kind = "{each}"' for each in KINDS)
    if name is None:
        raise InputError(f"The plan does not say what to study; write {known}.")
    if not isinstance(name, str) or name not in KINDS:
        raise InputError(f"The plan's kind is {quoted(name)}; write {known}.")
    return name


def _values(kind: Kind, name: str, value: Any) -> list[Any]:
    """The values that a plan gives a setting: each of a list, or the one that is given."""
    setting = _described(kind, name)
    if isinstance(setting, Several) or (isinstance(setting, Numbers) and _are_numbers(value)):
        value = [value]  # a list is one value
    values = value if isinstance(value, list) else [value]
    if not values:
        raise InputError(f"{setting.label} ({name}): the list is empty.")
    return [_as_setting(setting, each) for each in values]


def _check_values(setting: Setting, name: str, values: list[Any]) -> None:
    """Refuse a value by the name that stands in the plan, beside the label that the setting has on screen."""
    try:
        for value in values:
            setting.check(value)
    except InputError as error:
        raise InputError(f"{str(error).removesuffix('.')} ({name} in the plan).") from None


def _described(kind: Kind, name: str) -> Setting:
    described = settings_of(kind.settings)
    if name in ("file", "column"):
        raise InputError(f"The plan names a {name}, which only `explorer study` can read; bring the data itself.")
    if name not in described:
        known = ", ".join(described)
        raise InputError(f"{quoted(name)} is not a setting of a study of {kind.label}; there are {known}.")
    return described[name]


def _as_setting(setting: Setting, value: Any) -> Any:
    """What TOML and JSON write in another way than a settings record."""
    if isinstance(setting, Several):
        return setting.in_order(value if isinstance(value, list) else [value])
    if isinstance(setting, Numbers) and _are_numbers(value):
        return ", ".join(repr(each) for each in value)
    if isinstance(setting, Choice) and isinstance(value, int) and not isinstance(value, bool):
        return next((option for option in setting.options if option == value), value)  # 0 for 0.0
    return value


def _are_numbers(value: Any) -> bool:
    """Whether this is a list of numbers."""
    return isinstance(value, list) and bool(value) and all(type(each) in (int, float) for each in value)


def as_table(settings: StudySettings) -> dict[str, Any]:
    """Return a study's settings as a table of a plan, with every setting in it."""
    values = {name: getattr(settings, name) for name in settings_of(type(settings))}
    return {"kind": settings.kind} | {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }


def uses_own_data(table: Mapping[str, Any]) -> bool:
    """Whether a plan's table asks for data that a user brings."""
    given = table.get(KINDS[kind_named(table)].source)
    return given == OWN or (isinstance(given, list) and OWN in given)
