"""How many components, and of which shape: information criteria, and a search over candidates.

Every criterion is -2 log-likelihood plus a penalty, in nats: lower is better. With p free parameters and n points, the
penalty is 2 p (AIC, Akaike, 1974), p log n (BIC, Schwarz, 1978), or p log n + 2 E (ICL), where E is the entropy of the
responsibilities, -sum_ik q_ik log q_ik (McLachlan and Peel, 2000, section 6.10.3; Biernacki, Celeux and Govaert, 2000,
take hard assignments in it, -sum_i log max_k q_ik, which is at most E).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import entr

from explorer.checks import LARGEST_SEED, Floats, changed, check_callbacks, check_choice, check_whole_number
from explorer.errors import InputError
from explorer.mixture import engine
from explorer.mixture.checks import MAX_DIMENSIONS, as_points, check_n_components
from explorer.mixture.em import EMOptions
from explorer.mixture.judge import OptimumKind, kinds_as_ended
from explorer.mixture.many import ManyRuns, run_many
from explorer.mixture.model import Mixture, log_joint
from explorer.mixture.starts import initialize
from explorer.stop_reason import StopReason

MAX_STARTS = 10_000
# A run that stops too early has too low a log-likelihood to be compared.
TIGHT = EMOptions(max_iter=1000, rtol=1e-8)


@dataclass(frozen=True)
class Criterion:
    """An information criterion: its name, its label on screen, and one sentence that explains it. Lower is better.

    penalty(n_parameters, n_points, entropy) is what it adds to -2 log-likelihood.
    """

    name: str
    label: str
    explanation: str
    penalty: Callable[[int, int, float], float]


CRITERIA: dict[str, Criterion] = {
    criterion.name: criterion
    for criterion in (
        Criterion(
            "aic",
            "AIC",
            "Charges 2 for every parameter: it aims at good predictions, and often takes too many components.",
            lambda n_parameters, n_points, entropy: 2.0 * n_parameters,
        ),
        Criterion(
            "bic",
            "BIC",
            "Charges the logarithm of the number of points for every parameter: with more points it finds the true "
            "number of components.",
            lambda n_parameters, n_points, entropy: n_parameters * float(np.log(n_points)),
        ),
        Criterion(
            "icl",
            "ICL",
            "BIC, and a charge for points that are shared between components: it counts clusters rather than normals.",
            lambda n_parameters, n_points, entropy: n_parameters * float(np.log(n_points)) + 2.0 * entropy,
        ),
    )
}


@dataclass(frozen=True)
class Criteria:
    """The criteria of a mixture on its data, and what they are made of. Lower is better.

    log_likelihood and entropy (of the responsibilities): totals over points, in nats.
    """

    log_likelihood: float
    n_parameters: int
    entropy: float
    aic: float
    bic: float
    icl: float


@dataclass(frozen=True)
class Candidate:
    """A structure and a number of components, and the best of EM's restarts, degenerate and spurious ones left aside.

    n_starts: restarts, of which n_degenerate ended degenerate, and n_spurious with a component so narrow that its
    density on a few points buys the likelihood (`judge.spurious_components`). Where all did, there is nothing to
    compare with others, and criteria, stop_reason and mixture are None. stop_reason: of the best restart.
    """

    structure: str
    n_components: int
    n_parameters: int
    n_starts: int
    n_degenerate: int
    n_spurious: int
    criteria: Criteria | None
    stop_reason: StopReason | None
    mixture: Mixture | None

    def row(self) -> dict[str, str | int | float | None]:
        """The candidate as a row of a table: all but the mixture."""
        names = ("log_likelihood", "entropy", "aic", "bic", "icl")
        return {
            "structure": self.structure,
            "n_components": self.n_components,
            "n_parameters": self.n_parameters,
            "n_starts": self.n_starts,
            "n_degenerate": self.n_degenerate,
            "n_spurious": self.n_spurious,
            "stop_reason": None if self.stop_reason is None else str(self.stop_reason),
            **{name: None if self.criteria is None else getattr(self.criteria, name) for name in names},
        }


@dataclass(frozen=True)
class ModelSelection:
    """All candidates that were fitted, structure by structure, and in rising K within a structure.

    best: the one with the lowest criterion, the first of equal ones; None where no candidate has figures.
    complete: whether all that were asked for were fitted, so that `best` is the best of them.
    """

    candidates: tuple[Candidate, ...]
    best: Candidate | None
    criterion: str
    complete: bool


def n_parameters(n_components: int, n_dimensions: int, structure: str = "full") -> int:
    """The free parameters of a mixture: K - 1 weights, K d means, and the covariances of its structure."""
    check_n_components(n_components)
    check_whole_number("The number of dimensions", n_dimensions, 1, MAX_DIMENSIONS)
    engine.form_of(structure, n_dimensions)
    covariances = engine.STRUCTURES[structure].n_parameters(n_components, n_dimensions)
    return n_components - 1 + n_components * n_dimensions + covariances


def criteria(data: ArrayLike, mixture: Mixture, structure: str = "full") -> Criteria:
    """AIC, BIC and ICL of a mixture on the data that it was fitted to; lower is better.

    structure: the one that its covariances were fitted with, which tells how many of their numbers were free.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        q = np.ascontiguousarray(log_joint(data, mixture).T)
        log_likelihood = float(engine.normalize(q).sum())
    if not np.isfinite(log_likelihood):
        raise InputError("The mixture is too far from the data to compute its log-likelihood: fit it first.")
    return _criteria(log_likelihood, n_parameters(*mixture.means.shape, structure), q)


def select(
    data: ArrayLike,
    n_components: Iterable[int] = range(1, 10),
    structures: Iterable[str] | None = None,
    options: EMOptions = TIGHT,
    *,
    criterion: str = "bic",
    n_starts: int = 10,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
    **changes: object,
) -> ModelSelection:
    """Fit every structure with every number of components by EM from several starts, and judge the best fits.

    n_components: numbers of components to choose from, each once. structures: names in STRUCTURES, each once; None
    takes all that differ: in one dimension these are full and tied only.
    n_starts: 1..10 000; start s is a k-means++ seeding with the seed `seed + s`, the same for all structures.
    options, changes: as in `run_em`, but for the structure.
    progress(done, all) is called after every candidate. cancelled() is asked while EM runs; once it is true, the
    candidates that were finished are returned.

    A degenerate restart has as high a likelihood as the variance floor lets it, and a spurious one is on its way there,
    so neither is ever the best one, whatever its figure. Raises InputError where a setting is out of its bounds.
    """
    options = changed(EMOptions, options, changes)
    if "structure" in changes:
        raise InputError("The structures to choose from are a list: give structures=[...].")
    points = as_points(data)
    numbers = _choices("numbers of components", n_components)
    for number in numbers:
        check_n_components(number, len(points))
    if structures is None:
        structures = engine.STRUCTURES if points.shape[1] > 1 else ("full", "tied")
    names = _choices("covariance structures", structures)
    for name in names:
        engine.form_of(name, points.shape[1])
    check_choice("criterion", criterion, CRITERIA)
    check_whole_number("The number of starts", n_starts, 1, MAX_STARTS)
    check_whole_number("The seed", seed, 0, LARGEST_SEED + 1 - n_starts)
    check_callbacks(progress, cancelled)

    to_do = [(name, number) for name in names for number in sorted(numbers)]
    candidates = []
    for name, number in to_do:
        starts = (initialize(points, number, "k-means++", seed + s) for s in range(n_starts))
        runs = run_many(points, starts, options, structure=name, cancelled=cancelled)
        if runs.n_runs < n_starts or None in runs.stop_reasons:
            break
        candidates.append(_candidate(points, name, number, runs))
        if progress is not None:
            progress(len(candidates), len(to_do))
    judged = [candidate for candidate in candidates if candidate.criteria is not None]
    best = min(judged, key=lambda candidate: getattr(candidate.criteria, criterion), default=None)
    return ModelSelection(tuple(candidates), best, criterion, complete=len(candidates) == len(to_do))


def _candidate(points: Floats, structure: str, n_components: int, runs: ManyRuns) -> Candidate:
    kinds = kinds_as_ended(points, runs)
    sound = kinds == OptimumKind.PROPER
    figures = stop_reason = mixture = None
    if sound.any():
        best = int(np.where(sound, runs.log_likelihoods, -np.inf).argmax())
        mixture, stop_reason = runs.mixture(best), runs.stop_reasons[best]
        figures = criteria(points, mixture, structure)
    return Candidate(
        structure=structure,
        n_components=n_components,
        n_parameters=n_parameters(n_components, points.shape[1], structure),
        n_starts=runs.n_runs,
        n_degenerate=int(np.count_nonzero(kinds == OptimumKind.DEGENERATE)),
        n_spurious=int(np.count_nonzero(kinds == OptimumKind.SPURIOUS)),
        criteria=figures,
        stop_reason=stop_reason,
        mixture=mixture,
    )


def _criteria(log_likelihood: float, n_free: int, q: Floats) -> Criteria:
    """From responsibilities (K, n)."""
    entropy = float(entr(q).sum())
    figures = {
        name: -2.0 * log_likelihood + criterion.penalty(n_free, q.shape[1], entropy)
        for name, criterion in CRITERIA.items()
    }
    return Criteria(log_likelihood, n_free, entropy, **figures)


def _choices(what: str, values: Iterable) -> list:
    try:
        choices = [values] if isinstance(values, str) else list(values)
        repeated = len(set(choices)) < len(choices)
    except TypeError:
        raise InputError(f"The {what} to choose from must be a list.") from None
    if not choices or repeated:
        raise InputError(f"Give at least one of the {what} to choose from, and each only once.")
    return choices
