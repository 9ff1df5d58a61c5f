"""Many runs of EM at once, from different starts on the same data: the same runs, in one vectorised computation.

All runs are advanced together, one pass over the data an iteration, and a run that stops is retired. Each ends as
`run_em` from its start would: after the same number of iterations, with the same figures to rounding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.checks import Floats, as_floats, changed, check_callbacks, check_flag, read_only
from explorer.errors import InputError
from explorer.mixture import engine
from explorer.mixture.checks import as_responsibilities, check_n_components
from explorer.mixture.degeneracy import Degeneracy, degeneracies_of
from explorer.mixture.em import DEFAULTS, EMOptions
from explorer.mixture.loop import Beginning, Moves, Problem, Stand, advance, from_mixtures, from_responsibilities, pose
from explorer.mixture.model import Mixture, Mixtures
from explorer.mixture.stopping import RiseRule
from explorer.slices import Slices, finish
from explorer.stop_reason import StopReason

# Starts that are turned into first iterates together: their responsibilities take up to 32 MB.
STARTING_NUMBERS = 4_000_000
# Starts of an iterable, which may take long to make, are read in smaller portions, 0.5 MB.
READING_NUMBERS = 65_536
# Runs that are advanced together hold about this many numbers of parameters, 16 MB, and as much again a few times.
RUNNING_NUMBERS = 2_000_000

Starts = Mixtures | Iterable[ArrayLike | Mixture]


@dataclass(frozen=True, eq=False, repr=False)
class ManyRuns:
    """The ends of R runs, in the order of their starts. The arrays are read-only.

    weights (R, K), means (R, K, d), covariances (R, K, d, d): the last iterate of each run.
    log_likelihoods (R,): of these, total over points.
    n_iterations (R,): how many it took. stop_reasons: R of them; None for a run that was cut short by cancellation.
    degeneracies: for each run, what is wrong with its last iterate. held (R, K): which of its components are held at
    the variance floor.
    paths: for each run the log-likelihoods of all its iterates, (n_iterations + 1,), or None if they were not kept.
    """

    weights: Floats
    means: Floats
    covariances: Floats
    log_likelihoods: Floats
    n_iterations: NDArray[np.int64]
    stop_reasons: tuple[StopReason | None, ...]
    degeneracies: tuple[tuple[Degeneracy, ...], ...]
    held: NDArray[np.bool_]
    paths: tuple[Floats, ...] | None

    def __repr__(self) -> str:
        _, n_components, d = self.means.shape
        reasons = Counter("cut short" if reason is None else str(reason) for reason in self.stop_reasons)
        told = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        return f"ManyRuns(R = {self.n_runs}, K = {n_components}, d = {d}: {told})"

    @property
    def n_runs(self) -> int:
        return len(self.log_likelihoods)

    @property
    def degenerate(self) -> NDArray[np.bool_]:
        """Which runs ended degenerate, (R,)."""
        return np.array([bool(falls) for falls in self.degeneracies])

    def mixture(self, run: int) -> Mixture:
        """Where a run ended."""
        return Mixture(self.weights[run], self.means[run], self.covariances[run])


def run_many(
    data: ArrayLike,
    starts: Starts,
    options: EMOptions = DEFAULTS,
    *,
    keep_paths: bool = False,
    progress: Callable[[int, int | None], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
    **changes: object,
) -> ManyRuns:
    """Run EM from many starts. options, changes: as in `run_em`.

    starts: stacked responsibilities (R, n, K), stacked Mixtures, or any iterable of responsibilities (n, K) or of
    mixtures, all of the same K. An iterable is read a few megabytes at a time, so that memory is bounded however many
    starts there are.
    keep_paths: keep the log-likelihood of every iterate of every run.
    progress(finished, all) is called after every iteration, and while starts are read; all is None where the iterable
    does not tell its length. cancelled() is asked then too: once it is true, the runs so far are returned, those under
    way as they stand, with a stop reason of None; starts that were not read are left out.

    Raises InputError as `run_em` does, and where there is no start at all.
    """
    check_callbacks(progress, cancelled)
    return finish(iterate_many(data, starts, options, keep_paths=keep_paths, **changes), progress, cancelled)


def iterate_many(
    data: ArrayLike, starts: Starts, options: EMOptions = DEFAULTS, *, keep_paths: bool = False, **changes: object
) -> Slices[ManyRuns]:
    """`run_many` in slices of time: yields (finished, all) after every iteration, and returns the runs at the end.

    Sending True ends it at once. Raises InputError for options when called; for a start, when it is reached.
    """
    options = changed(EMOptions, options, changes)
    check_flag("keep_paths", keep_paths)
    if isinstance(starts, Mixture):
        raise InputError("Many starts are wanted: put the one mixture into a list.")
    if not isinstance(starts, Mixtures | Iterable):
        raise InputError("The starts must be a list of responsibilities (n, K) or of mixtures, or stacked.")
    problem = pose(data, options.structure, options.variance_floor, options.at_floor)
    return _iterate_all(problem, starts, options, keep_paths)


def _iterate_all(problem: Problem, starts: Starts, options: EMOptions, keep_paths: bool) -> Slices[ManyRuns]:
    of_all = len(starts) if isinstance(starts, Sized) else None
    passes, begun, stop, ends, paths = None, 0, False, [], []
    rule = RiseRule(problem.data.n_points, options.rtol, options.max_iter)
    rest = _beginnings(problem, starts)
    while not stop:
        waiting, numbers = [], 0
        for beginning in rest:
            waiting.append(beginning)
            numbers += beginning.theta.covariances.size + beginning.theta.means.size
            stop = bool((yield begun, of_all))
            if stop or numbers > RUNNING_NUMBERS:
                break
        if not waiting:
            break
        together = _joined(waiting)
        n_components, n_runs = together.theta.weights.shape
        if passes is None:
            passes = engine.Passes(
                problem.data, problem.form, problem.floor, n_components, hard=options.hard, hold=problem.hold
            )
        moves = Moves(passes.expect, passes.maximize, rule.signs)
        for stand in advance(moves, together, passes.begin(together.theta, together.degenerate)):
            if keep_paths:
                paths.append((begun + stand.runs, stand.log_likelihoods))
            over = np.zeros(len(stand.runs), dtype=bool) if stand.over is None else stand.over
            if stand.reasons:
                ends.append(_ends(problem, together, stand, over, stand.reasons, begun))
            stop = stop or bool((yield begun + n_runs - np.count_nonzero(~over), of_all))
            if stop:
                if not over.all():
                    ends.append(_ends(problem, together, stand, ~over, [None] * np.count_nonzero(~over), begun))
                break
        begun += n_runs
    if not ends:
        raise InputError("There are no starts: give at least one.")
    return _many_runs(problem, ends, paths, keep_paths)


class _Ends(NamedTuple):
    """Runs that ended at the same iteration: which they are, where, and why."""

    runs: NDArray[np.intp]
    theta: engine.Parameters
    log_likelihoods: Floats
    held: NDArray[np.bool_]
    n_iterations: int
    stop_reasons: list[StopReason | None]
    degeneracies: list[tuple[Degeneracy, ...]]


def _ends(
    problem: Problem,
    beginning: Beginning,
    stand: Stand,
    over: NDArray[np.bool_],
    reasons: list[StopReason | None],
    begun: int,
) -> _Ends:
    """The runs that end where they stand, (R,) of bool, numbered from `begun`. One that is cut short has no reason."""
    which = np.flatnonzero(over)
    theta = stand.theta.of_runs(which)
    held = np.zeros(theta.weights.shape, dtype=bool) if stand.held is None else stand.held[:, which]
    falls = [
        () if reason is None else degeneracies_of(problem, beginning, stand, stand.theta, run)
        for run, reason in zip(which.tolist(), reasons, strict=True)
    ]
    return _Ends(begun + stand.runs[which], theta, stand.log_likelihoods[which], held, stand.t, reasons, falls)


def _beginnings(problem: Problem, starts: Starts) -> Iterator[Beginning]:
    """First iterates, some megabytes of starts at a time."""
    n = problem.data.n_points
    if isinstance(starts, Mixtures):
        check_n_components(starts.means.shape[1], n)
        size = max(1, RUNNING_NUMBERS // starts.covariances[0].size)
        for first in range(0, len(starts), size):
            some = slice(first, first + size)
            yield from_mixtures(problem, starts.weights[some], starts.means[some], starts.covariances[some])
        return
    rest, n_components = iter(starts), None
    for first in rest:
        first = _as_start(first)
        width = first.n_components if isinstance(first, Mixture) else np.shape(first)[-1] if np.ndim(first) else 0
        # A start's responsibilities, and its covariances with the blocks of points that they are summed over.
        d, width = problem.form.n_dimensions, max(1, width)
        portion = STARTING_NUMBERS if isinstance(starts, np.ndarray) else READING_NUMBERS
        size = max(1, min(portion // (width * n), RUNNING_NUMBERS // (width * (d * d + 64 * d))))
        some = [first, *map(_as_start, islice(rest, size - 1))]
        beginning = _from_mixtures(problem, some) if isinstance(first, Mixture) else _from_tables(problem, some)
        found = len(beginning.theta.weights)
        if n_components not in (None, found):
            raise InputError(f"The starts have {n_components} and {found} components: all must have equally many.")
        n_components = found
        yield beginning


def _from_mixtures(problem: Problem, starts: list[Mixture]) -> Beginning:
    if not all(isinstance(start, Mixture) for start in starts) or len({start.means.shape for start in starts}) > 1:
        raise InputError("The starts must be of one kind, with equally many components and dimensions.")
    check_n_components(starts[0].n_components, problem.data.n_points)
    arrays = (np.stack([getattr(start, name) for start in starts]) for name in ("weights", "means", "covariances"))
    return from_mixtures(problem, *arrays)


def _as_start(start: ArrayLike | Mixture) -> Floats | Mixture:
    return start if isinstance(start, Mixture | np.ndarray) else as_floats(start, "The responsibilities", 1.0 + 1e-8)


def _from_tables(problem: Problem, starts: list[ArrayLike]) -> Beginning:
    if len({np.shape(start) for start in starts}) > 1:
        raise InputError("The starts must be of one kind, with equally many components.")
    if np.ndim(starts[0]) != 2:
        raise InputError("Starts must be tables of responsibilities, one row a data point, or mixtures.")
    q = as_responsibilities(np.stack(starts), problem.data.n_points)
    check_n_components(q.shape[2], problem.data.n_points)
    return from_responsibilities(problem, np.ascontiguousarray(q.transpose(2, 0, 1)), bounded=False)


def _joined(beginnings: list[Beginning]) -> Beginning:
    """The runs of several beginnings, one after the other."""
    if len(beginnings) == 1:
        return beginnings[0]
    counts = {len(beginning.theta.weights) for beginning in beginnings}
    if len(counts) > 1:
        raise InputError(f"The starts have {min(counts)} and {max(counts)} components: all must have equally many.")

    def marks(name: str) -> NDArray[np.bool_] | None:
        given = [getattr(beginning, name) for beginning in beginnings]
        if all(mark is None for mark in given):
            return None
        shapes = [beginning.theta.weights.shape for beginning in beginnings]
        return np.concatenate(
            [np.zeros(shape, bool) if mark is None else mark for mark, shape in zip(given, shapes, strict=True)], axis=1
        )

    theta = engine.join_parameters([beginning.theta for beginning in beginnings])
    return Beginning(theta, marks("degenerate"), marks("held"), singletons=marks("singletons"))


def _many_runs(
    problem: Problem, ends: list[_Ends], paths: list[tuple[NDArray[np.intp], Floats]], keep_paths: bool
) -> ManyRuns:
    """The ends in the order of the starts."""
    runs = np.concatenate([end.runs for end in ends])
    order = np.argsort(runs)
    weights, means, covariances = engine.in_data_units(
        problem.data, problem.form, engine.join_parameters([end.theta for end in ends]).of_runs(order)
    )
    n_iterations = np.repeat([end.n_iterations for end in ends], [len(end.runs) for end in ends])[order]
    reasons = list(chain.from_iterable(end.stop_reasons for end in ends))
    falls = list(chain.from_iterable(end.degeneracies for end in ends))
    return ManyRuns(
        weights=read_only(weights),
        means=read_only(means),
        covariances=read_only(covariances),
        log_likelihoods=read_only(np.concatenate([end.log_likelihoods for end in ends])[order]),
        n_iterations=read_only(n_iterations),
        stop_reasons=tuple(reasons[r] for r in order),
        degeneracies=tuple(falls[r] for r in order),
        held=read_only(np.concatenate([end.held for end in ends], axis=1).T[order]),
        paths=_by_run(paths, n_iterations) if keep_paths else None,
    )


def _by_run(paths: list[tuple[NDArray[np.intp], Floats]], n_iterations: NDArray[np.int64]) -> tuple[Floats, ...]:
    """Log-likelihoods run by run, from those iteration by iteration."""
    runs = np.concatenate([runs for runs, _ in paths])
    values = np.concatenate([values for _, values in paths])
    by_run = values[np.argsort(runs, kind="stable")]
    return tuple(read_only(path) for path in np.split(by_run, np.cumsum(n_iterations + 1)[:-1]))
