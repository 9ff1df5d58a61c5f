"""A plan as JSON: its studies' settings and the data that a user brought, so that what is saved loads again."""

from typing import Any

from explorer import __version__
from explorer.errors import InputError, quoted
from explorer.study.kinds import KINDS
from explorer.study.plans import Plan, as_table, kind_named, plan_of_settings, settings_in

FORMAT = "EM & ALS Explorer, study"
VERSION = 1


def plan_as_json(plan: Plan) -> dict[str, Any]:
    """Return what JSON can hold: settings that all studies share, those of each, and own data (null where missing)."""
    tables = [as_table(study.settings) for study in plan.studies]
    shared = {name: value for name, value in tables[0].items() if all(table[name] == value for table in tables)}
    document = {
        "format": FORMAT,
        "version": VERSION,
        "explorer": __version__,
        "settings": shared,
        "studies": [{name: value for name, value in table.items() if name not in shared} for table in tables],
    }
    if plan.own is not None:
        document["own"] = KINDS[plan.kind].own_as_json(plan.own)
    return document


def plan_from_json(document: Any) -> Plan:
    """Return the plan of a document that `plan_as_json` made; raise InputError that says what is wrong with it."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError("It does not hold a study's settings.")
    if document.get("version") != VERSION:
        raise InputError(
            f"It has version {quoted(document.get('version'))}, and this explorer reads version {VERSION}."
        )
    shared, studies = document.get("settings"), document.get("studies")
    if not isinstance(shared, dict) or not isinstance(studies, list) or not all(isinstance(s, dict) for s in studies):
        raise InputError("Its settings are not a table, or its studies not a list of tables.")
    own = KINDS[kind_named(shared)].own_from_json(document["own"]) if "own" in document else None
    return plan_of_settings([settings_in(shared | each) for each in studies], own)
