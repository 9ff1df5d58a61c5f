"""Which browser the tests take, and how they come by one, on computers of every kind: none of it touches this one."""

import sys
import threading
from types import SimpleNamespace

import pytest
from playwright.sync_api import Error

from tests.browser import find_browser
from tests.browser.find_browser import NoBrowser, become_root, one_at_a_time, places, run_all, start_browser, ways

DOWNLOAD, LIBRARIES = "playwright install --no-shell chromium", "playwright install-deps chromium"


class Computer:
    """A computer with these commands; `installs` names what commands put onto it, `broken` what does not start."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.ran, self.installs, self.broken, self.refuses = folder / "bin", [], {}, set(), {}
        self.own = str(folder / "playwright" / "chrome")
        self.folder.mkdir()
        monkeypatch.setattr(find_browser.shutil, "which", self.which)
        monkeypatch.setattr(find_browser.subprocess, "run", self.run)
        monkeypatch.delenv("CHROMIUM", raising=False)

    def has(self, *commands):
        for command in commands:
            (self.folder / command).touch()

    def which(self, name):
        path = self.folder / name
        return str(path) if path.is_file() else None

    def run(self, command, **_):
        said = " ".join(command).removeprefix(f"{sys.executable} -m ")
        self.ran.append(said)
        for words, effect in (self.installs | self.refuses).items():
            if words in said and isinstance(effect, str):
                return SimpleNamespace(returncode=1, stdout=effect)
            if words in said:
                effect()
        return SimpleNamespace(returncode=0, stdout="")

    def gives_own(self):
        self.folder.parent.joinpath("playwright").mkdir(exist_ok=True)
        self.folder.parent.joinpath("playwright", "chrome").touch()

    def start(self, path):
        name = path.replace("\\", "/").rsplit("/", 1)[-1]
        if name in self.broken:
            raise Error(f"{name} has no libraries")
        return f"{name} runs"

    def browser(self):
        return start_browser(self.start, self.own, self.folder)


@pytest.fixture
def computer(tmp_path, monkeypatch):
    monkeypatch.setattr(find_browser.sys, "platform", "linux")
    monkeypatch.setattr(find_browser.os, "geteuid", lambda: 0, raising=False)
    return Computer(tmp_path, monkeypatch)


@pytest.fixture
def nobody(monkeypatch):
    """Who runs the tests is not root."""
    monkeypatch.setattr(find_browser.os, "geteuid", lambda: 1000, raising=False)


# ---- what is there -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", find_browser.COMMANDS)
def test_any_browser_of_the_family_is_taken_and_nothing_is_installed(computer, command):
    computer.has(command)
    assert computer.browser() == f"{command} runs"
    assert computer.ran == []


def test_the_named_one_goes_first(computer, monkeypatch):
    computer.has("chromium", "mine")
    monkeypatch.setenv("CHROMIUM", "mine")
    assert computer.browser() == "mine runs"


@pytest.mark.parametrize("broken", [{"mine"}, set()])
def test_a_named_one_that_does_not_start_is_told_and_not_replaced(computer, monkeypatch, broken):
    computer.has("chromium", *broken)
    computer.broken = broken
    monkeypatch.setenv("CHROMIUM", "mine")
    with pytest.raises(NoBrowser, match="CHROMIUM names mine, which does not start; correct or unset it"):
        computer.browser()
    assert computer.ran == []


def test_a_stub_that_does_not_start_is_passed_over(computer):
    computer.has("chromium-browser", "google-chrome")
    computer.broken = {"chromium-browser"}
    assert computer.browser() == "google-chrome runs"


def test_what_playwright_has_installed_earlier_is_taken_last(computer):
    computer.gives_own()
    assert computer.browser() == "chrome runs"
    computer.has("msedge")
    assert computer.browser() == "msedge runs"
    assert computer.ran == []


def test_the_usual_places_of_macos(computer, monkeypatch, tmp_path):
    monkeypatch.setattr(find_browser.sys, "platform", "darwin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    chrome = tmp_path / "Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    chrome.parent.mkdir(parents=True)
    chrome.touch()
    assert str(chrome) in [path.replace("\\", "/") for path in places(computer.own)]


def test_the_usual_places_of_windows(computer, monkeypatch, tmp_path):
    monkeypatch.setattr(find_browser.sys, "platform", "win32")
    for name in find_browser.WINDOWS[0]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PROGRAMFILES(X86)", str(tmp_path))
    edge = tmp_path / "Microsoft/Edge/Application/msedge.exe"
    edge.parent.mkdir(parents=True)
    edge.touch()
    assert places(computer.own) == [f"{tmp_path}/Microsoft/Edge/Application/msedge.exe"]


# ---- what is installed -------------------------------------------------------------------------------------------


def test_playwrights_download_is_tried_first(computer):
    computer.has("apt-get")
    computer.installs = {DOWNLOAD: computer.gives_own}
    assert computer.browser() == "chrome runs"
    assert computer.ran == [DOWNLOAD]


def test_a_download_that_lacks_libraries_gets_them(computer):
    computer.has("apt-get")
    computer.broken = {"chrome"}
    computer.installs = {DOWNLOAD: computer.gives_own, LIBRARIES: computer.broken.clear}
    assert computer.browser() == "chrome runs"
    assert computer.ran == [DOWNLOAD, LIBRARIES]


@pytest.mark.parametrize("manager", find_browser.MANAGERS)
def test_where_nothing_can_be_downloaded_the_package_manager_installs_one(computer, manager):
    computer.has(manager)
    computer.refuses = {DOWNLOAD: "Error: getaddrinfo ENOTFOUND"}
    installed = " ".join(find_browser.MANAGERS[manager][-1])
    computer.installs = {installed: lambda: computer.has("chromium")}
    assert computer.browser() == "chromium runs"
    assert computer.ran == [DOWNLOAD, *(" ".join(command) for command in find_browser.MANAGERS[manager])]


def test_who_is_not_root_asks_sudo_where_it_needs_no_password(computer, nobody):
    computer.has("apt-get", "sudo")
    computer.refuses = {DOWNLOAD: "Error: no network"}
    computer.installs = {"install -y": lambda: computer.has("chromium")}
    assert computer.browser() == "chromium runs"
    assert computer.ran[1:3] == ["sudo -n true", "sudo -n apt-get update"]


def test_who_may_not_install_is_told_what_to_do(computer, nobody):
    computer.has("apt-get", "sudo")
    computer.refuses = {DOWNLOAD: "Downloading\nError: no network", "sudo -n true": "sudo: a password is required"}
    with pytest.raises(NoBrowser) as told:
        computer.browser()
    assert "Playwright's download failed: Error: no network" in str(told.value)
    for words in (
        "needs Chrome",
        "Chromium or Edge",
        "apt-get install chromium",
        "CHROMIUM",
        'pytest -m "not browser"',
    ):
        assert words.replace("needs", "need") in str(told.value)
    assert not any("apt-get" in command for command in computer.ran)


def test_every_failure_is_told(computer):
    computer.has("apt-get", "dnf")
    computer.refuses = {DOWNLOAD: "Error: no network", "apt-get install": "Reading\nE: Unable to locate package"}
    with pytest.raises(NoBrowser) as told:
        computer.browser()
    assert "apt-get failed: E: Unable to locate package" in str(told.value)
    assert "dnf succeeded, but what it installed does not start" in str(told.value)


def test_the_ways_without_root_and_on_windows(computer, nobody, monkeypatch):
    computer.has("apt-get")
    assert [way for way, _ in ways(computer.own)] == ["Playwright's download"]
    monkeypatch.delattr(find_browser.os, "geteuid", raising=False)
    assert become_root() is None


# ---- several workers ---------------------------------------------------------------------------------------------


def test_one_worker_installs_and_the_others_take_what_it_installed(computer):
    computer.has("apt-get")
    computer.installs = {DOWNLOAD: computer.gives_own}
    running, browsers = [], []
    for _ in range(3):
        running.append(threading.Thread(target=lambda: browsers.append(computer.browser())))
        running[-1].start()
    for thread in running:
        thread.join()
    assert browsers == 3 * ["chrome runs"]
    assert computer.ran == [DOWNLOAD]


def test_what_failed_for_one_worker_is_not_tried_again_by_the_next(computer):
    computer.refuses = {DOWNLOAD: "Error: no network"}
    told = []
    for _ in range(2):
        with pytest.raises(NoBrowser) as reason:
            computer.browser()
        told.append(str(reason.value))
    assert told[0] == told[1]
    assert computer.ran == [DOWNLOAD]


def test_who_waits_too_long_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(find_browser, "PATIENCE", 0)
    (tmp_path / "installing").mkdir()
    with pytest.raises(NoBrowser, match="has not come to an end"), one_at_a_time(tmp_path / "installing"):
        pass


# ---- commands ----------------------------------------------------------------------------------------------------


def test_a_command_that_fails_ends_the_row_and_says_why():
    good = (sys.executable, "-c", "")
    bad = (sys.executable, "-c", "print('one'); print('Error: two'); raise SystemExit(3)")
    assert run_all([good]) == ""
    assert run_all([good, bad, ("never",)]) == "Error: two"
    assert run_all([(sys.executable, "-c", "raise SystemExit(3)")]) == "exit code 3"
    assert "never-installed" in run_all([("never-installed",)])


def test_a_command_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(find_browser, "PATIENCE", 0.2)
    assert "timed out" in run_all([(sys.executable, "-c", "import time; time.sleep(60)")])
