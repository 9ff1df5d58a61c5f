"""The entries of a link beside the settings: those that the players keep, and those that nobody knows."""

from collections.abc import Iterable, Mapping

from explorer.errors import quoted
from explorer.settings.records import Settings, settings_of

# What Streamlit reads in the address.
_STREAMLIT_ENTRIES = {"embed", "embed_options"}


def player_entries(players: Iterable[str]) -> set[str]:
    """Return what players of these names keep in the address themselves (js/panel)."""
    return {f"{name}_{entry}" for name in players for entry in ("step", "speed", "loop")} | {"link", "hide", "present"}


def unknown_entries(
    query: Mapping[str, str], records: Iterable[type[Settings]], others: Iterable[str] = ()
) -> list[str]:
    """Return one sentence for every entry of a link that none of the settings records reads, and no other reader."""
    known = (
        {setting.url for record in records for setting in settings_of(record).values()} | {*others} | _STREAMLIT_ENTRIES
    )
    return [f"{quoted(name)} is not a setting of this page." for name in query if name not in known]
