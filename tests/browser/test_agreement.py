"""The browser evaluates labels, densities and products itself: they are those that Python computes, at every step."""

import base64

import numpy as np
import pytest

from explorer.mixture import density, e_step, hard_assignments
from explorer.runs import ALSRun, EMRun, make_als_run, make_em_run
from explorer.settings import ALSSettings, EMSettings
from tests.browser.players import Player, link, wait_for_player

EM_RUNS = {
    "the default": EMSettings(),
    "4000 points": EMSettings(data="two-bumps", n_components=5, initialization="k-means++", rtol=1e-5),
    "25 500 points": EMSettings(
        data="three-components", initialization="random-responsibilities", max_iter=5, soft=True
    ),
    "ten components": EMSettings(data="galaxies", n_components=10, seed=1, variance_floor=0.0),
    "a given partition": EMSettings(data="ten-points", n_components=2, initialization="partition"),
    "the trap": EMSettings(data="penguins-flipper-length", initialization="equal", rtol=0.0, max_iter=4),
    "means placed by hand": EMSettings(data="generated", initialization="means", means="6, -3, 0"),
    "a collapse": EMSettings(data="galaxies", n_components=10, seed=4),
    "an empty group": EMSettings(
        data="ten-points", n_components=2, initialization="partition", partition="typed", labels="1 " * 10
    ),
}
ALS_RUNS = {
    "the checkerboard": ALSSettings(),
    "missing votes": ALSSettings(matrix="votes", rank=3, seen=60),
    "temperatures": ALSSettings(matrix="sea-temperature", initialization="spectral", max_sweeps=20),
    "rank ten": ALSSettings(matrix="camera", rank=10, seen=50, max_sweeps=10),
    "the trap": ALSSettings(initialization="equal"),
    "no ridge": ALSSettings(ridge=0.0, seen=5, max_sweeps=20),
    "life expectancy": ALSSettings(matrix="life-expectancy-gaps", max_sweeps=5),
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


def display_rank(run: EMRun) -> np.ndarray:
    """Where each component of the trace is shown: components are sorted by their last mean."""
    return np.argsort(np.argsort(run.trace.means[-1, :, 0], kind="stable"))


def labels_at(run: EMRun, half: int) -> np.ndarray:
    """Hard assignments of the last E step at a half step, as shown; those of the start at half step 0."""
    if half == 0:
        return display_rank(run)[run.start_labels]
    before = run.trace.mixture((half + 1) // 2 - 1)
    return display_rank(run)[hard_assignments(e_step(run.sample.values, before))]


@pytest.fixture(scope="module")
def page(open_shared_page):
    return open_shared_page("/")


@pytest.mark.parametrize("name", EM_RUNS)
def test_labels_and_densities_are_pythons_at_every_step(page, app_url, name):
    settings = EM_RUNS[name]
    run = make_em_run(settings)
    values = run.sample.values
    spread = np.ptp(values)
    places = np.linspace(values.min() - 0.1 * spread, values.max() + 0.1 * spread, 61)

    page.goto(app_url + link(em=settings))
    player = wait_for_player(page, "em")
    assert player.last_step == 2 * run.trace.n_iterations
    labels, densities = all_steps(player, {"labels": np.uint8, "densities": np.float64}, places)

    for half in range(player.last_step + 1):
        np.testing.assert_array_equal(labels[half], labels_at(run, half), f"labels at half step {half}")
        expected = density(places, run.trace.mixture(half // 2))
        np.testing.assert_allclose(
            densities[half], expected, rtol=1e-9, atol=1e-300, err_msg=f"densities at half step {half}"
        )


@pytest.mark.parametrize("name", ALS_RUNS)
def test_the_product_is_pythons_at_every_step(page, app_url, name):
    settings = ALS_RUNS[name]
    run = make_als_run(settings)
    page.goto(app_url + link(als=settings))
    player = wait_for_player(page, "als")
    assert player.last_step == 2 * run.trace.n_sweeps
    (products,) = all_steps(player, {"product": np.float64})

    for half in range(player.last_step + 1):
        factors = run.trace.factors(half)
        expected = factors.left @ factors.right.T
        # Both factors are rounded to float32 on their way: 2^-24 relative each, once a term of the sum.
        rounding = 2.0**-23 * (np.abs(factors.left) @ np.abs(factors.right).T) * 1.001 + 1e-35
        off = np.abs(products[half].reshape(expected.shape) - expected) / rounding
        assert off.max() <= 1, f"the product at half step {half}"


def test_the_table_shows_pythons_parameters_and_counts(page, app_url):
    run = make_em_run(EMSettings())
    page.goto(app_url)
    player = wait_for_player(page, "em")
    order = np.argsort(display_rank(run))
    for half in (0, 1, 2, 7, 40, player.last_step):
        player.seek(half)
        rows = player.root.locator("table.xp-table tbody tr").evaluate_all(
            "rows => rows.map((row) => [...row.querySelectorAll('td')].map((cell) => Number(cell.textContent)))"
        )
        shown = run.trace.mixture(half // 2)
        deviations = np.sqrt(shown.covariances[:, 0, 0])
        parameters = np.column_stack([shown.weights, shown.means[:, 0], deviations])[order]
        np.testing.assert_allclose(np.array(rows)[:, :3], parameters, atol=0.005001)
        counts = np.bincount(labels_at(run, half), minlength=3)
        np.testing.assert_array_equal(np.array(rows)[:, 3], counts)


def test_a_run_that_falls_at_once_is_told_and_drawn(page, app_url):
    run: EMRun | ALSRun = make_em_run(EM_RUNS["an empty group"])
    assert run.trace.n_iterations == 0
    page.goto(app_url + link(em=EM_RUNS["an empty group"]))
    player = wait_for_player(page, "em")
    assert "Degenerate" in player.verdict.inner_text()
    assert len(player.colours()) > 10
    player.click("play", "forward", "last", "first")
    assert (player.step, player.settle().playing) == (0, False)
