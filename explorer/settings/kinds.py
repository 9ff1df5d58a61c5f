"""The kinds of settings: what a value may be, and how a link writes it."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from explorer.errors import InputError, quoted

_LONGEST_TEXT = 2_000


@dataclass(frozen=True)
class Whole:
    """A whole number between two bounds.

    usual: where its slider ends; None for `high`. Larger values come from a link or from Python.
    """

    label: str
    url: str
    low: int
    high: int
    help: str
    usual: int | None = None

    def check(self, value: Any) -> int:
        """Return `value`, or raise InputError when it is not a whole number within the bounds."""
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not self.low <= value <= self.high:
            raise InputError(
                f"{self.label} is {quoted(value)}, but must be a whole number from {self.low} to {self.high}."
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
            raise InputError(f"{self.label} is {quoted(value)}, but must be one of {known}.")
        return value

    def read(self, text: str) -> Any:
        """Read the value from a link."""
        written = (option for option in self.options if self.write(option) == text or _same_number(option, text))
        return self.check(next(written, text))

    def write(self, value: Any) -> str:
        """Write the value into a link."""
        return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Several:
    """Some of a few values, at least one, each with a name for people; a tuple in the order of the options."""

    label: str
    url: str
    options: Mapping[str, str]
    help: str

    def check(self, value: Any) -> tuple[str, ...]:
        """Return `value`, or raise InputError when it is not a tuple of distinct options in their order."""
        known = list(self.options)
        if not isinstance(value, tuple) or not value or [each for each in known if each in value] != list(value):
            raise InputError(
                f"{self.label} is {quoted(value)}, but must be one or more of {', '.join(known)}, in this order."
            )
        return value

    def in_order(self, values: Iterable[Any]) -> tuple[str, ...]:
        """Return the values, each once and in the order of the options, or raise InputError for an unknown one."""
        chosen = list(values)
        unknown = next((value for value in chosen if value not in list(self.options)), None)
        if unknown is not None:
            raise InputError(f"{self.label}: {quoted(unknown)} is not among {', '.join(self.options)}.")
        return self.check(tuple(option for option in self.options if option in chosen))

    def read(self, text: str) -> tuple[str, ...]:
        """Read the values from a link, separated by commas."""
        return self.in_order(text.split(","))

    def write(self, value: tuple[str, ...]) -> str:
        """Write the values into a link."""
        return ",".join(value)


@dataclass(frozen=True)
class Switch:
    """On or off."""

    label: str
    url: str
    help: str

    def check(self, value: Any) -> bool:
        """Return `value`, or raise InputError when it is neither True nor False."""
        if not isinstance(value, bool):
            raise InputError(f"{self.label} is {quoted(value)}, but must be on (1) or off (0).")
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
                raise InputError(f"{self.label}: {quoted(word)} is not a number; write numbers such as 1, 2.5, 4.")
            numbers.append(number)
        return tuple(numbers)

    def read(self, text: str) -> str:
        """Read the value from a link."""
        return self.check(text)

    def write(self, value: str) -> str:
        """Write the value into a link."""
        return value


Setting = Whole | Choice | Several | Switch | Numbers


def _same_number(option: Any, text: str) -> bool:
    """Whether a number is written in another way: 1e-6 for 1e-06."""
    try:
        return isinstance(option, float) and float(text) == option
    except ValueError:
        return False


def described(default: Any, setting: Setting) -> Any:
    """Return the field of a settings record that has this default and is described so."""
    return field(default=default, metadata={"setting": setting})


def powers(*exponents: int) -> dict[float, str]:
    """Return powers of ten, each with its name, such as 10⁻⁶."""
    superscripts = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    return {10.0**exponent: f"10{str(exponent).translate(superscripts)}" for exponent in exponents}
