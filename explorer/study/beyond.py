"""What is known beyond a run: would it climb on, where do other starts end, can the mask determine the matrix.

Each function is a generator that yields progress after a little work and returns what it found, so that a page can
spend a slice of time on it and stop whenever something more urgent comes.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from explorer.completion import Identifiability, factorize, identifiability
from explorer.mixture import EMIterate, StopReason, initialize, iterate_em
from explorer.runs import ALSRun, EMRun
from explorer.settings import EMSettings

N_STARTS = 40
CONTINUED_RTOL = 1e-10
CONTINUED_ITERATIONS = 3_000
# Points times components times iterations of one start: a few tenths of a second, so that forty take no minutes. A
# start that still climbs then counts where it stands.
CONTINUED_WORK = 150_000_000


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


def beyond_em(run: EMRun, settings: EMSettings) -> Generator[str, None, BeyondEM]:
    """Continue the run with a small tolerance, and run N_STARTS other starts (random points, seeds 0 to 39)."""
    trace, values = run.trace, run.sample.values
    limits = {
        "max_iter": min(CONTINUED_ITERATIONS, max(100, CONTINUED_WORK // (len(values) * settings.n_components))),
        "rtol": CONTINUED_RTOL,
        "variance_floor": settings.variance_floor,
    }
    continued, more = float(trace.log_likelihoods[-1]), 0
    own_end: list[float] = []
    ends: list[float] = []
    n_degenerate = 0
    if trace.stop_reason in (StopReason.CONVERGED, StopReason.MAX_ITER):
        last = yield from _to_the_end(iterate_em(values, trace.mixture(-1), **limits), "going on")
        if last.stop_reason != StopReason.DEGENERATE:
            continued, more = last.log_likelihood, last.iteration
        own_end.append(continued)
    for seed in range(N_STARTS):
        start = initialize(values, settings.n_components, "random-points", seed)
        last = yield from _to_the_end(iterate_em(values, start, **limits), f"start {seed + 1} of {N_STARTS}")
        if last.stop_reason == StopReason.DEGENERATE:
            n_degenerate += 1
        else:
            ends.append(last.log_likelihood)
    best = max(own_end + ends, default=None)
    return BeyondEM(continued, more, best, n_degenerate, max(ends, default=None))


def _to_the_end(iterates: Iterator[EMIterate], progress: str) -> Generator[str, None, EMIterate]:
    last = None
    for iterate in iterates:
        last = iterate
        yield progress
    return last


def beyond_als(run: ALSRun) -> Generator[str, None, Identifiability]:
    """Find out whether the mask determines a matrix of the run's rank: at the true factors where they are known."""
    yield "whether the mask determines the matrix"
    rank = run.trace.lefts.shape[2]
    at = factorize(run.problem.values, rank) if run.problem.low_rank == rank else None
    return identifiability(run.masked.observed, rank, at=at)
