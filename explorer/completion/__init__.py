"""Matrix completion by alternating least squares, on the observed entries only."""

from explorer.completion.als import ALSTrace, HalfStep, iterate_als, run_als
from explorer.completion.blocks import Block, col_blocks, row_blocks
from explorer.completion.factors import Factors, distance, factorize, predict, rmse
from explorer.completion.half_step import solve_factor
from explorer.completion.identifiability import Identifiability, identifiability, short_cols, short_rows
from explorer.completion.many import ManyALSRuns, run_many_als
from explorer.completion.observations import Observations, from_matrix
from explorer.completion.operations import SweepOperations, sweep_operations
from explorer.completion.starts import STARTS, Start
from explorer.completion.trace import CompletionTrace

__all__ = [
    "STARTS",
    "ALSTrace",
    "Block",
    "CompletionTrace",
    "Factors",
    "HalfStep",
    "Identifiability",
    "ManyALSRuns",
    "Observations",
    "Start",
    "SweepOperations",
    "col_blocks",
    "distance",
    "factorize",
    "from_matrix",
    "identifiability",
    "iterate_als",
    "predict",
    "rmse",
    "row_blocks",
    "run_als",
    "run_many_als",
    "short_cols",
    "short_rows",
    "solve_factor",
    "sweep_operations",
]
