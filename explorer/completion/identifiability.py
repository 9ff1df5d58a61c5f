"""Can the observed entries determine a matrix of rank k at all, whatever the algorithm?

Near X Y^T the matrices of rank k form a surface of dimension (m + n - k) k. Look at how the observed entries
react to every small change of X and Y: the Jacobian of (X, Y) -> P_Omega(X Y^T). If its rank equals that
dimension, no other matrix of rank k nearby has the same observed entries; if it is less, the matrix can move
while the observed entries stand still to first order. For nearly all X and Y the rank is the same, a property
of the mask (Singer and Cucuringu, 2010). "ALS did not converge" and "this mask is not completable" are two
different verdicts.
"""

from dataclasses import dataclass

import numpy as np

from explorer.checks import check_whole_number, read_only
from explorer.completion.checks import check_observations
from explorer.completion.engine.row_blocks import fixed_factor, row_blocks
from explorer.completion.factors import Factors
from explorer.completion.observations import Observations, transposed
from explorer.errors import InputError

# The largest k min(m, n): the verdict takes time with its cube and memory with its square.
MAX_UNKNOWNS = 4_000

# Numbers held at a time while rows are eliminated, 32 MB.
STRIP_NUMBERS = 4_000_000

# Eigenvalues of S below this share of its scale are zero: rounding leaves about 1e-15 of it.
NEGLIGIBLE = 1e-12

# Singular values of a row's part of Y below this share of the largest are zero.
REACH = 1e-10


@dataclass(frozen=True, eq=False)
class Identifiability:
    """What the observed positions tell about a matrix of rank k.

    short_rows, short_cols: as the functions of these names return them.
    jacobian_rank: rank of the Jacobian of (X, Y) -> P_Omega(X Y^T).
    degrees_of_freedom: (m + n - k) k, the dimension of the matrices of rank k, the most that rank can be.
    """

    short_rows: np.ndarray
    short_cols: np.ndarray
    jacobian_rank: int
    degrees_of_freedom: int

    @property
    def determined(self) -> bool:
        """Whether a matrix of rank k is the only one near itself that has these observed entries.

        If not, such matrices come in continuous families, and no method can tell which member was meant.
        """
        return self.jacobian_rank == self.degrees_of_freedom


def identifiability(
    observations: Observations, rank: int, seed: int = 0, *, at: Factors | None = None
) -> Identifiability:
    """Whether the observed entries determine a matrix of the given rank locally.

    observations: only the positions are used, not the values.
    rank: k, 1..min(m, n), with k min(m, n) at most 4000.
    seed: of the random factors at which the Jacobian is taken; the verdict is the same for nearly all.
    at: judge at these factors instead. A matrix with structure can be undetermined under a mask that
    determines nearly every other one: a column of the checkerboard that is seen in even rows only
    says nothing about its odd rows.

    Raises InputError when these are not `Observations`, the rank is out of bounds, the problem too large, or `at`
    does not fit.
    """
    check_observations(observations)
    m, n = observations.shape
    check_whole_number("The rank, for this matrix,", rank, 1, min(m, n))
    if rank * min(m, n) > MAX_UNKNOWNS:
        raise InputError(
            "Whether the entries determine the matrix can only be computed while rank times shorter side is "
            f"at most {MAX_UNKNOWNS:,}; here it is {rank * min(m, n):,}, so choose a lower rank."
        )
    check_whole_number("The seed", seed, 0)
    if at is None:
        rng = np.random.default_rng(seed)
        at = Factors(rng.standard_normal((m, rank)), rng.standard_normal((n, rank)))
    elif at.left.shape != (m, rank) or at.right.shape != (n, rank):
        raise InputError(f"The factors must be ({m}, {rank}) and ({n}, {rank}) to fit the matrix and the rank.")

    if n > m:
        jacobian_rank = _jacobian_rank(transposed(observations), Factors(at.right, at.left))
    else:
        jacobian_rank = _jacobian_rank(observations, at)
    return Identifiability(
        short_rows=short_rows(observations, rank),
        short_cols=short_cols(observations, rank),
        jacobian_rank=jacobian_rank,
        degrees_of_freedom=(m + n - rank) * rank,
    )


def short_rows(observations: Observations, rank: int) -> np.ndarray:
    """Sorted indices of the rows with fewer than k observed entries: not even a known Y would determine them."""
    check_observations(observations)
    return _short(observations.rows, observations.shape[0], rank)


def short_cols(observations: Observations, rank: int) -> np.ndarray:
    """Sorted indices of the columns with fewer than k observed entries: not even a known X would determine them."""
    check_observations(observations)
    return _short(observations.cols, observations.shape[1], rank)


def _jacobian_rank(observations: Observations, at: Factors) -> int:
    """Rank of the Jacobian, with X eliminated: sum_i rank(Y_i) + rank(S), where S has side n k.

    Row i of the matrix reacts to its own x_i through Y_i, the rows of Y at its entries, and to each y_j
    through x_i. With an orthonormal basis Q_i of what x_i can do, the rest is left to Y:

        S = sum_i E_i^T (I - Q_i Q_i^T) E_i = sum_i blockdiag_{j in Omega_i}(x_i x_i^T) - Z_i Z_i^T,

    with E_i the part of the Jacobian that belongs to row i and to Y, and Z_i = E_i^T Q_i, the Kronecker
    product of Q_i and x_i. This is the Schur complement of X in J^T J, without inverting anything.
    """
    n, rank = at.right.shape
    blocks = row_blocks(observations, rank)
    fixed = fixed_factor(at.right, blocks)
    reach = 0
    diagonal = np.zeros((n, rank * rank))
    schur = np.zeros((n * rank, n * rank))
    strip = max(1, STRIP_NUMBERS // (n * rank * rank))
    for block in blocks:
        bases, block_reach = _reachable(block.design(fixed))
        reach += block_reach
        for first in range(0, len(block.rows), strip):
            part = slice(first, first + strip)
            x = at.left[block.rows[part]]
            seen, q = _over_all_columns(block.cols[part], bases[part], n)
            diagonal += seen.T @ np.einsum("ba,bc->bac", x, x).reshape(len(x), -1)
            z = np.einsum("bjq,ba->jabq", q, x).reshape(n * rank, -1)
            schur -= z @ z.T
    np.einsum("jajc->jac", schur.reshape(n, rank, n, rank))[...] += diagonal.reshape(n, rank, rank)
    scale = diagonal[:, :: rank + 1].sum(axis=1).max()
    return reach + int(np.count_nonzero(np.linalg.eigvalsh(schur) > NEGLIGIBLE * scale))


def _reachable(designs: np.ndarray) -> tuple[np.ndarray, int]:
    """Orthonormal bases Q_i of the column spaces of Y_i, and the sum of their ranks.

    `designs` is (b, w, k), the bases are (b, w, min(w, k)); columns beyond the rank are zero.
    """
    bases, singular_values, _ = np.linalg.svd(designs, full_matrices=False)
    kept = singular_values > REACH * singular_values[:, :1]
    return bases * kept[:, None, :], int(np.count_nonzero(kept))


def _over_all_columns(cols: np.ndarray, bases: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Which columns each row sees, (b, n) of 0 and 1, and Q_i with a row for each column, (b, n, .)."""
    row = np.arange(len(cols))[:, None]
    seen = np.zeros((len(cols), n + 1))
    spread = np.zeros((len(cols), n + 1, bases.shape[2]))
    seen[row, cols] = 1.0
    spread[row, cols] = bases
    return seen[:, :n], spread[:, :n]


def _short(indices: np.ndarray, size: int, rank: int) -> np.ndarray:
    return read_only(np.flatnonzero(np.bincount(indices, minlength=size) < rank))
