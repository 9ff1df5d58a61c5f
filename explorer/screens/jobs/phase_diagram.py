"""A phase diagram in the making, shared by all who look at it: what has finished stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from explorer.screens.jobs.job import Job
from explorer.screens.jobs.tasks import make_cells
from explorer.settings import ALSStudySettings
from explorer.study.phase import PhaseAxes, PhaseCell, phase_cells


class PhaseDiagram(Job):
    """`cells` are those that have finished, of `n_cells`."""

    def __init__(self, settings: ALSStudySettings, axes: PhaseAxes):
        super().__init__(make_cells, asked=True)
        self.axes = axes
        self.n_cells = len(phase_cells(axes))
        self.cells: list[PhaseCell] = []
        self._settings = settings

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the cells made so far, as every level has cells of all costs; None before the first."""
        return self.seconds / len(self.cells) * (self.n_cells - len(self.cells)) if self.cells else None

    def begin(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        done = tuple((cell.seen, getattr(cell, self.axes.name)) for cell in self.cells)
        return make_cells, (self._settings, self.axes, done)

    def take(self, told: Sequence[PhaseCell]) -> None:
        self.cells += told
