"""What became of the starts under every mask: one bar a mask and initialization, and whether the mask can be filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from explorer.charts.parts.mask_rows import MaskRow
from explorer.charts.parts.outcome_styles import style_of
from explorer.charts.parts.theme import FONT_SIZE, Theme, layout_of, theme_of
from explorer.charts.parts.writing import in_lines, write
from explorer.study.als_summary import ENDINGS, LUCKY
from explorer.study.restarts import Share
from explorer.words import counted, percent

# Heights are in units of the font size, shares of the width; so a projector's figure is the same, larger.
HEAD, FOOT, HEADING = 2.4, 6.4, 1.9
WORDS, BARS = 0.24, 0.26
# The part of a column that is bars; the rest is for the share in figures.
BAR_PART, NARROW_BAR_PART = 0.68, 0.66
# Where in a row of height 1 the bar and the interval below it lie.
BAR_AT, BAR_THICK, INTERVAL_AT = 0.42, 0.62, 0.87


def row_height(n_rows: int) -> float:
    """The height of a row in units of the font size: lower, where there are many."""
    return 2.6 if n_rows <= 8 else 2.0 if n_rows <= 16 else 1.5


def masks_figure(
    rows: Sequence[MaskRow],
    initializations: Mapping[str, str],
    shares: Mapping[str, Share],
    starts: Mapping[str, str],
    *,
    theme: str = "light",
    font_size: float = FONT_SIZE,
) -> go.Figure:
    """Draw the rows, masks that determine the matrix first.

    initializations: their labels by name, one column each. shares: recovered under masks that determine the matrix,
    starts: how many are enough there, both by initialization, for the last lines. A thin line below a bar is the 95 %
    interval of the share recovered. A click on a bar reports customdata [number of the row, initialization, ending].
    """
    colours = theme_of(theme)
    places, headings, depth = _places(rows)
    row = row_height(len(rows)) * font_size
    head, foot = HEAD * font_size, FOOT * font_size
    height = head + depth * row + foot
    figure = go.Figure()
    figure.update_layout(layout_of(colours, font_size), height=height, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    figure.update_layout(showlegend=False, barmode="overlay")
    below, above = foot / height, 1 - head / height
    figure.update_layout(
        yaxis={"domain": [below, above], "range": [depth, 0], "visible": False, "fixedrange": True, "anchor": "x"}
    )
    for place, each in zip(places, rows, strict=True):
        figure.add_annotation(
            text=each.title, x=WORDS, xref="paper", xanchor="right", y=place + BAR_AT, yref="y", showarrow=False,
            font={"color": colours.ink if each.determined else colours.warning},
        )  # fmt: skip
    lucky = any(LUCKY in counts for row in rows for counts in row.counts.values())
    undetermined = "✗ not determined: " + ("close only by luck" if lucky else "no start and no method can fill it")
    for place, determined in headings:
        text = "✓ determined: a start can fill it" if determined else undetermined
        figure.add_annotation(
            text=f"<b>{text}</b>", x=0, xref="paper", xanchor="left", y=place, yref="y", yanchor="middle",
            showarrow=False, font={"color": colours.ink if determined else colours.warning},
        )  # fmt: skip
    width = (1 - BARS) / max(1, len(initializations))
    one = len(initializations) == 1  # then there is room for intervals in figures
    bar_part = BAR_PART if len(initializations) < 3 else NARROW_BAR_PART
    size = font_size if len(initializations) < 4 else 0.85 * font_size
    for j, (name, label) in enumerate(initializations.items()):
        left = BARS + j * width
        _add_bars(figure, j, name, label, rows, places, (left, left + bar_part * width), colours)
        _add_intervals(figure, j, name, rows, places, colours)
        _write_shares(figure, left + bar_part * width + 0.008, name, rows, places, colours, size, one)
        write(figure, "<br>".join(in_lines(label)), left, 1 - head / 2 / height, colours.second, 0.93 * size)
        share = shares[name]
        if share.total:
            text = f"<b>{percent(share.share)}</b> {_small(_interval(share), colours)}"
            write(figure, text, left, below * 0.72, colours.ink, size)
            write(figure, f"<b>{starts[name]}</b>", left, below * 0.26, colours.ink, size)
        else:
            write(figure, "–", left, below * 0.72, colours.second, size)
            write(figure, "–", left, below * 0.26, colours.second, size)
    small = 0.85 * font_size
    write(figure, "recovered, where<br>determined", WORDS, below * 0.72, colours.second, small, "right")
    write(figure, "enough starts,<br>95 % certain", WORDS, below * 0.26, colours.second, small, "right")
    figure.add_shape(
        type="line", xref="paper", yref="paper", x0=0, x1=1, y0=below, y1=below,
        line={"color": colours.second, "width": 2},
    )  # fmt: skip
    return figure


def _places(rows: Sequence[MaskRow]) -> tuple[list[float], list[tuple[float, bool]], float]:
    """Where rows begin, where the headings of the two kinds stand, and how deep all is, in heights of a row."""
    heading = HEADING / row_height(len(rows))
    places, headings, depth = [], [], 0.0
    for i, row in enumerate(rows):
        if i == 0 or row.determined != rows[i - 1].determined:
            headings.append((depth + heading / 2, row.determined))
            depth += heading
        places.append(depth)
        depth += 1
    return places, headings, depth + 0.15


def _add_bars(
    figure: go.Figure,
    j: int,
    name: str,
    label: str,
    rows: Sequence[MaskRow],
    places: Sequence[float],
    domain: tuple[float, float],
    colours: Theme,
) -> None:
    x = "x" if j == 0 else f"x{j + 1}"
    figure.update_layout(
        {f"xaxis{j + 1 if j else ''}": {"domain": domain, "range": [0, 1], "visible": False, "fixedrange": True}}
    )
    done = [0] * len(rows)
    for ending in ENDINGS:
        mine = [i for i, row in enumerate(rows) if row.counts[name].get(ending)]
        if not mine:
            continue
        counts = [rows[i].counts[name][ending] for i in mine]
        totals = [sum(rows[i].counts[name].values()) for i in mine]
        figure.add_bar(
            x=[count / total for count, total in zip(counts, totals, strict=True)],
            base=[done[i] / total for i, total in zip(mine, totals, strict=True)],
            y=[places[i] + BAR_AT for i in mine], width=BAR_THICK, orientation="h", xaxis=x, yaxis="y",
            customdata=[[i, name, ending] for i in mine], marker=style_of(ending, colours).bar(colours), name=ending,
            unselected={"marker": {"opacity": 1}},
            hovertemplate=[
                f"{rows[i].title}, {label}: {count} of {counted(total, 'run')} {ending}"
                f"<br>Click to replay one<extra></extra>"
                for i, count, total in zip(mine, counts, totals, strict=True)
            ],
        )  # fmt: skip
        for i, count in zip(mine, counts, strict=True):
            done[i] += count


def _add_intervals(
    figure: go.Figure, j: int, name: str, rows: Sequence[MaskRow], places: Sequence[float], colours: Theme
) -> None:
    """The 95 % interval of the share recovered as a line below each bar."""
    judged = [(place + INTERVAL_AT, row.recovered[name]) for place, row in zip(places, rows, strict=True)]
    judged = [(at, share) for (at, share), row in zip(judged, rows, strict=True) if row.determined]
    figure.add_scatter(
        x=[end for _, share in judged for end in (share.low, share.high, None)],
        y=[each for at, _ in judged for each in (at, at, None)],
        mode="lines", line={"color": colours.ink, "width": 1.6}, hoverinfo="skip", name="95 % interval",
        xaxis="x" if j == 0 else f"x{j + 1}", yaxis="y",
    )  # fmt: skip


def _write_shares(
    figure: go.Figure,
    x: float,
    name: str,
    rows: Sequence[MaskRow],
    places: Sequence[float],
    colours: Theme,
    font_size: float,
    with_interval: bool,
) -> None:
    """The share recovered in figures beside each bar."""
    for place, row in zip(places, rows, strict=True):
        share = row.recovered[name]
        if not row.determined or not share.total:
            continue
        text = f"<b>{percent(share.share)}</b>" if share.count else "0"
        if with_interval:
            text += " " + _small(_interval(share), colours)
        figure.add_annotation(
            text=text, x=x, xref="paper", xanchor="left", y=place + BAR_AT, yref="y", showarrow=False,
            font={"size": font_size, "color": colours.ink if share.count else colours.second},
        )  # fmt: skip


def _interval(share: Share) -> str:
    low, high = (percent(end).removesuffix(" %") for end in (share.low, share.high))
    return f"({low}–{high})"


def _small(text: str, colours: Theme) -> str:
    return f'<span style="color:{colours.second};font-size:0.85em">{text}</span>'
