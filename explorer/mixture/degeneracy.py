"""Degenerate components: how a component ceases to describe the data, reported with the reason.

The likelihood of a mixture has no maximum: a component that closes in on one value makes it grow without
end. The variance floor stops it there, and EM stops with it. Nothing is restarted or repaired.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from explorer.mixture.univariate import CentredData, Floats, Parameters


class DegeneracyKind(StrEnum):
    """What happened to the component.

    floor: its variance fell to the variance floor. emptied: its responsibilities sum to less than 1e-12;
    its weight is 0, its mean and variance are those it had before (the data's, if it was empty from the
    start). singleton: the starting responsibilities give it one point only, which has no variance.
    constant: all points are equal.
    """

    FLOOR = "floor"
    EMPTIED = "emptied"
    SINGLETON = "singleton"
    CONSTANT = "constant"


@dataclass(frozen=True)
class Degeneracy:
    """A component (from 0) that became degenerate at an iteration.

    location is its mean, in the unit of the data (the one value, where all points are equal); points counts the
    data points within three deviations of the variance floor around it, 0 for an emptied component.
    """

    component: int
    kind: DegeneracyKind
    iteration: int
    location: float
    points: int


def find_degeneracies(
    data: CentredData, theta: Parameters, floor: float, iteration: int, start: Floats | None = None
) -> tuple[Degeneracy, ...]:
    """The components of theta that are empty or have a variance of at most the floor, in order.

    start (K, n) is given where theta comes from the M step of the starting responsibilities.
    """
    degenerate = (theta.weights == 0) | (theta.variances <= floor)
    if not degenerate.any():
        return ()

    def describe(k: int) -> Degeneracy:
        location = theta.means[k]
        points = np.count_nonzero(np.abs(data.line - location) <= 3 * np.sqrt(floor))
        if theta.weights[k] == 0:
            kind, points = DegeneracyKind.EMPTIED, 0
        elif data.variance == 0:
            kind, location, points = DegeneracyKind.CONSTANT, data.line[0], len(data.line)
        elif start is not None and np.count_nonzero(start[k]) == 1:
            kind = DegeneracyKind.SINGLETON
        else:
            kind = DegeneracyKind.FLOOR
        return Degeneracy(int(k), kind, iteration, float(location + data.offset), int(points))

    return tuple(describe(k) for k in np.flatnonzero(degenerate))
