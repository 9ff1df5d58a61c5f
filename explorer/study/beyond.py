"""What is known beyond a run: would it climb on, where do other starts end, can the mask determine the matrix.

Each function is a generator that yields progress after a little work and returns what it found, so that a page can
spend a slice of time on it and stop whenever something more urgent comes.
"""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np

from explorer.completion import Factors, HalfStep, Identifiability, factorize, identifiability, iterate_als, rmse
from explorer.mixture import EMIterate, StopReason, initialize, iterate_em
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

# One matrix at a time is judged outside of the slices: linear algebra of a large one takes seconds in one piece, but
# lets other threads go on.
_ASIDE = ThreadPoolExecutor(max_workers=1, thread_name_prefix="identifiability")
_GLANCE = 0.01  # seconds between two looks whether it is done


@dataclass(frozen=True)
class Ends:
    """Where N_STARTS random-point starts end (seeds 0 to 39).

    log_likelihoods: of those that do not end degenerate. n_degenerate: how many do.
    """

    log_likelihoods: tuple[float, ...]
    n_degenerate: int


@dataclass(frozen=True)
class BeyondEM:
    """Log-likelihoods that put a run of EM in its place.

    continued: where the run itself ends when it goes on with a tolerance of 1e-10.
    best: the best end of N_STARTS random-point starts and of the run itself, degenerate ones left out; None where
    all were degenerate.
    n_degenerate: how many of the N_STARTS ended degenerate.
    best_of_starts: the best end of the N_STARTS alone; None where all were degenerate.
    """

    continued: float
    continued_iterations: int
    best: float | None
    n_degenerate: int
    best_of_starts: float | None = None


@dataclass(frozen=True)
class BeyondALS:
    """What puts a run of ALS in its place.

    identifiability: whether the mask determines a matrix of the run's rank; at the true factors where it has it.
    sweeps_to_recovery: how many more sweeps recover the matrix; None if it does not come to that.
    continued_hidden: the error on the hidden entries (model units) where the run ends when it goes on until then, or
    with a tolerance of 1e-10.
    from_truth_hidden: the same for a run that starts at the true factors.
    The errors are None where the matrix is not known to have the run's rank, or nothing is hidden.
    """

    identifiability: Identifiability
    sweeps_to_recovery: int | None = None
    continued_hidden: float | None = None
    from_truth_hidden: float | None = None


def beyond_em(
    run: EMRun, settings: EMSettings, ends: Generator[str, None, Ends] | None = None
) -> Generator[str, None, BeyondEM]:
    """Continue the run with a small tolerance, and compare it with N_STARTS other starts.

    `ends` works these out, or waits for somebody who does; `ends_of_starts` by default.
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
    others = yield from ends or ends_of_starts(values, settings)
    return BeyondEM(
        continued,
        more,
        max([*own_end, *others.log_likelihoods], default=None),
        others.n_degenerate,
        max(others.log_likelihoods, default=None),
    )


def ends_of_starts(values: np.ndarray, settings: EMSettings) -> Generator[str, None, Ends]:
    """Run N_STARTS starts to a small tolerance; of the settings only K and the variance floor matter."""
    log_likelihoods, n_degenerate = [], 0
    for seed in range(N_STARTS):
        start = initialize(values, settings.n_components, "random-points", seed)
        iterates = iterate_em(values, start, **_limits(values, settings))
        last = yield from _to_the_end(iterates, f"start {seed + 1} of {N_STARTS}")
        if last.stop_reason == StopReason.DEGENERATE:
            n_degenerate += 1
        else:
            log_likelihoods.append(last.log_likelihood)
    return Ends(tuple(log_likelihoods), n_degenerate)


def _limits(values: np.ndarray, settings: EMSettings) -> dict[str, float]:
    affordable = CONTINUED_WORK // (len(values) * settings.n_components)
    return {
        "max_iter": min(CONTINUED_ITERATIONS, max(100, affordable)),
        "rtol": CONTINUED_RTOL,
        "variance_floor": settings.variance_floor,
    }


def beyond_als(run: ALSRun, settings: ALSSettings) -> Generator[str, None, BeyondALS]:
    """Find out whether the mask determines a matrix of the run's rank, and where ALS could have ended."""
    observed, rank = run.masked.observed, run.trace.lefts.shape[2]
    if run.problem.low_rank != rank:
        return BeyondALS((yield from _judged(run, None)))
    truth = factorize(run.problem.values, rank)
    found = yield from _judged(run, truth)
    if run.masked.hidden is None or not found.determined or run.trace.stop_reason == StopReason.DIVERGED:
        return BeyondALS(found)
    limits = {"ridge": settings.ridge, "rtol": CONTINUED_RTOL, "max_sweeps": CONTINUED_SWEEPS}
    half_steps = 0
    for continued in _hidden_errors(run, iterate_als(observed, rank, start=run.trace.rights[-1], **limits)):
        half_steps += 1
        if recovers(run, continued):
            break
        yield "whether going on recovers the matrix"
    for error in _hidden_errors(run, iterate_als(observed, rank, start=truth.right, **limits)):
        from_truth = error
        yield "how near ALS comes from the true factors"
    sweeps = (half_steps + 1) // 2 if recovers(run, continued) else None
    return BeyondALS(found, sweeps, continued, from_truth)


def recovers(run: ALSRun, hidden: float) -> bool:
    """Whether an error on the hidden entries (model units) is small enough to call the matrix recovered."""
    values = (run.problem.values - run.masked.offset) / run.masked.scale
    size = float(np.sqrt(np.nanmean(values**2)))
    return hidden < max(RECOVERED * size, NOISE * run.problem.noise)


def _hidden_errors(run: ALSRun, steps: Iterator[HalfStep]) -> Iterator[float]:
    """The error on the hidden entries after every half step; not at the start, where X is still zero."""
    next(steps)
    for step in steps:
        yield rmse(Factors(step.left, step.right), run.masked.hidden)


def _judged(run: ALSRun, at: Factors | None) -> Generator[str, None, Identifiability]:
    rank = run.trace.lefts.shape[2]
    work = _ASIDE.submit(identifiability, run.masked.observed, rank, at=at)
    try:
        while not work.done():
            yield "whether the mask determines the matrix"
            wait([work], timeout=_GLANCE)
    finally:
        work.cancel()
    return work.result()


def _to_the_end(iterates: Iterator[EMIterate], progress: str) -> Generator[str, None, EMIterate]:
    last = None
    for iterate in iterates:
        last = iterate
        yield progress
    return last
