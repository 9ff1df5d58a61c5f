"""A sample: the points that a mixture is fitted to."""

from dataclasses import dataclass, field

import numpy as np

from explorer.checks import read_only
from explorer.datasets.checks import check_values
from explorer.datasets.generators import TrueMixture
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
