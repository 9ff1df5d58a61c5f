"""Whoever makes the batches of a plan, the table is the same; and what happens when they are stopped or fail."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from explorer.errors import InputError
from explorer.study import work
from explorer.study.command.processes import n_cores, process_pool
from explorer.study.kinds import KINDS
from explorer.study.plans import Plan, plan_of
from explorer.study.work import iterate_batches, joined, make_batch, run_plan

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_of({"kind": "em", "n_components": [2, 3], "rtol": [1e-4, 1e-5], "n_starts": 20, "max_iter": 60})


@pytest.fixture(scope="module")
def table(plan) -> pd.DataFrame:
    return run_plan(plan)


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same table but for the time that it took, bit for bit."""
    pd.testing.assert_frame_equal(found.drop(columns="seconds"), expected.drop(columns="seconds"), check_exact=True)


class Held(Executor):
    """An executor that begins nothing by itself."""

    def __init__(self):
        self.futures: list[Future] = []

    def submit(self, fn, /, *args, **kwargs):
        self.futures.append(Future())
        return self.futures[-1]


def test_the_table_has_a_row_for_every_run_in_the_plans_order(plan, table):
    runs = [(batch.study, batch.initialization, seed) for batch in plan.batches for seed in batch.seeds]
    assert list(zip(table["study"], table["initialization"], table["seed"], strict=True)) == runs
    assert len(table) == plan.n_runs == 320
    assert list(table) == list(plan.columns)


def test_components_that_a_mixture_has_not_are_nan_and_columns_are_in_the_widest_ones_order(table):
    assert list(table)[-9:] == [f"{name}_{k}" for name in ("weight", "mean", "deviation") for k in (1, 2, 3)]
    assert table["mean_3"].isna().equals(table["n_components"] == 2)


def test_worker_processes_make_the_same_table(plan, table):
    with process_pool(2) as pool:
        assert_same(run_plan(plan, pool), table)


def test_matrix_completion_is_made_the_same_way():
    plan = plan_of({"kind": "als", "matrix": "generated", "n_masks": 3, "n_starts": 4, "max_sweeps": 10})
    table = run_plan(plan)
    assert list(zip(table["mask_seed"], table["seed"], strict=True)) == [(m, s) for m in range(3) for s in range(4)]
    assert list(table) == list(plan.columns)
    with ThreadPoolExecutor(2) as pool:
        assert_same(run_plan(plan, pool), table)


def test_linear_algebra_has_one_thread_in_a_batch_so_that_sums_end_in_the_same_bits(plan, monkeypatch):
    seen = []
    looking = replace(KINDS["em"], run_batch=lambda *_: seen.extend(work._linear_algebra().info()))
    monkeypatch.setitem(KINDS, "em", looking)
    with threadpool_limits(2):  # as in a notebook, where nobody has limited it
        make_batch(plan.studies[0], plan.batches[0])
    assert {library["num_threads"] for library in seen if library["user_api"] == "blas"} == {1}


def test_what_is_done_is_not_made_again(plan, table):
    made = dict(iterate_batches(plan, done={0, 2}))
    assert sorted(made) == [index for index in range(len(plan.batches)) if index not in (0, 2)]


def test_batches_come_as_they_finish_and_few_are_under_way(plan):
    held = Held()
    batches = iterate_batches(plan, held, in_flight=3)
    with ThreadPoolExecutor(1) as other:
        first = other.submit(next, batches)
        while len(held.futures) < 3:
            time.sleep(0.001)
        held.futures[2].set_result("the third")
        assert first.result() == (2, "the third")
    assert len(held.futures) == 3
    batches.close()
    assert [future.cancelled() for future in held.futures] == [True, True, False]


def test_progress_counts_runs_and_cancelling_keeps_what_has_finished(plan, table):
    told = []
    part = run_plan(plan, progress=lambda *numbers: told.append(numbers), cancelled=lambda: len(told) > 3)
    assert told == [(0, 320), (20, 320), (40, 320), (60, 320)]
    assert_same(part, table[:60])
    nothing = run_plan(plan, cancelled=lambda: True)
    assert len(nothing) == 0
    assert list(nothing) == list(table)


def test_batches_are_put_together_in_order_whenever_they_came(plan, table):
    parts = dict(iterate_batches(plan))
    assert_same(joined(plan, dict(reversed(parts.items()))), table)


def test_an_error_in_a_worker_is_raised_here_and_nothing_more_is_begun(plan, monkeypatch):
    begun = []

    def fail(study, batch):
        begun.append(batch)
        raise ZeroDivisionError("in a worker")

    monkeypatch.setattr(work, "make_batch", fail)
    with ThreadPoolExecutor(1) as pool, pytest.raises(ZeroDivisionError, match="in a worker"):
        run_plan(plan, pool)
    assert len(begun) < len(plan.batches)
    with pytest.raises(ZeroDivisionError):
        run_plan(plan)


def test_a_process_that_is_killed_is_told_in_a_sentence(plan):
    with process_pool(1) as pool:
        pid = pool.submit(os.getpid).result()
        batches = iterate_batches(plan, pool)
        next(batches)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(InputError, match="has ended unexpectedly, perhaps for want of memory"):
            list(batches)


def test_worker_processes_end_when_their_parent_is_killed():
    script = (
        "import os, time\n"
        "from explorer.study.command.processes import process_pool\n"
        "if __name__ == '__main__':\n"
        "    with process_pool(1) as pool:\n"
        "        print(pool.submit(os.getpid).result(), flush=True)\n"
        "        time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while _runs(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(worker)


def _runs(pid: int) -> bool:
    """Whether the process is there, and not only the memory of it until somebody asks how it ended."""
    try:
        os.kill(pid, 0)
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    except ProcessLookupError:
        return False
    return bool(state) and not state.startswith("Z")


def test_cores_are_those_that_this_process_may_use():
    assert 1 <= n_cores() <= os.cpu_count()
