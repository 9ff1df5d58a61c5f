"""The data as the engine sees it: centred, in units near their spread, one row a coordinate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from explorer.errors import InputError
from explorer.mixture.covariances import Floats, Form

# Where the variance floor is off: a fraction of the data's variance (deviations of 1e-12) that only rounding gives.
ROUNDING_FLOOR = 1e-24
# A variance, in the data's unit squared, that is still a normal number with room below it.
SMALLEST_VARIANCE = 1e-305
# Points that differ by less have a variance that double precision cannot hold.
SMALLEST_SPREAD = 1e-150


class StandardizedData(NamedTuple):
    """Points z = (x - offset) / scale with offset and scale (d,), coordinates along rows: z is (d, n).

    The mean is taken out once, so that no sum of squares cancels when |mu| >> sigma. Scales are powers of two, near
    the standard deviation, so that dividing by them rounds nothing, and data of any unit can be squared.

    variances (d,): of z; covariance (d, d) of z is computed where it is asked for. log_volume: what the log-likelihood
    of z must be raised by to be that of x, with the factor (2 pi)^(-nd/2) of all normal densities in it.
    """

    z: Floats
    offset: Floats
    scale: Floats
    variances: Floats
    log_volume: float

    @property
    def n_points(self) -> int:
        return self.z.shape[1]

    def floor(self, form: Form, fraction: float) -> Floats:
        """The least variance of z in each coordinate, (d,), or (1,) where all share one.

        A fraction of the data's variance, so that it does not depend on the unit; of 1 (in the data's unit) where
        all points are equal.
        """
        variances = np.where(self.variances > 0, self.variances, self.scale**-2.0)
        if form.isotropic:
            variances = variances.mean(keepdims=True)
        least = SMALLEST_VARIANCE / np.square(self.scale[: len(variances)])
        return np.maximum(max(fraction, ROUNDING_FLOOR) * variances, least)

    def covariances(self, form: Form) -> Floats:
        """The data's own covariance in the form's layout: what a component has before any point is assigned to it."""
        if form.matrices:
            covariance = (self.z @ self.z.T) / self.n_points
        else:
            covariance = self.variances.mean(keepdims=True) if form.isotropic else self.variances
        return covariance[None, None]


def standardize(points: Floats, form: Form) -> StandardizedData:
    """Standardize points (n, d); equal points become exactly 0, because the first is taken out before the mean.

    Spherical covariances know one unit only, so all coordinates share a scale then. Raises InputError where points
    differ, but by less than a variance can show.
    """
    n, d = points.shape
    rows = np.ascontiguousarray(points.T)
    first = points[0]
    spans = np.ptp(rows, axis=1)
    if ((spans > 0) & (spans < SMALLEST_SPREAD)).any():
        raise InputError(f"The data's values differ by less than {SMALLEST_SPREAD:g}: choose another unit.")
    if form.isotropic:
        spans = np.full(d, spans.max())
    # In two steps: squares of what is divided by the span cannot overflow.
    scale = _power_of_two(spans)
    z = np.subtract(rows, first[:, None])
    z *= 1 / scale[:, None]
    # The offset is rounded first, so that it is exactly what z has lost; what is left of z's mean does no harm.
    offset = first + z.mean(axis=1) * scale
    np.subtract(rows, offset[:, None], out=z)
    z *= 1 / scale[:, None]
    variances = np.square(z).mean(axis=1) if d == 1 else np.einsum("dn,dn->d", z, z) / n
    nearer = _power_of_two(np.sqrt(np.full(d, variances.mean()) if form.isotropic else variances))
    z *= 1 / nearer[:, None]
    scale = scale * nearer
    log_volume = -n * (0.5 * d * np.log(2 * np.pi) + np.log(scale).sum())
    return StandardizedData(z, offset, scale, variances / np.square(nearer), float(log_volume))


def _power_of_two(sizes: Floats) -> Floats:
    """The power of two at or just below each size; 1 for a size of 0."""
    _, exponents = np.frexp(sizes)
    return np.where(sizes > 0, np.ldexp(1.0, exponents - 1), 1.0)
