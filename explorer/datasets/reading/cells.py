"""Text as cells: decoding, splitting into lines, and telling numbers, missing values and labels apart."""

import csv
import io
import math
import re
from dataclasses import dataclass
from itertools import pairwise

from explorer.datasets.checks import MAX_MAGNITUDE
from explorer.errors import InputError, quoted, shortened

MAX_BYTES = 1_000_000

MISSING_WORDS = {"", "na", "nan"}

# Spelled out rather than left to float(), which also takes "1_000". The alternatives share no prefix, so that
# a long run of digits is matched in linear time.
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf|infinity)", re.ASCII | re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+", re.ASCII)
_QUOTED = re.compile(r'"[^"]*"')
_SEPARATORS = re.compile(r"[\s,;]+")
# What word processors and web pages write for "-".
_MINUS_SIGN = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Line:
    """One line of a file: its number as an editor counts, from 1, and its stripped cells."""

    number: int
    cells: tuple[str, ...]


def decode(data: bytes | str) -> str:
    """The text of `data`, which is UTF-8 with or without a byte order mark, or text already.

    InputError: more than `MAX_BYTES` bytes, another encoding, or nothing but blanks.
    """
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else bytes(data)
    if len(raw) > MAX_BYTES:
        raise InputError(
            f"This is {len(raw):,} bytes of text and the limit is {MAX_BYTES:,}; bring a smaller part of it."
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 without a byte order mark, or a binary file such as a spreadsheet
        raise InputError(
            "This is not UTF-8 text; save it as a CSV file with UTF-8 encoding, as spreadsheet programs "
            "offer, and bring that file."
        )
    if not text.strip():
        raise InputError("There is nothing to read: the text is empty; bring at least two numbers.")
    return text


def split_lines(text: str) -> list[Line]:
    """The lines of a CSV text, empty ones left out; the delimiter is the one that the first line uses.

    InputError: text that is not CSV, or lines of different lengths.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    lines = []
    try:
        for cells in reader:
            stripped = tuple(cell.strip() for cell in cells)
            if stripped not in ((), ("",)):
                lines.append(Line(reader.line_num, stripped))
    except csv.Error as error:
        raise InputError(
            f"The text cannot be read as CSV near line {reader.line_num} ({error}); check the quotation marks there."
        ) from None
    if not lines:
        raise InputError("There is nothing to read: all lines are empty; bring at least two numbers.")
    first = lines[0]
    for line in lines:
        if len(line.cells) != len(first.cells):
            raise InputError(
                f"Line {line.number} has {_cells(len(line.cells))} but line {first.number} has "
                f"{_cells(len(first.cells))}; give every line the same number of cells."
            )
    return lines


def split_tokens(text: str) -> list[tuple[int, str]]:
    """Every piece between blanks, commas, semicolons and line ends, each with its line number from 1.

    InputError: commas that may be decimal commas as well as separators, as in "3,6 1,8".
    """
    chunks = [chunk.strip(",") for chunk in re.split(r"[\s;]+", text)]
    with_comma = [chunk for chunk in chunks if "," in chunk]
    if with_comma and all(_DECIMAL_COMMA.fullmatch(_ascii_minus(chunk)) for chunk in with_comma):
        chunk = with_comma[0]
        raise InputError(
            f"{quoted(chunk)} can be read as {shortened(chunk.replace(',', '.'))} or as two numbers; write "
            "decimals with a point, and a space after every comma that separates two numbers."
        )
    return [
        (number, token)
        for number, line in enumerate(text.splitlines(), start=1)
        for token in _SEPARATORS.split(line)
        if token
    ]


def is_missing(cell: str) -> bool:
    """Whether the cell is blank or says NA or NaN."""
    return cell.lower() in MISSING_WORDS


def parse_number(cell: str) -> float | None:
    """The number that the cell holds, infinite ones included; None for anything else."""
    cell = _ascii_minus(cell)
    return float(cell) if _NUMBER.fullmatch(cell) else None


def usable_number(cell: str, where: str) -> float:
    """The finite number that the cell holds; `where` ("line 3") goes into the sentence of the InputError."""
    number = parse_number(cell)
    if number is not None and abs(number) <= MAX_MAGNITUDE:
        return number
    raise InputError(f"{quoted(cell)} on {where} {_complaint(cell, number)}.")


def label_lines(lines: list[Line]) -> tuple[bool, bool]:
    """Whether the first line holds column labels, and whether the first column holds row labels.

    Labels are text without a single number among it, or a numbering (0, 1, 2, ...; 1, 2, 3, ...; rising
    years) if the other direction has labels as well and the corner cell is not a number, as in
    "country,1952,1957" and in the tables that R and pandas write. A line that mixes text and numbers is data
    with a mistake in it, not labels.
    """
    corner, top = lines[0].cells[0], lines[0].cells[1:]
    side = tuple(line.cells[0] for line in lines[1:])
    if parse_number(corner) is not None:
        return False, False
    top_labelled = _are_names(top) or (_is_numbering(top) and (_are_names(side) or _is_numbering(side)))
    side_labelled = _are_names(side) or (_is_numbering(side) and (_are_names(top) or _is_numbering(top)))
    return top_labelled, side_labelled


def is_header(line: Line) -> bool:
    """Whether the line holds text and no number, and so names the columns under it."""
    return _are_names(line.cells)


def _delimiter(text: str) -> str:
    """Tab, else semicolon, else comma: what occurs outside quotation marks in the first line with text."""
    first_line = _QUOTED.sub("", text.lstrip("\r\n ").splitlines()[0])
    return next((delimiter for delimiter in "\t;" if delimiter in first_line), ",")


def _complaint(cell: str, number: float | None) -> str:
    """What is wrong with a cell that is not a usable number, and what to do, to follow "... on line 3"."""
    if number is not None and math.isfinite(number):
        return f"is too large: no number may exceed {MAX_MAGNITUDE:g}"
    if number is not None or cell.strip("+-").lower() == "nan":
        return "is not a finite number; correct it or take it out"
    if is_missing(cell):
        return "is missing; put a number there or take it out"
    if _DECIMAL_COMMA.fullmatch(_ascii_minus(cell)):
        return "has a comma in it; write decimals with a point and thousands without a separator"
    if len(cell.split()) > 1 and all(parse_number(part) is not None for part in cell.split()):
        return "is several numbers; separate columns by commas, semicolons or tabs"
    return "is not a number; correct it or take it out"


def _are_names(cells: tuple[str, ...]) -> bool:
    return any(not is_missing(cell) for cell in cells) and all(parse_number(cell) is None for cell in cells)


def _is_numbering(cells: tuple[str, ...]) -> bool:
    numbers = [parse_number(cell) for cell in cells]
    if len(numbers) < 2 or any(number is None or not number.is_integer() for number in numbers):
        return False
    steps = [after - before for before, after in pairwise(numbers)]
    counts = numbers[0] in (0, 1) and all(step == 1 for step in steps)
    years = numbers[0] >= 1000 and numbers[-1] < 3000 and all(step > 0 for step in steps)
    return counts or years


def _ascii_minus(cell: str) -> str:
    return cell.replace(_MINUS_SIGN, "-")


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"
