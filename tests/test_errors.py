"""Sentences about bad input stay sentences: on one line, and with a few words only of what was given."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from explorer import cli
from explorer.datasets import read_matrix, read_numbers, read_table
from explorer.errors import LONGEST, LONGEST_PATH, InputError, listed, place, quoted, told
from explorer.settings import EMSettings, EMStudySettings, read_query, read_run, settings_of, unknown_entries
from explorer.study.plans import plan_of, read_plan
from explorer.study.results import Results, read_results, results_as_bytes
from explorer.study.work import run_plan

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**60), 10**60)
    | st.floats()
    | st.text(max_size=120)
    | st.sampled_from(["x" * 3000, "ab " * 1000, "\n" * 99, "a\nb\tc\x00\u202ed\u2028e", "\ud800" * 60, "=cmd()"]),
    lambda values: st.lists(values, max_size=30) | st.dictionaries(st.text(max_size=60), values, max_size=3),
    max_leaves=12,
)
NAMES = st.sampled_from(sorted({*settings_of(EMStudySettings), "kind", "file", "column"})) | st.text(max_size=80)


def assert_short(sentence: str, *texts: str) -> None:
    """One line of reasonable length, with no more than a few words in a row of these texts."""
    assert len(sentence) <= 400
    assert sentence.isprintable()
    for start in range(len(sentence) - LONGEST - 1):
        assert not any(sentence[start : start + LONGEST + 2] in text for text in texts)


def refused(action: Callable[[], Any]) -> str:
    try:
        action()
    except InputError as error:
        return str(error)
    return ""


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*map(str, value), *(text for each in value.values() for text in texts_in(each))]
    if isinstance(value, list):
        return [text for each in value for text in texts_in(each)]
    return [str(value)]


def test_what_was_given_is_quoted_as_one_would_type_it():
    assert [quoted(value) for value in ("a b", "", 3, 2.5, None, np.float64(0.5), [1, "x"])] == [
        "“a b”", "“”", "3", "2.5", "None", "0.5", "[1, 'x']",
    ]  # fmt: skip
    assert quoted("x" * 1000) == f"“{'x' * (LONGEST - 1)}…”"
    assert quoted("a\nb\x00c\u202ed\ud800") == "“a b c d ”"
    assert "\n" not in quoted(np.ones((3, 3)))


def test_what_python_refuses_to_write_is_described():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    assert quoted(10**5000) == "a very long int"
    assert quoted(deep) == "a very long list"


def test_a_place_keeps_its_end_and_lists_their_beginning():
    assert place("folder/a.csv") == "folder/a.csv"
    assert place("/x" * 500 + "/a.csv").endswith("/x/a.csv")
    assert len(place("/x" * 500)) == LONGEST_PATH
    assert place("a\nb.csv") == "a b.csv"
    assert listed(["a", "b"]) == "a, b"
    assert listed(["x" * 99, *map(str, range(30))]) == f"{'x' * (LONGEST - 1)}…, 0, 1, 2, 3, 4 and 25 more"


def test_an_error_of_others_is_told_in_its_first_line():
    assert told(ValueError("Wrong.\nMore.")) == "Wrong"
    assert told(TimeoutError()) == "TimeoutError"
    assert told(ValueError(f"'{'x' * 500}' is wrong")) == f"'{'x' * (LONGEST - 2)}… is wrong"
    assert len(told(ValueError("ab " * 500))) == 2 * LONGEST + 1


@given(st.dictionaries(NAMES, JUNK, max_size=4), st.sampled_from(["em", "als", None]))
@settings(deadline=None, max_examples=300)
def test_a_plan_of_anything(table, kind):
    table = table if kind is None else table | {"kind": kind}
    small = {"n_starts": 1} | table  # what happens to be right is not run, only planned
    assert_short(refused(lambda: plan_of(small)), *texts_in(table))


@given(st.text(max_size=200) | st.sampled_from(["x" * 3000, f"{'k' * 80} = 1\n{'k' * 80} = 2", f"n = {'9' * 6000}"]))
@example("[" + "a" * 90 + "]\n[" + "a" * 90 + "]")
@settings(deadline=None)
def test_a_plan_file_of_anything(text):
    assert_short(refused(lambda: read_plan(text)), text)


@given(st.dictionaries(st.sampled_from([s.url for s in settings_of(EMSettings).values()]), st.text(max_size=200)))
@settings(deadline=None)
def test_a_link_of_anything(query):
    _, problems = read_query(EMSettings, query)
    for problem in [*problems, *unknown_entries({"x" * 500 + "\n": "1"} | query, [])]:
        assert_short(problem, *query.values())
    for text in query.values():
        assert_short(refused(lambda text=text: read_run(text, EMSettings())), text)


@given(st.text(max_size=300) | st.sampled_from(["x" * 3000, "1,2\n" + "y" * 500, "a" * 90 + ",b\n1,x\n2,3\n"]))
@settings(deadline=None)
def test_data_of_anything(text):
    for reader in (read_numbers, read_table, read_matrix):
        assert_short(refused(lambda reader=reader: reader(text)), text)


@pytest.fixture(scope="module")
def document() -> dict:
    plan = plan_of({"kind": "em", "data": "ten-points", "n_components": 1, "n_starts": 2, "max_iter": 5})
    return json.loads(results_as_bytes(Results(plan, run_plan(plan)), "json"))


@given(data=st.data(), junk=JUNK)
@settings(deadline=None, max_examples=300)
def test_results_of_anything(document, data, junk):
    changed = json.loads(json.dumps(document))
    where = data.draw(st.sampled_from(["header", "settings", "study", "columns", "run", "all runs"]))
    parts = {"header": changed["plan"], "settings": changed["plan"]["settings"], "run": changed["runs"][0],
             "columns": changed["plan"]["columns"], "study": changed["plan"]["studies"][0]}  # fmt: skip
    part = parts.get(where, changed["runs"][0])
    name = data.draw(st.sampled_from(sorted(part) or ["x"]) | st.text(max_size=80))
    for each in changed["runs"] if where == "all runs" else [part]:
        each[name] = junk
    content = json.dumps(changed, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert_short(refused(lambda: read_results(content, "x.json")), *texts_in(junk), name)


@pytest.mark.parametrize(
    "arguments",
    [["--port", "x" * 3000], ["x" * 3000], ["--" + "x" * 3000], ["study", "a", "--out", "b", "--workers", "9\n" * 500],
     ["study", "a", "--out", "b", *["c d " * 99] * 9], ["study", "a\nb.toml", "--out", "b.csv"],
     ["study", "a.toml", "--out", "b.csv", "--dask", "x" * 3000], ["study", "a.toml", "--out", "x\n" * 1000]],
)  # fmt: skip
def test_arguments_of_anything(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.toml").write_text('kind = "em"\nn_starts = 1\n')
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    *_, last = capsys.readouterr().err.removesuffix("\n").split("\n")
    assert_short(last, *(text for text in arguments if "\n" not in text))
    assert last.startswith("explorer")
