"""A plan file on the disk, and the data that it names."""

from pathlib import Path
from typing import Any

from explorer.datasets import MAX_BYTES
from explorer.errors import InputError, place, quoted
from explorer.settings import OWN
from explorer.study.kinds import KINDS, Kind
from explorer.study.plans import Plan, kind_named, parsed, plan_of, uses_own_data
from explorer.study.studies import Problem


def load_plan(path: str | Path) -> Plan:
    """Read the plan file at `path`. It may name own data: `file = "x.csv"`, and for EM `column = "name"`.

    A relative file is looked for beside the plan. Raises InputError that says what is wrong.
    """
    path = Path(path)
    table = parsed(_read(path, "plan"))
    kind = KINDS[kind_named(table)]
    file, column = _named(table, "file"), _named(table, "column")
    if file is None:
        if column is not None or uses_own_data(table):
            raise InputError('The plan is on data of your own, but names no file; add file = "data.csv".')
        return plan_of(table)
    source = kind.source
    table.setdefault(source, OWN)
    if not uses_own_data(table):
        raise InputError(f"The plan names a file, but {source} is {quoted(table[source])}; leave {source} out.")
    return plan_of(table, _own_data(path.parent / file, kind, column))


def _named(table: dict[str, Any], name: str) -> str | None:
    """Take the name of a file or column out of a plan's table."""
    value = table.pop(name, None)
    if value is not None and not isinstance(value, str):
        raise InputError(f'The plan\'s {name} is {quoted(value)}; write {name} = "name".')
    return value


def _own_data(path: Path, kind: Kind, column: str | None) -> Problem:
    """Read the data that a plan names."""
    text = _read(path, "data")
    try:
        return kind.own_in_file(text, path.stem, column)
    except InputError as error:
        raise InputError(f"{place(path.name)}: {error}") from None


def _read(path: Path, what: str) -> str:
    """The text of a file that is not too large."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) <= MAX_BYTES:
            return data.decode("utf-8-sig")
        reason = f"it is larger than {MAX_BYTES // 1_000_000} MB"
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    except OSError as error:
        reason = error.strerror
    except ValueError as error:  # a name with a zero byte in it
        reason = error
    raise InputError(f"The {what} {place(path)} cannot be read: {reason}.")
