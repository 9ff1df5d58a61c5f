"""The settings of a study: many runs on the same problem, which differ in their start."""

from dataclasses import dataclass

from explorer.completion import STARTS
from explorer.mixture import STRATEGIES
from explorer.settings.kinds import Several, Whole, described
from explorer.settings.records import settings_of
from explorer.settings.runs import ALSSettings, CompletionSettings, EMSettings, MixtureSettings, RunSettings

_EM, _ALS = settings_of(EMSettings), settings_of(ALSSettings)
# What is placed or given by hand is one start, not many.
_DRAWN = {name: each.label for name, each in STRATEGIES.items() if name not in ("partition", "means")}


@dataclass(frozen=True)
class EMStudySettings(MixtureSettings):
    """What determines a study of EM: every initialization with `n_starts` seeds from `first_seed` on.

    An initialization that draws nothing has one start only.
    """

    max_iter: int = described(1000, _EM["max_iter"])
    initializations: tuple[str, ...] = described(
        ("random-partition", "random-responsibilities", "random-points", "k-means++"),
        Several("Initializations", "inits", _DRAWN, "The ways to start that are compared."),
    )
    n_starts: int = described(
        200, Whole("Starts each", "starts", 1, 10_000, "How many seeds each initialization gets.", usual=1000)
    )
    first_seed: int = described(0, _EM["seed"])


@dataclass(frozen=True)
class ALSStudySettings(CompletionSettings):
    """What determines a study of ALS: every initialization, with each of `n_masks` mask seeds and `n_starts` seeds."""

    initializations: tuple[str, ...] = described(
        ("gaussian",),
        Several(
            "Initializations",
            "als_inits",
            {name: each.label for name, each in STARTS.items()},
            "The ways to make the first factor Y that are compared.",
        ),
    )
    n_starts: int = described(
        50, Whole("Starts", "als_starts", 1, 10_000, "How many seeds each mask gets.", usual=1000)
    )
    first_seed: int = described(0, _ALS["seed"])
    n_masks: int = described(4, Whole("Masks", "masks", 1, 10_000, "How many masks are drawn.", usual=100))
    first_mask_seed: int = described(0, _ALS["mask_seed"])


StudySettings = EMStudySettings | ALSStudySettings


def run_of_study(study: StudySettings, initialization: str, seed: int, mask_seed: int = 0) -> RunSettings:
    """Return the settings of one run of a study, which the Explore page replays as it was."""
    shared = {name: getattr(study, name) for name in settings_of(type(study)) if name not in _OF_STUDIES}
    if isinstance(study, EMStudySettings):
        return EMSettings(**shared, initialization=initialization, seed=seed)
    return ALSSettings(**shared, initialization=initialization, seed=seed, mask_seed=mask_seed)


_OF_STUDIES = {"initializations", "n_starts", "first_seed", "n_masks", "first_mask_seed"}
