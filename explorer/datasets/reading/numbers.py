"""Pasted numbers."""

import numpy as np

from explorer.datasets.checks import check_count, check_values
from explorer.datasets.reading.cells import decode, split_tokens, usable_number


def read_numbers(data: bytes | str) -> np.ndarray:
    """Numbers separated by blanks, commas, semicolons or line ends -> values (n,).

    InputError: anything that is not a finite number (named with its line), commas that may be decimal commas,
    and what `decode` and `check_values` refuse.
    """
    tokens = split_tokens(decode(data))
    check_count(len(tokens), "The text")
    return check_values([usable_number(token, f"line {number}") for number, token in tokens], "The text")
