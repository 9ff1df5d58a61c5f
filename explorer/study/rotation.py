"""The factors of two runs: different although their products agree, and how to turn one pair into the other.

For every invertible T, (X T) (Y T^-T)^T = X Y^T: the product does not know which factors it came from. The ridge does,
in part: at a minimum with ridge > 0 the factors are balanced, X^T X = Y^T Y, and only a T that is orthogonal, a
rotation or a reflection, leaves them so (Srebro, Rennie and Jaakkola, 2005). But a small ridge balances the factors
long after the product is found: two runs that recover the checkerboard in ten sweeps, with ridge 0.01, are turned and
stretched against each other, and after a hundred they still are.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from explorer.checks import read_only
from explorer.completion import Factors, distance
from explorer.errors import InputError

# Factors that differ by less than this share of their size, once they are turned, are the same for people ...
SAME = 0.05
# ... but a rotation that leaves more than this share must do as well, up to a factor, as a matrix that also stretches.
ROTATED = 0.01
AS_WELL = 2.0
# A matrix with a larger condition number has no inverse to speak of.
CONDITION = 1e10


class AlignedBy(StrEnum):
    """What turns the factors of one run into those of another."""

    ROTATION = "rotation"
    REFLECTION = "reflection"
    INVERTIBLE = "invertible matrix"
    NOTHING = "nothing"


@dataclass(frozen=True, eq=False)
class Alignment:
    """The k x k matrix T with X_1 T ~ X_2 and Y_1 T^-T ~ Y_2, as near as one comes.

    by: what T is. NOTHING where no T turns both factors of one run into those of the other up to SAME of their size:
    the products differ. T is then the nearest orthogonal matrix.
    matrix: T (k, k), read-only; orthogonal unless `by` is INVERTIBLE.
    stretches (k,): the singular values of T, largest first, read-only. T stretches by these along k directions at right
    angles, and turns; all are 1 where it is orthogonal.
    angle: for k = 2 how far T turns, in radians in (-pi, pi]: a row x of X, as a point of the plane, goes
    counterclockwise. Where T mirrors, twice the angle of the mirror line. None for another k.
    left_before, right_before: |X_1 - X_2|_F / |X_2|_F, and the same of Y.
    left_after, right_after: |X_1 T - X_2|_F / |X_2|_F, and |Y_1 T^-T - Y_2|_F / |Y_2|_F.
    product_difference: |X_1 Y_1^T - X_2 Y_2^T|_F / |X_2 Y_2^T|_F, without forming the products.
    """

    by: AlignedBy
    matrix: np.ndarray
    stretches: np.ndarray
    angle: float | None
    left_before: float
    right_before: float
    left_after: float
    right_after: float
    product_difference: float

    @property
    def mirrors(self) -> bool:
        """Whether T turns left into right, with or without a stretch."""
        return bool(np.linalg.det(self.matrix) < 0)


def align_factors(a: Factors, b: Factors) -> Alignment:
    """Turn the factors of run `a` into those of run `b`, by an orthogonal matrix where that does as well as any.

    Raises InputError unless they are factors whose shapes and ranks agree.
    """
    for given in (a, b):
        if not isinstance(given, Factors):
            kind = type(given).__name__
            raise InputError(f"Only factors can be aligned, not {kind}: `trace.final` are the last ones of a run.")
    if a.left.shape != b.left.shape or a.right.shape != b.right.shape:
        raise InputError("Only factors of one shape can be aligned: choose two runs of one matrix and one rank.")
    by, matrix = _aligned(a, b)
    u, stretches, v = np.linalg.svd(matrix)
    left_before, right_before = _residuals(a, b, np.eye(a.rank))
    left_after, right_after = _residuals(a, b, matrix)
    return Alignment(
        by=by,
        matrix=read_only(matrix),
        stretches=read_only(stretches),
        angle=_angle(u @ v) if a.rank == 2 else None,
        left_before=left_before,
        right_before=right_before,
        left_after=left_after,
        right_after=right_after,
        product_difference=_product_difference(a, b),
    )


def _aligned(a: Factors, b: Factors) -> tuple[AlignedBy, np.ndarray]:
    orthogonal, invertible = _procrustes(a, b), _least_squares(a, b)
    turned = max(_residuals(a, b, orthogonal))
    if invertible is not None:
        left = max(_residuals(a, b, invertible))
        if left < SAME and turned > max(ROTATED, AS_WELL * left):
            return AlignedBy.INVERTIBLE, invertible
    if turned >= SAME:
        return AlignedBy.NOTHING, orthogonal
    return AlignedBy.REFLECTION if np.linalg.det(orthogonal) < 0 else AlignedBy.ROTATION, orthogonal


def _procrustes(a: Factors, b: Factors) -> np.ndarray:
    """The orthogonal Q with the least |X_1 Q - X_2|^2 + |Y_1 Q - Y_2|^2 (Schönemann, 1966)."""
    u, _, v = np.linalg.svd(a.left.T @ b.left + a.right.T @ b.right)
    return u @ v


def _least_squares(a: Factors, b: Factors) -> np.ndarray | None:
    """The T that solves X_1 T ~ X_2, or the one whose T^-T solves Y_1 T^-T ~ Y_2, whichever serves both factors better.

    The two are one where the products agree. None where neither has an inverse.
    """
    by_left = np.linalg.lstsq(a.left, b.left, rcond=None)[0]
    by_right = np.linalg.lstsq(a.right, b.right, rcond=None)[0]
    candidates = [by_left] if np.linalg.cond(by_left) < CONDITION else []
    if np.linalg.cond(by_right) < CONDITION:
        candidates.append(np.linalg.inv(by_right).T)
    return min(candidates, key=lambda matrix: max(_residuals(a, b, matrix)), default=None)


def _residuals(a: Factors, b: Factors, matrix: np.ndarray) -> tuple[float, float]:
    """|X_1 T - X_2| and |Y_1 T^-T - Y_2|, as shares of |X_2| and |Y_2|."""
    turned = (a.left @ matrix, b.left), (a.right @ np.linalg.inv(matrix).T, b.right)
    left, right = (_share(np.linalg.norm(one - other), np.linalg.norm(other)) for one, other in turned)
    return left, right


def _product_difference(a: Factors, b: Factors) -> float:
    nothing = Factors(np.zeros_like(b.left), np.zeros_like(b.right))
    return _share(distance(a, b), distance(nothing, b))


def _share(difference: float, size: float) -> float:
    if size > 0:
        return float(difference / size)
    return 0.0 if difference == 0 else np.inf


def _angle(orthogonal: np.ndarray) -> float:
    # A row x becomes x T, so that a turn by t is T = [[cos t, sin t], [-sin t, cos t]], and a reflection at the line of
    # angle t / 2 is [[cos t, sin t], [sin t, -cos t]].
    return float(np.arctan2(orthogonal[0, 1], orthogonal[0, 0]))
