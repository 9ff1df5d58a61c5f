"""One EM iteration written three ways: they agree, they are timed side by side, and where plain formulas fail."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings

from explorer.errors import InputError
from explorer.mixture import Mixture, e_step, m_step, textbook
from explorer.mixture.others import loops
from explorer.mixture.others.loops import WAYS, broadcast, compare_loops, ours, triple_loop
from tests.mixture.strategies import SEEDS

MIXTURE = Mixture.univariate([0.3, 0.3, 0.4], [0.0, 2.0, 6.0], [1.0, 2.0, 1.0])
TABLE = np.random.default_rng(0).normal(3.0, 2.0, (7, 30))


def assert_same(one, other, rtol=1e-10):
    for name in ("weights", "means", "covariances"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=rtol, atol=rtol)


# The three ways


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("table", [TABLE, TABLE[:1], TABLE[:, :1], TABLE[0]], ids=["table", "row", "column", "line"])
def test_every_way_is_one_iteration_of_em(way, table):
    points = table.reshape(-1, 1)
    theta = (MIXTURE.weights, MIXTURE.means, MIXTURE.covariances)
    expected = textbook.m_step(points, textbook.e_step(points, theta))
    assert_same(way(table, MIXTURE), Mixture(*expected))


@given(SEEDS)
@settings(deadline=None, max_examples=25)
def test_the_ways_agree_on_any_table(seed):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(rng.integers(2, 5), rng.integers(2, 20)))
    k = rng.integers(1, 5)
    mixture = Mixture.univariate(rng.dirichlet(np.ones(k) * 5), rng.normal(size=k), rng.uniform(0.5, 2, k))
    assert_same(triple_loop(table, mixture), broadcast(table, mixture))
    assert_same(ours(table, mixture), broadcast(table, mixture))


# The comparison


def test_a_comparison_names_the_ways_and_gives_medians_ratios_and_results():
    timings = compare_loops(TABLE, MIXTURE, repeats=3)
    assert [timing.name for timing in timings] == ["triple loop", "broadcast", "ours"]
    assert timings[0].ratio == 1
    for timing in timings:
        assert timing.seconds > 0
        assert timing.ratio == pytest.approx(timings[0].seconds / timing.seconds)
        assert_same(timing.result, ours(TABLE, MIXTURE))


def test_the_ways_take_turns_and_each_median_is_its_own(monkeypatch):
    turns, clock = [], [0.0]
    durations = {"slow": iter([0.0, 8.0, 6.0, 7.0]), "quick": iter([0.0, 2.0, 1.0, 30.0])}

    def way(name):
        def run(alphas, mixture):
            turns.append(name)
            clock[0] += next(durations[name])
            return mixture

        return run

    monkeypatch.setattr(loops, "WAYS", {name: way(name) for name in durations})
    monkeypatch.setattr(loops, "perf_counter", lambda: clock[0])
    slow, quick = compare_loops(TABLE, MIXTURE, repeats=3)
    assert turns == ["slow", "quick"] * 4
    assert (slow.seconds, quick.seconds) == (7.0, 2.0)
    assert (slow.ratio, quick.ratio) == (1.0, 3.5)


def test_vectorised_code_is_faster_than_loops():
    table = np.random.default_rng(1).normal(3.0, 2.0, (10, 1000))
    _, vectorised, own = compare_loops(table, MIXTURE, repeats=3)
    assert vectorised.ratio > 2
    assert own.ratio > 2


def test_ways_that_do_not_agree_are_not_timed(monkeypatch):
    def wrong(alphas, mixture):
        right = ours(alphas, mixture)
        return Mixture(right.weights, right.means, right.covariances * (1 + 1e-7))

    monkeypatch.setattr(loops, "WAYS", {**WAYS, "broadcast": wrong})
    with pytest.raises(InputError, match="lose too many digits"):
        compare_loops(TABLE, MIXTURE)


def test_data_too_far_from_the_origin_for_the_plain_ways_is_told():
    far = Mixture.univariate(MIXTURE.weights, MIXTURE.means[:, 0] + 1e10, MIXTURE.covariances[:, 0, 0])
    with pytest.raises(InputError, match="nearer to the origin"):
        compare_loops(TABLE + 1e10, far)


# Far from the origin


@pytest.mark.parametrize("offset", [0.0, 1e5, 1e7, 1e9])
def test_the_variances_of_centred_data_keep_their_digits_far_from_the_origin(offset):
    """As sum(R x^2) / n_k - mu^2, the same on paper, nothing would be left of them at 1e9 standard deviations."""
    x = offset + np.random.default_rng(0).normal(size=500)
    q = e_step(x, Mixture.univariate([0.5, 0.5], [offset - 1, offset + 1], [1.0, 1.0]))
    exact = []
    with mpmath.workdps(60):
        for column in q.T:
            r, values = [mpmath.mpf(v) for v in column], [mpmath.mpf(v) for v in x]
            mean = mpmath.fdot(r, values) / mpmath.fsum(r)
            exact.append(
                float(mpmath.fsum(a * (b - mean) ** 2 for a, b in zip(r, values, strict=True)) / mpmath.fsum(r))
            )
    np.testing.assert_allclose(m_step(x, q).covariances[:, 0, 0], exact, rtol=1e-12)


# What is refused


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("way", [triple_loop, broadcast, compare_loops])
@pytest.mark.parametrize("far", [100.0, 1e130])
def test_a_point_that_no_component_reaches_is_told_and_not_nan(way, far):
    mixture = Mixture.univariate([0.5, 0.5], [0.0, 1.0], [1e-3, 1e-100])
    with pytest.raises(InputError, match="Every density is 0"):
        way([[0.0, 1.0, far]], mixture)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("way", [triple_loop, broadcast, compare_loops])
def test_a_component_without_points_is_told_and_not_nan(way):
    with pytest.raises(InputError, match="responsible for no point"):
        way([[0.0, 1.0]], Mixture.univariate([1.0, 0.0], [0.0, 1.0], [1.0, 1.0]))


@pytest.mark.parametrize(
    ("data", "repeats", "message"),
    [
        ([], 1, "table of samples"),
        ([[[1.0]]], 1, "table of samples"),
        ([[1.0], [1.0, 2.0]], 1, "equal length"),
        ([1.0, np.nan], 1, "finite"),
        ([1.0, 1e141], 1, "choose another unit"),
        (TABLE, 0, "repeats"),
        (np.zeros(10_000), 1000, "take too long"),
    ],
)
def test_what_cannot_be_compared_is_refused(data, repeats, message):
    with pytest.raises(InputError, match=message):
        compare_loops(data, MIXTURE, repeats)


def test_a_mixture_of_more_dimensions_is_refused():
    with pytest.raises(InputError, match="use one"):
        compare_loops(TABLE, Mixture([1.0], [[0.0, 0.0]], [np.eye(2)]))
