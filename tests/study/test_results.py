"""Results as files: they load again with every number as it was, and a file that is damaged is told in a sentence."""

import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer import __version__
from explorer.datasets import own_matrix, own_sample
from explorer.errors import InputError
from explorer.study.plans import Plan, as_table, plan_of
from explorer.study.results import Results, read_results, results_as_bytes, write_results
from explorer.study.tables import table_as_bytes, table_from_bytes
from explorer.study.work import run_plan

FORMATS = ("csv", "json", "parquet")


def finished(plan: Plan) -> Results:
    return Results(plan, run_plan(plan))


@pytest.fixture(scope="module")
def em() -> Results:
    own = own_sample([0.1, 0.2, 1 / 3, 5.0, 7.25, 1e-17], "my “numbers”, and a comma")
    table = {"kind": "em", "data": ["own", "ten-points"], "n_components": [1, 2], "n_starts": 3, "max_iter": 20}
    return finished(plan_of(table, own))


@pytest.fixture(scope="module")
def als() -> Results:
    own = own_matrix([[1, 2, np.nan], [3, 4, 5], [0.1, 6, 7]], ("a", "b", "ü"), ("x", "y", "z"))
    return finished(
        plan_of({"kind": "als", "matrix": "own", "rank": [1, 2], "seen": 100, "n_masks": 2, "n_starts": 2}, own)
    )


def assert_same(found: Results, expected: Results) -> None:
    pd.testing.assert_frame_equal(found.table, expected.table, check_exact=True)
    assert [as_table(study.settings) for study in found.plan.studies] == [
        as_table(study.settings) for study in expected.plan.studies
    ]


@pytest.mark.parametrize("format", FORMATS)
def test_results_load_again_with_their_plan_and_own_data(em, als, format):
    for results in (em, als):
        loaded = read_results(results_as_bytes(results, format))
        assert_same(loaded, results)
        assert loaded.complete
        assert loaded.plan.own.label == results.plan.own.label
        np.testing.assert_array_equal(loaded.plan.own.values, results.plan.own.values)
    assert loaded.plan.own.row_labels == ("a", "b", "ü")


@pytest.mark.parametrize("format", FORMATS)
def test_part_of_a_study_is_a_result_too(em, format):
    part = Results(em.plan, em.table[:5])
    loaded = read_results(results_as_bytes(part, format))
    assert_same(loaded, part)
    assert not loaded.complete


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_on_the_disk(em, tmp_path, format):
    path = tmp_path / f"results.{format.upper()}"
    write_results(em, path)
    assert_same(read_results(path), em)
    assert_same(read_results(str(path)), em)
    assert list(tmp_path.iterdir()) == [path]


def test_other_programs_can_read_the_files(em, tmp_path):
    for format in FORMATS:
        write_results(em, tmp_path / f"results.{format}")
    names = list(em.table)
    assert list(pd.read_csv(tmp_path / "results.csv", comment="#")) == names
    assert list(pd.read_parquet(tmp_path / "results.parquet")) == names
    document = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert document["plan"]["explorer"] == __version__
    assert list(pd.DataFrame(document["runs"])) == names


def test_rows_may_come_in_any_order_and_are_put_into_the_plans(em):
    assert_same(Results(em.plan, em.table.sample(frac=1, random_state=0)), em)


NUMBERS = st.floats() | st.sampled_from([0.1 + 0.2, -0.0, 5e-324, 1.7976931348623157e308, 1e22, 123456789012345680.0])
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8) | st.text(
    st.sampled_from("'=+-@\t,;\"a1 \n"), max_size=6
)


@given(
    st.lists(
        st.tuples(NUMBERS, st.integers(-(2**63), 2**63 - 1), st.integers(-9, 9) | st.none(), st.booleans(), TEXTS),
        min_size=1,
        max_size=6,
    )
)
@settings(deadline=None)
def test_every_number_and_text_comes_back_as_it_was(rows):
    numbers, whole, gaps, flags, texts = (list(column) for column in zip(*rows, strict=True))
    table = pd.DataFrame(
        {
            "numbers": pd.Series(numbers, dtype=float),
            "whole": pd.Series(whole, dtype="int64"),
            "gaps": pd.Series(gaps, dtype="Int64" if None in gaps else "int64"),
            "flags": flags,
            "texts, and a comma": pd.Series(texts),
        }
    )
    for format in FORMATS:
        found, header = table_from_bytes(table_as_bytes(table, {"about": "ü\n"}, format))
        pd.testing.assert_frame_equal(found, table, check_exact=True)
        assert (np.signbit(found["numbers"]) == np.signbit(table["numbers"]))[table["numbers"].notna()].all()
        assert header["about"] == "ü\n"


@given(TEXTS, TEXTS)
@settings(deadline=None)
def test_no_cell_of_a_csv_file_begins_like_a_formula(text, other):
    table = pd.DataFrame({"a": [text, other], f"{text}b": [-1.5, 2.0]})
    header = {"label": f"{text},{other}", "=x": ["-4, -5", -3], "all": "1,=cmd(); @x,+1"}
    content = table_as_bytes(table, header, "csv")
    found, said = table_from_bytes(content)
    pd.testing.assert_frame_equal(found, table, check_exact=True)
    assert {name: said[name] for name in header} == header
    first, _, rest = content.decode().partition("\n")
    cells = [cell for row in csv.reader(io.StringIO(rest)) for cell in row]
    assert not [cell for cell in cells if re.match(r"[=+@\t\r]|-(?![\d.]+$)", cell)]
    assert not [piece for piece in re.split(r"[,;]", first) if re.match(r"\s*([=+@]|-(?!\d+\]))", piece)]


def test_line_ends_of_windows_change_nothing(em):
    assert_same(read_results(results_as_bytes(em, "csv").replace(b"\n", b"\r\n")), em)


def test_a_missing_text_is_an_empty_one():
    table = pd.DataFrame({"texts": ["a", None], "sorts": pd.Categorical(["b", "c"])})
    for format in FORMATS:
        found, _ = table_from_bytes(table_as_bytes(table, {}, format))
        assert found.to_dict("list") == {"texts": ["a", ""], "sorts": ["b", "c"]}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda table: table.drop(columns="seed"), "The column “seed” is missing."),
        (lambda table: table.drop(columns="log_likelihood"), "The column “log_likelihood” is missing."),
        (lambda table: table.drop(columns="mean_2"), "The column “mean_2” is missing."),
        (lambda table: table.assign(seed=0.5), "The column “seed” holds something else than whole numbers."),
        (lambda table: table.assign(study=pd.array([None] * len(table), "Int64")), "“study” holds something else"),
        (lambda table: table.assign(iterations="x"), "“iterations” holds something else than whole numbers."),
        (lambda table: table.assign(log_likelihood="x"), "“log_likelihood” holds something else than numbers."),
        (lambda table: table.assign(mean_1=True), "“mean_1” holds something else than numbers."),
        (lambda table: table.assign(stop_reason=1), "“stop_reason” holds something else than text."),
        (lambda table: table.assign(seed=table["seed"] + 1), "seed 3) is not a run of this study."),
        (lambda table: table.assign(study=99), "Row 1 (study 99, initialization random-partition, seed 0) is not"),
        (lambda table: table.assign(initialization="means"), "is not a run of this study."),
        (lambda table: table.iloc[[0, 1, 1]], "Row 3 (study 0, initialization random-partition, seed 1) is there"),
        (lambda table: table.assign(n_components=2), "Row 1 says n_components 2, but its study has 1."),
        (lambda table: table.assign(data="galaxies"), "Row 1 says data galaxies, but its study has own."),
        (lambda table: table.assign(data=3), "Row 1 says data 3, but its study has own."),
        (lambda table: table[:0], "There is not a single run."),
    ],
)
def test_a_table_that_is_not_of_the_plan_is_refused(em, change, sentence):
    with pytest.raises(InputError) as refused:
        Results(em.plan, change(em.table))
    assert sentence in str(refused.value)


def refusal(data: bytes) -> str:
    with pytest.raises(InputError) as refused:
        read_results(data, "study.csv")
    sentence = str(refused.value)
    assert sentence.startswith("study.csv cannot be read as the results of a study. ")
    assert sentence.endswith(".")
    return sentence


def edited(data: bytes, before: str, after: str) -> bytes:
    """A file in which somebody has changed a word, where it stands first."""
    assert before.encode() in data
    return data.replace(before.encode(), after.encode(), 1)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("# explorer", "# explored", "The first line does not begin with “# explorer study:”"),
        ('{"format"', '{format"', "The first line is not JSON: "),
        ('"EM & ALS Explorer, study"', '"a cake"', "It does not hold a study's settings"),
        ('"version": 1', '"version": 2', "It has version 2, and this explorer reads version 1"),
        ('"kind": "em"', '"kind": "pm"', "The plan's kind is “pm”"),
        ('"max_iter": 20', '"max_iter": -20', "Max iterations is -20, but must be a whole number"),
        ('"max_iter": 20', '"max_iter": NaN', "NaN is not JSON"),
        ('"max_iter": 20', '"min_iter": 20', "“min_iter” is not a setting of a study of EM"),
        ('"studies": [{', '"studies": [3, {', "its studies not a list of tables"),
        ('"values": [0.1', '"values": ["0.1"', "Its own data holds something else than numbers"),
        ('"values": [0.1', '"values": [1' + "0" * 400, "Its own data holds a number that is too large"),
        ('"values": [0.1', '"values": [null', "all values must be finite"),
        ('"own": {', '"own": [], "mine": {', "Its own data is not a table with a label"),
        ('"rows": ', '"rows": -', "rows; there can be 0 to 1,000,000"),
        ('"rows": ', '"rows": 9', "rows, but it says 9"),
        ('"seed": "int"', '"seed": "date"', "the column “seed” holds “date”; there are int, float, bool, text"),
        ('"seed": "int", ', "", "There is a column “seed” that is not one of the study's."),
        (",seed,", ",sown,", "The column “seed” is missing."),
        (",seed,", ",seed,seed,", "A column is there twice"),
        ("\nstudy,data,", "\ndata,study,", "The column “study” holds whole numbers, but row 1 has “own”."),
        (",own,", ",own,own,", "Row 1 has 18 cells for 17 columns."),
        (",own,", ",own", "Row 1 has 16 cells for 17 columns."),
        ("random-partition,0,", "random-partition,,", "The column “seed” holds something else than whole numbers"),
        ("random-partition,0,", "random-partition,1e3,", "The column “seed” holds whole numbers, but row 1 has “1e3”."),
        ("random-partition,0,", f"random-partition,{2**64},", "The column “seed” holds a number that is too large"),
        ("random-partition,0,", "random-partition,9,", "seed 9) is not a run of this study."),
        ("\n0,own", '\n"0,own', "The table is broken: "),
    ],
)
def test_what_is_wrong_with_an_edited_file_is_said_in_a_sentence(em, before, after, sentence):
    assert sentence in refusal(edited(results_as_bytes(em, "csv"), before, after))


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('"plan":', '"plans":', "It does not say which study it is of"),
        ('"runs": [', '"runs": [4,', "Its runs are not a list of tables"),
        ('"seed": 0', '"seed": 0.5', "The column “seed” holds whole numbers, but row 1 has 0.5."),
        ('"seed": 0', '"seed": "0"', "The column “seed” holds whole numbers, but row 1 has “0”."),
        ('"seed": 0', '"sown": 0', "The column “seed” is missing"),
        ('"log_likelihood": -', '"log_likelihood": "much", "x": -', "There is a column “x”"),
        ('"stop_reason": "text"', '"stop_reason": 3', "the column “stop_reason” holds 3; there are int, float"),
    ],
)
def test_what_is_wrong_with_edited_json_is_said_in_a_sentence(em, before, after, sentence):
    assert sentence in refusal(edited(results_as_bytes(em, "json"), before, after))


def parquet(table: pd.DataFrame, header: dict | None = None) -> bytes:
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    if header is not None:
        arrow = arrow.replace_schema_metadata({b"explorer study": json.dumps(header).encode()})
    pq.write_table(arrow, buffer := io.BytesIO())
    return buffer.getvalue()


def test_what_is_wrong_with_a_parquet_file_is_said_in_a_sentence(em):
    _, header = table_from_bytes(results_as_bytes(em, "parquet"))
    assert "The parquet file does not say which study it is of" in refusal(parquet(em.table))
    assert "rows, but says" in refusal(parquet(em.table[:3], header))
    assert "“seed” does not hold whole numbers" in refusal(parquet(em.table.assign(seed="x"), header))
    assert "The column “seed” is missing" in refusal(parquet(em.table.drop(columns="seed"), header))
    assert "The parquet file is broken" in refusal(results_as_bytes(em, "parquet")[:-9])


def test_files_of_another_kind_are_told():
    assert "The first line does not begin with" in refusal(b"")
    assert "The first line does not begin with" in refusal(b"a,b\n1,2\n")
    assert "neither text nor a parquet file" in refusal(b"\x89PNG\r\n\xff")
    assert "It does not say which study" in refusal(b"{}")
    assert "The parquet file is broken" in refusal(b"PAR1PAR1")
    assert "is not JSON" in refusal(b'{"a":' + b"[" * 100_000)


def test_a_file_that_is_too_large_or_not_there_is_told(em, monkeypatch, tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_results(tmp_path / "none.csv")
    monkeypatch.setattr("explorer.study.results.MAX_RESULT_BYTES", 1_000)
    assert "It is larger than 0 MB" in refusal(results_as_bytes(em, "csv"))


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_is_still_a_result_and_never_a_surprise(em, format, data):
    content = bytearray(results_as_bytes(em, format))
    start = data.draw(st.integers(0, len(content) - 1), label="where")
    end = data.draw(st.integers(start, min(len(content), start + 40)), label="to")
    content[start:end] = data.draw(st.binary(max_size=8), label="what")
    try:
        assert isinstance(read_results(bytes(content)), Results)
    except InputError as error:
        assert str(error).startswith("The file cannot be read as the results of a study. ")


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_is_cut_off_anywhere_is_refused(em, format):
    content = results_as_bytes(em, format)
    for length in range(0, len(content) - 1, max(1, len(content) // 150)):
        with pytest.raises(InputError):
            read_results(content[:length])


def test_writing_needs_a_known_suffix_and_a_place(em, tmp_path):
    with pytest.raises(InputError, match=r"“results.xlsx” must end in \.parquet, \.csv or \.json\."):
        write_results(em, tmp_path / "results.xlsx")
    with pytest.raises(InputError, match=r"results\.csv cannot be written: No such file or directory\."):
        write_results(em, tmp_path / "none" / "results.csv")


def test_writing_that_fails_leaves_the_old_file_as_it_was(em, tmp_path, monkeypatch):
    path = tmp_path / "results.csv"
    path.write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("explorer.study.files.writing.os.replace", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_results(em, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_plan_of_many_studies_is_short_in_the_file(em):
    plan = plan_of({"kind": "em", "data": "ten-points", "first_seed": list(range(100)), "n_starts": 1,
                    "initializations": "quantiles"})  # fmt: skip
    results = finished(plan)
    first_line = results_as_bytes(results, "csv").partition(b"\n")[0]
    assert len(first_line) < 5_000
    assert_same(read_results(results_as_bytes(results, "csv")), results)
    assert replace(results, plan=plan).complete
