"""Many runs of EM at once, from different starts on the same data: the same runs, in one vectorised computation.

All runs are advanced together, one pass over the data an iteration, and a run that stops is retired. Each ends as
`run_em` from its start would: after the same number of iterations, with the same figures to rounding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.checks import as_floats, check_callbacks, check_flag, read_only
from explorer.errors import InputError
from explorer.mixture import parameters
from explorer.mixture.covariances import Floats
from explorer.mixture.degeneracy import Degeneracy, find_degeneracies
from explorer.mixture.em import DEFAULT_VARIANCE_FLOOR
from explorer.mixture.model import Mixture, Mixtures, check_n_components
from explorer.mixture.parameters import Parameters, join_parameters
from explorer.mixture.problem import (
    Beginning,
    Problem,
    from_mixtures,
    from_responsibilities,
    have_identical_components,
    pose,
)
from explorer.mixture.recording import check_reached
from explorer.mixture.steps import as_responsibilities
from explorer.mixture.stopping import RiseRule, first_reasons
from explorer.mixture.sweep import Sweep
from explorer.mixture.units import in_data_units
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
    degeneracies: for each run, what is wrong with its last iterate.
    paths: for each run the log-likelihoods of all its iterates, (n_iterations + 1,), or None if they were not kept.
    """

    weights: Floats
    means: Floats
    covariances: Floats
    log_likelihoods: Floats
    n_iterations: NDArray[np.int64]
    stop_reasons: tuple[StopReason | None, ...]
    degeneracies: tuple[tuple[Degeneracy, ...], ...]
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
    *,
    structure: str = "full",
    max_iter: int = 200,
    rtol: float = 1e-6,
    variance_floor: float = DEFAULT_VARIANCE_FLOOR,
    hard: bool = False,
    keep_paths: bool = False,
    progress: Callable[[int, int | None], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ManyRuns:
    """Run EM from many starts; the other arguments are those of `run_em`.

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
    steps = iterate_many(
        data,
        starts,
        structure=structure,
        max_iter=max_iter,
        rtol=rtol,
        variance_floor=variance_floor,
        hard=hard,
        keep_paths=keep_paths,
    )
    return finish(steps, progress, cancelled)


def iterate_many(
    data: ArrayLike,
    starts: Starts,
    *,
    structure: str = "full",
    max_iter: int = 200,
    rtol: float = 1e-6,
    variance_floor: float = DEFAULT_VARIANCE_FLOOR,
    hard: bool = False,
    keep_paths: bool = False,
) -> Slices[ManyRuns]:
    """`run_many` in slices of time: yields (finished, all) after every iteration, and returns the runs at the end.

    Sending True ends it at once. Raises InputError for settings when called; for a start, when it is reached.
    """
    check_flag("hard", hard)
    check_flag("keep_paths", keep_paths)
    if isinstance(starts, Mixture):
        raise InputError("Many starts are wanted: put the one mixture into a list.")
    if not isinstance(starts, Mixtures | Iterable):
        raise InputError("The starts must be a list of responsibilities (n, K) or of mixtures, or stacked.")
    return _iterate_all(pose(data, structure, max_iter, rtol, variance_floor), starts, hard, keep_paths)


def _iterate_all(problem: Problem, starts: Starts, hard: bool, keep_paths: bool) -> Slices[ManyRuns]:
    of_all = len(starts) if isinstance(starts, Sized) else None
    sweep, begun, stop, ends, paths = None, 0, False, [], []
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
        if sweep is None:
            sweep = Sweep(problem.data, problem.form, len(together.theta.weights), hard)
        steps = _advance(problem, sweep, together, keep_paths, begun, ends, paths)
        for finished in steps:
            stop = stop or bool((yield finished, of_all))
            if stop:
                with suppress(StopIteration):
                    steps.send(True)
                break
        begun += together.theta.weights.shape[1]
    if not ends:
        raise InputError("There are no starts: give at least one.")
    return _many_runs(problem, ends, paths, keep_paths)


class _Ends(NamedTuple):
    """Runs that ended at the same iteration: which they are, where, and why."""

    runs: NDArray[np.intp]
    theta: Parameters
    log_likelihoods: Floats
    n_iterations: int
    stop_reasons: list[StopReason | None]
    degeneracies: list[tuple[Degeneracy, ...]]


def _advance(
    problem: Problem,
    sweep: Sweep,
    beginning: Beginning,
    keep_paths: bool,
    begun: int,
    ends: list[_Ends],
    paths: list[tuple[NDArray[np.intp], Floats]],
) -> Generator[int, bool | None, None]:
    """Advance runs, numbered from `begun`, together until all have stopped, and add to `ends` and `paths`.

    What is looked at for convergence is the lower bound, which is the log-likelihood except where E steps are hard.

    Yields how many runs have finished, after every iteration; those under way end there when True is sent.
    """
    form, floor, rule = problem.form, problem.floor, RiseRule.of(problem)
    theta, degenerate, _, singletons = beginning
    runs = begun + np.arange(theta.weights.shape[1])
    last = runs[-1] + 1
    identical = have_identical_components(theta)
    careful = identical | ~sweep.features.covers(theta)
    previous = None
    for t in count():
        collapsed = False
        if degenerate is not None:
            collapsed = degenerate.any(axis=0)
            careful = collapsed | identical if careful is None else collapsed | careful
        value, bound, statistics = sweep.expect(theta, careful)
        if t == 0:
            check_reached(value)
        if keep_paths:
            paths.append((runs, value))
        over, reasons = first_reasons(rule.signs(t, collapsed, bound, previous), len(runs))
        if reasons:
            which = np.flatnonzero(over)
            falls = [_degeneracies(problem, theta, degenerate, r, t, singletons) for r in which.tolist()]
            ends.append(_Ends(runs[which], theta.of_runs(which), value[which], t, reasons, falls))
            on = np.flatnonzero(~over)
            runs, identical, value, bound = runs[on], identical[on], value[on], bound[on]
            theta, statistics = theta.of_runs(on), statistics.of_runs(on)
        if (yield int(last - len(runs))):
            if len(runs):
                ends.append(_Ends(runs, theta, value, t, [None] * len(runs), [()] * len(runs)))
            return
        if not len(runs):
            return
        previous = bound
        theta, degenerate = parameters.fit(form, statistics, theta, floor)
        careful = identical if identical.any() else None


def _degeneracies(
    problem: Problem,
    theta: Parameters,
    degenerate: NDArray[np.bool_] | None,
    run: int,
    t: int,
    singletons: NDArray[np.bool_] | None,
) -> tuple[Degeneracy, ...]:
    if degenerate is None or not degenerate[:, run].any():
        return ()
    one = slice(run, run + 1)
    alone = singletons[:, one] if t == 0 and singletons is not None else None
    return find_degeneracies(
        problem.data, problem.form, theta.of_runs(one), degenerate[:, one], problem.floor, t, alone
    )


def _beginnings(problem: Problem, starts: Starts) -> Iterator[Beginning]:
    """First iterates, some megabytes of starts at a time."""
    n = problem.n_points
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
    check_n_components(starts[0].n_components, problem.n_points)
    arrays = (np.stack([getattr(start, name) for start in starts]) for name in ("weights", "means", "covariances"))
    return from_mixtures(problem, *arrays)


def _as_start(start: ArrayLike | Mixture) -> Floats | Mixture:
    return start if isinstance(start, Mixture | np.ndarray) else as_floats(start, "The responsibilities", 1.0 + 1e-8)


def _from_tables(problem: Problem, starts: list[ArrayLike]) -> Beginning:
    if len({np.shape(start) for start in starts}) > 1:
        raise InputError("The starts must be of one kind, with equally many components.")
    if np.ndim(starts[0]) != 2:
        raise InputError("Starts must be tables of responsibilities, one row a data point, or mixtures.")
    q = as_responsibilities(np.stack(starts), problem.n_points)
    check_n_components(q.shape[2], problem.n_points)
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

    theta = join_parameters([beginning.theta for beginning in beginnings])
    return Beginning(theta, marks("degenerate"), singletons=marks("singletons"))


def _many_runs(
    problem: Problem, ends: list[_Ends], paths: list[tuple[NDArray[np.intp], Floats]], keep_paths: bool
) -> ManyRuns:
    """The ends in the order of the starts."""
    runs = np.concatenate([end.runs for end in ends])
    order = np.argsort(runs)
    weights, means, covariances = in_data_units(
        problem.data, problem.form, join_parameters([end.theta for end in ends]).of_runs(order)
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
        paths=_by_run(paths, n_iterations) if keep_paths else None,
    )


def _by_run(paths: list[tuple[NDArray[np.intp], Floats]], n_iterations: NDArray[np.int64]) -> tuple[Floats, ...]:
    """Log-likelihoods run by run, from those iteration by iteration."""
    runs = np.concatenate([runs for runs, _ in paths])
    values = np.concatenate([values for _, values in paths])
    by_run = values[np.argsort(runs, kind="stable")]
    return tuple(read_only(path) for path in np.split(by_run, np.cumsum(n_iterations + 1)[:-1]))
