"""What counts as rounding, and how ill-conditioned a system may be: the bounds that all half steps share."""

import numpy as np

# What is below this share of a whole is rounding: a singular value of the largest, a residual of the data.
ROUNDING = 1e-12

# Normal equations are trusted up to this condition number: half of the digits are left.
TRUSTED = 1e8


def surely_well_conditioned(
    pivots: np.ndarray, traces: np.ndarray, ridges: np.ndarray | float, limit: float
) -> np.ndarray:
    """Whether a bound that costs next to nothing shows that systems G^T G + lambda I have a condition below `limit`.

    pivots: (k, ...), the d of L D L^T of each system, or the squared diagonal of Cholesky's triangle.
    traces: (...), of G^T G without the ridge.

    The condition is below the limit where trace(G^T G) / lambda is. Elsewhere the determinant, a product of pivots,
    tells: the eigenvalues but the smallest have at most the product that they have when all are equal,
    det <= smallest (trace / (k - 1))^(k - 1).
    """
    sure = traces < limit * ridges
    if sure.all():
        return sure
    rank = len(pivots)
    others = max(1, rank - 1)
    bound = np.prod(pivots * (others / (traces + rank * ridges)), axis=0)
    return sure | ((pivots > 0).all(axis=0) & (bound * limit > others))
