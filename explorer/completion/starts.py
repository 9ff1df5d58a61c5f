"""Where a run starts: Y_0 for ALS, X_0 and Y_0 for the solvers that move both factors by steps.

Of ALS only Y_0 matters: X is solved first, from Y_0 alone. Lecture 19 also draws an X_0, which is never read. A
gradient step, unlike an exact half step, feels how large its start is: what `STARTS` draws is multiplied by the square
root of the root mean square of the values there, so that a run is the same in every unit of the data; and X_0 is made
as Y_0 is, of the transposed matrix.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds

from explorer.checks import as_floats, check_choice, check_whole_number
from explorer.completion.checks import check_factors, check_rank
from explorer.completion.factors import Factors
from explorer.completion.observations import MAX_MAGNITUDE, Observations, transposed
from explorer.completion.rounding import ROUNDING
from explorer.errors import InputError

# Standard deviation of the small Gaussian start.
SMALL = 0.01

# Matrices of up to this many cells are zero-filled and decomposed whole, which is exact and quick.
DENSE_CELLS = 250_000


@dataclass(frozen=True)
class Start:
    """A way to choose Y_0.

    name: its key in `STARTS` and in an address.
    label: its name on the screen.
    explanation: one sentence for the screen.
    make: (observations, rank, rng) -> Y_0, (n, k) float64.
    uses_seed: whether another seed gives another Y_0.
    """

    name: str
    label: str
    explanation: str
    make: Callable[[Observations, int, np.random.Generator], np.ndarray]
    uses_seed: bool


def _gaussian(observations: Observations, rank: int, rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((observations.shape[1], rank))


def _small(observations: Observations, rank: int, rng: np.random.Generator) -> np.ndarray:
    return SMALL * _gaussian(observations, rank, rng)


def _spectral(observations: Observations, rank: int, rng: np.random.Generator) -> np.ndarray:
    """Y_0 = V sqrt(S / p) of the zero-filled matrix, p = the share of entries seen.

    With entries seen at random, P_Omega(A) / p is right on average, so its leading singular vectors are a
    guess at those of A (Keshavan, Montanari and Oh, 2010). The sign of a singular vector is arbitrary; the
    entry largest in magnitude is made positive, so that the same settings give the same start. What is zero
    up to rounding is made zero, because ALS would magnify it: a column of A that shares no entry with the
    leading vectors, and the vectors beyond the rank of P_Omega(A). ALS does not leave those zeros.
    """
    m, n = observations.shape
    if not observations.values.any():
        return np.zeros((n, rank))
    # One empty row and column more, because `svds` wants a rank below both sides.
    filled = csr_array((observations.values, (observations.rows, observations.cols)), shape=(m + 1, n + 1))
    if m * n <= DENSE_CELLS:
        _, singular_values, vectors = np.linalg.svd(filled.toarray(), full_matrices=False)
    else:
        probe = np.random.default_rng(0).standard_normal(min(m, n) + 1)
        _, singular_values, vectors = svds(filled, k=rank, v0=probe, return_singular_vectors="vh")
    largest_first = np.argsort(singular_values)[::-1][:rank]
    right = _without_rounding(vectors[largest_first, :n].T)
    peaks = right[np.abs(right).argmax(axis=0), np.arange(rank)]
    share = observations.count / (m * n)
    scale = np.sqrt(_without_rounding(singular_values[largest_first]) / share)
    return right * np.where(peaks < 0, -1.0, 1.0) * scale


def _without_rounding(numbers: np.ndarray) -> np.ndarray:
    """The numbers, with exact zeros for those that are rounding of the largest."""
    magnitude = np.abs(numbers)
    return np.where(magnitude > ROUNDING * magnitude.max(), numbers, 0.0)


def _equal(observations: Observations, rank: int, rng: np.random.Generator) -> np.ndarray:
    return np.ones((observations.shape[1], rank))


# Every start by name, in the order in which they are shown.
STARTS: dict[str, Start] = {
    start.name: start
    for start in (
        Start(
            "gaussian",
            "Gaussian",
            "Every entry of Y is drawn from the normal distribution with mean 0 and deviation 1.",
            _gaussian,
            uses_seed=True,
        ),
        Start(
            "small",
            "Small Gaussian",
            f"Every entry of Y is drawn from the normal distribution with mean 0 and deviation {SMALL}.",
            _small,
            uses_seed=True,
        ),
        Start(
            "spectral",
            "Spectral",
            "Missing entries are filled with zeros, and Y is made of the leading right singular vectors.",
            _spectral,
            uses_seed=False,
        ),
        Start(
            "equal",
            "All equal (the trap)",
            "Every entry of Y is 1: its columns are alike and stay alike, so the product keeps rank 1.",
            _equal,
            uses_seed=False,
        ),
    )
}

# A way to choose X_0 (m, k) and Y_0 (n, k).
FactorStart = Callable[[Observations, int, np.random.Generator], tuple[np.ndarray, np.ndarray]]


def starting_right(observations: Observations, rank: int, start: str | np.ndarray, seed: int) -> np.ndarray:
    """Y_0, (n, k): by a name in `STARTS`, or as it is given. Raises InputError when it does not fit."""
    check_whole_number("The seed", seed, 0)
    if isinstance(start, str):
        check_choice("start", start, STARTS)
        return STARTS[start].make(observations, rank, np.random.default_rng(seed))
    right = as_floats(start, "A start Y_0", MAX_MAGNITUDE).copy()
    if right.shape != (observations.shape[1], rank):
        raise InputError(
            f"A start Y_0 must have {observations.shape[1]} rows, one for each column of the matrix, and "
            f"{rank} columns, but its shape is {right.shape}."
        )
    return right


def starting_factors(
    observations: Observations, rank: int, start: str | Factors, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """X_0 (m, k) and Y_0 (n, k): by a name in `FACTOR_STARTS`, or as they are given.

    Raises InputError when the rank, the name or the seed is out of bounds, or the given factors do not fit.
    """
    check_rank(rank, observations.shape)
    check_whole_number("The seed", seed, 0)
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


# Every start for both factors by name.
FACTOR_STARTS: dict[str, FactorStart] = {
    "gaussian": _as_in_starts("gaussian"),
    "small": _as_in_starts("small"),
    "spectral": _spectral,
    "equal": _as_in_starts("equal"),
    "orthonormal": _orthonormal,
}
