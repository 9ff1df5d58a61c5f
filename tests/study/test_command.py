"""The command `explorer study`: from a plan file to a table, stopped, killed and continued on the way."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from explorer import cli
from explorer.errors import InputError
from explorer.study import work
from explorer.study.command.journal import folder_of
from explorer.study.files.plan_file import load_plan
from explorer.study.outcomes import add_outcomes
from explorer.study.plans import plan_of
from explorer.study.results import read_results
from explorer.study.work import run_plan

REPOSITORY = Path(__file__).parents[2]
SHORT = 'kind = "em"\ndata = "ten-points"\nn_components = [1, 2]\nn_starts = 5\nmax_iter = 20\n'
# 120 batches, two seconds of work, so that there is time to stop them.
LONG = (
    'kind = "em"\ndata = "galaxies"\nn_components = [2, 3]\nn_starts = 100\n'
    "first_seed = [0, 1000, 2000]\nrtol = [1e-4, 1e-5, 1e-6, 1e-7, 1e-8]\nmax_iter = 400\n"
)
SLOW = 300  # seconds that a busy machine may take over what takes one or two


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    """A folder with two plans in it, where the command is given."""
    (tmp_path / "short.toml").write_text(SHORT)
    (tmp_path / "long.toml").write_text(LONG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def study(*arguments: str) -> int:
    """Run the command in this process; return its exit code."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["study", *arguments])
    return ended.value.code


def begin(*arguments: str) -> subprocess.Popen:
    """Start the command as a process group of its own, as a terminal does."""
    return subprocess.Popen(
        [sys.executable, "-m", "explorer", "study", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        start_new_session=True,
    )


def parts(out: str) -> set[str]:
    """The batches that are finished."""
    return {path.name for path in folder_of(Path(out)).glob("*.parquet")}


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SLOW
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def assert_undisturbed(out: str, plan: str) -> None:
    """The result is the table that a study gives which nobody stops."""
    results = read_results(Path(out))
    assert results.complete
    expected = undisturbed(Path(plan).read_text())
    pd.testing.assert_frame_equal(
        results.table.drop(columns="seconds"), expected.drop(columns="seconds"), check_exact=True
    )


@cache
def undisturbed(plan: str) -> pd.DataFrame:
    """The table of a plan file with this text, made once for all tests."""
    made = plan_of(tomllib.loads(plan))
    return add_outcomes(made, run_plan(made))


@pytest.mark.parametrize("suffix", ["parquet", "csv", "json"])
def test_a_plan_file_becomes_a_table(folder, capsys, suffix):
    out = f"results.{suffix}"
    assert study("short.toml", "--out", out, "--workers", "1") == 0
    assert_undisturbed(out, "short.toml")
    assert sorted(path.name for path in folder.iterdir()) == ["long.toml", out, "short.toml"]
    printed = capsys.readouterr()
    assert printed.err == ""
    assert re.sub(r"\d:\d\d elapsed", "in no time", printed.out).splitlines() == [
        "[------------------------] 0 of 40 runs, in no time",
        "[########################] 40 of 40 runs, in no time",
        "Telling how each run ended.",
        f"Wrote {out}.",
    ]


def test_own_data_is_looked_for_beside_the_plan(folder, monkeypatch):
    (folder / "own.csv").write_text("size\n1\n2\n3\n9\n")
    (folder / "own.toml").write_text('kind = "em"\nfile = "own.csv"\nn_components = 1\nn_starts = 2')
    monkeypatch.chdir("/")
    assert study(str(folder / "own.toml"), "--out", str(folder / "own.json"), "--workers", "1") == 0
    assert read_results(folder / "own.json").plan.own.values.tolist() == [1, 2, 3, 9]


def test_a_command_that_is_killed_continues_and_makes_no_finished_batch_again(folder, monkeypatch, capsys):
    command = begin("long.toml", "--out", "results.csv", "--workers", "2")
    wait_until(lambda: len(parts("results.csv")) >= 1)
    os.killpg(command.pid, signal.SIGKILL)
    command.communicate()
    finished = parts("results.csv")
    assert not Path("results.csv").exists()

    plan, made = load_plan(Path("long.toml")), []
    make_batch = work.make_batch
    monkeypatch.setattr(work, "make_batch", lambda study, batch: made.append(batch) or make_batch(study, batch))
    assert study("long.toml", "--out", "results.csv", "--workers", "1") == 0
    left = [batch for index, batch in enumerate(plan.batches) if f"{index:07}.parquet" not in finished]
    assert 0 < len(left) < len(plan.batches)
    assert made == left
    assert f"Continuing: {100 * len(finished):,} runs are finished." in capsys.readouterr().out
    assert not folder_of(Path("results.csv")).exists()
    monkeypatch.undo()
    assert_undisturbed(folder / "results.csv", folder / "long.toml")


def test_ctrl_c_ends_cleanly_and_says_how_to_continue(folder):
    command = begin("long.toml", "--out", "results.parquet", "--workers", "2")
    wait_until(lambda: len(parts("results.parquet")) >= 1)
    os.killpg(command.pid, signal.SIGINT)
    _, errors = command.communicate(timeout=SLOW)
    assert command.returncode == 130
    assert errors == "Stopped. What is finished is kept; the same command continues.\n"
    assert 1 <= len(parts("results.parquet")) < 120

    command = begin("long.toml", "--out", "results.parquet", "--workers", "1")
    printed, errors = command.communicate(timeout=SLOW)
    assert (command.returncode, errors) == (0, "")
    assert printed.startswith("Continuing: ")
    assert_undisturbed("results.parquet", "long.toml")


@pytest.mark.parametrize("kill", [os.kill, os.killpg])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_stops_the_command_ends_its_workers_too(folder, kill, number):
    command = begin("long.toml", "--out", "results.parquet", "--workers", "2")
    wait_until(lambda: len(parts("results.parquet")) >= 1)
    kill(command.pid, number)
    _, errors = command.communicate(timeout=SLOW)  # which returns when none of them holds the stream any more
    assert (command.returncode, errors) == (
        128 + number,
        "Stopped. What is finished is kept; the same command continues.\n",
    )
    assert parts("results.parquet")
    assert not list(folder.glob(".*"))


def test_a_second_command_for_the_same_result_is_refused_and_disturbs_nothing(folder, capsys):
    command = begin("long.toml", "--out", "results.csv", "--workers", "1")
    wait_until(lambda: len(parts("results.csv")) >= 1)
    for plan in ("long.toml", "short.toml"):
        assert study(plan, "--out", "results.csv", "--overwrite") == 2
        told = capsys.readouterr().err
        assert told.startswith("explorer study: results.csv is being made by another command (process ")
        assert f"process {command.pid} on " in told and told.count("\n") == 1
    _, errors = command.communicate(timeout=SLOW)
    assert (command.returncode, errors) == (0, "")
    assert_undisturbed("results.csv", "long.toml")
    assert study("long.toml", "--out", "results.csv") == 2
    assert "exists already" in capsys.readouterr().err
    assert sorted(path.name for path in folder.iterdir()) == ["long.toml", "results.csv", "short.toml"]


def test_a_result_that_appears_while_one_waits_for_the_lock_is_not_replaced(folder, monkeypatch, capsys):
    @contextmanager
    def after_another(path, what):
        Path("a.csv").write_text("of the first command")
        yield

    monkeypatch.setattr("explorer.study.command.run_study.held", after_another)
    assert study("short.toml", "--out", "a.csv", "--workers", "1") == 2
    assert "a.csv exists already" in capsys.readouterr().err
    assert Path("a.csv").read_text() == "of the first command"


def test_a_folder_that_is_removed_while_the_command_runs_is_told(folder):
    (folder / "there").mkdir()
    command = begin("long.toml", "--out", "there/results.csv", "--workers", "2")
    wait_until(lambda: len(parts("there/results.csv")) >= 1)
    # Again and again, since the command may put something there meanwhile.
    wait_until(lambda: shutil.rmtree(folder / "there", ignore_errors=True) or not (folder / "there").exists())
    _, errors = command.communicate(timeout=SLOW)
    assert command.returncode == 2
    assert re.fullmatch(
        r"explorer study: there/results.csv\S* cannot be written( to)?: No such file or directory.\n", errors
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["short.toml", "--out", "folder.csv", "--overwrite"], "folder.csv is a folder; choose another --out."),
        (["short.toml", "--out", f"{'x' * 300}.csv"], "…xxx"),
        (["none.toml", "--out", "a.csv"], "The plan none.toml cannot be read: No such file or directory."),
        (
            ["bad.toml", "--out", "a.csv"],
            "K is 99, but must be a whole number from 1 to 10 (n_components in the plan).",
        ),
        (["short.toml", "--out", "a.xlsx"], "“a.xlsx” must end in .parquet, .csv or .json."),
        (["short.toml", "--out", "a"], "“a” must end in .parquet, .csv or .json."),
        (["short.toml", "--out", "there.csv"], "there.csv exists already; choose another --out, or replace it by"),
        (["short.toml", "--out", "none/a.csv"], "There is no folder none; make it first"),
        (["short.toml", "--out", "other.csv"], "other.csv.parts holds the finished part of another study"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(folder, capsys, arguments, sentence):
    (folder / "bad.toml").write_text('kind = "em"\nn_components = 99')
    (folder / "there.csv").write_text("precious")
    (folder / "folder.csv").mkdir()
    (folder / "other.csv.parts").mkdir()
    (folder / "other.csv.parts" / "plan.json").write_text("{}")
    (folder / "other.csv.parts" / "0000000.parquet").write_text("")
    assert study(*arguments) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(f"explorer study: {sentence}")
    assert printed.err.count("\n") == 1
    assert (folder / "there.csv").read_text() == "precious"


def test_an_address_where_nobody_answers_leaves_nothing_behind(folder, capsys):
    assert study("short.toml", "--out", "a.csv", "--dask", "nonsense") == 2
    assert capsys.readouterr().err.startswith("explorer study: No Dask scheduler answers at “nonsense” (")
    assert sorted(path.name for path in folder.iterdir()) == ["long.toml", "short.toml"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the following arguments are required: plan, --out"),
        (["short.toml"], "the following arguments are required: --out"),
        (["short.toml", "--out", "a.csv", "--workers", "0"], "“0” is not a number of processes; give 1 to 1024."),
        (["short.toml", "--out", "a.csv", "--workers", "2", "--dask", "tcp://x:1"], "not allowed with argument"),
    ],
)
def test_wrong_arguments_are_told(folder, capsys, arguments, sentence):
    assert study(*arguments) == 2
    assert sentence in capsys.readouterr().err


def test_a_failure_on_the_way_keeps_what_is_finished_and_says_so(folder, monkeypatch, capsys):
    make_batch, made = work.make_batch, []

    def make_two(study, batch):
        if len(made) == 2:
            raise InputError("The workers are lost.")
        made.append(batch)
        return make_batch(study, batch)

    monkeypatch.setattr(work, "make_batch", make_two)
    assert study("short.toml", "--out", "a.csv", "--workers", "1") == 2
    assert capsys.readouterr().err == (
        "explorer study: The workers are lost. What is finished is kept; the same command continues.\n"
    )
    assert len(parts("a.csv")) == 2


def test_an_existing_result_is_replaced_when_that_is_asked_for(folder):
    Path("results.csv").write_text("old")
    assert study("short.toml", "--out", "results.csv", "--workers", "1", "--overwrite") == 0
    assert_undisturbed("results.csv", "short.toml")


def test_the_old_result_stays_until_the_new_one_is_there(folder, monkeypatch, capsys):
    Path("results.csv").write_text("old")

    def interrupt(study, batch):
        raise KeyboardInterrupt

    monkeypatch.setattr(work, "make_batch", interrupt)
    assert study("short.toml", "--out", "results.csv", "--workers", "1", "--overwrite") == 130
    assert Path("results.csv").read_text() == "old"
    assert "the same command continues" in capsys.readouterr().err


def test_help_shows_a_plan_that_runs(folder, capsys):
    assert study("--help") == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in ("--out", "--overwrite", "--workers", "--dask", "OUT.parts"))
    example = "\n".join(re.findall(r"^  (\w+ = .*)$", shown, flags=re.MULTILINE))
    (folder / "example.toml").write_text(example)
    assert load_plan(folder / "example.toml").n_runs == 3_000


def test_it_needs_neither_streamlit_nor_plotly_nor_dask(folder):
    script = (
        "import sys\nfrom explorer import cli\n"
        "try:\n    cli.main(['study', 'short.toml', '--out', 'a.csv', '--workers', '1'])\nfinally:\n"
        "    print({'streamlit', 'plotly', 'distributed'} & set(sys.modules))"
    )
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[-1] == "set()"
