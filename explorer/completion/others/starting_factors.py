"""Where the solvers start that move both factors: X_0 as well as Y_0.

The names are those of `STARTS`, and X_0 is made as Y_0 is, of the transposed matrix. Unlike an exact half step,
a gradient step feels how large its start is, so that what `STARTS` draws is multiplied by the square root of
the root mean square of the values: a run is then the same in every unit of the data.
"""

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array

from explorer.completion.checks import check_choice, check_factors, check_rank, check_seed
from explorer.completion.factors import Factors
from explorer.completion.observations import Observations
from explorer.completion.starts import STARTS
from explorer.errors import InputError

# A way to choose X_0 (m, k) and Y_0 (n, k).
FactorStart = Callable[[Observations, int, np.random.Generator], tuple[np.ndarray, np.ndarray]]


def starting_factors(
    observations: Observations, rank: int, start: str | Factors, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """X_0 (m, k) and Y_0 (n, k): by a name in `FACTOR_STARTS`, or as they are given.

    Raises `InputError` when the rank, the name or the seed is out of bounds, or the given factors do not fit.
    """
    check_rank(rank, observations.shape)
    check_seed(seed)
    if isinstance(start, Factors):
        check_factors("The start", start, observations.shape)
        if start.rank != rank:
            raise InputError(f"The start must have {rank} columns, the rank, but it has {start.rank}.")
        return start.left, start.right
    if not isinstance(start, str):
        raise InputError("A start must be the name of one, or `Factors` with X_0 and Y_0: this solver moves both.")
    check_choice("start", start, FACTOR_STARTS)
    return FACTOR_STARTS[start](observations, rank, np.random.default_rng(seed))


def root_mean_square(values: np.ndarray) -> float:
    """The root mean square of the values, also where their squares would vanish."""
    largest = float(np.abs(values).max())
    return largest * float(np.sqrt(np.mean((values / largest) ** 2))) if largest > 0 else 0.0


def _as_in_starts(name: str) -> FactorStart:
    def both(observations: Observations, rank: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        unit = np.sqrt(root_mean_square(observations.values)) or 1.0
        right = STARTS[name].make(observations, rank, rng)
        left = STARTS[name].make(transposed(observations), rank, rng)
        return unit * left, unit * right

    return both


def _spectral(observations: Observations, rank: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """X_0 = U sqrt(S / p) and Y_0 = V sqrt(S / p) of the zero-filled matrix, p = the share of entries seen.

    Y_0 is that of `STARTS`. X_0 follows from it by (P_Omega(A) / p) Y_0 = X_0 S / p, with the right signs.
    """
    right = STARTS["spectral"].make(observations, rank, rng)
    share = observations.count / (observations.shape[0] * observations.shape[1])
    filled = csr_array((observations.values / share, (observations.rows, observations.cols)), shape=observations.shape)
    singular_values = np.sum(right**2, axis=0)
    return (filled @ right) / np.where(singular_values > 0, singular_values, 1.0), right


def _orthonormal(observations: Observations, rank: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal columns that span random directions, whatever the unit of the values (Lecture 19)."""
    right, _ = np.linalg.qr(rng.standard_normal((observations.shape[1], rank)))
    left, _ = np.linalg.qr(rng.standard_normal((observations.shape[0], rank)))
    return left, right


def transposed(observations: Observations) -> Observations:
    """The observed entries of A^T."""
    return Observations(observations.cols, observations.rows, observations.values, observations.shape[::-1])


# Every start for both factors by name.
FACTOR_STARTS: dict[str, FactorStart] = {
    "gaussian": _as_in_starts("gaussian"),
    "small": _as_in_starts("small"),
    "spectral": _spectral,
    "equal": _as_in_starts("equal"),
    "orthonormal": _orthonormal,
}
