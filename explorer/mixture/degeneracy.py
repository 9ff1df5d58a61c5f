"""Degenerate components: how a component ceases to describe the data, reported with the reason.

The likelihood of a mixture has no maximum: a component that closes in on one value, or on points of one plane, makes
it grow without end. The variance floor stops it there, and EM stops with it, unless it is told to hold the variance at
the floor and to go on. Nothing is restarted or repaired.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from explorer.checks import Floats
from explorer.mixture import engine
from explorer.mixture.loop import Beginning, Problem, Stand


class DegeneracyKind(StrEnum):
    """What happened to the component.

    floor: its variance, in some direction, fell to the variance floor. emptied: its responsibilities sum to less than
    1e-12; its weight is 0, its mean and covariance are those it had before (the data's, if it was empty from the
    start; a covariance that is shared goes on with the others).
    singleton: the starting responsibilities give it one point only, which has no variance.
    constant: all points are equal, in at least one coordinate (spherical: in all).
    """

    FLOOR = "floor"
    EMPTIED = "emptied"
    SINGLETON = "singleton"
    CONSTANT = "constant"


@dataclass(frozen=True)
class Degeneracy:
    """A component (from 0) that became degenerate at an iteration.

    location: its mean, (d,) numbers in the unit of the data. points: the data points within three deviations of the
    variance floor around it, in the direction in which it is narrowest; 0 for an emptied component.
    """

    component: int
    kind: DegeneracyKind
    iteration: int
    location: tuple[float, ...]
    points: int


def degeneracies_of(
    problem: Problem, beginning: Beginning, stand: Stand, theta: engine.Parameters, run: int = 0
) -> tuple[Degeneracy, ...]:
    """The degenerate components of the run at this place of `stand.runs`, in order; theta is that of the stand."""
    if stand.degenerate is None or not stand.degenerate[:, run].any():
        return ()
    data, form, floor, _ = problem
    one = slice(run, run + 1)
    theta, singletons = theta.of_runs(one), None
    if stand.t == 0 and beginning.singletons is not None:
        singletons = beginning.singletons[:, one]

    def describe(k: int) -> Degeneracy:
        location = data.offset + data.scale * theta.means[k, 0]
        if theta.weights[k, 0] == 0:
            kind, points = DegeneracyKind.EMPTIED, 0
        else:
            points = _close_points(data, form, theta, k, floor)
            constant = data.variances == 0
            if constant.all() if form.isotropic else constant.any():
                kind = DegeneracyKind.CONSTANT
                # Equal values are given back as they came: centring may have changed their last digit.
                location = np.where(constant, data.offset, location)
            elif singletons is not None and singletons[k, 0]:
                kind = DegeneracyKind.SINGLETON
            else:
                kind = DegeneracyKind.FLOOR
        return Degeneracy(int(k), kind, stand.t, tuple(location.tolist()), points)

    return tuple(describe(k) for k in np.flatnonzero(stand.degenerate[:, run]))


def _close_points(
    data: engine.StandardizedData, form: engine.Form, theta: engine.Parameters, k: int, floor: Floats
) -> int:
    """How many points lie within three deviations of the floor of component k's mean, where it is narrowest."""
    widths = np.broadcast_to(np.sqrt(floor), data.z.shape[:1])
    covariance = theta.covariances[0 if form.shared else k, 0]
    if form.matrices:
        _, vectors = np.linalg.eigh(covariance / (widths[:, None] * widths))
        direction = vectors[:, 0] / widths
        distances = np.abs(direction @ data.z - direction @ theta.means[k, 0])
        return int(np.count_nonzero(distances <= 3))
    deviations = np.abs(data.z - theta.means[k, 0][:, None]) / widths[:, None]
    if form.isotropic:
        return int(np.count_nonzero(np.square(deviations).sum(axis=0) <= 9))
    return int(np.count_nonzero(deviations[np.argmin(covariance / floor)] <= 3))
