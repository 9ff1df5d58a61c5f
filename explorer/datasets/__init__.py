"""Data to explore: shipped and generated samples and matrices, and what a user brings."""

from explorer.datasets.checks import MAX_MATRIX_SIDE, MAX_VALUES
from explorer.datasets.generators import MAX_COMPONENTS, MAX_POINTS, TrueMixture
from explorer.datasets.masking import MaskedMatrix, n_shown, split
from explorer.datasets.matrices import (
    GENERATED_SHAPE,
    MATRICES,
    MatrixSource,
    generate_matrix,
    load_matrix,
)
from explorer.datasets.matrix_problem import MatrixProblem, own_matrix
from explorer.datasets.reading import MAX_BYTES, MAX_COLUMNS, Table, read_matrix, read_numbers, read_table
from explorer.datasets.sample import Column, Sample, own_sample
from explorer.datasets.samples import SAMPLES, SampleSource, generate_sample, load_sample

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
