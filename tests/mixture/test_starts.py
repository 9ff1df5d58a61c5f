"""Every strategy by name: what it gives, what it draws on, and what it refuses."""

import numpy as np
import pytest

from explorer.errors import InputError
from explorer.mixture import STRATEGIES, hard_assignments, initialize, m_step, mixture_at, run_em

DATA = np.concatenate([np.random.default_rng(s).normal(4 * s, 1, 40) for s in range(3)])
GIVEN = {"partition": np.arange(120) // 40 + 1, "means": [0.0, 4.0, 8.0]}
NAMES = [
    "partition",
    "random-partition",
    "random-responsibilities",
    "random-points",
    "k-means++",
    "k-means",
    "quantiles",
    "equal",
    "means",
]


def test_the_table_is_in_display_order_with_one_sentence_each():
    assert list(STRATEGIES) == NAMES
    for name, strategy in STRATEGIES.items():
        assert strategy.name == name
        assert strategy.label
        assert strategy.explanation.endswith(".")
        assert strategy.explanation.count(". ") == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n_components", [1, 3])
def test_every_start_is_a_distribution_over_the_components(name, n_components):
    given = {"partition": np.ones(120, int), "means": np.arange(n_components)}
    q = initialize(DATA, n_components, name, 0, **given)
    assert q.shape == (120, n_components)
    assert (q >= 0).all()
    np.testing.assert_allclose(q.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_where_it_is_said_to(name):
    starts = [initialize(DATA, 3, name, seed, **GIVEN) for seed in (1, 1, 2, 3)]
    np.testing.assert_array_equal(starts[0], starts[1])
    differs = any((starts[0] != other).any() for other in starts[2:])
    assert differs == STRATEGIES[name].uses_seed


def test_a_generator_is_accepted_and_advanced():
    rng = np.random.default_rng(1)
    first, second = (initialize(DATA, 3, "random-points", rng) for _ in range(2))
    np.testing.assert_array_equal(first, initialize(DATA, 3, "random-points", 1))
    assert (first != second).any()


def test_partition_gives_each_group_its_component():
    q = initialize([5.0, 6.0, 7.0], 3, "partition", partition=[3, 1, 3])
    assert q.tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 1]]


def test_random_partition_gives_each_point_wholly_to_a_uniform_component():
    q = initialize(np.zeros(30_000), 3, "random-partition", 0)
    assert set(np.unique(q)) == {0.0, 1.0}
    assert q.mean(axis=0) == pytest.approx(1 / 3, abs=0.01)


def test_random_responsibilities_are_uniform_on_the_simplex():
    q = initialize(np.zeros(30_000), 3, "random-responsibilities", 0)
    assert q.mean(axis=0) == pytest.approx(1 / 3, abs=0.01)
    # Dirichlet(1, 1, 1) has variance (1/3)(2/3) / 4.
    assert q.var(axis=0) == pytest.approx(1 / 18, abs=0.002)


@pytest.mark.parametrize("name", ["random-points", "k-means++"])
def test_the_means_are_distinct_data_points(name):
    """With as many components as distinct values, each value has a component of its own."""
    data = np.repeat([0.0, 1.0, 2.0, 3.0], 25)
    for seed in range(20):
        labels = hard_assignments(initialize(data, 4, name, seed))
        assert len(set(labels[::25])) == 4


def test_random_points_weigh_values_by_their_number():
    data = np.repeat([0.0, 1.0], [90, 10])
    first = [hard_assignments(initialize(data, 2, "random-points", seed))[0] for seed in range(400)]
    # The first mean drawn is 0 nine times out of ten, and 0 then goes to the first component.
    assert np.mean(np.array(first) == 0) == pytest.approx(0.9, abs=0.05)


def test_k_means_is_stable_under_its_own_step():
    q = initialize(DATA, 3, "k-means", 5)
    means = m_step(DATA, q).means[:, 0]
    np.testing.assert_array_equal(q, initialize(DATA, 3, "means", means=means))


def test_quantiles_are_the_lecture_s_for_two_components():
    q = initialize(DATA, 2, "quantiles")
    np.testing.assert_array_equal(q, initialize(DATA, 2, "means", means=np.percentile(DATA, [25, 75])))


def test_equal_is_equal():
    assert (initialize(DATA, 4, "equal") == 0.25).all()


def test_means_by_hand_take_the_nearest_points_and_the_first_takes_ties():
    q = initialize([0.0, 1.0, 2.0], 2, "means", means=[2.0, 0.0])
    assert hard_assignments(q).tolist() == [1, 0, 0]
    np.testing.assert_array_equal(q, initialize([0.0, 1.0, 2.0], 2, "means", means=[[2.0], [0.0]]))


def test_a_mixture_at_given_means_is_the_first_iterate():
    mixture = mixture_at([0.0, 2.0, 10.0, 12.0, 13.0], [1.0, 12.0])
    assert mixture.weights.tolist() == [0.5, 0.5]
    assert mixture.means.tolist() == [[1.0], [12.0]]
    # Squared distances to the nearest mean: 1, 1, 4, 0, 1.
    assert mixture.covariances[:, 0, 0] == pytest.approx([1.4, 1.4])
    trace = run_em(DATA, mixture_at(DATA, [0.0, 3.0]), max_iter=5)
    assert trace.means[0, :, 0] == pytest.approx([0.0, 3.0], abs=1e-14)


def test_a_mixture_at_means_that_hit_every_point_has_the_floor_s_variance():
    data = np.array([0.0, 1.0])
    assert mixture_at(data, data).covariances[:, 0, 0] == pytest.approx(1e-6 * data.var())
    assert mixture_at(data, data, variance_floor=0.01).covariances[0, 0, 0] == pytest.approx(0.01 * data.var())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2, "k-menas"), "choose one of partition, random-partition"),
        ((0, "equal"), "from 1 to 50"),
        ((51, "equal"), "from 1 to 50"),
        ((2.0, "equal"), "whole number"),
        ((4, "equal"), "choose at most 3"),
        ((2, "random-points", -1), "seed"),
        ((2, "random-points", None), "seed"),
        ((2, "partition"), "partition is missing"),
        ((2, "means"), "means are missing: place 2"),
    ],
)
def test_what_cannot_start_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        initialize([1.0, 2.0, 3.0], *arguments)


@pytest.mark.parametrize(
    ("strategy", "given", "message"),
    [
        ("partition", [1, 2], "one label for each of the 3"),
        ("partition", [0, 1, 2], "from 1 to 2"),
        ("partition", [1, 2, 3], "from 1 to 2"),
        ("partition", [1, 1.5, 2], "from 1 to 2"),
        ("partition", ["a", "b", "a"], "from 1 to 2"),
        ("means", [1.0], "1 means are placed: place 2"),
        ("means", [1.0, np.nan], "finite"),
        ("means", [[1.0, 2.0], [3.0, 4.0]], "list"),
        ("means", [], "list"),
    ],
)
def test_what_is_given_must_fit(strategy, given, message):
    with pytest.raises(InputError, match=message):
        initialize([1.0, 2.0, 3.0], 2, strategy, **{strategy: given})
