"""A plan as JSON: its studies' settings and the data that a user brought, so that what is saved loads again."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from explorer import __version__
from explorer.datasets import MatrixProblem, Sample, own_matrix, own_sample
from explorer.errors import InputError, quoted
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
        document["own"] = _own_as_json(plan.own)
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
    own = _own_from_json(kind_named(shared), document["own"]) if "own" in document else None
    return plan_of_settings([settings_in(shared | each) for each in studies], own)


def _own_as_json(own: Sample | MatrixProblem) -> dict[str, Any]:
    if isinstance(own, Sample):
        return {"label": own.label, "values": own.values.tolist()}
    rows = [[None if np.isnan(value) else value for value in row] for row in own.values.tolist()]
    return {
        "label": own.label,
        "values": rows,
        "row_labels": list(own.row_labels),
        "col_labels": list(own.col_labels),
    }


def _own_from_json(kind: str, own: Any) -> Sample | MatrixProblem:
    if not isinstance(own, Mapping) or not isinstance(own.get("label"), str):
        raise InputError("Its own data is not a table with a label.")
    label, values = own["label"][:200], own.get("values")
    if not isinstance(values, list):
        raise InputError("Its own data has no list of values.")
    if kind == "em":
        return own_sample(_floats(values), label)
    if not all(isinstance(row, list) and len(row) == len(values[0]) for row in values):
        raise InputError("Its own matrix has rows of different lengths.")
    labels = [own.get(name) for name in ("row_labels", "col_labels")]
    if not all(isinstance(each, list) and all(isinstance(label, str) for label in each) for each in labels):
        raise InputError("Its own matrix has no lists of labels for its rows and columns.")
    return own_matrix([_floats(row) for row in values], *labels, label=label)


def _floats(values: list[Any]) -> list[float]:
    if not all(value is None or type(value) in (int, float) for value in values):
        raise InputError("Its own data holds something else than numbers.")
    try:
        return [np.nan if value is None else float(value) for value in values]
    except OverflowError:
        raise InputError("Its own data holds a number that is too large.") from None
