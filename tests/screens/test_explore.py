"""The Explore page as Streamlit runs it, without a browser: from links and widgets to what the players are sent."""

import gc
import time

import numpy as np
import pytest

from explorer.completion import STARTS
from explorer.datasets import MATRICES
from explorer.mixture import STRATEGIES
from explorer.runs import make_em_run
from explorer.screens.jobs import promises, scheduler, shared, tasks
from explorer.screens.jobs.kept import Kept
from explorer.screens.parts import widgets
from explorer.settings import ALSSettings, EMSettings, write_query
from tests.player import node
from tests.screens.sessions import opened

# Opening the page


def test_the_page_opens_with_both_players_and_nothing_to_complain_about():
    page = opened()
    assert (page.errors, page.warnings) == ([], [])
    em, als = page.header("em_player"), page.header("als_player")
    assert (em["role"], em["slot"], em["view"], em["components"]) == ("run", "em", "em", 3)
    assert (als["role"], als["slot"], als["view"], als["rank"]) == ("run", "als", "als", 2)
    assert page.header("toolbar") == {"role": "toolbar"}
    assert "K 3" in em["summary"] and "rank 2" in als["summary"]


def test_the_scripts_that_the_browser_gets_are_modules(tmp_path):
    scripts = {element.proto.js_content for element in opened().app.get("bidi_component")}
    assert len(scripts) == 2
    for script in scripts:
        assert script.count("export default") == 1
        node.assert_is_a_module(script, tmp_path)


# Links


def test_a_link_s_settings_reach_the_widgets_and_the_runs():
    page = opened(data="galaxies", k="5", init="k-means", seed="7", rank="3", seen="60", als_seed="9", matrix="votes")
    assert page.warnings == []
    assert page.app.slider(key="em_n_components").value == 5
    assert page.app.selectbox(key="em_data").value == "galaxies"
    assert page.app.slider(key="als_seen").value == 60
    em, als = page.header("em_player"), page.header("als_player")
    assert (em["label"], em["components"]) == ("Galaxies", 5)
    assert (als["label"], als["rank"]) == ("Republican votes, 1856-1976", 3)
    assert "seed 7" in em["summary"]
    assert "seed 9" in als["summary"]


def test_a_link_s_wrong_values_are_named_and_the_rest_of_it_applies():
    page = opened(k="99", init="nonsense", seed="7", data="galaxies", means="1,b", rank="x", als_seed="3", ridge="7")
    (warning,) = page.warnings
    for told in ("K is 99", "“nonsense”", "Means: “b”", "Rank is “x”", "Ridge λ is “7”", "The rest of it applies."):
        assert told in warning
    em, als = page.header("em_player"), page.header("als_player")
    assert (em["label"], em["components"]) == ("Galaxies", EMSettings.n_components)
    assert "seed 7" in em["summary"]
    assert "seed 3" in als["summary"]


def test_the_warning_about_a_link_stays_until_it_is_read():
    page = opened(k="99").set("slider", "em_seed", 4)
    assert len(page.warnings) == 1
    assert page.click("link_problems_seen").warnings == []
    assert page.set("slider", "em_seed", 5).warnings == []


def test_what_only_the_players_read_is_no_business_of_the_settings():
    assert opened(em_step="x", als_step="-1", em_speed="99", present="maybe", link="1", hide="7").warnings == []


def test_the_address_that_the_player_is_given_opens_the_same_run():
    page = opened(data="two-bumps", data_seed="3").set("slider", "em_n_components", 4)
    page.set("select_slider", "em_initialization", "k-means++")
    page.set("slider", "als_rank", 3).set("select_slider", "als_ridge", 0.1)
    sent = {panel: page.header(f"{panel}_player") for panel in ("em", "als")}
    settings = EMSettings(data="two-bumps", data_seed=3, n_components=4, initialization="k-means++")
    assert sent["em"]["address"] == write_query(settings)
    assert sent["als"]["address"] == write_query(ALSSettings(rank=3, ridge=0.1))
    link = {name: text for each in sent.values() for name, text in each["address"].items() if text is not None}
    assert len(link) == 6
    again = opened(**link)
    assert {panel: again.header(f"{panel}_player") for panel in ("em", "als")} == sent


# Widgets


def test_k_changed_by_its_widget_changes_the_run_of_em_and_nothing_of_als():
    page = opened()
    before = page.message("em_player"), page.message("als_player")
    page.set("slider", "em_n_components", 5)
    header, arrays = page.message("em_player")
    assert header["components"] == 5
    assert header["run"] != before[0][0]["run"]
    assert header["data_id"] == before[0][0]["data_id"]
    expected = make_em_run(EMSettings(n_components=5)).trace
    assert arrays["log_likelihoods"].tolist() == expected.log_likelihoods.tolist()
    assert page.header("als_player") == before[1][0]


def test_a_switch_of_the_picture_is_not_another_run():
    page = opened()
    before = page.header("em_player")
    page.set("toggle", "em_soft", True)
    after = page.header("em_player")
    assert after["options"] != before["options"]
    assert after["options"]["soft"] is True
    assert after["run"] == before["run"]


def test_every_setting_changed_by_its_widget_changes_the_run():
    page = opened()
    seen = [page.header("em_player")["run"]]
    for kind, key, value in (
        ("selectbox", "em_data", "galaxies"),
        ("slider", "em_seed", 1),
        ("select_slider", "em_initialization", "quantiles"),
        ("select_slider", "em_rtol", 1e-3),
        ("slider", "em_max_iter", 7),
        ("select_slider", "em_variance_floor", 1e-3),
    ):
        seen.append(page.set(kind, key, value).header("em_player")["run"])
    assert len(set(seen)) == 7


@pytest.mark.parametrize("initialization", ["equal", "quantiles", "means"])
def test_what_is_said_of_the_initialization_is_of_the_one_just_chosen(initialization):
    page = opened().set("select_slider", "em_initialization", initialization)
    assert STRATEGIES[initialization].explanation in page.captions
    assert page.header("em_player")["explanation"] == STRATEGIES[initialization].explanation
    assert page.app.slider(key="em_seed").disabled
    assert page.app.button(key="em_dice").disabled
    assert len([text for text in page.app.text_input if text.key == "em_means"]) == (initialization == "means")


def test_what_is_said_of_the_start_of_als_is_of_the_one_just_chosen():
    page = opened().set("select_slider", "als_initialization", "spectral")
    assert STARTS["spectral"].explanation in page.captions
    assert page.app.slider(key="als_seed").disabled


def test_generated_data_can_be_edited_as_soon_as_it_is_chosen():
    page = opened().set("selectbox", "em_data", "generated")
    page.set("text_input", "em_true_means", "-9 0 9")
    assert page.header("em_player")["truth"]["means"] == [-9, 0, 9]
    assert not page.app.slider(key="em_data_seed").disabled


def test_the_dice_gives_another_seed_and_changes_nothing_else():
    page = opened()
    for panel in ("em", "als"):
        for _ in range(3):
            before = page.header(f"{panel}_player")["address"]
            seed = page.app.slider(key=f"{panel}_seed").value
            page.click(f"{panel}_dice")
            assert page.app.slider(key=f"{panel}_seed").value != seed
            after = page.header(f"{panel}_player")["address"]
            changed = {name for name in after if after[name] != before[name]}
            assert changed == {"seed" if panel == "em" else "als_seed"}


def test_a_change_that_the_browser_sends_before_it_has_heard_of_the_dice_keeps_what_they_gave(monkeypatch):
    page = opened()
    first = page.app.slider(key="em_seed").value
    page.click("em_dice")
    given = page.app.slider(key="em_seed").value
    page.app.slider(key="em_seed").set_value(first)  # what it still has, and sends along
    page.set("slider", "em_n_components", 4)
    assert page.header("em_player")["summary"].endswith(f"K 4 · Random points · seed {given}")
    assert page.app.slider(key="em_seed").value == given
    monkeypatch.setattr(widgets, "monotonic", lambda: time.monotonic() + widgets.UNHEARD)
    page.set("slider", "em_seed", first)
    assert page.header("em_player")["summary"].endswith(f"seed {first}")


def test_a_setting_whose_widget_is_not_shown_is_kept():
    page = opened(init="means", k="2", means="2 4.5").set("select_slider", "em_initialization", "equal")
    page.set("select_slider", "em_initialization", "means")
    assert page.app.text_input(key="em_means").value == "2 4.5"
    assert page.message("em_player")[1]["means"][:2] == pytest.approx([2, 4.5])


# What cannot be run


def test_bad_text_among_the_means_is_an_error_in_the_player_and_good_text_heals_it():
    page = opened(init="means", k="2")
    page.set("text_input", "em_means", "2 two")
    header = page.header("em_player")
    assert (header["role"], header["slot"], header["view"]) == ("error", "em", "em")
    assert "Means: “two” is not a number" in header["text"]
    assert page.header("als_player")["role"] == "run"
    page.set("text_input", "em_means", "2 4.5")
    assert page.header("em_player")["role"] == "run"


def test_an_error_leaves_every_control_where_it_is():
    page = opened(init="means", k="2")
    kinds = ("slider", "selectbox", "select_slider", "toggle", "button", "text_area", "text_input")
    before = {widget.key for kind in kinds for widget in getattr(page.app, kind)}
    page.set("text_input", "em_means", "2 two")
    assert {widget.key for kind in kinds for widget in getattr(page.app, kind)} == before
    assert page.app.text_input(key="em_means").value == "2 two"


def test_another_initialization_leaves_bad_means_behind():
    page = opened(init="means", k="2")
    page.set("text_input", "em_means", "2 two").set("select_slider", "em_initialization", "quantiles")
    assert page.header("em_player")["role"] == "run"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"init": "means", "means": "1 2"}, "2 means"),
        ({"init": "partition", "data": "ten-points"}, "The first partition has 2 groups, but K is 3"),
        ({"init": "partition"}, "Old Faithful, eruptions has no given partition"),
        ({"data": "generated", "weights": "1", "true_weights": "0.5 0.6"}, "2 weights"),
        ({"data": "own"}, "a link cannot carry"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_told_in_the_player(query, told):
    header = opened(**query).header("em_player")
    assert header["role"] == "error"
    assert told in header["text"]


@pytest.mark.parametrize("matrix", MATRICES)
def test_another_matrix_comes_with_enough_entries_seen(matrix):
    page = opened(matrix="camera" if matrix == "checkerboard" else "checkerboard", seen="33")
    page.set("selectbox", "als_matrix", matrix)
    assert page.app.slider(key="als_seen").value == MATRICES[matrix].seen
    header = page.header("als_player")
    assert header["address"]["seen"] == (None if MATRICES[matrix].seen == 25 else str(MATRICES[matrix].seen))


def test_a_link_shows_as_many_entries_as_it_says():
    assert opened(matrix="votes", seen="33").app.slider(key="als_seen").value == 33
    assert opened(matrix="votes").app.slider(key="als_seen").value == 25


def test_what_is_no_setting_is_named():
    warnings = opened(density="30", k="2", em_step="3", embed="true").warnings
    assert len(warnings) == 1
    assert "“density” is not a setting of this page" in warnings[0]
    for known in ("“k”", "em_step", "embed"):
        assert known not in warnings[0]


# The user's own data


def test_pasted_numbers_become_the_data():
    page = opened().paste("1.5 2 2.5, 7\n8 9")
    header, arrays = page.message("em_player")
    assert arrays["data"].tolist() == [1.5, 2, 2.5, 7, 8, 9]
    assert page.app.selectbox(key="em_data").value == "own"
    assert header["address"]["data"] == "own"
    assert page.errors == []


def test_numbers_pasted_and_used_in_one_go_are_the_ones_used():
    """Leaving the text by a click on the button can reach Streamlit as one change of both."""
    page = opened()
    page.app.text_area(key="own_numbers").set_value("1 2 3 7 8 9")
    page.click("own_numbers_use")
    assert page.errors == []
    assert page.message("em_player")[1]["data"].tolist() == [1, 2, 3, 7, 8, 9]


def test_pasted_text_that_is_no_data_is_told_and_what_was_there_stays():
    page = opened()
    before = page.header("em_player")
    for text, told in (("1 two 3", "“two”"), ("", "empty"), ("3 3 3", "distinct"), ("5", "one number")):
        (error,) = page.paste(text).errors
        assert told in error
        assert page.header("em_player") == before


def test_own_data_heals_a_bad_paste_and_survives_a_look_at_other_data():
    page = opened().paste("1 two").paste("1 2 3 7 8 9")
    assert page.errors == []
    page.set("selectbox", "em_data", "galaxies")
    assert page.header("em_player") == opened(data="galaxies").header("em_player")
    page.set("selectbox", "em_data", "own")
    assert page.message("em_player")[1]["data"].tolist() == [1, 2, 3, 7, 8, 9]


def test_fewer_own_values_than_components_are_told():
    page = opened(k="5").paste("1 2 4")
    header = page.header("em_player")
    assert header["role"] == "error"
    assert "K is 5" in header["text"]
    assert page.set("slider", "em_n_components", 2).header("em_player")["role"] == "run"


def test_other_own_data_is_another_run_with_the_same_settings():
    page = opened(k="2").paste("1 2 3 7 8 9")
    first = page.header("em_player")
    second = page.paste("1 2 3 7 8 10").header("em_player")
    assert second["run"] != first["run"]
    assert second["data_id"] != first["data_id"]


def test_two_sessions_do_not_share_what_a_user_brought():
    mine, other = opened().paste("1 2 3 7 8 9"), opened(data="own")
    assert "a link cannot carry" in other.header("em_player")["text"]
    other.paste("10 20 30 70 80 95")
    assert other.message("em_player")[1]["data"].tolist() == [10, 20, 30, 70, 80, 95]
    assert mine.run().message("em_player")[1]["data"].tolist() == [1, 2, 3, 7, 8, 9]
    assert opened().header("em_player")["label"] == "Old Faithful, eruptions"


def test_a_column_of_an_uploaded_table_becomes_the_data():
    page = opened().upload("own_sample_file", b"bird,wing,beak\na,10,1\nb,12,\nc,11,4\nd,30,2\n")
    assert page.app.selectbox(key="own_column").options == ["wing", "beak"]
    assert any(remark.startswith("bird:") for remark in page.captions)
    page.set("selectbox", "own_column", "beak").click("own_column_use")
    header, arrays = page.message("em_player")
    assert arrays["data"].tolist() == [1, 4, 2]
    assert header["label"] == "beak"


def test_the_same_values_under_another_name_are_shown_under_that_name():
    page = opened(k="2").upload("own_sample_file", b"left,right\n1,1\n2,2\n7,7\n8,8\n")
    for column in ("left", "right"):
        page.set("selectbox", "own_column", column).click("own_column_use")
        assert page.header("em_player")["label"] == column


def test_an_uploaded_table_that_is_none_is_told_and_what_was_there_stays():
    page = opened()
    before = page.header("em_player")
    for content, told in (
        (b"\xff\xfe1\x00", "UTF-8"),
        (b"", "empty"),
        (b"a\nx\ny\n", "not a number"),
        (b"a\n1\ninf\n", "finite"),
        (b"a\n3\n3\n", "distinct"),
        (b"a,b\n1,2\n3\n", "Line 3"),
        (b"1\n" * 20_001, "20,000"),
        (b"1.000000000\n" * 90_000, "1,000,000"),
    ):
        (error,) = page.upload("own_sample_file", content).errors
        assert told in error
        assert page.header("em_player") == before


def test_the_error_about_a_file_goes_with_the_file():
    page = opened().upload("own_sample_file", b"a\nx\n")
    assert len(page.errors) == 1
    assert page.upload("own_sample_file", b"a\n1\n2\n", "good.csv").errors == []
    assert len(page.upload("own_sample_file", b"a\nx\n", "bad.csv").errors) == 1
    page.app.file_uploader(key="own_sample_file").set_value(None)
    assert page.run().errors == []


def test_a_bad_paste_is_told_although_a_good_file_is_there():
    page = opened().upload("own_sample_file", b"a\n1\n2\n").paste("1 two")
    assert len(page.errors) == 1
    assert "“two”" in page.errors[0]


def test_an_uploaded_matrix_becomes_the_problem_and_its_blank_cells_are_missing():
    page = opened(seen="100", rank="1")
    page.upload("own_matrix_file", b"plot,wet,dry\nnorth,1,2\nsouth,,5\neast,3,6\n", "rain.csv").click("own_matrix_use")
    assert page.errors == []
    header, arrays = page.message("als_player")
    assert (header["label"], header["m"], header["n"]) == ("rain", 3, 2)
    assert header["row_labels"] == ["north", "south", "east"]
    assert header["col_labels"] == ["wet", "dry"]
    assert (arrays["rows"].tolist(), arrays["cols"].tolist()) == ([0, 0, 1, 2, 2], [0, 1, 1, 0, 1])
    shown = header["offset"] + header["scale"] * arrays["values"]
    assert shown == pytest.approx(np.array([1, 2, 5, 3, 6]))
    assert page.app.selectbox(key="als_matrix").value == "own"


def test_an_uploaded_matrix_that_is_none_is_told_at_once_and_until_another_file_comes():
    page = opened().upload("own_matrix_file", b"1,x\n2,3\n")
    assert "“x”" in page.errors[0]
    assert "own_matrix_use" not in [button.key for button in page.app.button]
    assert page.header("als_player")["label"] == "Checkerboard"
    page.upload("own_matrix_file", b"1,2\n2,3\n", "good.csv")
    assert page.errors == []


def test_a_rank_too_high_for_an_uploaded_matrix_is_told():
    page = opened(rank="5", seen="100").upload("own_matrix_file", b"1,2,3\n2,3,5\n7,8,1\n").click("own_matrix_use")
    header = page.header("als_player")
    assert header["role"] == "error"
    assert "at most 3" in header["text"]
    assert page.set("slider", "als_rank", 2).header("als_player")["role"] == "run"


# What is known beyond the run


@pytest.fixture
def begun(monkeypatch):
    """For how many components other starts are run during a test; nothing is known before it."""
    counts, find = [], tasks.ends_of_starts

    def counted(values, settings):
        counts.append(settings.n_components)
        return (yield from find(values, settings))

    monkeypatch.setattr(tasks, "ends_of_starts", counted)
    monkeypatch.setattr(shared, "KEPT", Kept())
    return counts


def test_whoever_has_a_page_drawn_counts_as_active_and_whose_player_asks_does_not(monkeypatch):
    noted = []
    monkeypatch.setattr(scheduler.Scheduler, "somebody_is_active", lambda self: noted.append(1))
    page = opened(data="ten-points")
    assert noted
    noted.clear()
    page.ask("em")
    assert not noted
    page.go("sensitivity")
    assert noted


def test_how_far_it_is_is_told_with_the_verdict_by_then(monkeypatch):
    monkeypatch.setattr(shared, "KEPT", Kept())
    monkeypatch.setattr(scheduler, "SLICE", 0.0)
    page, sentences = opened(data="two-bumps", k="5", seed="7"), set()
    for _ in range(600):
        header, _ = page.ask("em", seconds=0.01)
        sentences.add(header["verdict"]["sentence"])
        if header["finished"] or len(sentences) > 2:
            break
    assert any("start" in sentence and sentence.endswith(" …") for sentence in sentences), sentences


def test_nothing_is_found_out_until_the_browser_asks(begun):
    page = opened(data="ten-points", k="2", floor="0.01").set("slider", "em_seed", 902)
    time.sleep(0.2)
    assert begun == []
    assert page.known("em")["known"]["best_label"] == "best of 40 starts"
    assert begun == [2]


def test_the_answer_is_the_final_verdict_and_from_then_on_comes_with_the_run():
    page = opened(data="ten-points", k="2", init="partition", tol="0.0001", mask_seed="9")
    assert page.header("em_player")["verdict"]["word"] == "Converged"
    em, als = page.known("em"), page.known("als")
    assert em["run"] == page.header("em_player")["run"]
    assert em["verdict"]["word"] == "Stopped on a plateau"
    assert em["known"]["best"] == pytest.approx(-20.801219, abs=1e-5)
    assert em["known"]["best_label"] == "best of 40 starts"
    assert als["verdict"]["word"] == "Not determined"
    assert als["known"] == {}
    header = page.run().header("em_player")
    assert header["ask"] is None
    assert header["verdict"] == em["verdict"]
    assert header["best"] == em["known"]["best"]


def test_a_run_with_another_seed_need_not_find_out_about_other_starts_again(begun):
    page = opened(data="ten-points", k="2", floor="0.01", seed="903")
    page.known("em")
    page.set("slider", "em_seed", 904).known("em")
    page.set("slider", "em_n_components", 3).known("em")
    assert begun == [2, 3]


# What takes long, or is large

LONG = {"data": "generated", "points": "5000", "k": "10", "iterations": "700", "tol": "0"}


def test_a_run_that_may_take_long_is_promised_and_told_of_until_it_is_there(monkeypatch):
    monkeypatch.setattr(shared, "KEPT", Kept())
    page = opened(**LONG)
    header = page.header("em_player")
    assert (header["role"], header["slot"], header["address"]["iterations"]) == ("promised", "em", "700")
    progress, _ = page.ask("em", seconds=0.01)
    assert progress["role"] == "progress" and progress["run"] == header["run"]
    for _ in range(300):
        answer, arrays = page.ask("em")
        if answer["role"] == "run":
            break
    assert (answer["role"], answer["run"], answer["last"]) == ("run", header["run"], 1400)
    settings = EMSettings(data="generated", n_points=5000, n_components=10, max_iter=700, rtol=0.0)
    assert arrays["log_likelihoods"].tolist() == make_em_run(settings).trace.log_likelihoods.tolist()
    assert page.run().header("em_player")["role"] == "promised", "the browser has it, or asks again"


def test_a_large_picture_is_fetched_and_not_sent_with_every_change():
    page = opened(matrix="generated", rows="100", cols="100", rank="10", sweeps="60", als_tol="0", noise="1")
    header = page.header("als_player")
    assert header["role"] == "promised"
    answer, arrays = page.ask("als")
    assert (answer["role"], answer["run"]) == ("run", header["run"])
    assert arrays["lefts"].size == 61 * 100 * 10


def test_what_is_wrong_with_a_promised_run_is_told_when_it_is_fetched(monkeypatch):
    monkeypatch.setattr(shared, "KEPT", Kept())
    page = opened(**LONG, init="means", means="1 2")
    answer, _ = page.ask("em", seconds=10)
    assert answer["role"] == "error" and "K is 10" in answer["text"]


def test_a_promise_keeps_nobody_s_data():
    page = opened(k="2").paste("1 2 3 10 11 12")
    path = page.header("em_player")["ask"]
    made = promises.promised(path.removeprefix(f"{promises.PATH}/"))
    assert made.job() is not None
    page.app.session_state["own_sample"] = None
    del page
    gc.collect()
    with pytest.raises(promises.Gone):
        made.job()


def test_what_took_down_its_workers_is_tried_again_when_the_page_is_drawn_and_not_when_a_player_asks(monkeypatch):
    monkeypatch.setattr(shared, "KEPT", Kept())
    page = opened(**LONG)
    settings = EMSettings(data="generated", n_points=5000, n_components=10, max_iter=700, rtol=0.0)
    job = shared.run_job(settings, None)
    job.end(error=scheduler.LostWork(scheduler.LOST))
    for _ in range(2):
        answer, _ = page.ask("em")
        assert (answer["role"], answer["text"]) == ("error", scheduler.LOST)
    page.run()
    assert shared.run_job(settings, None) is not job
