"""The samples that a mixture is fitted to: measured, generated, or the user's own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from explorer.checks import read_only
from explorer.datasets.generate import DATA_STREAM, TrueMixture, check_n_points, draw_points, random_stream
from explorer.datasets.reading import check_values
from explorer.datasets.shipped import shipped_table
from explorer.errors import InputError, quoted


@dataclass(frozen=True)
class Column:
    """One coordinate of a sample's points: what it is called, and its unit, "" where there is none."""

    name: str
    unit: str = ""


@dataclass(frozen=True, eq=False)
class Sample:
    """Points, and what to say about them.

    `points` is (n, d) in float64, read-only, each column as `columns` names it and in that column's unit; (n,) is read
    as d = 1. `about` is a sentence or two for the screen, `source` says where the points come from. `truth` is the
    mixture that they were drawn from, None for measured ones. `partitions` are given partitions by name, each with the
    label 1..K of every point.

    InputError: points that are not (n, d) with one column for each of `columns`.
    """

    name: str
    label: str
    columns: tuple[Column, ...]
    points: np.ndarray
    about: str
    source: str
    truth: TrueMixture | None = None
    partitions: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self):
        points = np.array(self.points, dtype=np.float64)
        points = points[:, None] if points.ndim == 1 else points
        if points.ndim != 2 or points.shape[1] != len(self.columns):
            raise InputError(
                f"The points of {quoted(self.label)} have the shape {points.shape}, but {len(self.columns)} named "
                "columns: give (n, d) numbers and a name for each of the d columns."
            )
        object.__setattr__(self, "points", read_only(points))

    @property
    def d(self) -> int:
        """How many coordinates a point has."""
        return len(self.columns)

    @property
    def values(self) -> np.ndarray:
        """The points of a sample with one column, (n,), for what is about points on a line.

        InputError: several columns.
        """
        self._check_one_column()
        return self.points[:, 0]

    @property
    def unit(self) -> str:
        """The unit of `values`. InputError: several columns."""
        self._check_one_column()
        return self.columns[0].unit

    def _check_one_column(self) -> None:
        if self.d != 1:
            raise InputError(f"{quoted(self.label)} has {self.d} columns; choose a sample with one for this.")


@dataclass(frozen=True, eq=False)
class SampleSource:
    """One entry of `SAMPLES`: a `Sample` whose points, (n, d) or (n,), `draw(rng)` generates or reads."""

    name: str
    label: str
    columns: tuple[Column, ...]
    about: str
    source: str
    draw: Callable[[np.random.Generator], np.ndarray]
    uses_seed: bool = False
    truth: TrueMixture | None = None
    partitions: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def load(self, seed: int = 0) -> Sample:
        """The sample; `seed` matters only where `uses_seed` is true."""
        points = self.draw(random_stream(seed, DATA_STREAM))
        return Sample(
            name=self.name,
            label=self.label,
            columns=self.columns,
            points=points,
            about=self.about,
            source=self.source,
            truth=self.truth,
            partitions=dict(self.partitions),
        )


# TD2: the ten points. Its code lost an entry of partition1, the table below it did not.
TEN_POINTS = (-3.3, -4.4, -1.9, 3.3, 2.5, 3.2, 0.3, 0.1, -0.1, -0.5)
TEN_POINTS_PARTITIONS = {
    "partition1": (1, 1, 1, 2, 2, 2, 2, 2, 1, 1),
    "partition2": (1, 3, 2, 1, 3, 2, 1, 3, 2, 1),
}

# Lecture 19: exactly 2000 draws of N(-2, 1), then 2000 of N(2, 1).
TWO_BUMPS = TrueMixture(weights=(0.5, 0.5), means=(-2.0, 2.0), deviations=(1.0, 1.0))
TWO_BUMPS_POINTS_EACH = 2000

# Document 000 draws 255 x 100 values from three components and does not say which ones. Ours are a narrow one
# on the left, a heavy one in the middle and a wide one on the right, near enough to overlap.
THREE_COMPONENTS = TrueMixture(weights=(0.3, 0.5, 0.2), means=(-3.0, 0.0, 4.0), deviations=(0.5, 1.0, 1.5))
THREE_COMPONENTS_SHAPE = (255, 100)

GENERATED_TRUTH = TrueMixture(weights=(0.5, 0.3, 0.2), means=(-4.0, 0.0, 5.0), deviations=(1.0, 0.7, 1.5))
GENERATED_N_POINTS = 1000


def generate_sample(
    weights=GENERATED_TRUTH.weights,
    means=GENERATED_TRUTH.means,
    deviations=GENERATED_TRUTH.deviations,
    n_points: int = GENERATED_N_POINTS,
    seed: int = 0,
) -> Sample:
    """`n_points` draws from the mixture with the given weights, means and standard deviations, each (K,).

    InputError: what `TrueMixture`, `check_n_points` and `random_stream` refuse.
    """
    truth = TrueMixture(weights, means, deviations)
    check_n_points(n_points)
    return _generated_source(truth, n_points).load(seed)


def own_sample(values, label: str = "Your data", *, n_missing: int = 0) -> Sample:
    """The user's own values (n,) as a sample; `n_missing` is how many missing cells were left out of them.

    InputError: what `check_values` refuses.
    """
    checked = check_values(values)
    left_out = f"; {n_missing} missing left out" if n_missing else ""
    return Sample(
        name="own",
        label=label,
        columns=(Column(label),),
        points=checked,
        about=f"{len(checked):,} values that you brought{left_out}.",
        source="your own",
    )


def load_sample(name: str, seed: int = 0) -> Sample:
    """The sample called `name` in `SAMPLES`. InputError: a name that is not there."""
    if name not in SAMPLES:
        raise InputError(f"There is no sample called {quoted(name)}; choose one of {', '.join(SAMPLES)}.")
    return SAMPLES[name].load(seed)


def _generated_source(truth: TrueMixture, n_points: int) -> SampleSource:
    n_components = len(truth.weights)
    return SampleSource(
        name="generated",
        label="Generated",
        columns=(Column("x"),),
        about=f"{n_points:,} draws from a mixture of {n_components} that you set: its density is known.",
        source="generated",
        draw=partial(draw_points, truth, n_points),
        uses_seed=True,
        truth=truth,
    )


def _column(file_name: str, column: str) -> Callable[[np.random.Generator], np.ndarray]:
    """A `draw` that reads the column; missing cells are left out."""
    return lambda rng: shipped_table(file_name).columns[column]


def _draw_two_bumps(rng: np.random.Generator) -> np.ndarray:
    left, right = (
        rng.normal(mean, deviation, TWO_BUMPS_POINTS_EACH)
        for mean, deviation in zip(TWO_BUMPS.means, TWO_BUMPS.deviations, strict=True)
    )
    return np.concatenate([left, right])


def _draw_three_components(rng: np.random.Generator) -> np.ndarray:
    n_rows, n_cols = THREE_COMPONENTS_SHAPE
    return draw_points(THREE_COMPONENTS, n_rows * n_cols, rng)


_OLD_FAITHFUL = "Haerdle (1991), Smoothing Techniques; R datasets::faithful"

SAMPLES: dict[str, SampleSource] = {
    source.name: source
    for source in (
        SampleSource(
            name="faithful-eruptions",
            label="Old Faithful, eruptions",
            columns=(Column("eruptions", "minutes"),),
            about="How long 272 eruptions of the Old Faithful geyser lasted: short ones and long ones.",
            source=_OLD_FAITHFUL,
            draw=_column("faithful.csv", "eruptions"),
        ),
        SampleSource(
            name="faithful-waiting",
            label="Old Faithful, waiting",
            columns=(Column("waiting", "minutes"),),
            about="How long one waited for the next eruption of the Old Faithful geyser, 272 times.",
            source=_OLD_FAITHFUL,
            draw=_column("faithful.csv", "waiting"),
        ),
        SampleSource(
            name="galaxies",
            label="Galaxies",
            columns=(Column("velocity", "km/s"),),
            about="Velocities of 82 galaxies; clusters and voids show as bumps, but how many are there?",
            source="Postman, Huchra and Geller (1986); Roeder (1990); R MASS::galaxies",
            draw=_column("galaxies.csv", "velocity_km_s"),
        ),
        SampleSource(
            name="ten-points",
            label="Ten points (TD2)",
            columns=(Column("x"),),
            about="The ten points of the practical session and its two partitions, a good start and a bad.",
            source="TD2, EM for Gaussian mixtures in one dimension",
            draw=lambda rng: np.array(TEN_POINTS),
            partitions=TEN_POINTS_PARTITIONS,
        ),
        SampleSource(
            name="two-bumps",
            label="Two bumps (Lecture 19)",
            columns=(Column("x"),),
            about="2,000 draws of N(-2, 1) and 2,000 of N(2, 1): two bumps that overlap in the middle.",
            source="generated as in Lecture 19, EM and alternating minimization",
            draw=_draw_two_bumps,
            uses_seed=True,
            truth=TWO_BUMPS,
        ),
        SampleSource(
            name="three-components",
            label="Three components, 25,500 points",
            columns=(Column("x"),),
            about="255 x 100 draws from a narrow, a heavy and a wide component: "
            "30 % N(-3, 0.5²), 50 % N(0, 1), 20 % N(4, 1.5²).",
            source="generated, as many as in a code review about vectorising EM, which gives no parameters",
            draw=_draw_three_components,
            uses_seed=True,
            truth=THREE_COMPONENTS,
        ),
        SampleSource(
            name="iris-petal-length",
            label="Iris, petal length",
            columns=(Column("petal length", "cm"),),
            about="Petal lengths of 150 flowers of three species: one stands apart, two overlap.",
            source="Anderson (1935), Fisher (1936); UCI Machine Learning Repository, CC BY 4.0",
            draw=_column("iris.csv", "petal_length"),
        ),
        SampleSource(
            name="penguins-flipper-length",
            label="Penguins, flipper length",
            columns=(Column("flipper length", "mm"),),
            about="Flipper lengths of 342 penguins of three species; 2 of the 344 birds were not measured "
            "and are left out.",
            source="Horst, Hill and Gorman (2020), palmerpenguins, CC0",
            draw=_column("penguins.csv", "flipper_length_mm"),
        ),
        _generated_source(GENERATED_TRUTH, GENERATED_N_POINTS),
    )
}
