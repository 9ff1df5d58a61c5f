"""Small matrices and masks that the tests share."""

import numpy as np
from hypothesis import strategies as st

from explorer.completion import Observations, from_matrix


def checkerboard() -> np.ndarray:
    """The 40 x 70 matrix of rank 2 that Lecture 19 means: -3/+3 by row parity plus +1/-1 by column parity."""
    row = np.where(np.arange(40) % 2 == 0, -3.0, 3.0)
    col = np.where(np.arange(70) % 2 == 0, 1.0, -1.0)
    return row[:, None] + col


def masked(matrix: np.ndarray, density: float, seed: int) -> tuple[Observations, Observations]:
    """The observed and the hidden entries under a random mask."""
    mask = np.random.default_rng(seed).random(matrix.shape) <= density
    return from_matrix(matrix, mask), from_matrix(matrix, ~mask)


def low_rank(m: int, n: int, rank: int, seed: int, noise: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    product = rng.standard_normal((m, rank)) @ rng.standard_normal((rank, n))
    return product + noise * rng.standard_normal((m, n))


def dense(observations: Observations) -> np.ndarray:
    """The m x n matrix with NaN where nothing is observed."""
    matrix = np.full(observations.shape, np.nan)
    matrix[observations.rows, observations.cols] = observations.values
    return matrix


@st.composite
def observations(draw: st.DrawFn, max_side: int = 9) -> Observations:
    """Some cells of a small matrix with values of ordinary size; rows and columns may be empty."""
    m, n = draw(st.integers(1, max_side)), draw(st.integers(1, max_side))
    cells = sorted(draw(st.sets(st.integers(0, m * n - 1), min_size=1)))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    rows, cols = np.divmod(np.array(cells), n)
    return Observations(rows, cols, np.round(rng.normal(0, 3, len(cells)), 1), (m, n))
