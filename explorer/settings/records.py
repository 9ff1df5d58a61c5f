"""What every settings record can do: check itself, be read from a link, and be written into one."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TypeVar

from explorer.errors import InputError
from explorer.settings.kinds import Setting


class Settings:
    """The base of the settings records, which are frozen dataclasses of `described` fields.

    Raises InputError where a value is out of its bounds.
    """

    def __post_init__(self) -> None:
        for name, setting in settings_of(type(self)).items():
            setting.check(getattr(self, name))


Options = TypeVar("Options")
Record = TypeVar("Record", bound=Settings)


def settings_of(record: type[Settings]) -> dict[str, Setting]:
    """Return the description of every field of a settings record, by field name."""
    return {each.name: each.metadata["setting"] for each in fields(record)}


def shown(settings: Settings, name: str) -> str:
    """Return the name that people read for the value of a choice."""
    return settings_of(type(settings))[name].options[getattr(settings, name)]


def read_query(record: type[Record], query: Mapping[str, str]) -> tuple[Record, list[str]]:
    """Read a link's entries: the settings, and one sentence for every entry that is wrong (the rest applies)."""
    settings, problems = record(), []
    for name, setting in settings_of(record).items():
        if setting.url not in query:
            continue
        try:
            settings = replace(settings, **{name: setting.read(query[setting.url])})
        except InputError as error:
            problems.append(f"{str(error).removesuffix('.')} ({setting.url} in the address).")
    return settings, problems


def write_query(settings: Settings) -> dict[str, str | None]:
    """Return a link's entries; None for a setting at its default, which a link leaves out."""
    entries: dict[str, str | None] = {}
    for each in fields(settings):
        setting, value = each.metadata["setting"], getattr(settings, each.name)
        entries[setting.url] = None if value == each.default else setting.write(value)
    return entries


def as_options(settings: Settings, kind: type[Options]) -> Options:
    """Return the record of options of this kind, with all of its fields that are settings, too."""
    return kind(**{each.name: getattr(settings, each.name) for each in fields(kind) if hasattr(settings, each.name)})
