"""The samples to choose from: measured ones and generated ones, by name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from explorer.checks import check_choice, check_whole_number
from explorer.datasets.generators import DATA_STREAM, MAX_POINTS, TrueMixture, draw_points, random_stream
from explorer.datasets.sample import Column, Sample
from explorer.datasets.shipped import shipped_table


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

    InputError: a number of points that is not in 1..`MAX_POINTS`, and what `TrueMixture` and `random_stream` refuse.
    """
    truth = TrueMixture(weights, means, deviations)
    check_whole_number("The number of points", n_points, 1, MAX_POINTS)
    return _generated_source(truth, n_points).load(seed)


def load_sample(name: str, seed: int = 0) -> Sample:
    """The sample called `name` in `SAMPLES`. InputError: a name that is not there."""
    check_choice("sample", name, SAMPLES)
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
