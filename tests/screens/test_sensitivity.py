"""The Sensitivity page as Streamlit runs it, without a browser: links, widgets, studies, and results as files."""

import io
import re

import pandas as pd
import pytest

from explorer.datasets import own_sample
from explorer.mixture import STRATEGIES
from explorer.screens import study_work
from explorer.screens.jobs import shared, tasks
from explorer.screens.jobs.kept import Kept
from explorer.screens.jobs.tasks import make_batches
from explorer.screens.parts import results_file, study_bar
from explorer.settings import OWN, ALSStudySettings, EMStudySettings, run_of_study, write_run
from explorer.study.outcomes import add_outcomes
from explorer.study.plans import Plan, study_of
from explorer.study.results import Results, read_results, results_as_bytes
from explorer.study.studies import Study
from explorer.study.work import run_plan
from tests.screens.sessions import opened

# A study of three components has no map: it is there at once.
SMALL = {"data": "ten-points", "k": "3", "inits": "random-points,k-means++", "starts": "12"}
SETTINGS = EMStudySettings(
    data="ten-points", n_components=3, initializations=("random-points", "k-means++"), n_starts=12
)


def study_page(**query):
    return opened("sensitivity", **(SMALL | query))


def headline(page):
    """The bold words and the sentence; None where nothing has been run."""
    for html in page.app.get("html"):
        if 'class="headline"' in html.proto.body:
            return re.findall(r"<(?:strong|span)>(.*?)</", html.proto.body)
    return None


def figures(page):
    """The table of figures, one row an initialization."""
    (table,) = page.app.dataframe
    return table.value.T


def button(page):
    found = page.app.button(key="em_study_run")
    return found.label, found.disabled


def charts(page):
    """The keys of all charts."""
    return {re.sub(r".*-(\w+)$", r"\1", chart.proto.id) for chart in page.app.get("plotly_chart")}


@pytest.fixture
def made(monkeypatch):
    """The studies, one entry a batch, that are run during a test."""
    batches, make = [], tasks.make_batch

    def make_and_note(study, batch):
        batches.append(study.settings)
        return make(study, batch)

    monkeypatch.setattr(tasks, "make_batch", make_and_note)
    monkeypatch.setattr(shared, "KEPT", Kept())
    return batches


# ---- opening -----------------------------------------------------------------------------------------------------


def test_the_page_opens_with_a_study_and_says_what_it_found():
    page = opened("sensitivity", starts="20")
    assert (page.errors, page.warnings) == ([], [])
    title, sentence = headline(page)
    assert re.match(r"(One optimum|\w+ optima)", title)
    assert "The best one" in sentence or "the best one" in sentence
    assert button(page) == ("80 runs done", True)
    labels = [STRATEGIES[name].label for name in EMStudySettings.initializations]
    assert figures(page)["Runs"].to_dict() == dict.fromkeys(labels, "20")


def test_an_optimum_s_share_is_the_same_in_the_headline_and_in_the_figures():
    page = study_page()
    shares = figures(page)["In the best optimum"]
    told = re.findall(r"\d+ %", headline(page)[1])
    assert told and set(told) <= set(shares)


def test_two_components_have_a_map_and_few_points_their_partitions():
    assert {"map_0", "partitions_0"} <= charts(study_page(k="2", floor="0.01"))
    assert not {"map_0", "partitions_0"} & charts(study_page())


# ---- links -------------------------------------------------------------------------------------------------------


def test_a_link_s_entries_reach_the_widgets_and_the_study(made):
    page = study_page(study_seed="7", seed="7")
    assert page.app.selectbox(key="em_study_data").value == "ten-points"
    assert page.app.slider(key="em_study_n_components").value == 3
    assert page.app.slider(key="em_study_n_starts").value == 12
    assert list(page.app.multiselect(key="em_study_initializations").value) == ["random-points", "k-means++"]
    assert page.app.slider(key="em_study_first_seed").value == 7
    assert {(each.first_seed, each.n_starts) for each in made} == {(7, 12)}
    assert list(figures(page).index) == ["Random points", "k-means++ seeding"]


def test_wrong_and_unknown_entries_are_told_and_the_rest_applies():
    page = opened(
        "sensitivity", k="99", inits="nonsense", starts="3", data="ten-points", tol="x", rank="many", zebra="1"
    )
    (warning,) = page.warnings
    for told in ("K is 99", "nonsense", "“zebra”", "The rest of it applies."):
        assert told in warning
    assert page.app.slider(key="em_study_n_starts").value == 3
    assert page.app.slider(key="em_study_n_components").value == 3
    assert figures(page)["Runs"].tolist() == ["3"] * 4
    assert page.click("link_problems_seen").warnings == []


def test_an_unknown_kind_of_study_is_told():
    (warning,) = study_page(study="zebras").warnings
    assert "“zebras” is no kind of study" in warning


def test_the_address_says_what_the_widgets_hold():
    page = study_page()
    entries = {name: text for name, text in page.header("address")["entries"].items() if text is not None}
    assert entries == {name: text for name, text in SMALL.items() if name != "k"}, "what is usual is not said"
    assert study_page(**entries).header("address") == page.header("address")


# ---- what cannot be run ------------------------------------------------------------------------------------------


def test_too_many_components_are_told_and_nothing_is_lost():
    page = study_page().paste("1 2 3 8 9").click("em_study_run")
    before = headline(page)
    page.set("slider", "em_study_n_components", 6)
    assert page.errors == ["K is 6, but there are only 5 values; lower K."]
    assert headline(page) == before
    assert button(page) == ("Run 24 starts", True)
    page.set("slider", "em_study_n_components", 2)
    assert page.errors == []
    assert button(page) == ("Run 24 starts", False)
    page.click("em_study_run")
    assert button(page) == ("24 runs done", True)
    assert headline(page) != before


def test_a_link_to_data_that_only_its_writer_has_leaves_a_way_on():
    page = study_page(data=OWN)
    assert "a link cannot carry" in page.errors[0]
    assert headline(page) is None
    assert button(page)[1]
    page.set("selectbox", "em_study_data", "ten-points")
    assert page.errors == []
    assert headline(page.click("em_study_run"))


# ---- running -----------------------------------------------------------------------------------------------------


def test_a_change_of_settings_runs_nothing_before_the_button_is_pressed(made):
    page = study_page(seed="100")
    before, shown = len(made), headline(page)
    page.set("slider", "em_study_first_seed", 200)
    assert (len(made), headline(page)) == (before, shown)
    assert any("belongs to the settings before" in caption for caption in page.captions)
    assert button(page) == ("Run 24 starts", False)
    page.click("em_study_run")
    assert {each.first_seed for each in made[before:]} == {200}
    assert not any("belongs to the settings before" in caption for caption in page.captions)


def test_the_settings_before_are_there_at_once_and_need_no_button():
    page = study_page().set("slider", "em_study_n_components", 2)
    assert button(page)[0] == "Run 24 starts"
    page.set("slider", "em_study_n_components", 3)
    assert button(page) == ("24 runs done", True)


def test_the_dice_asks_for_other_starts_and_rolls_no_study(made):
    page = study_page()
    before = len(made)
    page.click("em_study_dice")
    assert page.app.slider(key="em_study_first_seed").value != 0
    assert len(made) == before
    assert button(page) == ("Run 24 starts", False)


def test_what_one_session_has_run_is_there_for_all(made):
    first = study_page(seed="300")
    assert len(made) == 2
    second = study_page(seed="300")
    assert len(made) == 2
    assert headline(second) == headline(first)


def test_own_data_can_be_studied_and_stay_with_their_owner():
    page = study_page(k="2").paste("1 1.5 2 2.5 3 9 10 11")
    assert page.app.selectbox(key="em_study_data").value == OWN
    page.click("em_study_run")
    assert page.errors == [] and button(page) == ("24 runs done", True)
    assert any("total over 8 points" in html.proto.body for html in page.app.get("html"))
    other = study_page(k="2", data=OWN)
    assert headline(other) is None


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_study_of_nothing_but_collapses_says_so():
    page = study_page(k="4", floor="0.01")
    assert headline(page)[0] == "No optima, collapses."
    assert figures(page)["Degenerate"].tolist() == ["100 %", "100 %"]
    assert "tolerances" not in charts(page)


# ---- replays -----------------------------------------------------------------------------------------------------


def test_the_boxes_offer_one_run_for_every_end_and_initialization():
    study_page()
    page = study_page(runs="random-points:3")
    (left, right) = (box for box in page.app.selectbox if box.label in ("Left run", "Right run"))
    assert left.value == "random-points:3"
    assert right.value is None
    assert any(option.startswith("A · ") for option in right.options)
    chosen = write_run(run_of_study(SETTINGS, "k-means++", 2))
    right.set_value(right.options[-1] if chosen not in right.options else chosen)
    page.run()
    assert page.message("b_player") is not None


@pytest.mark.parametrize("seed", range(4))
def test_the_box_of_a_shown_run_says_where_it_ends(seed):
    study_page()
    page = study_page(runs=f"random-points:{seed}")
    left = next(box for box in page.app.selectbox if box.label == "Left run")
    assert sum(option.endswith(f"Random points · seed {seed}") for option in left.options) == 1
    shown = next(option for option in left.options if option.endswith(f"Random points · seed {seed}"))
    assert re.match(r"([A-Z]|stopped early|at a saddle|spurious|degenerate) · ", shown)


def test_the_players_know_the_best_of_the_study():
    study_page()
    page = study_page(runs="random-points:3")
    header = page.header("a_player")
    assert header["best_label"] == "best of 24 starts"
    work = shared.study_work_of(SETTINGS, None)
    assert header["best"] == pytest.approx(work.table()["log_likelihood"].max(), abs=60)


def test_a_link_to_runs_needs_no_study_and_the_way_back_runs_it(made):
    page = study_page(runs="random-points:3", seed="400")
    assert made == []
    assert page.header("a_player").get("best") is None
    page.click("replay_back")
    assert len(made) == 2
    assert headline(page)


def test_a_run_that_cannot_be_read_is_told_and_the_study_is_shown():
    page = study_page(runs="nonsense:7")
    assert "nonsense" in page.warnings[0]
    assert headline(page)


# ---- files -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def study():
    return study_of(SETTINGS)


@pytest.fixture(scope="module")
def results(study):
    """All runs of SETTINGS with their outcomes, as a file has them."""
    return results_of(study)


def results_of(*studies: Study):
    plan = Plan(studies)
    return Results(plan, add_outcomes(plan, run_plan(plan)))


def give(page, content, name):
    return page.upload("results_file", content, name)


@pytest.mark.parametrize("format", ["csv", "json", "parquet"])
def test_what_is_downloaded_is_read_back_with_its_outcomes(monkeypatch, study, results, format):
    offered = {}
    monkeypatch.setattr(results_file.st, "download_button", lambda label, **said: offered.update({said["key"]: said}))
    work = study_work.work_from(study, results.table)
    results_file.offer_results(work)
    said = offered[f"download_{format}"]
    assert said["file_name"] == f"em-study.{format}"
    read = read_results(said["data"](), said["file_name"])
    assert read.complete
    assert read.plan.studies[0].settings == SETTINGS
    pd.testing.assert_frame_equal(read.table[list(results.table)], results.table, check_dtype=False)
    assert {"outcome", "optimum"} <= set(read.table)


def test_a_file_shows_its_study_with_its_settings_in_the_widgets_and_runs_nothing(made, study, results):
    page = opened("sensitivity", data="ten-points", k="2", starts="5", floor="0.01")
    before = len(made)
    give(page, results_as_bytes(results, "csv"), "em-study.csv").click("results_show")
    assert len(made) == before
    assert page.app.slider(key="em_study_n_components").value == 3
    assert list(page.app.multiselect(key="em_study_initializations").value) == ["random-points", "k-means++"]
    assert button(page) == ("24 runs done", True)
    assert headline(page) == headline(study_page())


def test_a_file_of_a_part_shows_that_part_and_goes_on_when_asked(made, study, results):
    page = study_page(seed="500")
    part = Results(results.plan, results.table[results.table["initialization"] == "random-points"])
    before = len(made)
    give(page, results_as_bytes(part, "json"), "part.json").click("results_show")
    assert len(made) == before
    assert list(figures(page).index) == ["Random points"]
    assert page.app.info[0].value == "Stopped after 12 of 24 runs."
    assert button(page) == ("Go on", False)
    page.click("em_study_run")
    assert len(made) == before + 1
    assert button(page) == ("24 runs done", True)
    assert figures(page)["Runs"].tolist() == ["12", "12"]


def test_a_file_with_own_data_brings_them_along():
    own = own_sample([1.0, 1.5, 2.0, 8.0, 9.0], label="zebras")
    settings = EMStudySettings(data=OWN, n_components=2, initializations=("random-points",), n_starts=4)
    content = results_as_bytes(results_of(study_of(settings, own)), "csv")
    page = give(study_page(), content, "zebras.csv").click("results_show")
    assert (page.errors, button(page)) == ([], ("4 runs done", True))
    assert page.app.selectbox(key="em_study_data").value == OWN
    assert any("total over 5 points" in html.proto.body for html in page.app.get("html"))


def test_one_of_several_studies_in_a_file_is_chosen_by_what_tells_them_apart():
    small = {"data": "ten-points", "initializations": ("random-points",), "n_starts": 3}
    studies = [study_of(EMStudySettings(n_components=k, **small)) for k in (3, 4)]
    page = give(study_page(), results_as_bytes(results_of(*studies), "csv"), "two.csv")
    box = page.app.selectbox(key="results_study")
    assert box.options == ["K 3", "K 4"]
    box.set_value(1)
    page.run().click("results_show")
    assert page.app.slider(key="em_study_n_components").value == 4
    assert button(page) == ("3 runs done", True)


def broken(results):
    csv = results_as_bytes(results, "csv")
    return {
        "other": (b"a,b\n1,2\n", "cannot be read as the results of a study"),
        "binary": (bytes(range(256)) * 4, "cannot be read as the results of a study"),
        "empty": (b"", "cannot be read as the results of a study"),
        "cut": (csv[: len(csv) // 4], "cannot be read as the results of a study"),
        "column": (csv.replace(b"log_likelihood", b"likelihood_log"), "The column “log_likelihood” is missing."),
        "twice": (csv.replace(b'"rows": 24', b'"rows": 25') + csv.strip().splitlines()[-1] + b"\n", "is there already"),
    }


@pytest.mark.parametrize("case", ["other", "binary", "empty", "cut", "column", "twice"])
def test_a_broken_file_is_told_in_a_sentence_and_nothing_is_lost(results, case):
    content, told = broken(results)[case]
    page = study_page()
    before = headline(page)
    give(page, content, f"{case}.csv")
    (error,) = page.errors
    assert error.startswith(f"{case}.csv") and told in error
    assert headline(page) == before
    assert not [each for each in page.app.button if each.key == "results_show"]
    give(page, results_as_bytes(results, "csv"), "good.csv")
    assert page.errors == []


def test_a_file_is_read_once_and_not_whenever_the_page_is_drawn(monkeypatch, results):
    reads, read = [], results_file.read_results
    monkeypatch.setattr(results_file, "read_results", lambda *given: reads.append(given) or read(*given))
    page = give(study_page(), results_as_bytes(results, "csv"), "em-study.csv")
    page.set("slider", "em_study_first_seed", 5).set("slider", "em_study_first_seed", 6)
    assert len(reads) == 1


def test_a_download_is_a_table_that_others_can_read(results):
    csv = results_as_bytes(results, "csv").decode()
    lines = [line for line in csv.splitlines() if not line.startswith("#")]
    table = pd.read_csv(io.StringIO("\n".join(lines)))
    assert len(table) == 24
    assert {"initialization", "seed", "log_likelihood", "outcome"} <= set(table)


# What a link may ask for


def test_a_study_with_too_many_runs_for_a_page_is_refused_and_its_settings_can_be_changed(made):
    page = opened("sensitivity", study="als", als_starts="10000", masks="10000")
    assert made == []
    assert "100,000,000 runs" in page.errors[0] and "at most 200,000" in page.errors[0]
    page.set("slider", "als_study_n_starts", 2).set("slider", "als_study_n_masks", 2)
    assert page.errors == []
    page.click("als_study_run")
    assert len(made) == 2


def test_seeds_that_no_run_can_have_are_refused(made):
    page = study_page(seed="99990")
    assert "seeds end at 99,999" in page.errors[0] and made == []


def test_a_large_study_waits_for_the_button_after_two_seconds_of_work(made, monkeypatch):
    monkeypatch.setattr(study_bar, "UNASKED_SECONDS", 0.0)
    monkeypatch.setattr(study_work, "make_batches", one_batch)
    page = study_page(starts="300")
    n_made = len(made)
    assert 0 < n_made < 4
    assert button(page) == ("Go on", False)
    assert "waits for the button" in page.app.info[0].value
    assert headline(page)
    page.click("em_study_run")
    assert button(page) == ("600 runs done", True)


def one_batch(study, batches):
    """Make one batch, though more are asked for."""
    yield from make_batches(study, batches[:1])


ALS = ALSStudySettings(matrix="generated", n_rows=5, n_cols=5, rank=1, seen=15, n_starts=2, n_masks=5)


@pytest.mark.parametrize("kind", ["em", "als"])
def test_whatever_a_table_lacks_it_is_shown(kind):
    """One initialization, one mask, one ending, a single run, no whole batch: what a study has that was stopped."""
    full = results_of(study_of(SETTINGS if kind == "em" else ALS))
    table = full.table
    shown = [table[table["stop_reason"] == reason] for reason in table["stop_reason"].unique()]
    shown += [table[:1], table[table["seed"] % 2 == 0]]
    if kind == "als":
        shown += [table[table["mask_seed"] == seed] for seed in (0, 3)] + [table[table["mask_seed"] != 0]]
    page = study_page()
    for number, rows in enumerate(shown):
        part = results_as_bytes(Results(full.plan, rows.reset_index(drop=True)), "json")
        give(page, part, f"part{number}.json").click("results_show")
        assert page.errors == []
