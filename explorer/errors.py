"""The one exception that the explorer raises for bad input, and how its sentence repeats what was given."""

import re
from collections.abc import Iterable

# So many characters of what was given are repeated, and so many of the place of a file.
LONGEST, LONGEST_PATH = 40, 200


class InputError(ValueError):
    """Bad input: one sentence that says what is wrong and what to do, fit to be shown to a student."""


def quoted(value: object) -> str:
    """What was given, short and on one line: text has quotation marks, numbers have none."""
    if isinstance(value, str):
        return f"“{shortened(value)}”"
    try:
        return shortened(repr(value.item() if type(value).__module__ == "numpy" and value.ndim == 0 else value))
    except (ValueError, RecursionError):  # numbers of thousands of digits, lists in lists in lists
        return f"a very long {type(value).__name__}"


def shortened(text: object, longest: int = LONGEST) -> str:
    """The text on one line, cut at `longest` characters."""
    text = str(text)
    line = "".join(character if character.isprintable() else " " for character in text[: longest + 1])
    return line if len(text) <= longest else f"{line[: longest - 1]}…"


def place(path: object) -> str:
    """The path of a file on one line; of a very long one the end, which says most."""
    text = str(path)
    return shortened(text if len(text) <= LONGEST_PATH else f"…{text[1 - LONGEST_PATH :]}", LONGEST_PATH)


def told(error: object, longest: int = 2 * LONGEST) -> str:
    """What somebody else's error says, without its full stop: such sentences may repeat all that was given."""
    lines = str(error).splitlines() or [type(error).__name__]
    line = re.sub(rf"\S{{{LONGEST + 1},}}", lambda long: shortened(long[0]), shortened(lines[0], 10_000))
    return (line if len(line) <= longest else f"{line[:LONGEST]}…{line[-LONGEST:]}").removesuffix(".")


def listed(names: Iterable[object], most: int = 6) -> str:
    """Names that were given, each short, and of many the first."""
    names = list(names)
    first = ", ".join(shortened(name) for name in names[:most])
    return first if len(names) <= most else f"{first} and {len(names) - most:,} more"
