"""Every setting once: its label, help, bounds, default and name in the address.

A settings record is a frozen dataclass whose fields carry their own description; the same description validates a
widget, a link, a plan, and a Python call. `kinds` says what a setting may be, `records` what a record can do, `runs`
and `studies` hold the table itself, `links` what else an address may hold, `replays` how it names one run of many.
"""

from explorer.settings.kinds import Choice, Numbers, Setting, Several, Switch, Whole
from explorer.settings.links import player_entries, unknown_entries
from explorer.settings.records import Settings, read_query, settings_of, shown, write_query
from explorer.settings.replays import read_run, write_run
from explorer.settings.runs import OWN, ALSSettings, EMSettings, MatrixSettings, RunSettings, SampleSettings
from explorer.settings.studies import ALSStudySettings, EMStudySettings, StudySettings, run_of_study

__all__ = [
    "OWN",
    "ALSSettings",
    "ALSStudySettings",
    "Choice",
    "EMSettings",
    "EMStudySettings",
    "MatrixSettings",
    "Numbers",
    "RunSettings",
    "SampleSettings",
    "Setting",
    "Settings",
    "Several",
    "StudySettings",
    "Switch",
    "Whole",
    "player_entries",
    "read_query",
    "read_run",
    "run_of_study",
    "settings_of",
    "shown",
    "unknown_entries",
    "write_query",
    "write_run",
]
