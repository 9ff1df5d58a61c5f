"""Gaussian elimination of many small systems at once: the same entry of all systems is one plane, (W, m).

W is the number of runs and m that of the systems of each. Every sum is made for one run at a time, so that a run gets
the same bits whatever runs are beside it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

import numpy as np


@dataclass(frozen=True, eq=False)
class Room:
    """Memory to work in, which is overwritten: to ask for fresh memory would take longer than the arithmetic.

    Flat arrays of numbers, for the normal equations, for a few planes, and for residuals.
    """

    grams: np.ndarray
    planes: np.ndarray
    residuals: np.ndarray


def room_for(rank: int, width: int, shape: tuple[int, int], residuals: int) -> Room:
    """Room for half steps of `width` runs on m x n matrices, and for some numbers in residuals."""
    plane = width * max(shape)
    return Room(np.empty(rank**2 * plane), np.empty(max(3, rank) * plane), np.empty(residuals))


def cut(room: np.ndarray, *shape: int) -> np.ndarray:
    """The first numbers of a flat array, as an array of that shape."""
    return room[: prod(shape)].reshape(shape)


def inner_products(planes: Iterable[np.ndarray], others: Iterable[np.ndarray]) -> np.ndarray:
    """sum_ki u_ki v_ki of each run, (W,), for planes u and v of all runs, (k, W, m).

    Plane after plane: one call of `einsum` would choose the order of its sums by W.
    """
    return sum(np.einsum("ri,ri->r", plane, other) for plane, other in zip(planes, others, strict=True))


def sum_planes(planes: np.ndarray) -> np.ndarray:
    """The sum of k planes, (W, m), in their order."""
    total = planes[0].copy()
    for plane in planes[1:]:
        total += plane
    return total


def factorize(grams: np.ndarray, room: Room) -> None:
    """L D L^T of the systems of all rows, in place: pivots d on the diagonal and the unit triangle L below it.

    It is Gaussian elimination, without the square roots of Cholesky's.
    """
    rank, _, width, m = grams.shape
    inverse, share, product = cut(room.planes, 3, width, m)
    for a in range(rank):
        np.divide(1, grams[a, a], out=inverse)
        for b in reversed(range(a + 1, rank)):
            np.multiply(grams[b, a], inverse, out=share)
            for c in range(a + 1, b + 1):
                grams[b, c] -= np.multiply(share, grams[c, a], out=product)
            grams[b, a] = share


def substitute(triangles: np.ndarray, moments: np.ndarray, room: Room) -> np.ndarray:
    """Solve the systems, factorized, for the moments b (k, W, m), which become the solutions.

    Returns how much of the squares each run explains, (W,): the sum of b . (G^T G + lambda I)^-1 b over its rows.
    """
    rank, width, m = moments.shape
    plane, explained = cut(room.planes, width, m), np.zeros(width)
    for a in range(rank):
        for b in range(a + 1, rank):
            moments[b] -= np.multiply(triangles[b, a], moments[a], out=plane)
        np.divide(moments[a], triangles[a, a], out=plane)
        explained += np.einsum("rj,rj->r", moments[a], plane)  # the square alone may vanish
        moments[a] = plane
    for a in reversed(range(rank)):
        for b in range(a + 1, rank):
            moments[a] -= np.multiply(triangles[b, a], moments[b], out=plane)
    return explained


def condition_at_most(triangles: np.ndarray, scale: np.ndarray, room: Room) -> np.ndarray:
    """A bound on the condition number of systems (W, m) scaled to a unit diagonal, at most k^2 times too large.

    It is the trace, k, times that of the inverse, whose diagonal is solved for. `scale` is the diagonal, (k, W, m).
    """
    rank = len(scale)
    traces = np.zeros(scale.shape[1:])
    for a in range(rank):
        unit = np.zeros_like(scale)
        unit[a] = 1.0
        substitute(triangles, unit, room)
        traces += scale[a] * unit[a]
    return rank * traces
