"""Takes the README's pictures from the real app: `pytest tests/browser/pictures.py`; not collected otherwise."""

from pathlib import Path

import pytest

from tests.browser.players import wait_for_player

ASSETS = Path(__file__).parents[2] / "assets"

PICTURES = {
    "explore-light": {"path": "/?em_step=10&als_step=10"},
    "explore-dark": {"path": "/?k=4&seed=7&em_step=5&matrix=camera&seen=50&rank=5&als_step=9", "dark": True},
    "present": {"path": "/?present=1&em_step=6&als_step=8"},
    "degenerate": {"path": "/?k=4&seed=4&em_step=36&seen=12&mask_seed=3&als_step=26"},
}

# Pictures of the Sensitivity page: the address, the size, and what has to be there before the picture is taken.
STUDIES = {
    "sensitivity-light": ("/sensitivity?k=3", (1280, 1010), ".st-key-paths_level_0"),
    "sensitivity-map": ("/sensitivity?k=2&data=ten-points&floor=0.01", (1280, 720), "[class*=st-key-map_]"),
    "sensitivity-als": ("/sensitivity?study=als&masks=12", (1280, 720), ".js-plotly-plot"),
    "replay": (
        "/sensitivity?k=3&runs=random-points:3+k-means%2B%2B:4&a_step=12&b_step=12",
        (1280, 720),
        "[data-testid=b-player]",
    ),
}


@pytest.mark.parametrize("name", STUDIES)
def test_take_a_study(open_page, name):
    path, (width, height), shown = STUDIES[name]
    look = {"width": width, "height": height, "dark": name == "sensitivity-map"}
    study, _, runs = path.partition("&runs=")
    page = open_page(study, **look)
    page.get_by_text("runs done").wait_for()
    if runs:  # their verdicts are by the study
        page = open_page(path, **look)
    page.wait_for_selector(shown)
    page.wait_for_timeout(4000)
    page.screenshot(path=ASSETS / f"{name}.png")


@pytest.mark.parametrize("name", PICTURES)
def test_take(open_page, name):
    page = open_page(**PICTURES[name])
    for panel in ("em", "als"):
        wait_for_player(page, panel)
        page.wait_for_selector(f"[data-testid={panel}-player][data-known=true]")
    page.wait_for_timeout(1000)
    page.screenshot(path=ASSETS / f"{name}.png")
