"""The results of a study as files: what is shown goes into one, and a file is shown again."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from explorer.screens.parts.uploads import read_or_tell
from explorer.screens.study_work import StudyWork
from explorer.settings import settings_of
from explorer.study.outcomes import add_outcomes
from explorer.study.plans import Plan
from explorer.study.results import Results, read_results, results_as_bytes

MAX_MEGABYTES = 50
_MIMES = {"csv": "text/csv", "json": "application/json", "parquet": "application/vnd.apache.parquet"}
_NAMES = {"csv": "CSV", "json": "JSON", "parquet": "Parquet"}


def offer_results(work: StudyWork) -> None:
    """Draw the buttons that download the table of what has finished, with the settings in it."""
    with st.popover("Download the runs", icon=":material/download:"):
        st.caption("One row a run, and the settings; each of these files opens here again.")
        for format, name in _NAMES.items():
            st.download_button(
                name,
                data=lambda format=format: _file_of(work, format),
                file_name=f"{work.study.kind}-study.{format}",
                mime=_MIMES[format],
                on_click="ignore",
                key=f"download_{format}",
                width="stretch",
            )


def _file_of(work: StudyWork, format: str) -> bytes:
    plan = Plan((work.study,))
    return results_as_bytes(Results(plan, add_outcomes(plan, work.table())), format)


def take_results(show: Callable[[Results, int], None]) -> None:
    """Draw the widget by which a file of results is brought; `show` is called with it and the study that is wanted."""
    with st.popover("Open results", icon=":material/folder_open:"):
        upload = st.file_uploader(
            "Results of a study: CSV, JSON or Parquet",
            type=list(_NAMES),
            key="results_file",
            max_upload_size=MAX_MEGABYTES,
            help="What “Download the runs” gives, or the command `explorer study`; nothing is stored.",
        )
        if upload is None:
            return
        results = read_or_tell(upload, lambda file: read_results(file.getvalue(), file.name), "results_read")
        if results is None:
            return
        names = _study_names(results.plan)
        chosen = 0
        if len(names) > 1:
            chosen = st.selectbox("Study", range(len(names)), format_func=names.__getitem__, key="results_study")
        st.button("Show it", key="results_show", on_click=show, args=(results, chosen), type="primary")


def _study_names(plan: Plan) -> list[str]:
    """What tells the studies of a plan from each other."""
    described = settings_of(type(plan.studies[0].settings))
    all_settings = [study.settings for study in plan.studies]
    differing = [name for name in described if len({getattr(settings, name) for settings in all_settings}) > 1]
    return [
        " · ".join(f"{described[name].label} {described[name].write(getattr(settings, name))}" for name in differing)
        for settings in all_settings
    ]
