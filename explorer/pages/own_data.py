"""Data that a user brings: pasted or uploaded, read in memory, kept in the session and nowhere else."""

from typing import Any

import streamlit as st

from explorer.datasets import (
    MAX_BYTES,
    MAX_MATRIX_SIDE,
    MAX_VALUES,
    own_matrix,
    own_sample,
    read_matrix,
    read_numbers,
    read_table,
)
from explorer.errors import InputError
from explorer.pages.computed import Own
from explorer.pages.widgets import Form
from explorer.settings import OWN


def bring_sample(form: Form) -> None:
    """Draw the widgets by which a user brings numbers; they become the data once they are read."""
    text = st.text_area(
        "Paste numbers",
        key="own_numbers",
        height=80,
        placeholder="3.6 1.8 3.3 …",
        help="Separated by spaces, commas or new lines.",
    )
    st.button(
        "Use these numbers",
        key="own_numbers_use",
        on_click=_take,
        args=(form, "data", _pasted_sample, (text,)),
    )
    upload = st.file_uploader(
        "or upload a CSV",
        type=["csv", "txt", "tsv"],
        key="own_sample_file",
        help=f"At most {MAX_BYTES // 1_000_000} MB and {MAX_VALUES:,} values; nothing is stored.",
    )
    if upload is not None:
        table = _read("own_sample", read_table, upload.getvalue())
        if table is not None:
            column = st.selectbox("Column", list(table.columns), key="own_column")
            for name, why in table.unusable.items():
                st.caption(f"{name}: {why}")
            st.button(
                "Use this column",
                key="own_column_use",
                on_click=_take,
                args=(form, "data", _column_sample, (table, column)),
            )
    _show_problem("own_sample")


def bring_matrix(form: Form) -> None:
    """Draw the widgets by which a user brings a matrix; it becomes the problem once it is read."""
    upload = st.file_uploader(
        "Upload a CSV; blank cells are the missing ones",
        type=["csv", "txt", "tsv"],
        key="own_matrix_file",
        help=f"At most {MAX_BYTES // 1_000_000} MB and {MAX_MATRIX_SIDE}×{MAX_MATRIX_SIDE}; nothing is stored.",
    )
    if upload is not None:
        st.button(
            "Use this matrix",
            key="own_matrix_use",
            on_click=_take,
            args=(form, "matrix", _uploaded_matrix, (upload.getvalue(), upload.name)),
        )
    _show_problem("own_matrix")


def brought(setting: str) -> Own | None:
    """Return what the user brought for "data" or "matrix", if anything."""
    return st.session_state.get(_slot(setting))


def _slot(setting: str) -> str:
    return {"data": "own_sample", "matrix": "own_matrix"}[setting]


def _take(form: Form, setting: str, make: Any, arguments: tuple) -> None:
    made = _read(_slot(setting), make, *arguments)
    if made is not None:
        st.session_state[_slot(setting)] = Own.of(made)
        form.set(setting, OWN)


def _read(slot: str, read: Any, *arguments: Any) -> Any:
    """Call a reader; what is wrong is kept to be shown, and what the user had stays."""
    try:
        result = read(*arguments)
    except InputError as error:
        st.session_state[f"{slot}_problem"] = str(error)
        return None
    st.session_state[f"{slot}_problem"] = None
    return result


def _show_problem(slot: str) -> None:
    problem = st.session_state.get(f"{slot}_problem")
    if problem:
        st.error(problem, icon=":material/error:")


def _pasted_sample(text: str):
    return own_sample(read_numbers(text))


def _column_sample(table, column: str):
    return own_sample(table.columns[column], column, n_missing=table.missing[column])


def _uploaded_matrix(data: bytes, name: str):
    return own_matrix(*read_matrix(data), label=name.rsplit(".", 1)[0] or "Your matrix")
