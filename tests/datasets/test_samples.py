"""The samples: sizes and published figures of the measured ones, the known truth of the generated ones."""

import csv
from importlib.resources import files

import numpy as np
import pytest
from scipy import stats

from explorer.datasets import SAMPLES, Column, Sample, TrueMixture, generate_sample, load_sample, own_sample
from explorer.datasets.generators import DATA_STREAM, MASK_STREAM, random_stream
from explorer.errors import InputError

SIZES = {
    "faithful-eruptions": 272,
    "faithful-waiting": 272,
    "galaxies": 82,
    "ten-points": 10,
    "two-bumps": 4000,
    "three-components": 25_500,
    "iris-petal-length": 150,
    "penguins-flipper-length": 342,
    "generated": 1000,
}


def test_samples_are_listed_in_display_order():
    assert list(SAMPLES) == list(SIZES)


@pytest.mark.parametrize("name", SIZES)
def test_every_sample_loads_and_says_what_it_is(name):
    sample, source = load_sample(name), SAMPLES[name]
    assert sample.points.shape == (SIZES[name], sample.d) == (SIZES[name], len(sample.columns))
    assert np.isfinite(sample.points).all()
    assert all(column.name for column in sample.columns)
    assert (sample.name, sample.label, sample.about) == (
        source.name,
        source.label,
        source.about,
    ) and sample.source
    assert source.uses_seed == (sample.truth is not None)


@pytest.mark.parametrize("name", SIZES)
def test_values_cannot_be_changed_by_accident(name):
    with pytest.raises(ValueError, match="read-only"):
        load_sample(name).points[0] = 0.0
    with pytest.raises(ValueError, match="read-only"):
        load_sample(name).values[0] = 0.0


def test_points_on_a_line_are_there_as_values_too_and_those_in_the_plane_are_not():
    line = Sample("line", "Line", (Column("x", "cm"),), [1, 2, 3], "", "")
    assert (line.d, line.unit, line.points.tolist(), line.values.tolist()) == (1, "cm", [[1], [2], [3]], [1, 2, 3])
    plane = Sample("plane", "Plane", (Column("x", "cm"), Column("y", "s")), np.zeros((5, 2)), "", "")
    assert (plane.d, plane.points.shape) == (2, (5, 2))
    for what in ("values", "unit"):
        with pytest.raises(InputError, match=r"^“Plane” has 2 columns; choose a sample with one for this\.$"):
            getattr(plane, what)


@pytest.mark.parametrize("points", [np.zeros((5, 3)), np.zeros(5), np.zeros((5, 2, 1)), 1.0])
def test_points_need_a_name_for_each_column(points):
    with pytest.raises(InputError, match=r"^The points of “Plane” .* give \(n, d\) numbers and a name for each"):
        Sample("plane", "Plane", (Column("x"), Column("y")), points, "", "")


@pytest.mark.parametrize("name", SIZES)
def test_a_seed_gives_the_same_bits_again_and_another_seed_others(name):
    first, again, other = (load_sample(name, seed).values for seed in (3, 3, 4))
    assert first.tobytes() == again.tobytes()
    assert (first.tobytes() == other.tobytes()) != SAMPLES[name].uses_seed


@pytest.mark.parametrize(
    ("name", "unit", "mean", "deviation"),
    [  # as R's mean() and sd() print them for faithful, MASS::galaxies, iris and palmerpenguins
        ("faithful-eruptions", "minutes", 3.487783, 1.141371),
        ("faithful-waiting", "minutes", 70.89706, 13.59497),
        ("galaxies", "km/s", 20828.17, 4563.758),
        ("iris-petal-length", "cm", 3.758, 1.765298),
        ("penguins-flipper-length", "mm", 200.9152, 14.06171),
    ],
)
def test_measured_samples_have_the_published_mean_and_deviation(name, unit, mean, deviation):
    sample = load_sample(name)
    assert sample.unit == unit
    assert sample.values.mean() == pytest.approx(mean, rel=1e-6)
    assert sample.values.std(ddof=1) == pytest.approx(deviation, rel=1e-6)


def test_penguins_that_were_not_measured_are_left_out_and_that_is_said():
    text = files("explorer.datasets").joinpath("files/penguins.csv").read_text(encoding="utf-8")
    birds = list(csv.DictReader(text.splitlines()))
    blank = sum(bird["flipper_length_mm"] == "" for bird in birds)
    sample = load_sample("penguins-flipper-length")
    assert (len(birds), blank, len(sample.values)) == (344, 2, 342)
    assert "2 of the 344" in sample.about


def test_galaxy_78_is_26690_as_in_the_published_file():
    assert load_sample("galaxies").values[77] == 26690


def test_ten_points_carry_the_printed_partitions_of_td2():
    sample = load_sample("ten-points")
    np.testing.assert_array_equal(sample.values, [-3.3, -4.4, -1.9, 3.3, 2.5, 3.2, 0.3, 0.1, -0.1, -0.5])
    assert sample.partitions == {
        "partition1": (1, 1, 1, 2, 2, 2, 2, 2, 1, 1),
        "partition2": (1, 3, 2, 1, 3, 2, 1, 3, 2, 1),
    }


def test_two_bumps_are_two_thousand_draws_each_as_in_lecture_19():
    sample = load_sample("two-bumps", seed=1)
    for values, mean in ((sample.values[:2000], -2), (sample.values[2000:], 2)):
        assert stats.kstest(values, stats.norm(mean, 1).cdf).pvalue > 0.001
    # The lecture prints -2.07 and 2.00 for its own draw.
    np.testing.assert_allclose(np.percentile(sample.values, [25, 75]), [-2.0, 2.0], atol=0.15)


@pytest.mark.parametrize("name", ["two-bumps", "three-components", "generated"])
def test_generated_samples_follow_their_truth(name):
    sample = load_sample(name, seed=2)
    truth = sample.truth
    assert truth.weights.sum() == pytest.approx(1)

    def cdf(x):
        return stats.norm.cdf((x[:, None] - truth.means) / truth.deviations) @ truth.weights

    assert stats.kstest(sample.values, cdf).pvalue > 0.001


def test_true_density_is_the_weighted_sum_of_normal_densities():
    truth = TrueMixture(weights=[0.2, 0.8], means=[-1, 3], deviations=[0.5, 2])
    x = np.linspace(-5, 10, 7)
    expected = 0.2 * stats.norm.pdf(x, -1, 0.5) + 0.8 * stats.norm.pdf(x, 3, 2)
    np.testing.assert_allclose(truth.density(x), expected, rtol=1e-13)


def test_generated_sample_with_its_default_truth_is_the_listed_one():
    assert generate_sample(seed=5).values.tobytes() == load_sample("generated", 5).values.tobytes()


def test_generated_sample_can_be_edited():
    sample = generate_sample([0.5, 0.5], [0, 100], [1, 1], n_points=300, seed=0)
    assert sample.values.shape == (300,)
    assert not ((sample.values > 10) & (sample.values < 90)).any()
    np.testing.assert_array_equal(sample.truth.means, [0, 100])


def test_data_mask_and_start_of_the_same_seed_share_no_random_number():
    data, mask = (random_stream(0, stream).standard_normal(1000) for stream in (DATA_STREAM, MASK_STREAM))
    start = np.random.default_rng(0).standard_normal(1000)
    assert len(np.unique(np.concatenate([data, mask, start]))) == 3000


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"weights": [0.5, 0.4, 0.2]}, "The weights add up to 1.1; change them so that they add up to 1."),
        ({"weights": [1.5, -0.5, 0]}, "The weight -0.5 is negative; weights must be 0 or larger."),
        ({"deviations": [1, 0, 1]}, "The deviation 0 is too small; make it larger than 0."),
        (
            {"means": [0, 1]},
            "There are 3 weights, 2 means and 3 deviations; give every component one of each.",
        ),
        ({"means": [0, 1, float("nan")]}, "The means must be finite: remove missing and infinite values."),
        ({"means": [0, 1, 1e60]}, "The means must be at most 1e+50 in size: choose another unit."),
        ({"means": [0, 1, "x"]}, "The means must be numbers, in rows of equal length."),
        ({"means": 3.0}, "The means must be a list of numbers, one for every component."),
        ({"n_points": 0}, "The number of points must be a whole number from 1 to 20000; got 0."),
        ({"n_points": 20_001}, "The number of points must be a whole number from 1 to 20000; got 20001."),
        ({"n_points": 2.5}, "The number of points must be a whole number from 1 to 20000; got 2.5."),
        ({"seed": -1}, "The seed must be a whole number of at least 0; got -1."),
        ({"seed": 0.5}, "The seed must be a whole number of at least 0; got 0.5."),
    ],
)
def test_a_generator_that_cannot_be_is_refused_in_one_sentence(settings, sentence):
    with pytest.raises(InputError) as error:
        generate_sample(**settings)
    assert str(error.value) == sentence


@pytest.mark.parametrize("n_components", [0, 11])
def test_a_generator_has_one_to_ten_components(n_components):
    with pytest.raises(InputError, match=rf"^There are {n_components} components; give 1 to 10\.$"):
        generate_sample([1 / max(n_components, 1)] * n_components, [0] * n_components, [1] * n_components)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(InputError, match=r"^There is no sample “irises”: choose one of faithful-eruptions, "):
        load_sample("irises")


def test_own_values_become_a_sample_and_missing_ones_are_mentioned():
    sample = own_sample([3, 1, 2], "heights", n_missing=4)
    np.testing.assert_array_equal(sample.values, [3, 1, 2])
    assert (sample.label, sample.truth) == ("heights", None)
    assert sample.about == "3 values that you brought; 4 missing left out."


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([], "The data has no numbers; at least 2 are needed."),
        ([7], "The data has only one number, 7; at least 2 are needed."),
        ([7, 7, 7], "The data has only one distinct value, 7; at least 2 are needed."),
        ([1, float("nan")], "The data has nan as value 2; all values must be finite numbers."),
        ([float("-inf"), 1], "The data has -inf as value 1; all values must be finite numbers."),
        ([1, -1e60], "The data has -1e+60, which is too large: no number may exceed 1e+50."),
        ([1e-200, 2e-200], "The data has values too close together to tell apart; use a smaller unit."),
        ([[1, 2], [3, 4]], "The data must be one list of numbers, not 2-dimensional; choose one column."),
        (["a", "b"], "The data must be numbers, in rows of equal length."),
        (
            np.arange(20_001),
            "The data has 20,001 values and the limit is 20,000; bring a smaller part of it.",
        ),
    ],
)
def test_own_values_that_cannot_be_used_are_refused_in_one_sentence(values, sentence):
    with pytest.raises(InputError) as error:
        own_sample(values)
    assert str(error.value) == sentence
