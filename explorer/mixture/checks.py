"""The checks of points, responsibilities and numbers of components, and how large they may be."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from explorer.checks import Floats, as_floats, check_whole_number
from explorer.errors import InputError

MAX_POINTS = 1_000_000
MAX_COMPONENTS = 50
MAX_DIMENSIONS = 100
# The square of a larger number, with room for sums of it, does not fit into double precision.
LARGEST_VALUE = 1e151


def as_points(data: ArrayLike) -> Floats:
    """The data as n points in d dimensions, (n, d) in float64; (n,) is read as d = 1.

    Raises InputError unless there are 1 to 1 000 000 points in 1 to 100 dimensions, all finite numbers of at most
    1e151 in size.
    """
    points = as_floats(data, "The data", LARGEST_VALUE)
    if points.ndim == 1:
        points = points[:, None]
    if points.ndim != 2 or points.size == 0:
        raise InputError("The data must be a list of at least one number, or a table with one row a point.")
    if len(points) > MAX_POINTS:
        raise InputError(f"The data has {len(points)} points: use at most {MAX_POINTS}.")
    if points.shape[1] > MAX_DIMENSIONS:
        raise InputError(f"The data has {points.shape[1]} columns: use at most {MAX_DIMENSIONS}.")
    return points


def as_responsibilities(responsibilities: ArrayLike, n_points: int) -> Floats:
    """The responsibilities (n, K), or many (R, n, K), in float64.

    Raises InputError unless each row is a distribution over K components.
    """
    q = as_floats(responsibilities, "The responsibilities", 1.0 + 1e-8)
    if q.ndim not in (2, 3) or q.shape[-2] != n_points:
        raise InputError(f"The responsibilities must be a table of {n_points} rows, one a data point.")
    check_n_components(q.shape[-1])
    if q.min() < 0 or np.abs(q.sum(axis=-1) - 1).max() > 1e-8:
        raise InputError("The responsibilities of each point must be at least 0 and sum to 1.")
    return q


def one_table(responsibilities: ArrayLike, n_points: int) -> Floats:
    """The responsibilities (n, K) of one run as (K, n). Raises InputError where they are not, or of many runs."""
    q = as_responsibilities(responsibilities, n_points)
    if q.ndim != 2:
        raise InputError(f"The responsibilities must be one table of {n_points} rows, not {len(q)} tables.")
    return np.ascontiguousarray(q.T)


def check_n_components(n_components: int, n_points: int = MAX_POINTS) -> None:
    """Raise InputError unless n_components is a whole number from 1 to 50, and not more than the points."""
    check_whole_number("The number of components", n_components, 1, MAX_COMPONENTS)
    if n_components > n_points:
        raise InputError(f"{n_components} components need as many data points: choose at most {n_points}.")
