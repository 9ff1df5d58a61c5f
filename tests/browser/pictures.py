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


@pytest.mark.parametrize("name", PICTURES)
def test_take(open_page, name):
    page = open_page(**PICTURES[name])
    for panel in ("em", "als"):
        wait_for_player(page, panel)
        page.wait_for_selector(f"[data-testid={panel}-player][data-known=true]")
    page.wait_for_timeout(1000)
    page.screenshot(path=ASSETS / f"{name}.png")
