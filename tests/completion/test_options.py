"""The record of options: checked once, and a new option is one field and one setting."""

from dataclasses import FrozenInstanceError, dataclass, fields, replace

import numpy as np
import pytest

from explorer.completion import ALSOptions, run_als
from explorer.completion.options import options_of
from explorer.datasets import load_matrix, split
from explorer.errors import InputError
from explorer.runs import make_als_run
from explorer.settings import ALSSettings, ALSStudySettings
from explorer.settings.kinds import Switch, described


@dataclass(frozen=True)
class OneMoreSetting(ALSSettings):
    """What a developer adds to make an option a setting: one row of the table."""

    ridge_per_entry: bool = described(False, Switch("Ridge per entry", "per_entry", "Penalise each entry."))


def test_an_option_reaches_a_run_by_one_row_of_the_settings_table():
    settings = OneMoreSetting(ridge=0.1, ridge_per_entry=True)
    masked = split(load_matrix(settings.matrix), settings.seen / 100, settings.mask_seed)
    expected = run_als(masked.observed, 2, ridge=0.1, ridge_per_entry=True, seed=settings.seed)
    made = make_als_run(settings).trace
    assert np.array_equal(made.final.left, expected.final.left)
    assert not np.array_equal(made.final.left, make_als_run(replace(settings, ridge_per_entry=False)).trace.final.left)


@pytest.mark.parametrize("settings", [ALSSettings(), ALSStudySettings()])
def test_the_defaults_of_settings_and_options_agree(settings):
    assert settings.options() == ALSOptions(2)


def test_settings_that_are_options_are_handed_on():
    settings = ALSSettings(rank=3, ridge=1.0, rtol=1e-8, max_sweeps=7)
    assert settings.options() == ALSOptions(3, 1.0, False, 7, 1e-8)


def test_a_call_means_a_record_or_its_fields():
    options = ALSOptions(3, ridge=0.5)
    assert options_of(ALSOptions, 3, {"ridge": 0.5}) == options_of(ALSOptions, options, {}) == options
    assert options_of(ALSOptions, options, {"rtol": 0.0}) == replace(options, rtol=0.0)


def test_a_record_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        ALSOptions(2).ridge = 1.0


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"rank": 0}, "rank must be a whole number from 1 to 100; got 0"),
        ({"rank": 101}, "from 1 to 100; got 101"),
        ({"rank": True}, "rank must be a whole number"),
        ({"ridge": np.nan}, "ridge must be a number from 0"),
        ({"ridge_per_entry": 1}, "must be True or False"),
        ({"max_sweeps": 10_001}, "sweeps must be a whole number from 0 to 10000"),
        ({"rtol": 1}, "tolerance must be a number of at least 0 and below 1"),
    ],
)
def test_an_option_out_of_its_bounds_is_refused_by_the_record(wrong, sentence):
    assert set(wrong) <= {field.name for field in fields(ALSOptions)}
    with pytest.raises(InputError, match=sentence):
        ALSOptions(**({"rank": 2} | wrong))
