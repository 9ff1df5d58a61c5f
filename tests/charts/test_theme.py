"""The charts' palette is the players' palette."""

import re
from pathlib import Path

import plotly.graph_objects as go
import pytest

import explorer
from explorer.charts.parts.theme import DASHES, FONT, THEMES, layout_of, mixed, text_on, theme_of
from explorer.errors import InputError

PLAYER = (Path(explorer.__file__).parent / "player" / "js" / "shared" / "theme.js").read_text(encoding="utf-8")
NAMES = {"onActive": "on_active"}
# What only the players draw.
THEIRS = {"histogram", "histogramEdge", "activeEdge", "digits"}


@pytest.mark.parametrize("name", THEMES)
def test_the_players_have_the_same_colours(name):
    body = re.search(rf"const {name.upper()} = {{(.*?)\n}};", PLAYER, re.DOTALL).group(1)
    told = {key: [colour] for key, colour in re.findall(r'(\w+): "(#\w{6})"', body)}
    told |= {key: re.findall(r"#\w{6}", colours) for key, colours in re.findall(r"(\w+): \[(.*?)\]", body)}
    assert {"ink", "matrix", "components"} < set(told)
    for key, colours in told.items():
        if key not in THEIRS:
            ours = getattr(THEMES[name], NAMES.get(key, key))
            assert ([ours] if isinstance(ours, str) else list(ours)) == colours


def test_the_players_have_the_same_dashes():
    theirs = re.search(r"const DASHES = \[(.*)\];", PLAYER).group(1)
    written = [
        ",".join(f"{length}px" for length in re.findall(r"\d+", dash)) for dash in re.findall(r"\[(.*?)\]", theirs)
    ]
    assert [dash or "solid" for dash in written] == list(DASHES)


def test_the_best_optimum_swaps_its_colour_with_the_next_in_the_dark():
    assert THEMES["light"].optima[:2] == THEMES["dark"].optima[1::-1]
    assert all(len(set(theme.optima)) == len(theme.optima) for theme in THEMES.values())


def test_a_layout_is_transparent_and_sets_the_font():
    layout = go.Figure().update_layout(layout_of(theme_of("dark"), font_size=20)).layout.template.layout
    assert (layout.font.family, layout.font.size, layout.font.color) == (FONT, 20, "#EDF0F3")
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"


def test_colours_are_mixed_and_text_on_them_is_readable():
    assert mixed("#000000", "#FF8000", 0.5) == "#804000"
    assert (text_on("#1F4E6B"), text_on("#8DB9CF")) == ("#FFFFFF", "#1B1F24")


def test_an_unknown_theme_is_told():
    with pytest.raises(InputError, match="light, dark"):
        theme_of("sepia")
