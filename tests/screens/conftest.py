"""What tests of whole sessions leave behind is taken away: the main module, and work that nobody waits for."""

import sys
from collections.abc import Iterator

import pytest

from explorer.screens.jobs import scheduler


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Streamlit's AppTest makes the app the main module, and new processes would run it."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture(autouse=True)
def own_scheduler(monkeypatch) -> Iterator[None]:
    """What one test has begun is not gone on with in another."""
    own = scheduler.Scheduler()
    monkeypatch.setattr(scheduler, "SCHEDULER", own)
    yield
    own.stop()
