"""A phase diagram in the making, shared by all who look at it: what has finished stays."""

from __future__ import annotations

import time
from collections.abc import Generator

from explorer.screens.investigation import Investigation
from explorer.settings import ALSStudySettings
from explorer.study.phase import PhaseAxes, PhaseCell, iterate_phase, phase_cells
from explorer.study.work import one_thread


class PhaseDiagram(Investigation):
    """`cells` are those that have finished, of `n_cells`."""

    def __init__(self, settings: ALSStudySettings, axes: PhaseAxes):
        self.axes = axes
        self.n_cells = len(phase_cells(axes))
        self.cells: list[PhaseCell] = []
        self.seconds = 0.0
        super().__init__(self._make(settings))

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the cells made so far, as every level has cells of all costs; None before the first."""
        return self.seconds / len(self.cells) * (self.n_cells - len(self.cells)) if self.cells else None

    def _make(self, settings: ALSStudySettings) -> Generator[str, None, tuple[PhaseCell, ...]]:
        cells = iterate_phase(settings, self.axes)
        while True:
            began = time.monotonic()
            with one_thread():
                cell = next(cells, None)
            if cell is None:
                return tuple(self.cells)
            self.cells.append(cell)
            self.seconds += time.monotonic() - began
            yield f"{len(self.cells)} of {self.n_cells} cells"
