"""What EM costs: an iteration, a thousand restarts, a map of basins, and how an iteration grows with its problem.

Peers are scikit-learn and, where R has it, mclust. All start alike and make as many iterations, and that they end with
the same numbers is checked before anything is timed.
"""

import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from explorer.datasets import load_sample
from explorer.mixture import Mixture, compare_loops, initialize, m_step, mixture_at, run_em, run_many
from explorer.study.landscape import map_landscape
from tests.benchmarks.table import Row, spread

ROUNDS = 9
RESTARTS = 1000
SAMPLED = 25
"""Restarts of the peer that are timed, evenly taken from all of them."""

MCLUST = Path(__file__).with_name("mclust.R")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # peers do not converge: they were asked not to
        yield


def bumps(n: int, d: int, n_components: int) -> np.ndarray:
    """Overlapping clouds, stretched and turned, (n, d)."""
    rng = np.random.default_rng(0)
    centres = 3.0 * np.arange(n_components)[:, None] * np.ones(d) / np.sqrt(d) + rng.normal(size=(n_components, d))
    shape = np.eye(d) + 0.3 * rng.normal(size=(d, d)) / np.sqrt(d)
    return centres[rng.integers(n_components, size=n)] + rng.normal(size=(n, d)) @ shape


def spread_start(data: np.ndarray, n_components: int) -> Mixture:
    """Means at points along the clouds' row, one covariance for all."""
    order = np.argsort(data.sum(axis=1))
    places = ((np.arange(n_components) + 0.5) / n_components * len(data)).astype(int)
    return mixture_at(data, data[order[places]])


def peer_of(start: Mixture, n_iterations: int) -> GaussianMixture:
    return GaussianMixture(
        start.n_components,
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=np.linalg.inv(start.covariances),
        max_iter=max(1, n_iterations),
        tol=0.0,
        reg_covar=0.0,
    )


def alternate(*works: Callable[[], object], rounds: int = ROUNDS) -> list[list[float]]:
    """Seconds of each work, taking turns, so that whatever else the machine does hits all of them."""
    seconds = [[] for _ in works]
    for _ in range(rounds):
        for times, work in zip(seconds, works, strict=True):
            began = perf_counter()
            work()
            times.append(perf_counter() - began)
    return seconds


def per_iteration(seconds: list[float], n_iterations: int) -> tuple[list[float], str]:
    """Times in a unit that reads well, and the unit."""
    middle = np.median(seconds) / n_iterations
    scale, unit = (1e6, "us") if middle < 1e-3 else (1e3, "ms")
    return [scale * each / n_iterations for each in seconds], unit


def add_row(table, work: str, peer: str, ours: list[float], theirs: list[float], n_iterations: int, target: float):
    mine, unit = per_iteration(ours, n_iterations)
    others, other_unit = per_iteration(theirs, n_iterations)
    ratio = np.median(theirs) / np.median(ours)
    table.append(Row(work, peer, spread(mine, unit), spread(others, other_unit), ratio, target))


@pytest.mark.parametrize(
    ("n", "d", "n_components", "n_iterations", "target"),
    [
        (272, 1, 2, 300, 15),
        (272, 1, 3, 300, 15),
        (1000, 1, 3, 300, 15),
        (4000, 1, 5, 100, 15),
        (100_000, 1, 5, 50, 30),
        (1_000_000, 1, 5, 10, 30),
        (10_000, 2, 5, 40, 20),
        (10_000, 10, 5, 20, 9),
        (10_000, 50, 5, 10, 2),
        # The most components and the most dimensions that the library takes: no slower than the peer.
        (20_000, 1, 50, 10, 1),
        (20_000, 10, 50, 5, 1),
        (5000, 100, 5, 10, 1),
    ],
)
def test_an_iteration(table, n, d, n_components, n_iterations, target):
    data = bumps(n, d, n_components)
    start = spread_start(data, n_components)

    def ours():
        return run_em(data, start, max_iter=n_iterations, rtol=0.0, variance_floor=0.0)

    def theirs():
        return peer_of(start, n_iterations).fit(data)

    trace, peer = ours(), theirs()
    assert trace.n_iterations == peer.n_iter_ == n_iterations
    np.testing.assert_allclose(trace.means[-1], peer.means_, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(trace.covariances[-1], peer.covariances_, rtol=1e-8, atol=1e-9)
    assert trace.log_likelihoods[-1] == pytest.approx(peer.score(data) * n, rel=1e-11)
    work = f"one EM iteration, d = {d}, n = {n:,}, K = {n_components}"
    add_row(table, work, "scikit-learn", *alternate(ours, theirs), n_iterations, target)


def test_an_iteration_against_mclust(table, notes, tmp_path):
    r = shutil.which("Rscript")
    if r is None or subprocess.run([r, "-e", "library(mclust)"], capture_output=True).returncode:
        notes.append("R's mclust was not compared: install R and its package mclust to do so.")
        return
    n, n_components, n_iterations = 100_000, 5, 50
    data = bumps(n, 1, n_components)
    start = spread_start(data, n_components)
    np.savetxt(tmp_path / "data", data)
    np.savetxt(tmp_path / "start", [start.weights, start.means[:, 0], start.covariances[:, 0, 0]])
    command = [r, MCLUST, tmp_path / "data", tmp_path / "start", str(n_iterations)]
    ours, theirs = [], []
    for _ in range(5):
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        seconds, made = map(float, printed[0].split())
        began = perf_counter()
        trace = run_em(data, start, max_iter=n_iterations, rtol=0.0, variance_floor=0.0)
        ours.append(perf_counter() - began)
        theirs.append(seconds)
        assert abs(made) == n_iterations  # negative where it did not converge
        means = trace.means[[-1, -2], :, 0]
        found = np.array(printed[1].split(), dtype=float)
        # mclust ends with an E step or with an M step, depending on its version.
        assert min(np.abs(found - each).max() for each in means) < 1e-6
    work = f"one EM iteration, d = 1, n = {n:,}, K = {n_components}"
    add_row(table, work, "R mclust", ours, theirs, n_iterations, 15)


@pytest.mark.parametrize(
    ("name", "n_components", "target"), [("n = 272, K = 3", 3, 150), ("n = 4000, K = 5", 5, 35)], ids=["272", "4000"]
)
def test_a_thousand_restarts(table, name, n_components, target):
    data = load_sample("faithful-eruptions").values if n_components == 3 else bumps(4000, 1, 5)[:, 0]
    starts = np.array([initialize(data, n_components, "k-means++", seed) for seed in range(RESTARTS)])
    runs = run_many(data, starts, rtol=1e-6)
    proper = [r for r in range(RESTARTS) if not runs.degeneracies[r]]
    sampled = proper[:: len(proper) // SAMPLED]
    first = [m_step(data, starts[r], variance_floor=1e-6) for r in sampled]
    share = runs.n_iterations.sum() / runs.n_iterations[sampled].sum()

    def loop():
        return [
            peer_of(start, runs.n_iterations[r]).fit(data[:, None]) for r, start in zip(sampled, first, strict=True)
        ]

    for r, peer in zip(sampled, loop(), strict=True):
        np.testing.assert_allclose(runs.means[r], peer.means_, rtol=1e-8)
        assert runs.log_likelihoods[r] == pytest.approx(peer.score(data[:, None]) * len(data), rel=1e-10)
    seconds = alternate(lambda: run_many(data, starts, rtol=1e-6), loop, rounds=5)
    ours, theirs = seconds[0], [each * share for each in seconds[1]]
    peer = f"a loop over scikit-learn ({len(sampled)} of 1000 measured, as many iterations)"
    ratio = np.median(theirs) / np.median(ours)
    table.append(Row(f"1000 restarts, {name}, rtol 1e-6", peer, spread(ours, "s"), spread(theirs, "s"), ratio, target))


def test_a_map_of_basins(table, notes):
    data = load_sample("faithful-eruptions").values
    found = map_landscape(data, 100, rtol=1e-6)
    # On the diagonal both components are the same: EM never separates them, and scikit-learn would not either.
    sampled = [divmod(r, found.size) for r in range(37, found.size**2, found.size**2 // SAMPLED)]
    iterations = [int(found.iterations[place]) for place in sampled]
    starts = [mixture_at(data, found.axis[[column, row]]) for row, column in sampled]
    share = found.iterations.sum() / sum(iterations)

    def loop():
        return [peer_of(start, made).fit(data[:, None]) for start, made in zip(starts, iterations, strict=True)]

    for place, peer in zip(sampled, loop(), strict=True):
        assert found.log_likelihoods[place] == pytest.approx(peer.score(data[:, None]) * len(data), rel=1e-10)
    seconds = alternate(lambda: map_landscape(data, 100, rtol=1e-6), loop, rounds=5)
    ours, theirs = seconds[0], [each * share for each in seconds[1]]
    work = "landscape: 100 x 100 EM starts and where each leads, n = 272, K = 2, rtol 1e-6"
    peer = f"a loop over scikit-learn ({SAMPLED} of 10 000 measured, to where they stop)"
    table.append(Row(work, peer, spread(ours, "s"), spread(theirs, "s"), np.median(theirs) / np.median(ours), 100))
    notes.append(
        f"The landscape takes {np.median(ours):.2f} s (below 2 s is wanted); {found.iterations.sum():,} iterations."
    )


def test_growth(table, notes):
    """One iteration over a range of sizes; the time is linear in n from 4000 points on."""
    sizes = [(n, 1, 5) for n in (1000, 4000, 16_000, 64_000, 256_000, 1_000_000)]
    sizes += [(20_000, 1, k) for k in (1, 2, 5, 10, 20, 50)]
    sizes += [(20_000, d, 5) for d in (1, 2, 5, 10, 20, 50, 100)]
    notes.append("One EM iteration, full covariances")
    notes.append("           n    d    K        time   a point, component and d^2")
    found = {}
    for n, d, n_components in sizes:
        data = bumps(n, d, n_components)
        start = spread_start(data, n_components)
        n_iterations = max(3, min(100, 4_000_000 // (n * n_components * d)))
        times = alternate(
            lambda data=data, start=start, most=n_iterations: run_em(data, start, max_iter=most, rtol=0.0), rounds=5
        )
        times, unit = per_iteration(times[0], n_iterations)
        found[n, d, n_components] = middle = np.median(times) * (1e-6 if unit == "us" else 1e-3)
        each = 1e9 * middle / (n * n_components * d * d)
        notes.append(f"  {n:>10,}  {d:>3}  {n_components:>3}  {np.median(times):7.1f} {unit}   {each:6.2f} ns")
    growth = found[256_000, 1, 5] / found[4000, 1, 5] / 64
    work = "growth of an iteration from n = 4000 to 256 000, by growth of n"
    ours, theirs = f"{1e6 * found[4000, 1, 5]:.0f} us", f"{1e6 * found[256_000, 1, 5]:.0f} us"
    table.append(Row(work, "1, in proportion", ours, theirs, growth, 1.15, at_most=True))


def test_loops_against_vectorised_code(table, notes):
    """Document 000 speaks of 20 to 25 times, for its data and its machine; this is measured here and now."""
    data = bumps(255 * 100, 1, 3)[:, 0].reshape(255, 100)
    start = mixture_at(data.ravel(), [0.0, 3.0, 6.0])
    timings = compare_loops(data, start, 3)
    told = ", ".join(f"{timing.name} {1e3 * timing.seconds:.1f} ms ({timing.ratio:.1f}x)" for timing in timings)
    notes.append(f"One EM iteration on a table of 255 x 100 numbers, written in three ways that agree: {told}.")
