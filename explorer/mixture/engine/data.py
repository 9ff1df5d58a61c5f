"""The data as the engine sees it, centred, in units near its spread, one row a coordinate; and mixtures in these units,
and back in the data's own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from explorer.checks import Floats
from explorer.errors import InputError
from explorer.mixture.engine.covariances import Form, Whitening, compact, expand
from explorer.mixture.engine.m_step import Parameters, parameters

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


def standardized_mixtures(
    data: StandardizedData, form: Form, weights: Floats, means: Floats, covariances: Floats
) -> Parameters:
    """R mixtures, weights (R, K), means (R, K, d) and covariances (R, K, d, d), as parameters of standardized data.

    Raises InputError where they have not the data's dimensions, or not the form's structure.
    """
    if means.shape[2] != form.n_dimensions:
        raise InputError(f"The mixture has {means.shape[2]} dimensions, but the data has {form.n_dimensions}.")
    # Divided one after the other: the product of two scales could overflow.
    with np.errstate(over="ignore", under="ignore"):
        covariances = covariances / data.scale[:, None] / data.scale
    diagonals = np.einsum("rkii->rki", covariances)
    if not (np.isfinite(covariances).all() and diagonals.min() >= SMALLEST_VARIANCE):
        raise InputError("The start's variances are too large or too small for the data: bring them nearer to its own.")
    standard = compact(form, covariances.swapaxes(0, 1))
    moved = ((means - data.offset) / data.scale).swapaxes(0, 1)
    return parameters(form, np.ascontiguousarray(weights.T), moved, standard)


def of_the_data(data: StandardizedData, form: Form) -> Parameters:
    """The data's own mean and covariance: what a component has that no point was ever assigned to."""
    nothing = np.ones((1, 1))
    return Parameters(nothing, np.zeros((1, 1, form.n_dimensions)), data.covariances(form), Whitening(nothing, nothing))


def in_data_units(data: StandardizedData, form: Form, theta: Parameters) -> tuple[Floats, Floats, Floats]:
    """Weights (R, K), means (R, K, d) and covariances (R, K, d, d) of the data as it was given."""
    n_components = len(theta.weights)
    weights = np.ascontiguousarray(theta.weights.T)
    means = data.offset + data.scale * theta.means.swapaxes(0, 1)
    covariances = expand(form, theta.covariances, n_components).swapaxes(0, 1) * data.scale[:, None] * data.scale
    return weights, means, np.ascontiguousarray(covariances)
