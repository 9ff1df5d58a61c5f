"""The peer of a crowd's changes: one slider and what it stands at, as little as an app of Streamlit can be."""

import streamlit as st

st.write(f"seed {st.slider('Seed', 0, 999, key='seed')}")
