"""The ALS panel: its widgets, and what it says of a run."""

import streamlit as st

from explorer.completion import STARTS
from explorer.datasets import MATRICES
from explorer.player.payload import als_payload
from explorer.runs import ALSRun
from explorer.screens.parts.own_data import bring_matrix, brought
from explorer.screens.parts.panels import Panel
from explorer.screens.parts.widgets import Form
from explorer.settings import OWN, ALSSettings
from explorer.study.verdicts import als_verdict


def _controls(form: Form) -> None:
    matrix, rank, seen, initialization, seed, dice, more = st.columns(
        [2.6, 1.0, 1.2, 1.6, 1.3, 0.6, 1.1], gap="small", vertical_alignment="bottom"
    )
    with matrix:
        draw_matrix(form)
    with rank:
        form.draw("rank")
    with seen:
        form.draw("seen")
    with initialization:
        start = STARTS[form.draw("initialization", slider=True)]
    with seed:
        form.draw("seed", disabled=not start.uses_seed)
    with dice:
        form.dice("seed", disabled=not start.uses_seed, help="Run again with another seed")
    with more, st.popover("More", width="stretch"):
        _more(form)


def draw_matrix(form: Form) -> None:
    """Draw the box that chooses the matrix, and with it how much of it is seen."""
    own = brought("matrix")
    known = {name: source.label for name, source in MATRICES.items()}
    options = known | {OWN: own.data.label if own else "Your matrix …"}
    form.draw("matrix", options=options, on_change=_show_enough, args=(form,))


def _show_enough(form: Form) -> None:
    """Another matrix needs another share of its entries: each comes with the one that suits it."""
    source = MATRICES.get(form.chosen("matrix"))
    if source is not None:
        form.change("seen", source.seen)


def _more(form: Form) -> None:
    run, data, own = st.tabs(["Run", "Data", "Your matrix"])
    with run:
        st.caption(STARTS[form.settings.initialization].explanation)
        draw_limits(form)
    with data:
        draw_about(form, "mask_seed")
    with own:
        bring_matrix(form)


def draw_limits(form: Form) -> None:
    """Draw what decides when a run ends, and how it is held."""
    form.draw("ridge", slider=True)
    form.draw("rtol", slider=True)
    form.draw("max_sweeps")


def draw_about(form: Form, mask_seed: str) -> None:
    """Draw what there is to say and to choose about the matrix, and the seed of its mask, a setting of this name."""
    source = MATRICES.get(form.settings.matrix)
    if source is not None:
        st.caption(f"{source.about} Source: {source.source}.")
    form.draw(mask_seed)
    form.draw("matrix_seed", disabled=source is None or not source.uses_seed)
    if form.settings.matrix == "generated":
        for name in ("n_rows", "n_cols", "true_rank", "noise"):
            form.draw(name)


def _summary(run: ALSRun, settings: ALSSettings) -> str:
    return f"{run.problem.label} · rank {settings.rank} · {settings.seen} % seen · seed {settings.seed}"


def _start(settings: ALSSettings) -> str:
    start = STARTS[settings.initialization]
    seed = [f"seed {settings.seed}"] if start.uses_seed else []
    return " · ".join([start.label, *seed, f"mask {settings.mask_seed}"])


ALS_PANEL = Panel(
    name="als",
    settings=ALSSettings,
    controls=_controls,
    brought=lambda: brought("matrix"),
    values=lambda run: run.problem.values,
    summary=_summary,
    start=_start,
    payload=als_payload,
    verdict=als_verdict,
)
