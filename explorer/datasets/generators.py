"""Data made by a formula and a seed: points from a known mixture, matrices of known rank."""

from dataclasses import dataclass

import numpy as np

from explorer.checks import as_floats, check_whole_number, read_only
from explorer.datasets.checks import MAX_MAGNITUDE
from explorer.errors import InputError

MAX_POINTS = 20_000
MAX_COMPONENTS = 10

# What random numbers are for.
DATA_STREAM, MASK_STREAM = 1, 2


def random_stream(seed: int, stream: int) -> np.random.Generator:
    """The random numbers of one purpose: `DATA_STREAM` or `MASK_STREAM`.

    Data, mask and the start of an algorithm have seeds of their own, and a user may well set them all to 0.
    Were they to share one sequence of random numbers, ALS would start from the very factor that the matrix
    was made with. Streams of one seed, and `default_rng(seed)`, are independent (SeedSequence, spawn keys).

    InputError: a seed that is not a whole number from 0 on.
    """
    check_whole_number("The seed", seed, 0)
    return np.random.default_rng(np.random.SeedSequence(int(seed), spawn_key=(stream,)))


@dataclass(frozen=True, eq=False)
class TrueMixture:
    """The mixture that points on a line were drawn from: weights, means, standard deviations, each (K,).

    The weights are stored divided by their sum, which may differ from 1 by a rounding of 1e-6.
    InputError: unequal lengths, K outside 1..`MAX_COMPONENTS`, or parameters that are not those of a mixture.
    """

    weights: np.ndarray
    means: np.ndarray
    deviations: np.ndarray

    def __post_init__(self):
        for name in ("weights", "means", "deviations"):
            object.__setattr__(self, name, _parameters(name, getattr(self, name)))
        n_components = len(self.weights)
        if not len(self.means) == len(self.deviations) == n_components:
            raise InputError(
                f"There are {n_components} weights, {len(self.means)} means and {len(self.deviations)} "
                "deviations; give every component one of each."
            )
        if not 1 <= n_components <= MAX_COMPONENTS:
            raise InputError(f"There are {n_components} components; give 1 to {MAX_COMPONENTS}.")
        if (self.weights < 0).any():
            raise InputError(f"The weight {self.weights.min():g} is negative; weights must be 0 or larger.")
        total = self.weights.sum()
        if abs(total - 1) > 1e-6:
            raise InputError(f"The weights add up to {total:.7g}; change them so that they add up to 1.")
        if (self.deviations < 1 / MAX_MAGNITUDE).any():
            raise InputError(f"The deviation {self.deviations.min():g} is too small; make it larger than 0.")
        object.__setattr__(self, "weights", read_only(self.weights / total))

    def density(self, x) -> np.ndarray:
        """sum_k pi_k N(x_i; mu_k, sigma_k^2) at every point of x (n,) -> (n,)."""
        z = (np.asarray(x, dtype=np.float64)[:, None] - self.means) / self.deviations
        return np.exp(-0.5 * z**2) @ (self.weights / (np.sqrt(2 * np.pi) * self.deviations))


def draw_points(truth: TrueMixture, n_points: int, rng: np.random.Generator) -> np.ndarray:
    """`n_points` independent points of the mixture (n_points,): first all components, then all values."""
    components = rng.choice(len(truth.weights), size=n_points, p=truth.weights)
    return rng.normal(truth.means[components], truth.deviations[components])


def checkerboard(n_rows: int, n_cols: int) -> np.ndarray:
    """Lecture 19's matrix of rank 2 (n_rows, n_cols), with the indices that its text lost put back.

    -3 on even and +3 on odd rows, plus +1 on even and -1 on odd columns, counted from 0: -4, -2, 2 and 4.
    """
    by_row = np.where(np.arange(n_rows) % 2 == 0, -3.0, 3.0)
    by_col = np.where(np.arange(n_cols) % 2 == 0, 1.0, -1.0)
    return by_row[:, None] + by_col


def noisy_low_rank(n_rows: int, n_cols: int, rank: int, noise: float, rng: np.random.Generator) -> np.ndarray:
    """U V^T + E (n_rows, n_cols): U, V N(0, 1) with `rank` columns, E N(0, noise^2)."""
    left = rng.standard_normal((n_rows, rank))
    right = rng.standard_normal((n_cols, rank))
    return left @ right.T + noise * rng.standard_normal((n_rows, n_cols))


def _parameters(name: str, values) -> np.ndarray:
    array = np.array(as_floats(values, f"The {name}", MAX_MAGNITUDE))
    if array.ndim != 1:
        raise InputError(f"The {name} must be a list of numbers, one for every component.")
    return read_only(array)
