"""JavaScript without a browser: the Node.js on the path, or the one that Playwright brings along."""

import shutil
import subprocess
from pathlib import Path

import playwright

NODE = shutil.which("node") or str(Path(playwright.__file__).parent / "driver" / "node")


def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess:
    """Run node with arguments; what it says is in stdout and stderr, as bytes."""
    return subprocess.run([NODE, *arguments], input=given, capture_output=True, timeout=60)


def assert_is_a_module(script: str, folder: Path) -> None:
    """Fail with node's words where the script cannot be parsed as an ES module."""
    file = folder / "script.mjs"
    file.write_text(script, encoding="utf-8")
    checked = run("--check", str(file))
    assert checked.returncode == 0, checked.stderr.decode()
