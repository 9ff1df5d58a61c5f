"""A page that fails, served as the explorer serves its own."""

import streamlit as st
from streamlit import runtime

from explorer.screens.jobs import server

if runtime.exists():
    st.title("A page")
    if st.button("Fail"):
        raise ValueError("a secret of the server")
else:
    app = st.App(__file__, on_script_error=server.tell_failure)
