"""Plan files on the disk, and the data of one's own that they name."""

from pathlib import Path

import numpy as np
import pytest

from explorer.errors import InputError
from explorer.study.files.plan_file import load_plan

TABLE = "name,length,width,odd\na,1.5,2,x\nb,NA,3,1\nc,4,7,2\n"


@pytest.fixture
def plan_file(tmp_path: Path):
    """Write a plan file in a folder with own data; returns its path."""
    (tmp_path / "table.csv").write_text(TABLE)
    (tmp_path / "one.csv").write_text("length\n1\n2\n4\n")
    (tmp_path / "matrix.csv").write_text("1,2\n3,\n5,6\n")
    (tmp_path / "words.csv").write_text("a,b\nx,y\nz,1\n")
    (tmp_path / "latin.csv").write_bytes(b"gr\xf6\xdfe\n1\n2\n")

    def write(text: str) -> Path:
        path = tmp_path / "plan.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_column_of_a_table_beside_the_plan(plan_file):
    plan = load_plan(plan_file('kind = "em"\nfile = "table.csv"\ncolumn = "length"\nn_components = [1, 2]'))
    assert [study.settings.data for study in plan.studies] == ["own", "own"]
    assert plan.own.values.tolist() == [1.5, 4.0]
    assert plan.own.label == "length"
    assert "1 missing left out" in plan.own.about


def test_the_only_column_needs_no_name(plan_file):
    assert load_plan(plan_file('kind = "em"\nfile = "one.csv"')).own.values.tolist() == [1, 2, 4]


def test_a_matrix_is_a_whole_file(plan_file):
    plan = load_plan(plan_file('kind = "als"\nfile = "matrix.csv"\nrank = 1'))
    assert plan.own.label == "matrix"
    np.testing.assert_array_equal(plan.own.values, [[1, 2], [3, np.nan], [5, 6]])


def test_own_data_beside_the_apps(plan_file):
    plan = load_plan(plan_file('kind = "em"\nfile = "one.csv"\ndata = ["galaxies", "own"]'))
    assert [study.problem.label for study in plan.studies] == ["Galaxies", "length"]


def test_a_file_elsewhere_and_a_byte_order_mark(plan_file, tmp_path, monkeypatch):
    elsewhere = tmp_path / "one.csv"
    path = plan_file(f"\ufeffkind = \"em\"\nfile = '{elsewhere}'")
    monkeypatch.chdir("/")
    assert load_plan(path).own.values.tolist() == [1, 2, 4]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('kind = "em"\ndata = "own"', 'names no file; add file = "data.csv"'),
        ('kind = "em"\ncolumn = "length"', 'names no file; add file = "data.csv"'),
        ('kind = "em"\nfile = 3', 'The plan\'s file is 3; write file = "name".'),
        ('kind = "em"\nfile = "table.csv"\ncolumn = 1', 'The plan\'s column is 1; write column = "name".'),
        (
            'kind = "em"\nfile = "table.csv"',
            "table.csv: There are 2 columns of numbers; add column = one of length, width.",
        ),
        (
            'kind = "em"\nfile = "table.csv"\ncolumn = "hight"',
            "table.csv: There is no column “hight”; there are length, width.",
        ),
        ('kind = "em"\nfile = "table.csv"\ncolumn = "odd"', "“x” on line 2, in column “odd”, is not a number"),
        ('kind = "em"\nfile = "words.csv"', "None of the 2 columns can be used"),
        ('kind = "em"\nfile = "one.csv"\ndata = "galaxies"', "names a file, but data is “galaxies”; leave data out."),
        ('kind = "em"\nfile = "none.csv"', "none.csv cannot be read: No such file"),
        ('kind = "em"\nfile = "a\\u0000b"', "cannot be read"),
        ('kind = "em"\nfile = "."', "cannot be read"),
        ('kind = "em"\nfile = "latin.csv"', "latin.csv cannot be read: it is not UTF-8 text."),
        ('kind = "em"\nfile = "large.csv"', "large.csv cannot be read: it is larger than 1 MB."),
        ('kind = "als"\nfile = "matrix.csv"\ncolumn = "1"', "a matrix is taken as a whole"),
        ('kind = "als"\nfile = "one.csv"', "one.csv: The matrix is 4 x 1 (rows x columns); at least 2 x 2 is needed"),
        ("file = 3", "The plan does not say what to study"),
        ("kind = ", "not a TOML file"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(plan_file, tmp_path, text, sentence):
    (tmp_path / "large.csv").write_text("1\n" * 600_000)
    with pytest.raises(InputError) as refused:
        load_plan(plan_file(text))
    assert sentence in str(refused.value)


def test_no_plan_at_all(tmp_path):
    with pytest.raises(InputError, match=r"The plan .*none\.toml cannot be read: No such file"):
        load_plan(tmp_path / "none.toml")


def test_the_name_of_a_plan_may_be_text(tmp_path):
    (tmp_path / "plan.toml").write_text('kind = "em"\ndata = "ten-points"\nn_starts = 1', encoding="utf-8")
    assert load_plan(str(tmp_path / "plan.toml")).n_runs == 4
