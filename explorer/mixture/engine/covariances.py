"""Covariance structures: what the components may differ in, and the little linear algebra that follows from it.

Inside the engine many runs are computed at once: arrays have one row a component and one column a run. K is the
number of components, R that of runs, d that of dimensions. A structure decides how covariances are kept:

- elementwise, a variance for every direction: (K, R, d), or (K, R, 1) where all directions share one (spherical);
- matrices: (K, R, d, d);

and with 1 instead of K where all components share one (tied). In one dimension every structure is elementwise, so
"full" is a free variance for each component, and "tied" an equal one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.checks import Floats, check_choice
from explorer.errors import InputError

# An eigenvalue below this share of the largest is hardly known: rounding would move the log-likelihood by more than EM.
ROUNDING = 1e-10


@dataclass(frozen=True)
class CovarianceStructure:
    """A covariance structure: its name, its label on screen, and one sentence that explains it.

    n_parameters(K, d): how many free numbers the covariances of K components in d dimensions have.
    """

    name: str
    label: str
    explanation: str
    n_parameters: Callable[[int, int], int]


STRUCTURES: dict[str, CovarianceStructure] = {
    structure.name: structure
    for structure in (
        CovarianceStructure(
            "full",
            "Full",
            "Every component has a covariance matrix of its own, an ellipsoid of any shape and direction.",
            lambda n_components, d: n_components * d * (d + 1) // 2,
        ),
        CovarianceStructure(
            "tied",
            "Tied",
            "All components share one covariance matrix, so they differ in place and weight only.",
            lambda n_components, d: d * (d + 1) // 2,
        ),
        CovarianceStructure(
            "diagonal",
            "Diagonal",
            "Every component has a variance for each coordinate, an ellipsoid along the axes.",
            lambda n_components, d: n_components * d,
        ),
        CovarianceStructure(
            "spherical",
            "Spherical",
            "Every component has one variance for all coordinates, a ball.",
            lambda n_components, d: n_components,
        ),
    )
}


class Form(NamedTuple):
    """How the covariances of a structure are kept; see above. n_dimensions is d."""

    matrices: bool
    shared: bool
    isotropic: bool
    n_dimensions: int


class Whitening(NamedTuple):
    """What turns deviations into standard ones.

    inverses: elementwise 1 / v, in the layout of the variances; for matrices L^-1, where Sigma = L L^T.
    log_determinants: log |Sigma|, (K or 1, R).
    """

    inverses: Floats
    log_determinants: Floats


def form_of(structure: str, n_dimensions: int) -> Form:
    """The form of a structure, by name. Raises InputError where there is no such structure."""
    check_choice("covariance structure", structure, STRUCTURES)
    return Form(
        matrices=n_dimensions > 1 and structure in ("full", "tied"),
        shared=structure == "tied",
        isotropic=structure == "spherical",
        n_dimensions=n_dimensions,
    )


def whiten(form: Form, covariances: Floats) -> Whitening:
    """The whitening of covariances, which must be positive definite (numpy raises LinAlgError otherwise)."""
    if form.matrices:
        roots = np.linalg.cholesky(covariances)
        diagonals = np.einsum("krii->kri", roots)
        return Whitening(np.linalg.inv(roots), 2 * np.log(diagonals).sum(axis=2))
    logs = over_dimensions(np.log(covariances))
    return Whitening(1 / covariances, logs * form.n_dimensions if form.isotropic else logs)


def over_dimensions(values: Floats) -> Floats:
    """Sums over the last axis, which often has one place only."""
    return values[..., 0] if values.shape[-1] == 1 else values.sum(axis=-1)


def squared_lengths(form: Form, whitening: Whitening, vectors: Floats) -> Floats:
    """v^T Sigma^-1 v for vectors (K, R, d): (K, R)."""
    if form.matrices:
        return np.square((whitening.inverses @ vectors[..., None])[..., 0]).sum(axis=2)
    return over_dimensions(np.square(vectors) * whitening.inverses)


def traces(form: Form, whitening: Whitening, covariances: Floats) -> Floats:
    """tr(Sigma^-1 V) for covariances V of the same form: (K, R), or (1, R) where they are shared."""
    if form.matrices:
        return np.einsum("krij,krij->kr", whitening.inverses @ covariances, whitening.inverses)
    ratios = over_dimensions(whitening.inverses * covariances)
    return ratios * form.n_dimensions if form.isotropic else ratios


def precisions(form: Form, whitening: Whitening) -> Floats:
    """Sigma^-1 in the layout of the covariances."""
    if form.matrices:
        return whitening.inverses.swapaxes(2, 3) @ whitening.inverses
    return whitening.inverses


def at_least(form: Form, covariances: Floats, floor: Floats) -> tuple[Floats, Whitening, NDArray[np.bool_] | None]:
    """The covariances raised to the floor, their whitening, and which reached it, (K or 1, R), or None for none.

    floor (d,) or (1,): the least variance in each coordinate, in the unit of the covariances. A matrix reaches it
    where an eigenvalue does, in coordinates in which the floor is 1, or where one is no more than rounding of the
    largest. Eigenvalues below are raised to it, which is what maximises the likelihood among the matrices above.
    """
    if not form.matrices:
        reached = covariances <= floor
        if not np.logical_or.reduce(reached, axis=None):
            return covariances, whiten(form, covariances), None
        raised = np.maximum(covariances, floor)
        return raised, whiten(form, raised), reached.any(axis=2)
    try:
        whitening = whiten(form, covariances)
        # The trace of the inverse bounds the smallest eigenvalue from below, the trace the largest from above.
        inverse = np.einsum("krij,krij,j->kr", whitening.inverses, whitening.inverses, floor)
        largest = np.einsum("krii,i->kr", covariances, 1 / floor)
        if inverse.max() < 1 and (inverse * largest).max() * ROUNDING < 1:
            return covariances, whitening, None
    except np.linalg.LinAlgError:
        pass
    widths = np.sqrt(floor)
    scales = widths[:, None] * widths
    eigenvalues, vectors = np.linalg.eigh(covariances / scales)
    least = np.maximum(1.0, ROUNDING * eigenvalues[..., -1:])
    reached = eigenvalues[..., 0] <= least[..., 0]
    if not reached.any():
        return covariances, whiten(form, covariances), None
    raised = (vectors * np.maximum(eigenvalues, least)[..., None, :]) @ vectors.swapaxes(2, 3) * scales
    raised = np.where(reached[..., None, None], (raised + raised.swapaxes(2, 3)) / 2, covariances)
    return raised, whiten(form, raised), reached


def expand(form: Form, covariances: Floats, n_components: int) -> Floats:
    """Compact covariances as (K, R, d, d)."""
    d = form.n_dimensions
    if form.matrices:
        full = covariances
    else:
        full = np.zeros((*covariances.shape[:2], d, d))
        np.einsum("krii->kri", full)[...] = covariances
    return np.repeat(full, n_components, axis=0) if form.shared else full


def compact(form: Form, covariances: Floats) -> Floats:
    """Covariances (K, R, d, d) in the form's layout.

    Raises InputError where they do not have the structure, to ten digits.
    """
    if form.shared:
        if not np.allclose(covariances, covariances[:1], rtol=1e-10, atol=0):
            raise InputError("The start's covariances differ: tied ones must be the same for every component.")
        covariances = covariances[:1]
    if form.matrices:
        return covariances
    diagonals = np.einsum("krii->kri", covariances)
    if form.n_dimensions > 1:
        widths = np.sqrt(diagonals)
        spread = widths[..., None] * widths[..., None, :]
        off = np.abs(covariances * ~np.eye(form.n_dimensions, dtype=bool))
        if (off > 1e-10 * spread).any():
            raise InputError("The start's covariances are not diagonal: choose full ones, or leave correlations out.")
    if not form.isotropic:
        return diagonals
    if not np.allclose(diagonals, diagonals[..., :1], rtol=1e-10, atol=0):
        raise InputError("The start's variances differ between coordinates: spherical ones must be equal.")
    return diagonals[..., :1]
