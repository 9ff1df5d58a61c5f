"""Waiting for an answer on a page that is drawn anew as a whole: whatever is clicked meanwhile comes first."""

from typing import Any

import streamlit as st

from explorer.screens.jobs.job import Job
from explorer.screens.jobs.scheduler import wait

GLANCE = 0.2  # seconds between two looks


def worked_out(job: Job) -> Any:
    """Return the answer, and tell on the page how far it is until it is there."""
    # Also where it is there already: without it all below would move up by one place, and a run of the script that does
    # not come to its end, as something below goes on, would leave the last of it on the page once more.
    place = st.empty()
    if not wait(job, GLANCE):
        while not wait(job, GLANCE):
            place.caption(f"{job.words or 'Working'} …")  # here a click ends this run of the script
        place.empty()
    return job.answer()
