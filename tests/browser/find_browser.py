"""The browser that the tests drive: one that this computer has, else one that is installed here and now.

Chromium, Chrome and Edge serve alike: the first that starts is taken. A stub that only says how to install one,
as Ubuntu has it, does not start, and the next place is tried.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser
from playwright.sync_api import Error as PlaywrightError

# What the commands are called, the nearest to what the tests were written for first.
COMMANDS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "microsoft-edge-stable", "msedge",
)  # fmt: skip
# Where they lie on systems that give them no command: in which folders, and where in these.
MACOS = ("/Applications", "~/Applications"), ("Chromium", "Google Chrome", "Microsoft Edge")
WINDOWS = (
    ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"),  # environment variables
    ("Chromium/Application/chrome", "Google/Chrome/Application/chrome", "Microsoft/Edge/Application/msedge"),
)
# How a system's package manager installs one. Debian's name goes first: its list of packages may be out of date.
MANAGERS = {
    "apt-get": (
        ("apt-get", "update"),
        (
            "env", "DEBIAN_FRONTEND=noninteractive",
            "apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", "chromium",
        ),
    ),
    "dnf": (("dnf", "install", "-y", "chromium"),),
    "zypper": (("zypper", "--non-interactive", "install", "chromium"),),
    "pacman": (("pacman", "-Sy", "--noconfirm", "chromium"),),
}  # fmt: skip
PLAYWRIGHT = (sys.executable, "-m", "playwright")
PATIENCE = 600  # seconds for one command that installs something, and for another worker that is at it
CONNECT = "10000"  # milliseconds until Playwright's download gives up an address; it tries five times

TO_DO = (
    "Install one, for example by `sudo apt-get install chromium` or `playwright install --with-deps chromium`, or name "
    'its executable in the environment variable CHROMIUM. To leave these tests out: pytest -m "not browser".'
)


class NoBrowser(Exception):
    """No browser starts here, and none can be installed; the sentences say why, and what to do."""


def start_browser(start: Callable[[str], Browser], own: str, folder: Path) -> Browser:
    """A running browser. Raises NoBrowser where there is none.

    `start(path)` starts one, or raises Playwright's error; `own` is where Playwright keeps what it installs; `folder`
    is one that all workers of this session share, so that one of them installs, and the others wait for it.
    """
    if named := os.environ.get("CHROMIUM"):
        if browser := first_to_start([path for path in [shutil.which(named)] if path], start):
            return browser
        raise NoBrowser(f"The environment variable CHROMIUM names {named}, which does not start; correct or unset it.")
    if browser := first_to_start(places(own), start):
        return browser
    with one_at_a_time(folder / "installing"):
        tried = folder / "no-browser.txt"  # what the first worker found out in vain
        if browser := first_to_start(places(own), start):
            return browser
        if not tried.exists():
            failures = []
            for way, commands in ways(own):
                if failure := run_all(commands):
                    failures.append(f"{way} failed: {failure}")
                elif browser := first_to_start(places(own), start):
                    return browser
                else:
                    failures.append(f"{way} succeeded, but what it installed does not start.")
            tried.write_text("\n".join(failures), encoding="utf-8")
        why = tried.read_text(encoding="utf-8")
    raise NoBrowser(f"The tests in the browser need Chrome, Chromium or Edge, and none starts here.\n{why}\n{TO_DO}")


def places(own: str) -> list[str]:
    """Where this computer has a browser: by its commands, in the usual places, and what Playwright installed."""
    found = [path for name in COMMANDS if (path := shutil.which(name))]
    if sys.platform == "darwin":
        found += [
            f"{Path(folder).expanduser()}/{name}.app/Contents/MacOS/{name}" for folder in MACOS[0] for name in MACOS[1]
        ]
    if sys.platform == "win32":
        folders = [os.environ[name] for name in WINDOWS[0] if name in os.environ]
        found += [f"{folder}/{name}.exe" for folder in folders for name in WINDOWS[1]]
    return [path for path in [*found, own] if Path(path).is_file()]


def first_to_start(paths: list[str], start: Callable[[str], Browser]) -> Browser | None:
    for path in paths:
        with suppress(PlaywrightError):
            return start(path)
    return None


def ways(own: str) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Each way to install a browser, and its commands; a later one is asked for after the earlier ones failed."""
    yield "Playwright's download", [(*PLAYWRIGHT, "install", "--no-shell", "chromium")]
    if (root := become_root()) is None:
        return
    if Path(own).is_file():  # it is there, and lacks libraries of the system
        yield "Playwright's installation of libraries", [(*root, *PLAYWRIGHT, "install-deps", "chromium")]
    for manager, commands in MANAGERS.items():
        if shutil.which(manager):
            yield manager, [(*root, *command) for command in commands]


def become_root() -> tuple[str, ...] | None:
    """What stands before a command to run it as root: nothing, or sudo where it asks for no password, or None."""
    if not hasattr(os, "geteuid"):  # on Windows
        return None
    if os.geteuid() == 0:
        return ()
    return ("sudo", "-n") if shutil.which("sudo") and not run_all([("sudo", "-n", "true")]) else None


def run_all(commands: list[tuple[str, ...]]) -> str:
    """Run the commands until one fails, and return why it did, in a line; nothing where all succeed."""
    quick = os.environ | {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": CONNECT}
    for command in commands:
        try:
            ended = subprocess.run(
                command, env=quick, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                encoding="utf-8", errors="replace", timeout=PATIENCE,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if ended.returncode:
            said = [line.strip() for line in ended.stdout.splitlines() if "rror" in line or line.startswith("E: ")]
            return (said or ended.stdout.split("\n") or [""])[0] or f"exit code {ended.returncode}"
    return ""


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Only one process at a time comes in. The folder of a session is new, so that nobody left the lock there."""
    deadline = time.monotonic() + 3 * PATIENCE
    while True:
        try:
            lock.mkdir()
            break
        except FileExistsError:
            if time.monotonic() > deadline:
                raise NoBrowser("Another worker was to install a browser, and has not come to an end.") from None
            time.sleep(0.2)
    try:
        yield
    finally:
        lock.rmdir()
