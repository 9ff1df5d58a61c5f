"""Every setting once: its label, help, bounds, default and name in the URL.

A settings record is a frozen dataclass whose fields carry their own description; the same description validates a
widget, a link, the command line and a Python call.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from explorer.completion import STARTS
from explorer.datasets import MATRICES, SAMPLES
from explorer.errors import InputError
from explorer.mixture import STRATEGIES

OWN = "own"  # the data that a user brought; it lives in that user's session only

_LONGEST_TEXT = 2_000


@dataclass(frozen=True)
class Whole:
    """A whole number between two bounds."""

    label: str
    url: str
    low: int
    high: int
    help: str

    def check(self, value: Any) -> int:
        """Return `value`, or raise InputError when it is not a whole number within the bounds."""
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not self.low <= value <= self.high:
            raise InputError(
                f"{self.label} is {_quoted(value)}, but must be a whole number from {self.low} to {self.high}."
            )
        return value

    def read(self, text: str) -> int:
        """Read the value from a link."""
        digits = text.removeprefix("-")
        return self.check(int(text) if digits.isascii() and digits.isdigit() and len(digits) < 10 else text)

    def write(self, value: int) -> str:
        """Write the value into a link."""
        return str(value)


@dataclass(frozen=True)
class Choice:
    """One of a few values, each with a name for people."""

    label: str
    url: str
    options: Mapping[Any, str]
    help: str

    def check(self, value: Any) -> Any:
        """Return `value`, or raise InputError when it is not among the options."""
        if isinstance(value, bool) or value not in list(self.options):
            known = ", ".join(self.write(option) for option in self.options)
            raise InputError(f"{self.label} is {_quoted(value)}, but must be one of {known}.")
        return value

    def read(self, text: str) -> Any:
        """Read the value from a link."""
        written = (option for option in self.options if self.write(option) == text or _same_number(option, text))
        return self.check(next(written, text))

    def write(self, value: Any) -> str:
        """Write the value into a link."""
        return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Switch:
    """On or off."""

    label: str
    url: str
    help: str

    def check(self, value: Any) -> bool:
        """Return `value`, or raise InputError when it is neither True nor False."""
        if not isinstance(value, bool):
            raise InputError(f"{self.label} is {_quoted(value)}, but must be on (1) or off (0).")
        return value

    def read(self, text: str) -> bool:
        """Read the value from a link."""
        return self.check({"1": True, "0": False}.get(text, text))

    def write(self, value: bool) -> str:
        """Write the value into a link."""
        return str(int(value))


@dataclass(frozen=True)
class Numbers:
    """A short list of numbers, typed as text: it is kept as typed and read when it is used."""

    label: str
    url: str
    help: str

    def check(self, value: Any) -> str:
        """Return `value`, or raise InputError when it is not a list of finite numbers (an empty list is allowed)."""
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
            raise InputError(f"{self.label} must be a short list of numbers, such as 1, 2.5, 4.")
        self.parse(value)
        return value

    def parse(self, text: str) -> tuple[float, ...]:
        """Return the numbers in `text`, separated by commas or spaces."""
        if len(text.split()) > 1 and any(re.fullmatch(r"-?\d+,\d+", word) for word in text.split()):
            raise InputError(f"{self.label}: write decimals with a point, such as 0.5; a comma separates numbers.")
        numbers = []
        for word in text.replace(",", " ").replace(";", " ").split():
            try:
                number = math.nan if "_" in word else float(word)  # Python would read 1_5 as 15
            except ValueError:
                number = math.nan
            if not math.isfinite(number):
                raise InputError(f"{self.label}: “{word[:40]}” is not a number; write numbers such as 1, 2.5, 4.")
            numbers.append(number)
        return tuple(numbers)

    def read(self, text: str) -> str:
        """Read the value from a link."""
        return self.check(text)

    def write(self, value: str) -> str:
        """Write the value into a link."""
        return value


Setting = Whole | Choice | Switch | Numbers


def _same_number(option: Any, text: str) -> bool:
    """Whether a number is written in another way: 1e-6 for 1e-06."""
    try:
        return isinstance(option, float) and float(text) == option
    except ValueError:
        return False


def _quoted(value: Any) -> str:
    return f"“{value[:40]}”" if isinstance(value, str) else repr(value)


def _setting(default: Any, setting: Setting) -> Any:
    return field(default=default, metadata={"setting": setting})


def _powers(*exponents: int) -> dict[float, str]:
    superscripts = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    return {10.0**exponent: f"10{str(exponent).translate(superscripts)}" for exponent in exponents}


class _Settings:
    """What both settings records share."""

    def __post_init__(self) -> None:
        for name, setting in settings_of(type(self)).items():
            setting.check(getattr(self, name))


Kind = TypeVar("Kind", bound=_Settings)


def settings_of(kind: type) -> dict[str, Setting]:
    """Return the description of every field of a settings record, by field name."""
    return {each.name: each.metadata["setting"] for each in fields(kind)}


def shown(settings: _Settings, name: str) -> str:
    """Return the name that people read for the value of a choice."""
    return settings_of(type(settings))[name].options[getattr(settings, name)]


def read_query(kind: type[Kind], query: Mapping[str, str]) -> tuple[Kind, list[str]]:
    """Read a link's entries: the settings, and one sentence for every entry that is wrong (the rest applies)."""
    settings, problems = kind(), []
    for name, setting in settings_of(kind).items():
        if setting.url not in query:
            continue
        try:
            settings = replace(settings, **{name: setting.read(query[setting.url])})
        except InputError as error:
            problems.append(f"{str(error).removesuffix('.')} ({setting.url} in the address).")
    return settings, problems


def unknown_entries(query: Mapping[str, str]) -> list[str]:
    """Return one sentence for every entry of a link that no setting and no player reads."""
    known = {setting.url for kind in (EMSettings, ALSSettings) for setting in settings_of(kind).values()}
    known |= _PLAYER_ENTRIES | _STREAMLIT_ENTRIES
    return [f"“{name[:40]}” is not a setting of this page." for name in query if name not in known]


# What the players keep in the address themselves (js/panel.js, js/present.js), and what Streamlit reads there.
_PLAYER_ENTRIES = {f"{panel}_{entry}" for panel in ("em", "als") for entry in ("step", "speed", "loop")}
_PLAYER_ENTRIES |= {"link", "hide", "present"}
_STREAMLIT_ENTRIES = {"embed", "embed_options"}


def write_query(settings: _Settings) -> dict[str, str | None]:
    """Return a link's entries; None for a setting at its default, which a link leaves out."""
    entries: dict[str, str | None] = {}
    for each in fields(settings):
        setting, value = each.metadata["setting"], getattr(settings, each.name)
        entries[setting.url] = None if value == each.default else setting.write(value)
    return entries


def _written(numbers: Iterable[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


_TOLERANCES = {**_powers(-2, -3, -4, -5, -6, -7, -8, -10), 0.0: "0, never"}
_TRUTH = SAMPLES["generated"].truth
_ALL_SEEDS = "The same seed gives the same run, bit for bit."


@dataclass(frozen=True)
class EMSettings(_Settings):
    """What determines a run of EM, and how its picture is drawn."""

    data: str = _setting(
        "faithful-eruptions",
        Choice(
            "Data",
            "data",
            {name: source.label for name, source in SAMPLES.items()} | {OWN: "Your data"},
            "What the mixture is fitted to.",
        ),
    )
    data_seed: int = _setting(0, Whole("Data seed", "data_seed", 0, 999, f"Draws generated data anew. {_ALL_SEEDS}"))
    true_weights: str = _setting(
        _written(_TRUTH.weights),
        Numbers("True weights", "true_weights", "One weight a component; they must add up to 1."),
    )
    true_means: str = _setting(_written(_TRUTH.means), Numbers("True means", "true_means", "One mean a component."))
    true_deviations: str = _setting(
        _written(_TRUTH.deviations),
        Numbers("True deviations", "true_deviations", "One standard deviation a component."),
    )
    n_points: int = _setting(1000, Whole("Points", "points", 10, 5000, "How many points are drawn."))
    n_components: int = _setting(3, Whole("K", "k", 1, 10, "How many Gaussian components the mixture has."))
    initialization: str = _setting(
        "random-points",
        Choice(
            "Initialization",
            "init",
            {name: strategy.label for name, strategy in STRATEGIES.items()},
            "How the first responsibilities are made.",
        ),
    )
    seed: int = _setting(0, Whole("Seed", "seed", 0, 999, f"Draws the start anew. {_ALL_SEEDS}"))
    partition: str = _setting(
        "partition1",
        Choice(
            "Partition",
            "partition",
            {"partition1": "first partition", "partition2": "second partition", "typed": "type my own"},
            "The given partition that the run starts from.",
        ),
    )
    labels: str = _setting(
        "", Numbers("Labels", "labels", "One label from 1 to K for every point, in the order of the data.")
    )
    means: str = _setting(
        "",
        Numbers(
            "Means",
            "means",
            "K means in the data's unit; left empty they are spread evenly over the data's range.",
        ),
    )
    rtol: float = _setting(
        1e-6,
        Choice(
            "Tolerance",
            "tol",
            _TOLERANCES,
            "EM stops when the log-likelihood changes by less than this share of it.",
        ),
    )
    max_iter: int = _setting(
        200,
        Whole("Max iterations", "iterations", 1, 1000, "EM stops after this many iterations at the latest."),
    )
    variance_floor: float = _setting(
        1e-6,
        Choice(
            "Variance floor",
            "floor",
            {0.0: "off"} | _powers(-10, -8, -6, -4, -3, -2),
            "As a share of the data's variance. A component that falls to it is degenerate: the run stops.",
        ),
    )
    soft: bool = _setting(
        False,
        Switch(
            "Soft colours",
            "soft",
            "Blend the points' colours by responsibility instead of the hard assignment.",
        ),
    )
    ghost: bool = _setting(
        True,
        Switch("Density before the step", "ghost", "In the M step, leave the previous density as a dotted line."),
    )
    truth: bool = _setting(
        False, Switch("True density", "truth", "Overlay the density that generated data was drawn from.")
    )

    @property
    def uses_own_data(self) -> bool:
        """Whether the run is on data that the user brought."""
        return self.data == OWN

    def of_the_run(self) -> "EMSettings":
        """Return the settings with the switches of the picture at their defaults: they do not change the run."""
        return replace(self, soft=EMSettings.soft, ghost=EMSettings.ghost, truth=EMSettings.truth)

    def of_other_starts(self) -> "EMSettings":
        """Return the settings with the start and its stop at their defaults: they do not concern other starts."""
        own = ("initialization", "seed", "partition", "labels", "means", "rtol", "max_iter")
        return replace(self.of_the_run(), **{name: getattr(EMSettings, name) for name in own})


@dataclass(frozen=True)
class ALSSettings(_Settings):
    """What determines a run of ALS."""

    matrix: str = _setting(
        "checkerboard",
        Choice(
            "Matrix",
            "matrix",
            {name: source.label for name, source in MATRICES.items()} | {OWN: "Your matrix"},
            "The matrix to complete.",
        ),
    )
    matrix_seed: int = _setting(
        0, Whole("Problem seed", "problem_seed", 0, 999, f"Draws a generated matrix anew. {_ALL_SEEDS}")
    )
    rank: int = _setting(2, Whole("Rank", "rank", 1, 10, "How many columns the factors X and Y have."))
    seen: int = _setting(25, Whole("Seen, %", "seen", 5, 100, "With this probability an available entry is observed."))
    initialization: str = _setting(
        "gaussian",
        Choice(
            "Initialization",
            "als_init",
            {name: start.label for name, start in STARTS.items()},
            "How the first factor Y is made; X is solved for at once.",
        ),
    )
    seed: int = _setting(1, Whole("Seed", "als_seed", 0, 999, f"Draws the first factor anew. {_ALL_SEEDS}"))
    mask_seed: int = _setting(
        4, Whole("Mask seed", "mask_seed", 0, 999, f"Draws anew which entries are observed. {_ALL_SEEDS}")
    )
    ridge: float = _setting(
        0.01,
        Choice(
            "Ridge λ",
            "ridge",
            {0.0: "0"} | {10.0**e: f"{10.0**e:g}" for e in range(-4, 2)},
            "Weight of the penalty λ/2 (|X|² + |Y|²).",
        ),
    )
    rtol: float = _setting(
        1e-5,
        Choice(
            "Tolerance",
            "als_tol",
            _TOLERANCES,
            "ALS stops when a whole sweep lowers the objective by less than this share of ½|P(A)|².",
        ),
    )
    max_sweeps: int = _setting(
        100, Whole("Max sweeps", "sweeps", 1, 500, "ALS stops after this many sweeps at the latest.")
    )

    @property
    def uses_own_data(self) -> bool:
        """Whether the run is on a matrix that the user brought."""
        return self.matrix == OWN

    def of_the_run(self) -> "ALSSettings":
        """Return the settings: all of them change the run."""
        return self
