"""The results of a study: its plan with the table of its runs, as a file that loads again."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from explorer.errors import InputError, place, shortened
from explorer.settings import settings_of
from explorer.study.files.bounds import check_figures
from explorer.study.files.plan_json import plan_as_json, plan_from_json
from explorer.study.files.writing import write_file
from explorer.study.kinds import KINDS
from explorer.study.plans import Plan
from explorer.study.tables import FORMATS, kind_of_column, table_as_bytes, table_from_bytes

MAX_RESULT_BYTES = 1_000_000_000
# What columns hold, those of the runs and, where a table has them, those of outcomes; numbers where nothing is said.
_TEXT = {"initialization", "stop_reason", "outcome", "optimum"}
_WHOLE = {"study", "mask_seed", "seed", "iterations", "sweeps", "n_observed", "held"}
_FLAGS = {"determined"}
_OF_OUTCOMES = {"outcome", "optimum", "limit", "gap", "held", "determined"}


@dataclass(frozen=True, eq=False)
class Results:
    """A plan and the table of its runs, one row each, in the plan's order; a cancelled study has some of them only.

    The table has the columns that `run_plan` gives, and may have more, of numbers or text.
    Raises InputError where the table is not one of this plan.
    """

    plan: Plan
    table: pd.DataFrame

    def __post_init__(self) -> None:
        _check_columns(self.plan, self.table)
        places = _places(self.plan, self.table)
        _check_settings(self.plan, self.table)
        check_figures(self.table, KINDS[self.plan.kind].bounds(self.plan.studies, self.table))
        if (np.diff(places) < 0).any():
            in_order = self.table.iloc[np.argsort(places)].reset_index(drop=True)
            object.__setattr__(self, "table", in_order)

    @property
    def complete(self) -> bool:
        """Whether every run of the plan is there."""
        return len(self.table) == self.plan.n_runs


def write_results(results: Results, path: Path) -> None:
    """Write results as the suffix of `path` says: .parquet, .csv or .json; they are there as a whole or not at all.

    Raises InputError for another suffix, and where `path` cannot be written.
    """
    write_file(path, results_as_bytes(results, format_of(path)))


def format_of(path: Path) -> str:
    """Return "parquet", "csv" or "json", as the suffix says; raise InputError for another one."""
    format = path.suffix.lower().removeprefix(".")
    if format not in FORMATS:
        raise InputError(f"“{place(path.name)}” must end in .parquet, .csv or .json.")
    return format


def results_as_bytes(results: Results, format: str) -> bytes:
    """Return the content of a file of this format: "parquet", "csv" or "json"."""
    return table_as_bytes(results.table, plan_as_json(results.plan), format)


def read_results(source: bytes | str | Path, name: str | None = None) -> Results:
    """Read the file at a path, or its content as bytes, in any of the formats; `name` is what to call it.

    Raises InputError that says what is wrong with it.
    """
    name = name or ("The file" if isinstance(source, bytes) else Path(source).name)
    try:
        data = source if isinstance(source, bytes) else _content(Path(source))
        if len(data) > MAX_RESULT_BYTES:
            raise InputError(f"It is larger than {MAX_RESULT_BYTES // 1_000_000} MB.")
        table, header = table_from_bytes(data)
        return Results(plan_from_json(header), table)
    except InputError as error:
        raise InputError(f"{place(name)} cannot be read as the results of a study. {error}") from None


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_RESULT_BYTES + 1)
    except OSError as error:
        raise InputError(f"{place(path)} cannot be opened: {error.strerror}.") from None


def _check_columns(plan: Plan, table: pd.DataFrame) -> None:
    """Refuse a table in which a column is missing, or holds what it cannot hold."""
    if table.empty:
        raise InputError("There is not a single run.")
    not_numbers = _TEXT | _WHOLE | _FLAGS | {*settings_of(KINDS[plan.kind].settings)}
    for name in [*plan.columns, *(name for name in table if name in _OF_OUTCOMES)]:
        if name not in table:
            raise InputError(f"The column “{name}” is missing.")
        kind = kind_of_column(table[name])
        if name in _FLAGS and kind != "bool":
            raise InputError(f"The column “{name}” holds something else than True or False.")
        if name in _TEXT and kind != "text":
            raise InputError(f"The column “{name}” holds something else than text.")
        if name in _WHOLE and (kind != "int" or table[name].isna().any()):
            raise InputError(f"The column “{name}” holds something else than whole numbers.")
        if name not in not_numbers and kind not in ("int", "float"):
            raise InputError(f"The column “{name}” holds something else than numbers.")


def _places(plan: Plan, table: pd.DataFrame) -> np.ndarray:
    """The places (n,) of the rows among the plan's runs; InputError for a row that is none of them, or one again."""
    runs = _runs_of(plan)
    keys = list(runs)
    places = (
        table[keys].astype(runs.dtypes).merge(runs.assign(place=np.arange(len(runs))), how="left", on=keys)["place"]
    )
    for wrong, what in ((places.isna(), "is not a run of this study"), (places.duplicated(), "is there already")):
        if wrong.any():
            row = int(np.argmax(wrong))
            run = ", ".join(f"{name} {shortened(table[name].iloc[row])}" for name in keys)
            raise InputError(f"Row {row + 1:,} ({run}) {what}.")
    return places.to_numpy(dtype=np.int64)


def _runs_of(plan: Plan) -> pd.DataFrame:
    """What tells the plan's runs from each other, in their order."""
    sizes = [len(batch.seeds) for batch in plan.batches]
    runs = {
        "study": np.repeat([batch.study for batch in plan.batches], sizes),
        "initialization": np.repeat([batch.initialization for batch in plan.batches], sizes),
        "seed": np.concatenate([np.array(batch.seeds) for batch in plan.batches]),
    }
    if KINDS[plan.kind].masks:
        runs["mask_seed"] = np.repeat([batch.mask_seed for batch in plan.batches], sizes)
    return pd.DataFrame(runs)


def _check_settings(plan: Plan, table: pd.DataFrame) -> None:
    """Refuse a table that says of a study's settings what its plan does not say."""
    for name in settings_of(KINDS[plan.kind].settings):
        if name in table:
            planned = pd.Series([getattr(study.settings, name) for study in plan.studies])
            wrong = planned.iloc[table["study"]].to_numpy() != table[name].to_numpy()
            if wrong.any():
                row = int(np.argmax(wrong))
                said, plan_says = table[name].iloc[row], planned.iloc[table["study"].iloc[row]]
                raise InputError(
                    f"Row {row + 1:,} says {name} {shortened(said)}, but its study has {shortened(plan_says)}."
                )
