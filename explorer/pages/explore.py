"""The Explore page: EM and ALS side by side, each in its own player."""

from hashlib import blake2b
from importlib.resources import files

import streamlit as st

from explorer.completion import STARTS
from explorer.datasets import MATRICES, SAMPLES
from explorer.errors import InputError
from explorer.mixture import STRATEGIES
from explorer.pages import computed
from explorer.pages.header import header
from explorer.pages.own_data import bring_matrix, bring_sample, brought
from explorer.pages.widgets import Form
from explorer.player.component import beyond_the_run, player, provide_code
from explorer.player.payload import als_payload, em_payload, pack
from explorer.runs import ALSRun, EMRun
from explorer.settings import OWN, ALSSettings, EMSettings, write_query
from explorer.study.verdicts import als_verdict, em_verdict


def page() -> None:
    """Draw the page."""
    st.html(f"<style>{(files('explorer.pages') / 'explore.css').read_text(encoding='utf-8')}</style>")
    header()
    problems = st.empty()
    left, right = st.columns(2, gap="medium")
    with left:
        em_panel()
    with right:
        als_panel()
    provide_code()
    with problems.container(key="problems", horizontal=True, vertical_alignment="center"):
        _show_link_problems()


def _show_link_problems() -> None:
    found = st.session_state.get("link_problems")
    if found:
        st.warning("In this link: " + " ".join(found) + " The rest of it applies.", icon=":material/link_off:")
        st.button("OK", key="link_problems_seen", on_click=found.clear)


@st.fragment
def em_panel() -> None:
    """The EM panel: a change of its settings runs nothing but this."""
    form = Form("em", EMSettings)
    try:
        with st.container(key="em_controls"):
            _em_controls(form)
        settings, own = form.settings, brought("data")
        run = computed.em_run(settings, own)
    except InputError as error:
        player("em", pack({"role": "error", "panel": "em", "text": str(error)}))
        return
    identity = _identity(computed.without_look(settings), own if settings.data == OWN else None)
    frame = {
        "run": identity,
        "data_id": _identity(run.sample.values.tobytes()),
        "summary": " · ".join(
            (
                run.sample.label,
                f"K {settings.n_components}",
                STRATEGIES[settings.initialization].label,
                f"seed {settings.seed}",
            )
        ),
        "address": write_query(settings),
        "verdict": em_verdict(run, settings).as_json(),
    }
    player("em", em_payload(run, settings, frame))
    em_beyond(run, settings, identity)


@st.fragment
def em_beyond(run: EMRun, settings: EMSettings, identity: str) -> None:
    """Whether the run ends in the best known optimum: found out in slices, after the picture is there."""
    _give_way(Form("em", EMSettings))
    found = _advance("em", computed.em_investigation(settings, brought("data")))
    known = {}
    if found.result is not None and found.result.best is not None:
        known = {"best": found.result.best, "best_label": "best of 40 starts"}
    _send("em", identity, found, em_verdict(run, settings, found.result).as_json(), known)


def _em_controls(form: Form) -> None:
    data, k, initialization, seed, dice, more = st.columns(
        [2.9, 1.1, 2.4, 1.3, 0.6, 1.1], gap="small", vertical_alignment="bottom"
    )
    with more, st.popover("More", width="stretch"):
        _em_more(form)
    with data:
        known = {name: source.label for name, source in SAMPLES.items()}
        own = brought("data")
        form.draw("data", options=known | {OWN: own.data.label if own else "Your data …"})
    with k:
        form.draw("n_components")
    with initialization:
        form.draw("initialization", slider=True)
    with seed:
        form.draw("seed", disabled=not STRATEGIES[form.settings.initialization].uses_seed)
    with dice:
        form.dice(
            "seed",
            disabled=not STRATEGIES[form.settings.initialization].uses_seed,
            help="Run again with another seed",
        )


def _em_more(form: Form) -> None:
    start, run, data, own = st.tabs(["Start", "Run", "Data", "Your data"])
    settings = form.settings
    with start:
        st.caption(STRATEGIES[settings.initialization].explanation)
        if settings.initialization == "partition" and form.draw("partition") == "typed":
            form.draw("labels", placeholder="1 1 2 2 …")
        if settings.initialization == "means":
            form.draw("means", placeholder="spread evenly")
    with run:
        form.draw("rtol", slider=True)
        form.draw("max_iter")
        form.draw("variance_floor", slider=True)
        form.draw("soft")
        form.draw("ghost")
        source = SAMPLES.get(settings.data)
        form.draw("truth", disabled=source is None or source.truth is None)
    with data:
        source = SAMPLES.get(settings.data)
        if source is not None:
            st.caption(f"{source.about} Source: {source.source}.")
        form.draw("data_seed", disabled=source is None or not source.uses_seed)
        if settings.data == "generated":
            for name in ("true_weights", "true_means", "true_deviations", "n_points"):
                form.draw(name)
    with own:
        bring_sample(form)


@st.fragment
def als_panel() -> None:
    """The ALS panel: a change of its settings runs nothing but this."""
    form = Form("als", ALSSettings)
    try:
        with st.container(key="als_controls"):
            _als_controls(form)
        settings, own = form.settings, brought("matrix")
        run = computed.als_run(settings, own)
    except InputError as error:
        player("als", pack({"role": "error", "panel": "als", "text": str(error)}))
        return
    identity = _identity(settings, own if settings.matrix == OWN else None)
    frame = {
        "run": identity,
        "data_id": _identity(run.problem.values.tobytes()),
        "summary": f"{run.problem.label} · rank {settings.rank} · {settings.seen} % seen · seed {settings.seed}",
        "address": write_query(settings),
        "verdict": als_verdict(run).as_json(),
    }
    player("als", als_payload(run, frame))
    als_beyond(run, settings, identity)


@st.fragment
def als_beyond(run: ALSRun, settings: ALSSettings, identity: str) -> None:
    """Whether the mask can determine the matrix at all: found out after the picture is there."""
    _give_way(Form("als", ALSSettings))
    found = _advance("als", computed.als_investigation(settings, brought("matrix")))
    known = {}
    if found.result is not None:
        known = {
            "short_rows": found.result.short_rows.tolist(),
            "short_cols": found.result.short_cols.tolist(),
        }
    _send("als", identity, found, als_verdict(run, found.result).as_json(), known)


def _als_controls(form: Form) -> None:
    matrix, rank, seen, initialization, seed, dice, more = st.columns(
        [2.6, 1.0, 1.2, 1.6, 1.3, 0.6, 1.1], gap="small", vertical_alignment="bottom"
    )
    with more, st.popover("More", width="stretch"):
        _als_more(form)
    with matrix:
        known = {name: source.label for name, source in MATRICES.items()}
        own = brought("matrix")
        form.draw("matrix", options=known | {OWN: own.data.label if own else "Your matrix …"})
    with rank:
        form.draw("rank")
    with seen:
        form.draw("seen")
    with initialization:
        form.draw("initialization", slider=True)
    with seed:
        form.draw("seed", disabled=not STARTS[form.settings.initialization].uses_seed)
    with dice:
        form.dice(
            "seed",
            disabled=not STARTS[form.settings.initialization].uses_seed,
            help="Run again with another seed",
        )


def _als_more(form: Form) -> None:
    run, data, own = st.tabs(["Run", "Data", "Your matrix"])
    settings = form.settings
    with run:
        st.caption(STARTS[settings.initialization].explanation)
        form.draw("ridge", slider=True)
        form.draw("rtol", slider=True)
        form.draw("max_sweeps")
    with data:
        source = MATRICES.get(settings.matrix)
        if source is not None:
            st.caption(f"{source.about} Source: {source.source}.")
        form.draw("mask_seed")
        form.draw("matrix_seed", disabled=source is None or not source.uses_seed)
    with own:
        bring_matrix(form)


def _give_way(form: Form) -> None:
    """Rerun the page if a widget moved together with the browser's question: Streamlit answers only one of both."""
    if form.is_stale:
        st.rerun()


def _advance(panel: str, found: computed.Investigation) -> computed.Investigation:
    """Work on an answer only when the browser, idle, has asked for it: never before the picture."""
    if st.session_state.pop(f"{panel}_asked", False):
        found.advance()
    return found


def _send(panel: str, identity: str, found: computed.Investigation, verdict: dict, known: dict) -> None:
    def asked() -> None:
        st.session_state[f"{panel}_asked"] = True

    if found.result is None and found.slices > 2:
        verdict["sentence"] += f" · {found.progress} …"
    message = {
        "role": "known",
        "panel": panel,
        "run": identity,
        "slice": found.slices,
        "finished": found.result is not None,
        "verdict": verdict,
        "known": known,
    }
    beyond_the_run(panel, pack(message), asked)


def _identity(*parts: object) -> str:
    words = [part.digest if isinstance(part, computed.Own) else repr(part) for part in parts]
    return blake2b("|".join(words).encode(), digest_size=8).hexdigest()
