"""The settings of one run: what determines it, and how its picture is drawn."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from explorer.completion import STARTS, ALSOptions
from explorer.datasets import GENERATED_SHAPE, MATRICES, SAMPLES
from explorer.mixture import STRATEGIES, EMOptions
from explorer.settings.kinds import Choice, Numbers, Switch, Whole, described, powers
from explorer.settings.records import Settings, as_options

OWN = "own"  # the data that a user brought; it lives in that user's session only


def _written(numbers: Iterable[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


_TOLERANCES = {**powers(-2, -3, -4, -5, -6, -7, -8, -10), 0.0: "0, never"}
_TRUTH = SAMPLES["generated"].truth
_ALL_SEEDS = "The same seed gives the same run, bit for bit."


@dataclass(frozen=True)
class SampleSettings(Settings):
    """Which points a mixture is fitted to."""

    kind: ClassVar[str] = "em"

    data: str = described(
        "faithful-eruptions",
        Choice(
            "Data",
            "data",
            {name: source.label for name, source in SAMPLES.items()} | {OWN: "Your data"},
            "What the mixture is fitted to.",
        ),
    )
    data_seed: int = described(0, Whole("Data seed", "data_seed", 0, 999, f"Draws generated data anew. {_ALL_SEEDS}"))
    true_weights: str = described(
        _written(_TRUTH.weights),
        Numbers("True weights", "true_weights", "One weight a component; they must add up to 1."),
    )
    true_means: str = described(_written(_TRUTH.means), Numbers("True means", "true_means", "One mean a component."))
    true_deviations: str = described(
        _written(_TRUTH.deviations),
        Numbers("True deviations", "true_deviations", "One standard deviation a component."),
    )
    n_points: int = described(1000, Whole("Points", "points", 10, 5000, "How many points are drawn."))

    @property
    def uses_own_data(self) -> bool:
        """Whether the run is on data that the user brought."""
        return self.data == OWN


@dataclass(frozen=True)
class MixtureSettings(SampleSettings):
    """Which mixture is fitted to the points, and when a run of EM ends: what one run and a study of many have alike."""

    n_components: int = described(3, Whole("K", "k", 1, 10, "How many Gaussian components the mixture has."))
    structure: str = described(
        "full",
        Choice(
            "Variances",
            "structure",
            {"full": "one each", "tied": "all equal"},
            "Whether every component has a variance of its own, or all share one.",
        ),
    )
    rtol: float = described(
        1e-6,
        Choice(
            "Tolerance",
            "tol",
            _TOLERANCES,
            "EM stops when the log-likelihood changes by less than this share of it.",
        ),
    )
    max_iter: int = described(
        200,
        Whole(
            "Max iterations", "iterations", 1, 5000, "EM stops after this many iterations at the latest.", usual=1000
        ),
    )
    variance_floor: float = described(
        1e-6,
        Choice(
            "Variance floor",
            "floor",
            {0.0: "off"} | powers(-10, -8, -6, -4, -3, -2),
            "The least variance, as a share of the data's: a component that falls to it has collapsed.",
        ),
    )
    at_floor: str = described(
        "stop",
        Choice(
            "At the floor",
            "at_floor",
            {"stop": "stop", "hold": "hold and go on"},
            "A collapsed component ends the run, or its variance is held at the floor and the run goes on.",
        ),
    )

    def options(self) -> EMOptions:
        """The settings as the options of EM. Raises InputError where they contradict each other."""
        return as_options(self, EMOptions)


@dataclass(frozen=True)
class EMSettings(MixtureSettings):
    """What determines a run of EM, and how its picture is drawn."""

    initialization: str = described(
        "random-points",
        Choice(
            "Initialization",
            "init",
            {name: strategy.label for name, strategy in STRATEGIES.items()},
            "How the first responsibilities are made.",
        ),
    )
    seed: int = described(0, Whole("Seed", "seed", 0, 99_999, f"Draws the start anew. {_ALL_SEEDS}", usual=999))
    partition: str = described(
        "partition1",
        Choice(
            "Partition",
            "partition",
            {"partition1": "first partition", "partition2": "second partition", "typed": "type my own"},
            "The given partition that the run starts from.",
        ),
    )
    labels: str = described(
        "", Numbers("Labels", "labels", "One label from 1 to K for every point, in the order of the data.")
    )
    means: str = described(
        "",
        Numbers(
            "Means",
            "means",
            "K means in the data's unit; left empty they are spread evenly over the data's range.",
        ),
    )
    soft: bool = described(
        False,
        Switch(
            "Soft colours",
            "soft",
            "Blend the points' colours by responsibility instead of the hard assignment.",
        ),
    )
    ghost: bool = described(
        True,
        Switch("Density before the step", "ghost", "In the M step, leave the previous density as a dotted line."),
    )
    truth: bool = described(
        False, Switch("True density", "truth", "Overlay the density that generated data was drawn from.")
    )

    def of_the_run(self) -> "EMSettings":
        """Return the settings with the switches of the picture at their defaults: they do not change the run."""
        return replace(self, soft=EMSettings.soft, ghost=EMSettings.ghost, truth=EMSettings.truth)

    def of_other_starts(self) -> "EMSettings":
        """Return the settings with the start and its stop at their defaults: they do not concern other starts."""
        own = ("initialization", "seed", "partition", "labels", "means", "rtol", "max_iter")
        return replace(self.of_the_run(), **{name: getattr(EMSettings, name) for name in own})


@dataclass(frozen=True)
class MatrixSettings(Settings):
    """Which matrix is completed, and with what rank."""

    kind: ClassVar[str] = "als"

    matrix: str = described(
        "checkerboard",
        Choice(
            "Matrix",
            "matrix",
            {name: source.label for name, source in MATRICES.items()} | {OWN: "Your matrix"},
            "The matrix to complete.",
        ),
    )
    matrix_seed: int = described(
        0, Whole("Problem seed", "problem_seed", 0, 999, f"Draws a generated matrix anew. {_ALL_SEEDS}")
    )
    rank: int = described(2, Whole("Rank", "rank", 1, 10, "How many columns the factors X and Y have."))
    n_rows: int = described(GENERATED_SHAPE[0], Whole("Rows", "rows", 5, 100, "Rows of a generated matrix."))
    n_cols: int = described(GENERATED_SHAPE[1], Whole("Columns", "cols", 5, 100, "Columns of a generated matrix."))
    true_rank: int = described(
        0, Whole("True rank", "true_rank", 0, 10, "Rank of a generated matrix; 0 for the rank that ALS is given.")
    )
    noise: float = described(
        0.0,
        Choice(
            "Noise",
            "noise",
            {0.0: "none"} | {deviation: f"{deviation:g}" for deviation in (0.001, 0.01, 0.1, 0.3, 1.0)},
            "Standard deviation of the noise on a generated matrix.",
        ),
    )

    @property
    def uses_own_data(self) -> bool:
        """Whether the run is on a matrix that the user brought."""
        return self.matrix == OWN


@dataclass(frozen=True)
class CompletionSettings(MatrixSettings):
    """How much of a matrix is seen, and when a run of ALS ends: what one run and a study of many have alike."""

    seen: int = described(25, Whole("Seen, %", "seen", 5, 100, "With this probability an available entry is observed."))
    ridge: float = described(
        0.01,
        Choice(
            "Ridge λ",
            "ridge",
            {0.0: "0"} | {10.0**e: f"{10.0**e:g}" for e in range(-4, 2)},
            "Weight of the penalty λ/2 (|X|² + |Y|²).",
        ),
    )
    rtol: float = described(
        1e-5,
        Choice(
            "Tolerance",
            "als_tol",
            _TOLERANCES,
            "ALS stops when a whole sweep lowers the objective by less than this share of ½|P(A)|².",
        ),
    )
    max_sweeps: int = described(
        100, Whole("Max sweeps", "sweeps", 1, 500, "ALS stops after this many sweeps at the latest.")
    )

    def options(self) -> ALSOptions:
        """The settings as the options of ALS."""
        return as_options(self, ALSOptions)


@dataclass(frozen=True)
class ALSSettings(CompletionSettings):
    """What determines a run of ALS."""

    initialization: str = described(
        "gaussian",
        Choice(
            "Initialization",
            "als_init",
            {name: start.label for name, start in STARTS.items()},
            "How the first factor Y is made; X is solved for at once.",
        ),
    )
    seed: int = described(
        1, Whole("Seed", "als_seed", 0, 99_999, f"Draws the first factor anew. {_ALL_SEEDS}", usual=999)
    )
    mask_seed: int = described(
        4,
        Whole("Mask seed", "mask_seed", 0, 99_999, f"Draws anew which entries are observed. {_ALL_SEEDS}", usual=999),
    )

    def of_the_run(self) -> "ALSSettings":
        """Return the settings: all of them change the run."""
        return self


RunSettings = EMSettings | ALSSettings
