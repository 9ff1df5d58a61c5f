"""What a plan file may say, what it is refused for, and which runs come of it."""

import pytest

from explorer.datasets import own_matrix, own_sample
from explorer.errors import InputError
from explorer.settings import ALSStudySettings, EMStudySettings
from explorer.study.plans import (
    BATCH_RUNS,
    Plan,
    as_table,
    plan_of,
    plan_of_settings,
    read_plan,
    settings_in,
    study_of,
    uses_own_data,
)


def settings_of_plan(text: str):
    return [study.settings for study in read_plan(text).studies]


def test_a_plan_that_says_only_its_kind_is_one_study_at_the_defaults():
    assert settings_of_plan('kind = "em"') == [EMStudySettings()]
    assert settings_of_plan('kind = "als"') == [ALSStudySettings()]


def test_a_list_makes_a_study_for_each_value_and_lists_for_each_combination_the_last_one_turning_fastest():
    studies = settings_of_plan('kind = "em"\nn_components = [3, 2]\nrtol = [1e-6, 1e-8]\nn_starts = 5')
    assert [(each.n_components, each.rtol) for each in studies] == [(3, 1e-6), (3, 1e-8), (2, 1e-6), (2, 1e-8)]
    assert {each.n_starts for each in studies} == {5}


def test_initializations_are_compared_within_a_study_in_the_apps_order():
    (study,) = settings_of_plan('kind = "em"\ninitializations = ["k-means++", "random-points", "k-means++"]')
    assert study.initializations == ("random-points", "k-means++")
    (study,) = settings_of_plan('kind = "em"\ninitializations = "k-means++"')
    assert study.initializations == ("k-means++",)


def test_numbers_that_belong_together_are_one_value_and_lists_of_them_are_several():
    (study,) = settings_of_plan('kind = "em"\ndata = "generated"\ntrue_means = [-4, 0.5, 5]')
    assert study.true_means == "-4, 0.5, 5"
    studies = settings_of_plan('kind = "em"\ndata = "generated"\ntrue_means = [[-4, 0, 5], "-1, 0, 1"]')
    assert [each.true_means for each in studies] == ["-4, 0, 5", "-1, 0, 1"]


def test_a_whole_number_may_stand_for_one_with_a_point():
    studies = settings_of_plan('kind = "als"\nridge = [0, 1]\nnoise = 1')
    assert [each.ridge for each in studies] == [0.0, 1.0]
    assert all(type(each.ridge) is float and type(each.noise) is float for each in studies)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("kind = ", "The plan is not a TOML file: "),
        ("[" * 2_000, "The plan is not a TOML file: "),
        ("n_components = 3", 'The plan does not say what to study; write kind = "em" or kind = "als".'),
        ("kind = 3", "The plan's kind is 3;"),
        ('kind = ["em"]', "The plan's kind is ['em'];"),
        ('kind = "em"\nK = 3', "“K” is not a setting of a study of EM; there are data, "),
        ('kind = "als"\nn_components = 3', "“n_components” is not a setting of a study of ALS; there are matrix, "),
        ('kind = "em"\nseed = 3', "“seed” is not a setting"),
        ('kind = "em"\nn_components = 3.0', "from 1 to 10 (n_components in the plan)."),
        ('kind = "em"\nn_components = "3"', "K is “3”, but must be a whole number"),
        ('kind = "em"\nn_components = true', "K is True, but must be a whole number"),
        ('kind = "em"\nn_components = [2, 99]', "K is 99, but must be a whole number"),
        ('kind = "em"\nn_components = {a = 1}', "K is {'a': 1}, but must be a whole number"),
        ('kind = "em"\nn_components = [[2]]', "K is [2], but must be a whole number"),
        ('kind = "em"\nn_components = 2026-01-01', "K is datetime.date(2026, 1, 1), but must be"),
        ('kind = "em"\nn_components = []', "K (n_components): the list is empty."),
        ('kind = "em"\nrtol = 2', "Tolerance is 2, but must be one of "),
        ('kind = "em"\nrtol = nan', "Tolerance is nan, but must be one of "),
        ('kind = "em"\nrtol = true', "Tolerance is True, but must be one of "),
        ('kind = "em"\ndata = "faithful"', "Data is “faithful”, but must be one of "),
        ('kind = "em"\ninitializations = []', "Initializations is (), but must be one or more of "),
        ('kind = "em"\ninitializations = ["means"]', "Initializations: “means” is not among "),
        ('kind = "em"\ninitializations = 3', "Initializations: 3 is not among "),
        ('kind = "em"\ndata = "generated"\ntrue_means = [1, "x"]', "True means must be a short list of numbers"),
        ('kind = "em"\ndata = "generated"\ntrue_means = [1, 2]', "means"),
        ('kind = "em"\ndata = "own"', "Your own data is not here"),
        ('kind = "em"\ndata = "ten-points"\nn_components = 10\nfile = "x"', "names a file, which only"),
        ('kind = "als"\nmatrix = "generated"\nn_rows = 5\nrank = 6', "5×40"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_plan_is_said_in_a_sentence(text, sentence):
    with pytest.raises(InputError) as refused:
        read_plan(text)
    assert sentence in str(refused.value)


def test_too_many_runs_studies_seeds_or_numbers_are_refused_before_anything_is_loaded():
    many = list(range(100_000))
    for table, sentence in (
        ({"n_starts": [10_000] * 200}, "The plan has 8,000,000 runs; a plan may have 1,000,000. Split it."),
        ({"first_seed": many}, "The plan's lists make 100,000 studies; a plan may have 10,000."),
        ({"first_seed": many, "n_starts": many}, "The plan's lists make 10,000,000,000 studies"),
        ({"first_seed": 99_999, "n_starts": 2}, "The last seed would be 100,000, but seeds end at 99,999"),
        ({"data": "three-components", "data_seed": list(range(1000)), "n_starts": 1}, "more than 20,000,000 numbers"),
    ):
        with pytest.raises(InputError, match=sentence):
            plan_of({"kind": "em"} | table)
    with pytest.raises(InputError, match="The last mask seed would be 100,000"):
        plan_of({"kind": "als", "first_mask_seed": 99_999, "n_masks": 2})


def test_settings_that_do_not_fit_the_data_are_refused():
    with pytest.raises(InputError, match="K is 4, but there are only 3 values; lower K"):
        plan_of({"kind": "em", "data": "own", "n_components": [2, 4]}, own_sample([1, 2, 4]))
    with pytest.raises(InputError, match="The rank is 3, but the matrix is 2×3; choose at most 2"):
        plan_of({"kind": "als", "matrix": "own", "rank": 3}, own_matrix([[1, 2, 3], [4, 5, 6]]))


def test_studies_on_the_same_data_share_it():
    plan = plan_of({"kind": "em", "data": ["galaxies", "ten-points"], "n_components": [2, 3]})
    galaxies, again, ten, _ = [study.problem for study in plan.studies]
    assert galaxies is again
    assert galaxies is not ten


def test_a_plan_holds_studies_of_one_kind_and_one_set_of_own_data():
    with pytest.raises(InputError, match="holds no study"):
        plan_of_settings([])
    with pytest.raises(InputError, match="all of ALS"):
        plan_of_settings([EMStudySettings(), ALSStudySettings()])
    brought = [study_of(EMStudySettings(data="own", n_components=2), own_sample([1, 2, n])) for n in (3, 4)]
    with pytest.raises(InputError, match="different data of your own"):
        Plan(tuple(brought))
    assert Plan((brought[0],)).own is brought[0].problem
    assert plan_of({"kind": "em"}).own is None


def test_batches_are_all_runs_once_in_the_order_of_studies_initializations_masks_and_seeds():
    plan = plan_of({"kind": "em", "n_components": [2, 3], "n_starts": 300, "first_seed": 7,
                    "initializations": ["random-points", "quantiles"]})  # fmt: skip
    runs = [(batch.study, batch.initialization, seed) for batch in plan.batches for seed in batch.seeds]
    drawn = [("random-points", seed) for seed in range(7, 307)]
    # What draws nothing has one start.
    assert sorted(runs) == sorted((study, *run) for study in (0, 1) for run in [*drawn, ("quantiles", 7)])
    assert [run[0] for run in runs] == sorted(run[0] for run in runs)
    assert plan.n_runs == len(runs) == 602

    plan = plan_of({"kind": "als", "n_masks": 2, "n_starts": 3})
    runs = [(batch.mask_seed, seed) for batch in plan.batches for seed in batch.seeds]
    assert runs == [(mask, seed) for mask in (0, 1) for seed in (0, 1, 2)]
    assert plan.n_runs == 6


def test_a_batch_has_fewer_runs_where_each_is_more_work():
    small = plan_of({"kind": "em", "n_starts": 1000, "initializations": "random-points"})
    large = plan_of({"kind": "em", "n_starts": 1000, "initializations": "random-points", "data": "three-components"})
    assert len(small.batches[0].seeds) == BATCH_RUNS
    assert len(large.batches[0].seeds) < 10


@pytest.mark.parametrize("settings", [EMStudySettings(n_components=5), ALSStudySettings(ridge=0.0, n_masks=7)])
def test_settings_are_written_as_a_table_that_reads_back(settings):
    assert settings_in(as_table(settings)) == settings


def test_own_data_may_be_one_of_several():
    assert uses_own_data({"kind": "em", "data": ["galaxies", "own"]})
    assert uses_own_data({"kind": "als", "matrix": "own"})
    assert not uses_own_data({"kind": "em"})
    assert not uses_own_data({"kind": "als", "data": "own"})
