"""A study of EM on the page: what is asked for, where its runs end, and why."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from explorer.charts.ends import ends_figure
from explorer.charts.optima import optima_figure
from explorer.charts.parts.end_rows import end_rows, keys_of_runs
from explorer.charts.paths import paths_figure
from explorer.charts.restarts import restarts_figure
from explorer.charts.tolerances import tolerances_figure
from explorer.mixture import STRATEGIES, EMOutcome
from explorer.mixture.judge import LOG_LIKELIHOOD_TOLERANCE
from explorer.runs import EMRun
from explorer.screens.jobs.job import Job
from explorer.screens.jobs.shared import Own
from explorer.screens.jobs.tasks import go_beyond_em, in_shares
from explorer.screens.parts.charting import draw_chart, draw_headline, draw_picture, heading, looks, number_of
from explorer.screens.parts.em_panel import draw_about, draw_limits, draw_sample
from explorer.screens.parts.landscape_view import draw_landscape, draw_partitions
from explorer.screens.parts.own_data import bring_sample
from explorer.screens.parts.study_part import Replay, StudyPart, draw_initializations, starts_in_figures, two_columns
from explorer.screens.parts.waiting import worked_out
from explorer.screens.parts.widgets import Form
from explorer.screens.study_work import StudyWork
from explorer.settings import EMSettings, EMStudySettings, run_of_study, write_run
from explorer.study.beyond import BeyondEM, Ends
from explorer.study.em_outcomes import EMOutcomes, iterate_em_outcomes
from explorer.study.em_paths import log_likelihood_paths, tolerance_effects
from explorer.study.em_summary import InitializationSummary, headline, summarize
from explorer.study.partitions import MAX_PARTITIONS
from explorer.words import counted, number, percent

# The most initializations whose columns fit beside another chart.
MOST_BESIDE = 5


def _controls(form: Form) -> None:
    data, k, which, starts, seed, dice, more = st.columns(
        [2.4, 1.2, 2.6, 1.4, 1.4, 0.6, 1.1], gap="small", vertical_alignment="bottom"
    )
    with data:
        draw_sample(form)
    with k:
        form.draw("n_components")
    with which:
        draw_initializations(form, STRATEGIES)
    with starts:
        form.draw("n_starts")
    with seed:
        form.draw("first_seed")
    with dice:
        form.dice("first_seed", help="Other starts")
    with more, st.popover("More", width="stretch"):
        _more(form)


def _more(form: Form) -> None:
    run, data, own = st.tabs(["Run", "Data", "Your data"])
    with run:
        draw_limits(form)
    with data:
        draw_about(form)
    with own:
        bring_sample(form)


def _outcomes_of(work: StudyWork) -> EMOutcomes:
    settings, sample = work.study.settings, work.study.problem

    def judged(table: pd.DataFrame) -> Job:
        doing = "Finding out where each run ends"
        return Job(in_shares, doing, iterate_em_outcomes, settings, sample.values, table, asked=True)

    return worked_out(work.answer("outcomes", judged))


def _results(work: StudyWork, own: Own | None, replay: Replay) -> None:
    settings, sample = work.study.settings, work.study.problem
    outcomes = _outcomes_of(work)
    labels = {name: STRATEGIES[name].label for name in settings.initializations if name in set(_names(outcomes))}
    summaries = summarize(outcomes)
    draw_headline(*headline(outcomes, labels))
    if len(labels) > MOST_BESIDE:  # so many columns need the whole width
        _draw_optima(work, outcomes, labels, summaries, replay)
        left, right = two_columns()
        with left:
            _draw_paths(work, outcomes, labels, replay)
        with right:
            _draw_second(work, own, outcomes, labels, replay)
    else:
        left, right = two_columns()
        with left:
            _draw_optima(work, outcomes, labels, summaries, replay)
        with right:
            _draw_second(work, own, outcomes, labels, replay)
        left, right = two_columns()
        with left:
            _draw_paths(work, outcomes, labels, replay)
        with right:
            _draw_restarts(outcomes, labels)
    left, right = two_columns()
    with left:
        _draw_tolerances(work, outcomes, labels)
    with right:
        if len(labels) > MOST_BESIDE:
            _draw_restarts(outcomes, labels)
        elif settings.n_components == 2:
            _draw_ends(settings, outcomes, labels, replay)
        else:
            _draw_numbers(labels, summaries)
    if settings.n_components == 2 and settings.n_components ** len(sample.values) <= MAX_PARTITIONS:
        beside = _contrast(settings, outcomes, "", "")
        draw_partitions(settings, sample, own, outcomes.optima, lambda run: replay(run, *beside))
    if settings.n_components == 2 or len(labels) > MOST_BESIDE:
        _draw_numbers(labels, summaries)


def _draw_second(
    work: StudyWork, own: Own | None, outcomes: EMOutcomes, labels: Mapping[str, str], replay: Replay
) -> None:
    """Draw what stands beside the optima: the map of starts where there is one."""
    settings = work.study.settings
    if settings.n_components == 2:
        beside = _contrast(settings, outcomes, "", "")
        chosen = replay.last or beside + _contrast(settings, outcomes, EMOutcome.PROPER, "A")
        draw_landscape(settings, work.study.problem, own, outcomes.optima, chosen, lambda run: replay(run, *beside))
    else:
        _draw_ends(settings, outcomes, labels, replay)


def _names(outcomes: EMOutcomes) -> pd.Series:
    return outcomes.table["initialization"]


def _draw_optima(
    work: StudyWork,
    outcomes: EMOutcomes,
    labels: Mapping[str, str],
    summaries: Mapping[str, InitializationSummary],
    replay: Replay,
) -> None:
    settings, sample = work.study.settings, work.study.problem
    rows = end_rows(outcomes)
    foot = {name: starts_in_figures(summaries[name].starts_needed) for name in labels}
    heading("Where the starts end", f"L: log-likelihood, total over {counted(len(sample.values), 'point')}")
    figure = optima_figure(
        rows, sample.values, labels, **looks(), foot=foot,
        foot_title="starts for A with 95 % certainty",
    )  # fmt: skip
    told = "; ".join(
        f"{row.letter or row.title}: "
        + ", ".join(f"{labels[name]} {percent(row.shares.get(name, 0))}" for name in labels)
        for row in rows
    )
    with st.container(key="wide_optima"):
        point = draw_chart(figure, "optima", f"Share of the starts that end in each optimum. {told}.")
    if point:
        key, name = point["customdata"][:2]
        table = outcomes.table
        mine = (keys_of_runs(outcomes) == key) & ((table["initialization"] == name) if name else True)
        _replay_row(table[mine].iloc[0], settings, outcomes, replay)


def _replay_row(run: pd.Series, settings: EMStudySettings, outcomes: EMOutcomes, replay: Replay) -> None:
    """Show a run beside one that says why it matters where one starts."""
    replay(_run_of(run, settings), *_contrast(settings, outcomes, run["outcome"], run["optimum"]))


def _run_of(run: pd.Series, settings: EMStudySettings) -> EMSettings:
    return run_of_study(settings, run["initialization"], int(run["seed"]))


def _contrast(settings: EMStudySettings, outcomes: EMOutcomes, outcome: str, optimum: str) -> list[EMSettings]:
    """A run that ended elsewhere: in the best optimum, or, for one that is there, in the place most others reached."""
    table = outcomes.table
    in_best = (table["outcome"] == EMOutcome.PROPER) & (table["optimum"] == "A")
    others = table[in_best] if (outcome, optimum) != (EMOutcome.PROPER, "A") else table[~in_best]
    if others.empty:
        return []
    commonest = others.groupby(["outcome", "optimum"]).size().idxmax()
    there = others[(others["outcome"] == commonest[0]) & (others["optimum"] == commonest[1])]
    return [_run_of(there.iloc[0], settings)]


def _draw_ends(settings: EMStudySettings, outcomes: EMOutcomes, labels: Mapping[str, str], replay: Replay) -> None:
    heading("By initialization", "a bubble is as large as its share of the runs")
    point = draw_chart(
        ends_figure(outcomes, labels, **looks()), "ends",
        "Distribution of the final log-likelihood by initialization; the table of figures below tells the shares.",
    )  # fmt: skip
    if point:
        name, seed = point["customdata"][:2]
        table = outcomes.table
        mine = (table["initialization"] == name) & (table["seed"] == int(seed))
        _replay_row(table[mine].iloc[0], settings, outcomes, replay)


def _draw_restarts(outcomes: EMOutcomes, labels: Mapping[str, str]) -> None:
    heading("How many restarts", "the best of so many starts, on average")
    draw_picture(
        restarts_figure(outcomes, labels, **looks()), "restarts",
        "Mean of the best log-likelihood against the number of restarts, one line an initialization.",
    )  # fmt: skip


def _draw_paths(work: StudyWork, outcomes: EMOutcomes, labels: Mapping[str, str], replay: Replay) -> None:
    settings, sample = work.study.settings, work.study.problem
    find = partial(Job, log_likelihood_paths, settings, sample.values, asked=True)
    paths = worked_out(work.answer("paths", find, outcomes.table))
    heading(f"Paths of {counted(len(paths), 'run')}", "coloured by the optimum they reach")
    ways = {"level": "log-likelihood", "gap": "distance to the own limit, log scale"}
    way = st.segmented_control(
        "What the paths show", list(ways), format_func=ways.get, default="level", required=True, key="paths_way",
        label_visibility="collapsed",
    )  # fmt: skip
    point = draw_chart(
        paths_figure(outcomes, paths, labels, gap=way == "gap", **looks()), f"paths_{way}",
        f"Log-likelihood by iteration of {len(paths)} runs; a level stretch is a plateau.",
    )  # fmt: skip
    if point:
        _replay_row(outcomes.table.iloc[number_of(point)], settings, outcomes, replay)


def _draw_tolerances(work: StudyWork, outcomes: EMOutcomes, labels: Mapping[str, str]) -> None:
    settings, sample = work.study.settings, work.study.problem
    lasting = outcomes.table[outcomes.table["limit"].notna()]
    if not len(lasting):
        return  # what collapses has no limit to stop below
    find = partial(Job, tolerance_effects, settings, sample.values, asked=True)
    effects = worked_out(work.answer("tolerances", find, lasting))
    heading(
        "What the tolerance does",
        f"runs that stop on a plateau, more than {LOG_LIKELIHOOD_TOLERANCE:g} nats below their limit",
    )
    told = "; ".join(f"{effect.rtol:g}: {percent(float(effect.stopped_early.mean()))}" for effect in effects)
    draw_picture(
        tolerances_figure(effects, lasting["initialization"].to_numpy(), labels, **looks()), "tolerances",
        f"Share of the runs that stop early, by tolerance. {told}.",
    )  # fmt: skip


def _draw_numbers(labels: Mapping[str, str], summaries: Mapping[str, InitializationSummary]) -> None:
    columns = {
        labels[name]: {
            "Runs": str(each.n_runs),
            "In the best optimum": percent(each.best.share),
            "95 % interval": f"{percent(each.best.low)} to {percent(each.best.high)}",
            "Starts for 95 %": starts_in_figures(each.starts_needed),
            "Iterations, median": "–" if each.iterations is None else number(each.iterations[0], 0),
            "10 % to 90 %": "–" if each.iterations is None else f"{each.iterations[1]:.0f} to {each.iterations[2]:.0f}",
            **{title: percent(each.others[outcome]) for outcome, title in _OUTCOME_TITLES.items()},
        }
        for name, each in summaries.items()
    }
    heading("In figures", "by initialization")
    with st.container(key="figures_table"):
        st.dataframe(pd.DataFrame(columns), key="figures")


_OUTCOME_TITLES = {
    "proper": "Other optima",
    "plateau": "Stopped early",
    "saddle": "At a saddle",
    "spurious": "Spurious",
    "degenerate": "Degenerate",
}


def _to_compare(work: StudyWork, shown: list[EMSettings]) -> dict[str, EMSettings]:
    """One run for each place where runs end and each initialization, and those that are shown."""
    settings, outcomes = work.study.settings, _outcomes_of(work)
    table = outcomes.table.assign(key=keys_of_runs(outcomes))
    of_shown = {(run.initialization, run.seed) for run in shown}
    starts = zip(table["initialization"], table["seed"], strict=True)
    is_shown = np.array([start in of_shown for start in starts], dtype=bool)
    table = table[is_shown | ~table.duplicated(["key", "initialization"])]
    runs = {}
    for row in end_rows(outcomes):
        for name, seed in table.loc[table["key"] == row.key, ["initialization", "seed"]].itertuples(index=False):
            label = f"{row.title if row.letter == '' else row.letter} · {STRATEGIES[name].label} · seed {seed}"
            runs[label] = run_of_study(settings, name, int(seed))
    return runs


def _known(work: StudyWork) -> dict[str, Any]:
    """What the players show beyond their runs: how high the best of the study is."""
    best = _outcomes_of(work).best
    return (
        {}
        if best is None
        else {"best": best.log_likelihood, "best_label": f"best of {counted(work.n_finished, 'start')}"}
    )


def _find_out(work: StudyWork, own: Own | None, run: EMRun, settings: EMSettings) -> BeyondEM:
    """Where a run would come if it went on, and where the study's others ended."""
    outcomes = _outcomes_of(work)
    counts = outcomes.table["outcome"].value_counts()
    left_out = (int(counts.get(outcome, 0)) for outcome in (EMOutcome.DEGENERATE, EMOutcome.SPURIOUS))
    ends = Ends(outcomes.best and outcomes.best.log_likelihood, *left_out, len(outcomes.table))
    find = partial(Job, go_beyond_em, run, settings, ends, asked=True)
    return worked_out(work.answer(f"beyond {write_run(settings)}", lambda _: find(), outcomes.table))


EM_STUDY = StudyPart(
    name="em",
    label="EM",
    settings=EMStudySettings,
    data="data",
    controls=_controls,
    results=_results,
    to_compare=_to_compare,
    known=_known,
    find_out=_find_out,
)
