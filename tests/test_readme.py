"""What the README and its pages say is true: the examples run, one after the other, as in a notebook."""

import re
from pathlib import Path

import pytest

from explorer import cli
from explorer.mixture import EMOutcome
from explorer.settings import ALSStudySettings, EMStudySettings
from explorer.settings.records import settings_of
from explorer.study import als_runs, em_runs
from explorer.study.als_outcomes import ALSOutcome
from explorer.study.files.plan_file import load_plan
from explorer.study.results import read_results

ROOT = Path(__file__).parents[1]
README, NOTEBOOK, PLANS = ROOT / "README.md", ROOT / "explorer/NOTEBOOK.md", ROOT / "explorer/study/PLANS.md"
PAGES = [README, NOTEBOOK, PLANS, ROOT / "explorer/PERFORMANCE.md"]


@pytest.fixture(scope="module")
def notebook() -> dict:
    """The names that the examples leave behind."""
    names: dict = {}
    for page in (README, NOTEBOOK):
        cells = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert len(cells) >= 2
        for number, cell in enumerate(cells, 1):
            exec(compile(cell, f"{page.name}, example {number}", "exec"), names)
    return names


def test_the_thousand_restarts_find_one_best_optimum(notebook):
    optima = notebook["optima"]
    assert len(notebook["starts"]) == 1000
    assert optima.kinds[0] == "proper"
    assert sum(optima.frequencies) == pytest.approx(1)


def test_bic_takes_three_components_for_the_eruptions(notebook):
    choice = notebook["choice"]
    assert (choice.best.n_components, choice.best.structure) == (3, "full")
    assert choice.best.criteria.bic == min(candidate.criteria.bic for candidate in choice.candidates)


def test_the_matrix_is_completed(notebook):
    assert notebook["als"].rmse_hidden[-1] < 0.1


def test_the_plan_file_runs_as_its_page_says(tmp_path, monkeypatch):
    text = PLANS.read_text(encoding="utf-8")
    (plan,) = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    assert "3000 runs" in plan
    (tmp_path / "plan.toml").write_text(plan, encoding="utf-8")
    assert load_plan(tmp_path / "plan.toml").n_runs == 3_000

    (tmp_path / "plan.toml").write_text(plan.replace("n_starts = 500", "n_starts = 5"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (arguments,) = re.findall(r"`explorer (study .*?)`", text)
    with pytest.raises(SystemExit) as ended:
        cli.main([*arguments.split(), "--workers", "1"])
    assert ended.value.code == 0
    assert len(read_results(tmp_path / "results.parquet").table) == 30


def test_every_setting_of_a_plan_and_every_column_of_its_table_is_explained():
    page = PLANS.read_text(encoding="utf-8")
    settings = {*settings_of(EMStudySettings), *settings_of(ALSStudySettings)}
    columns = {*em_runs.COLUMNS, *als_runs.COLUMNS, *(f"{name}_1" for name in em_runs.PARAMETERS)}
    columns |= {"outcome", "optimum", "limit", "gap", "held", "determined"}
    missing = [name for name in (*settings, *columns, *EMOutcome, *ALSOutcome) if f"`{name}`" not in page]
    assert not missing


def test_the_limits_know_one_best_optimum_and_the_arrays_are_as_said(notebook):
    assert notebook["limits"].optima.kinds[0] == "proper"
    assert notebook["limits"].on_plateau.sum() > 0
    assert notebook["axes"].values == (1, 2)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_every_page_is_led_to(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert all((page.parent / link).is_file() for link in links)
    assert page == README or page.relative_to(ROOT).as_posix() in README.read_text(encoding="utf-8")
