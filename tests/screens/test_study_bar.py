"""The button that runs, stops and continues a study, and what is to be seen meanwhile."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from explorer.screens.study_work import StudyWork
from explorer.settings import EMStudySettings
from explorer.study.plans import study_of

SETTINGS = EMStudySettings(data="ten-points", n_components=2, n_starts=500, initializations=("random-points",))


class PausingWork(StudyWork):
    """A study whose page rests after so many runs, as if it were still at it."""

    rest_at = 10**9

    def wait(self, seconds):
        if self.n_finished >= self.rest_at:
            st.stop()
        super().wait(seconds)

    def waiting(self):
        return super().waiting()[: max(0, self.rest_at - self.n_finished) // 250]


def draw():
    import streamlit as st

    from explorer.screens.parts.study_bar import StudyBar

    bar, work, wanted = StudyBar("some"), st.session_state["work"], st.session_state["wanted"]
    if bar.asked is None:
        bar.ask(wanted)
    bar.button(wanted, 500, work if bar.asked == "these" else None, disabled=st.session_state.get("wrong", False))
    bar.run(wanted, work, lambda: st.text(f"drawn with {work.n_finished}"))


@pytest.fixture
def app():
    app = AppTest.from_function(draw, default_timeout=60)
    app.session_state["work"] = PausingWork(study_of(SETTINGS))
    app.session_state["wanted"] = "these"
    return app


def rest_at(app, n_finished):
    app.session_state["work"].rest_at = n_finished


def button(app):
    (found,) = app.button
    return found.label, found.disabled


def drawn(app):
    return [text.value for text in app.text]


def test_a_study_runs_to_its_end_and_the_button_says_so(app):
    app.run()
    assert app.session_state["work"].complete
    assert button(app) == ("500 runs done", True)
    assert drawn(app) == ["drawn with 500"]
    assert not app.info


def test_while_it_runs_the_button_stops_it_and_what_has_finished_stays(app):
    rest_at(app, 250)
    app.run()
    assert button(app) == ("Stop", False)
    app.button[0].click().run()
    assert button(app) == ("Go on", False)
    assert drawn(app) == ["drawn with 250"]
    assert app.info[0].value == "Stopped after 250 of 500 runs."


def test_it_goes_on_from_where_it_was_stopped(app):
    rest_at(app, 250)
    app.run()
    app.button[0].click().run()
    rest_at(app, 10**9)
    app.run()
    assert drawn(app) == ["drawn with 250"], "not before the button is pressed"
    app.button[0].click().run()
    assert button(app) == ("500 runs done", True)
    assert drawn(app) == ["drawn with 500"]
    assert not app.info


def test_a_study_that_is_stopped_before_its_first_batch_draws_nothing(app):
    rest_at(app, 0)
    app.run()
    app.button[0].click().run()
    assert drawn(app) == []
    assert app.info[0].value == "Stopped after 0 of 500 runs."


def test_the_button_tells_what_other_settings_would_run(app):
    app.run()
    app.session_state["wanted"] = "others"
    app.run()
    assert button(app) == ("Run 500 starts", False)
    assert drawn(app) == ["drawn with 500"]


def test_settings_that_cannot_be_run_have_a_button_that_cannot_be_pressed(app):
    app.run()
    app.session_state["wanted"], app.session_state["wrong"] = "others", True
    app.run()
    assert button(app) == ("Run 500 starts", True)


def test_a_study_that_was_stopped_runs_when_it_is_asked_for_again(app):
    rest_at(app, 250)
    app.run()
    app.button[0].click().run()
    app.session_state["wanted"] = "others"
    app.run()
    rest_at(app, 10**9)
    app.session_state["wanted"] = "these"
    app.run()
    assert button(app) == ("Go on", False)
    app.button[0].click().run()
    assert button(app) == ("500 runs done", True)


def test_a_study_can_be_stopped_though_other_settings_are_chosen_meanwhile(app):
    rest_at(app, 250)
    app.run()
    app.session_state["wanted"] = "others"
    app.run()
    run, stop = app.button
    assert (run.label, stop.label) == ("Run 500 starts", "Stop")
    stop.click().run()
    assert app.info[0].value == "Stopped after 250 of 500 runs."
    assert button(app) == ("Run 500 starts", False)
