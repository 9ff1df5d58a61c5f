"""Where runs would have ended had nothing stopped them: plateaus and saddle points told from maxima.

EM stops where the log-likelihood changes little, and that need not be near a maximum: on a plateau it may change by a
millionth an iteration for hundreds of iterations, and then climb by 150 nats. So every end is continued with a far
smaller tolerance, to the limit of that run, and it is the limits that are grouped into optima. A run that is not yet
near its own limit stopped early; its gap tells by how many nats.

A limit may still be a saddle point, where components are equal and EM, which treats them alike, never parts them. A
push tells: from next to a maximum EM comes back, from next to a saddle point it climbs away.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.checks import Floats, changed, check_callbacks, read_only
from explorer.errors import InputError
from explorer.mixture import engine
from explorer.mixture.checks import as_points
from explorer.mixture.degeneracy import Degeneracy
from explorer.mixture.em import DEFAULTS, EMOptions
from explorer.mixture.judge import (
    DISTANCE_TOLERANCE,
    LIMIT_RTOL,
    LOG_LIKELIHOOD_TOLERANCE,
    EMOutcome,
    OptimumKind,
    is_below,
    limit_iterations,
    outcome_of,
)
from explorer.mixture.loop import pose
from explorer.mixture.many import ManyRuns, iterate_many
from explorer.mixture.model import Mixture, Mixtures
from explorer.mixture.optima import Optima, check_tolerances, distances_between, group_optima
from explorer.slices import Slices, finish, retold
from explorer.stop_reason import StopReason

# Ends that are no farther apart, as `group_ends` measures it, are one: the same but for rounding.
SAME_PLACE = 1e-9
# How far a limit is pushed: weights and widths by this share, means by this share of the component's width. Ten times
# as far, EM also leaves maxima with a small basin; and three times less it still leaves every saddle point (measured).
PUSH = 0.003
# Where covariances are tied, EM leaves the saddle point of equal components by the square or the cube of the distance
# only, if skewed data let it in that direction at all, and is soon at rest to twelve digits: about every other push is
# in vain even this far (measured). So several are tried, and each with the means moved the other way too.
TIED_PUSH = 0.06
TIED_PUSHES = 8


@dataclass(frozen=True, eq=False, repr=False)
class Limits:
    """What became of R runs: their limits, and the distinct optima among them. The arrays are read-only.

    outcomes: R of them, as the judge decides.
    optima: of the limits; `optima.labels` (R,) is the optimum that each run belongs to, the best one first.
    continued: the runs at their limits, components in the order that they had; n_iterations are those that it took from
    where the run had stopped. The stop reason is converged or degenerate where the limit was reached, max_iter or None
    where it was not: then a gap is only known to be at least this large.
    gaps (R,): by how many nats the limit is above the end of the run.
    early (R,): the run had stopped farther from its limit than the tolerances allow.
    on_plateau (R,): so it had, because its own tolerance took a plateau for convergence. The other early ones ran out
    of iterations, or were cut short.
    """

    outcomes: tuple[EMOutcome, ...]
    optima: Optima
    continued: ManyRuns
    gaps: Floats
    early: NDArray[np.bool_]
    on_plateau: NDArray[np.bool_]

    def __repr__(self) -> str:
        early, on_plateau = np.count_nonzero(self.early), np.count_nonzero(self.on_plateau)
        return f"Limits({self.optima!r}; {early} of {len(self.gaps)} runs stopped early, {on_plateau} on a plateau)"


def find_limits(
    data: ArrayLike,
    runs: ManyRuns,
    options: EMOptions = DEFAULTS,
    *,
    progress: Callable[[int, int], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
    **keywords: Any,
) -> Limits:
    """Continue many runs to their limits, and group these into distinct optima.

    data, options, keywords: as in `iterate_limits`.
    progress(finished, all) and cancelled() are called after every iteration, as in `run_many`; `all` are the runs that
    ended in different places, since those that ended in the same one are continued only once. Once cancelled() is true,
    the runs are grouped as they stand, those under way with a stop reason of None, and saddle points are no longer
    looked for.

    Raises InputError as `run_many` and `group_ends` do. Runs of another structure than told are refused where they do
    not have it; that they had another variance floor, or hard E steps, cannot be seen.
    """
    check_callbacks(progress, cancelled)
    return finish(iterate_limits(data, runs, options, **keywords), progress, cancelled)


def iterate_limits(
    data: ArrayLike,
    runs: ManyRuns,
    options: EMOptions = DEFAULTS,
    *,
    rtol: float = LIMIT_RTOL,
    max_iter: int | None = None,
    log_likelihood_tolerance: float = LOG_LIKELIHOOD_TOLERANCE,
    distance_tolerance: float = DISTANCE_TOLERANCE,
    **changes: object,
) -> Slices[Limits]:
    """`find_limits` in slices of time: yields (finished, all) after every iteration, and returns the limits at the end.

    data: that of the runs. options, changes: what they were made with, as in `run_em`; E steps must not have been hard.
    rtol, max_iter: of the continuation; a max_iter of None is what the judge allows (`judge.limit_iterations`). A
    degenerate run is at its limit already.
    log_likelihood_tolerance, distance_tolerance: as in `group_ends`. Within these of its limit a run is said to have
    reached it.
    Sending True ends it early. Raises InputError for settings when called.
    """
    if not isinstance(runs, ManyRuns):
        raise InputError("The runs must be what `run_many` gives.")
    check_tolerances(log_likelihood_tolerance, distance_tolerance)
    if max_iter is None:
        max_iter = limit_iterations(len(as_points(data)), runs.weights.shape[1])
    options = changed(EMOptions, options, changes | {"rtol": rtol, "max_iter": max_iter})
    if options.at_floor == "stop" and runs.held.any():
        raise InputError(
            "These runs were held at a floor: give the variance_floor and at_floor that they were made with."
        )
    if options.hard:
        raise InputError("Runs with hard E steps have no limit of the log-likelihood: run them with soft ones.")
    grouping = {"log_likelihood_tolerance": log_likelihood_tolerance, "distance_tolerance": distance_tolerance}
    return _iterate(data, runs, options, grouping)


def iterate_limit(data: ArrayLike, end: Mixture, options: EMOptions) -> Slices[Limits]:
    """`iterate_limits` for one run, which ended at this mixture and was neither degenerate nor diverged."""
    alone = yield from iterate_many(data, [end], options, max_iter=0)
    return (yield from iterate_limits(data, alone, options))


def _iterate(data: ArrayLike, runs: ManyRuns, options: EMOptions, grouping: dict) -> Slices[Limits]:
    continued, n_places = yield from _continued(data, runs, options)
    optima = group_optima(data, continued, **grouping)
    tolerance = grouping["log_likelihood_tolerance"]
    if None not in continued.stop_reasons:
        left = yield from _left_when_pushed(data, optima, options, tolerance, n_places)
        if left.any():
            optima = group_optima(data, continued, saddles=left[optima.labels], **grouping)
    gaps = np.maximum(continued.log_likelihoods - runs.log_likelihoods, 0.0)
    early = is_below(runs.log_likelihoods, continued.log_likelihoods, tolerance) | (
        distances_between(runs, continued) > grouping["distance_tolerance"]
    )
    converged = np.array([reason is StopReason.CONVERGED for reason in runs.stop_reasons])
    return Limits(
        outcomes=tuple(
            outcome_of(reason, bool(is_early), optima.kinds[label])
            for reason, is_early, label in zip(runs.stop_reasons, early, optima.labels, strict=True)
        ),
        optima=optima,
        continued=continued,
        gaps=read_only(gaps),
        early=read_only(early),
        on_plateau=read_only(early & converged),
    )


def _continued(data: ArrayLike, runs: ManyRuns, options: EMOptions) -> Slices[tuple[ManyRuns, int]]:
    """The runs, those that are not degenerate continued to their limits, as far as that went before it was cancelled;
    and in how many places they had ended.

    Runs that ended in the same place are continued once; each gets the limit with its components in its own order.
    """
    places = group_optima(data, runs, log_likelihood_tolerance=1.0, distance_tolerance=SAME_PLACE)
    first = places.representatives
    on = first[~runs.degenerate[first]]
    n_places = len(on)
    steps, reasons, falls = np.zeros_like(runs.n_iterations), list(runs.stop_reasons), list(runs.degeneracies)
    weights, means, covariances = runs.weights.copy(), runs.means.copy(), runs.covariances.copy()
    log_likelihoods, held = runs.log_likelihoods.copy(), runs.held.copy()
    if len(on):
        starts = Mixtures(weights[on], means[on], covariances[on])
        found = yield from iterate_many(data, starts, options)
        # Starts that were not read any more stand where they stood.
        for r in on[found.n_runs :]:
            reasons[r] = None
        on = on[: found.n_runs]
        weights[on], means[on], covariances[on] = found.weights, found.means, found.covariances
        log_likelihoods[on], steps[on], held[on] = found.log_likelihoods, found.n_iterations, found.held
        for i, r in enumerate(on):
            reasons[r], falls[r] = found.stop_reasons[i], found.degeneracies[i]
    source = first[places.labels]
    # Component k of a run is component order[k] of the run that was continued for it.
    order = np.take_along_axis(places.permutations[source], np.argsort(places.permutations, axis=1), axis=1)
    each = source[:, None]
    continued = ManyRuns(
        weights=read_only(weights[each, order]),
        means=read_only(means[each, order]),
        covariances=read_only(covariances[each, order]),
        log_likelihoods=read_only(log_likelihoods[source]),
        n_iterations=read_only(steps[source]),
        stop_reasons=tuple(reasons[s] for s in source),
        degeneracies=tuple(_renamed(falls[s], names.tolist()) for s, names in zip(source, order, strict=True)),
        held=read_only(held[each, order]),
        paths=None,
    )
    return continued, n_places


def _renamed(falls: tuple[Degeneracy, ...], order: list[int]) -> tuple[Degeneracy, ...]:
    """The degeneracies of a run whose component k was component order[k] when they were found, in order."""
    renamed = (replace(fall, component=order.index(fall.component)) for fall in falls)
    return tuple(sorted(renamed, key=lambda fall: fall.component))


def _left_when_pushed(
    data: ArrayLike, optima: Optima, options: EMOptions, tolerance: float, of_all: int
) -> Slices[NDArray[np.bool_]]:
    """Which proper optima (G,) EM leaves for a higher log-likelihood, when it begins right beside them."""
    proper = np.flatnonzero([kind is OptimumKind.PROPER for kind in optima.kinds])
    left = np.zeros(optima.n_optima, dtype=bool)
    if len(proper):
        weights, means, covariances = optima.weights[proper], optima.means[proper], optima.covariances[proper]
        pushed = _pushed(weights, means, covariances, options.structure)
        if options.at_floor == "hold":
            pushed = _raised_to_the_floor(data, pushed, options)
        # The runs themselves are finished, all of them: this is a last short step.
        beside = yield from retold(iterate_many(data, pushed, options), lambda *_: (of_all, of_all))
        # Push after push, each of all optima; the last ones are missing where it was cancelled.
        pushed_from = np.resize(proper, beside.n_runs)
        higher = beside.log_likelihoods > optima.log_likelihoods[pushed_from] + tolerance
        left[pushed_from[higher]] = True
    return left


def _pushed(weights: Floats, means: Floats, covariances: Floats, structure: str) -> Mixtures:
    """G mixtures, all their parameters changed a little, at random but always alike; the structure is kept. Where
    several pushes are tried, each of all mixtures, one after the other.
    """
    rng = np.random.default_rng(0)
    _, n_components, d = means.shape
    form = engine.form_of(structure, d)
    size, n_pushes = (TIED_PUSH, TIED_PUSHES) if form.shared else (PUSH, 1)
    stretch = rng.normal(size=(n_pushes, 1, 1 if form.shared else n_components, d, d))
    if not form.matrices:
        stretch = (stretch[..., :1, :1] if form.isotropic else stretch) * np.eye(d)
    stretch = np.eye(d) + size * stretch
    stretched = stretch @ covariances @ stretch.swapaxes(-1, -2)
    pushed = weights * np.exp(size * rng.normal(size=(n_pushes, 1, n_components)))
    deviations = np.sqrt(np.einsum("gkii->gki", covariances))
    moves = size * deviations * rng.normal(size=(n_pushes, 1, n_components, d))
    moved = means + moves
    if form.shared:
        pushed, stretched = np.concatenate([pushed, pushed]), np.concatenate([stretched, stretched])
        moved = np.concatenate([moved, means - moves])
    return Mixtures(
        (pushed / pushed.sum(axis=-1, keepdims=True)).reshape(-1, n_components),
        moved.reshape(-1, n_components, d),
        ((stretched + stretched.swapaxes(-1, -2)) / 2).reshape(-1, n_components, d, d),
    )


def _raised_to_the_floor(data: ArrayLike, mixtures: Mixtures, options: EMOptions) -> Mixtures:
    """The mixtures, with variances of at least the floor that runs are held at: they cannot begin below it."""
    problem = pose(data, options.structure, options.variance_floor)
    given = (mixtures.weights, mixtures.means, mixtures.covariances)
    theta = engine.standardized_mixtures(problem.data, problem.form, *given)
    covariances, whitening, _ = engine.at_least(problem.form, theta.covariances, problem.floor)
    raised = theta._replace(covariances=covariances, whitening=whitening)
    return Mixtures(*engine.in_data_units(problem.data, problem.form, raised))
