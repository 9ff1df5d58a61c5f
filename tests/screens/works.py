"""Work for the tests of jobs; in a file of its own, as workers that are processes import it by its name."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from explorer.errors import InputError
from explorer.slices import finish


def add(*numbers):
    return sum(numbers)


def refuse(sentence):
    raise InputError(sentence)


def fail(error):
    raise error


def count(end):
    """Tells words and yields numbers; returns how many they were."""
    for number in range(end):
        yield f"before {number}"
        yield number
        time.sleep(0.001)
    return end


def wait_for(path: Path, words="waiting"):
    """Goes on, slice by slice, until a file is there; returns the process that saw it."""
    while not path.exists():
        yield words
        time.sleep(0.001)
    return os.getpid()


def note_and_wait(note: Path, path: Path):
    """Note by which process it is done, and wait for a file."""
    note.write_text(str(os.getpid()))
    return (yield from wait_for(path))


def kill_worker():
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_in_one_piece(note: Path, seconds):
    note.write_text(str(os.getpid()))
    time.sleep(seconds)


def process():
    return os.getpid()


def niceness():
    return os.nice(0)


def talk():
    print("This is no reply.", flush=True)
    os.write(1, b"Nor is this.")
    subprocess.run([sys.executable, "-c", "print('Nor this.')"], check=True)
    return "a reply"


def give_lock():
    """Nothing that can be pickled."""
    return threading.Lock()


def yield_lock():
    yield threading.Lock()
    yield "and so on"


def end_with_note(note: Path):
    """Cannot go on, and notes when it is forgotten."""
    try:
        while True:
            yield threading.Lock()
    finally:
        note.touch()


def raise_lock():
    raise ValueError(threading.Lock())


class TwoWords(Exception):
    """Can be pickled, but not read again."""

    def __init__(self, first, second):
        super().__init__(first + second)


def raise_two_words():
    raise TwoWords("Nobody reads ", "this.")


def yield_cells(cells):
    """What an iterator yields, one after the other."""
    yield from cells


def compute_until(path: Path, began: Path, ended: Path):
    """A function that knows nothing of slices, but calls one that finishes something in slices."""
    began.touch()
    try:
        return finish(_slices_until(path))
    finally:
        ended.touch()


def _slices_until(path: Path):
    while not path.exists():
        yield 0, None
        time.sleep(0.001)
    return "there"
