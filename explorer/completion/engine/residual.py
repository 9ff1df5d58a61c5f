"""The residual P_Omega(A - X Y^T) as a sparse matrix: all that a gradient needs, and never m x n numbers."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from explorer.completion.factors import products
from explorer.completion.observations import Observations


@dataclass(frozen=True, eq=False)
class Residual:
    """The residual at the factors it was last set to.

    rows, cols: (N,), the observed cells row by row.
    values: (N,) float64, A there.
    matrix: (m, n) sparse, the residual there; changed in place.
    """

    rows: np.ndarray
    cols: np.ndarray
    values: np.ndarray
    matrix: csr_array

    @property
    def entries(self) -> np.ndarray:
        """The residual on the observed cells, (N,), in the order of `rows` and `cols`."""
        return self.matrix.data

    @np.errstate(over="ignore", invalid="ignore")
    def set_to(self, left: np.ndarray, right: np.ndarray) -> None:
        """Make it the residual at X = left and Y = right."""
        np.subtract(self.values, products(left, right, self.rows, self.cols), out=self.matrix.data)

    def squared(self) -> float:
        """|P_Omega(A - X Y^T)|_F^2."""
        return float(np.vdot(self.entries, self.entries))


def residual_at_zero(observations: Observations) -> Residual:
    """The residual at X Y^T = 0, which is P_Omega(A)."""
    row_by_row = np.lexsort((observations.cols, observations.rows))
    rows, cols, values = (a[row_by_row] for a in (observations.rows, observations.cols, observations.values))
    first_entries = np.searchsorted(rows, np.arange(observations.shape[0] + 1))
    return Residual(rows, cols, values, csr_array((values.copy(), cols, first_entries), shape=observations.shape))
