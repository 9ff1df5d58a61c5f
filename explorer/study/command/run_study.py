"""What `explorer study` does: a plan file in, the results out, without a screen."""

import logging
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from pathlib import Path

import pandas as pd

from explorer import endings
from explorer.errors import InputError, place
from explorer.study.command.cluster import dask_executor
from explorer.study.command.journal import Journal, folder_of, open_journal
from explorer.study.command.locks import held
from explorer.study.command.processes import n_cores, process_pool
from explorer.study.command.progress import ProgressLine
from explorer.study.files.plan_file import load_plan
from explorer.study.files.writing import write_file
from explorer.study.outcomes import add_outcomes
from explorer.study.results import Results, format_of, results_as_bytes
from explorer.study.work import iterate_batches, joined


def run_study(plan_path: Path, out: Path, *, n_workers: int | None, dask: str | None, overwrite: bool) -> None:
    """Run the plan at `plan_path`, or what is left of it, and write the results to `out`.

    n_workers: None for one a core. dask: the address of a scheduler, whose workers are used instead.
    Raises InputError that says what is wrong, and KeyboardInterrupt; what is finished then stays on the disk.
    """
    format = format_of(out)  # before the work, not after it
    _check_place(out, overwrite)
    plan, voice = load_plan(plan_path), endings.Voice(sys.stdout)
    with held(out.with_name(f".{out.name}.lock"), place(out)):
        _check_place(out, overwrite)  # whoever held it may have finished
        with closing(open_journal(folder_of(out), plan)) as journal:
            try:
                table = _finish(journal, n_workers or n_cores(), dask, voice)
                voice.say("Telling how each run ended.")  # takes about as long as the runs did in one process
                data = results_as_bytes(Results(plan, add_outcomes(plan, table)), format)
                endings.ignore()  # nobody could tell a stop between this and the end from one before it
                write_file(out, data)
            except InputError as error:
                kept = "" if journal.empty else " What is finished is kept; the same command continues."
                raise InputError(f"{error}{kept}") from None
            journal.remove()
    voice.say(f"Wrote {place(out)}.")


def _check_place(out: Path, overwrite: bool) -> None:
    """Refuse a place where the result could not be written after all the work, as far as one sees that before it."""
    try:
        if not out.parent.is_dir():
            raise InputError(f"There is no folder {place(out.parent)}; make it first, or choose another --out.")
        if out.is_dir():
            raise InputError(f"{place(out)} is a folder; choose another --out.")
        if out.exists() and not overwrite:
            raise InputError(f"{place(out)} exists already; choose another --out, or replace it by --overwrite.")
    except OSError as error:
        raise InputError(f"{place(out)} cannot be written: {error.strerror}; choose another --out.") from None


def _finish(journal: Journal, n_workers: int, dask: str | None, voice: endings.Voice) -> pd.DataFrame:
    """Make what is not finished, keep every batch on the disk, and return the whole table."""
    plan, parts = journal.plan, journal.finished()
    n_finished, progress = sum(map(len, parts.values())), ProgressLine(voice)
    if parts:
        voice.say(f"Continuing: {n_finished:,} runs are finished.")
    n_left = len(plan.batches) - len(parts)
    with closing(progress), _workers(min(n_workers, n_left), dask if n_left else None) as executor:
        progress(n_finished, plan.n_runs)
        with closing(iterate_batches(plan, executor, frozenset(parts))) as batches:
            for index, rows in batches:
                journal.keep(index, rows)
                parts[index] = rows
                n_finished += len(rows)
                progress(n_finished, plan.n_runs)
    return joined(plan, parts)


@contextmanager
def _workers(n_workers: int, dask: str | None) -> Iterator[Executor | None]:
    """Who makes the batches; None for this process."""
    if dask is not None:
        logging.disable()  # Dask writes pages about what is told in a sentence
        try:
            with dask_executor(dask) as executor:
                yield executor
        finally:
            logging.disable(logging.NOTSET)
    elif n_workers > 1:
        with process_pool(n_workers) as executor:
            yield executor
    else:
        yield None
