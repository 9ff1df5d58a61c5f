"""What people see of a fault in the explorer itself: a sentence. Its log has the rest."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import expect

from tests.conftest import serve

HERE = Path(__file__).parent
SETTINGS = HERE.parent.parent / ".streamlit"


def test_a_fault_is_told_in_a_sentence_and_nobody_sees_a_traceback(browser, tmp_path):
    shutil.copytree(SETTINGS, tmp_path / ".streamlit")
    command = [sys.executable, "-m", "streamlit", "run", str(HERE / "failing_app.py"), "--server.port=0"]
    with serve([*command, "--browser.gatherUsageStats=false"], tmp_path) as running:
        page = browser.new_page()
        page.goto(running.url)
        page.get_by_role("button", name="Fail").click()
        expect(page.get_by_role("alert")).to_contain_text("Something failed here, and it is the explorer's fault.")
        for secret in ("Traceback", "ValueError", "a secret of the server"):
            assert secret not in page.locator("body").inner_text()
        page.close()
        assert "ValueError: a secret of the server" in running.printed()
