"""The phase diagram: how often ALS recovers a matrix, over how much of it is seen, and its rank or the ridge.

A cell of the picture is one or more studies that differ in nothing but the problem's seed; the settings say which seeds
of problems, masks and starts there are. So a cell depends on nothing that was computed before, any of its runs can be
replayed, and a plan with lists of `rank` (or `ridge`), `seen` and `matrix_seed` makes all of them. Cells share their
seeds: of the same matrix, a cell further to the right sees all that its neighbour does, and more.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import bdtrc

from explorer.datasets import MATRICES, MaskedMatrix
from explorer.errors import InputError, quoted
from explorer.settings import OWN, ALSStudySettings
from explorer.stop_reason import StopReason
from explorer.study.als_outcomes import mask_determines, recovery_limit, true_factors
from explorer.study.als_runs import hidden_errors, masked_by, run_on, start_of
from explorer.study.plans import batches_of, study_of
from explorer.study.studies import Study

# Few trials a cell, and limits that hold back hardly a run: the shares of a picture of 12 x 10 cells, of the 30 x 40
# matrix, add up to 50.8, to 49.4 with a tolerance of 1e-5 and to 51.6 with 1e-7 and 500 sweeps, in 15, 9 and 35
# seconds. With less of a ridge ALS recovers less, and takes longer: 46.5 with 1e-4, in 20 seconds.
PHASE = ALSStudySettings(
    matrix="generated", ridge=0.01, rtol=1e-6, max_sweeps=200, n_masks=4, n_starts=2, initializations=("gaussian",)
)
N_PROBLEMS = 2
# The first level has at least so many cells along the longer side, where there are so many.
COARSEST = 3


@dataclass(frozen=True)
class PhaseAxes:
    """seen: across, in percent; values: upwards, of the setting `name`, "rank" or "ridge". Both without repetition."""

    seen: tuple[int, ...]
    name: str
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.name not in ("rank", "ridge"):
            raise InputError(f"A phase diagram has the rank or the ridge upwards, not {quoted(self.name)}.")
        for values in (self.seen, self.values):
            if not values or len(set(values)) < len(values):
                raise InputError("Each axis of a phase diagram needs at least one value, and none twice.")


@dataclass(frozen=True)
class PhasePlace:
    """The x-th of `seen` and the y-th of `values`; a cell there stands for step x step cells until finer ones come."""

    x: int
    y: int
    step: int


@dataclass(frozen=True)
class PhaseCell:
    """What was found at one place.

    n_runs: runs that can be judged, because something is hidden; n_recovered: of them. n_masks: masks, of all problems;
    n_determined: those that determine the matrix.
    """

    seen: int
    rank: int
    ridge: float
    n_runs: int
    n_recovered: int
    n_masks: int
    n_determined: int

    @property
    def share(self) -> float:
        """The share of runs recovered; NaN where none can be judged."""
        return self.n_recovered / self.n_runs if self.n_runs else np.nan

    @property
    def share_determined(self) -> float:
        """The share of masks that determine the matrix."""
        return self.n_determined / self.n_masks


# Bounds


def least_density(n_rows: int, n_cols: int, rank: int) -> float:
    """Return the share of entries below which no mask determines a matrix of this rank: (m + n - k) k / (m n).

    As many entries are needed as such a matrix has degrees of freedom. A mask of that density shows so many on average.
    """
    return (n_rows + n_cols - rank) * rank / (n_rows * n_cols)


def full_density(n_rows: int, n_cols: int, rank: int, share: float = 0.5) -> float:
    """Return the density at which a `share` of the masks show at least k entries in every row and every column.

    Each entry is seen with this probability, independently. Rows and columns are taken for independent, which they
    nearly are: prod P(Bin(n, p) >= k)^m P(Bin(m, p) >= k)^n. The coupon collector's problem, for k coupons of each
    kind; a mask with a shorter row or column determines no matrix of rank k.
    """

    def excess(density: float) -> float:
        every_row = n_rows * _log_of_chance(bdtrc(rank - 1, n_cols, density))
        every_col = n_cols * _log_of_chance(bdtrc(rank - 1, n_rows, density))
        return every_row + every_col - np.log(share)

    return float(brentq(excess, 1e-9, 1.0)) if rank <= min(n_rows, n_cols) else np.nan


def _log_of_chance(chance: float) -> float:
    """The logarithm of a probability; one too small for a number counts as the smallest."""
    return float(np.log(max(chance, np.finfo(float).tiny)))


# Cells


def phase_cells(axes: PhaseAxes) -> tuple[PhasePlace, ...]:
    """Return all cells, each once, from coarse to fine: each level halves the step and fills in what is new.

    After each level, every cell of the picture is covered by one that has been computed, at its lower left.
    """
    step = 1
    while 2 * step * COARSEST <= max(len(axes.seen), len(axes.values)) + 1:
        step *= 2
    places, taken = [], set()
    while step:
        for y in range(0, len(axes.values), step):
            for x in range(0, len(axes.seen), step):
                if (x, y) not in taken:
                    taken.add((x, y))
                    places.append(PhasePlace(x, y, step))
        step //= 2
    return tuple(places)


def iterate_phase(
    settings: ALSStudySettings,
    axes: PhaseAxes,
    *,
    n_problems: int = N_PROBLEMS,
    done: Container[tuple[int, float]] = (),
) -> Iterator[PhaseCell]:
    """Yield the cells of the picture as they are finished, in the order of `phase_cells`.

    settings: all that the axes do not say; `PHASE` suits. n_problems: how many seeds of a generated matrix each cell
    gets, from the settings' own on. done: cells, as (seen, value), that are known and left out.

    Raises InputError where the settings do not fit the matrix, or nobody knows its true rank.
    """
    _problem_seeds(settings, n_problems)
    for place in phase_cells(axes):
        seen, value = axes.seen[place.x], axes.values[place.y]
        if (seen, value) not in done:
            at = replace(settings, seen=seen, **{axes.name: value})
            yield run_cell([study_of(replace(at, matrix_seed=seed)) for seed in _problem_seeds(at, n_problems)])


def run_cell(studies: Sequence[Study]) -> PhaseCell:
    """Run studies that differ in the problem's seed only, all together, and count.

    Raises InputError where nobody knows the true rank of the matrix.
    """
    settings = studies[0].settings
    trials = [trial for study in studies for trial in _trials(study)]
    judged = [trial for trial in trials if trial.masked is not None and trial.masked.hidden is not None]
    masks = [trial.masked for trial in judged for _ in trial.starts]
    recovered = np.zeros(0, dtype=bool)
    if masks:
        runs = run_on(
            [masked.observed for masked in masks],
            settings,
            np.stack([start for trial in judged for start in trial.starts]),
        )
        limits = [trial.limit for trial in judged for _ in trial.starts]
        sound = [reason is not StopReason.DIVERGED for reason in runs.stop_reasons]
        recovered = (hidden_errors(masks, runs) < np.array(limits)) & sound
    return PhaseCell(
        seen=settings.seen,
        rank=settings.rank,
        ridge=settings.ridge,
        n_runs=len(masks) + sum(trial.n_starts for trial in trials if trial.masked is None),
        n_recovered=int(np.count_nonzero(recovered)),
        n_masks=len(trials),
        n_determined=sum(trial.determined for trial in trials),
    )


@dataclass(frozen=True, eq=False)
class _Trial:
    """One mask of one problem: None where it shows nothing, and then there are no starts."""

    masked: MaskedMatrix | None
    determined: bool
    limit: float
    n_starts: int
    starts: list[np.ndarray]


def _trials(study: Study) -> Iterator[_Trial]:
    if study.problem.low_rank is None:
        raise InputError("A phase diagram needs a matrix whose rank is known: choose a generated one.")
    rank, truth = study.settings.rank, true_factors(study)
    named: dict[int, list[tuple[str, int]]] = {}
    for batch in batches_of(study):
        named.setdefault(batch.mask_seed, []).extend((batch.initialization, seed) for seed in batch.seeds)
    for mask_seed, runs in named.items():
        masked = masked_by(study.problem, study.settings, mask_seed)
        if masked is None:
            yield _Trial(None, False, np.nan, len(runs), [])
            continue
        determined = mask_determines(masked.observed, rank, truth)
        starts = [start_of(masked.observed, rank, initialization, seed) for initialization, seed in runs]
        yield _Trial(masked, determined, recovery_limit(study.problem, masked), len(runs), starts)


def painted(axes: PhaseAxes, cells: Iterable[PhaseCell], what: str = "share") -> np.ndarray:
    """Return the picture of the finished cells (len(values), len(seen)).

    what: the figure that is shown of the cell that covers a place, "share" or "share_determined"; NaN where there is
    none. Cells that do not lie on the axes are left out.
    """
    found = {(cell.seen, getattr(cell, axes.name)): getattr(cell, what) for cell in cells}
    picture = np.full((len(axes.values), len(axes.seen)), np.nan)
    for place in phase_cells(axes):
        figure = found.get((axes.seen[place.x], axes.values[place.y]))
        if figure is not None:
            picture[place.y : place.y + place.step, place.x : place.x + place.step] = figure
    return picture


def _problem_seeds(settings: ALSStudySettings, n_problems: int) -> range:
    """The seeds of the problems of a cell: one, where the matrix is always the same."""
    if not isinstance(settings, ALSStudySettings):
        raise InputError(f"A phase diagram is of ALS: give ALSStudySettings, not {type(settings).__name__}.")
    if not isinstance(n_problems, int) or n_problems < 1:
        raise InputError(f"The number of problems is {quoted(n_problems)}; it must be a whole number, 1 or larger.")
    drawn = settings.matrix != OWN and MATRICES[settings.matrix].uses_seed
    return range(settings.matrix_seed, settings.matrix_seed + (n_problems if drawn else 1))
