"""A page that says the sentences in sentences.json, in the current folder, by every way that the screens have."""

import json
from pathlib import Path

import streamlit as st

from explorer.screens.parts.charting import draw_headline, heading
from explorer.screens.parts.telling import remark, tell_error, tell_warning

for number, sentence in enumerate(json.loads(Path("sentences.json").read_text("utf-8"))):
    with st.container(key=f"sentence_{number}"):
        tell_error(sentence)
        tell_warning(sentence)
        remark(sentence)
        heading(sentence, sentence)
        draw_headline(sentence, sentence)
st.html('<p class="finished"></p>')
