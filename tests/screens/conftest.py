"""What tests of whole sessions leave behind is taken away."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Streamlit's AppTest makes the app the main module, and new processes would run it."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before
