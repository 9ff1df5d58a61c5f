"""One run of many in short, as an address names it: its start, where all else is the same for all of them.

random-points:17       EM: initialization and seed
means:2.1,3.4          EM: means placed by hand; means: for evenly spread ones
partition:1121212212   EM: labels typed by hand, one digit each, or with commas between them
partition:partition2   EM: a partition that comes with the data
gaussian:3:5           ALS: initialization, seed and mask seed
"""

import re
from dataclasses import replace
from typing import TypeVar

from explorer.errors import InputError, quoted
from explorer.settings.records import settings_of
from explorer.settings.runs import ALSSettings, EMSettings, RunSettings

Run = TypeVar("Run", EMSettings, ALSSettings)

_EXAMPLES = {EMSettings: "random-points:17", ALSSettings: "gaussian:3:5"}
_SEEDS = {EMSettings: ("seed",), ALSSettings: ("seed", "mask_seed")}


def write_run(settings: RunSettings) -> str:
    """Return the start of a run in short."""
    if isinstance(settings, EMSettings) and settings.initialization == "means":
        return f"means:{','.join(_words(settings.means))}"
    if isinstance(settings, EMSettings) and settings.initialization == "partition":
        return f"partition:{_write_labels(settings.labels) if settings.partition == 'typed' else settings.partition}"
    seeds = [getattr(settings, name) for name in _SEEDS[type(settings)]]
    return ":".join([settings.initialization, *map(str, seeds)])


def read_run(text: str, base: Run) -> Run:
    """Return the settings of the run that was written in short; what it does not say is as in `base`.

    Raises InputError where the text names no run.
    """
    described = settings_of(type(base))
    initialization, *rest = text.split(":")
    if not rest:
        raise InputError(f"{quoted(text)} names no run; write its start and seed, such as {_EXAMPLES[type(base)]}.")
    changes = {"initialization": described["initialization"].read(initialization)}
    if isinstance(base, EMSettings) and initialization == "means":
        changes["means"] = ", ".join(_words(":".join(rest)))
    elif isinstance(base, EMSettings) and initialization == "partition":
        changes |= _read_partition(":".join(rest), base)
    else:
        names = _SEEDS[type(base)]
        if len(rest) != len(names):
            labels = " and ".join(described[name].label.lower() for name in names)
            raise InputError(f"{quoted(text)} must name {labels}, such as {_EXAMPLES[type(base)]}.")
        changes |= {name: described[name].read(part) for name, part in zip(names, rest, strict=True)}
    return replace(base, **changes)


def _read_partition(text: str, base: EMSettings) -> dict[str, str]:
    given = settings_of(EMSettings)["partition"].options
    if text in given and text != "typed":
        return {"partition": text}
    if "," not in text and not re.fullmatch(r"[0-9]*", text):
        known = ", ".join(name for name in given if name != "typed")
        raise InputError(f"{quoted(text)} is no partition; write {known}, or one label a point, such as 1121212212.")
    return {"partition": "typed", "labels": " ".join(_words(text) if "," in text else text)}


def _write_labels(text: str) -> str:
    """One digit each where that is enough; the comma after a label that stands alone tells it from its digits."""
    labels = _words(text)
    if re.fullmatch(r"[0-9]*", "".join(labels)) and max(map(len, labels), default=1) == 1:
        return "".join(labels)
    return ",".join(labels) if len(labels) > 1 else f"{labels[0]},"


def _words(text: str) -> list[str]:
    return text.replace(",", " ").replace(";", " ").split()
