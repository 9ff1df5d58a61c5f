"""The browser evaluates labels, densities and products itself: they are those that Python computes, at every step."""

import base64
from dataclasses import dataclass

import numpy as np
import pytest

from explorer.mixture import StopReason, density, e_step, hard_assignments
from explorer.runs import ALSRun, EMRun, make_als_run, make_em_run
from explorer.settings import ALSSettings, EMSettings
from tests.browser.players import Player, link, wait_for_player

PAIRS = {
    "the defaults": (EMSettings(), ALSSettings()),
    "4000 points; missing votes": (
        EMSettings(data="two-bumps", n_components=5, initialization="k-means++", rtol=1e-5),
        ALSSettings(matrix="votes", rank=3, seen=60),
    ),
    "25 500 points; temperatures": (
        EMSettings(data="three-components", initialization="random-responsibilities", max_iter=5, soft=True),
        ALSSettings(matrix="sea-temperature", initialization="spectral", max_sweeps=20),
    ),
    "ten components; rank ten": (
        EMSettings(data="galaxies", n_components=10, seed=1, variance_floor=0.0),
        ALSSettings(matrix="camera", rank=10, seen=50, max_sweeps=10),
    ),
    "a given partition; no ridge": (
        EMSettings(data="ten-points", n_components=2, initialization="partition"),
        ALSSettings(ridge=0.0, seen=5, max_sweeps=20),
    ),
    "the traps": (
        EMSettings(data="penguins-flipper-length", initialization="equal", rtol=0.0, max_iter=4),
        ALSSettings(initialization="equal"),
    ),
    "means placed by hand; life expectancy": (
        EMSettings(data="generated", initialization="means", means="6, -3, 0"),
        ALSSettings(matrix="life-expectancy-gaps", max_sweeps=5),
    ),
    "a collapse; noise": (
        EMSettings(n_components=8),
        ALSSettings(matrix="low-rank", rank=3, initialization="small"),
    ),
    "an empty group; everything seen": (
        EMSettings(data="ten-points", n_components=2, initialization="partition", partition="typed", labels="1 " * 10),
        ALSSettings(seen=100),
    ),
}

# What the browser shows at every half step, one array after the other, as base64 of the bytes.
ALL_STEPS = """(root, { places, arrays }) => {
    const packed = (parts, kind) => {
        const all = new kind(parts.reduce((count, part) => count + part.length, 0));
        let at = 0;
        for (const part of parts) {
            all.set(part, at);
            at += part.length;
        }
        const bytes = new Uint8Array(all.buffer);
        let text = "";
        for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
        return btoa(text);
    };
    const steps = Array.from({ length: Number(root.dataset.lastStep) + 1 }, (_, half) => root.player.at(half, places));
    return arrays.map((name) => packed(steps.map((step) => step[name]), name === "labels" ? Uint8Array : Float64Array));
}"""


def all_steps(player: Player, arrays: dict[str, type], places: np.ndarray | None = None) -> list[np.ndarray]:
    """What the browser shows, each array with one row a half step."""
    wanted = {"places": [] if places is None else places.tolist(), "arrays": list(arrays)}
    packed = player.root.evaluate(ALL_STEPS, wanted)
    rows = player.last_step + 1
    return [
        np.frombuffer(base64.b64decode(text), dtype=dtype).reshape(rows, -1)
        for text, dtype in zip(packed, arrays.values(), strict=True)
    ]


def display_order(run: EMRun) -> np.ndarray:
    """The components of the trace as they are shown: by their last mean."""
    return np.argsort(run.trace.means[-1, :, 0], kind="stable")


def labels_at(run: EMRun, half: int) -> np.ndarray:
    """Hard assignments of the last E step at a half step, as shown; those of the start at half step 0."""
    rank = np.argsort(display_order(run))
    if half == 0:
        return rank[run.start_labels]
    before = run.trace.mixture((half + 1) // 2 - 1)
    return rank[hard_assignments(e_step(run.sample.values, before))]


@dataclass(frozen=True)
class Shown:
    """Both players with a pair of runs, and the same runs made here."""

    em: Player
    em_run: EMRun
    als: Player
    als_run: ALSRun


@pytest.fixture(scope="module")
def page(open_shared_page):
    return open_shared_page("/")


@pytest.fixture(scope="module", params=PAIRS)
def shown(page, app_url, request):
    em, als = PAIRS[request.param]
    page.goto(app_url + link(em, als))
    return Shown(wait_for_player(page, "em"), make_em_run(em), wait_for_player(page, "als"), make_als_run(als))


def test_labels_and_densities_are_pythons_at_every_step(shown):
    player, run = shown.em, shown.em_run
    values = run.sample.values
    beyond = 0.1 * np.ptp(values)
    places = np.linspace(values.min() - beyond, values.max() + beyond, 61)
    assert player.last_step == 2 * run.trace.n_iterations
    labels, densities = all_steps(player, {"labels": np.uint8, "densities": np.float64}, places)
    for half in range(player.last_step + 1):
        at = f"at half step {half}"
        np.testing.assert_array_equal(labels[half], labels_at(run, half), at)
        expected = density(places, run.trace.mixture(half // 2))
        np.testing.assert_allclose(densities[half], expected, rtol=1e-9, atol=1e-300, err_msg=at)


def test_the_product_is_pythons_at_every_step(shown):
    player, run = shown.als, shown.als_run
    assert player.last_step == 2 * run.trace.n_sweeps
    (products,) = all_steps(player, {"product": np.float64})
    for half in range(player.last_step + 1):
        factors = run.trace.factors(half)
        expected = factors.left @ factors.right.T
        # Both factors travel as float32: a relative error of at most 2^-24 each in every term of the sum.
        rounding = 2.0**-23 * (np.abs(factors.left) @ np.abs(factors.right).T) * 1.001 + 1e-35
        off = np.abs(products[half].reshape(expected.shape) - expected)
        assert (off <= rounding).all(), f"at half step {half}: off by up to {off.max()}"


def test_the_table_shows_pythons_parameters_and_counts(shown):
    player, run = shown.em, shown.em_run
    order = display_order(run)
    for half in sorted({min(half, player.last_step) for half in (0, 1, 2, 7, player.last_step)}):
        player.seek(half)
        rows = player.root.locator("table.xp-table tbody tr").evaluate_all(
            "rows => rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent))"
        )
        mixture = run.trace.mixture(half // 2)
        parameters = np.column_stack([mixture.weights, mixture.means[:, 0], np.sqrt(mixture.covariances[:, 0, 0])])
        for cells, expected in zip(rows, parameters[order], strict=True):
            for text, value in zip(cells, expected, strict=False):
                decimals = len(text.partition(".")[2])
                assert abs(number(text) - value) <= 0.5001 * 10.0**-decimals, f"at half step {half}"
        counts = np.bincount(labels_at(run, half), minlength=len(order))
        assert [number(cells[3]) for cells in rows] == counts.tolist()


def number(text: str) -> float:
    """The number that the page writes with a true minus sign and thin spaces."""
    return float(text.replace("−", "-").replace("\u2009", ""))


def test_every_run_can_be_stepped_from_end_to_end(shown):
    for player in (shown.em, shown.als):
        player.click("last")
        player.wait_for_step(player.last_step)
        assert len(player.settle().colours()) > 10, "the canvas is empty"
        player.click("first")
        player.wait_for_step(0)
    degenerate = shown.em_run.trace.stop_reason == StopReason.DEGENERATE
    assert ("Degenerate" in shown.em.verdict.inner_text()) == degenerate
