"""From settings to a run: every combination runs or says why not, and every setting does its own thing only."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.completion import STARTS, run_als
from explorer.datasets import (
    MATRICES,
    SAMPLES,
    generate_sample,
    load_matrix,
    load_sample,
    own_matrix,
    own_sample,
    split,
)
from explorer.errors import InputError
from explorer.mixture import STRATEGIES, hard_assignments, initialize, run_em
from explorer.runs import make_als_run, make_em_run
from explorer.settings import ALSSettings, EMSettings
from explorer.stop_reason import StopReason

TEN_POINTS = EMSettings(data="ten-points", initialization="partition", n_components=2)
PARTITION_1 = (1, 1, 1, 2, 2, 2, 2, 2, 1, 1)
SEEDED = [name for name, strategy in STRATEGIES.items() if strategy.uses_seed]


def assert_same_run(one, other):
    """Bit for bit the same, whichever algorithm; only the time it took may differ."""
    assert one.trace.stop_reason == other.trace.stop_reason
    for name, value in vars(one.trace).items():
        if isinstance(value, np.ndarray) and name != "seconds":
            assert value.tobytes() == getattr(other.trace, name).tobytes(), name


def refusal(make, settings, own=None):
    """The sentence with which the settings are refused."""
    with pytest.raises(InputError) as refused:
        make(settings, own)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    return sentence


# Every data set with every initialization


@pytest.mark.parametrize("initialization", STRATEGIES)
@pytest.mark.parametrize("data", SAMPLES)
def test_every_data_set_runs_with_every_initialization_or_says_why_not(data, initialization):
    settings = EMSettings(data=data, initialization=initialization, max_iter=2)
    if initialization == "partition":
        sentence = refusal(make_em_run, settings)
        if data == "ten-points":
            assert "The first partition has 2 groups, but K is 3" in sentence
        else:
            assert sentence.startswith(f"{SAMPLES[data].label} has no given partition")
        return
    run = make_em_run(settings)
    assert run.sample.name == data
    assert run.explanation == STRATEGIES[initialization].explanation
    assert run.trace.weights.shape[1] == 3
    assert run.start_labels.shape == run.sample.values.shape
    assert set(run.start_labels) <= {0, 1, 2}
    for numbers in (run.trace.weights, run.trace.means, run.trace.covariances, run.trace.log_likelihoods):
        assert np.isfinite(numbers).all()


@pytest.mark.parametrize("initialization", [name for name in STRATEGIES if name != "partition"])
@pytest.mark.parametrize("n_components", range(1, 11))
def test_as_many_components_as_points_still_run_with_every_initialization(n_components, initialization):
    run = make_em_run(EMSettings(data="ten-points", n_components=n_components, initialization=initialization))
    assert isinstance(run.trace.stop_reason, StopReason)
    assert np.isfinite(run.trace.log_likelihoods).all()


@pytest.mark.parametrize("initialization", STARTS)
@pytest.mark.parametrize("matrix", MATRICES)
def test_every_matrix_runs_with_every_start(matrix, initialization):
    run = make_als_run(ALSSettings(matrix=matrix, initialization=initialization, max_sweeps=2))
    assert run.problem.name == matrix
    assert run.explanation == STARTS[initialization].explanation
    assert isinstance(run.trace.stop_reason, StopReason)
    assert np.isfinite(run.trace.objectives).all()
    assert run.trace.rmse_hidden is not None


# The settings reach the algorithm


@pytest.mark.parametrize("initialization", SEEDED)
def test_a_run_of_em_is_what_the_core_gives_for_the_same_settings(initialization):
    settings = EMSettings(
        data="two-bumps", data_seed=5, n_components=4, initialization=initialization, seed=7, max_iter=9, rtol=1e-3
    )
    values = load_sample("two-bumps", 5).values
    start = initialize(values, 4, initialization, 7)
    expected = run_em(values, start, max_iter=9, rtol=1e-3, variance_floor=1e-6)
    run = make_em_run(settings)
    assert run.trace.log_likelihoods.tobytes() == expected.log_likelihoods.tobytes()
    assert run.trace.means.tobytes() == expected.means.tobytes()
    assert run.start_labels.tolist() == hard_assignments(start).tolist()


def test_iterations_tolerance_and_floor_stop_the_run():
    settings = EMSettings(n_components=2)
    assert make_em_run(replace(settings, max_iter=3, rtol=0.0)).trace.n_iterations == 3
    loose, strict = (make_em_run(replace(settings, rtol=rtol)).trace for rtol in (1e-2, 1e-10))
    assert loose.n_iterations < strict.n_iterations
    assert loose.stop_reason is strict.stop_reason is StopReason.CONVERGED
    narrow = replace(settings, data="generated", true_weights=".5 .5", true_means="0 5", true_deviations="1 .05")
    assert make_em_run(narrow).trace.stop_reason is StopReason.CONVERGED
    assert make_em_run(replace(narrow, variance_floor=1e-2)).trace.stop_reason is StopReason.DEGENERATE


@pytest.mark.parametrize("initialization", STARTS)
def test_a_run_of_als_is_what_the_core_gives_for_the_same_settings(initialization):
    settings = ALSSettings(
        matrix="low-rank",
        matrix_seed=3,
        rank=4,
        seen=60,
        initialization=initialization,
        seed=7,
        mask_seed=11,
        ridge=0.1,
        rtol=1e-3,
        max_sweeps=6,
    )
    masked = split(load_matrix("low-rank", 3), 0.6, 11)
    expected = run_als(
        masked.observed, 4, ridge=0.1, start=initialization, seed=7, max_sweeps=6, rtol=1e-3, hidden=masked.hidden
    )
    trace = make_als_run(settings).trace
    assert trace.objectives.tobytes() == expected.objectives.tobytes()
    assert trace.rmse_hidden.tobytes() == expected.rmse_hidden.tobytes()
    assert trace.lefts.tobytes() == expected.lefts.tobytes()


def test_with_everything_seen_nothing_is_hidden():
    run = make_als_run(ALSSettings(seen=100))
    assert run.masked.hidden is None
    assert run.trace.rmse_hidden is None


# Means placed by hand


def test_means_placed_by_hand_are_the_first_iterate_to_the_last_digit_and_in_the_order_typed():
    for placed in np.random.default_rng(0).uniform(1, 6, (40, 3)).round(2).tolist():
        text = " ".join(map(str, placed))
        run = make_em_run(EMSettings(initialization="means", means=text, max_iter=1))
        assert run.trace.means[0, :, 0].tolist() == placed
        assert run.trace.weights[0].tolist() == [1 / 3] * 3


def test_the_start_shows_each_point_with_the_nearest_mean_placed_by_hand():
    run = make_em_run(EMSettings(data="ten-points", n_components=2, initialization="means", means="10, -1.9"))
    assert run.start_labels.tolist() == [1 if abs(x + 1.9) <= abs(x - 10) else 0 for x in run.sample.values]


def test_means_left_empty_are_spread_evenly_over_the_range():
    run = make_em_run(EMSettings(data="ten-points", n_components=4, initialization="means", max_iter=1))
    low, width = -4.4, (3.3 + 4.4) / 4
    expected = [low + width * share for share in (0.5, 1.5, 2.5, 3.5)]
    assert run.trace.means[0, :, 0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("means", "placed"), [("2.5", "1 mean,"), ("1 2 3 4", "4 means")])
def test_another_number_of_means_than_components_is_told(means, placed):
    sentence = refusal(make_em_run, EMSettings(initialization="means", means=means))
    assert placed in sentence
    assert "K is 3" in sentence


# Given partitions


@pytest.mark.parametrize(
    ("partition", "labels"), [("partition1", PARTITION_1), ("partition2", (1, 3, 2, 1, 3, 2, 1, 3, 2, 1))]
)
def test_a_given_partition_is_where_the_run_starts(partition, labels):
    run = make_em_run(replace(TEN_POINTS, partition=partition, n_components=max(labels)))
    assert run.start_labels.tolist() == [label - 1 for label in labels]
    groups = [run.sample.values[np.array(labels) == k] for k in range(1, max(labels) + 1)]
    assert run.trace.means[0, :, 0] == pytest.approx([group.mean() for group in groups])
    assert run.trace.weights[0] == pytest.approx([len(group) / 10 for group in groups])


def test_typed_labels_are_a_given_partition_too():
    typed = replace(TEN_POINTS, partition="typed", labels=" ".join(map(str, PARTITION_1)))
    assert_same_run(make_em_run(typed), make_em_run(TEN_POINTS))


def test_a_partition_of_another_number_of_groups_says_which_k_to_choose():
    sentence = refusal(make_em_run, replace(TEN_POINTS, partition="partition2"))
    assert "The second partition has 3 groups" in sentence
    assert "K is 2" in sentence
    assert "set K to 3" in sentence


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ("", "0 labels"),
        ("1", "1 label,"),
        ("1 2 1 2 1 2 1 2 1", "9 labels"),
        ("1 2 1 2 1 2 1 2 1 3", "from 1 to K = 2"),
        ("1 2 1 2 1 2 1 2 1 0", "from 1 to K = 2"),
        ("1 2 1 2 1 2 1 2 1 1.5", "from 1 to K = 2"),
    ],
)
def test_typed_labels_that_do_not_fit_are_told(labels, told):
    sentence = refusal(make_em_run, replace(TEN_POINTS, partition="typed", labels=labels))
    assert told in sentence
    assert ("there are 10 values" in sentence) == ("label" in told)


# Seeds of their own


@pytest.mark.parametrize(
    "settings",
    [
        *(EMSettings(data="two-bumps", initialization=name, seed=3, max_iter=5) for name in SEEDED),
        EMSettings(data="generated", data_seed=2, max_iter=5),
    ],
    ids=lambda settings: f"{settings.data}-{settings.initialization}",
)
def test_the_same_settings_give_the_same_run_of_em_bit_for_bit(settings):
    assert_same_run(make_em_run(settings), make_em_run(settings))


@pytest.mark.parametrize("initialization", STARTS)
def test_the_same_settings_give_the_same_run_of_als_bit_for_bit(initialization):
    settings = ALSSettings(matrix="low-rank", initialization=initialization, max_sweeps=5)
    assert_same_run(make_als_run(settings), make_als_run(settings))


@pytest.mark.parametrize("initialization", ["random-partition", "random-responsibilities"])
def test_the_data_seed_draws_other_data_but_the_same_start(initialization):
    settings = EMSettings(data="two-bumps", initialization=initialization)
    one, other = make_em_run(settings), make_em_run(replace(settings, data_seed=1))
    assert (one.sample.values != other.sample.values).all()
    assert one.start_labels.tobytes() == other.start_labels.tobytes()
    assert one.trace.weights[0].tobytes() == other.trace.weights[0].tobytes()


def test_the_seed_draws_another_start_on_the_same_data():
    settings = EMSettings(data="two-bumps")
    one, other = make_em_run(settings), make_em_run(replace(settings, seed=1))
    assert one.sample.values.tobytes() == other.sample.values.tobytes()
    assert one.trace.means[0].tolist() != other.trace.means[0].tolist()


def test_the_mask_seed_hides_other_entries_but_leaves_the_matrix_and_the_start():
    settings = ALSSettings(matrix="low-rank")
    one, other = make_als_run(settings), make_als_run(replace(settings, mask_seed=5))
    assert (one.masked.mask != other.masked.mask).any()
    assert one.problem.values.tobytes() == other.problem.values.tobytes()
    assert one.trace.rights[0].tobytes() == other.trace.rights[0].tobytes()


def test_the_start_seed_draws_another_factor_for_the_same_observed_entries():
    settings = ALSSettings(matrix="low-rank")
    one, other = make_als_run(settings), make_als_run(replace(settings, seed=2))
    assert one.masked.observed.values.tobytes() == other.masked.observed.values.tobytes()
    assert one.masked.mask.tobytes() == other.masked.mask.tobytes()
    assert (one.trace.rights[0] != other.trace.rights[0]).all()


def test_the_problem_seed_draws_another_matrix_but_leaves_the_mask_and_the_start():
    settings = ALSSettings(matrix="low-rank")
    one, other = make_als_run(settings), make_als_run(replace(settings, matrix_seed=1))
    assert (one.problem.values != other.problem.values).all()
    assert one.masked.mask.tobytes() == other.masked.mask.tobytes()
    assert one.trace.rights[0].tobytes() == other.trace.rights[0].tobytes()


# Generated data


def test_generated_data_follows_what_is_typed():
    settings = EMSettings(
        data="generated", true_weights="0.9 0.1", true_means="-5 5", true_deviations="1 2", n_points=500, data_seed=4
    )
    sample = make_em_run(settings).sample
    expected = generate_sample([0.9, 0.1], [-5.0, 5.0], [1.0, 2.0], n_points=500, seed=4)
    assert sample.values.tobytes() == expected.values.tobytes()
    assert sample.truth.weights.tolist() == [0.9, 0.1]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"true_weights": "0.5 0.3 0.3"}, "1.1"),
        ({"true_weights": "0.5 0.5"}, "2 weights"),
        ({"true_deviations": "1 1 -1"}, "deviation"),
        ({"true_weights": "", "true_means": "", "true_deviations": ""}, "0 components"),
    ],
)
def test_a_true_mixture_that_is_none_is_told(typed, told):
    assert told in refusal(make_em_run, EMSettings(data="generated", **typed))


# Bounds that only the data can set


def test_more_components_than_values_is_told():
    sentence = refusal(make_em_run, EMSettings(data="own", n_components=4), own_sample([1.0, 2.0, 4.0]))
    assert "K is 4" in sentence
    assert "3 values" in sentence


def test_a_rank_above_the_smaller_side_is_told():
    matrix = own_matrix(np.arange(20.0).reshape(4, 5))
    sentence = refusal(make_als_run, ALSSettings(matrix="own", rank=5, seen=100), matrix)
    assert "The rank is 5" in sentence
    assert "4×5" in sentence
    assert "at most 4" in sentence
    assert make_als_run(ALSSettings(matrix="own", rank=4, seen=100), matrix).trace.lefts.shape[2] == 4


def test_a_mask_that_hides_everything_is_told():
    matrix = own_matrix([[1.0, 2.0], [3.0, 5.0]])
    assert "not one entry is observed" in refusal(make_als_run, ALSSettings(matrix="own", seen=5, rank=1), matrix)


# The user's own data


def test_own_data_is_what_the_run_is_made_of():
    sample = own_sample([1.0, 1.5, 4.0, 4.25, 9.0], "petals")
    run = make_em_run(EMSettings(data="own", n_components=2), sample)
    assert run.sample is sample
    problem = own_matrix([[1.0, np.nan, 3.0], [4.0, 5.0, 6.5]])
    assert make_als_run(ALSSettings(matrix="own", rank=1, seen=100), problem).problem is problem


def test_own_data_does_not_stand_in_for_other_data():
    sample = own_sample([1.0, 1.5, 4.0, 4.25, 9.0])
    assert make_em_run(EMSettings(data="galaxies", max_iter=1), sample).sample.name == "galaxies"
    problem = own_matrix([[1.0, 2.0], [4.0, 5.0]])
    assert make_als_run(ALSSettings(max_sweeps=1), problem).problem.name == "checkerboard"


def test_own_data_that_a_link_could_not_bring_along_is_told():
    for make, settings in ((make_em_run, EMSettings(data="own")), (make_als_run, ALSSettings(matrix="own"))):
        assert "a link cannot carry" in refusal(make, settings)
