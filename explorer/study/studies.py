"""A study, the batches of runs that it is made in, and nothing of how: what a plan holds and a worker is given."""

from dataclasses import dataclass

from explorer.datasets import MatrixProblem, Sample
from explorer.settings import StudySettings

Problem = Sample | MatrixProblem


@dataclass(frozen=True, eq=False)
class Study:
    """A study's settings, with the data that they name."""

    settings: StudySettings
    problem: Problem

    @property
    def kind(self) -> str:
        """The name of its kind in `kinds.KINDS`."""
        return self.settings.kind

    @property
    def own(self) -> Problem | None:
        """What a user brought, where the study is on that."""
        return self.problem if self.settings.uses_own_data else None


@dataclass(frozen=True)
class Batch:
    """Runs of one study that a worker makes together: one initialization (and mask), consecutive seeds.

    study: the index of the study in its plan. mask_seed: None for EM.
    """

    study: int
    initialization: str
    mask_seed: int | None
    seeds: range
