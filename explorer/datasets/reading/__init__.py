"""What a user brings: pasted numbers, a table to choose a column from, or a matrix with blank cells.

Every reader takes text or UTF-8 bytes, and either returns numbers that an algorithm can use or raises
`InputError` with one sentence that names the place and the remedy. A number that can be read in two ways is
an error, not a guess.
"""

from explorer.datasets.reading.cells import MAX_BYTES
from explorer.datasets.reading.matrix import read_matrix
from explorer.datasets.reading.numbers import read_numbers
from explorer.datasets.reading.table import MAX_COLUMNS, Table, read_table

__all__ = ["MAX_BYTES", "MAX_COLUMNS", "Table", "read_matrix", "read_numbers", "read_table"]
