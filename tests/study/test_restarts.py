"""Shares, how many starts are enough, the best of m: against simulation, enumeration and closed forms."""

from itertools import combinations
from math import ceil, inf, log

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from explorer.errors import InputError
from explorer.study.restarts import best_of, share_with_interval, starts_needed

# A share


@pytest.mark.parametrize(("count", "total"), [(0, 10), (1, 10), (5, 10), (10, 10), (137, 1000), (0, 1), (1, 1)])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_the_interval_is_wilsons(count, total, confidence):
    found = share_with_interval(count, total, confidence)
    expected = binomtest(count, total).proportion_ci(confidence, method="wilson")
    assert (found.count, found.total, found.share) == (count, total, count / total)
    assert found.low == pytest.approx(expected.low, abs=1e-12)
    assert found.high == pytest.approx(expected.high, abs=1e-12)
    assert 0 <= found.low <= found.share <= found.high <= 1


def test_of_nothing_nothing_is_known():
    found = share_with_interval(0, 0)
    assert np.isnan(found.share)
    assert (found.low, found.high) == (0, 1)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    total, truth = 40, 0.3
    chances = binom.pmf(np.arange(total + 1), total, truth)
    held = [found.low <= truth <= found.high for found in (share_with_interval(c, total) for c in range(total + 1))]
    assert chances[held].sum() == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("arguments", [(-1, 3), (4, 3), (1, 3, 0.0), (1, 3, 1.0)])
def test_what_is_no_share_is_refused(arguments):
    with pytest.raises(InputError):
        share_with_interval(*arguments)


# Starts needed


@pytest.mark.parametrize("share", [0.001, 0.02, 0.3, 0.6, 0.95, 0.97])
@pytest.mark.parametrize("certainty", [0.5, 0.95, 0.999])
def test_starts_needed_for_one_share(share, certainty):
    assert starts_needed(share, certainty) == max(1, ceil(log(1 - certainty) / log(1 - share)))


def test_a_certainty_that_is_met_exactly_needs_no_further_start():
    for m in range(1, 40):
        assert starts_needed(0.5, 1 - 0.5**m) == m
        assert starts_needed(0.1, 1 - 0.9**m) == m


@pytest.mark.parametrize(("share", "needed"), [(1.0, 1), (0.0, inf), (1e-9, inf)])
def test_starts_needed_at_the_ends(share, needed):
    assert starts_needed(share) == needed


def test_several_shares_need_what_their_mean_chance_needs():
    shares = [0.9, 0.5, 0.2, 0.2]
    needed = int(starts_needed(shares, 0.9))
    failing = [np.mean([(1 - p) ** m for p in shares]) for m in range(needed + 1)]
    assert failing[needed] <= 0.1 < failing[needed - 1]
    assert needed > starts_needed(np.mean(shares), 0.9)


def test_a_few_hopeless_problems_may_be_too_many():
    assert starts_needed([0.5] * 19 + [0.0], 0.95 - 1e-6) < inf
    assert starts_needed([0.5] * 18 + [0.0] * 2) == inf


@pytest.mark.parametrize("arguments", [(-0.1,), (1.1,), (np.nan,), ([],), (0.5, 1.0), (0.5, 0.0)])
def test_what_starts_cannot_be_counted_for_is_refused(arguments):
    with pytest.raises(InputError):
        starts_needed(*arguments)


# The best of m


@pytest.mark.parametrize("largest", [True, False])
def test_the_best_of_m_is_that_of_all_subsets(largest):
    values = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0, 2.0]
    levels = (0.05, 0.25, 0.5, 0.95)
    found = best_of(values, range(1, 9), largest=largest, levels=levels)
    for m in range(1, 9):
        bests = [max(subset) if largest else min(subset) for subset in combinations(values, m)]
        assert found.expected[m - 1] == pytest.approx(np.mean(bests))
        assert found.quantiles[m - 1].tolist() == np.quantile(bests, levels, method="inverted_cdf").tolist()


def test_the_best_of_m_is_that_of_a_simulation():
    rng = np.random.default_rng(0)
    values = rng.standard_normal(200)
    drawn = np.array([rng.choice(values, 10, replace=False).max() for _ in range(4000)])
    found = best_of(values, 10, levels=(0.5,))
    assert found.expected[0] == pytest.approx(drawn.mean(), abs=4 * drawn.std() / np.sqrt(4000))
    assert found.quantiles[0, 0] == pytest.approx(np.median(drawn), abs=0.05)


def test_the_expected_best_is_unbiased_for_fresh_starts():
    """The largest of three uniform numbers is 3/4 on average."""
    rng = np.random.default_rng(1)
    estimates = [best_of(rng.random(6), 3).expected[0] for _ in range(4000)]
    assert np.mean(estimates) == pytest.approx(0.75, abs=4 * np.std(estimates) / np.sqrt(4000))


def test_one_start_is_the_mean_and_all_are_the_best():
    values = np.random.default_rng(0).standard_normal(1000)
    found = best_of(values, [1, 1000])
    assert found.expected == pytest.approx([values.mean(), values.max()])
    assert (found.quantiles[1] == values.max()).all()


def test_a_start_that_failed_utterly_counts_only_where_it_is_the_best():
    found = best_of([-np.inf, 1.0, 2.0], [1, 2, 3])
    assert found.expected.tolist() == [-np.inf, pytest.approx(5 / 3), 2.0]


@pytest.mark.parametrize(
    "arguments", [([], 1), ([1.0, np.nan], 1), ([1.0], 2), ([1.0], 0), ([1.0], 1.0), ([1.0, 2.0], [1, 3])]
)
def test_what_the_best_cannot_be_taken_of_is_refused(arguments):
    with pytest.raises(InputError):
        best_of(*arguments)
