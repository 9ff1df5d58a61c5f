"""The finished part of a study on the disk: whole batches of this plan count, and nothing else."""

import pandas as pd
import pytest

from explorer.errors import InputError
from explorer.study.journal import folder_of, open_journal
from explorer.study.plans import plan_of
from explorer.study.work import iterate_batches


@pytest.fixture
def plan():
    return plan_of({"kind": "em", "data": "ten-points", "n_components": 2, "n_starts": 3, "max_iter": 9})


@pytest.fixture
def batches(plan):
    return dict(iterate_batches(plan))


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path / "results.csv")


def test_batches_that_were_kept_are_finished_when_the_journal_is_opened_again(folder, plan, batches):
    journal = open_journal(folder, plan)
    assert journal.finished() == {}
    journal.keep(2, batches[2])
    journal.keep(0, batches[0])
    again = open_journal(folder, plan).finished()
    assert sorted(again) == [0, 2]
    for index, rows in again.items():
        pd.testing.assert_frame_equal(rows, batches[index], check_exact=True)


def test_the_journal_lies_beside_the_result_and_leaves_nothing_behind(folder, plan, batches, tmp_path):
    assert folder == tmp_path / "results.csv.parts"
    journal = open_journal(folder, plan)
    journal.keep(0, batches[0])
    journal.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_half_a_batch_counts_as_none(folder, plan, batches, cut):
    journal = open_journal(folder, plan)
    journal.keep(1, batches[1])
    (part,) = folder.glob("*.parquet")
    part.write_bytes(part.read_bytes()[:cut])
    assert journal.finished() == {}
    (folder / f".{part.name}.unfinished").write_bytes(b"what a killed command was writing")
    assert open_journal(folder, plan).finished() == {}


def test_a_batch_of_other_seeds_counts_as_none(folder, plan, batches):
    journal = open_journal(folder, plan)
    journal.keep(0, batches[0][:2])
    assert journal.finished() == {}


@pytest.mark.parametrize("other", [{"n_starts": 4}, {"data": "galaxies"}, {"rtol": 1e-8}, {"n_components": [2, 3]}])
def test_another_plan_is_refused(folder, plan, batches, other):
    open_journal(folder, plan).keep(0, batches[0])
    changed = plan_of({"kind": "em", "data": "ten-points", "n_components": 2, "n_starts": 3, "max_iter": 9} | other)
    with pytest.raises(InputError, match=r"results\.csv\.parts holds the finished part of another study"):
        open_journal(folder, changed)


def test_another_version_of_the_explorer_or_a_broken_plan_is_refused(folder, plan, batches, monkeypatch):
    open_journal(folder, plan).keep(0, batches[0])
    with monkeypatch.context() as patched:
        patched.setattr("explorer.study.portable.__version__", "99")
        with pytest.raises(InputError, match="by another version of the explorer"):
            open_journal(folder, plan)
    (folder / "plan.json").write_text("{")
    with pytest.raises(InputError, match="choose another --out, or remove that folder"):
        open_journal(folder, plan)


def test_where_nothing_is_finished_another_plan_may_begin_and_nothing_is_left_behind(folder, plan):
    open_journal(folder, plan)
    journal = open_journal(folder, plan_of({"kind": "als"}))
    assert open_journal(folder, plan_of({"kind": "als"})).finished() == {}
    journal.close()
    assert not folder.exists()


def test_what_is_not_the_explorers_is_left_alone(folder, plan):
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="was not made by the explorer"):
        open_journal(folder, plan)
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


def test_a_command_killed_before_it_wrote_the_plan_begins_again(folder, plan):
    folder.mkdir()
    (folder / ".plan.json.unfinished").write_text("{")
    assert open_journal(folder, plan).finished() == {}


def test_a_place_that_cannot_be_written_to_is_told(plan, batches, tmp_path):
    with pytest.raises(InputError, match=r"There is no folder .*none; make it first"):
        open_journal(tmp_path / "none" / "results.csv.parts", plan)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be used for what is finished"):
        open_journal(tmp_path / "file", plan)
    journal = open_journal(tmp_path / "parts", plan)
    journal.remove()
    with pytest.raises(InputError, match="parts cannot be written to: No such file"):
        journal.keep(0, batches[0])
