"""The command `explorer`: starts the app on this computer and opens it in the browser."""

import argparse
import http.client
import os
import socket
import sys
import threading
import time
import webbrowser
from pathlib import Path

from explorer import __version__

PACKAGE = Path(__file__).resolve().parent
DEFAULT_HOST = "127.0.0.1"
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
START_TIMEOUT = 60.0  # seconds; a first start on a slow disk takes some ten


def main(argv: list[str] | None = None) -> None:
    """Run the command with `argv` (default: the process's own arguments); ends by SystemExit.

    Exit codes: 0 after Ctrl-C, --help or --version; 2 where an argument cannot be used.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        port = _usable_port(options.host, options.port)
    except OSError as error:
        where = options.host if options.port is None else f"port {options.port} of {options.host}"
        problem = f"cannot listen on {where} ({error.strerror})"
        parser.exit(2, f"explorer: {problem}; try another --port or --host.\n")
    threading.Thread(target=_announce, args=(options.host, port, options.browser), name="announce", daemon=True).start()
    try:
        _serve(options.host, port)
    except KeyboardInterrupt:  # before Streamlit listens to Ctrl-C itself
        sys.exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="explorer",
        description="Explore EM for Gaussian mixtures and ALS for matrix completion, half step by half step.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument(
        "--no-browser",
        dest="browser",
        action="store_false",
        help="do not open the browser, only print the address",
    )
    parser.add_argument("--port", type=_port, help="port to serve on, 1 to 65535 (default: a free one)")
    parser.add_argument(
        "--host",
        default=DEFAULT_HOST,
        help="address to serve on (default: %(default)s, this computer only; 0.0.0.0: the network too)",
    )
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a whole number from 1 to 65535.")
    return int(text)


def _usable_port(host: str, port: int | None) -> int:
    """`port`, or a free one where it is None, after trying to listen there; OSError where that fails."""
    try:
        family, *_, address = socket.getaddrinfo(host, port or 0, type=socket.SOCK_STREAM)[0]
    except UnicodeError as error:  # Python's encoding of host names refuses some before any look-up
        raise OSError(None, "not a host name") from error
    with socket.socket(family) as trial:
        if os.name == "posix":  # a port that a server left a moment ago is free
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind(address)
        return trial.getsockname()[1]


def _serve(host: str, port: int) -> None:
    """Run Streamlit in this process until Ctrl-C."""
    # Streamlit takes `.streamlit/config.toml` from the current folder: go where the explorer's own lies.
    os.chdir(_settings_folder())
    own = Path.home() / ".streamlit" / "config.toml"
    if own.is_file():
        print(f"Your own Streamlit settings apply where the explorer sets none: {own}", flush=True)
    # Before numpy is loaded: the products here are small, and two threads at each of them wait more than they work.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # Imported here, so that --help, --version and a bad argument answer at once.
    from streamlit.web import cli as streamlit

    streamlit.main(
        [
            "run",
            str(PACKAGE / "app.py"),
            f"--server.address={host}",
            f"--server.port={port}",
            "--server.baseUrlPath=",
            "--server.fileWatcherType=none",
            "--logger.hideWelcomeMessage=true",
            "--logger.level=warning",
        ],
        prog_name="streamlit",
    )


def _settings_folder() -> Path:
    """The folder that holds `.streamlit/config.toml`: the package where installed, its parent in a clone."""
    for folder in (PACKAGE, PACKAGE.parent):
        if (folder / ".streamlit" / "config.toml").is_file():
            return folder
    raise FileNotFoundError(f"No .streamlit/config.toml in {PACKAGE} or above: install the explorer again.")


def _announce(host: str, port: int, browser: bool) -> None:
    """Print the address, and open it in the browser if asked, once the server answers."""
    host = ANY_ADDRESS.get(host, host)
    if not _answers(host, port):
        print(f"The server has not answered within {START_TIMEOUT:.0f} seconds.", file=sys.stderr, flush=True)
        return
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    print(f"EM & ALS Explorer is at {url} (Ctrl-C stops it).", flush=True)
    if browser:
        webbrowser.open(url)


def _answers(host: str, port: int) -> bool:
    """Wait until Streamlit's health check answers; False after START_TIMEOUT seconds."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(host, port, timeout=2)
        try:
            connection.request("GET", "/_stcore/health")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return True
        except (OSError, http.client.HTTPException):
            pass  # not listening yet
        finally:
            connection.close()
        time.sleep(0.1)
    return False
