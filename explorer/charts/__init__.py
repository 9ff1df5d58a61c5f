"""Plotly figures: pure functions from results to go.Figure, which know no screen.

Each file is named as its figure (`optima_figure` is in optima.py); what figures share is in `parts`.
"""
