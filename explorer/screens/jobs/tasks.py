"""What the workers do for the pages. Every function and argument can be pickled, and nothing here knows Streamlit."""

from __future__ import annotations

from collections.abc import Callable, Container, Generator, Iterator, Sequence
from typing import Any

import pandas as pd

from explorer.datasets import MatrixProblem, Sample
from explorer.runs import ALSRun, EMRun, als_run_in_slices, em_run_in_slices, sample_of
from explorer.settings import ALSSettings, ALSStudySettings, EMSettings, RunSettings
from explorer.slices import Slices, retold
from explorer.study.beyond import BeyondALS, BeyondEM, Ends, beyond_als, beyond_em, ends_of_starts
from explorer.study.phase import PhaseAxes, PhaseCell, iterate_phase
from explorer.study.studies import Batch, Study
from explorer.study.work import make_batch, one_thread

Words = Generator[str, None, Any]


# How a run is made in slices, and what is told of each.
_RUNS = {
    "em": (em_run_in_slices, "Running EM: {:,} of at most {:,} iterations"),
    "als": (als_run_in_slices, "Running ALS: {:,} of at most {:,} sweeps"),
}


def make_run(settings: RunSettings, own: Sample | MatrixProblem | None) -> Words:
    """Make a run that takes long; its trace is that of `make_em_run` or `make_als_run`."""
    in_slices, words = _RUNS[settings.kind]
    return retold(in_slices(settings, own), words.format)


def find_ends(settings: EMSettings, own: Sample | None) -> Generator[str, None, Ends]:
    """Find out where other starts end; of the settings only those matter that concern them."""
    return (yield from ends_of_starts(sample_of(settings, own).values, settings))


def go_beyond_em(run: EMRun, settings: EMSettings, ends: Ends) -> Generator[str, None, BeyondEM]:
    """Find out how far a run is from its own limit and from the best of other starts, whose ends are known."""

    def known() -> Generator[str, None, Ends]:
        yield from ()
        return ends

    return (yield from beyond_em(run, settings, known()))


def go_beyond_als(run: ALSRun, settings: ALSSettings) -> Generator[str, None, BeyondALS]:
    """Find out whether the mask determines the matrix, and where ALS could have ended."""
    return (yield from beyond_als(run, settings))


def make_batches(study: Study, batches: Sequence[tuple[int, Batch]]) -> Iterator[tuple[int, pd.DataFrame]]:
    """Make batches of a study one after the other; yields the index that came with each, and its runs."""
    for index, batch in batches:
        yield index, make_batch(study, batch)


def make_cells(settings: ALSStudySettings, axes: PhaseAxes, done: Container[tuple[int, float]]) -> Iterator[PhaseCell]:
    """Make the cells of a phase diagram that are not done; yields each."""
    cells = iterate_phase(settings, axes, done=done)
    while True:
        with one_thread():
            cell = next(cells, None)
        if cell is None:
            return
        yield cell


def in_shares(what: str, function: Callable[..., Slices[Any]], *args: Any) -> Words:
    """Do what a function does that works in slices, telling how far it is: `what`, and which share of it is done."""
    return retold(function(*args), lambda finished, of_all: f"{what}, {finished / max(1, of_all):.0%}")


def alone(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function with one thread for linear algebra."""
    with one_thread():
        return function(*args)
