"""The finished part of a study on the disk, beside where its result will be, so that a killed run continues."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from explorer.errors import InputError, place
from explorer.study.plans import Plan
from explorer.study.portable import plan_as_json
from explorer.study.results import write_whole
from explorer.study.tables import table_as_bytes, table_from_bytes

_PLAN = "plan.json"


@dataclass(frozen=True, eq=False)
class Journal:
    """A folder with the plan and one file for every finished batch, called by its index in the plan."""

    folder: Path
    plan: Plan

    def keep(self, index: int, rows: pd.DataFrame) -> None:
        """Put a finished batch on the disk, as a whole or not at all; raise InputError where that is not possible."""
        try:
            write_whole(self._part(index), table_as_bytes(rows, {}, "parquet"))
        except OSError as error:
            raise InputError(f"{place(self.folder)} cannot be written to: {error.strerror}.") from None

    def finished(self) -> dict[int, pd.DataFrame]:
        """Read the finished batches, by index; what is not a whole batch of this plan counts as not finished."""
        found = {}
        for index, batch in enumerate(self.plan.batches):
            try:
                rows, _ = table_from_bytes(self._part(index).read_bytes())
            except (FileNotFoundError, InputError):
                continue
            if rows.get("seed", pd.Series()).tolist() == list(batch.seeds):
                found[index] = rows
        return found

    def remove(self) -> None:
        """Forget the study."""
        for part in self.folder.glob("*.parquet"):  # before the plan, without which nobody would know what they are
            part.unlink()
        shutil.rmtree(self.folder)

    @property
    def empty(self) -> bool:
        """Whether nothing is finished."""
        return _kept(self.folder) <= {_PLAN}

    def close(self) -> None:
        """Leave no folder behind in which nothing is finished."""
        if self.empty:
            self.remove()

    def _part(self, index: int) -> Path:
        return self.folder / f"{index:07}.parquet"


def folder_of(out: Path) -> Path:
    """Return where the finished part of a study lies whose result will be `out`."""
    return out.with_name(f"{out.name}.parts")


def open_journal(folder: Path, plan: Plan) -> Journal:
    """Begin a study in `folder`, or go on with the one that was begun there.

    Raises InputError where the folder holds another study, or cannot be written to.
    """
    wanted = json.dumps(plan_as_json(plan)).encode()
    if not folder.parent.is_dir():
        raise InputError(f"There is no folder {place(folder.parent)}; make it first, or choose another --out.")
    try:
        folder.mkdir(exist_ok=True)
        kept = _kept(folder)
        if kept <= {_PLAN}:  # nothing is finished, of whichever study
            write_whole(folder / _PLAN, wanted)
        begun = (folder / _PLAN).read_bytes() if _PLAN in kept or not kept else None
    except OSError as error:
        raise InputError(f"{place(folder)} cannot be used for what is finished: {error.strerror}.") from None
    if begun is None:
        raise InputError(f"{place(folder)} is in the way: it was not made by the explorer; choose another --out.")
    if begun != wanted:
        raise InputError(
            f"{place(folder)} holds the finished part of another study, or of this one by another version of the "
            "explorer; choose another --out, or remove that folder."
        )
    return Journal(folder, plan)


def _kept(folder: Path) -> set[str]:
    """The names in a folder, but for what a killed command was writing."""
    return {path.name for path in folder.iterdir() if not path.name.endswith(".unfinished")}
