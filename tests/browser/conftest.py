"""Fixtures for tests in the browser: Chromium, and pages that fail a test on errors and foreign requests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser.find_browser import NoBrowser, start_browser
from tests.conftest import shared_folder

# No sandbox: the tests may run as root. The rest keeps Chromium from talking to anyone but the app.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies in this folder needs the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@dataclass
class PageLog:
    """What the pages of one test reported."""

    console_errors: list[str] = field(default_factory=list)
    page_errors: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)

    def watch(self, page: Page, app_host: str) -> None:
        def note_address(url: str) -> None:
            if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).netloc != app_host:
                self.foreign_requests.append(url)

        def note_console(message: ConsoleMessage) -> None:
            if message.type == "error":
                self.console_errors.append(message.text)

        page.on("console", note_console)
        page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        page.on("request", lambda request: note_address(request.url))
        page.on("websocket", lambda socket: note_address(socket.url))


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium
        try:
            browser = start_browser(
                lambda path: chromium.launch(executable_path=path, args=FLAGS),
                chromium.executable_path,
                shared_folder(tmp_path_factory),
            )
        except NoBrowser as reason:
            pytest.fail(str(reason), pytrace=False)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def profile(browser: Browser) -> BrowserContext:
    """One profile for all pages of a session: its cache makes a page cost half. The app leaves nothing in it."""
    return browser.new_context()


@contextmanager
def _pages(profile: BrowserContext, app_url: str, log: PageLog) -> Iterator[Callable[..., Page]]:
    """Give `open_page`; in the end close what it opened and fail on any error that a page reported."""
    pages = []

    def open_(
        path: str = "/",
        width: int = 1280,
        height: int = 720,
        dark: bool = False,
        reduced_motion: bool = False,
        watch: Callable[[Page], object] | None = None,
    ) -> Page:
        page = profile.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(
            color_scheme="dark" if dark else "light", reduced_motion="reduce" if reduced_motion else "no-preference"
        )
        log.watch(page, urlsplit(app_url).netloc)
        if watch:
            watch(page)
        page.goto(app_url + path)
        return page

    yield open_
    for page in pages:
        log.page_errors += page.get_by_test_id("stException").all_inner_texts()
        page.close()
    assert not log.page_errors, f"Uncaught errors in the page: {log.page_errors}"
    assert not log.foreign_requests, f"Requests to other hosts: {log.foreign_requests}"


@pytest.fixture
def page_log() -> PageLog:
    """What the pages of this test reported so far."""
    return PageLog()


@pytest.fixture
def open_page(profile: BrowserContext, app_url: str, page_log: PageLog) -> Iterator[Callable[..., Page]]:
    """`open_page(path, width, height, dark, reduced_motion)` opens the app in a page and a session of its own.

    `watch` is called with the page before anything is loaded. In the end the test fails on any uncaught error in a
    page and any request to a host other than the app.
    """
    with _pages(profile, app_url, page_log) as open_:
        yield open_


@pytest.fixture(scope="module")
def open_shared_page(profile: BrowserContext, app_url: str) -> Iterator[Callable[..., Page]]:
    """Like open_page, for a page that the tests of one file share."""
    with _pages(profile, app_url, PageLog()) as open_:
        yield open_
