"""How a pass over the data is computed: to be opened only to change its speed, or a covariance structure.

Inside, many runs are computed at once: arrays have one row a component and one column a run (`covariances` tells the
layout). `data` are the points in their own units, `m_step` what an M step needs of the responsibilities, and the M step
itself, `reference` the plain form of a pass, `fast` and `wide` its fast forms, and `bounds` when these may be used;
`passes` decides between them, and `single` computes one run.
"""

from explorer.mixture.engine.covariances import (
    STRUCTURES,
    CovarianceStructure,
    Form,
    at_least,
    expand,
    form_of,
    over_dimensions,
)
from explorer.mixture.engine.data import (
    SMALLEST_SPREAD,
    SMALLEST_VARIANCE,
    StandardizedData,
    in_data_units,
    of_the_data,
    standardize,
    standardized_mixtures,
)
from explorer.mixture.engine.m_step import (
    EMPTY_COUNT,
    Marks,
    Parameters,
    Statistics,
    expected_log_joint,
    fit,
    join_parameters,
    parameters,
)
from explorer.mixture.engine.passes import Expectation, Passes
from explorer.mixture.engine.reference import blocks, log_joint, normalize, summarize
from explorer.mixture.engine.single import OnArrays, passes_of_one

__all__ = [
    "EMPTY_COUNT",
    "SMALLEST_SPREAD",
    "SMALLEST_VARIANCE",
    "STRUCTURES",
    "CovarianceStructure",
    "Expectation",
    "Form",
    "Marks",
    "OnArrays",
    "Parameters",
    "Passes",
    "StandardizedData",
    "Statistics",
    "at_least",
    "blocks",
    "expand",
    "expected_log_joint",
    "fit",
    "form_of",
    "in_data_units",
    "join_parameters",
    "log_joint",
    "normalize",
    "of_the_data",
    "over_dimensions",
    "parameters",
    "passes_of_one",
    "standardize",
    "standardized_mixtures",
    "summarize",
]
