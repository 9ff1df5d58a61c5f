"""Pointing at things: what a point, a cell or a curve says, where a click goes, and the formula that follows."""

import math
import re
from collections.abc import Iterable

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from explorer.mixture import density, e_step
from explorer.runs import make_als_run, make_em_run
from explorer.settings import ALSSettings, EMSettings
from tests.browser.players import Player, link, wait_for_player

EM = EMSettings(n_components=2)
ALS = ALSSettings(matrix="votes", rank=3, seen=60)
STEP = 5  # where the numbers are compared: iteration 3 after its first half


@pytest.fixture(scope="module")
def page(open_shared_page):
    return open_shared_page(link(EM, ALS))


@pytest.fixture(scope="module")
def em_run():
    return make_em_run(EM)


@pytest.fixture(scope="module")
def als_run():
    return make_als_run(ALS)


@pytest.fixture
def em(page):
    return at_step(wait_for_player(page, "em"))


@pytest.fixture
def als(page):
    return at_step(wait_for_player(page, "als"))


def at_step(player: Player) -> Player:
    player.page.mouse.move(640, 4)
    player.reset().seek(STEP)
    return player.settle()


def number(text: str) -> float:
    """The first number in a text, written with a true minus sign and thin spaces."""
    return float(re.search(r"-?\d+(\.\d+)?", text.replace("−", "-").replace("\u2009", "")).group())


def told(player: Player) -> list[list[str]]:
    """The lines beside the pointer, left and right."""
    return player.tip.evaluate(
        "tip => tip.hidden ? [] : [...tip.children].map((row) => [...row.children].map((c) => c.textContent))"
    )


def point_at(player: Player, canvas: Locator, places: Iterable[tuple[float, float]], words: str) -> list[list[str]]:
    """Move the pointer over places in shares of a canvas until the tip says the words; what it says there."""
    box = canvas.bounding_box()
    for across, down in places:
        player.page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        lines = told(player)
        if re.search(words, " ".join(" ".join(line) for line in lines)):
            return lines
    raise AssertionError(f"Nothing under the pointer tells “{words}”.")


def grid(across: tuple[float, float], down: tuple[float, float], count: int = 12) -> list[tuple[float, float]]:
    """Places in shares of a canvas, row by row from below."""
    return [(x, y) for y in np.linspace(*down, count)[::-1] for x in np.linspace(*across, count)]


# ---- EM ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("half", "said"), [(0, r"starts in component [12]"), (STEP, None), (STEP + 1, "in the last E step"), (3, None)]
)
def test_a_point_tells_its_value_density_and_posteriors(em, em_run, half, said):
    """After an M step the posteriors are still those of the E step that coloured the point."""
    em.seek(half)
    lines = point_at(em, em.figure, grid((0.15, 0.9), (0.6, 0.95)), "point")
    if said:
        assert re.fullmatch(said, lines.pop(2)[0])
    check_place(lines, em_run, half, posteriors_of=max(0, math.ceil(half / 2) - 1))
    index = int(re.match(r"point (\d+) of 272", lines[0][1]).group(1)) - 1
    assert number(lines[0][0].partition("=")[2]) == pytest.approx(em_run.sample.values[index], abs=1e-6)


def test_a_place_under_the_curve_tells_the_same(em, em_run):
    check_place(point_at(em, em.figure, [(0.4, 0.3)], "density"), em_run, STEP)


def test_the_tip_of_a_pointer_at_rest_follows_the_run(em, em_run):
    place = em.figure.bounding_box()
    em.page.mouse.move(place["x"] + 0.4 * place["width"], place["y"] + 0.3 * place["height"])
    for half in (1, 8):
        em.seek(half)
        check_place(told(em), em_run, half)


def check_place(lines: list[list[str]], run, half: int, posteriors_of: int | None = None) -> None:
    """The tip's density and posteriors are Python's at the tip's value."""
    value = number(lines[0][0].partition("=")[2])
    assert "minutes" in lines[0][0]
    mixture = run.trace.mixture(half // 2)
    assigning = mixture if posteriors_of is None else run.trace.mixture(posteriors_of)
    posteriors = e_step([value], assigning)[0][np.argsort(run.trace.means[-1, :, 0])]
    assert lines[1][0] == "density"
    assert number(lines[1][1]) == pytest.approx(density([value], mixture)[0], rel=0.03, abs=1e-4)
    assert [name for name, _ in lines[2:]] == ["posterior of 1", "posterior of 2"]
    # The value is rounded to four digits on its way into the tip.
    np.testing.assert_allclose([number(share) for _, share in lines[2:]], posteriors, atol=0.01)


@pytest.mark.parametrize("across", [0.3, 0.5, 0.7, 0.95])
def test_a_click_on_the_likelihood_goes_there(em, em_run, across):
    lines = point_at(em, em.curve, [(across, 0.5)], "iteration")
    iteration = int(number(lines[0][0]))
    half = {"start": 0, "after E": 2 * iteration - 1, "after M": 2 * iteration}[lines[0][1]]
    trace = em_run.trace
    assert number(lines[1][1]) == pytest.approx(trace.log_likelihoods[half // 2], abs=6e-5)
    assert number(lines[2][1]) == pytest.approx(trace.lower_bounds[half], abs=6e-5)
    em.page.mouse.down()
    em.page.mouse.up()
    em.wait_for_step(half)


def test_the_pointer_leaves_and_the_tip_goes(em):
    point_at(em, em.figure, [(0.4, 0.3)], "density")
    em.page.mouse.move(640, 4)
    expect(em.tip).to_be_hidden()


def test_the_tip_stays_inside_the_panel(em, als):
    for player in (em, als):
        panel = player.root.bounding_box()
        for place in [(0.97, 0.55), (0.97, 0.95), (0.08, 0.4), (0.5, 0.9)]:
            point_at(player, player.figure, [place, (place[0] - 0.1, place[1] - 0.05)], ".")
            tip = player.tip.bounding_box()
            assert panel["x"] <= tip["x"] and tip["x"] + tip["width"] <= panel["x"] + panel["width"] + 0.5
            assert panel["y"] <= tip["y"] and tip["y"] + tip["height"] <= panel["y"] + panel["height"] + 0.5


# ---- ALS ---------------------------------------------------------------------------------------------------------


def check_cell(lines: list[list[str]], run, half: int) -> None:
    """The tip names row and column, and tells Python's observed and fitted value in the data's own units."""
    problem, masked = run.problem, run.masked
    i, j = problem.row_labels.index(lines[0][0]), problem.col_labels.index(lines[0][1])
    observed, fitted = lines[1][1], lines[2][1]
    assert [lines[1][0], lines[2][0]] == ["observed", "fitted"]
    if masked.mask[i, j]:
        assert number(observed) == pytest.approx(problem.values[i, j], rel=0.006, abs=0.06)
        assert observed.endswith("%")
    else:
        assert observed == "not seen"
    factors = run.trace.factors(half)
    expected = masked.offset + masked.scale * (factors.left[i] @ factors.right[j])
    assert number(fitted) == pytest.approx(expected, rel=0.006, abs=0.06)
    assert fitted.endswith("%")


@pytest.mark.parametrize("seen", ["not seen", r"observed \d"])
@pytest.mark.parametrize("area", ["observed", "product", "residual"])
def test_a_cell_tells_row_column_observed_and_fitted(als, als_run, area, seen):
    canvas = als.root.locator(".xp-side canvas") if area == "residual" else als.figure
    across = {"observed": (0.05, 0.4), "product": (0.6, 0.95), "residual": (0.1, 0.9)}[area]
    check_cell(point_at(als, canvas, grid(across, (0.4, 0.9)), seen), als_run, STEP)


@pytest.mark.parametrize(("factor", "across", "down"), [("X", (0.4, 0.6), (0.6, 0.9)), ("Y", (0.6, 0.9), (0.02, 0.3))])
def test_a_factor_tells_its_entries(als, als_run, factor, across, down):
    lines = point_at(als, als.figure, grid(across, down, 20), f"{factor}, factor")
    entries = als_run.trace.factors(STEP)
    labels = als_run.problem.row_labels if factor == "X" else als_run.problem.col_labels
    array = entries.left if factor == "X" else entries.right
    column = int(number(lines[1][0].partition("factor")[2])) - 1
    assert number(lines[1][1]) == pytest.approx(array[labels.index(lines[0][0]), column], abs=6e-4)


@pytest.mark.parametrize("across", [0.3, 0.6, 0.95])
def test_a_click_on_the_errors_goes_there(als, als_run, across):
    lines = point_at(als, als.curve, [(across, 0.5)], "sweep")
    sweep = int(number(lines[0][0]))
    half = {"start": 0, "X solved": 2 * sweep - 1, "Y solved": 2 * sweep}[lines[0][1]]
    told_numbers = {name: number(value) for name, value in lines[1:]}
    trace, scale = als_run.trace, als_run.masked.scale
    assert told_numbers["seen"] == pytest.approx(trace.rmse_observed[half] * scale, rel=0.006)
    assert told_numbers["hidden"] == pytest.approx(trace.rmse_hidden[half] * scale, rel=0.006)
    assert told_numbers["objective F"] == pytest.approx(trace.objectives[half], rel=0.0006)
    als.page.mouse.down()
    als.page.mouse.up()
    als.wait_for_step(half)


# ---- what comes next is hidden -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["em", "als"])
def test_hiding_what_comes_next_hides_verdict_and_path(page, name):
    player = at_step(wait_for_player(page, name))
    verdict, picture = player.verdict.inner_text(), player.picture()
    player.click("eye")
    expect(player.verdict).to_contain_text("What comes next?")
    assert player.picture()[1] != picture[1], "the coming path is still there"
    box = player.curve.bounding_box()
    page.mouse.move(box["x"] + 0.95 * box["width"], box["y"] + 0.5 * box["height"])
    assert told(player) == []
    page.mouse.down()
    page.mouse.up()
    assert player.settle().step == STEP
    player.click("last")
    expect(player.verdict).not_to_contain_text("What comes next?")
    player.click("eye")
    player.seek(STEP)
    expect(player.verdict).to_contain_text(verdict.split("\n")[0])


# ---- the formula -------------------------------------------------------------------------------------------------


def test_the_m_formula_has_this_iterations_numbers(em, em_run):
    em.seek(6)
    order = np.argsort(em_run.trace.means[-1, :, 0])
    mark = em.root.locator(".xp-formula mark")
    formula = em.root.locator(".xp-formula")
    rows = em.root.locator("table.xp-table tbody tr")
    for component in (0, 1):
        rows.nth(component).click()
        expect(rows.nth(component)).to_have_class(re.compile("xp-chosen"))
        told_parts = set()
        for _ in range(3):  # mean, variance, weight: a click on the formula shows the next
            expect(formula).to_contain_text(f"component {component + 1}")
            text = formula.inner_text()
            part = next(part for part in "σμπ" if text.strip().startswith(part))
            told_parts.add(part)
            mixture = em_run.trace.mixture(3)
            before = em_run.trace.mixture(2)
            k = order[component]
            values = {
                "μ": (mixture.means[k, 0], before.means[k, 0]),
                "σ": (mixture.covariances[k, 0, 0], before.covariances[k, 0, 0]),
                "π": (mixture.weights[k], before.weights[k]),
            }[part]
            assert number(mark.inner_text()) == pytest.approx(values[0], rel=0.006)
            was = em.root.locator(".xp-note").inner_text().partition("was")[2]
            assert number(was) == pytest.approx(values[1], rel=0.006)
            formula.click()
        assert told_parts == {"μ", "σ", "π"}


def test_the_e_formula_has_this_iterations_numbers(em, em_run):
    em.seek(STEP)
    em.root.locator("table.xp-table tbody tr").nth(0).click()
    note = em.root.locator(".xp-note").inner_text()
    x = number(note.partition("x =")[2])
    k = np.argsort(em_run.trace.means[-1, :, 0])[0]
    tau = e_step([x], em_run.trace.mixture(2))[0, k]
    assert number(em.root.locator(".xp-formula mark").inner_text()) == pytest.approx(tau, abs=0.01)


@pytest.mark.parametrize(("half", "place"), [(5, (0.2, 0.6)), (6, (0.2, 0.6))])
def test_the_formula_of_als_follows_the_cell_that_is_clicked(als, als_run, half, place):
    als.seek(half)
    lines = point_at(als, als.figure, [place], "observed")
    als.page.mouse.down()
    als.page.mouse.up()
    factors = als_run.trace.factors(half)
    if half % 2:
        row = als_run.problem.row_labels.index(lines[0][0])
        name, solved, seen = f"row {row + 1} ", factors.left[row], als_run.masked.mask[row].sum()
    else:
        col = als_run.problem.col_labels.index(lines[0][1])
        name, solved, seen = f"column {col + 1} ", factors.right[col], als_run.masked.mask[:, col].sum()
    expect(als.root.locator(".xp-note")).to_contain_text(name)
    expect(als.root.locator(".xp-note")).to_contain_text(f"{seen} ")
    shown = als.root.locator(".xp-formula mark").inner_text().strip("()").split(",")
    np.testing.assert_allclose([number(entry) for entry in shown], solved, atol=0.006)


def test_the_start_is_explained_in_a_sentence(em, em_run):
    em.seek(0)
    expect(em.root.locator(".xp-formula")).to_contain_text(em_run.explanation)


def test_the_numbers_in_the_formula_of_a_solve_give_its_value(open_page):
    """Ridge and counts are in them: an inverse and a vector whose product is the marked row."""
    page = open_page(link(als=ALSSettings(ridge=1.0)))
    als = wait_for_player(page, "als")
    formula = als.root.locator(".xp-formula")

    def numbers(selector: str) -> list[float]:
        return [number(text) for text in formula.locator(selector).all_inner_texts()]

    run = make_als_run(ALSSettings(ridge=1.0))
    for half, factor in ((1, run.trace.lefts[1]), (6, run.trace.rights[3])):
        als.seek(half)
        expect(formula.locator(".xp-vector")).to_be_visible()  # once the font is there
        matrix = np.reshape(numbers(".xp-matrix:not(.xp-vector) span"), (2, 2))
        solved = np.linalg.solve(matrix, numbers(".xp-vector span"))
        marked = [number(text) for text in formula.locator("mark").inner_text().split(",")]
        np.testing.assert_allclose(marked, solved, rtol=0.03)
        index = int(number(formula.locator(".xp-note").inner_text())) - 1
        np.testing.assert_allclose(marked, factor[index], atol=0.006)
        assert "λ = 1" in formula.locator(".xp-note").inner_text().replace("\u00a0", " ")
