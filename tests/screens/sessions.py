"""A session of the app as Streamlit runs it, without a browser: what a person does, and what the players are sent."""

import re
from dataclasses import dataclass
from importlib.resources import files

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from explorer.screens.jobs import promises
from explorer.screens.jobs.scheduler import wait
from tests.player.decoder import decode

APP = str(files("explorer") / "app.py")
pytest.importorskip("streamlit", minversion="1.67", reason="the AppTest of older ones mounts no components")


@dataclass
class Session:
    """One session of the app."""

    app: AppTest

    def message(self, key):
        """The header and the arrays that the element with this key was sent, None where there is no such element."""
        for element in self.app.get("bidi_component"):
            if element.proto.id.endswith(f"-{key}"):
                return decode(element.proto.bytes)
        return None

    def header(self, key):
        return self.message(key)[0]

    def set(self, kind, key, value):
        getattr(self.app, kind)(key=key).set_value(value)
        return self.run()

    def click(self, key):
        self.app.button(key=key).click()
        return self.run()

    def paste(self, text):
        self.set("text_area", "own_numbers", text)
        return self.click("own_numbers_use")

    def upload(self, key, content, name="mine.csv"):
        self.app.file_uploader(key=key).set_value((name, content, "text/csv"))
        return self.run()

    def ask(self, panel, seconds=0.2):
        """What the browser does: ask for what the player's last message promised. Its answer, header and arrays."""
        path = self.header(f"{panel}_player")["ask"]
        made = promises.promised(path.removeprefix(f"{promises.PATH}/"))
        wait(made.job(), seconds)
        return decode(made.message())

    def known(self, panel):
        """What is known beyond the run, asked for until it is all there is."""
        for _ in range(600):
            header, _ = self.ask(panel)
            if header["finished"]:
                return header
        raise AssertionError("The answer never ends.")

    def go(self, page, **query):
        """Come to a page ("" is Explore) by a link within the app, or by the browser's button, with these entries."""
        self.app._page_hash = calc_hash(page)
        self.app.query_params.clear()
        self.app.query_params.update(query)
        return self.run()

    def run(self):
        self.app.run()
        assert not self.app.exception, self.app.exception
        return self

    @property
    def errors(self):
        return [as_read(error.value) for error in self.app.error]

    @property
    def warnings(self):
        return [as_read(warning.value) for warning in self.app.warning]

    @property
    def captions(self):
        return [as_read(caption.value) for caption in self.app.caption]


def as_read(markdown):
    """What people read of a sentence that is shown letter by letter."""
    return re.sub(r"\\(\W|_)", r"\1", markdown.replace("\u2060", ""))


def opened(page="", **query):
    """A new session, opened by a link to a page with these entries."""
    return Session(AppTest.from_file(APP, default_timeout=30)).go(page, **query)
