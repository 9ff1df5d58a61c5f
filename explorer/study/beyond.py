"""What is known beyond a run: would it climb on, where do other starts end, can the mask determine the matrix.

Each function is a generator that yields progress after a little work and returns what it found, so that a page can
spend a slice of time on it and stop whenever something more urgent comes.
"""

from collections.abc import Generator, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from threading import Lock, Thread
from time import sleep
from typing import Any

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
from explorer.mixture import EMIterate, ManyRuns, StopReason, initialize, iterate_em, iterate_many
from explorer.runs import ALSRun, EMRun
from explorer.settings import ALSSettings, EMSettings

N_STARTS = 40
CONTINUED_RTOL = 1e-10
CONTINUED_ITERATIONS = 3_000
CONTINUED_SWEEPS = 1_000
# A matrix counts as recovered when the error on the hidden entries is below this share of the matrix's own size.
RECOVERED = 0.05
# ... or below this many times the noise that was put on it: nobody can know a noisy entry better than that.
NOISE = 1.5
# Points times components times iterations of one start: a few tenths of a second, so that forty take no minutes. A
# start that still climbs then counts where it stands.
CONTINUED_WORK = 150_000_000

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

    log_likelihoods: of those that do not end degenerate. n_degenerate: how many do. n_starts: how many there are.
    """

    log_likelihoods: tuple[float, ...]
    n_degenerate: int
    n_starts: int = N_STARTS


@dataclass(frozen=True)
class BeyondEM:
    """Log-likelihoods that put a run of EM in its place.

    continued: where the run itself ends when it goes on with a tolerance of 1e-10.
    best: the best end of n_starts other starts and of the run itself, degenerate ones left out; None where all were
    degenerate.
    n_degenerate: how many of the other starts ended degenerate.
    best_of_starts: the best end of the other starts alone; None where all were degenerate.
    """

    continued: float
    continued_iterations: int
    best: float | None
    n_degenerate: int
    best_of_starts: float | None = None
    n_starts: int = N_STARTS


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
    """Continue the run with a small tolerance, and compare it with other starts.

    `ends` works out where these end, as `ends_of_starts` does, or waits for somebody who does.
    """
    trace, values = run.trace, run.sample.values
    continued, more = float(trace.log_likelihoods[-1]), 0
    own_end: list[float] = []
    if trace.stop_reason in (StopReason.CONVERGED, StopReason.MAX_ITER):
        limits = _limits(values, settings)
        last = yield from _to_the_end(iterate_em(values, trace.mixture(-1), **limits), "going on")
        if last.stop_reason != StopReason.DEGENERATE:
            continued, more = last.log_likelihood, last.iteration
        own_end.append(continued)
    others = yield from ends
    return BeyondEM(
        continued,
        more,
        max([*own_end, *others.log_likelihoods], default=None),
        others.n_degenerate,
        max(others.log_likelihoods, default=None),
        others.n_starts,
    )


def ends_of_starts(values: np.ndarray, settings: EMSettings) -> Generator[str, None, Ends]:
    """Run N_STARTS starts to a small tolerance; of the settings only K, the structure and the variance floor matter."""
    n_components, limits = settings.n_components, _limits(values, settings)
    together = max(1, TOGETHER // (len(values) * n_components))
    log_likelihoods, n_degenerate, starts = [], 0, []
    for seed in range(N_STARTS):
        starts.append(initialize(values, n_components, "random-points", seed))
        yield f"start {seed + 1} of {N_STARTS}"
        if len(starts) < together and seed + 1 < N_STARTS:
            continue
        done = seed + 1 - len(starts)
        runs = yield from _told(iterate_many(values, starts, **limits), done)
        starts = []
        for log_likelihood, reason in zip(runs.log_likelihoods, runs.stop_reasons, strict=True):
            if reason is StopReason.DEGENERATE:
                n_degenerate += 1
            else:
                log_likelihoods.append(float(log_likelihood))
    return Ends(tuple(log_likelihoods), n_degenerate)


def _told(steps: Generator[tuple[int, int | None], None, ManyRuns], done: int) -> Generator[str, None, ManyRuns]:
    while True:
        try:
            finished, _ = next(steps)
        except StopIteration as end:
            return end.value
        yield f"{done + finished} of {N_STARTS} other starts"


def _limits(values: np.ndarray, settings: EMSettings) -> dict[str, Any]:
    affordable = CONTINUED_WORK // (len(values) * settings.n_components)
    return {
        "max_iter": min(CONTINUED_ITERATIONS, max(100, affordable)),
        "rtol": CONTINUED_RTOL,
        "structure": settings.structure,
        "variance_floor": settings.variance_floor,
    }


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


def _to_the_end(iterates: Iterator[EMIterate], progress: str) -> Generator[str, None, EMIterate]:
    last = None
    for iterate in iterates:
        last = iterate
        yield progress
    return last
