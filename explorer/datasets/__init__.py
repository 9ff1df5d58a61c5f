"""Data to explore: shipped and generated samples and matrices, and what a user brings."""

from explorer.datasets.cells import MAX_BYTES
from explorer.datasets.generate import MAX_COMPONENTS, MAX_POINTS, TrueMixture
from explorer.datasets.masking import MaskedMatrix, n_shown, split
from explorer.datasets.matrices import (
    GENERATED_SHAPE,
    MATRICES,
    MatrixProblem,
    MatrixSource,
    generate_matrix,
    load_matrix,
    own_matrix,
)
from explorer.datasets.reading import (
    MAX_COLUMNS,
    MAX_MATRIX_SIDE,
    MAX_VALUES,
    Table,
    read_matrix,
    read_numbers,
    read_table,
)
from explorer.datasets.samples import SAMPLES, Column, Sample, SampleSource, generate_sample, load_sample, own_sample

__all__ = [
    "GENERATED_SHAPE",
    "MATRICES",
    "MAX_BYTES",
    "MAX_COLUMNS",
    "MAX_COMPONENTS",
    "MAX_MATRIX_SIDE",
    "MAX_POINTS",
    "MAX_VALUES",
    "SAMPLES",
    "Column",
    "MaskedMatrix",
    "MatrixProblem",
    "MatrixSource",
    "Sample",
    "SampleSource",
    "Table",
    "TrueMixture",
    "generate_matrix",
    "generate_sample",
    "load_matrix",
    "load_sample",
    "n_shown",
    "own_matrix",
    "own_sample",
    "read_matrix",
    "read_numbers",
    "read_table",
    "split",
]
