"""Model selection: the criteria against scikit-learn and plain loops, and what the search finds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.mixture import GaussianMixture

from explorer.datasets import load_sample
from explorer.datasets.shipped import shipped_table
from explorer.errors import InputError
from explorer.mixture import (
    CRITERIA,
    STRUCTURES,
    Mixture,
    StopReason,
    criteria,
    e_step,
    initialize,
    log_likelihood,
    n_parameters,
    run_em,
    select,
)

IN_SCIKIT_LEARN = {"full": "full", "tied": "tied", "diagonal": "diag", "spherical": "spherical"}


def bumps(centres, deviations, n=300, seed=0):
    """n points of normals of equal weight, (n, d): centres (K, d), deviations (K,) or (K, d)."""
    rng = np.random.default_rng(seed)
    z = rng.integers(len(centres), size=n)
    deviations = np.asarray(deviations, dtype=float)
    deviations = deviations[:, None] if deviations.ndim == 1 else deviations
    return rng.normal(np.asarray(centres, dtype=float)[z], deviations[z])


def fitted_peer(data, n_components, structure):
    peer = GaussianMixture(n_components, covariance_type=IN_SCIKIT_LEARN[structure], reg_covar=0.0, random_state=0)
    return peer.fit(data)


def as_mixture(peer):
    n_components, d = peer.means_.shape
    full = np.zeros((n_components, d, d))
    for k in range(n_components):
        if peer.covariance_type == "full":
            full[k] = peer.covariances_[k]
        elif peer.covariance_type == "tied":
            full[k] = peer.covariances_
        else:
            full[k] = peer.covariances_[k] * np.eye(d)
    return Mixture(peer.weights_, peer.means_, full)


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_aic_bic_and_the_number_of_parameters_are_those_of_scikit_learn(structure, d):
    data = bumps(8.0 * np.eye(3, d) + np.arange(3)[:, None], [1.0, 1.0, 2.0])
    peer = fitted_peer(data, 3, structure)
    found = criteria(data, as_mixture(peer), structure)
    assert n_parameters(3, d, structure) == found.n_parameters == peer._n_parameters()
    assert found.aic == pytest.approx(peer.aic(data), rel=1e-10)
    assert found.bic == pytest.approx(peer.bic(data), rel=1e-10)


def test_icl_is_that_of_a_plain_loop():
    data = bumps([[0.0], [2.0]], [1.0, 1.0])[:, 0]
    mixture = Mixture.univariate([0.4, 0.6], [0.0, 2.0], [1.0, 1.5])
    entropy = -math.fsum(q * math.log(q) for row in e_step(data, mixture).tolist() for q in row if q > 0)
    found = criteria(data, mixture)
    assert found.log_likelihood == pytest.approx(log_likelihood(data, mixture), rel=1e-12)
    assert found.entropy == pytest.approx(entropy, rel=1e-10)
    assert found.icl == pytest.approx(-2 * found.log_likelihood + 5 * math.log(300) + 2 * entropy, rel=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 50), st.integers(1, 20))
def test_structures_are_ordered_by_their_parameters(n_components, d):
    full, tied, diagonal, spherical = (n_parameters(n_components, d, name) for name in STRUCTURES)
    assert spherical <= diagonal <= full
    assert tied <= full
    if d == 1:
        assert spherical == diagonal == full


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_icl_is_never_below_bic_and_bic_charges_more_than_aic(seed):
    data = np.random.default_rng(seed).normal(size=(40, 2))
    mixture = run_em(data, initialize(data, 2, "k-means++", seed), max_iter=5).mixture(-1)
    found = criteria(data, mixture)
    assert found.aic < found.bic <= found.icl <= found.bic + 2 * 40 * math.log(2) + 1e-9


@pytest.mark.parametrize(
    ("structure", "deviations"),
    [
        ("spherical", [0.5, 1.0, 2.0]),
        ("diagonal", [[0.4, 1.6], [1.5, 0.5], [1.0, 2.0]]),
    ],
)
def test_bic_finds_the_components_and_the_structure_that_the_data_was_made_with(structure, deviations):
    data = bumps([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]], deviations, n=500)
    found = select(data, range(1, 6), n_starts=5)
    assert found.complete
    assert (found.best.structure, found.best.n_components) == (structure, 3)


@pytest.mark.parametrize("structure", ["full", "tied"])
def test_bic_finds_correlated_components(structure):
    rng = np.random.default_rng(0)
    roots = np.array([[[1.0, 0.0], [0.9, 0.3]], [[1.0, 0.0], [0.9 if structure == "tied" else -0.9, 0.3]]])
    z = rng.integers(2, size=500)
    data = np.array([[0.0, 0.0], [4.0, 0.0]])[z] + np.einsum("nij,nj->ni", roots[z], rng.normal(size=(500, 2)))
    found = select(data, [3, 1, 2], n_starts=5)
    assert (found.best.structure, found.best.n_components) == (structure, 2)


def test_in_one_dimension_only_structures_that_differ_are_tried():
    found = select(load_sample("faithful-waiting").values, range(1, 5), n_starts=5)
    tried = [(candidate.structure, candidate.n_components) for candidate in found.candidates]
    assert tried == [(structure, k) for structure in ("full", "tied") for k in range(1, 5)]
    assert (found.best.structure, found.best.n_components) == ("tied", 2)


def test_old_faithful_has_the_three_tied_components_that_mclust_finds():
    table = shipped_table("faithful.csv").columns
    found = select(np.column_stack([table["eruptions"], table["waiting"]]), range(1, 5))
    assert (found.best.structure, found.best.n_components) == ("tied", 3)
    # mclust's vignette: model EEE, 3 components, log-likelihood -1126.326, 11 parameters, BIC (negated) -2314.316.
    assert found.best.criteria.log_likelihood == pytest.approx(-1126.326, abs=0.02)
    assert found.best.criteria.n_parameters == 11
    assert found.best.criteria.bic == pytest.approx(2314.316, abs=0.04)


def test_icl_counts_clusters_where_bic_counts_normals():
    # One cluster with a wide and a narrow part: two normals at the same place.
    rng = np.random.default_rng(0)
    data = rng.normal(size=1000) * np.where(rng.random(1000) < 0.5, 1.0, 4.0)
    assert select(data, [1, 2], ["full"], criterion="bic").best.n_components == 2
    assert select(data, [1, 2], ["full"], criterion="icl").best.n_components == 1


def test_a_candidate_is_the_best_of_its_restarts():
    data = load_sample("galaxies").values
    (candidate,) = select(data, [4], ["full"], n_starts=8, seed=3).candidates
    runs = [
        run_em(data, initialize(data, 4, "k-means++", 3 + s), max_iter=1000, rtol=1e-8, variance_floor=1e-6)
        for s in range(8)
    ]
    sound = [run for run in runs if run.stop_reason is not StopReason.DEGENERATE]
    best = max(sound, key=lambda run: run.log_likelihoods[-1])
    assert (candidate.n_starts, candidate.n_degenerate) == (8, 8 - len(sound))
    assert candidate.criteria.log_likelihood == pytest.approx(best.log_likelihoods[-1], rel=1e-9)
    assert candidate.stop_reason is best.stop_reason
    np.testing.assert_allclose(candidate.mixture.means, best.means[-1], rtol=1e-6)


def test_the_table_has_one_row_a_candidate_and_only_plain_values():
    found = select(bumps([[0.0, 0.0], [9.0, 0.0]], [1.0, 1.0], n=60), [1, 2], n_starts=2)
    rows = [candidate.row() for candidate in found.candidates]
    assert len(rows) == 8
    assert {type(value) for row in rows for value in row.values()} <= {str, int, float}
    assert rows[0]["bic"] == found.candidates[0].criteria.bic


def test_more_components_than_distinct_values_have_no_figures():
    data = np.repeat([0.0, 1.0, 5.0], 10)
    found = select(data, [1, 4], ["full"], n_starts=6)
    one, four = found.candidates
    assert (four.n_starts, four.n_degenerate) == (6, 6)
    assert four.criteria is four.stop_reason is four.mixture is None
    assert four.row()["bic"] is None
    assert found.best is one


def test_constant_data_has_no_best_candidate():
    found = select(np.full(10, 3.0), [1, 2], ["full"], n_starts=2)
    assert found.best is None
    assert found.complete
    assert all(candidate.criteria is None for candidate in found.candidates)


def test_of_equal_candidates_the_first_is_best():
    data = load_sample("faithful-eruptions").values
    found = select(data, [2], ["spherical", "full"], n_starts=3)
    one, other = found.candidates
    assert one.criteria.bic == other.criteria.bic
    assert found.best is one


def test_progress_is_told_and_cancelling_returns_what_is_finished():
    data = load_sample("faithful-eruptions").values
    told = []
    select(data, [1, 2], ["full"], n_starts=2, progress=lambda done, of_all: told.append((done, of_all)))
    assert told == [(1, 2), (2, 2)]
    told.clear()
    found = select(
        data,
        [1, 2, 3],
        ["full"],
        n_starts=2,
        progress=lambda done, of_all: told.append((done, of_all)),
        cancelled=lambda: len(told) == 1,
    )
    assert [candidate.n_components for candidate in found.candidates] == [1]
    assert found.best is found.candidates[0]
    assert not found.complete


def test_the_same_settings_give_the_same_bits():
    data = load_sample("galaxies").values
    one, other = (select(data, [3, 5], n_starts=4) for _ in range(2))
    assert [c.row() for c in one.candidates] == [c.row() for c in other.candidates]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"n_components": []}, "at least one"),
        ({"n_components": [2, 2]}, "only once"),
        ({"n_components": 2}, "must be a list"),
        ({"n_components": [0]}, "number of components"),
        ({"n_components": [21]}, "21 components need as many data points"),
        ({"structures": ["round"]}, "no covariance structure"),
        ({"structures": []}, "at least one"),
        ({"criterion": "dic"}, "no criterion “dic”"),
        ({"n_starts": 0}, "number of starts"),
        ({"progress": "loud"}, "progress must be a function"),
        ({"cancelled": True}, "cancelled must be a function"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32 - 5}, "seed"),
        ({"rtol": 2.0}, "tolerance"),
    ],
)
def test_settings_out_of_bounds_are_refused(chosen, words):
    with pytest.raises(InputError, match=words):
        select(np.arange(20.0), **{"n_components": [1], **chosen})


def test_figures_that_do_not_exist_are_refused():
    with pytest.raises(InputError, match="too far"):
        criteria([0.0], Mixture.univariate([1.0], [1e100], [1e-200]))
    with pytest.raises(InputError, match="dimensions"):
        n_parameters(2, 0)
    with pytest.raises(InputError, match="no covariance structure"):
        n_parameters(2, 2, "round")


def test_every_criterion_explains_itself():
    assert list(CRITERIA) == ["aic", "bic", "icl"]
    assert all(criterion.explanation.endswith(".") for criterion in CRITERIA.values())
