"""A table to choose a column from."""

from dataclasses import dataclass

import numpy as np

from explorer.datasets.checks import check_count, check_values
from explorer.datasets.reading.cells import decode, is_header, is_missing, label_lines, split_lines, usable_number
from explorer.errors import InputError, quoted

MAX_COLUMNS = 200


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of a table: those that a mixture can be fitted to, and the others with the reason.

    `columns` are the usable ones by name, in the order of the file: finite float64 values, missing cells left out;
    `missing` is, for each of them, how many cells were left out because they are blank or say NA. `unusable` are the
    others by name, each with the sentence that says why.
    """

    columns: dict[str, np.ndarray]
    missing: dict[str, int]
    unusable: dict[str, str]


def read_table(data: bytes | str) -> Table:
    """A CSV table, with or without a line of column names, delimited by commas, semicolons or tabs.

    A column is usable if each of its cells is blank, NA, or a finite number, and `check_values` accepts the
    numbers. Columns without a name are called "column 1", "column 2", ...; a repeated name gets its column
    number added.

    InputError: not one usable column, and what `decode` and `split_lines` refuse.
    """
    lines = split_lines(decode(data))
    width = len(lines[0].cells)
    has_header = is_header(lines[0]) or label_lines(lines)[0]
    rows = lines[1:] if has_header else lines
    if len(rows) == 1 and width > 1:
        raise InputError("The table has a single line of data; put every number of a column on a line of its own.")
    if width > MAX_COLUMNS:
        raise InputError(f"The table has {width} columns and the limit is {MAX_COLUMNS}; leave some out.")
    check_count(len(rows), "The table")

    columns, missing, unusable = {}, {}, {}
    for index, name in enumerate(_column_names(lines[0].cells if has_header else ("",) * width)):
        filled = [(row.number, row.cells[index]) for row in rows if not _is_left_out(row.cells[index])]
        try:
            numbers = [usable_number(cell, f"line {number}, in column {quoted(name)},") for number, cell in filled]
            columns[name] = check_values(numbers, f"Column {quoted(name)}")
            missing[name] = len(rows) - len(filled)
        except InputError as error:
            unusable[name] = str(error)
    if not columns:
        reason = next(iter(unusable.values()))
        raise InputError(reason if width == 1 else f"None of the {width} columns can be used: {reason}")
    return Table(columns, missing, unusable)


def _is_left_out(cell: str) -> bool:
    """Blank or NA. In a column, NaN is not a gap but the sign of a computation gone wrong, and is refused."""
    return is_missing(cell) and cell.lower() != "nan"


def _column_names(cells: tuple[str, ...]) -> list[str]:
    names = []
    for number, cell in enumerate(cells, start=1):
        name = cell or f"column {number}"
        while name in names:
            name = f"{name} ({number})"
        names.append(name)
    return names
