"""The table of settings: its bounds hold in Python and in a link, and a link says exactly what is not the default."""

from dataclasses import FrozenInstanceError, fields, replace
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import settings as search
from hypothesis import strategies as st

from explorer.errors import InputError
from explorer.settings import (
    ALSSettings,
    ALSStudySettings,
    Choice,
    EMSettings,
    EMStudySettings,
    Numbers,
    Several,
    Switch,
    Whole,
    read_query,
    run_of_study,
    settings_of,
    shown,
    write_query,
)

KINDS = (EMSettings, ALSSettings, EMStudySettings, ALSStudySettings)
EVERY_SETTING = [
    pytest.param(kind, name, setting, id=f"{kind.__name__}.{name}")
    for kind in KINDS
    for name, setting in settings_of(kind).items()
]
# What the players keep in the URL beside the settings.
OF_THE_PLAYERS = {f"{panel}_{what}" for panel in ("em", "als") for what in ("step", "speed", "loop")} | {
    "link",
    "hide",
    "present",
}
NUMBERS = st.floats(-1e6, 1e6).map(repr) | st.integers(-999, 999).map(str)


def allowed(setting):
    """Values that the setting must accept."""
    match setting:
        case Whole():
            return st.integers(setting.low, setting.high)
        case Choice():
            return st.sampled_from(list(setting.options))
        case Several():
            return st.sets(st.sampled_from(list(setting.options)), min_size=1).map(setting.in_order)
        case Switch():
            return st.booleans()
        case Numbers():
            separators = st.sampled_from([" ", ",", ", ", "; ", "\n"])
            return st.builds(str.join, separators, st.lists(NUMBERS, max_size=12))


def of_kind(kind):
    """Any settings of a kind."""
    return st.builds(kind, **{name: allowed(setting) for name, setting in settings_of(kind).items()})


def forbidden(setting):
    """Values that the setting must refuse."""
    match setting:
        case Whole():
            return [
                setting.low - 1,
                setting.high + 1,
                setting.low + 0.5,
                float(setting.low),
                True,
                str(setting.low),
                None,
            ]
        case Choice():
            return ["nonsense", 0.123, True, None, [], {}]
        case Several():
            first, *_, last = setting.options
            return [(), (last, first), (first, first), ("nonsense",), [first], first, None, True]
        case Switch():
            return [0, 1, "1", None]
        case Numbers():
            return ["1 two", "nan", "1 inf", "-inf", "1 " * 1001, 3.0, None, (1.0, 2.0)]


@pytest.mark.parametrize(("kind", "name", "setting"), EVERY_SETTING)
def test_a_value_out_of_bounds_is_refused_with_a_sentence_that_names_the_setting(kind, name, setting):
    for value in forbidden(setting):
        with pytest.raises(InputError) as refusal:
            kind(**{name: value})
        sentence = str(refusal.value)
        assert sentence.startswith(setting.label)
        assert sentence.endswith(".")


@pytest.mark.parametrize(("kind", "name", "setting"), EVERY_SETTING)
def test_a_value_within_bounds_is_kept_as_it_is(kind, name, setting):
    ends = {Whole: ("low", "high")}.get(type(setting), ())
    options = list(getattr(setting, "options", ()))
    values = [(option,) for option in options] if isinstance(setting, Several) else options
    for value in [*(getattr(setting, end) for end in ends), *values]:
        assert getattr(kind(**{name: value}), name) == value


def test_the_sentence_about_a_number_says_what_it_is_and_both_bounds():
    with pytest.raises(InputError, match=r"^K is 11, but must be a whole number from 1 to 10\.$"):
        EMSettings(n_components=11)


def test_the_sentence_about_a_choice_lists_what_there_is():
    with pytest.raises(InputError, match="k-means") as refusal:
        EMSettings(initialization="kmeans")
    assert "“kmeans”" in str(refusal.value)


def test_bounds_hold_for_a_changed_copy_too_and_settings_cannot_be_changed_in_place():
    with pytest.raises(InputError, match="Rank is 0"):
        replace(ALSSettings(), rank=0)
    with pytest.raises(FrozenInstanceError):
        ALSSettings().rank = 3


@pytest.mark.parametrize("kind", KINDS)
@search(max_examples=50, deadline=None)
@given(data=st.data())
def test_settings_come_back_from_their_link(kind, data):
    settings = data.draw(of_kind(kind))
    written = {name: text for name, text in write_query(settings).items() if text is not None}
    link = urlencode(written)
    assert read_query(kind, dict(parse_qsl(link, keep_blank_values=True))) == (settings, [])


@pytest.mark.parametrize("kind", KINDS)
@search(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_link_names_every_setting_and_leaves_out_the_defaults(kind, data):
    settings = data.draw(of_kind(kind))
    entries = write_query(settings)
    described = settings_of(kind)
    default = kind()
    assert set(entries) == {setting.url for setting in described.values()}
    for name, setting in described.items():
        assert (entries[setting.url] is None) == (getattr(settings, name) == getattr(default, name))


@pytest.mark.parametrize("kind", KINDS)
def test_the_defaults_make_an_empty_link_and_an_empty_link_makes_the_defaults(kind):
    assert set(write_query(kind()).values()) == {None}
    assert read_query(kind, {}) == (kind(), [])


@pytest.mark.parametrize("of_a_page", [(EMSettings, ALSSettings), (EMStudySettings, ALSStudySettings)])
def test_names_in_the_link_belong_to_one_thing_each(of_a_page):
    names = [setting.url for kind in of_a_page for setting in settings_of(kind).values()]
    assert len(names) == len(set(names))
    assert not OF_THE_PLAYERS & set(names)


@pytest.mark.parametrize("kind", KINDS)
@search(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_link_s_wrong_values_are_named_one_by_one_and_the_rest_applies(kind, data):
    settings, described = data.draw(of_kind(kind)), settings_of(kind)
    wrong = data.draw(st.sets(st.sampled_from(sorted(described))))
    query = {}
    for each in fields(kind):
        setting = described[each.name]
        query[setting.url] = "wr0ng!" if each.name in wrong else setting.write(getattr(settings, each.name))
    read, problems = read_query(kind, query)
    default = kind()
    assert read == replace(settings, **{name: getattr(default, name) for name in wrong})
    assert len(problems) == len(wrong)
    for name, problem in zip((each.name for each in fields(kind) if each.name in wrong), problems, strict=True):
        assert problem.startswith(described[name].label)
        assert "“wr0ng!”" in problem


@pytest.mark.parametrize(
    "text",
    ["11", "0", "-3", "3.0", "3e0", "0x3", "+3", " 3", "", "٣", "three", "1_0", "--3", "9" * 5000],
)
def test_a_whole_number_in_a_link_is_digits_within_the_bounds_and_nothing_else(text):
    settings, problems = read_query(EMSettings, {"k": text})
    assert settings == EMSettings()
    assert len(problems) == 1
    assert len(problems[0]) < 200


@pytest.mark.parametrize("text", ["true", "on", "", "2", "01"])
def test_a_switch_in_a_link_is_0_or_1(text):
    settings, problems = read_query(EMSettings, {"ghost": text})
    assert settings == EMSettings()
    assert len(problems) == 1
    assert read_query(EMSettings, {"ghost": "0"}) == (EMSettings(ghost=False), [])


def test_entries_of_others_in_a_link_are_left_alone():
    query = {"rank": "99", "em_step": "x", "utm_source": "mail", "k": "4"}
    assert read_query(EMSettings, query) == (EMSettings(n_components=4), [])


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", ()),
        ("  \n ", ()),
        ("2", (2.0,)),
        ("1, 2.5; -4", (1.0, 2.5, -4.0)),
        ("1 2.5\n-4e1", (1.0, 2.5, -40.0)),
        (",1,,2,", (1.0, 2.0)),
    ],
)
def test_a_typed_list_is_numbers_between_blanks_commas_or_semicolons(text, numbers):
    assert settings_of(EMSettings)["means"].parse(text) == numbers


@search(max_examples=50, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20))
def test_a_typed_list_keeps_every_digit(numbers):
    assert settings_of(EMSettings)["means"].parse(" ".join(map(repr, numbers))) == tuple(numbers)


@pytest.mark.parametrize("word", ["two", "nan", "inf", "-Infinity", "1e999", "0x1", "1/2", "1_5"])
def test_a_typed_list_names_the_first_word_that_is_not_a_number(word):
    with pytest.raises(InputError) as refusal:
        settings_of(EMSettings)["labels"].parse(f"1 2 {word} 3 four")
    assert str(refusal.value).startswith("Labels")
    assert f"“{word}”" in str(refusal.value)


@search(max_examples=50, deadline=None)
@given(st.text(max_size=100))
def test_any_text_either_is_a_typed_list_or_raises_one_sentence(text):
    try:
        EMSettings(means=text)
    except InputError as refusal:
        assert len(str(refusal)) < 200


@search(max_examples=50, deadline=None)
@given(of_kind(EMSettings))
def test_the_switches_of_the_picture_are_no_part_of_the_run(settings):
    look = {"soft", "ghost", "truth"}
    of_the_run = settings.of_the_run()
    for each in fields(EMSettings):
        expected = each.default if each.name in look else getattr(settings, each.name)
        assert getattr(of_the_run, each.name) == expected


def test_all_settings_of_als_are_part_of_the_run():
    settings = ALSSettings(rank=4, mask_seed=9)
    assert settings.of_the_run() == settings


def test_a_choice_has_a_name_for_people():
    assert shown(EMSettings(rtol=1e-6), "rtol") == "10⁻⁶"
    assert shown(EMSettings(rtol=0.0), "rtol") == "0, never"
    assert shown(ALSSettings(initialization="spectral"), "initialization") == "Spectral"


def test_several_values_are_taken_in_any_order_and_kept_in_one():
    setting = settings_of(EMStudySettings)["initializations"]
    assert setting.read("k-means++,random-points") == ("random-points", "k-means++")
    with pytest.raises(InputError, match=r"^Initializations: “kmeans” is not among random-partition, "):
        setting.read("k-means++,kmeans")
    with pytest.raises(InputError, match="must be one or more of"):
        EMStudySettings(initializations=())


def test_a_run_of_a_study_is_a_run_of_the_explore_page():
    study = EMStudySettings(data="galaxies", n_components=4, structure="tied", rtol=1e-8, max_iter=700)
    run = run_of_study(study, "k-means++", 17)
    assert run == EMSettings(
        data="galaxies", n_components=4, structure="tied", rtol=1e-8, max_iter=700, initialization="k-means++", seed=17
    )
    study = ALSStudySettings(matrix="generated", rank=3, seen=40, ridge=0.0)
    assert run_of_study(study, "spectral", 2, mask_seed=9) == ALSSettings(
        matrix="generated", rank=3, seen=40, ridge=0.0, initialization="spectral", seed=2, mask_seed=9
    )


@pytest.mark.parametrize(
    ("settings", "changed"),
    [
        (EMSettings(), {"structure": "tied", "rtol": 1e-8, "max_iter": 7, "variance_floor": 1e-3, "at_floor": "hold"}),
        (EMStudySettings(), {"structure": "tied", "rtol": 0.0, "max_iter": 7, "at_floor": "hold"}),
        (ALSSettings(), {"rank": 3, "ridge": 1.0, "rtol": 1e-3, "max_sweeps": 9}),
        (ALSStudySettings(), {"rank": 3, "ridge": 1.0, "rtol": 1e-3, "max_sweeps": 9}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_option_that_is_a_setting_reaches_the_run(settings, changed):
    """An option is one field of the record and one row of the table: nothing between them names it."""
    options = replace(settings, **changed).options()
    assert {name: getattr(options, name) for name in changed} == changed
    assert settings.options() != options
    shared = {each.name for each in fields(options)} & set(settings_of(type(settings)))
    assert set(changed) <= shared


def test_settings_that_contradict_each_other_are_told_when_they_are_used():
    with pytest.raises(InputError, match="choose a variance floor above 0"):
        EMSettings(variance_floor=0.0, at_floor="hold").options()
