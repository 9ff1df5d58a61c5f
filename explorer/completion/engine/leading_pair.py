"""The largest singular value of a sparse matrix, its vectors, and a bound that it does not exceed.

From one starting vector Lanczos bidiagonalisation grows orthonormal bases U and V with A V = U B, B bidiagonal
and small (Golub and Kahan, 1965). `scipy.sparse.linalg.svds` does the like, but it fails on a matrix of zeros or
of a single row, cannot be told which accuracy suffices, and does not say how much it may have missed.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from explorer.completion.rounding import ROUNDING

# The most vectors of a basis.
MAX_STEPS = 200

# The most numbers in both bases, 160 MB, unless twenty vectors already have more.
BASIS_NUMBERS = 20_000_000

# The bound may exceed the value found by this share of what the value is above the threshold.
FRACTION = 0.1

# The chance, over random starts, that the bound does not hold.
UNLIKELY = 1e-6

# Enough to solve for the bound to some digits; it is on the safe side after any number.
NEWTON_STEPS = 8


@dataclass(frozen=True, eq=False)
class SingularPair:
    """A singular value of A, nearly the largest, with its vectors: A v = value u.

    value: at most the largest singular value of A.
    bound: at least that value, for all but one in a million random starts.
    left, right: u (m,) and v (n,), of length 1; u = 0 for a matrix of zeros.
    """

    value: float
    bound: float
    left: np.ndarray
    right: np.ndarray


def leading_pair(matrix: csr_array, start: np.ndarray, threshold: float = 0.0) -> SingularPair:
    """The largest singular value of `matrix`, (m, n), and its vectors.

    Bases are grown, and kept orthogonal explicitly, until the bound is near enough to the value, or until they
    have 200 vectors or as many as fit into memory; then the bound is as far away as it says.

    matrix: finite, with squares that neither overflow nor vanish.
    start: (n,) drawn from the standard normal distribution, or alike.
    threshold: what the value is compared with. Near enough is a tenth of what the value is above it, or
    rounding.
    """
    m, n = matrix.shape
    size = min(MAX_STEPS, max(20, BASIS_NUMBERS // (m + n)), min(m, n) + 1)
    left, right = np.zeros((size, m)), np.zeros((size, n))
    bidiagonal = np.zeros((size, size))
    transposed = matrix.T
    right[0] = start / np.linalg.norm(start)
    remainders = np.zeros(size)
    for p in range(size):
        u = _orthogonal_part(matrix @ right[p], left[:p])
        length = np.linalg.norm(u)
        if length > ROUNDING * bidiagonal.max():
            left[p] = u / length
            bidiagonal[p, p] = length
            v = _orthogonal_part(transposed @ left[p], right[: p + 1])
            remainders[p] = np.linalg.norm(v)
        coordinates, values, turned = np.linalg.svd(bidiagonal[: p + 1, : p + 1])
        value = float(values[0])
        bound = _probable_bound(values, np.diag(bidiagonal)[: p + 1] * remainders[: p + 1], n)
        if bound - value <= max(FRACTION * (value - threshold), ROUNDING * value) or p + 1 == size:
            break
        right[p + 1] = v / remainders[p]
        bidiagonal[p, p + 1] = remainders[p]
    return SingularPair(value, bound, coordinates[:, 0] @ left[: p + 1], turned[0] @ right[: p + 1])


def _orthogonal_part(vector: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """The vector without its part in the span of the basis, an orthonormal row each: twice is enough."""
    for _ in range(2):
        vector = vector - basis.T @ (basis @ vector)
    return vector


def _probable_bound(values: np.ndarray, couplings: np.ndarray, n: int) -> float:
    """A bound of the largest singular value of A that holds for all but few random starts.

    B^T B is what Lanczos makes of A^T A, with the couplings beta_i beside its diagonal, and chi, the monic
    polynomial with its p eigenvalues theta_i as zeros, has |chi(A^T A) start| = beta_1 ... beta_p. A start with
    the part c along the sought vector cannot be shorter there than c chi(lambda), with lambda the square sought:

        (lambda - theta_1) ... (lambda - theta_p) <= beta_1 ... beta_p / c,

    and few random starts have |c| below UNLIKELY / sqrt(n) (van Dorsselaer, Hochstenbach and van der Vorst, 2000).
    """
    theta = values**2
    if not couplings.all():
        return float(values[0])
    right_side = np.log(couplings).sum() + np.log(np.sqrt(n) / UNLIKELY)
    below = theta[0] - theta[1:]

    # In logarithms, x = log(lambda - theta_1), the left side rises and is convex: from a point where it is above the
    # right side Newton's iteration never goes below the solution, so that every iterate is a bound.
    x = right_side / len(theta)
    for _ in range(NEWTON_STEPS):
        step = np.exp(x)
        excess = x + np.log(step + below).sum() - right_side
        x -= excess / (1.0 + (step / (step + below)).sum())
    return float(np.sqrt(theta[0] + np.exp(x)))
