"""The map of starts on the page, and every partition of a few points: worked out in slices, drawn when it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from explorer.charts.landscape import caption, landscape_figure
from explorer.charts.partitions import caption as partitions_caption
from explorer.charts.partitions import partitions_figure
from explorer.datasets import Sample
from explorer.mixture import MixtureTrace, StopReason
from explorer.mixture.judge import LOG_LIKELIHOOD_TOLERANCE
from explorer.screens.jobs.shared import Own, landscape_of, partitions_of, run_of
from explorer.screens.parts.charting import draw_chart, heading, looks
from explorer.screens.parts.waiting import worked_out
from explorer.settings import EMSettings, EMStudySettings, run_of_study
from explorer.study.em_outcomes import Optimum
from explorer.study.landscape import settings_at
from explorer.study.names import DEGENERATE, names_of
from explorer.study.partitions import settings_of_partition
from explorer.words import counted

# Points times starts that are worked out unasked: a second or two.
UNASKED_NUMBERS = 5_000_000


def map_size(n_points: int) -> int:
    """How many starting means along each side of the map: fewer where a run takes longer."""
    return 100 if n_points <= 1000 else 50 if n_points <= 5000 else 25


def draw_landscape(
    settings: EMStudySettings,
    sample: Sample,
    own: Own | None,
    known: Sequence[Optimum],
    chosen: Sequence[EMSettings],
    replay: Callable[[EMSettings], None],
) -> None:
    """Draw the map of starting means, once it is worked out, with the paths of chosen runs.

    Optima that are known have their names.
    """
    heading("Which start leads where", "from the means μ₁ and μ₂")
    size = map_size(len(sample.values))
    if np.ptp(sample.values) == 0:
        st.caption("All values are equal, so there is no map of starts to draw.")
        return
    job = landscape_of(settings, sample, own, size)
    key = f"map_asked_{size}"
    if not job.finished and size * size * len(sample.values) > UNASKED_NUMBERS and key not in st.session_state:
        if not st.button(f"Draw the map from {counted(size * size, 'start')}", key="map_button"):
            return
        st.session_state[key] = True
    landscape = worked_out(job)
    names = names_of(landscape.optima, known)
    traces = [run_of(run.of_the_run(), own).trace for run in chosen]
    figure = landscape_figure(
        landscape,
        sample.values,
        names=names,
        unit=sample.unit,
        paths=[trace.means[:, :, 0] for trace in traces],
        path_ends=[_end_of(trace, known) for trace in traces],
        **looks(),
    )
    told = caption(landscape, names)
    point = draw_chart(figure, "map", f"Map of {counted(size * size, 'start')} by their two means. {told}.")
    st.caption(told)
    if point and "x" in point:
        row, column = landscape.cell(point["x"], point["y"])
        run = run_of_study(settings, settings.initializations[0], settings.first_seed)
        replay(settings_at(run, landscape.axis[column], landscape.axis[row]))


def _end_of(trace: MixtureTrace, known: Sequence[Optimum]) -> str:
    """The name of the optimum in which a run ended, "" where it stopped before one, DEGENERATE where it collapsed."""
    if trace.stop_reason is StopReason.DEGENERATE:
        return DEGENERATE
    end = trace.log_likelihoods[-1]
    gaps = {optimum.label: abs(optimum.log_likelihood - end) for optimum in known}
    nearest = min(gaps, key=gaps.get, default="")
    return nearest if nearest and gaps[nearest] <= LOG_LIKELIHOOD_TOLERANCE else ""


def draw_partitions(
    settings: EMStudySettings,
    sample: Sample,
    own: Own | None,
    known: Sequence[Optimum],
    replay: Callable[[EMSettings], None],
) -> None:
    """Draw where EM leads from every assignment of a few points to two groups."""
    count = settings.n_components ** len(sample.values)
    heading("Every partition", f"all {count:,} assignments of the points to two groups")
    partitions = worked_out(partitions_of(settings, sample, own))
    names = names_of(partitions.optima, known)
    told = partitions_caption(partitions, names)
    with st.container(key="wide_partitions"):
        point = draw_chart(
            partitions_figure(partitions, names=names, **looks()), "partitions", f"Every partition as a start. {told}."
        )
    st.caption(told)
    if point and "point_index" in point:
        run = run_of_study(settings, settings.initializations[0], settings.first_seed)
        replay(settings_of_partition(run, partitions, int(point["point_index"])))
