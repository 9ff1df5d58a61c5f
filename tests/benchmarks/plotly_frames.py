"""Peer of the player: the same run of EM as Plotly frames, one a half step, as a thrifty author would write them.

E steps recolour the points, M steps move the mixture and its components: a frame carries only what changes. NumPy
arrays go to Plotly as they are, which packs them as binary, labels in one byte each.
"""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from explorer.mixture import EMTrace, component_densities, e_step, hard_assignments
from explorer.runs import make_em_run
from explorer.settings import EMSettings

CURVE_POINTS = 200


