"""The map of starts: two starting means across and up, coloured by the optimum that EM leads to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from explorer.charts.parts.marks import DARK, LIGHT, letters, mute, pointed_at
from explorer.charts.parts.optimum_styles import colour_of
from explorer.charts.parts.theme import FONT_SIZE, Theme, layout_of, mixed, text_on, theme_of
from explorer.study.landscape import NEVER_SEPARATES, Landscape
from explorer.study.names import DEGENERATE, names_of

# The number of iterations is told in so many shades, from the optimum's colour to one with this much paper in it.
SHADES = 6
PALEST = 0.36
N_CONTOURS = 9
# Marks of early stops and of degenerate ends: so many across the map.
MARKS_ACROSS = 34
# A region has a letter where a disc with a radius of this share of the map's width fits into it.
ROOM = 0.045
# The values' ticks stand in a band beside the map, of this share of its width.
RUG = 0.035
# Where on the diagonal its label may stand, from 0 to 1, and half of how much of it the label takes.
LABEL_AT = (0.7, 0.3, 0.5)
LABEL_HALF = 0.24

Bools = NDArray[np.bool_]


def landscape_figure(
    landscape: Landscape,
    values: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    unit: str = "",
    paths: Sequence[ArrayLike] = (),
    path_ends: Sequence[str] | None = None,
    theme: str = "light",
    font_size: float = FONT_SIZE,
) -> go.Figure:
    """The map, with the values (n,) as ticks beside both axes, and the paths (T + 1, 2) of chosen runs over it.

    Paler means more iterations; dots, that the run stopped early, far below the optimum that it is coloured by; lines
    join starts of equal log-likelihood. names (G,): of the map's optima, where others have them too. unit: of the data,
    "" where it has none. path_ends: the name of the optimum that each path comes to, "" for one that stops before it;
    None for runs that start as the map's do, which tells where they come. font_size: in CSS pixels.

    Every start can be clicked: with `st.plotly_chart(figure, theme=None, on_select="rerun", selection_mode="points")`
    the selected point's "x" and "y" are its two means, in single precision, for `landscape.cell(x, y)` to find it.
    """
    colours = theme_of(theme)
    names = names or names_of(landscape.optima)
    figure = go.Figure(layout=layout_of(colours, font_size))
    _draw_regions(figure, landscape, names, colours)
    _draw_contours(figure, landscape)
    _draw_marks(figure, landscape, names, colours)
    _draw_ticks(figure, landscape, np.unique(np.asarray(values, dtype=float)), colours)
    paths = [np.asarray(path, dtype=float) for path in paths]
    label_at = _place_of_label(landscape, paths)
    _draw_diagonal(figure, landscape, label_at, colours, font_size)
    _draw_letters(figure, landscape, names, _taken(landscape, label_at, paths), font_size)
    for path, end in zip(paths, path_ends or [_end_of(landscape, names, path) for path in paths], strict=True):
        _draw_path(figure, path, end, font_size)
    _lay_starts_over(figure, landscape, names, unit)
    return _with_axes(figure, landscape, unit, colours)


def caption(landscape: Landscape, names: Sequence[str] | None = None) -> str:
    """What the map tells, in one line for below it."""
    names, shares = names or names_of(landscape.optima), landscape.shares()
    told = [f"{100 * shares[g]:.3g} % → {name}" for g, name in enumerate(names) if name != DEGENERATE]
    degenerate = sum(share for name, share in zip(names, shares, strict=True) if name == DEGENERATE)
    if degenerate > 0:
        told.append(f"{100 * degenerate:.3g} % degenerate (amber hatch)")
    if landscape.stopped_early.any():
        told.append(f"{100 * landscape.stopped_early.mean():.3g} % stopped early on the way (dots)")
    fewest, most = _range_of_iterations(landscape)
    return " · ".join([*told, f"paler: more iterations, from {fewest} to {most}"])


def _draw_regions(figure: go.Figure, landscape: Landscape, names: Sequence[str], colours: Theme) -> None:
    """The heat map: one number for each optimum and shade, and as many colours."""
    fills = [
        mixed(colour, colours.paper, PALEST * shade / (SHADES - 1))
        for colour in (colour_of(name, colours) for name in names)
        for shade in range(SHADES)
    ]
    numbers = SHADES * _filled_labels(landscape) + _shades(landscape)
    edges = np.repeat(np.arange(len(fills) + 1) / len(fills), 2)[1:-1]
    low, step = _low_and_step(landscape)
    figure.add_heatmap(
        z=numbers.astype(np.uint8 if len(fills) < 256 else np.int16),
        x0=low,
        dx=step,
        y0=low,
        dy=step,
        zmin=-0.5,
        zmax=len(fills) - 0.5,
        colorscale=[[edge, fills[i // 2]] for i, edge in enumerate(edges.tolist())],
        showscale=False,
        hoverinfo="skip",
    )


def _draw_contours(figure: go.Figure, landscape: Landscape) -> None:
    """Lines at equal steps of the log-likelihood; the steep rest, of far starts, has none."""
    heights = landscape.start_log_likelihoods
    low, high = np.quantile(heights, 0.1), heights.max()
    step = (high - low) / N_CONTOURS
    position, spacing = _low_and_step(landscape)
    figure.add_contour(
        z=heights.astype(np.float32),
        x0=position,
        dx=spacing,
        y0=position,
        dy=spacing,
        contours={"coloring": "none", "start": low, "end": high - step / 2, "size": step},
        line={"color": "rgba(255,255,255,0.55)", "width": 1},
        showscale=False,
        hoverinfo="skip",
    )


def _draw_marks(figure: go.Figure, landscape: Landscape, names: Sequence[str], colours: Theme) -> None:
    """Dots where runs stopped early, and a hatch where they end degenerate."""
    labels = _filled_labels(landscape)
    degenerate = (np.array(names) == DEGENERATE)[labels]
    stride = max(1, round(landscape.size / MARKS_ACROSS))
    sparse = np.zeros_like(degenerate)
    sparse[stride // 2 :: stride, stride // 2 :: stride] = True
    fills = np.array([mixed(colour_of(name, colours), colours.paper, PALEST) for name in names])[labels]
    for where, marker in (
        (landscape.stopped_early & ~degenerate, {"symbol": "circle", "size": 3}),
        (degenerate, {"symbol": "line-ne", "size": 9, "line": {"width": 1.6, "color": colours.degenerate}}),
    ):
        few = np.count_nonzero(where) <= MARKS_ACROSS**2 // 4
        rows, columns = np.nonzero(where if few else where & sparse)
        if len(rows):
            marker["color"] = [text_on(fill) for fill in fills[rows, columns]]
            figure.add_scatter(**mute(landscape.axis[columns], landscape.axis[rows], "markers", marker=marker))


def _draw_diagonal(figure: go.Figure, landscape: Landscape, label_at: float, colours: Theme, font_size: float) -> None:
    ends = landscape.axis[[0, -1]]
    for line in ({"color": DARK, "width": 5}, {"color": colours.active, "width": 3, "dash": "6px,3px"}):
        figure.add_scatter(**mute(ends, ends, "lines", line=line))
    figure.add_annotation(
        x=label_at,
        y=label_at,
        text="μ₁ = μ₂: never separates",
        textangle=-45,
        font={"color": LIGHT, "size": font_size},
        bgcolor=DARK,
        borderpad=2,
        showarrow=False,
    )


def _draw_ticks(figure: go.Figure, landscape: Landscape, values: np.ndarray, colours: Theme) -> None:
    """The values as ticks in the bands beside the map. A comb, its back on the map's frame: one line is quick to draw,
    where thousands of marks, or of pieces of a line, are slow.
    """
    (low, _), width = _span(landscape)
    along = np.repeat(values, 3).astype(np.float32)
    across = np.tile([low, low - 0.8 * RUG * width, low], len(values)).astype(np.float32)
    line = {"color": colours.ink, "width": 2 if len(values) < 50 else 1}
    for x, y in ((along, across), (across, along)):
        figure.add_scatter(**mute(x, y, "lines", line=line))


def _draw_letters(
    figure: go.Figure, landscape: Landscape, names: Sequence[str], taken: Bools, font_size: float
) -> None:
    """A letter in a disc at the innermost place of each region that has room for it."""
    labels = landscape.labels
    for g, name in enumerate(names):
        places = list(_innermost((labels == g) & ~taken, ROOM * landscape.size))
        if places and name != DEGENERATE:
            rows, columns = np.array(places).T
            figure.add_scatter(**letters(landscape.axis[columns], landscape.axis[rows], name, font_size))


def _end_of(landscape: Landscape, names: Sequence[str], path: np.ndarray) -> str:
    """The name of the optimum to which the start of a path leads, "" where its run stops before it."""
    row, column = landscape.cell(*path[0])
    label = landscape.labels[row, column]
    return "" if label == NEVER_SEPARATES or landscape.stopped_early[row, column] else names[label]


def _draw_path(figure: go.Figure, path: np.ndarray, end: str, font_size: float) -> None:
    """A run: its line, a dot for every iteration, a ring at the start, and at the end the letter of its optimum, or a
    square where it stopped before one.
    """
    x, y = path.T
    for line in ({"color": DARK, "width": 5.5}, {"color": LIGHT, "width": 3}):
        figure.add_scatter(**mute(x, y, "lines", line=line))
    edge = {"color": DARK, "width": 1}
    figure.add_scatter(**mute(x, y, "markers", marker={"size": 5, "color": LIGHT, "line": edge}))
    start = {"size": 0.9 * font_size, "color": LIGHT, "line": {"color": DARK, "width": 3}}
    figure.add_scatter(**mute(x[:1], y[:1], "markers", marker=start))
    if not end:
        figure.add_scatter(**mute(x[-1:], y[-1:], "markers", marker=start | {"symbol": "square"}))
    elif end != DEGENERATE:
        figure.add_scatter(**letters(x[-1:], y[-1:], end, font_size))


def _lay_starts_over(figure: go.Figure, landscape: Landscape, names: Sequence[str], unit: str) -> None:
    """Something to point at and to click for every start."""
    shown = np.stack([landscape.start_log_likelihoods, landscape.log_likelihoods, landscape.iterations], axis=2)
    start = f"μ₁ = %{{x:.4~g}}, μ₂ = %{{y:.4~g}}{unit and ' ' + unit}<br>"
    run = "log-likelihood %{customdata[0]:.2f} → %{customdata[1]:.2f}<br>%{customdata[2]} iterations<extra></extra>"
    for label in range(NEVER_SEPARATES, len(names)):
        for early in (False, True):
            rows, columns = np.nonzero((landscape.labels == label) & (landscape.stopped_early == early))
            if label == NEVER_SEPARATES:
                verdict = "never separates"
            elif names[label] == DEGENERATE:
                verdict = "stops early, on the way to a degenerate end" if early else "ends degenerate"
            else:
                verdict = f"stops early, on the way to {names[label]}" if early else f"leads to {names[label]}"
            if len(rows):
                told = {"name": verdict, "hovertemplate": f"<b>{verdict}</b><br>{start}{run}"}
                numbers = shown[rows, columns].astype(np.float32)
                figure.add_scatter(
                    **pointed_at(landscape.axis[columns], landscape.axis[rows], customdata=numbers, **told)
                )


def _with_axes(figure: go.Figure, landscape: Landscape, unit: str, colours: Theme) -> go.Figure:
    (low, high), width = _span(landscape)
    figure.add_shape(type="rect", x0=low, x1=high, y0=low, y1=high, line={"color": colours.ghost, "width": 1})
    axis = {"range": [low - RUG * width, high], "showgrid": False, "constrain": "domain", "nticks": 5, "tickangle": 0}
    of_unit = unit and f", {unit}"
    return figure.update_layout(
        xaxis=axis | {"title": {"text": f"starting mean μ₁{of_unit}"}},
        yaxis=axis | {"title": {"text": f"starting mean μ₂{of_unit}"}, "scaleanchor": "x"},
        showlegend=False,
        hovermode="closest",
        # A click finds the nearest start within this many pixels: half a cell of a coarse map.
        hoverdistance=30,
        dragmode=False,
    )


def _filled_labels(landscape: Landscape) -> NDArray[np.intp]:
    """The labels, on the diagonal those of the start beside it: its own line is drawn over it."""
    labels = landscape.labels.copy()
    np.fill_diagonal(labels, [*labels.diagonal(1), labels[-1, -2]])
    return labels


def _shades(landscape: Landscape) -> NDArray[np.intp]:
    """The shade of each start, 0 to SHADES - 1, by the logarithm of its iterations; the last one for early stops."""
    fewest, most = np.log1p(_range_of_iterations(landscape))
    share = (np.log1p(landscape.iterations) - fewest) / max(most - fewest, 1e-9)
    share[landscape.stopped_early] = 1.0
    return np.clip(np.round(share * (SHADES - 1)), 0, SHADES - 1).astype(np.intp)


def _range_of_iterations(landscape: Landscape) -> tuple[int, int]:
    """The iterations of nearly all runs that came to their optimum: a few extremes would leave no shades for them."""
    arrived = (landscape.labels != NEVER_SEPARATES) & ~landscape.stopped_early
    iterations = landscape.iterations[arrived if arrived.any() else ...]
    fewest, most = np.quantile(iterations, [0.01, 0.99])
    return int(fewest), int(most)


def _low_and_step(landscape: Landscape) -> tuple[float, float]:
    """Where the cells' centres begin, and their distance."""
    low, high = landscape.axis[[0, -1]].tolist()
    return low, (high - low) / (landscape.size - 1)


def _span(landscape: Landscape) -> tuple[tuple[float, float], float]:
    """The ends of the map, and its width: half a cell beyond the first and the last start."""
    low, step = _low_and_step(landscape)
    return (low - step / 2, landscape.axis[-1] + step / 2), step * landscape.size


def _place_of_label(landscape: Landscape, paths: Sequence[np.ndarray]) -> float:
    """The mean on the diagonal at which its label stands: the first place of LABEL_AT that leaves the paths free."""
    (low, _), width = _span(landscape)
    points = (np.concatenate([np.empty((0, 2)), *paths]) - low) / width
    beside = points[np.abs(points[:, 0] - points[:, 1]) < 2 * ROOM].mean(axis=1)
    free = (place for place in LABEL_AT if not (np.abs(beside - place) < LABEL_HALF).any())
    return low + width * next(free, LABEL_AT[0])


def _taken(landscape: Landscape, label_at: float, paths: Sequence[np.ndarray]) -> Bools:
    """The cells (S, S) that lie under a path or under the label of the diagonal: no letter may stand there."""
    taken = np.zeros(landscape.labels.shape, dtype=bool)
    low, step = _low_and_step(landscape)
    reach = LABEL_HALF * step * landscape.size
    label = np.array([[label_at - reach] * 2, [label_at + reach] * 2])
    for corners in (label, *paths):
        line = np.concatenate([np.linspace(*pair, 2 * landscape.size) for pair in pairwise([corners[0], *corners])])
        columns, rows = np.clip(np.round((line - low) / step), 0, landscape.size - 1).astype(int).T
        taken[rows, columns] = True
    return taken


def _innermost(region: Bools, room: float) -> Iterator[tuple[int, int]]:
    """For each connected part of a region (S, S) with so much room, the cell that is farthest from its edge."""
    depth = ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]
    parts, n_parts = ndimage.label(region)
    for part in range(1, n_parts + 1):
        inside = np.where(parts == part, depth, 0)
        if inside.max() >= room:
            row, column = np.unravel_index(inside.argmax(), inside.shape)
            yield int(row), int(column)
