"""Fixtures for every test: the explorer as its users start it, by its command, in a folder of its own."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

# Linear algebra gets one thread, as the command gives it: on a busy machine two wait for each other ten times as long
# as they work. It is read when numpy is loaded, which no plugin does before this file.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

START_TIMEOUT = 90.0  # seconds

# An installed command to test instead of this clone's, as .ci/run does with the built wheel.
INSTALLED = os.environ.get("EXPLORER_COMMAND")
COMMAND = [INSTALLED] if INSTALLED else [sys.executable, "-m", "explorer"]
# The command is run in other folders, where Python would find another clone's explorer, if one is installed.
OURS = {} if INSTALLED else {"PYTHONPATH": str(Path(__file__).parents[1])}


WORKERS = 2


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run whole folders on two workers, if nothing else was said by -n; never files, benchmarks, or what -s shows."""
    option = config.option
    folders = [path for path in config.args if Path(path).is_dir() and "benchmarks" not in path]
    watched = option.capture == "no" or option.usepdb or option.collectonly
    has_workers = config.pluginmanager.hasplugin("xdist") and not hasattr(config, "workerinput")
    if has_workers and folders and not watched and option.numprocesses is None:
        option.numprocesses = WORKERS
        # Each begins with a half, and takes from the end of the other's when its own is done: the tests in the browser
        # come first, and stay with the first worker, its server and its pages.
        option.dist = "worksteal"


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """A new folder that all workers of this session share."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@dataclass(frozen=True)
class RunningExplorer:
    process: subprocess.Popen
    url: str
    log: Path

    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8")


def _run_explorer(folder: Path, *arguments: str) -> AbstractContextManager[RunningExplorer]:
    """Run the explorer in `folder` without opening a browser."""
    return serve([*COMMAND, "--no-browser", *arguments], folder)


@contextmanager
def serve(command: list[str], folder: Path) -> Iterator[RunningExplorer]:
    """Start an app in `folder`, wait for the address that it prints, stop it at the end."""
    log = folder / "explorer.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, cwd=folder, env=os.environ | OURS, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield RunningExplorer(process, _printed_address(process, log), log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _printed_address(process: subprocess.Popen, log: Path) -> str:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        if address := re.search(r"http://\S+", log.read_text(encoding="utf-8")):
            return address.group()
        time.sleep(0.05)
    raise AssertionError(f"The explorer printed no address:\n{log.read_text(encoding='utf-8')}")


@pytest.fixture
def run_explorer() -> Callable[..., AbstractContextManager[RunningExplorer]]:
    """`with run_explorer(folder, *arguments) as running:` is the explorer while the block runs."""
    return _run_explorer


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of one explorer for all tests, started where other settings lie, which must not matter."""
    folder = tmp_path_factory.mktemp("elsewhere")
    foreign = folder / ".streamlit" / "config.toml"
    foreign.parent.mkdir()
    foreign.write_text('[theme]\nbaseFontSize = 20\n[theme.light]\nbackgroundColor = "#FF0000"\n')
    with _run_explorer(folder) as running:
        yield running.url
