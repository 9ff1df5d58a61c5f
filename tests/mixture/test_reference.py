"""The reference form for many runs at once: the bits of each run by itself."""

import numpy as np
import pytest

from explorer.mixture import STRUCTURES, Mixture, run_many
from explorer.mixture.engine import reference
from explorer.mixture.engine.covariances import form_of
from explorer.mixture.engine.m_step import Parameters, join_statistics, parameters


def random_runs(structure: str, d: int, n_components: int, n_runs: int, seed: int) -> Parameters:
    """Wide and narrow components, near and far from points around zero; in every third run one is empty."""
    rng = np.random.default_rng(seed)
    form = form_of(structure, d)
    weights = rng.dirichlet(np.full(n_components, 0.5), size=n_runs).T + 1e-9
    weights[0, ::3] *= n_components == 1
    means = rng.normal(size=(n_components, n_runs, d)) * 10 ** rng.uniform(-1, 1, (1, n_runs, 1))
    shape = (1 if form.shared else n_components, n_runs)
    if form.matrices:
        roots = rng.normal(size=(*shape, d, d)) * 10 ** rng.uniform(-3, 0.5, (*shape, 1, 1))
        covariances = roots @ roots.swapaxes(2, 3) + 1e-9 * np.eye(d)
    else:
        covariances = 10 ** rng.uniform(-6, 1, (*shape, 1 if form.isotropic else d))
    return parameters(form, weights / weights.sum(axis=0), means, covariances)


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize(("d", "n_components", "n"), [(1, 1, 5), (1, 5, 272), (2, 3, 272), (7, 4, 100), (3, 2, 20_000)])
def test_many_runs_have_the_bits_of_each_by_itself(d, n_components, n, structure, hard):
    form, z = form_of(structure, d), np.random.default_rng(1).normal(size=(d, n))
    theta = random_runs(structure, d, n_components, 23, seed=n)
    log_likelihoods, bounds, statistics = reference.expect(form, z, theta, hard)
    apart = [reference.expect(form, z, theta.of_runs(slice(r, r + 1)), hard) for r in range(23)]
    np.testing.assert_array_equal(log_likelihoods, [found.item() for found, _, _ in apart])
    np.testing.assert_array_equal(bounds, [found.item() for _, found, _ in apart])
    for together, alone in zip(statistics, join_statistics([found for *_, found in apart]), strict=True):
        np.testing.assert_array_equal(together, alone)


def test_runs_beyond_the_bounds_of_the_fast_form_go_together(monkeypatch):
    """One by one they would take a hundred times as many calls."""
    sizes = []

    def counted(form, z, theta, hard):
        sizes.append(theta.weights.shape[1])
        return expect(form, z, theta, hard)

    expect = reference.expect
    monkeypatch.setattr(reference, "expect", counted)
    rng = np.random.default_rng(0)
    data = np.r_[rng.normal(0, 1, 200), rng.normal(10, 1e-3, 50)]
    starts = [Mixture.univariate([0.8, 0.2], [shift, 10.0], [1.0, 1e-6]) for shift in np.linspace(-1, 1, 100)]
    run_many(data, starts, max_iter=5, rtol=0.0, variance_floor=0.0)
    assert sizes == [100] * 6
