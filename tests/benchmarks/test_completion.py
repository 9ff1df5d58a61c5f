"""What matrix completion costs: a sweep of ALS, a thousand restarts, and how a sweep grows with its problem.

The peer is cmfrec, a package in C, on one thread and, unlike its default, in double precision, as ours. Its sweep
solves Y first, then X: ours runs on the transposed problem from the X that a first sweep of the peer's has left, so
that both compute the same numbers, which is checked before anything is timed.
"""

import tracemalloc
from collections.abc import Iterator
from time import perf_counter
from types import ModuleType

import numpy as np
import pytest
from scipy.sparse import coo_array
from threadpoolctl import threadpool_limits

from explorer.completion import Observations, iterate_als, run_many_als, sweep_operations
from tests.benchmarks.table import Row, spread
from tests.completion.problems import checkerboard, masked

RIDGE = 0.1
SWEEPS = 3
ROUNDS = 7
RESTARTS = 1000


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def cmfrec() -> ModuleType:
    try:
        import cmfrec
    except ImportError:
        pytest.fail("The peer cmfrec is not installed: install the extra `benchmark` (pip install -e '.[benchmark]').")
    return cmfrec


def uneven(m: int, n: int, observed: int, seed: int = 0) -> Observations:
    """Ratings: popular columns and busy rows have far more entries than the others; half of the variance is noise."""
    rng = np.random.default_rng(seed)
    busy, popular = rng.gamma(1.0, 1.0, m) + 0.1, rng.gamma(0.7, 1.0, n) + 0.05
    drawn = 2 * observed
    rows = rng.choice(m, size=drawn, p=busy / busy.sum())
    cols = rng.choice(n, size=drawn, p=popular / popular.sum())
    return with_values(rows * n + cols, (m, n), observed, rng)


def even(m: int, n: int, observed: int, seed: int = 0) -> Observations:
    """Entries anywhere; half of the variance is noise."""
    rng = np.random.default_rng(seed)
    if observed * 4 >= m * n:
        return with_values(rng.choice(m * n, size=observed, replace=False), (m, n), observed, rng)
    return with_values(rng.integers(0, m * n, 2 * observed), (m, n), observed, rng)


def with_values(cells: np.ndarray, shape: tuple[int, int], observed: int, rng: np.random.Generator) -> Observations:
    """Some of the cells, each once, with the values of a noisy matrix of rank 10."""
    cells = np.sort(cells)
    cells = rng.permutation(cells[np.r_[True, cells[1:] != cells[:-1]]])[:observed]
    assert len(cells) == observed
    rows, cols = np.divmod(cells, shape[1])
    x, y = rng.standard_normal((shape[0], 10)), rng.standard_normal((shape[1], 10))
    values = np.einsum("ek,ek->e", x[rows], y[cols]) + np.sqrt(10) * rng.standard_normal(observed)
    return Observations(rows, cols, values, shape)


def transposed(seen: Observations) -> Observations:
    return Observations(seen.cols, seen.rows, seen.values, seen.shape[::-1])


def peer_fit(cmfrec: ModuleType, seen: Observations, k: int, ridge: float, sweeps: int, cg: bool = False):
    """A fitted model of the peer's, and the seconds it took."""
    matrix = coo_array((seen.values, (seen.rows, seen.cols)), shape=seen.shape)
    model = cmfrec.CMF(
        k=k,
        lambda_=ridge,
        method="als",
        use_cg=cg,
        finalize_chol=False,
        user_bias=False,
        item_bias=False,
        center=False,
        niter=sweeps,
        use_float=False,
        precompute_for_predictions=False,
        verbose=False,
        nthreads=1,
    )
    began = perf_counter()
    model.fit(matrix)
    return model, perf_counter() - began


def sweep_of_peer(cmfrec: ModuleType, seen: Observations, k: int, cg: bool) -> float:
    """Seconds a sweep, without what the peer does once."""
    _, short = peer_fit(cmfrec, seen, k, RIDGE, 1, cg)
    _, long = peer_fit(cmfrec, seen, k, RIDGE, 1 + SWEEPS, cg)
    return (long - short) / SWEEPS


def our_sweeps(seen: Observations, k: int, start: np.ndarray, sweeps: int) -> tuple[np.ndarray, np.ndarray, float]:
    """X, Y and the seconds of a sweep, without what is done once."""
    steps = iterate_als(seen, k, ridge=RIDGE, start=start, max_sweeps=sweeps, rtol=0)
    next(steps)
    began = perf_counter()
    for step in steps:
        last = step
    return last.left, last.right, (perf_counter() - began) / sweeps


PROBLEMS = {
    "ratings, 6040 x 3706": lambda: uneven(6040, 3706, 1_000_000),
    "half of 2000 x 1000": lambda: even(2000, 1000, 1_000_000),
}


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("k", [10, 20])
def test_a_sweep(cmfrec, table, problem, k):
    seen = PROBLEMS[problem]()
    turned = transposed(seen)
    first, _ = peer_fit(cmfrec, seen, k, RIDGE, 1)
    later, _ = peer_fit(cmfrec, seen, k, RIDGE, 1 + SWEEPS)
    right, left, _ = our_sweeps(turned, k, first.A_, SWEEPS)
    assert np.allclose(left, later.A_, rtol=1e-9, atol=1e-9)
    assert np.allclose(right, later.B_, rtol=1e-9, atol=1e-9)

    ours, cholesky, gradients = [], [], []
    for _ in range(ROUNDS):
        ours.append(1e3 * our_sweeps(turned, k, first.A_, SWEEPS)[2])
        cholesky.append(1e3 * sweep_of_peer(cmfrec, seen, k, cg=False))
        gradients.append(1e3 * sweep_of_peer(cmfrec, seen, k, cg=True))
    peers = [("cmfrec, Cholesky", cholesky, 3)]
    if k == 20:
        peers.append(("cmfrec, CG (three steps of it, not exact)", gradients, 1.5))
    work = f"one ALS sweep, 1e6 observed, k = {k}: {problem}"
    for peer, theirs, target in peers:
        ratio = np.median(theirs) / np.median(ours)
        table.append(Row(work, peer, spread(ours, "ms"), spread(theirs, "ms"), ratio, target))


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_a_thousand_restarts(cmfrec, table, notes, share):
    seen, _ = masked(checkerboard(), share, seed=1)
    turned = transposed(seen)
    first, _ = peer_fit(cmfrec, seen, 2, 0.01, 1)
    later, _ = peer_fit(cmfrec, seen, 2, 0.01, 101)
    starts = np.random.default_rng(0).standard_normal((RESTARTS, 40, 2))
    starts[17] = first.A_

    ours, theirs, single = [], [], []
    for _ in range(5):
        began = perf_counter()
        runs = run_many_als(turned, 2, start=starts, ridge=0.01, max_sweeps=100, rtol=0)
        ours.append(perf_counter() - began)
        theirs.append(RESTARTS * peer_fit(cmfrec, seen, 2, 0.01, 100)[1])
        single.append(RESTARTS * peer_fit(cmfrec, seen, 2, 0.01, 1)[1])
    assert (runs.n_sweeps == 100).all()
    assert np.allclose(runs.rights[17] @ runs.lefts[17].T, later.A_ @ later.B_.T, rtol=1e-9, atol=1e-9)
    work = f"1000 ALS restarts, 40 x 70, {share:.0%} observed, k = 2, 100 sweeps"
    peer = "a loop over cmfrec (5 of 1000 measured)"
    table.append(Row(work, peer, spread(ours, "s"), spread(theirs, "s"), np.median(theirs) / np.median(ours), 2500))
    a_sweep = 1e3 * (np.median(theirs) - np.median(single)) / RESTARTS / 99
    notes.append(f"cmfrec takes {a_sweep:.3g} ms for a sweep of the 40 x 70 matrix: hardly any of it is arithmetic,")
    notes.append("and its sweeps of larger matrices seem to pay that, too.")


def test_growth(table, notes):
    """A sweep against `sweep_operations`, and the memory of a run, over a range of sizes."""
    m, n, k = 20_000, 5_000, 10
    problems = [even(m, n, observed) for observed in (250_000, 500_000, 1_000_000, 2_000_000, 4_000_000)]
    problems += [even(8 * m, 8 * n, 1_000_000)]
    problems += [even(m, n, 1_000_000)] * 2
    ranks = [k] * 6 + [5, 20]
    start = [
        np.random.default_rng(0).standard_normal((seen.shape[1], r)) for seen, r in zip(problems, ranks, strict=True)
    ]
    seconds = [[] for _ in problems]
    for _ in range(5):
        for times, seen, rank, y in zip(seconds, problems, ranks, start, strict=True):
            times.append(our_sweeps(seen, rank, y, 1)[2])
    seconds = [np.median(times) for times in seconds]
    operations = [
        sweep_operations(*seen.shape, rank, seen.count).total for seen, rank in zip(problems, ranks, strict=True)
    ]
    peaks = [peak_memory(seen, rank, y) for seen, rank, y in zip(problems, ranks, start, strict=True)]
    notes.append("One ALS sweep against its predicted operations, and the peak memory of a run")
    notes.append("     observed            shape   k  operations     sweep   a ns   memory  bytes an entry")
    for seen, rank, time, count, peak in zip(problems, ranks, seconds, operations, peaks, strict=True):
        size = f"  {seen.count:>11,}  {seen.shape[0]:>7} x {seen.shape[1]:>6}  {rank:>2}  {count:10.3g}"
        rate = f"  {1e3 * time:5.0f} ms  {count / time / 1e9:5.2f}"
        notes.append(f"{size}{rate}  {peak / 1e6:4.0f} MB  {peak / seen.count:5.0f}")
    growth = seconds[4] / seconds[2]
    table.append(
        Row(
            "growth of a sweep from 1e6 to 4e6 observed, by growth of the operations",
            "1, in proportion",
            f"{growth:.3g} times as long",
            f"{operations[4] / operations[2]:.3g} times as many",
            growth / (operations[4] / operations[2]),
            1.15,
            at_most=True,
        )
    )
    growth = peaks[4] / peaks[2]
    table.append(
        Row(
            "growth of the memory of a run from 1e6 to 4e6 observed",
            "4, in proportion",
            f"{peaks[4] / 1e6:.0f} MB",
            f"{peaks[2] / 1e6:.0f} MB",
            growth,
            4,
            at_most=True,
        )
    )


def test_ten_million_entries(notes):
    """What `iterate_als`, which keeps no half step, takes for a problem that a trace would not fit beside."""
    m, n, k, sweeps, observed = 100_000, 20_000, 10, 1, 10_000_000
    rng = np.random.default_rng(0)
    rows, cols = np.divmod(np.arange(observed) * 1_000_003 % (m * n), n)  # a prime, so that no cell comes twice
    seen = Observations(rows, cols, rng.standard_normal(observed), (m, n))
    start = rng.standard_normal((n, k))
    began = perf_counter()
    *_, seconds = our_sweeps(seen, k, start, sweeps)
    whole = perf_counter() - began
    peak = peak_memory(seen, k, start)
    notes.append(f"ALS on 1e7 observed of {m:,} x {n:,}, k = {k}: {whole - sweeps * seconds:.3g} s to begin, ")
    notes[-1] += f"{seconds:.3g} s a sweep, {peak / 1e9:.2g} GB beside the 0.24 GB of the entries"
    assert peak < 1.5e9


def peak_memory(seen: Observations, rank: int, start: np.ndarray) -> int:
    """Bytes that a run allocates at most, beside what it is given."""
    tracemalloc.start()
    try:
        for _ in iterate_als(seen, rank, ridge=RIDGE, start=start, max_sweeps=1, rtol=0):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
