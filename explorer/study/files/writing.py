"""Files that are there as a whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from explorer.errors import InputError, place


def write_file(path: Path, data: bytes) -> None:
    """`write_whole`, where what goes wrong is told: raises InputError."""
    try:
        write_whole(path, data)
    except OSError as error:
        raise InputError(f"{place(path)} cannot be written: {error.strerror}.") from None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file of which nobody ever sees a part: under another name, which is then changed."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_bytes(data)
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
