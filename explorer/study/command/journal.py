"""The finished part of a study on the disk, beside where its result will be, so that a killed run continues."""

import errno
import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import pandas as pd

from explorer.errors import InputError, place
from explorer.study.files.plan_json import plan_as_json
from explorer.study.files.writing import write_whole
from explorer.study.plans import Plan
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
            write_whole(self._part(index), table_as_bytes(rows, {"digest": self._digest(index, rows)}, "parquet"))
        except OSError as error:
            raise InputError(f"{place(self.folder)} cannot be written to: {error.strerror}.") from None

    def finished(self) -> dict[int, pd.DataFrame]:
        """Read the finished batches, by index; what is not that batch, or cannot be read, counts as not finished."""
        found = {}
        for index in range(len(self.plan.batches)):
            try:
                rows, header = table_from_bytes(_content(self._part(index)))
            except (OSError, InputError):
                continue
            if header.get("digest") == self._digest(index, rows):
                found[index] = rows
        return found

    def remove(self) -> None:
        """Forget the study, as far as the folder can be removed."""
        for part in self.folder.glob("*.parquet"):  # before the plan, without which nobody would know what they are
            with suppress(OSError):
                part.unlink()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def empty(self) -> bool:
        """Whether nothing is finished."""
        try:
            return _kept(self.folder) <= {_PLAN}
        except OSError:  # somebody has removed the folder
            return True

    def close(self) -> None:
        """Leave no folder behind in which nothing is finished."""
        if self.empty:
            self.remove()

    def _part(self, index: int) -> Path:
        return self.folder / f"{index:07}.parquet"

    def _digest(self, index: int, rows: pd.DataFrame) -> str:
        """What tells this batch with these figures from any other, and from one in which a single bit has changed."""
        content = (self._plan_as_bytes, b"%d" % index, table_as_bytes(rows, {}, "csv"))
        return sha256(b"\n".join(content)).hexdigest()

    @cached_property
    def _plan_as_bytes(self) -> bytes:
        return json.dumps(plan_as_json(self.plan)).encode()


def folder_of(out: Path) -> Path:
    """Return where the finished part of a study lies whose result will be `out`."""
    return out.with_name(f"{out.name}.parts")


def open_journal(folder: Path, plan: Plan) -> Journal:
    """Begin a study in `folder`, or go on with the one that was begun there.

    Raises InputError where the folder holds another study, or cannot be written to.
    """
    journal = Journal(folder, plan)
    wanted = journal._plan_as_bytes
    try:
        folder.mkdir(exist_ok=True)
        kept = _kept(folder)
        if kept <= {_PLAN} and not folder.is_symlink():  # nothing is finished, of whichever study
            write_whole(folder / _PLAN, wanted)
        begun = _content(folder / _PLAN) if (_PLAN in kept or not kept) and not folder.is_symlink() else None
    except OSError as error:
        raise InputError(f"{place(folder)} cannot be used for what is finished: {error.strerror}.") from None
    if begun is None:
        raise InputError(f"{place(folder)} is in the way: it was not made by the explorer; choose another --out.")
    if begun != wanted:
        raise InputError(
            f"{place(folder)} holds the finished part of another study, or of this one by another version of the "
            "explorer; choose another --out, or remove that folder."
        )
    return journal


def _kept(folder: Path) -> set[str]:
    """The names in a folder, but for what a killed command was writing."""
    return {path.name for path in folder.iterdir() if not path.name.endswith(".unfinished")}


def _content(path: Path) -> bytes:
    """The bytes of a file; OSError for all else that may stand there, such as a pipe, which would be read for ever."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is not a file")
    return path.read_bytes()
