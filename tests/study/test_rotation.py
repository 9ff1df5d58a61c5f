"""Two pairs of factors of one product: the matrix that turns one into the other is found."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.completion import Factors
from explorer.errors import InputError
from explorer.runs import make_als_run
from explorer.settings import ALSSettings
from explorer.study.rotation import AlignedBy, align_factors


def factors(k=2, seed=0, m=7, n=9):
    rng = np.random.default_rng(seed)
    return Factors(rng.standard_normal((m, k)), rng.standard_normal((n, k)))


def turned(pair, matrix):
    return Factors(pair.left @ matrix, pair.right @ np.linalg.inv(matrix).T)


def turn(angle):
    """x T is x turned counterclockwise."""
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def orthogonal(k, seed, sign):
    q, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((k, k)))
    q[:, 0] *= sign * np.sign(np.linalg.det(q))
    return q


@pytest.mark.parametrize("angle", [0.0, 0.3, -2.0, 3.0, np.pi / 2])
def test_a_turned_pair_is_turned_back(angle):
    a = factors()
    found = align_factors(a, turned(a, turn(angle)))
    assert found.by is AlignedBy.ROTATION
    assert found.matrix == pytest.approx(turn(angle))
    assert found.angle == pytest.approx(angle)
    assert (np.array([1.0, 0.0]) @ found.matrix) == pytest.approx([np.cos(angle), np.sin(angle)])
    assert max(found.left_after, found.right_after, found.product_difference) < 1e-12
    assert found.stretches == pytest.approx(np.ones(2))
    assert found.left_before == pytest.approx(2 * abs(np.sin(angle / 2)))


def test_a_reflection_is_told_by_its_mirror_line():
    mirror = 0.4
    line = np.array([np.cos(mirror), np.sin(mirror)])
    a = factors()
    found = align_factors(a, turned(a, 2 * np.outer(line, line) - np.eye(2)))
    assert found.by is AlignedBy.REFLECTION
    assert found.mirrors
    assert found.angle / 2 == pytest.approx(mirror)
    assert line @ found.matrix == pytest.approx(line)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("sign", [1, -1])
def test_any_orthogonal_matrix_is_found(k, sign):
    a, q = factors(k), orthogonal(k, seed=1, sign=sign)
    found = align_factors(a, turned(a, q))
    assert found.by is (AlignedBy.ROTATION if sign > 0 else AlignedBy.REFLECTION)
    assert found.matrix == pytest.approx(q)
    assert found.angle is None


@pytest.mark.parametrize("k", [1, 2, 4])
def test_an_invertible_matrix_that_is_not_orthogonal_is_found(k):
    a, t = factors(k), np.eye(k) * 3 + 0.5 * np.random.default_rng(2).standard_normal((k, k))
    found = align_factors(a, turned(a, t))
    assert found.by is AlignedBy.INVERTIBLE
    assert found.matrix == pytest.approx(t)
    assert max(found.left_after, found.right_after, found.product_difference) < 1e-10
    assert found.stretches == pytest.approx(np.linalg.svd(t, compute_uv=False))


def test_a_turn_with_a_stretch_is_told_by_both():
    a = factors()
    found = align_factors(a, turned(a, np.diag([2.0, 0.5]) @ turn(0.7)))
    assert found.by is AlignedBy.INVERTIBLE and not found.mirrors
    assert found.stretches == pytest.approx([2.0, 0.5])
    assert found.angle == pytest.approx(0.7)


def test_the_difference_of_the_products_is_that_of_the_dense_products():
    a, b = factors(seed=0), factors(seed=1)
    found = align_factors(a, b)
    products = [each.left @ each.right.T for each in (a, b)]
    difference = np.linalg.norm(products[0] - products[1]) / np.linalg.norm(products[1])
    assert found.product_difference == pytest.approx(difference)
    assert found.by is AlignedBy.NOTHING
    assert found.matrix @ found.matrix.T == pytest.approx(np.eye(2))


def test_no_orthogonal_matrix_comes_nearer():
    a, b = factors(seed=0), factors(seed=1)

    def misfit(q):
        return np.linalg.norm(a.left @ q - b.left) ** 2 + np.linalg.norm(a.right @ q - b.right) ** 2

    mirror = np.diag([1.0, -1.0])
    others = [misfit(turn(angle) @ flip) for angle in np.linspace(0, 2 * np.pi, 400) for flip in (np.eye(2), mirror)]
    assert misfit(align_factors(a, b).matrix) <= min(others) + 1e-12


def test_factors_without_a_direction_have_no_invertible_matrix():
    one = Factors(np.ones((4, 2)), np.ones((5, 2)))
    found = align_factors(one, factors(m=4, n=5))
    assert found.by is AlignedBy.NOTHING
    assert found.matrix @ found.matrix.T == pytest.approx(np.eye(2))
    nothing = Factors(np.zeros((4, 2)), np.zeros((5, 2)))
    assert align_factors(nothing, nothing).product_difference == 0
    assert align_factors(one, nothing).product_difference == np.inf


@pytest.mark.parametrize("other", [factors(k=3), factors(m=8), factors(n=8)])
def test_only_factors_of_one_shape_are_aligned(other):
    with pytest.raises(InputError):
        align_factors(factors(), other)


# Real runs


def relative_errors(run):
    """The error of the product on all entries, as a share of the matrix's size."""
    product = run.trace.final.left @ run.trace.final.right.T
    return np.linalg.norm(product - run.problem.values) / np.linalg.norm(run.problem.values)


@pytest.mark.parametrize("seeds", [(1, 2), (3, 5), (1, 8)])
@pytest.mark.parametrize(
    ("settings", "is_turned"),
    [(ALSSettings(), False), (ALSSettings(ridge=0.0, seen=40), False), (ALSSettings(ridge=1.0, rtol=1e-8), True)],
    ids=["not yet balanced", "without a ridge", "balanced by the ridge"],
)
def test_two_successful_runs_on_the_checkerboard_differ_in_factors_and_not_in_the_product(seeds, settings, is_turned):
    runs = [make_als_run(replace(settings, seed=seed)) for seed in seeds]
    errors = [relative_errors(run) for run in runs]
    assert max(errors) < 0.1
    found = align_factors(*(run.trace.final for run in runs))
    assert found.product_difference <= sum(errors) / (1 - max(errors))  # by the triangle inequality
    assert min(found.left_before, found.right_before) > 0.3
    assert max(found.left_after, found.right_after) < 0.005
    assert (found.by in (AlignedBy.ROTATION, AlignedBy.REFLECTION)) == is_turned
    assert (found.by is AlignedBy.INVERTIBLE) == (not is_turned)


def test_a_run_that_is_stuck_is_not_aligned_with_one_that_is_not():
    stuck, recovered = (make_als_run(ALSSettings(mask_seed=4, initialization=name)) for name in ("equal", "gaussian"))
    assert align_factors(stuck.trace.final, recovered.trace.final).by is AlignedBy.NOTHING


def test_a_whole_run_is_not_aligned_but_its_factors_are():
    trace = make_als_run(ALSSettings()).trace
    with pytest.raises(InputError, match=r"Only factors can be aligned, not ALSTrace: `trace\.final` are the last"):
        align_factors(trace.final, trace)
