"""How many operations one sweep of alternating least squares takes (the running time that Lecture 19 asks for).

Solving for X, row i with n_i observed entries takes three things; count every +, -, x, / and square root as one.

1. G^T G, k x k and symmetric, so k (k + 1) / 2 sums of n_i products each:       n_i k (k + 1).
2. G^T a, k sums of n_i products each:                                           2 n_i k.
3. Add lambda to the diagonal, k; factorize G^T G + lambda I = L L^T by Cholesky, k square roots, k (k - 1) / 2
   quotients and (k^3 - k) / 6 products, each of which is subtracted; solve with L and with L^T, k^2 each:
                                        k + k + k (k - 1) / 2 + (k^3 - k) / 3 + 2 k^2.

Over all rows, the n_i add up to N, the number of observed entries; and so they do over all columns, for Y. A sweep
solves X and Y, and takes

    2 N k (k + 1)  +  4 N k  +  (m + n) (k^3 / 3 + 5 k^2 / 2 + 7 k / 6)

operations: linear in N at any fixed rank, about 2 N k^2 where rows and columns have many more than k entries, and
never m x n. Plain gradient descent takes some 6 N k a step, k / 3 times less, and needs many more steps.
"""

from dataclasses import dataclass

from explorer.checks import check_whole_number
from explorer.completion.checks import MAX_RANK
from explorer.completion.observations import MAX_SIDE


@dataclass(frozen=True)
class SweepOperations:
    """Floating point operations of one sweep, X and Y together.

    grams: for the matrices G^T G.
    moments: for the right hand sides G^T a.
    solves: for the ridge, the factorizations and the triangular solves.
    """

    grams: int
    moments: int
    solves: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.grams + self.moments + self.solves


def sweep_operations(m: int, n: int, rank: int, observed: int) -> SweepOperations:
    """The operations of one sweep over an m x n matrix of which `observed` entries are seen, as derived above.

    Raises InputError when there is no such problem: a side or the rank out of bounds, more entries than cells.
    """
    check_whole_number("The rows", m, 1, MAX_SIDE)
    check_whole_number("The columns", n, 1, MAX_SIDE)
    check_whole_number("The rank", rank, 1, min(m, n, MAX_RANK))
    check_whole_number("The observed entries", observed, 1, m * n)
    k = rank
    return SweepOperations(
        grams=2 * observed * k * (k + 1),
        moments=4 * observed * k,
        solves=(m + n) * (2 * k + k * (k - 1) // 2 + (k**3 - k) // 3 + 2 * k**2),
    )
