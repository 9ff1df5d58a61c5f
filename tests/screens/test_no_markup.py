"""What people bring is nowhere given to what reads markup: a look at everything that the server sends to the browser.

tests/browser/test_no_markup.py looks at what the browser makes of it.
"""

import ast
from pathlib import Path

import pytest

from explorer import screens
from explorer.datasets import own_matrix, own_sample, read_matrix
from explorer.screens.parts.telling import letter_by_letter
from explorer.settings import OWN, ALSStudySettings, EMStudySettings
from explorer.study.plans import Plan, study_of
from explorer.study.results import Results, results_as_bytes
from explorer.study.work import run_plan
from tests.markup import COLOUR, FILE_NAME, MARKS, MATRIX, TABLE, TAG, TEXTS
from tests.screens.sessions import as_read, opened

# The elements that show text letter by letter: the players by textContent, the others are Streamlit's plain ones. In
# HTML it has to be escaped.
PLAIN = {"bidi_component", "selectbox", "text_area", "text_input", "file_uploader", "html"}
# ... and those that read Markdown, which are given sentences letter by letter.
MARKDOWN = {"alert", "markdown"}
# Of each text a piece that is left of it, however it is cut.
TRACES = ("onerror=", "evil.test", "red[sh", "bold**", "material/home")


def check(page, least=0):
    """Look through all that is sent; at least so many elements hold something of the texts."""
    found = []
    for node in page.app._tree:
        proto = getattr(node, "proto", None)
        sent = b"" if proto is None else proto.SerializeToString().replace(b"\\", b"").replace("\u2060".encode(), b"")
        if any(trace.encode() in sent for trace in TRACES):
            found.append(node.type)
            if node.type == "html":
                assert "<img" not in node.proto.body
            if node.proto.__class__.__name__.lower() in MARKDOWN:
                assert node.proto.body == letter_by_letter(as_read(node.proto.body))
            else:
                assert node.type in PLAIN
    assert len(found) >= least, found


@pytest.mark.parametrize("text", TEXTS)
def test_entries_of_a_link(text):
    word = text.replace(" ", "")
    for page, entries in (
        ("", {text: "1", "k": text, "means": text, "rank": text, "data": text, "ridge": text}),
        ("sensitivity", {"study": text, "inits": text, "k": text, text: "1"}),
        ("sensitivity", {"runs": f"partition:{word} means:{word}"}),
    ):
        arrived = opened(page, **entries)
        check(arrived, least=1)
        (warning,) = arrived.warnings
        assert text[:39] in warning or word[:20] in warning


def test_headers_of_a_table():
    page = opened().upload("own_sample_file", TABLE, f"{FILE_NAME}.csv")
    assert page.app.selectbox(key="own_column").options == list(TEXTS)
    assert any(TEXTS[1] in caption for caption in page.captions)
    for text in TEXTS:
        page.set("selectbox", "own_column", text).click("own_column_use")
        assert page.header("em_player")["label"] == text
        check(page, least=3)
    page.set("select_slider", "em_initialization", "partition")
    assert "has no given partition" in page.header("em_player")["text"]
    check(page, least=3)


@pytest.mark.parametrize("text", TEXTS)
def test_pasted_text_and_files_that_cannot_be_used(text):
    word = text.replace(" ", "")
    page = opened().paste(f"1 2 {word}")
    assert word[:20] in page.errors[0]
    check(page, least=1)
    page.upload("own_sample_file", f"{text.replace(',', '')}\n1\n{text}\n".encode(), f"{FILE_NAME}.csv")
    assert text[:20] in page.errors[1]
    page.upload("own_matrix_file", f"1,2\n3,{text}\n".encode(), f"{FILE_NAME}.csv")
    assert text[:20] in page.errors[2]
    check(page, least=3)


def test_typed_numbers():
    page = opened(init="means").set("text_input", "em_means", COLOUR)
    assert COLOUR in page.header("em_player")["text"]
    check(page, least=1)


def test_a_study_of_a_column_and_one_of_a_matrix():
    page = opened("sensitivity", k="2", starts="5", inits="random-points", data="generated", n="20")
    page.upload("own_sample_file", TABLE).set("selectbox", "own_column", MARKS).click("own_column_use")
    page.click("em_study_run")
    assert page.app.get("plotly_chart") and page.errors == []
    check(page, least=2)
    page = opened("sensitivity", study="als", masks="2", starts="3", seen="80")
    page.upload("own_matrix_file", MATRIX, f"{FILE_NAME}.csv").click("own_matrix_use").click("als_study_run")
    assert page.app.get("plotly_chart") and page.errors == []
    check(page, least=1)


def test_results_and_files_that_are_none():
    page = opened("sensitivity", k="2", starts="2", inits="random-points", data="ten-points")
    page.upload("results_file", TAG.encode(), f"{FILE_NAME}.csv")
    assert page.errors[0].startswith(f"{FILE_NAME}.csv cannot be read")
    check(page, least=1)
    for data in (em_results(), als_results()):
        page.upload("results_file", data, "mine.json").click("results_show")
        assert page.app.get("plotly_chart") and page.errors == []
        check(page, least=1)
    page.upload("results_file", als_results().replace(b'"own"', b'"<img src=x>"', 1), f"{FILE_NAME}.json")
    assert page.errors
    check(page, least=1)


def em_results() -> bytes:
    sample = own_sample([-4, -3.5, -3, 3, 3.5, 4, 0.1, 0.4], TAG)
    settings = EMStudySettings(data=OWN, n_components=2, initializations=("random-points",), n_starts=3)
    return _results(Plan((study_of(settings, sample),)))


def als_results() -> bytes:
    matrix = own_matrix(*read_matrix(MATRIX), label=MARKS)
    settings = ALSStudySettings(matrix=OWN, rank=2, seen=80, initializations=("gaussian",), n_starts=2, n_masks=2)
    return _results(Plan((study_of(settings, matrix),)))


def _results(plan) -> bytes:
    return results_as_bytes(Results(plan, run_plan(plan)), "json")


def test_no_screen_quotes_anything_in_markdown_but_letter_by_letter():
    sources = [*Path(screens.__file__).parent.rglob("*.py")]
    assert {"explore.py", "own_data.py", "server.py"} <= {file.name for file in sources}
    for file in sources:
        if file.name != "telling.py":
            calls = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
            boxes = {"st.error", "st.warning", "st.exception", "st.write"}
            quoting = [call for call in calls if ast.unparse(call.func) in boxes]
            assert all(isinstance(call.args[0], ast.Constant) for call in quoting), file.name
