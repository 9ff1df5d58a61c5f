"""A study in the making: batch by batch, shared by all who look at it, and begun again from what a file has."""

import threading
from dataclasses import replace

import pandas as pd
import pytest

from explorer.screens.jobs import tasks
from explorer.screens.jobs.job import Job
from explorer.screens.jobs.scheduler import wait
from explorer.screens.study_work import StudyWork, work_from
from explorer.settings import ALSStudySettings, EMStudySettings
from explorer.study.plans import batches_of, study_of

SETTINGS = EMStudySettings(
    data="ten-points", n_components=2, n_starts=300, initializations=("random-partition", "random-points", "equal")
)
RUNS_OF_A_STEP = [250, 250, 1, 50, 50]


@pytest.fixture(scope="module")
def study():
    return study_of(SETTINGS)


@pytest.fixture(scope="module")
def whole(study):
    """The table of all runs."""
    return finished(StudyWork(study)).table()


@pytest.fixture
def made(monkeypatch):
    """The batches that are made during a test."""
    batches, make = [], tasks.make_batch

    def make_and_note(study, batch):
        batches.append(batch)
        return make(study, batch)

    monkeypatch.setattr(tasks, "make_batch", make_and_note)
    return batches


def finished(work):
    while not work.complete:
        work.wait(30)
    return work


def same(table, other):
    """Whether two tables tell the same runs; seconds are of the machine."""
    pd.testing.assert_frame_equal(table.drop(columns="seconds"), other.drop(columns="seconds"))
    return True


class BatchByBatch(StudyWork):
    """A study that makes one batch whenever somebody waits."""

    def waiting(self):
        return super().waiting()[:1]

    def step(self):
        self.wait(60)


def test_every_batch_is_there_when_it_is_made_until_all_are(study):
    work, counts = BatchByBatch(study), []
    assert (work.n_runs, work.n_finished, work.complete, work.seconds_left) == (601, 0, False, None)
    while not work.complete:
        before = work.n_finished
        work.step()
        counts.append(work.n_finished - before)
        assert work.seconds_left > 0 or work.complete
    assert counts == RUNS_OF_A_STEP
    work.step()
    assert (work.n_finished, work.seconds_left) == (601, 0)


def test_all_initializations_advance_together(study):
    work = BatchByBatch(study)
    assert work.first_round == 501
    while work.n_finished < work.first_round:
        work.step()
    assert work.n_finished == work.first_round
    seeds = work.table().groupby("initialization")["seed"].agg(["min", "max"])
    assert seeds.loc[["random-partition", "random-points"]].to_numpy().tolist() == [[0, 249], [0, 249]]


def test_the_first_round_of_als_has_every_mask():
    settings = ALSStudySettings(matrix="checkerboard", n_starts=3, n_masks=2, first_seed=5, max_sweeps=5)
    assert StudyWork(study_of(settings)).first_round == sum(
        len(batch.seeds) for batch in batches_of(study_of(settings)) if batch.seeds.start == 5
    )


def test_a_partial_table_is_in_the_study_s_order_whatever_was_made_first(study, whole):
    work = BatchByBatch(study)
    while work.n_finished < work.first_round:
        work.step()
    early = whole[(whole["seed"] < 250)].reset_index(drop=True)
    assert same(work.table(), early)


def test_an_answer_is_kept_until_there_are_more_runs(study):
    work, asked = BatchByBatch(study), []

    def count(table):
        asked.append(len(table))
        return Job(len, table)

    work.step()
    first = work.answer("count", count)
    assert wait(first, 60) and first.answer() == work.n_finished
    assert work.answer("count", count) is first
    assert work.answer("other", count) is not first
    work.step()
    assert work.answer("count", count) is not first
    assert len(asked) == 3


def test_an_answer_about_some_runs_is_about_these_though_more_have_been_made_meanwhile(study):
    work = BatchByBatch(study)
    work.step()
    drawn = work.table()
    work.step()
    early = work.answer("count", lambda table: Job(len, table), drawn)
    late = work.answer("count", lambda table: Job(len, table), work.table())
    assert wait(early, 60) and wait(late, 60)
    assert early.answer() == len(drawn) < late.answer() == work.n_finished


def test_threads_that_work_on_one_study_make_every_batch_once(study, whole, made):
    work = StudyWork(study)
    threads = [threading.Thread(target=finished, args=(work,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(made) == len(set(made)) == len(RUNS_OF_A_STEP)
    assert same(work.table(), whole)


def test_a_batch_that_cannot_be_made_is_tried_again(study, whole, monkeypatch):
    work = StudyWork(study)
    with monkeypatch.context() as patch:
        patch.setattr(tasks, "make_batch", lambda study, batch: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            work.wait(60)
    assert same(finished(work).table(), whole)


# From a file


def test_a_whole_table_leaves_nothing_to_do(study, whole, made):
    work = work_from(study, whole)
    assert work.complete and work.seconds_left is None and made == []
    assert same(work.table(), whole)


def test_batches_that_lack_a_run_are_made_again_and_no_others(study, whole, made):
    lacking = whole.drop([7, 320])
    work = work_from(study, lacking)
    assert work.n_finished == 601 - 250 - 250
    assert same(finished(work).table(), whole)
    assert [(batch.initialization, batch.seeds) for batch in made] == [
        ("random-partition", range(250)),
        ("random-points", range(250)),
    ]


def test_the_order_of_the_rows_does_not_matter(study, whole):
    work = work_from(study, whole.sample(frac=1, random_state=3))
    assert work.complete
    key = ["initialization", "seed"]
    assert same(work.table().sort_values(key, ignore_index=True), whole.sort_values(key, ignore_index=True))


def test_the_runs_of_als_are_told_apart_by_their_masks():
    study = study_of(ALSStudySettings(matrix="checkerboard", n_starts=3, n_masks=2, max_sweeps=5))
    whole = finished(StudyWork(study)).table()
    work = work_from(study, whole[whole["mask_seed"] == 1])
    assert work.n_finished == 3
    assert same(finished(work).table(), whole)


def test_another_study_s_settings_are_another_work(study):
    assert StudyWork(study_of(replace(SETTINGS, n_starts=10))).n_runs == 21
