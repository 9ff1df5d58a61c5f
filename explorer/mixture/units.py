"""Between the data's own units and those of standardized data, for R mixtures at once."""

from __future__ import annotations

import numpy as np

from explorer.errors import InputError
from explorer.mixture.covariances import Floats, Form, Whitening, compact, expand
from explorer.mixture.parameters import Parameters, parameters
from explorer.mixture.standardized import SMALLEST_VARIANCE, StandardizedData


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
