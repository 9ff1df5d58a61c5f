"""Where alternating least squares starts: the ways to make the right factor Y_0.

Only Y_0 matters: X is solved first, from Y_0 alone. Lecture 19 also draws an X_0, which is never read.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds

from explorer.completion.half_step import ROUNDING
from explorer.completion.observations import Observations

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
