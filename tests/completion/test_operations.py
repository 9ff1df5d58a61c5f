"""The count of operations, against a plain loop that counts every one it makes."""

import numpy as np
import pytest

from explorer.completion import Observations, run_als, sweep_operations
from explorer.errors import InputError
from tests.completion.problems import low_rank, masked


class Counted:
    """A number that counts in `Counted.made` what is done with it."""

    made = 0

    def __init__(self, value):
        self.value = float(value)

    def __add__(self, other):
        return self._made(self.value + other.value)

    def __sub__(self, other):
        return self._made(self.value - other.value)

    def __mul__(self, other):
        return self._made(self.value * other.value)

    def __truediv__(self, other):
        return self._made(self.value / other.value)

    def sqrt(self):
        return self._made(self.value**0.5)

    def _made(self, value):
        Counted.made += 1
        return Counted(value)


def counted(function, *arguments):
    Counted.made = 0
    result = function(*arguments)
    return result, Counted.made


def gram(design, k):
    sums = [[Counted(0.0) for _ in range(k)] for _ in range(k)]
    for y in design:
        for a in range(k):
            for b in range(a + 1):
                sums[a][b] = sums[a][b] + y[a] * y[b]
    return sums


def moment(design, values, k):
    sums = [Counted(0.0) for _ in range(k)]
    for y, value in zip(design, values, strict=True):
        for a in range(k):
            sums[a] = sums[a] + value * y[a]
    return sums


def solve(matrix, right, ridge, k):
    """(matrix + ridge I) u = right by Cholesky's factorization, on lower triangles."""
    low = [row[:] for row in matrix]
    for a in range(k):
        low[a][a] = low[a][a] + ridge
    for a in range(k):
        for c in range(a):
            low[a][a] = low[a][a] - low[a][c] * low[a][c]
        low[a][a] = low[a][a].sqrt()
        for b in range(a + 1, k):
            for c in range(a):
                low[b][a] = low[b][a] - low[b][c] * low[a][c]
            low[b][a] = low[b][a] / low[a][a]
    u = right[:]
    for a in range(k):
        for c in range(a):
            u[a] = u[a] - low[a][c] * u[c]
        u[a] = u[a] / low[a][a]
    for a in reversed(range(k)):
        for c in range(a + 1, k):
            u[a] = u[a] - low[c][a] * u[c]
        u[a] = u[a] / low[a][a]
    return u


def half_sweep(seen, other, ridge, totals):
    k = other.shape[1]
    solved = np.zeros((seen.shape[0], k))
    for i in range(seen.shape[0]):
        mine = seen.rows == i
        design = [[Counted(number) for number in other[j]] for j in seen.cols[mine]]
        values = [Counted(value) for value in seen.values[mine]]
        matrix, grams = counted(gram, design, k)
        right, moments = counted(moment, design, values, k)
        u, solves = counted(solve, matrix, right, Counted(ridge), k)
        totals += (grams, moments, solves)
        solved[i] = [number.value for number in u]
    return solved


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_operations_are_those_that_a_plain_loop_makes_for_the_same_sweep(k):
    seen, _ = masked(low_rank(9, 12, k, seed=0, noise=0.1), 0.7, seed=1)
    trace = run_als(seen, k, ridge=0.1, max_sweeps=1, rtol=0)
    totals = np.zeros(3, dtype=int)
    left = half_sweep(seen, trace.rights[0], 0.1, totals)
    turned = Observations(seen.cols, seen.rows, seen.values, seen.shape[::-1])
    right = half_sweep(turned, left, 0.1, totals)
    assert np.allclose(left, trace.lefts[1])
    assert np.allclose(right, trace.rights[1])
    operations = sweep_operations(9, 12, k, seen.count)
    assert (operations.grams, operations.moments, operations.solves) == tuple(totals)
    assert operations.total == totals.sum()


def test_the_operations_grow_linearly_with_the_observed_entries():
    counts = [sweep_operations(1000, 500, 10, observed).total for observed in (10_000, 20_000, 30_000)]
    assert counts[2] - counts[1] == counts[1] - counts[0] == 10_000 * (2 * 10 * 11 + 4 * 10)


def test_many_entries_a_row_leave_twice_the_entries_times_the_rank_squared():
    assert sweep_operations(1000, 1000, 50, 1_000_000).total / (2 * 1_000_000 * 50**2) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("problem", [(0, 5, 1, 1), (5, 5, 6, 1), (5, 5, 2, 26), (5, 5, 2, 0), (5.0, 5, 2, 3)])
def test_problems_that_do_not_exist_are_refused(problem):
    with pytest.raises(InputError, match="whole number"):
        sweep_operations(*problem)
