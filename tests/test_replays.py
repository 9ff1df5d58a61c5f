"""A run in short: written and read back it is the same run, and nonsense is told in a sentence."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.completion import STARTS
from explorer.errors import InputError
from explorer.mixture import STRATEGIES
from explorer.settings import ALSSettings, EMSettings, read_run, write_run

SEEDS = st.integers(0, 99_999)
BY_HAND = ("means", "partition")
DRAWN = st.sampled_from([name for name in STRATEGIES if name not in BY_HAND])
NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(repr) | st.integers(-99, 99).map(str)
LABELS = st.lists(st.integers(1, 10).map(str), max_size=30).map(" ".join)
EM_BASE = EMSettings(data="galaxies", n_components=4, rtol=1e-8, seed=12)
ALS_BASE = ALSSettings(matrix="votes", rank=3, seen=60, ridge=0.1)


@given(DRAWN, SEEDS)
def test_a_drawn_start_of_em_is_its_name_and_its_seed(initialization, seed):
    run = replace(EM_BASE, initialization=initialization, seed=seed)
    assert write_run(run) == f"{initialization}:{seed}"
    assert read_run(write_run(run), EM_BASE) == run


@given(st.lists(NUMBERS, max_size=10))
def test_means_placed_by_hand_come_back_to_the_last_digit(numbers):
    run = replace(EM_BASE, initialization="means", means=", ".join(numbers))
    assert read_run(write_run(run), EM_BASE) == run


@given(LABELS)
def test_labels_typed_by_hand_come_back(labels):
    run = replace(EM_BASE, initialization="partition", partition="typed", labels=labels)
    assert read_run(write_run(run), EM_BASE) == run


@pytest.mark.parametrize("partition", ["partition1", "partition2"])
def test_a_partition_of_the_data_comes_back(partition):
    run = replace(EM_BASE, initialization="partition", partition=partition)
    assert read_run(write_run(run), EM_BASE) == run


@given(st.sampled_from(list(STARTS)), SEEDS, SEEDS)
def test_a_start_of_als_is_its_name_and_both_seeds(initialization, seed, mask_seed):
    run = replace(ALS_BASE, initialization=initialization, seed=seed, mask_seed=mask_seed)
    assert write_run(run) == f"{initialization}:{seed}:{mask_seed}"
    assert read_run(write_run(run), ALS_BASE) == run


@pytest.mark.parametrize(
    ("settings", "short"),
    [
        (EMSettings(initialization="random-points", seed=17), "random-points:17"),
        (EMSettings(initialization="means", means="2.1; 3.4"), "means:2.1,3.4"),
        (EMSettings(initialization="means"), "means:"),
        (EMSettings(initialization="partition", partition="typed", labels="1, 1 2"), "partition:112"),
        (EMSettings(initialization="partition", partition="typed", labels="1 10 2"), "partition:1,10,2"),
        (EMSettings(initialization="partition", partition="typed", labels="10"), "partition:10,"),
        (EMSettings(initialization="partition"), "partition:partition1"),
        (ALSSettings(initialization="gaussian", seed=3, mask_seed=5), "gaussian:3:5"),
    ],
)
def test_short_forms(settings, short):
    assert write_run(settings) == short


@given(st.text(max_size=60) | st.tuples(DRAWN | st.sampled_from(BY_HAND), st.text(max_size=30)).map(":".join))
def test_whatever_an_address_says_is_a_run_or_a_sentence(text):
    for base in (EM_BASE, ALS_BASE):
        try:
            run = read_run(text, base)
        except InputError as error:
            assert str(error).endswith(".")
        else:
            assert read_run(write_run(run), base) == run


@pytest.mark.parametrize(
    ("text", "base", "told"),
    [
        ("", EM_BASE, "such as random-points:17"),
        ("random-points", EM_BASE, "“random-points” names no run"),
        ("nonsense:3", EM_BASE, "Initialization is “nonsense”"),
        ("random-points:x", EM_BASE, "Seed is “x”"),
        ("random-points:100000", EM_BASE, "from 0 to 99999"),
        ("random-points:1:2", EM_BASE, "must name seed, such as"),
        ("means:1,two", EM_BASE, "“two” is not a number"),
        ("partition:12a", EM_BASE, "“12a” is no partition"),
        ("partition:typed", EM_BASE, "“typed” is no partition"),
        ("gaussian:3", ALS_BASE, "must name seed and mask seed, such as gaussian:3:5"),
        ("gaussian:3:-1", ALS_BASE, "Mask seed is -1"),
        ("random-points:17", ALS_BASE, "Initialization is “random-points”"),
    ],
)
def test_what_names_no_run_is_told(text, base, told):
    with pytest.raises(InputError, match=r"\.$") as error:
        read_run(text, base)
    assert told in str(error.value)
