"""What two runs of ALS have in common below their players: their product, if not their factors."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.charts.clouds import clouds_figure
from explorer.charts.factors import factors_figure
from explorer.charts.turn import turn_figure
from explorer.errors import InputError
from explorer.screens.jobs.shared import Own, run_of
from explorer.screens.parts.charting import draw_headline, draw_picture, heading, looks
from explorer.settings import ALSSettings
from explorer.study.rotation import SAME, AlignedBy, Alignment, align_factors
from explorer.words import percent


def draw_beside(left: ALSSettings, right: ALSSettings, own: Own | None) -> None:
    """Draw which k x k matrix turns the factors of the left run into those of the right one, or that none does."""
    try:
        a, b = (run_of(settings, own if settings.uses_own_data else None).trace.final for settings in (left, right))
        alignment = align_factors(a, b)
    except InputError:
        return  # the players say what is wrong
    title, sentence = _told(alignment)
    draw_headline(title, sentence)
    pictures, turn = st.columns([0.66, 0.34], gap="medium")
    rank = a.rank
    with pictures:
        if rank == 2:
            heading("Rows of X as points", "● left run, □ right run")
            figure = clouds_figure(a.left, b.left, alignment.matrix, **looks())
        else:
            heading("X of both runs", "columns in their own order; one scale")
            figure = factors_figure(a.left, b.left, alignment.matrix, **looks())
        draw_picture(
            figure, "rotation_factors", f"Factors X of both runs, before and after alignment. {title} {sentence}"
        )
    with turn:
        heading(f"T, {rank} × {rank}", _kind(alignment))
        numbers = "; ".join(", ".join(f"{value:.2f}" for value in row) for row in alignment.matrix)
        draw_picture(turn_figure(alignment.matrix, **looks()), "rotation_turn", f"T, row by row: {numbers}.")
        st.html(_figures(alignment))


def _told(alignment: Alignment) -> tuple[str, str]:
    apart = _share(max(alignment.left_before, alignment.right_before))
    left_over = _share(max(alignment.left_after, alignment.right_after))
    differ = _share(alignment.product_difference)
    if alignment.product_difference >= SAME:
        return (
            "The products differ.",
            f"XYᵀ of the two runs differ by {differ} of their size: they are two different completions, and no "
            "rotation turns one into the other.",
        )
    if alignment.by is AlignedBy.NOTHING:
        return (
            "The products nearly agree.",
            f"They differ by {differ}, but no single T turns both factors: {left_over} is left over.",
        )
    if max(alignment.left_before, alignment.right_before) < SAME:
        return "The factors agree already.", f"They differ by {apart} of their size, their products by {differ}."
    return (
        "The factors differ, their product does not.",
        f"X and Y differ by {apart} of their size; after one T, X₁T ≈ X₂ and Y₁T⁻ᵀ ≈ Y₂ within {left_over}. "
        f"XYᵀ differs by {differ}.",
    )


def _kind(alignment: Alignment) -> str:
    """What T does, in a few words."""
    if alignment.by is AlignedBy.NOTHING:
        return "turned as near as one comes"
    words = []
    if alignment.angle is not None:
        degrees = f"{np.degrees(alignment.angle) / (2 if alignment.mirrors else 1):.0f}°".replace("-", "−")
        words.append(f"mirrors at the line of {degrees}" if alignment.mirrors else f"turns by {degrees}")
    elif len(alignment.matrix) > 1 or alignment.mirrors:
        words.append("mirrors" if alignment.mirrors else "turns")
    if alignment.by is AlignedBy.INVERTIBLE:
        ends = dict.fromkeys(f"{stretch:.2f}" for stretch in alignment.stretches[[0, -1]])
        words.append(f"stretches by {' to '.join(ends)}")
    return ", ".join(words)


def _figures(alignment: Alignment) -> str:
    """The relative differences as a small table."""
    rows = (
        ("X", alignment.left_before, alignment.left_after),
        ("Y", alignment.right_before, alignment.right_after),
        ("XYᵀ", alignment.product_difference, alignment.product_difference),
    )
    body = "".join(
        f"<tr><th scope='row'>{name}</th><td>{_share(before)}</td><td>{_share(after)}</td></tr>"
        for name, before, after in rows
    )
    head = "<tr><th scope='col'>differ by</th><th scope='col'>as they are</th><th scope='col'>after T</th></tr>"
    return f"<table class='differences'><thead>{head}</thead><tbody>{body}</tbody></table>"


def _share(value: float) -> str:
    return percent(value) if value < 10 else "over 1000 %"
