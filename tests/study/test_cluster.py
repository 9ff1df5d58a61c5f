"""A study on a Dask cluster: a real scheduler and two worker processes on this computer, one of them killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client, LocalCluster

from explorer import cli
from explorer.errors import InputError
from explorer.study.command import cluster
from explorer.study.command.cluster import dask_executor
from explorer.study.plans import plan_of
from explorer.study.results import read_results
from explorer.study.work import run_plan

REPOSITORY = Path(__file__).parents[2]


@contextmanager
def started(program: str, *arguments: str) -> Iterator[subprocess.Popen]:
    """One of Dask's programs, listening on this computer only, until the block ends."""
    options = ["--host", "127.0.0.1", "--no-dashboard"]
    process = subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{program}", *arguments, *options],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory) -> Iterator[str]:
    """The address of a scheduler."""
    told = tmp_path_factory.mktemp("dask") / "scheduler.json"
    with started("dask_scheduler", "--port", "0", "--scheduler-file", str(told)) as process:
        deadline = time.monotonic() + 30
        while not (told.exists() and told.read_text().endswith("}")):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        yield json.loads(told.read_text())["address"]


@pytest.fixture(scope="module")
def workers(scheduler) -> Iterator[list[subprocess.Popen]]:
    """Two workers, one process each, that nobody starts again: of one of them a test leaves nothing."""
    with ExitStack() as stack:
        processes = [
            stack.enter_context(started("dask_worker", scheduler, "--no-nanny", "--nthreads", "1")) for _ in range(2)
        ]
        with Client(scheduler, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=30)
        yield processes


def enter(address: str) -> None:
    with dask_executor(address):
        raise AssertionError("there is an executor")


def test_a_cluster_of_which_a_worker_is_killed_makes_the_same_table(scheduler, workers):
    plan = plan_of({"kind": "em", "data": "galaxies", "n_components": [2, 3], "n_starts": 500, "max_iter": 40})
    victim = workers[0]
    killed_with = []

    def kill_one(finished: int, of_all: int) -> None:
        """As soon as the first runs are there, while the victim has work."""
        if finished and not killed_with:
            with Client(scheduler, set_as_default=False) as client:
                address = {pid: worker for worker, pid in client.run(os.getpid).items()}[victim.pid]
                killed_with.extend(client.processing()[address])
                os.kill(victim.pid, signal.SIGKILL)

    with dask_executor(scheduler) as executor:
        table = run_plan(plan, executor, progress=kill_one)
    assert killed_with
    assert victim.wait(timeout=10) == -signal.SIGKILL
    expected = run_plan(plan)
    pd.testing.assert_frame_equal(table.drop(columns="seconds"), expected.drop(columns="seconds"), check_exact=True)


def test_a_scheduler_that_is_lost_on_the_way_is_told():
    plan = plan_of({"kind": "em", "n_components": 2, "n_starts": 500, "max_iter": 40})
    with (
        LocalCluster(
            n_workers=1, protocol="tcp", host="127.0.0.1", dashboard_address="127.0.0.1:0", processes=False
        ) as lost,
        pytest.raises(InputError, match=f"The Dask scheduler at “{lost.scheduler.address}” no longer answers"),
        dask_executor(lost.scheduler.address) as executor,
    ):
        run_plan(plan, executor, progress=lambda finished, of_all: lost.close() if finished else None)


def test_the_command_hands_a_plan_to_the_cluster(scheduler, workers, tmp_path, capsys):
    (tmp_path / "plan.toml").write_text('kind = "als"\nn_masks = 3\nn_starts = 3\nmax_sweeps = 5')
    out = tmp_path / "results.csv"
    with pytest.raises(SystemExit) as ended:
        cli.main(["study", str(tmp_path / "plan.toml"), "--out", str(out), "--dask", scheduler])
    assert ended.value.code == 0
    assert read_results(out).complete
    assert capsys.readouterr().err == ""


def test_a_scheduler_without_workers_is_told(monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER_TIMEOUT", 0.3)
    with LocalCluster(n_workers=0, protocol="tcp", host="127.0.0.1", dashboard_address="127.0.0.1:0") as empty:
        address = empty.scheduler.address
        with pytest.raises(InputError, match=f"has no workers; start some: dask worker {address}"):
            enter(address)


def test_workers_with_another_explorer_are_told(scheduler, workers, monkeypatch):
    monkeypatch.setattr(cluster, "__version__", "99")
    with pytest.raises(InputError, match=r"has explorer 0.*; this one is 99, install it there"):
        enter(scheduler)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "127.0.0.1:99999", "nonsense", "foo://x", ""])
def test_an_address_where_nobody_answers_is_told(monkeypatch, address):
    monkeypatch.setattr(cluster, "ANSWER_TIMEOUT", 0.3)
    with pytest.raises(InputError, match=f"No Dask scheduler answers at “{address}”"):
        enter(address)


def test_it_is_told_how_to_install_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r'pip install "em-als-explorer\[cluster\]"'):
        enter("tcp://127.0.0.1:1")
