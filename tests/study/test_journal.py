"""The finished part of a study on the disk: whole batches of this plan count, and nothing else."""

import os
import shutil

import pandas as pd
import pytest

from explorer.errors import InputError
from explorer.study.command.journal import folder_of, open_journal
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


def test_a_batch_of_another_place_or_another_plan_counts_as_none(folder, plan, batches, tmp_path):
    journal = open_journal(folder, plan)
    journal.keep(0, batches[0])
    part = (folder / "0000000.parquet").read_bytes()
    (folder / "0000001.parquet").write_bytes(part)  # of the same seeds, by another initialization
    assert sorted(journal.finished()) == [0]
    other = open_journal(tmp_path / "other.csv.parts", plan_of({"kind": "em", "data": "ten-points", "n_starts": 3}))
    (tmp_path / "other.csv.parts" / "0000000.parquet").write_bytes(part)
    assert other.finished() == {}


def test_a_single_bit_that_has_changed_is_noticed_wherever_it_is(folder, plan, batches):
    journal = open_journal(folder, plan)
    journal.keep(0, batches[0])
    path = folder / "0000000.parquet"
    part = path.read_bytes()
    for place in range(0, len(part), 67):
        path.write_bytes(part[:place] + bytes([part[place] ^ 1 << place % 8]) + part[place + 1 :])
        for rows in journal.finished().values():  # as it was, where the bit says nothing
            pd.testing.assert_frame_equal(rows, batches[0], check_exact=True)


@pytest.mark.parametrize("how", ["folder", "dangling link", "link to itself", "pipe", "device", "unreadable"])
def test_what_cannot_be_read_is_made_again_or_refused(folder, plan, batches, how):
    journal = open_journal(folder, plan)
    journal.keep(0, batches[0])
    part = folder / "0000001.parquet"
    if how == "folder":
        part.mkdir()
    elif how == "pipe":
        os.mkfifo(part)
    elif how == "unreadable":
        part.write_bytes(b"")
        part.chmod(0)
    else:
        part.symlink_to({"dangling link": "nowhere", "link to itself": part.name, "device": "/dev/zero"}[how])
    assert sorted(open_journal(folder, plan).finished()) == [0]
    if how == "folder":
        with pytest.raises(InputError, match="cannot be written to: Is a directory"):
            journal.keep(1, batches[1])
    else:
        journal.keep(1, batches[1])
        assert sorted(journal.finished()) == [0, 1]
    journal.remove()
    assert not folder.exists()


def test_a_folder_that_somebody_removes_is_told_and_asks_for_nothing_more(folder, plan, batches):
    journal = open_journal(folder, plan)
    shutil.rmtree(folder)
    with pytest.raises(InputError, match="parts cannot be written to: No such file"):
        journal.keep(0, batches[0])
    assert journal.empty
    journal.close()


def test_a_link_to_a_folder_is_left_alone(folder, plan, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="was not made by the explorer"):
        open_journal(folder, plan)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("other", [{"n_starts": 4}, {"data": "galaxies"}, {"rtol": 1e-8}, {"n_components": [2, 3]}])
def test_another_plan_is_refused(folder, plan, batches, other):
    open_journal(folder, plan).keep(0, batches[0])
    changed = plan_of({"kind": "em", "data": "ten-points", "n_components": 2, "n_starts": 3, "max_iter": 9} | other)
    with pytest.raises(InputError, match=r"results\.csv\.parts holds the finished part of another study"):
        open_journal(folder, changed)


def test_another_version_of_the_explorer_or_a_broken_plan_is_refused(folder, plan, batches, monkeypatch):
    open_journal(folder, plan).keep(0, batches[0])
    with monkeypatch.context() as patched:
        patched.setattr("explorer.study.files.plan_json.__version__", "99")
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
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be used for what is finished"):
        open_journal(tmp_path / "file", plan)
    journal = open_journal(tmp_path / "parts", plan)
    journal.remove()
    with pytest.raises(InputError, match="parts cannot be written to: No such file"):
        journal.keep(0, batches[0])
