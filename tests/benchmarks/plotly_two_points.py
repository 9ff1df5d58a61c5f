"""The peer of a changed slider: one slider and two points, as little as an app of Streamlit and Plotly can be."""

import plotly.graph_objects as go
import streamlit as st

height = st.slider("Height", 0, 999)
chart = go.Figure(go.Scatter(x=[0, 1], y=[0, height]), {"yaxis": {"range": [0, 1000]}})
st.plotly_chart(chart, key="chart")
