"""The peer of the player: a run of EM as Plotly frames in `st.plotly_chart`, one frame a half step.

It is thrifty: a frame carries only what its half step changes (the labels after an E step, one byte a point; the
curves after an M step, 200 places each), and arrays go to Plotly as NumPy's, which it packs as binary.
"""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from explorer.mixture import hard_assignments, log_joint
from explorer.runs import EMRun, make_em_run
from explorer.settings import EMSettings

HISTOGRAM, POINTS, CURVES = 0, 1, 2  # the traces, in this order; one curve a component, the mixture's comes last


def figure(run: EMRun) -> go.Figure:
    """The histogram with the mixture and its components, the points below, and a frame for every half step."""
    values, trace = run.sample.values, run.trace
    places = np.linspace(values.min(), values.max(), 200)
    heights, edges = np.histogram(values, bins=60, density=True)
    points = go.Scattergl(x=values, y=np.full(len(values), -0.02), mode="markers", marker=colours(run.start_labels))
    lines = [go.Scatter(x=places, y=y, mode="lines") for y in curves(places, trace.mixture(0))]
    frames = []
    for t in range(1, trace.n_iterations + 1):
        labels = hard_assignments(log_joint(values, trace.mixture(t - 1)))
        moved = [go.Scatter(y=y) for y in curves(places, trace.mixture(t))]
        frames.append(go.Frame(name=f"E{t}", data=[go.Scattergl(marker=colours(labels))], traces=[POINTS]))
        frames.append(go.Frame(name=f"M{t}", data=moved, traces=[CURVES + i for i in range(len(moved))]))
    play = {"type": "buttons", "buttons": [{"label": "Play", "method": "animate", "args": [None]}]}
    bars = go.Bar(x=(edges[:-1] + edges[1:]) / 2, y=heights)
    return go.Figure([bars, points, *lines], {"updatemenus": [play]}, frames)


def curves(places: np.ndarray, mixture) -> np.ndarray:
    """The weighted density of each component and, last, of the mixture: (K + 1, places)."""
    components = np.exp(log_joint(places, mixture)).T
    return np.vstack([components, components.sum(axis=0)])


def colours(labels: np.ndarray) -> dict:
    return {"color": labels.astype(np.uint8)}


k = st.slider("K", 1, 10, 4)
st.plotly_chart(figure(make_em_run(EMSettings(data="two-bumps", n_components=k, max_iter=100, rtol=0.0))), key="run")
