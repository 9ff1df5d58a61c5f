"""What is known beyond a run: would it climb on, where do other starts end, can the mask determine the matrix.

Each function is a generator that yields progress after a little work and returns what it found, so that a page can
spend a slice of time on it and stop whenever something more urgent comes.
"""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from threading import Lock, Thread
from time import sleep
from typing import TypeVar

import numpy as np

from explorer.completion import (
    Factors,
    HalfStep,
    Identifiability,
    Observations,
    factorize,
    identifiability,
    iterate_als,
    rmse,
)
from explorer.datasets import MaskedMatrix, MatrixProblem
from explorer.mixture import (
    Degeneracy,
    EMOutcome,
    Limits,
    ManyRuns,
    Mixture,
    OptimumKind,
    StopReason,
    group_ends,
    initialize,
    iterate_limit,
    iterate_many,
)
from explorer.mixture.judge import kinds_as_ended, limit_iterations, spurious_components
from explorer.runs import ALSRun, EMRun
from explorer.settings import ALSSettings, EMSettings
from explorer.slices import Slices

Result = TypeVar("Result")

# Other starts are run to see which is the best; only that one goes on to its limit. In thirteen cases on nine data
# sets, K = 3 to 7, that limit is the best of all limits, within 0.0004 nats; with an rtol of 1e-8 it is 0.9 nats lower
# on "two bumps".
N_STARTS = 40
STARTS_RTOL = 1e-9
STARTS_ITERATIONS = 2_000
# How far a run of ALS is continued.
CONTINUED_RTOL = 1e-10
CONTINUED_SWEEPS = 1_000
# A matrix counts as recovered when the error on the hidden entries is below this share of the matrix's own size.
RECOVERED = 0.05
# ... or below this many times the noise that was put on it: nobody can know a noisy entry better than that.
NOISE = 1.5
# Starts are run together, in one computation, while they hold at most this many points times components: an iteration
# of all of them takes a millisecond.
TOGETHER = 200_000

# A smaller ridge than this holds no run back by more than rounding.
NEGLIGIBLE_RIDGE = 1e-6

# Held while a matrix is judged in a thread of its own: linear algebra of a large one takes seconds in one piece, but
# lets other threads go on. One at a time, and only for those who still ask.
_JUDGING = Lock()
_GLANCE = 0.01  # seconds between two looks whether it is done


@dataclass(frozen=True)
class Ends:
    """Where other starts end: those of a study, or N_STARTS random-point starts (seeds 0 to 39).

    best: the log-likelihood of the best proper optimum that one of them leads to; None where none does. n_degenerate,
    n_spurious: how many do not count, as they end so. n_starts: how many there are.
    """

    best: float | None
    n_degenerate: int
    n_spurious: int
    n_starts: int = N_STARTS


@dataclass(frozen=True)
class BeyondEM:
    """What puts a run of EM in its place.

    continued: the log-likelihood at its limit, after continued_iterations more; where it stopped, if it has no limit.
    best: of the best proper optimum that n_starts other starts or the run itself lead to; None where none does.
    n_degenerate, n_spurious: how many of the other starts do not count, as they end so. best_of_starts: the best
    proper optimum of the other starts alone; None where there is none.
    outcome: what became of the run. limit: of which kind its limit is; None where it collapsed or diverged by itself.
    spurious: its components, from 0, that are spurious there. falls: what collapses on the way there.
    """

    continued: float
    continued_iterations: int
    best: float | None
    n_degenerate: int
    n_spurious: int = 0
    best_of_starts: float | None = None
    n_starts: int = N_STARTS
    outcome: EMOutcome = EMOutcome.PROPER
    limit: OptimumKind | None = None
    spurious: tuple[int, ...] = ()
    falls: tuple[Degeneracy, ...] = ()


@dataclass(frozen=True)
class Alternatives:
    """Errors on the hidden entries (model units) of runs that could have ended nearer to the matrix.

    sweeps, continued: how many more sweeps the run itself makes, and its error then, when it goes on until the matrix
    is recovered, or with a tolerance of 1e-10, or for CONTINUED_SWEEPS.
    from_truth: where a run ends that starts at the true factors, with the same ridge.
    without_ridge: where it ends without a ridge worth the name.
    """

    sweeps: int
    continued: float
    from_truth: float
    without_ridge: float


@dataclass(frozen=True)
class BeyondALS:
    """What puts a run of ALS in its place.

    identifiability: whether the mask determines a matrix of the run's rank; at the true factors where it has it.
    alternatives: None where the matrix is not known to have the run's rank, its mask does not determine it, or
    nothing is hidden.
    """

    identifiability: Identifiability
    alternatives: Alternatives | None = None


def beyond_em(run: EMRun, settings: EMSettings, ends: Generator[str, None, Ends]) -> Generator[str, None, BeyondEM]:
    """Continue the run to its limit, judge it, and compare it with other starts.

    `ends` works out where these end, as `ends_of_starts` does, or waits for somebody who does.
    """
    trace = run.trace
    end = float(trace.log_likelihoods[-1])
    if trace.stop_reason in (StopReason.DEGENERATE, StopReason.DIVERGED):
        others = yield from ends
        return BeyondEM(
            continued=end,
            continued_iterations=0,
            best=others.best,
            n_degenerate=others.n_degenerate,
            n_spurious=others.n_spurious,
            best_of_starts=others.best,
            n_starts=others.n_starts,
            outcome=EMOutcome(trace.stop_reason),
        )
    values = run.sample.values
    limits = yield from _saying(lambda _: "going on", _limit_of(values, trace.mixture(-1), settings))
    kind, continued = limits.optima.kinds[0], limits.continued
    reached = end if kind is OptimumKind.DEGENERATE else float(continued.log_likelihoods[0])
    others = yield from ends
    return BeyondEM(
        continued=reached,
        continued_iterations=int(continued.n_iterations[0]),
        best=_best(others.best, reached if kind is OptimumKind.PROPER else None),
        n_degenerate=others.n_degenerate,
        n_spurious=others.n_spurious,
        best_of_starts=others.best,
        n_starts=others.n_starts,
        outcome=limits.outcomes[0],
        limit=kind,
        spurious=tuple(np.flatnonzero(spurious_components(values, continued)[0]).tolist()),
        falls=continued.degeneracies[0],
    )


def ends_of_starts(values: np.ndarray, settings: EMSettings) -> Generator[str, None, Ends]:
    """Run N_STARTS starts, and the best of them to its limit; of the settings only K, the structure, and the
    variance floor with what happens there matter.
    """
    n_components, ends = settings.n_components, []
    together = max(1, TOGETHER // (len(values) * n_components))
    max_iter = min(STARTS_ITERATIONS, limit_iterations(len(values), n_components))
    options = replace(settings.options(), max_iter=max_iter, rtol=STARTS_RTOL)
    for first in range(0, N_STARTS, together):
        starts = []
        for seed in range(first, min(N_STARTS, first + together)):
            starts.append(initialize(values, n_components, "random-points", seed))
            yield f"start {seed + 1} of {N_STARTS}"
        runs = iterate_many(values, starts, options)
        ends.append((yield from _saying(lambda n, done=first: f"{done + n} of {N_STARTS} other starts", runs)))
    kinds = np.concatenate([kinds_as_ended(values, runs) for runs in ends])
    counts = [int(np.count_nonzero(kinds == kind)) for kind in (OptimumKind.DEGENERATE, OptimumKind.SPURIOUS)]
    best = yield from _best_limit(values, settings, ends, kinds == OptimumKind.PROPER)
    return Ends(best, *counts)


def _best_limit(
    values: np.ndarray, settings: EMSettings, ends: list[ManyRuns], sound: np.ndarray
) -> Generator[str, None, float | None]:
    """The log-likelihood of the best end that, at its limit, is proper: the first one where the limits are as high as
    the ends promise. `sound` (R,): those ends that may be.
    """
    if not sound.any():
        return None
    names = ("weights", "means", "covariances", "log_likelihoods")
    found = group_ends(*(np.concatenate([getattr(runs, name) for runs in ends])[sound] for name in names))
    for g in range(found.n_optima):
        going_on = _limit_of(values, found.mixture(g), settings)
        limits = yield from _saying(lambda _: f"{N_STARTS} of {N_STARTS} other starts", going_on)
        if limits.optima.kinds[0] is OptimumKind.PROPER:
            return float(limits.continued.log_likelihoods[0])
    return None


def _limit_of(values: np.ndarray, end: Mixture, settings: EMSettings) -> Slices[Limits]:
    return iterate_limit(values, end, settings.options())


def _best(*log_likelihoods: float | None) -> float | None:
    return max((each for each in log_likelihoods if each is not None), default=None)


def _saying(words: Callable[[int], str], slices: Slices[Result]) -> Generator[str, None, Result]:
    """Work in slices of time, and after each say how many have finished."""
    while True:
        try:
            finished, _ = next(slices)
        except StopIteration as end:
            return end.value
        yield words(finished)


def beyond_als(run: ALSRun, settings: ALSSettings) -> Generator[str, None, BeyondALS]:
    """Find out whether the mask determines a matrix of the run's rank, and where ALS could have ended."""
    observed, rank = run.masked.observed, settings.rank
    if run.problem.low_rank != rank:
        return BeyondALS((yield from _judged(observed, rank, None)))
    truth = factorize(run.problem.values, rank)
    found = yield from _judged(observed, rank, truth)
    if run.masked.hidden is None or not found.determined or run.trace.stop_reason == StopReason.DIVERGED:
        return BeyondALS(found)
    options = replace(settings.options(), rtol=CONTINUED_RTOL, max_sweeps=CONTINUED_SWEEPS)
    on = iterate_als(observed, options, start=run.trace.rights[-1])
    steps, continued = yield from _last_error(run, on, "going on", until=recovered_below(run.problem, run.masked))
    ends = []
    for ridge in (settings.ridge, min(settings.ridge, NEGLIGIBLE_RIDGE)):
        from_truth = iterate_als(observed, options, start=truth.right, ridge=ridge)
        _, end = yield from _last_error(run, from_truth, "from the true factors")
        ends.append(end)
    return BeyondALS(found, Alternatives((steps + 1) // 2, continued, *ends))


def recovered_below(problem: MatrixProblem, masked: MaskedMatrix) -> float:
    """The error on the hidden entries (model units) below which the matrix counts as recovered."""
    values = (problem.values - masked.offset) / masked.scale
    size = float(np.sqrt(np.nanmean(values**2)))
    return max(RECOVERED * size, NOISE * problem.noise)


def _last_error(
    run: ALSRun, steps: Iterator[HalfStep], progress: str, until: float = 0.0
) -> Generator[str, None, tuple[int, float]]:
    """How many half steps there are until the error on the hidden entries is below `until`, and that error."""
    next(steps)  # the start, where X is still zero
    count, error = 0, np.inf
    for step in steps:
        count, error = count + 1, rmse(Factors(step.left, step.right), run.masked.hidden)
        if error < until:
            break
        yield progress
    return count, error


def _judged(observed: Observations, rank: int, at: Factors | None) -> Generator[str, None, Identifiability]:
    progress = "whether the mask determines the matrix"
    while not _JUDGING.acquire(blocking=False):
        yield progress
        sleep(_GLANCE)
    found: Future[Identifiability] = Future()

    def judge() -> None:
        try:
            found.set_result(identifiability(observed, rank, at=at))
        except BaseException as error:
            found.set_exception(error)
        finally:
            _JUDGING.release()

    Thread(target=judge, daemon=True, name="identifiability").start()
    while True:
        yield progress
        if wait([found], timeout=_GLANCE).done:
            return found.result()
