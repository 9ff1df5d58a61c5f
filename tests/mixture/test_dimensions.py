"""Mixtures in d dimensions: every covariance structure against scikit-learn and scipy, and their relations."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from explorer.errors import InputError
from explorer.mixture import (
    STRATEGIES,
    STRUCTURES,
    DegeneracyKind,
    Mixture,
    StopReason,
    density,
    e_step,
    initialize,
    iterate_em,
    log_joint,
    log_likelihood,
    lower_bound,
    m_step,
    mixture_at,
    run_em,
)
from tests.mixture.clouds import clouds
from tests.mixture.strategies import SEEDS

SKLEARN_NAMES = {"full": "full", "tied": "tied", "diagonal": "diag", "spherical": "spherical"}


def as_scikit_learn(structure, covariances):
    """Covariances (K, d, d) in the layout of scikit-learn."""
    diagonals = np.einsum("kii->ki", covariances)
    layouts = {"full": covariances, "tied": covariances[0], "diagonal": diagonals, "spherical": diagonals[:, 0]}
    return layouts[structure]


def fitted_peer(data, start, structure, n_iterations):
    peer = GaussianMixture(
        start.n_components,
        covariance_type=SKLEARN_NAMES[structure],
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=as_scikit_learn(structure, np.linalg.inv(start.covariances)),
        max_iter=n_iterations,
        tol=0.0,
        reg_covar=0.0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it did not converge: it was asked not to
        return peer.fit(data)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize(("n", "d", "n_components"), [(60, 1, 2), (200, 2, 3), (600, 5, 3), (300, 20, 2)])
def test_agrees_with_scikit_learn(structure, n, d, n_components):
    """d = 20 takes whitened products for a full covariance, the others features."""
    data = clouds(n, d, n_components)
    start = mixture_at(data, data[:n_components], structure=structure)
    trace = run_em(data, start, structure=structure, max_iter=30, rtol=0.0, variance_floor=0.0)
    peer = fitted_peer(data, start, structure, 30)
    np.testing.assert_allclose(trace.weights[-1], peer.weights_, rtol=1e-10)
    np.testing.assert_allclose(trace.means[-1], peer.means_, rtol=1e-10, atol=1e-10)
    ours = as_scikit_learn(structure, trace.covariances[-1])
    np.testing.assert_allclose(ours, peer.covariances_, rtol=1e-9, atol=1e-10)
    assert trace.log_likelihoods[-1] == pytest.approx(peer.score(data) * n, rel=1e-11)
    np.testing.assert_allclose(e_step(data, trace.mixture(-1)), peer.predict_proba(data), atol=1e-10)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize(("n", "d"), [(200, 2), (300, 20)])
def test_the_reference_form_agrees_with_scikit_learn(structure, n, d, monkeypatch):
    monkeypatch.setattr("explorer.mixture.engine.passes.Passes._by_products", None)
    monkeypatch.setattr("explorer.mixture.engine.bounds.Bounds.are_near", lambda self, theta: np.zeros(1, bool))
    monkeypatch.setattr("explorer.mixture.engine.fast.MOST_FEATURES", 0)
    data = clouds(n, d, 2)
    start = mixture_at(data, data[:2], structure=structure)
    trace = run_em(data, start, structure=structure, max_iter=20, rtol=0.0, variance_floor=0.0)
    peer = fitted_peer(data, start, structure, 20)
    np.testing.assert_allclose(trace.means[-1], peer.means_, rtol=1e-10, atol=1e-10)
    ours = as_scikit_learn(structure, trace.covariances[-1])
    np.testing.assert_allclose(ours, peer.covariances_, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_covariances_have_their_structure(structure):
    trace = run_em(clouds(d=3), initialize(clouds(d=3), 3, "k-means++", 0), structure=structure)
    covariances = trace.covariances
    off_diagonal = covariances[..., ~np.eye(3, dtype=bool)]
    diagonal = np.einsum("tkii->tki", covariances)
    assert (off_diagonal == 0).all() == (structure in ("diagonal", "spherical"))
    assert (covariances == covariances[:, :1]).all() == (structure == "tied")
    assert (diagonal == diagonal[..., :1]).all() == (structure == "spherical")


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("hard", [False, True])
def test_every_figure_of_a_trace_belongs_to_its_half_step(structure, hard):
    data = clouds(150, 2)
    q_0 = initialize(data, 3, "k-means++" if hard else "random-responsibilities", 1)
    trace = run_em(data, q_0, structure=structure, max_iter=4, rtol=0.0, hard=hard)
    assert trace.n_iterations == 4
    assert trace.lower_bounds[0] == pytest.approx(lower_bound(data, q_0, trace.mixture(0)), rel=1e-12)
    for t in range(5):
        assert trace.log_likelihoods[t] == pytest.approx(log_likelihood(data, trace.mixture(t)), rel=1e-12)
    for t in range(1, 5):
        before, after = trace.mixture(t - 1), trace.mixture(t)
        q = e_step(data, before)
        if hard:
            q = np.eye(3)[q.argmax(axis=1)]
        assert trace.lower_bounds[2 * t - 1] == pytest.approx(lower_bound(data, q, before), rel=1e-12)
        assert trace.lower_bounds[2 * t] == pytest.approx(lower_bound(data, q, after), rel=1e-12)
        expected = m_step(data, q, structure=structure, variance_floor=1e-6)
        np.testing.assert_allclose(after.means, expected.means, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(after.covariances, expected.covariances, rtol=1e-8, atol=1e-10)
    iterates = list(iterate_em(data, q_0, structure=structure, max_iter=4, rtol=0.0, hard=hard))
    np.testing.assert_array_equal([iterate.covariances for iterate in iterates], trace.covariances)
    streamed = np.concatenate([iterate.lower_bounds for iterate in iterates])
    np.testing.assert_allclose(streamed, trace.lower_bounds, rtol=1e-13)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(list(STRUCTURES)), st.integers(1, 4), st.integers(4, 40), SEEDS, st.booleans())
def test_the_lower_bound_never_falls_and_nothing_is_ever_nan(structure, d, n, seed, hard):
    rng = np.random.default_rng(seed)
    data = np.round(3 * rng.standard_t(2, size=(n, d)), 1)
    start = rng.dirichlet(np.ones(3), size=n)
    trace = run_em(data, start, structure=structure, max_iter=40, rtol=0.0, hard=hard)
    slack = 1e-9 * (np.abs(trace.lower_bounds).max() + n)
    for array in (trace.weights, trace.means, trace.covariances, trace.log_likelihoods, trace.lower_bounds):
        assert np.isfinite(array).all()
    # The responsibilities that a hard run starts from are not hard: G may fall to those that are.
    assert (np.diff(trace.lower_bounds[1 if hard else 0 :]) >= -slack).all()
    assert (trace.lower_bounds[::2] <= trace.log_likelihoods + slack).all()
    if not hard:
        assert (np.diff(trace.log_likelihoods) >= -slack).all()


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(list(STRUCTURES)), st.floats(-1e4, 1e4), st.integers(-40, 40), SEEDS)
def test_permuting_shifting_and_scaling_the_data_moves_the_result_as_it_must(structure, shift, exponent, seed):
    data, scale = clouds(120, 2), 2.0**exponent
    start = initialize(data, 3, "random-responsibilities", seed)
    order = np.random.default_rng(seed).permutation(120)
    plain = run_em(data, start, structure=structure, max_iter=12, rtol=0.0)
    moved = run_em(scale * (data[order] + shift), start[order], structure=structure, max_iter=12, rtol=0.0)
    expected = plain.log_likelihoods - 120 * 2 * np.log(scale)
    np.testing.assert_allclose(moved.log_likelihoods, expected, rtol=1e-8, atol=1e-7)
    np.testing.assert_allclose(moved.means / scale - shift, plain.means, atol=1e-7)
    np.testing.assert_allclose(moved.covariances / scale**2, plain.covariances, atol=1e-7)


@pytest.mark.parametrize("structure", ["full", "tied", "diagonal"])
def test_each_coordinate_may_have_a_unit_of_its_own(structure):
    data, units = clouds(150, 3), np.array([1e-9, 1.0, 1e7])
    start = initialize(data, 2, "random-responsibilities", 0)
    plain = run_em(data, start, structure=structure, max_iter=20, rtol=0.0)
    other = run_em(data * units, start, structure=structure, max_iter=20, rtol=0.0)
    np.testing.assert_allclose(other.means / units, plain.means, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(other.covariances / units[:, None] / units, plain.covariances, rtol=1e-7, atol=1e-9)


def test_turning_the_data_turns_full_and_spherical_fits():
    data = clouds(200, 3)
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    start = initialize(data, 3, "random-responsibilities", 2)
    for structure in ("full", "tied", "spherical"):
        plain = run_em(data, start, structure=structure, max_iter=20, rtol=0.0)
        turned = run_em(data @ turn.T, start, structure=structure, max_iter=20, rtol=0.0)
        np.testing.assert_allclose(turned.log_likelihoods, plain.log_likelihoods, rtol=1e-9)
        np.testing.assert_allclose(turned.means @ turn, plain.means, atol=1e-7)


def test_in_one_dimension_tied_is_an_equal_variance_and_all_others_a_free_one():
    data = clouds(120, 1)
    start = initialize(data, 3, "k-means++", 0)
    free = run_em(data, start)
    for structure in ("diagonal", "spherical"):
        np.testing.assert_array_equal(run_em(data, start, structure=structure).covariances, free.covariances)
    tied = run_em(data, start, structure="tied")
    q = e_step(data, tied.mixture(-2))
    within = (q * (data - tied.means[-1, :, 0]) ** 2).sum() / 120
    np.testing.assert_allclose(tied.covariances[-1, :, 0, 0], within, rtol=1e-12)


def test_log_joint_is_log_weight_plus_log_normal():
    mixture = run_em(clouds(d=4), initialize(clouds(d=4), 3, "k-means++", 0)).mixture(-1)
    x = clouds(20, 4, seed=5)
    expected = np.column_stack(
        [
            np.log(w) + multivariate_normal.logpdf(x, m, c)
            for w, m, c in zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
        ]
    )
    np.testing.assert_allclose(log_joint(x, mixture), expected, rtol=1e-10)
    np.testing.assert_allclose(density(x, mixture), np.exp(expected).sum(axis=1), rtol=1e-10)


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_initialization_starts_a_run_in_any_dimension(name):
    data = clouds(90, 3)
    given = {"partition": np.arange(90) % 3 + 1, "means": data[:3]}
    start = initialize(data, 3, name, 0, **given)
    assert start.shape == (90, 3)
    np.testing.assert_allclose(start.sum(axis=1), 1, rtol=1e-12)
    trace = run_em(data, start, max_iter=50)
    assert trace.means.shape[1:] == (3, 3)
    assert trace.stop_reason in (StopReason.CONVERGED, StopReason.MAX_ITER)


def test_means_by_hand_must_have_the_data_s_dimensions():
    with pytest.raises(InputError, match="a table of 3 columns"):
        initialize(clouds(d=3), 2, "means", means=[[0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_mixture_at_given_means_has_the_structure(structure):
    data = clouds(100, 3)
    start = mixture_at(data, data[:2], structure=structure)
    trace = run_em(data, start, structure=structure, max_iter=0)
    np.testing.assert_array_equal(trace.means[0], data[:2])
    np.testing.assert_array_equal(trace.covariances[0], start.covariances)


@pytest.mark.parametrize(
    ("structure", "covariances", "message"),
    [
        ("tied", [np.eye(2), 2 * np.eye(2)], "must be the same"),
        ("diagonal", [[[1.0, 0.5], [0.5, 1.0]]] * 2, "not diagonal"),
        ("spherical", [np.diag([1.0, 2.0])] * 2, "spherical ones must be equal"),
        ("round", [np.eye(2)] * 2, "choose one of full, tied, diagonal, spherical"),
    ],
)
def test_a_start_without_the_structure_is_refused(structure, covariances, message):
    with pytest.raises(InputError, match=message):
        run_em(clouds(), Mixture([0.5, 0.5], np.zeros((2, 2)), covariances), structure=structure)


def test_hard_e_steps_are_classification_em_and_with_equal_balls_k_means():
    """Celeux and Govaert: one variance for all, equal weights, hard assignments: the centres move as Lloyd's do."""
    data = clouds(200, 2, 3, apart=4.0)
    centres = data[:3]
    start = Mixture(np.full(3, 1 / 3), centres, np.repeat(np.eye(2)[None], 3, axis=0))
    trace = run_em(data, start, structure="spherical", max_iter=1, rtol=0.0, hard=True)
    nearest = np.square(data[:, None] - centres).sum(axis=2).argmin(axis=1)
    centroids = [data[nearest == k].mean(axis=0) for k in range(3)]
    np.testing.assert_allclose(trace.means[1], centroids, rtol=1e-12)
    np.testing.assert_allclose(trace.weights[1], np.bincount(nearest) / 200, rtol=1e-12)


def test_classification_em_stops_where_no_point_changes_its_component():
    data = clouds(200, 2)
    trace = run_em(data, initialize(data, 3, "k-means++", 0), hard=True, rtol=1e-12)
    assert trace.stop_reason is StopReason.CONVERGED
    last, before = (e_step(data, trace.mixture(t)).argmax(axis=1) for t in (-1, -2))
    np.testing.assert_array_equal(last, before)


def test_a_component_that_collapses_onto_a_plane_is_degenerate():
    """Three points in three dimensions lie on one plane: the likelihood has no bound."""
    data = clouds(60, 3)
    partition = np.r_[1, 1, 1, np.full(57, 2)]
    trace = run_em(data, initialize(data, 2, "partition", partition=partition))
    assert trace.stop_reason is StopReason.DEGENERATE
    (fall,) = trace.degeneracies
    assert (fall.component, fall.kind, fall.iteration) == (0, DegeneracyKind.FLOOR, 0)
    assert fall.points >= 3
    smallest = np.linalg.eigvalsh(trace.covariances[0, 0] / np.sqrt(np.outer(data.var(axis=0), data.var(axis=0))))[0]
    assert smallest == pytest.approx(1e-6, rel=1e-6)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_column_without_variance_is_a_constant_degeneracy(structure):
    data = np.column_stack([clouds(50, 2), np.full(50, 7.0)])
    trace = run_em(data, initialize(data, 2, "random-responsibilities", 0), structure=structure, max_iter=5)
    if structure == "spherical":  # one variance for all coordinates does not notice
        assert trace.stop_reason is StopReason.MAX_ITER
    else:
        assert [fall.kind for fall in trace.degeneracies] == [DegeneracyKind.CONSTANT] * 2
        assert trace.degeneracies[0].location[2] == 7.0


def test_raising_eigenvalues_to_the_floor_maximises_the_lower_bound():
    """Among covariances above the floor, no nearby one has a larger G."""
    data = clouds(30, 3) * [1.0, 1.0, 1e-5] + np.outer(clouds(30, 1)[:, 0], [0, 0, 1.0])
    q = np.ones((30, 1))
    floor = 0.7
    best = m_step(data, q, variance_floor=floor)
    g = lower_bound(data, q, best)
    widths = data.std(axis=0)
    rng = np.random.default_rng(0)
    assert np.linalg.eigvalsh(best.covariances[0] / np.outer(widths, widths))[0] == pytest.approx(floor)
    for _ in range(200):
        jitter = rng.normal(size=(3, 3)) * 0.05
        values, vectors = np.linalg.eigh(best.covariances[0] / np.outer(widths, widths) + jitter + jitter.T)
        other = (vectors * np.maximum(values, floor)) @ vectors.T * np.outer(widths, widths)
        assert lower_bound(data, q, Mixture([1.0], best.means, [(other + other.T) / 2])) <= g + 1e-9


def test_a_trace_too_large_for_memory_is_refused():
    data = np.random.default_rng(0).normal(size=(60, 100))
    with pytest.raises(InputError, match="do not fit into memory: allow fewer"):
        run_em(data, initialize(data, 50, "random-responsibilities", 0), max_iter=1000)
