"""What a user brings: which texts are understood, and the sentence that each bad one is answered with."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from explorer.datasets import own_matrix, own_sample, read_matrix, read_numbers, read_table
from explorer.errors import InputError

READERS = [read_numbers, read_table, read_matrix]


def sentence_of(reader, data):
    with pytest.raises(InputError) as error:
        reader(data)
    return str(error.value)


# --- pasted numbers


@pytest.mark.parametrize(
    "text",
    [
        "3.6 1.8 -33e-1",
        "3.6, 1.8, -3.3",
        "3.6,1.8,-3.3",
        "3.6; 1.8;\n-3.3\n",
        "3.6\r\n1.8\r\n\r\n-3.3",
        "3.6\t+1.8\t\N{MINUS SIGN}3.30",
        b"\xef\xbb\xbf3.6 1.8 -3.3",  # UTF-8 with a byte order mark
    ],
)
def test_numbers_may_be_separated_by_blanks_commas_semicolons_and_lines(text):
    np.testing.assert_array_equal(read_numbers(text), [3.6, 1.8, -3.3])


def test_commas_between_more_than_two_numbers_separate():
    np.testing.assert_array_equal(read_numbers("1,2,3\n4,5"), [1, 2, 3, 4, 5])


@pytest.mark.parametrize("text", ["3,6 1,8", "3,6\n1,8", "3,6; 1,8", "3,6, 1,8", "3,6"])
def test_commas_that_may_be_decimal_commas_are_asked_about(text):
    assert sentence_of(read_numbers, text) == (
        "“3,6” can be read as 3.6 or as two numbers; write decimals with a point, and a space after every "
        "comma that separates two numbers."
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is nothing to read: the text is empty; bring at least two numbers."),
        (" \n ", "There is nothing to read: the text is empty; bring at least two numbers."),
        (",;", "The text has no numbers; at least 2 are needed."),
        ("5", "The text has only one number, 5; at least 2 are needed."),
        ("5 5.0 5", "The text has only one distinct value, 5; at least 2 are needed."),
        ("1\n2\n3 abc", "“abc” on line 3 is not a number; correct it or take it out."),
        ("1\n1_000", "“1_000” on line 2 is not a number; correct it or take it out."),
        ("1 NaN", "“NaN” on line 1 is not a finite number; correct it or take it out."),
        ("1\n-Inf", "“-Inf” on line 2 is not a finite number; correct it or take it out."),
        ("1 1e999", "“1e999” on line 1 is not a finite number; correct it or take it out."),
        ("1 NA", "“NA” on line 1 is missing; put a number there or take it out."),
        ("1 1e60", "“1e60” on line 1 is too large: no number may exceed 1e+50."),
        ("1 " * 20_001, "The text has 20,001 values and the limit is 20,000; bring a smaller part of it."),
        ("1 " + "x" * 99, f"“{'x' * 39}…” on line 1 is not a number; correct it or take it out."),
    ],
)
def test_numbers_that_cannot_be_used_are_refused_in_one_sentence(text, sentence):
    assert sentence_of(read_numbers, text) == sentence


# --- tables


def test_a_table_lists_its_columns_of_numbers_and_names_the_others_with_the_reason():
    table = read_table(b"length,species,constant,width\n1.5,setosa,3,\n2.5,virginica,3,7\n3.5,setosa,3,8\n")
    assert list(table.columns) == ["length", "width"]
    np.testing.assert_array_equal(table.columns["length"], [1.5, 2.5, 3.5])
    np.testing.assert_array_equal(table.columns["width"], [7, 8])
    assert table.missing == {"length": 0, "width": 1}
    assert table.unusable == {
        "species": "“setosa” on line 2, in column “species”, is not a number; correct it or take it out.",
        "constant": "Column “constant” has only one distinct value, 3; at least 2 are needed.",
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_may_be_delimited_by_commas_semicolons_or_tabs(delimiter):
    table = read_table("\n".join(delimiter.join(row) for row in (("a", '"b, c; d"'), ("1", "2"), ("3", "4"))))
    np.testing.assert_array_equal(table.columns["a"], [1, 3])
    np.testing.assert_array_equal(table.columns["b, c; d"], [2, 4])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1,2\n3,4", ["column 1", "column 2"]),
        ("a,\n1,2\n3,4", ["a", "column 2"]),
        ("a,a\n1,2\n3,4", ["a", "a (2)"]),
        ("a,a (3),a\n1,2,5\n3,4,6", ["a", "a (3)", "a (3) (3)"]),
        ("7\n8\n\n9", ["column 1"]),
        ("a\r7\r8\r", ["a"]),
        ("country,1952,1957\nChad,38.1,39.9\nChile,54.7,56.1", ["1952", "1957"]),
    ],
)
def test_columns_are_named_by_the_header_or_numbered(text, names):
    assert list(read_table(text).columns) == names


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a\nb\nc", "“b” on line 2, in column “a”, is not a number; correct it or take it out."),
        (
            "a,b\nx,y\nu,v",
            "None of the 2 columns can be used: “x” on line 2, in column “a”, is not a number; correct it or "
            "take it out.",
        ),
        ("a,b", "None of the 2 columns can be used: Column “a” has no numbers; at least 2 are needed."),
        ("a\n1", "Column “a” has only one number, 1; at least 2 are needed."),
        ("a\n1\n1", "Column “a” has only one distinct value, 1; at least 2 are needed."),
        ("a\n1\nnan", "“nan” on line 3, in column “a”, is not a finite number; correct it or take it out."),
        (
            "1\n2\ninf",
            "“inf” on line 3, in column “column 1”, is not a finite number; correct it or take it out.",
        ),
        (
            "a;b\n1,5;x\n2,5;y",
            "None of the 2 columns can be used: “1,5” on line 2, in column “a”, has a comma in it; write "
            "decimals with a point and thousands without a separator.",
        ),
        (
            "1 2\n3 4",
            "“3 4” on line 2, in column “1 2”, is several numbers; separate columns by commas, semicolons or tabs.",
        ),
        ("1,2,3", "The table has a single line of data; put every number of a column on a line of its own."),
        (
            "1,2\n\n3,4,5",
            "Line 3 has 3 cells but line 1 has 2 cells; give every line the same number of cells.",
        ),
        ("1,2\n3", "Line 2 has 1 cell but line 1 has 2 cells; give every line the same number of cells."),
        (
            'a,b\n1,"2\n3,4',
            "The text cannot be read as CSV near line 3 (unexpected end of data); check the quotation marks there.",
        ),
        (
            "\n".join(["1," * 200 + "1"] * 2),
            "The table has 201 columns and the limit is 200; leave some out.",
        ),
        ("1\n" * 20_001, "The table has 20,001 values and the limit is 20,000; bring a smaller part of it."),
        ('""\n""', "There is nothing to read: all lines are empty; bring at least two numbers."),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_sentence(text, sentence):
    assert sentence_of(read_table, text.encode()) == sentence


# --- matrices


def test_blank_cells_na_and_nan_of_a_matrix_are_its_missing_ones():
    values, row_labels, col_labels = read_matrix(b"1,,3\nNA,5,NaN\n7, ,-9\n")
    np.testing.assert_array_equal(values, [[1, np.nan, 3], [np.nan, 5, np.nan], [7, np.nan, -9]])
    assert row_labels == col_labels == ("1", "2", "3")


@pytest.mark.parametrize(
    ("text", "rows", "cols"),
    [
        ("1,4\n3,2", ("1", "2"), ("1", "2")),
        ("a,b\n1,4\n3,2", ("1", "2"), ("a", "b")),
        ("x,1,4\ny,3,2", ("x", "y"), ("1", "2")),
        ("state,a,b\nx,1,4\ny,3,2", ("x", "y"), ("a", "b")),
        (",a,b\nx,1,4\n,3,2", ("x", "2"), ("a", "b")),
        ("country,1952,1957\nx,1,4\ny,3,2", ("x", "y"), ("1952", "1957")),
        ("YEAR,JAN,FEB\n1950,1,4\n1951,3,2", ("1950", "1951"), ("JAN", "FEB")),
        (",0,1\n0,1,4\n1,3,2", ("0", "1"), ("0", "1")),  # as pandas writes a matrix
        ('"","V1","V2"\n"1",1,4\n"2",3,2', ("1", "2"), ("V1", "V2")),  # as R writes a matrix
    ],
)
def test_labels_of_rows_and_columns_are_recognised(text, rows, cols):
    values, row_labels, col_labels = read_matrix(text)
    np.testing.assert_array_equal(values, [[1, 4], [3, 2]])
    assert (row_labels, col_labels) == (rows, cols)


@pytest.mark.parametrize("side", [(4, 7), (2, 3), (3, 2)])
def test_a_missing_corner_is_not_mistaken_for_labels(side):
    values, _, _ = read_matrix(f",2,3\n{side[0]},5,6\n{side[1]},8,9")
    np.testing.assert_array_equal(values, [[np.nan, 2, 3], [side[0], 5, 6], [side[1], 8, 9]])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1,2\n3,x", "“x” on line 2, column 2, is not a number; correct it or take it out."),
        ("1,2\nx,3\n4,5", "“x” on line 2, column 1, is not a number; correct it or take it out."),
        ("1,2\n3,-inf", "“-inf” on line 2, column 2, is not a finite number; correct it or take it out."),
        ("1,2\n3", "Line 2 has 1 cell but line 1 has 2 cells; give every line the same number of cells."),
        ("1,2", "The matrix is 1 x 2 (rows x columns); at least 2 x 2 is needed."),
        ("1\n2", "The matrix is 2 x 1 (rows x columns); at least 2 x 2 is needed."),
        ("a,b\nx,1\ny,2", "The matrix is 2 x 1 (rows x columns); at least 2 x 2 is needed."),
        (",\n,", "The matrix has no numbers: all of its cells are missing; fill in some of them."),
        ("1,1\n1,", "The matrix has only one distinct value, 1; at least 2 are needed."),
        (
            "1,2\n" * 201,
            "The matrix is 201 x 2 (rows x columns) and the limit is 200 x 200; bring a smaller part of it.",
        ),
    ],
)
def test_a_matrix_that_cannot_be_used_is_refused_in_one_sentence(text, sentence):
    assert sentence_of(read_matrix, text.encode()) == sentence


# --- all three


@pytest.mark.parametrize("reader", READERS)
def test_more_than_one_megabyte_is_refused(reader):
    sentence = "This is 1,000,001 bytes of text and the limit is 1,000,000; bring a smaller part of it."
    assert sentence_of(reader, b"1" * 1_000_001) == sentence


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "data",
    [
        "1;2\n3;é".encode("latin-1"),
        "1 2 3".encode("utf-16"),
        "1 2 3".encode("utf-16-le"),
        b"PK\x03\x04\x00\x00",
    ],
    ids=["latin-1", "utf-16", "utf-16 without byte order mark", "spreadsheet"],
)
def test_text_that_is_not_utf_8_is_refused(reader, data):
    assert sentence_of(reader, data) == (
        "This is not UTF-8 text; save it as a CSV file with UTF-8 encoding, as spreadsheet programs offer, "
        "and bring that file."
    )


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", " \n\t\n"])
def test_nothing_is_refused(reader, data):
    sentence = "There is nothing to read: the text is empty; bring at least two numbers."
    assert sentence_of(reader, data) == sentence


# Bytes that look like tables reach further than bytes that do not.
lookalikes = st.text(st.sampled_from('0123456789.,;\t\n\r "-+eaNinf\x0b\x1c\u2028\N{MINUS SIGN}'), max_size=60)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=60), lookalikes.map(str.encode), st.text(max_size=60)))
@example("\ud800 1 2")
@example("1\n" + "9" * 400)
@example("1,2\n" + "9" * 140_000 + ",1")
def test_any_input_gives_numbers_that_can_be_used_or_one_sentence(data):
    def tried(reader):
        try:
            return reader(data)
        except InputError as error:
            message = str(error)
            assert message.endswith(".") and "\n" not in message and len(message) < 300
            return None

    if (values := tried(read_numbers)) is not None:
        own_sample(values)
    if (table := tried(read_table)) is not None:
        assert table.columns.keys() == table.missing.keys()
        for name, column in table.columns.items():
            own_sample(column, name, n_missing=table.missing[name])
    if (matrix := tried(read_matrix)) is not None:
        own_matrix(*matrix)


def test_masked_values_are_not_used_as_if_they_were_there():
    with pytest.raises(InputError, match=r"^The data must not have masked entries: remove them\.$"):
        own_sample(np.ma.array([1.0, 2.0, 99.0], mask=[False, False, True]))
