"""Figures as words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.words import about, clock_time, counted, number, percent, plural, spelled


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0 %"),
        (0.0004, "< 0.1 %"),
        (0.001, "0.1 %"),
        (0.0123, "1.2 %"),
        (0.0994, "9.9 %"),
        (0.0996, "10 %"),
        (0.1, "10 %"),
        (0.125, "12 %"),
        (0.5, "50 %"),
        (0.99, "99 %"),
        (0.9949, "99.5 %"),
        (0.99999, "99.9 %"),
        (1, "100 %"),
    ],
)
def test_a_share_in_per_cent(share, words):
    assert percent(share) == words


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_some_is_never_told_as_none_and_most_never_as_all(share):
    assert percent(share) not in ("0 %", "0.0 %", "100 %", "100.0 %")


@given(st.floats(0, 1), st.floats(0, 1))
def test_what_is_told_is_the_share_up_to_its_last_digit_and_keeps_the_order(one, other):
    def told(share):
        return 0.05 if percent(share).startswith("<") else float(percent(share).removesuffix(" %"))

    for share in (one, other):
        last_digit = 10.0 ** -len(re.sub(r"^\d+\.?", "", f"{told(share):g}")) if told(share) != 0.05 else 0.1
        assert abs(told(share) - 100 * share) <= max(last_digit, 0.1 if share > 0.99 else 0) / 2 + 0.05
    assert (told(one) <= told(other)) == (percent(one) == percent(other) or one < other)


def test_a_number_has_thin_spaces_and_a_true_minus_sign():
    assert number(-1234567.891, 2) == "−1\u202f234\u202f567.89"
    assert number(-263.94) == "−263.9"
    assert number(1000, 0) == "1\u202f000"


@given(st.floats(-1e9, 1e9, allow_nan=False), st.integers(0, 4))
def test_a_number_is_read_back(value, digits):
    read = float(number(value, digits).replace("\u202f", "").replace("−", "-"))
    assert read == pytest.approx(value, abs=0.51 * 10.0**-digits)


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (4000, "4\u202f000 runs")]
)  # fmt: skip
def test_a_count_with_its_noun(count, words):
    assert counted(count, "run") == words


def test_a_noun_and_a_small_number_in_words():
    assert [f"{spelled(count)} {plural(count, 'mask')}" for count in (0, 1, 9, 10)] == [
        "no masks",
        "one mask",
        "nine masks",
        "10 masks",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (754, "12:34"), (18367, "5:06:07")]
)
def test_durations(seconds, words):
    assert clock_time(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "a second"),
        (7.4, "7 seconds"),
        (89, "89 seconds"),
        (90, "2 minutes"),
        (754, "13 minutes"),
        (9000, "2.5 hours"),
    ],
)
def test_durations_that_are_estimated(seconds, words):
    assert about(seconds) == f"about {words}"
