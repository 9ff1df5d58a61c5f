"""The matrices to choose from: made with a known rank, or measured, by name."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explorer.checks import check_choice, check_not_negative, check_whole_number
from explorer.datasets.generators import DATA_STREAM, checkerboard, noisy_low_rank, random_stream
from explorer.datasets.matrix_problem import MatrixProblem, numbered
from explorer.datasets.shipped import shipped_matrix
from explorer.errors import InputError

# Values (m, n), row labels (m), column labels (n).
LabelledValues = tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class MatrixSource:
    """One entry of `MATRICES`: a `MatrixProblem` whose values `make(rng)` generates or reads.

    `seen` is how many percent of the entries to show at first, so that nearly every mask determines a matrix of rank 2;
    that takes more where there are few columns.
    """

    name: str
    label: str
    unit: str
    about: str
    source: str
    make: Callable[[np.random.Generator], LabelledValues]
    uses_seed: bool = False
    low_rank: int | None = None
    noise: float = 0.0
    seen: int = 25

    def load(self, seed: int = 0) -> MatrixProblem:
        """The problem; `seed` matters only where `uses_seed` is true."""
        values, row_labels, col_labels = self.make(random_stream(seed, DATA_STREAM))
        return MatrixProblem(
            name=self.name,
            label=self.label,
            unit=self.unit,
            values=values,
            row_labels=row_labels,
            col_labels=col_labels,
            about=self.about,
            source=self.source,
            low_rank=self.low_rank,
            noise=self.noise,
        )


CHECKERBOARD_SHAPE = (40, 70)
GENERATED_SHAPE, GENERATED_RANK = (30, 40), 2
LOW_RANK_SHAPE, LOW_RANK, LOW_RANK_NOISE = (40, 60), 3, 0.1


def generate_matrix(
    n_rows: int = GENERATED_SHAPE[0],
    n_cols: int = GENERATED_SHAPE[1],
    rank: int = GENERATED_RANK,
    noise: float = 0.0,
    seed: int = 0,
) -> MatrixProblem:
    """A random matrix of this shape and rank, plus noise of standard deviation `noise`.

    InputError: sides that are not whole numbers, a rank outside 1..min(n_rows, n_cols), a noise that is not a number
    of at least 0, and what `random_stream` refuses.
    """
    for what, number in (("rows", n_rows), ("columns", n_cols), ("dimensions (the rank)", rank)):
        check_whole_number(f"The number of {what}", number, 1)
    check_not_negative("The noise", noise)
    if rank > min(n_rows, n_cols):
        raise InputError(
            f"The true rank is {rank}, but the matrix is {n_rows}×{n_cols}; choose 1 to {min(n_rows, n_cols)}."
        )
    return _generated_source(n_rows, n_cols, rank, noise).load(seed)


def load_matrix(name: str, seed: int = 0) -> MatrixProblem:
    """The problem called `name` in `MATRICES`. InputError: a name that is not there."""
    check_choice("matrix", name, MATRICES)
    return MATRICES[name].load(seed)


def _unlabelled(values: np.ndarray) -> LabelledValues:
    return values, numbered(values.shape[0]), numbered(values.shape[1])


def _generated_source(n_rows: int, n_cols: int, rank: int, noise: float) -> MatrixSource:
    return MatrixSource(
        name="generated",
        label="Generated",
        unit="",
        about=f"A random {n_rows} x {n_cols} matrix of rank {rank} that you set"
        + (f", plus noise of standard deviation {noise:g}." if noise else ", without noise."),
        source="generated",
        make=lambda rng: _unlabelled(noisy_low_rank(n_rows, n_cols, rank, noise, rng)),
        uses_seed=True,
        low_rank=rank,
        noise=noise,
    )


def _file(file_name: str) -> Callable[[np.random.Generator], LabelledValues]:
    """A `make` that reads the file."""
    return lambda rng: shipped_matrix(file_name)


MATRICES: dict[str, MatrixSource] = {
    source.name: source
    for source in (
        MatrixSource(
            name="checkerboard",
            label="Checkerboard",
            unit="",
            about="40 x 70 entries -4, -2, 2, 4 in a checkerboard, a matrix of rank exactly 2.",
            source="Lecture 19, EM and alternating minimization",
            make=lambda rng: _unlabelled(checkerboard(*CHECKERBOARD_SHAPE)),
            low_rank=2,
        ),
        MatrixSource(
            name="low-rank",
            label="Random low rank with noise",
            unit="",
            about="A random 40 x 60 matrix of rank 3, whose entries have a standard deviation near 1.7, "
            "plus noise of standard deviation 0.1.",
            source="generated",
            make=lambda rng: _unlabelled(noisy_low_rank(*LOW_RANK_SHAPE, LOW_RANK, LOW_RANK_NOISE, rng)),
            uses_seed=True,
            low_rank=LOW_RANK,
            noise=LOW_RANK_NOISE,
        ),
        MatrixSource(
            name="votes",
            label="Republican votes, 1856-1976",
            unit="%",
            about="The Republican share of the vote in 50 states and 31 presidential elections; 14 % of the "
            "entries are missing for good: no such vote was counted, so their completion cannot be checked.",
            source="Peterson (1973); R cluster::votes.repub",
            make=_file("votes_repub.csv"),
            seen=70,
        ),
        MatrixSource(
            name="sea-temperature",
            label="Sea temperatures, 1950-2010",
            unit="°C",
            about="Sea surface temperature of the eastern Pacific in 61 years and 12 months; El Niño makes warm rows.",
            source="NOAA, Extended Reconstructed Sea Surface Temperature, public domain",
            make=_file("elnino_sst.csv"),
            seen=60,
        ),
        MatrixSource(
            name="life-expectancy",
            label="Life expectancy, every fifth year",
            unit="years",
            about="Life expectancy at birth in 142 countries, every fifth year from 1952 to 2007, no gaps.",
            source="Gapminder; R gapminder, CC0",
            make=_file("gapminder_lifeexp.csv"),
            seen=80,
        ),
        MatrixSource(
            name="life-expectancy-gaps",
            label="Life expectancy, with its gaps",
            unit="years",
            about="Life expectancy at birth in 187 countries and the 58 years from 1950 to 2007; 69 % of the "
            "entries are missing, and not at random: most countries are known every fifth year only.",
            source="Gapminder; R gapminder, CC0",
            make=_file("gapminder_lifeexp_unfiltered.csv"),
            seen=80,
        ),
        MatrixSource(
            name="camera",
            label="Photograph, 64 x 64",
            unit="grey level",
            about="The cameraman photograph in 64 x 64 grey levels from 0, black, to 255, white; its rank is "
            "low only roughly.",
            source="Lav Varshney, CC0",
            make=_file("camera_64x64.csv"),
        ),
        _generated_source(*GENERATED_SHAPE, GENERATED_RANK, noise=0.0),
    )
}
