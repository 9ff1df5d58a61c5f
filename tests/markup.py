"""Texts that HTML, Markdown, Streamlit or Plotly would make something else of, and files that are full of them."""

import csv
import io
import re

import numpy as np

TAG = "<img src=x onerror=alert(1)>"
IMAGE = "![x](//evil.test/a.png)"
COLOUR = ":red[shout]"
MARKS = "**bold** $x^2$ [a](http://evil.test)"
SIGNS = ":material/home: :smile: a -> b www.evil.test"
TEXTS = (TAG, IMAGE, COLOUR, MARKS, SIGNS)
# What a file can be called: the browser takes neither a slash nor a colon for what it is.
FILE_NAME = "<img src=x onerror=alert(1)> **bold** $x^2$ &lt; www.evil.test"

_VALUES = np.concatenate([np.linspace(-3.0, -1.0, 5), np.linspace(2.0, 5.0, 5)]).round(3)


def csv_of(rows) -> bytes:
    """A CSV file of these cells."""
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()


# A column of text, which cannot be used, and columns of numbers under the texts as headers.
TABLE = csv_of([(f"no {IMAGE}", *TEXTS), *((IMAGE, *[value * factor for factor in range(1, 6)]) for value in _VALUES)])
# A matrix whose rows and columns are called so; its cells are of rank 2.
MATRIX = csv_of(
    [("", *TEXTS, "last"), *((f"row {text}", *[(i + 1) * (j + 2) + (i - j) ** 2 for j in range(6)])
                             for i, text in enumerate((*TEXTS, *TEXTS)))]
)  # fmt: skip


def said(text):
    """What matches a text that is shown letter by letter: between its signs there may be what nobody sees."""
    return re.compile("\u2060?".join(map(re.escape, text)))
