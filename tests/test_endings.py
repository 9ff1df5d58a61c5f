"""A study that is told to stop ends in a sentence, whatever it is doing; one that nobody listens to goes on."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from explorer import endings
from explorer.endings import Stopped, Voice
from explorer.study.results import read_results

REPOSITORY = Path(__file__).parents[1]
SENTENCE = "Stopped. What is finished is kept; the same command continues.\n"
# A study that gets a signal when a module is looked for, or a function of the command is called.
STUDY = """
import importlib, os, signal, sys
if __name__ == "__main__":
    number, kind, where, workers = int(sys.argv[1]), *sys.argv[2:]
else:  # in a worker
    number, kind, where, workers = 0, "", "", "1"
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == where:
            os.kill(os.getpid(), number)
sys.meta_path.insert(0, Finder)
sys.argv[1:] = ["study", "plan.toml", "--out", "a.csv", "--workers", workers]
from explorer import cli
if __name__ == "__main__":
    if kind == "call":
        module, name = where.rsplit(".", 1)
        module = importlib.import_module(module)
        function = getattr(module, name)
        def called(*arguments, **named):
            os.kill(os.getpid(), number)
            return function(*arguments, **named)
        setattr(module, name, called)
    cli.main()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    (tmp_path / "plan.toml").write_text('kind = "em"\ndata = "ten-points"\nn_components = [1, 2]\nn_starts = 3\n')
    (tmp_path / "study.py").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, timeout=120)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    ("kind", "where"),
    [
        ("import", "explorer.study.command.run_study"),
        ("import", "numpy._core.multiarray"),
        ("import", "pandas._libs.lib"),
        ("import", "pyarrow.parquet"),
    ],
)
def test_it_stops_in_the_middle_of_an_import(folder, number, kind, where):
    ended = run("study.py", str(int(number)), kind, where, "1")
    assert (ended.returncode, ended.stderr) == (128 + number, SENTENCE)
    assert sorted(path.name for path in folder.iterdir()) == ["plan.toml", "study.py"]


@pytest.mark.parametrize("where", ["load_plan", "held", "open_journal", "add_outcomes", "results_as_bytes"])
def test_it_stops_at_every_step_and_leaves_no_lock_and_no_empty_folder(folder, where):
    ended = run("study.py", "15", "call", f"explorer.study.command.run_study.{where}", "1")
    assert (ended.returncode, ended.stderr) == (143, SENTENCE)
    assert not list(folder.glob(".*"))
    assert Path("a.csv.parts").exists() == (where in ("add_outcomes", "results_as_bytes"))
    assert not Path("a.csv").exists()


def test_it_stops_while_workers_begin_and_none_is_left(folder):
    ended = run("study.py", "15", "call", "multiprocessing.util.spawnv_passfds", "2")
    assert ended.returncode == 143
    assert ended.stderr == SENTENCE
    assert not Path("a.csv.parts").exists()


def test_what_is_being_written_is_written(folder):
    ended = run("study.py", "2", "call", "explorer.study.command.run_study.write_file", "1")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert read_results(Path("a.csv")).complete
    assert sorted(path.name for path in folder.iterdir()) == ["a.csv", "plan.toml", "study.py"]


def test_a_stop_that_gets_lost_ends_the_process_all_the_same():
    ended = run(
        "-c",
        "import os, time\nfrom explorer import endings\n"
        "class Lost:\n    def __del__(self):\n        os.kill(os.getpid(), 15)\n        time.sleep(0.01)\n"
        "endings.PATIENCE = 0.3\nendings.listen()\nwith endings.orderly():\n    Lost()\n    time.sleep(60)\n",
    )
    assert (ended.returncode, ended.stderr) == (143, SENTENCE)


def test_a_signal_that_is_ignored_stays_so():
    ended = run(
        "-c",
        "import os, signal\nfrom explorer import endings\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "endings.listen()\nos.kill(os.getpid(), signal.SIGHUP)\nprint('on')",
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "on\n", "")


def test_what_is_held_back_comes_when_it_may_and_only_once():
    before = signal.getsignal(signal.SIGTERM)
    endings.listen()
    try:
        steps = []
        with endings.orderly():
            with pytest.raises(Stopped), endings.held_back():
                os.kill(os.getpid(), signal.SIGTERM)
                steps.append("through")
            os.kill(os.getpid(), signal.SIGTERM)
            steps.append("once")
        assert steps == ["through", "once"]
        assert endings.stopped(Stopped()) == 143
    finally:
        endings.forget()
    assert signal.getsignal(signal.SIGTERM) is before


class Full(io.StringIO):
    def write(self, text):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("stream", [None, Full(), io.TextIOWrapper(io.BytesIO(), "ascii")])
def test_where_nobody_reads_nothing_is_said(stream):
    voice = Voice(stream)
    voice.say("“words”")
    voice.say("more")
    assert not voice.isatty()


@pytest.mark.parametrize("where", ["> /dev/full", ">&-", "2>&- >&-", "| head -c 0"])
def test_a_study_whose_words_nobody_reads_writes_its_result(folder, where):
    command = f"{sys.executable} -m explorer study plan.toml --out a.csv --workers 1 {where}"
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    ended = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True,
                           env=environment, timeout=120)  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert read_results(Path("a.csv")).complete


@pytest.mark.parametrize("what", ["--help", "--version", "study --help"])
def test_help_that_nobody_reads_is_no_failure(what):
    ended = subprocess.run(["bash", "-c", f"{sys.executable} -m explorer {what} > /dev/full"], capture_output=True,
                           text=True, env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, timeout=120)  # fmt: skip
    assert ended.stderr == ""
