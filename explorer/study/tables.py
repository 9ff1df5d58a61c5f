"""A table with a header as the content of a CSV, JSON or parquet file, every number exactly as it was.

The header is a JSON object; how many rows there are and what a column holds is added to it. CSV has it in a first
comment line, parquet in its metadata, and JSON beside the runs: {"plan": header, "runs": [{...}, ...]}.
A missing number is an empty cell in CSV and null elsewhere; a missing text is an empty one. In CSV an apostrophe stands
before text that a spreadsheet would take for a formula.
"""

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api import types

from explorer.errors import InputError, quoted, told
from explorer.study.plans import MAX_RUNS

MAX_COLUMNS = 200
_CSV_MARK = "# explorer study: "
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BEHIND_COMMA = re.compile(r"([,;]\s*)([=+\-@])")
_PARQUET_KEY = b"explorer study"
_PARQUET_MAGIC = b"PAR1"
_INFINITE = {"inf": math.inf, "-inf": -math.inf}  # JSON has no number for them

Header = dict[str, Any]


def kind_of_column(column: pd.Series) -> str:
    """Return what a column holds: "bool", "int", "float" or "text"."""
    if types.is_bool_dtype(column):
        return "bool"
    if types.is_integer_dtype(column):
        return "int"
    if types.is_float_dtype(column):
        return "float"
    return "text"


def table_as_bytes(table: pd.DataFrame, header: Header, format: str) -> bytes:
    """Return the content of a file of the format "csv", "json" or "parquet"."""
    kinds = {name: kind_of_column(table[name]) for name in table}
    text = {name: table[name].astype(object).where(table[name].notna(), "") for name in table if kinds[name] == "text"}
    return _WRITERS[format](table.assign(**text), header | {"rows": len(table), "columns": kinds})


def table_from_bytes(data: bytes) -> tuple[pd.DataFrame, Header]:
    """Return what `table_as_bytes` was given, in whichever format; raise InputError that says what is wrong."""
    if data.startswith(_PARQUET_MAGIC):
        return _read_parquet(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("This is neither text nor a parquet file.") from None
    return _read_json(text) if text.lstrip().startswith("{") else _read_csv(text)


def _write_csv(table: pd.DataFrame, header: Header) -> bytes:
    text = {name: table[name].map(_harmless) for name, kind in header["columns"].items() if kind == "text"}
    rows = table.assign(**text).rename(columns=_harmless).to_csv(index=False, lineterminator="\n")
    first_line = _STRING.sub(_harmless_string, json.dumps(header, ensure_ascii=False))
    return f"{_CSV_MARK}{first_line}\n{rows}".encode()


def _harmless(cell: str) -> str:
    """A cell of text that no spreadsheet takes for a formula: an apostrophe stands before what begins like one.

    So it does before what looks as if it had one already, so that what is read is what was written.
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _as_it_was(cell: str) -> str:
    """The text that `_harmless` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _harmless_string(string: re.Match) -> str:
    """A string of the first line, which spreadsheets cut at its commas: nothing behind one begins like a formula."""
    return _BEHIND_COMMA.sub(lambda found: f"{found[1]}\\u{ord(found[2]):04x}", string[0])


def _read_csv(text: str) -> tuple[pd.DataFrame, Header]:
    first, _, rest = text.partition("\n")
    if not first.startswith(_CSV_MARK):
        raise InputError(f"The first line does not begin with “{_CSV_MARK.strip()}”.")
    header = _header(_parsed(first.removeprefix(_CSV_MARK), "first line"))
    if not rest.endswith("\n"):
        raise InputError("The last line is cut off.")
    try:
        names, *rows = csv.reader(io.StringIO(rest), strict=True)
    except (ValueError, csv.Error) as error:
        raise InputError(f"The table is broken: {told(error)}.") from None
    names = [_as_it_was(name) for name in names]
    _check_names(names, header)
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise InputError(f"Row {number:,} has {len(row)} cells for {len(names)} columns.")
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    return _table(header, dict(zip(names, columns, strict=True)), _READ_TEXT), header


def _write_json(table: pd.DataFrame, header: Header) -> bytes:
    columns = [_as_json(table[name], kind) for name, kind in header["columns"].items()]
    names = list(header["columns"])
    runs = (json.dumps(dict(zip(names, run, strict=True)), ensure_ascii=False) for run in zip(*columns, strict=True))
    lines = ",\n".join(runs)
    return f'{{"plan": {json.dumps(header, ensure_ascii=False)},\n"runs": [\n{lines}\n]}}\n'.encode()


def _as_json(column: pd.Series, kind: str) -> list[Any]:
    values = column.astype(object).where(column.notna(), None).tolist()
    if kind != "float":
        return values
    return [str(value) if value is not None and math.isinf(value) else value for value in values]


def _read_json(text: str) -> tuple[pd.DataFrame, Header]:
    document = _parsed(text, "text")
    header, runs = _header(document.get("plan")), document.get("runs")
    if not isinstance(runs, list) or not all(isinstance(run, dict) for run in runs):
        raise InputError("Its runs are not a list of tables.")
    names = list(header["columns"])
    for run in runs:
        _check_names(list(run), header)
    return _table(header, {name: [run[name] for run in runs] for name in names}, _READ_JSON), header


def _write_parquet(table: pd.DataFrame, header: Header) -> bytes:
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    metadata = (arrow.schema.metadata or {}) | {_PARQUET_KEY: json.dumps(header).encode()}
    buffer = io.BytesIO()
    pq.write_table(arrow.replace_schema_metadata(metadata), buffer, write_page_checksum=True)
    return buffer.getvalue()


def _read_parquet(data: bytes) -> tuple[pd.DataFrame, Header]:
    try:
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        metadata, size = file.schema_arrow.metadata or {}, file.metadata
    except Exception as error:  # a damaged file gives whatever pyarrow comes upon
        raise InputError(f"The parquet file is broken: {told(error)}.") from None
    if _PARQUET_KEY not in metadata:
        raise InputError("The parquet file does not say which study it is of.")
    header = _header(_parsed(metadata[_PARQUET_KEY].decode("utf-8", "replace"), "parquet file's metadata"))
    if size.num_rows != header["rows"]:
        raise InputError(f"The parquet file has {size.num_rows:,} rows, but says {header['rows']:,}.")
    _check_names(file.schema_arrow.names, header)
    try:
        arrow = file.read()
        columns = {name: _from_arrow(arrow.column(name)) for name in header["columns"]}
    except Exception as error:
        raise InputError(f"The parquet file is broken: {told(error)}.") from None
    for name, kind in header["columns"].items():
        is_text = kind != "text" or all(isinstance(value, str) for value in columns[name])
        if kind_of_column(columns[name]) != kind or not is_text:
            raise InputError(f"The column {quoted(name)} does not hold {_WORDS[kind]}.")
    return pd.DataFrame(columns), header


def _from_arrow(column: pa.ChunkedArray) -> pd.Series:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pd.Series([value or "" for value in column.to_pylist()])
    if column.null_count and pa.types.is_integer(column.type):
        return pd.Series(column.to_pylist(), dtype="Int64")
    return column.to_pandas()


def _parsed(text: str, what: str) -> Header:
    """The JSON object in a text."""
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"The {what} is not JSON: {told(error)}.") from None
    if not isinstance(document, dict):
        raise InputError(f"The {what} is not a JSON object.")
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _header(header: Any) -> Header:
    """The header, after a look at what is said in it about the table."""
    if not isinstance(header, dict):
        raise InputError("It does not say which study it is of.")
    try:
        json.dumps(header, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        raise InputError("What it says of its study holds halves of characters, or lists without end.") from None
    rows, columns = header.get("rows"), header.get("columns")
    if type(rows) is not int or not 0 <= rows <= MAX_RUNS:
        raise InputError(f"It says that it has {quoted(rows)} rows; there can be 0 to {MAX_RUNS:,}.")
    if not isinstance(columns, dict) or not 1 <= len(columns) <= MAX_COLUMNS:
        raise InputError(f"It does not say what its columns hold, at most {MAX_COLUMNS}.")
    for name, kind in columns.items():
        if kind not in list(_WORDS):
            raise InputError(
                f"It says that the column {quoted(name)} holds {quoted(kind)}; there are {', '.join(_WORDS)}."
            )
    return header


def _check_names(names: list[str], header: Header) -> None:
    """Refuse columns that are missing, unknown or there twice."""
    expected = header["columns"]
    if names == list(expected):
        return
    for name in expected:
        if name not in names:
            raise InputError(f"The column {quoted(name)} is missing.")
    for name in names:
        if name not in expected:
            raise InputError(f"There is a column {quoted(name)} that is not one of the study's.")
    if len(names) != len(expected):
        raise InputError("A column is there twice.")


def _table(header: Header, cells: dict[str, list[Any]], readers: dict[str, Callable[[Any], Any]]) -> pd.DataFrame:
    """The columns in the header's order, each cell read as what the column holds."""
    columns = {}
    for name, kind in header["columns"].items():
        if len(cells[name]) != header["rows"]:
            raise InputError(f"There are {len(cells[name]):,} rows, but it says {header['rows']:,}.")
        columns[name] = _column(name, kind, _read_all(name, kind, cells[name], readers[kind]))
    return pd.DataFrame(columns)


def _read_all(name: str, kind: str, cells: Iterable[Any], read: Callable[[Any], Any]) -> list[Any]:
    values = []
    for number, cell in enumerate(cells, start=1):
        try:
            values.append(read(cell))
        except (ValueError, TypeError, KeyError, OverflowError):
            raise InputError(
                f"The column {quoted(name)} holds {_WORDS[kind]}, but row {number:,} has {quoted(cell)}."
            ) from None
    return values


def _column(name: str, kind: str, values: list[Any]) -> pd.Series:
    try:
        if kind == "int":
            return pd.Series(values, dtype="Int64" if None in values else "int64")
        return pd.Series(values, dtype={"float": np.float64, "bool": bool}.get(kind))
    except OverflowError:
        raise InputError(f"The column {quoted(name)} holds a number that is too large.") from None


def _only(*kinds: type) -> Callable[[Any], Any]:
    """A reader that takes values of these types, and no others."""

    def read(value: Any) -> Any:
        if type(value) not in kinds:
            raise TypeError
        return value

    return read


def _json_float(value: Any) -> float:
    if value is None:
        return math.nan
    return _INFINITE[value] if isinstance(value, str) else float(_only(int, float)(value))


def _text(value: Any) -> str:
    """A text that can be shown and written: JSON can say halves of characters, too."""
    _only(str)(value).encode()
    return value


def _text_int(cell: str) -> int | None:
    return int(cell) if cell else None


def _text_float(cell: str) -> float:
    return float(cell) if cell else math.nan


# How a cell is read, by what its column holds.
_WORDS = {"int": "whole numbers", "float": "numbers", "bool": "True or False", "text": "text"}
_READ_TEXT = {
    "int": _text_int,
    "float": _text_float,
    "bool": {"True": True, "False": False}.__getitem__,
    "text": _as_it_was,
}
_READ_JSON = {"int": _only(int, type(None)), "float": _json_float, "bool": _only(bool), "text": _text}
_WRITERS = {"csv": _write_csv, "json": _write_json, "parquet": _write_parquet}
FORMATS = tuple(_WRITERS)
