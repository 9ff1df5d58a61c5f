"""Hiding entries of a matrix: some are given to the algorithm, the others check what it makes of them."""

from dataclasses import dataclass

import numpy as np

from explorer.checks import read_only
from explorer.completion import Observations, from_matrix
from explorer.datasets.generators import MASK_STREAM, random_stream
from explorer.datasets.matrix_problem import MatrixProblem
from explorer.errors import InputError


@dataclass(frozen=True, eq=False)
class MaskedMatrix:
    """The entries of a problem, split into observed and hidden ones, in model units.

    In the problem's own unit, a value is `offset + scale * model value`, an error `scale * model error`. `observed` is
    what the algorithm is given, `hidden` are the entries that are known but not given, None if there are none; missing
    entries are in neither. `mask` is (m, n) bool, read-only, True on the observed entries.
    """

    observed: Observations
    hidden: Observations | None
    mask: np.ndarray
    offset: float
    scale: float


def split(problem: MatrixProblem, density: float, seed: int) -> MaskedMatrix:
    """Show each available entry with probability `density`, independently, and hide the others (Lecture 19).

    Measured matrices are centred by the mean of their OBSERVED entries and divided by their standard
    deviation, since factors that start near 0 would otherwise first have to learn the mean; the hidden
    entries play no part. Generated ones (`low_rank` known) keep their values, because centring would change
    the rank. Observed entries that are all equal have scale 1. Two densities of one seed give nested masks.

    InputError: not a `MatrixProblem`, a density outside (0, 1], no entry observed at all, a seed that is not a whole
    number.
    """
    if not isinstance(problem, MatrixProblem):
        kind = type(problem).__name__
        raise InputError(
            f"Only a MatrixProblem can be split, not {kind}: `load_matrix` and `own_matrix` make one; the entries of a "
            "matrix with gaps are what `explorer.completion.from_matrix` takes."
        )
    if not 0 < density <= 1:
        raise InputError(f"The density is {density:g}; it must be larger than 0 and at most 1.")
    values = problem.values
    mask = _mask(problem, density, seed)
    if not mask.any():
        raise InputError(
            f"With density {density:g} and this mask seed not one entry is observed; "
            "raise the density or change the seed."
        )
    measured = problem.low_rank is None
    offset, scale = _location_and_scale(values[mask]) if measured else (0.0, 1.0)
    model_values = (values - offset) / scale
    to_hide = ~np.isnan(values) & ~mask
    return MaskedMatrix(
        observed=from_matrix(model_values, mask),
        hidden=from_matrix(model_values, to_hide) if to_hide.any() else None,
        mask=read_only(mask),
        offset=offset,
        scale=scale,
    )


def n_shown(problem: MatrixProblem, density: float, seed: int) -> int:
    """How many entries `split` shows with this density and seed: 0 where it refuses to."""
    return int(_mask(problem, density, seed).sum())


def _mask(problem: MatrixProblem, density: float, seed: int) -> np.ndarray:
    """The lecture's rule. The mask is boolean and stays so: an integer one would index rows 0 and 1."""
    values = problem.values
    return ~np.isnan(values) & (random_stream(seed, MASK_STREAM).random(values.shape) <= density)


def _location_and_scale(observed: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation; exactly (the value, 1) where all are equal, not their rounding errors."""
    deviation = float(observed.std())
    if deviation == 0 or (observed == observed[0]).all():
        return float(observed[0]), 1.0
    return float(observed.mean()), deviation
