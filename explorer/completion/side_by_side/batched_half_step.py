"""A half step of many small runs at once, in planes.

A factor of W runs is (k, W, n), and the product of two of its columns is one plane (W, n), of all runs. The normal
equations of all rows of all runs are then a few products with the mask and the zero-filled matrix,

    (G^T G)_ab = sum_j seen_ij y_ja y_jb,    (G^T a)_a = sum_j a_ij y_ja,

and elimination goes through the planes. A run gets the same bits whatever runs are beside it: every sum is made for
one run at a time, or for `TILE` of them by a product of matrices that always has the same size.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from explorer.completion.observations import Observations
from explorer.completion.rounding import ROUNDING, TRUSTED, surely_well_conditioned
from explorer.completion.side_by_side.elimination import (
    Room,
    condition_at_most,
    cut,
    factorize,
    inner_products,
    substitute,
    sum_planes,
)

# Runs whose planes are multiplied with a shared table at a time. BLAS makes the last rows of a product otherwise than
# the rest where they do not fill its registers, and it cuts a large one among threads. This many rows fill them, also
# when halved, so that all are made alike.
TILE = 16

# Systems with a condition number below this, stricter than TRUSTED, are solved alike to ten digits by any order of the
# arithmetic, so that a run is the same side by side and alone.
CONDITION = 1e6

# Systems with a condition number below this are solved as well by `CORRECTIONS` corrections: each one leaves some 1e-5
# of the error at most.
REFINABLE = 1e11

CORRECTIONS = 2

# Below this share of observed entries, sums over the entries are quicker than products with zero-filled tables.
SPARSE = 0.1

# A direction with less than this share of a row's squares might count as rounding to the reference, where singular
# values below 1e-12 of the largest do.
GRADE = 1e-18


@dataclass(frozen=True, eq=False)
class Side:
    """The least squares problems of one factor: for all runs alike, or for each of W runs.

    seen, values: (n, m) or (W, n, m), 1 and a_ij where an entry is observed, 0 elsewhere.
    ridges: (1, m) or (W, m), lambda of each problem. Where nothing is observed it may be any positive number.
    sparse: the two tables, transposed, (m, n), where they are for all runs and few entries are observed.
    """

    seen: np.ndarray
    values: np.ndarray
    ridges: np.ndarray
    sparse: tuple[csr_array, csr_array] | None = None

    def only(self, some: np.ndarray) -> "Side":
        """The problems of some runs, each by itself."""
        if self.seen.ndim == 2:
            shape = (len(some), *self.seen.shape)
            seen, values = (np.ascontiguousarray(table) for table in (self.seen, self.values))
            return Side(np.broadcast_to(seen, shape), np.broadcast_to(values, shape), self.ridges)
        seen, values = (np.ascontiguousarray(table[some]) for table in (self.seen, self.values))
        return Side(seen, values, self.ridges[some])


def sparse_sides(problem: Observations) -> tuple[tuple[csr_array, csr_array] | None, ...]:
    """`Side.sparse` of X and of Y, each None where a good part of the entries is observed."""
    if problem.count >= SPARSE * problem.shape[0] * problem.shape[1]:
        return None, None
    cells = (problem.rows, problem.cols)
    tables = [csr_array((data, cells), shape=problem.shape) for data in (np.ones(problem.count), problem.values)]
    return tuple(tables), tuple(table.T.tocsr() for table in tables)


@dataclass(frozen=True, eq=False)
class Solved:
    """One factor of W runs, with the other one fixed.

    factor: (k, W, m).
    explained: (W,) how much of the squares it explains.
    terms: (W,) the size of the terms of that sum.
    sure: (W,) whether all systems of a run are surely well-conditioned, and the fixed factor has all its k directions.
    """

    factor: np.ndarray
    explained: np.ndarray
    terms: np.ndarray
    sure: np.ndarray


def batched_half_step(other: np.ndarray, side: Side, room: Room) -> Solved:
    """Solve one factor of W runs with the other one, (k, W, n), fixed."""
    grams, moments, space = _normal_equations(other, side, room)
    diagonal = np.einsum("aarj->arj", grams)
    traces = sum_planes(diagonal)
    diagonal += side.ridges
    factorize(grams, room)
    explained = substitute(grams, moments, room)
    terms = inner_products((traces * plane for plane in moments), moments)
    sure = np.isfinite(terms) & _have_all_directions(space)
    sure &= surely_well_conditioned(diagonal, traces, side.ridges, CONDITION).all(axis=1)
    return Solved(moments, explained, terms, sure)


def refined_half_step(other: np.ndarray, side: Side, room: Room) -> tuple[np.ndarray, np.ndarray]:
    """`batched_half_step` for runs that are not sure there, W of them: the factor and whether it is sure now.

    `side` is made by `Side.only`. The problems are solved in the directions of the fixed factor, strongest first, in
    which the ridge, lambda |u|^2, is the same. A direction that the reference takes for rounding is left out, as it is
    there. The solutions are then corrected by what their residuals leave to solve, with the same triangles: each time
    the error shrinks by the condition number times the rounding of a number (corrected normal equations, Bjorck,
    1987). Elimination does not feel the scale of a column, so that the condition is that with a unit diagonal.
    """
    basis, sure = _directions(other)
    coordinates = np.ascontiguousarray(other.transpose(1, 2, 0)) @ basis
    grams, moments, _ = _normal_equations(np.ascontiguousarray(coordinates.transpose(2, 0, 1)), side, room)
    diagonal = np.einsum("aarj->arj", grams)
    squares = diagonal.copy()
    traces = sum_planes(squares)
    left_out = ~basis.any(axis=1).T[:, :, None]
    diagonal += np.where(left_out, 1.0, side.ridges)
    scale = diagonal.copy()
    factorize(grams, room)
    solvable = (diagonal > 0).all(axis=0) & (condition_at_most(grams, scale, room) < REFINABLE)
    not_rounding = (left_out | (squares > GRADE * traces)).all(axis=0) | (traces < TRUSTED * side.ridges)
    sure &= (solvable & not_rounding).all(axis=1)

    substitute(grams, moments, room)
    residual = cut(room.residuals, *side.seen.shape)
    for _ in range(CORRECTIONS):
        np.matmul(coordinates, moments.transpose(1, 0, 2), out=residual)
        residual *= side.seen
        np.subtract(side.values, residual, out=residual)
        missing = (coordinates.swapaxes(1, 2) @ residual).swapaxes(0, 1) - side.ridges * moments
        substitute(grams, missing, room)
        moments += missing
    factor = np.ascontiguousarray(moments.transpose(1, 2, 0)) @ basis.swapaxes(1, 2)
    return factor.transpose(2, 0, 1), sure & np.isfinite(factor).all(axis=(1, 2))


def _normal_equations(other: np.ndarray, side: Side, room: Room) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """G^T G, (k, k, W, m), of which only a >= b is filled, and G^T a, (k, W, m), of all rows of all runs.

    Also the Gram matrix of the fixed factor, (W, k, k).
    """
    rank, width, n = other.shape
    m = side.seen.shape[-1]
    seen, values = side.sparse or (side.seen, side.values)
    grams, space = cut(room.grams, rank, rank, width, m), np.empty((width, rank, rank))
    for a in range(rank):
        products = np.multiply(other[a], other[: a + 1], out=cut(room.planes, a + 1, width, n))
        _sum_entries(products, seen, grams[a, : a + 1])
        space[:, a, : a + 1] = space[:, : a + 1, a] = products.sum(axis=2).T
    return grams, _sum_entries(other, values, np.empty((rank, width, m))), space


def _sum_entries(planes: np.ndarray, table: np.ndarray | csr_array, out: np.ndarray) -> np.ndarray:
    """sum_j t_ij z_j of planes z (p, W, n), for a table t as in `Side`: (p, W, m)."""
    n_planes, width, n = planes.shape
    if isinstance(table, csr_array):
        sums = table @ np.ascontiguousarray(planes.reshape(-1, n).T)
        out[...] = sums.T.reshape(out.shape)
        return out
    if table.ndim == 3:
        np.matmul(planes.swapaxes(0, 1), table, out=out.swapaxes(0, 1))
        return out
    full = width // TILE * TILE
    tiles = (n_planes, full // TILE, TILE)
    np.matmul(planes[:, :full].reshape(*tiles, n), table, out=out[:, :full].reshape(*tiles, table.shape[1]))
    if full < width:
        last = np.zeros((n_planes, TILE, n))
        last[:, : width - full] = planes[:, full:]
        out[:, full:] = (last @ table)[:, : width - full]
    return out


def _have_all_directions(grams: np.ndarray) -> np.ndarray:
    """Which of the factors with these Gram matrices, (W, k, k), surely have full rank for the reference, too: (W,)."""
    rank = grams.shape[1]
    others = max(1, rank - 1)
    scale = others / np.einsum("raa->r", grams)
    full = np.linalg.det(grams * scale[:, None, None]) * TRUSTED > others
    unsure = np.flatnonzero(~full & np.isfinite(grams).all(axis=(1, 2)))
    if len(unsure):
        spread = np.linalg.eigvalsh(grams[unsure])
        full[unsure] = spread[:, 0] * TRUSTED > spread[:, -1]
    return full


def _directions(other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal directions of the rows of factors (k, W, n), strongest first, and whether they are sure: (W,).

    The directions are the columns of (W, k, k). One that is rounding by the rule of the reference, under which every
    row counts alike, is zero. It is not sure where that is a matter of less than ten times.
    """
    rows = np.ascontiguousarray(other.transpose(1, 2, 0))
    lengths = np.linalg.norm(rows, axis=2, keepdims=True)
    unit_rows = rows / np.where(lengths > 0, lengths, 1.0)
    grams = unit_rows.swapaxes(1, 2) @ unit_rows
    finite = np.isfinite(grams).all(axis=(1, 2))
    grams[~finite] = 0.0
    _, basis = np.linalg.eigh(grams)
    basis = basis[:, :, ::-1]
    strengths = np.linalg.norm(unit_rows @ basis, axis=1)
    shares = strengths / strengths[:, :1]
    kept, rounding = shares > 10 * ROUNDING, shares < ROUNDING / 10
    return basis * kept[:, None, :], finite & (kept | rounding).all(axis=1)
