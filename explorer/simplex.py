"""The exact projection onto the simplex: weights of a mixture, singular values in a nuclear norm ball."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.checks import check_positive
from explorer.errors import InputError


def project_onto_simplex(points: ArrayLike, total: float = 1.0) -> NDArray[np.float64]:
    """The nearest point with entries of at least 0 that sum to `total`, for each point along the last axis.

    It is max(v - theta, 0) with the one theta that gives the sum: with v sorted from the largest on, theta is
    (v_1 + ... + v_r - total) / r for the largest r at which v_r is above it (Held, Wolfe and Crowder, 1974;
    Duchi et al., 2008).

    points: (..., K), finite; so is the result. total: > 0, finite. Raises InputError where this does not hold.
    """
    try:
        v = np.array(points, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("The point to project onto the simplex must consist of numbers.") from None
    if v.ndim == 0 or v.size == 0 or not np.isfinite(v).all():
        raise InputError("The point to project onto the simplex must be finite numbers, at least one.")
    check_positive("The sum of the entries of a point of the simplex", total)

    # Adding one number to all entries changes nothing, and nor does what is `total` or more below the largest:
    # it becomes 0 in any case. So no digits are lost to large entries, and nothing overflows.
    with np.errstate(over="ignore"):
        v = np.maximum((v - v.max(axis=-1, keepdims=True)) / total, -1.0)
    descending = -np.sort(-v, axis=-1)
    candidates = (np.cumsum(descending, axis=-1) - 1.0) / np.arange(1, v.shape[-1] + 1)
    positive = np.count_nonzero(descending > candidates, axis=-1)[..., None]
    theta = np.take_along_axis(candidates, positive - 1, axis=-1)
    return total * np.maximum(v - theta, 0.0)
