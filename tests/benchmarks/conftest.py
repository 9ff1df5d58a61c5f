"""What the benchmarks share: the browser, servers for the peers' apps, and the table that is printed at the end."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.benchmarks.table import Row, write_table
from tests.browser.conftest import browser as browser
from tests.conftest import serve

HERE = Path(__file__).parent

TABLE = pytest.StashKey[list[Row]]()
NOTES = pytest.StashKey[list[str]]()


@pytest.fixture
def table(pytestconfig: pytest.Config) -> list[Row]:
    """Whatever is measured goes in here."""
    return pytestconfig.stash.setdefault(TABLE, [])


@pytest.fixture
def notes(pytestconfig: pytest.Config) -> list[str]:
    """Lines to print below the table."""
    return pytestconfig.stash.setdefault(NOTES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if rows := config.stash.get(TABLE, []):
        terminalreporter.section("benchmarks")
        for line in [*write_table(rows), "", *config.stash.get(NOTES, [])]:
            terminalreporter.line(line)


@pytest.fixture
def serve_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """`serve_app(name)` serves an app of this folder as the explorer serves its own, and returns its address."""
    with ExitStack() as stack:

        def serve_(name: str) -> str:
            streamlit = [sys.executable, "-m", "streamlit", "run", str(HERE / f"{name}.py")]
            settings = ["--server.headless=true", "--server.fileWatcherType=none", "--browser.gatherUsageStats=false"]
            command = [*streamlit, "--server.address=127.0.0.1", *settings]
            return stack.enter_context(serve(command, tmp_path_factory.mktemp(name))).url

        yield serve_
