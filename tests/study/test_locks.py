"""A lock is held by one process, says by which, and is given back however that ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from explorer.errors import InputError
from explorer.study.command import locks
from explorer.study.command.locks import held

REPOSITORY = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from explorer.study.command.locks import held
with held(Path("lock"), "it"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Path("lock")


@pytest.fixture
def holder(path):
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, env=environment)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_it_is_there_while_it_is_held_and_says_by_whom(path):
    with held(path, "it"):
        assert path.read_text().startswith(f"explorer study, process {os.getpid()} on ")
    assert not path.exists()


def test_what_another_process_holds_is_refused_until_that_ends_even_by_a_kill(path, holder):
    with pytest.raises(InputError) as refused, held(path, "a.csv"):
        pass
    assert str(refused.value).startswith(f"a.csv is being made by another command (process {holder.pid} on ")
    assert str(refused.value).endswith("; wait for it, or choose another --out.")
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert path.exists()
    with held(path, "a.csv"):
        assert f"process {os.getpid()} " in path.read_text()
    assert not path.exists()


def test_a_lock_that_its_holder_removes_while_another_opens_it_counts_no_more(path, monkeypatch):
    path.write_text("explorer study, process 1 on x")
    lock, calls = locks._lock, []

    def remove_first(file):
        if not calls:
            path.unlink()
        calls.append(file)
        return lock(file)

    monkeypatch.setattr(locks, "_lock", remove_first)
    with held(path, "it"):
        assert len(calls) == 2
        assert f"process {os.getpid()} " in path.read_text()


def test_what_is_not_a_lock_is_left_alone(path):
    path.write_text("mine")
    with pytest.raises(InputError, match="lock is in the way: it was not made by the explorer"), held(path, "it"):
        pass
    assert path.read_text() == "mine"


def test_a_place_without_room_for_it_is_told(path):
    with pytest.raises(InputError, match="none/lock cannot be written: No such file"), held(Path("none/lock"), "it"):
        pass
    path.mkdir()
    with pytest.raises(InputError, match="lock cannot be written: Is a directory"), held(path, "it"):
        pass


def test_a_folder_that_is_removed_meanwhile_does_no_harm(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    with held(folder / "lock", "it"):
        (folder / "lock").unlink()
        folder.rmdir()
    assert not folder.exists()
