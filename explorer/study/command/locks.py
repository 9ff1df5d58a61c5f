"""A file that one process at a time holds, so that two commands do not make the same thing.

The operating system gives it back when its holder ends, however that ends. The file says who holds it.
"""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from explorer.errors import InputError, place, shortened

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None
    import msvcrt

_MARK = "explorer study, "
_IS_HELD = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)  # as systems say it
_FAR = 1 << 20  # Windows lets nobody read what is locked: a byte behind all that is written


@contextmanager
def held(path: Path, what: str) -> Iterator[None]:
    """Hold the file at `path`, which is there meanwhile; `what` is what nobody else shall make.

    Raises InputError where another process holds it, and says which one, or where it cannot be made.
    """
    try:
        file = _hold(path, what)
    except OSError as error:
        raise InputError(f"{place(path)} cannot be written: {error.strerror}; choose another --out.") from None
    try:
        yield
    finally:
        _give_back(file, path)


def _hold(path: Path, what: str) -> int:
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        try:
            said = os.read(file, 200).decode(errors="replace")
            if said and not said.startswith(_MARK):
                raise InputError(f"{place(path)} is in the way: it was not made by the explorer; choose another --out.")
            if not _lock(file):
                who = shortened(said.removeprefix(_MARK).strip(), 120)
                raise InputError(
                    f"{what} is being made by another command{who and f' ({who})'}; wait for it, or choose another "
                    "--out."
                )
            if _is_there(file, path):  # who held it may have removed it since it was opened
                _say(file)
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _lock(file: int) -> bool:
    """Take the lock, and return whether nobody else has it. Some network disks know no locks: there nobody does."""
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            os.lseek(file, _FAR, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    except OSError as error:
        return error.errno not in _IS_HELD
    return True


def _is_there(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False


def _say(file: int) -> None:
    now = datetime.now().astimezone().isoformat(" ", "seconds")
    with suppress(OSError):  # where the disk is full, nobody knows who holds it, but it is held
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, f"{_MARK}process {os.getpid()} on {socket.gethostname()} since {now}\n".encode())


def _give_back(file: int, path: Path) -> None:
    with suppress(OSError):  # with its folder it is gone already
        if fcntl and _is_there(file, path):
            path.unlink()
    os.close(file)
    if not fcntl:  # Windows removes nothing that is open
        with suppress(OSError):
            path.unlink()
