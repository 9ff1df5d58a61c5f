"""A study of ALS on the page: what is asked for, which masks can be filled, which starts do it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from explorer.charts.errors import Lane, errors_figure
from explorer.charts.masks import masks_figure
from explorer.charts.objectives import drawn_runs, objectives_figure
from explorer.charts.parts.als_headline import headline
from explorer.charts.parts.mask_rows import MOST_ROWS, MaskRow, mask_rows
from explorer.charts.parts.outcome_styles import EXPLAINED, style_of
from explorer.charts.parts.theme import theme_of
from explorer.charts.recovery import recovery_figure
from explorer.completion import STARTS
from explorer.runs import ALSRun
from explorer.screens.jobs.job import Job
from explorer.screens.jobs.scheduler import wait
from explorer.screens.jobs.shared import Own, beyond_job
from explorer.screens.jobs.tasks import alone
from explorer.screens.parts.als_panel import draw_about, draw_limits, draw_matrix
from explorer.screens.parts.charting import (
    draw_chart,
    draw_headline,
    draw_picture,
    heading,
    looks,
    number_of,
    theme_name,
)
from explorer.screens.parts.own_data import bring_matrix
from explorer.screens.parts.phase_view import draw_phase, take_cell
from explorer.screens.parts.rotation_view import draw_beside
from explorer.screens.parts.study_part import Replay, StudyPart, draw_initializations, starts_in_figures, two_columns
from explorer.screens.parts.waiting import worked_out
from explorer.screens.parts.widgets import Form
from explorer.screens.study_work import StudyWork
from explorer.settings import ALSSettings, ALSStudySettings
from explorer.study.als_outcomes import ALSOutcome, add_als_outcomes, recovery_limit
from explorer.study.als_paths import objective_paths
from explorer.study.als_runs import masked_by
from explorer.study.als_summary import (
    ENDINGS,
    can_be_judged,
    endings_of,
    partner_of,
    share_recovered,
    shares_by_mask,
    starts_enough,
    telling_runs,
)
from explorer.study.beyond import BeyondALS
from explorer.study.plans import run_settings
from explorer.study.studies import Study
from explorer.words import counted, number, percent

# What is known beyond a replayed run is waited for so long; a verdict from the run alone stands there otherwise.
SECONDS_TO_FIND_OUT = 0.5

# ---- what is asked for -------------------------------------------------------------------------------------------


def _controls(form: Form) -> None:
    take_cell(form)
    matrix, rank, seen, which, starts, masks, seed, dice, more = st.columns(
        [2.0, 1.1, 1.1, 1.8, 1.1, 1.1, 1.1, 0.6, 1.1], gap="small", vertical_alignment="bottom"
    )
    with matrix:
        draw_matrix(form)
    with rank:
        form.draw("rank")
    with seen:
        form.draw("seen")
    with which:
        draw_initializations(form, STARTS)
    with starts:
        form.draw("n_starts")
    with masks:
        form.draw("n_masks")
    with seed:
        form.draw("first_seed")
    with dice:
        form.dice("first_seed", "first_mask_seed", help="Other starts and other masks")
    with more, st.popover("More", width="stretch"):
        _more(form)


def _more(form: Form) -> None:
    run, data, own = st.tabs(["Run", "Data", "Your matrix"])
    with run:
        draw_limits(form)
    with data:
        draw_about(form, "first_mask_seed")
    with own:
        bring_matrix(form)


# ---- what is shown -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Shown:
    """A study that is shown: what has finished, with outcomes, and what its initializations are called."""

    work: StudyWork
    table: pd.DataFrame
    labels: Mapping[str, str]
    replay: Replay

    @property
    def study(self) -> Study:
        return self.work.study

    @property
    def judged(self) -> bool:
        """Whether runs count as recovered or not."""
        return can_be_judged(self.table, self.study.problem)

    def play(self, row: pd.Series) -> None:
        """Show a run, and beside it the one that tells most about it."""
        partner = partner_of(self.table, row)
        self.replay(*(run_settings(self.study, each) for each in (row, partner) if each is not None))


def _table_of(work: StudyWork) -> pd.DataFrame:
    judged = partial(Job, alone, add_als_outcomes, work.study, asked=True)
    return worked_out(work.answer("outcomes", judged))


def _results(work: StudyWork, own: Own | None, replay: Replay) -> None:
    table = _table_of(work)
    ran = list(table["initialization"].unique())
    labels = {name: STARTS[name].label for name in work.study.settings.initializations if name in ran}
    shown = _Shown(work, table, labels, replay)
    draw_headline(*headline(table, work.study.problem, labels))
    if shown.judged:
        _draw_legend(table)
    left, right = two_columns()
    with left:
        if shown.judged:
            _draw_masks(shown)
        else:
            _draw_by_mask(shown)
        _draw_objectives(shown)
    with right:
        _draw_by_initialization(shown)
        if shown.judged and table["determined"].any():
            _draw_starts(shown)
        _draw_numbers(shown)
    draw_phase(work.study.settings)


def _draw_legend(table: pd.DataFrame) -> None:
    """Draw what the colours of all charts mean, of the outcomes that there are."""
    colours = theme_of(theme_name())
    found = set(endings_of(table))
    entries = []
    for ending in (ending for ending in ENDINGS if ending in found):
        style = style_of(ending, colours)
        marks = {
            "/": f"repeating-linear-gradient(135deg, {style.stroke} 0 2px, {style.fill} 2px 6px)",
            "-": f"repeating-linear-gradient(0deg, {style.stroke} 0 2px, {style.fill} 2px 5px)",
            ".": f"radial-gradient({style.stroke} 1.5px, {style.fill} 2px) 0 0 / 5px 5px",
            "x": f"repeating-conic-gradient({style.stroke} 0 25%, {style.fill} 0 50%) 0 0 / 6px 6px",
            "+": f"repeating-linear-gradient(90deg, {style.stroke} 0 2px, {style.fill} 2px 6px)",
        }
        background = marks.get(style.hatch, style.fill)
        swatch = f'<i style="background:{background};border-color:{style.stroke}"></i>'
        entries.append(f'<li title="{EXPLAINED[ending]}">{swatch}{ending}</li>')
    st.html(f'<ul class="outcomes">{"".join(entries)}</ul>')


def _draw_masks(shown: _Shown) -> None:
    table, labels = shown.table, shown.labels
    n_masks, n_starts = table["mask_seed"].nunique(), len(table) / table["mask_seed"].nunique()
    rows = mask_rows(table)
    together = "" if n_masks <= MOST_ROWS else f"; {n_masks} masks, several alike share a bar"
    heading("Which masks can be filled", f"a bar: all starts under a mask{together}; line: 95 % interval")
    shares = share_recovered(table)
    enough = {name: starts_in_figures(needed) for name, needed in starts_enough(table).items()}
    figure = masks_figure(rows, labels, shares, enough, **looks())
    each = "; ".join(
        f"{labels[name]}: {percent(share.share)} recovered, {enough[name]} starts are enough"
        for name, share in shares.items()
        if share.total
    )
    n_determined = table.groupby("mask_seed")["determined"].first().sum()
    told = f"{n_determined} of {n_masks} masks determine the matrix. {each}".strip()
    with st.container(key="wide_masks" if len(labels) > 1 else "masks"):
        point = draw_chart(figure, "als_masks", f"How {n_starts:.0f} starts end under each mask. {told}.")
    if point:
        i, name, ending = point["customdata"][:3]
        shown.play(_first_run(shown, rows[int(i)], name, ending))


def _first_run(shown: _Shown, row: MaskRow, name: str, ending: str) -> pd.Series:
    table = shown.table
    mine = table["mask_seed"].isin(row.masks) & (table["initialization"] == name) & (endings_of(table) == ending)
    return table[mine].iloc[0]


def _measure(shown: _Shown) -> str:
    """What the distributions show: errors, or the objective where nothing is hidden."""
    return "error_hidden" if shown.table["error_hidden"].notna().any() else "objective"


def _draw_lanes(shown: _Shown, lanes: list[Lane], key: str, limit: float = np.nan) -> None:
    measure = _measure(shown)
    unit = shown.study.problem.unit if measure == "error_hidden" else ""
    figure = errors_figure(shown.table, lanes, unit=unit, limit=limit, measure=measure, **looks())
    what = "error on hidden entries" if measure == "error_hidden" else "final objective"
    medians = "; ".join(f"{lane.title}: {shown.table.loc[lane.rows, measure].median():.3g}" for lane in lanes)
    point = draw_chart(figure, key, f"Distribution of the {what}. Medians: {medians} {unit}.".replace(" .", "."))
    if point:
        shown.play(shown.table.iloc[number_of(point)])


def _draw_by_initialization(shown: _Shown) -> None:
    table = shown.table
    lanes = [Lane(label, "", (table["initialization"] == name).to_numpy()) for name, label in shown.labels.items()]
    if _measure(shown) == "objective":
        heading("Where the objective ends", "log scale; all masks")
    else:
        heading("How far off they end", "log scale; all masks")
    _draw_lanes(shown, lanes, "als_errors", _limit(shown))


def _limit(shown: _Shown) -> float:
    """The error below which a run counts as recovered: nearly the same under all masks."""
    if not shown.judged:
        return np.nan
    study = shown.study
    seeds = shown.table.loc[shown.table["n_observed"] > 0, "mask_seed"]
    return recovery_limit(study.problem, masked_by(study.problem, study.settings, int(seeds.iloc[0])))


def _draw_by_mask(shown: _Shown) -> None:
    """Where nobody can say what is recovered: the errors under each mask, and what the mask allows."""
    table = shown.table
    heading("Mask by mask", "how far off the starts end, log scale" if _measure(shown) == "error_hidden" else "")
    rows = mask_rows(table, most=12)
    lanes = [
        Lane(
            row.title,
            "determined" if row.determined else "✗ not determined",
            table["mask_seed"].isin(row.masks).to_numpy(),
        )
        for row in rows
    ]
    _draw_lanes(shown, lanes, "als_by_mask")


def _draw_starts(shown: _Shown) -> None:
    heading("How many starts are enough", "under masks that determine the matrix")
    shares = shares_by_mask(shown.table)
    needed = starts_enough(shown.table)
    told = "; ".join(f"{shown.labels[name]}: {starts_in_figures(needed[name])}" for name in shares)
    draw_picture(
        recovery_figure(shares, shown.labels, **looks()), "als_starts",
        f"Chance that at least one of so many starts recovers the matrix. Enough for 95 %: {told}.",
    )  # fmt: skip


def _draw_objectives(shown: _Shown) -> None:
    work, table = shown.work, shown.table
    rows = drawn_runs(table)
    find = partial(Job, alone, objective_paths, work.study, table.iloc[rows], asked=True)
    paths = worked_out(work.answer("objectives", lambda _: find(), table))
    of_all = "" if len(rows) == len(table) else f" of {counted(len(table), 'run')}"
    note = "coloured by how they end" if shown.judged else "log scale"
    heading(f"Objective by sweep, {len(rows)}{of_all or ' runs'}", note)
    figure = objectives_figure(table, rows, paths, **looks())
    point = draw_chart(
        figure, "als_objectives", f"Objective by sweep of {len(rows)} runs; runs that get stuck stay high."
    )
    if point:
        shown.play(table.iloc[number_of(point)])


def _draw_numbers(shown: _Shown) -> None:
    table, labels = shown.table, shown.labels
    endings = endings_of(table)
    shares, starts = share_recovered(table), starts_enough(table)
    unit = f", {shown.study.problem.unit}" if shown.study.problem.unit else ""
    rows = []
    for name, label in labels.items():
        mine = (table["initialization"] == name).to_numpy()
        runs, share = table[mine], shares[name]
        row: dict[str, Any] = {"Initialization": label, "Runs": number(len(runs), 0)}
        if shown.judged:
            row |= {
                "Recovered": percent(share.share) if share.total else "–",
                "95 % interval": f"{percent(share.low)} to {percent(share.high)}" if share.total else "–",
                "Starts for 95 %": starts_in_figures(starts[name]),
            }
        row |= {
            f"Median error{unit}": _figure(runs["error_hidden"].median()),
            "Sweeps, median": number(runs["sweeps"].median(), 0),
        }
        row |= {
            ending.capitalize(): percent(float((endings[mine] == ending).mean()))
            for ending in ENDINGS[1:]
            if (endings == ending).any() and ending != ALSOutcome.UNKNOWN
        }
        rows.append(row)
    heading(
        "In figures",
        "recovered: under determined masks; all else: of all runs" if shown.judged else "",
    )
    figures = pd.DataFrame(rows).set_index("Initialization").T
    with st.container(key="figures_table"):
        st.dataframe(figures, key="als_figures")


def _figure(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3g}"


# ---- runs side by side -------------------------------------------------------------------------------------------


def _to_compare(work: StudyWork, shown: list[ALSSettings]) -> dict[str, ALSSettings]:
    table = _table_of(work)
    of_shown = {(run.initialization, run.seed, run.mask_seed) for run in shown}
    starts = zip(table["initialization"], table["seed"], table["mask_seed"], strict=True)
    chosen = telling_runs(table, always=[start in of_shown for start in starts])
    return {
        f"{row['ending']} · {STARTS[row['initialization']].label} · seed {row['seed']} · mask {row['mask_seed']}":
        run_settings(work.study, row)
        for _, row in chosen.iterrows()
    }  # fmt: skip


def _find_out(work: StudyWork, own: Own | None, run: ALSRun, settings: ALSSettings) -> BeyondALS | None:
    """Whether the mask determines the matrix, and where the run could have ended; None where that takes long."""
    job = beyond_job(settings.of_the_run(), run, own)
    wait(job, SECONDS_TO_FIND_OUT)
    return job.result


ALS_STUDY = StudyPart(
    name="als",
    label="ALS",
    settings=ALSStudySettings,
    data="matrix",
    controls=_controls,
    results=_results,
    to_compare=_to_compare,
    find_out=_find_out,
    beside=draw_beside,
)
