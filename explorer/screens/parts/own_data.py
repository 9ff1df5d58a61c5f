"""Data that a user brings: pasted or uploaded, read in memory, kept in the session and nowhere else."""

import streamlit as st

from explorer.datasets import (
    MAX_BYTES,
    MAX_MATRIX_SIDE,
    MAX_VALUES,
    MatrixProblem,
    Sample,
    own_matrix,
    own_sample,
    read_matrix,
    read_numbers,
    read_table,
)
from explorer.errors import InputError
from explorer.screens.jobs.shared import Own
from explorer.screens.parts.telling import remark, tell_error
from explorer.screens.parts.uploads import read_once, read_or_tell
from explorer.screens.parts.widgets import Form
from explorer.settings import OWN

_SLOTS = {"data": "own_sample", "matrix": "own_matrix"}
# What a button takes the data from.
_WIDGETS = {
    "own_numbers_use": ("own_numbers",),
    "own_column_use": ("own_sample_file", "own_column"),
    "own_matrix_use": ("own_matrix_file",),
}
# How a file is read, and where in the session what was read is kept.
_TABLE = (lambda upload: read_table(upload.getvalue()), "own_table_read")
_MATRIX = (lambda upload: read_matrix(upload.getvalue()), "own_matrix_read")
_TYPES = ["csv", "txt", "tsv"]
_MEGABYTES = f"{MAX_BYTES // 1_000_000} MB"


def brought(setting: str) -> Own | None:
    """Return what the user brought for "data" or "matrix", if anything."""
    return st.session_state.get(_SLOTS[setting])


def keep(setting: str, data: Sample | MatrixProblem) -> None:
    """Make this the user's own "data" or "matrix", as if it had been pasted or uploaded."""
    st.session_state[_SLOTS[setting]] = Own.of(data)


def _held(button: str) -> tuple[object, ...]:
    values = (st.session_state.get(key) for key in _WIDGETS[button])
    return tuple(getattr(value, "file_id", value) for value in values)


def bring_sample(form: Form) -> None:
    """Draw the widgets by which a user brings numbers; they become the data when that is asked for."""
    st.text_area(
        "Paste numbers",
        key="own_numbers",
        height=80,
        placeholder="3.6 1.8 3.3 …",
        help="Separated by spaces, commas or new lines.",
    )
    st.button("Use these numbers", key="own_numbers_use", on_click=_take, args=(form, "own_numbers_use"))
    _show_problem("own_numbers_use")
    upload = st.file_uploader(
        "or upload a CSV",
        type=_TYPES,
        key="own_sample_file",
        help=f"At most {_MEGABYTES} and {MAX_VALUES:,} values; nothing is stored.",
    )
    if upload is None:
        return
    table = read_or_tell(upload, *_TABLE)
    if table is None:
        return
    st.selectbox("Column", list(table.columns), key="own_column")
    for name, why in table.unusable.items():
        remark(f"{name}: {why}")
    st.button("Use this column", key="own_column_use", on_click=_take, args=(form, "own_column_use"))
    _show_problem("own_column_use")


def bring_matrix(form: Form) -> None:
    """Draw the widgets by which a user brings a matrix; it becomes the problem when that is asked for."""
    upload = st.file_uploader(
        "Upload a CSV; blank cells are the missing ones",
        type=_TYPES,
        key="own_matrix_file",
        help=f"At most {_MEGABYTES} and {MAX_MATRIX_SIDE}×{MAX_MATRIX_SIDE}; nothing is stored.",
    )
    if upload is not None and read_or_tell(upload, *_MATRIX) is not None:
        st.button("Use this matrix", key="own_matrix_use", on_click=_take, args=(form, "own_matrix_use"))
        _show_problem("own_matrix_use")


def _take(form: Form, button: str) -> None:
    """Make what the user brought the data of the panel; what is wrong is told under the button instead."""
    setting, make = _BUTTONS[button]
    try:
        made = make()
    except InputError as error:
        st.session_state[f"{button}_problem"] = (_held(button), str(error))
        return
    st.session_state.pop(f"{button}_problem", None)
    keep(setting, made)
    form.change(setting, OWN)


# What is read is what the widgets hold when the button is pressed, not when it was drawn.


def _pasted_sample():
    return own_sample(read_numbers(st.session_state["own_numbers"]))


def _column_sample():
    table, column = read_once(_file("own_sample_file"), *_TABLE), st.session_state["own_column"]
    return own_sample(table.columns[column], column, n_missing=table.missing[column])


def _uploaded_matrix():
    upload = _file("own_matrix_file")
    return own_matrix(*read_once(upload, *_MATRIX), label=upload.name.rsplit(".", 1)[0] or "Your matrix")


def _file(key: str):
    upload = st.session_state[key]
    if upload is None:  # while another one is on its way
        raise InputError("The file is not here yet; wait until its name shows, then press the button again.")
    return upload


_BUTTONS = {
    "own_numbers_use": ("data", _pasted_sample),
    "own_column_use": ("data", _column_sample),
    "own_matrix_use": ("matrix", _uploaded_matrix),
}


def _show_problem(button: str) -> None:
    """Say what was wrong, as long as the widgets hold it."""
    about, problem = st.session_state.get(f"{button}_problem", (None, ""))
    if about == _held(button):
        tell_error(problem)
