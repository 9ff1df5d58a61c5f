"""Workers on a cluster of computers, by Dask."""

import socket
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager

from explorer import __version__
from explorer.errors import InputError, quoted, shortened, told

ANSWER_TIMEOUT = 10.0  # seconds


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """The workers of the Dask scheduler at an address such as tcp://192.168.0.7:8786, as an executor.

    Work of a worker that is lost goes to another one; at its end the executor forgets what has not finished.
    Raises InputError where distributed is not installed, no scheduler answers, it has no workers or other ones than
    this explorer, or all is lost on the way.
    """
    try:
        import distributed
        from distributed.comm.addressing import get_address_host_port
        from distributed.comm.core import CommClosedError
    except ImportError:
        raise InputError(
            'A Dask cluster needs the package distributed; install it: pip install "em-als-explorer[cluster]".'
        ) from None
    try:
        # Before Dask tries again and again, and leaves what it has begun.
        socket.create_connection(get_address_host_port(address), timeout=ANSWER_TIMEOUT).close()
        client = distributed.Client(address, timeout=ANSWER_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, OverflowError) as error:
        raise InputError(f"No Dask scheduler answers at {quoted(address)} ({told(error)}).") from None
    try:
        _check_workers(client, address)
        with client.get_executor() as executor:
            try:
                yield executor
            finally:
                executor.shutdown(wait=False)
    except distributed.scheduler.KilledWorker:
        raise InputError("Several Dask workers in turn were lost over the same runs, perhaps out of memory.") from None
    except (CommClosedError, CancelledError):
        raise InputError(
            f"The Dask scheduler at {quoted(address)} no longer answers, or has dropped the runs."
        ) from None
    finally:
        client.close()


def _check_workers(client, address: str) -> None:
    """Refuse a cluster whose workers would not make the runs, or make other ones, than this explorer."""
    try:
        client.wait_for_workers(1, timeout=ANSWER_TIMEOUT)
    except TimeoutError:
        raise InputError(
            f"The Dask scheduler at {quoted(address)} has no workers; start some: dask worker {shortened(address)}"
        ) from None
    versions = client.run(_explorer_version, on_error="return")
    for worker, version in versions.items():
        if version != __version__:
            found = f"explorer {shortened(version)}" if isinstance(version, str) else f"no explorer ({told(version)})"
            raise InputError(
                f"The Dask worker {shortened(worker)} has {found}; this one is {__version__}, install it there."
            )


def _explorer_version() -> str:
    return __version__
