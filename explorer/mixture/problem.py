"""A fitting problem, checked and standardized, and where a run of it begins: the same for one run and for many."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from explorer.checks import check_fraction, check_whole_number
from explorer.mixture import deviations, parameters
from explorer.mixture.covariances import Floats, Form, at_least, form_of
from explorer.mixture.model import as_points
from explorer.mixture.parameters import Parameters, expected_log_joint
from explorer.mixture.standardized import StandardizedData, standardize
from explorer.mixture.units import of_the_data, standardized_mixtures

MAX_ITERATIONS = 100_000


class Problem(NamedTuple):
    """Data to fit a mixture to, the form of its covariances and their floor, and when to stop."""

    data: StandardizedData
    form: Form
    floor: Floats
    max_iter: int
    tolerance: float

    @property
    def n_points(self) -> int:
        return self.data.n_points


class Beginning(NamedTuple):
    """Iterate 0 of R runs, and which of its components (K, R) are empty or at the floor; None where none is.

    Where responsibilities made it: bounds (R,), G(Q_0, theta_0), if they are wanted, and singletons (K, R), components
    of one point.
    """

    theta: Parameters
    degenerate: NDArray[np.bool_] | None
    bounds: Floats | None = None
    singletons: NDArray[np.bool_] | None = None


def pose(data: ArrayLike, structure: str, max_iter: int, tolerance: float, variance_floor: float) -> Problem:
    """Raises InputError where the data or a setting is out of bounds."""
    points = as_points(data)
    form = form_of(structure, points.shape[1])
    check_whole_number("The number of iterations", max_iter, 0, MAX_ITERATIONS)
    tolerance = check_fraction("The tolerance", tolerance)
    variance_floor = check_fraction("The variance floor", variance_floor)
    standardized = standardize(points, form)
    return Problem(standardized, form, standardized.floor(form, variance_floor), max_iter, tolerance)


def from_responsibilities(problem: Problem, q: Floats, bounded: bool = True) -> Beginning:
    """R runs whose iterate 0 is the M step of responsibilities (K, R, n). bounded: with the bounds, which take time."""
    data, form, floor = problem.data, problem.form, problem.floor
    statistics = deviations.summarize(form, data.z, q)
    theta, degenerate = parameters.fit(form, statistics, of_the_data(data, form), floor)
    bounds = None
    if bounded:
        bounds = expected_log_joint(form, statistics, theta) + entr(q).sum(axis=(0, 2)) + data.log_volume
    return Beginning(theta, degenerate, bounds, np.count_nonzero(q, axis=2) == 1)


def from_mixtures(problem: Problem, weights: Floats, means: Floats, covariances: Floats) -> Beginning:
    """R runs whose iterate 0 is given: weights (R, K), means (R, K, d), covariances (R, K, d, d) in the data's unit."""
    theta = standardized_mixtures(problem.data, problem.form, weights, means, covariances)
    # The start is left as it is: it is the M step that keeps to the floor.
    _, _, reached = at_least(problem.form, theta.covariances, problem.floor)
    empty = theta.weights == 0
    if reached is None:
        return Beginning(theta, empty if empty.any() else None)
    return Beginning(theta, empty | reached)


def have_identical_components(theta: Parameters) -> NDArray[np.bool_]:
    """Which runs (R,) have two components with the same weight, mean and covariance, to the last bit.

    No step can tell such components apart, and only the reference form treats them alike to the last bit.
    """
    n_components, n_runs = theta.weights.shape
    covariances = np.broadcast_to(theta.covariances, (n_components, *theta.covariances.shape[1:]))
    numbers = np.concatenate(
        [theta.weights[..., None], theta.means, covariances.reshape(n_components, n_runs, -1)], axis=2
    )
    identical = np.zeros(n_runs, dtype=bool)
    for apart in range(1, n_components):
        identical |= (numbers[apart:] == numbers[:-apart]).all(axis=2).any(axis=0)
    return identical
