"""The EM panel: its widgets, and what it says of a run."""

from typing import Any

import streamlit as st

from explorer.datasets import SAMPLES
from explorer.mixture import STRATEGIES
from explorer.player.payload import em_payload
from explorer.runs import EMRun
from explorer.screens.parts.own_data import bring_sample, brought
from explorer.screens.parts.panels import Panel
from explorer.screens.parts.widgets import Form
from explorer.settings import OWN, EMSettings, shown, write_run
from explorer.study.beyond import N_STARTS, BeyondEM
from explorer.study.verdicts import em_verdict


def _controls(form: Form) -> None:
    data, k, initialization, seed, dice, more = st.columns(
        [2.9, 1.1, 2.4, 1.3, 0.6, 1.1], gap="small", vertical_alignment="bottom"
    )
    with data:
        draw_sample(form)
    with k:
        form.draw("n_components")
    with initialization:
        strategy = STRATEGIES[form.draw("initialization", slider=True)]
    with seed:
        form.draw("seed", disabled=not strategy.uses_seed)
    with dice:
        form.dice("seed", disabled=not strategy.uses_seed, help="Run again with another seed")
    with more, st.popover("More", width="stretch"):
        _more(form)


def _more(form: Form) -> None:
    settings = form.settings
    source = SAMPLES.get(settings.data)
    start, run, data, own = st.tabs(["Start", "Run", "Data", "Your data"])
    with start:
        st.caption(STRATEGIES[settings.initialization].explanation)
        if settings.initialization == "partition" and form.draw("partition") == "typed":
            form.draw("labels", placeholder="1 1 2 2 …")
        if settings.initialization == "means":
            form.draw("means", placeholder="spread evenly")
    with run:
        draw_limits(form)
        form.draw("soft")
        form.draw("ghost")
        form.draw("truth", disabled=source is None or source.truth is None)
    with data:
        draw_about(form)
    with own:
        bring_sample(form)


def draw_sample(form: Form) -> None:
    """Draw the box that chooses the data."""
    own = brought("data")
    known = {name: source.label for name, source in SAMPLES.items()}
    form.draw("data", options=known | {OWN: own.data.label if own else "Your data …"})


def draw_limits(form: Form) -> None:
    """Draw what decides when a run ends, and what its variances may be."""
    form.draw("rtol", slider=True)
    form.draw("max_iter")
    form.draw("structure", slider=True)
    floor = form.draw("variance_floor", slider=True)
    form.draw("at_floor", slider=True, disabled=floor == 0)


def draw_about(form: Form) -> None:
    """Draw what there is to say and to choose about the data."""
    source = SAMPLES.get(form.settings.data)
    if source is not None:
        st.caption(f"{source.about} Source: {source.source}.")
    form.draw("data_seed", disabled=source is None or not source.uses_seed)
    if form.settings.data == "generated":
        for name in ("true_weights", "true_means", "true_deviations", "n_points"):
            form.draw(name)


def _summary(run: EMRun, settings: EMSettings) -> str:
    strategy = STRATEGIES[settings.initialization].label
    return f"{run.sample.label} · K {settings.n_components} · {strategy} · seed {settings.seed}"


def _start(settings: EMSettings) -> str:
    strategy = STRATEGIES[settings.initialization]
    if settings.initialization == "means":
        return f"{strategy.label} · {settings.means or 'spread evenly'}"
    if settings.initialization == "partition":
        typed = settings.partition == "typed"
        given = write_run(settings).partition(":")[2] if typed else shown(settings, "partition")
        return f"{strategy.label} · {given}"
    return f"{strategy.label} · seed {settings.seed}" if strategy.uses_seed else strategy.label


def _known(found: BeyondEM) -> dict[str, Any]:
    if found.best_of_starts is None:
        return {}
    return {"best": found.best_of_starts, "best_label": f"best of {N_STARTS} starts"}


EM_PANEL = Panel(
    name="em",
    settings=EMSettings,
    controls=_controls,
    brought=lambda: brought("data"),
    values=lambda run: run.sample.points,
    summary=_summary,
    start=_start,
    payload=em_payload,
    verdict=em_verdict,
    known=_known,
)
