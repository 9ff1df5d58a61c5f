"""The command `explorer`: starts the app on this computer and opens it in the browser, or runs a study without it."""

import explorer.early  # noqa: F401, I001 - before all else

import argparse
import os
import re
import socket
import sys
import threading
import time
import webbrowser
from pathlib import Path
from typing import NamedTuple, NoReturn
from urllib.parse import SplitResult, urlsplit

from explorer import __version__, endings
from explorer.errors import InputError, quoted, told

PACKAGE = Path(__file__).resolve().parent
DEFAULT_HOST = "127.0.0.1"
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
START_TIMEOUT = 60.0  # seconds; a first start on a slow disk takes some ten
MAX_WORKERS = 1_024

STUDY = "Run the studies of a plan file without a screen, and write one row a run to a table."
STUDY_EPILOG = """\
A plan file (TOML) says what to run; a setting that is a list makes one study for each of its values:

  kind = "em"                        # or "als"
  data = "faithful-eruptions"        # or file = "mine.csv" and column = "length", for data of your own
  n_components = [2, 3, 4]
  initializations = ["random-points", "k-means++"]
  n_starts = 500                     # seeds that each initialization gets

What is finished lies in OUT.parts until all is, so that the same command continues a study that was stopped by Ctrl-C,
killed or cut off. Whoever makes the runs, the table is the same (all but its column "seconds").
A study on a Dask cluster: start `dask scheduler`, on every computer `dask worker ADDRESS`, and give --dask ADDRESS.
"""


def main(argv: list[str] | None = None) -> None:
    """Run the command with `argv` (default: the process's own arguments); ends by SystemExit.

    Exit codes: 0 after Ctrl-C, --help or --version, and after a study; 2 where an argument or a plan cannot be used;
    130 after Ctrl-C during a study, 143 after SIGTERM, 129 after SIGHUP.
    """
    if "study" in (sys.argv[1:] if argv is None else argv):
        endings.listen()
    try:
        _run(argv)
    finally:
        endings.flush()
        if argv is None:
            endings.ignore()  # the process is at its end
            endings.leave()
        else:
            endings.forget()


def _run(argv: list[str] | None) -> None:
    parser = _parser()
    options = parser.parse_args(argv)
    if options.command == "study":
        sys.exit(_study(options))
    endings.forget()
    try:
        port = _usable_port(options.host, options.port)
    except OSError as error:
        where = options.host if options.port is None else f"port {options.port} of {options.host}"
        problem = f"cannot listen on {where} ({error.strerror})"
        parser.exit(2, f"explorer: {problem}; try another --port or --host.\n")
    shown = _Address(options.host, port, options.public_url)
    threading.Thread(target=_announce, args=(shown, options.browser), name="announce", daemon=True).start()
    try:
        _serve(shown)
    except KeyboardInterrupt:
        sys.exit(0)


class _Address(NamedTuple):
    """Where the server listens, and what a proxy before it makes of that, if there is one."""

    host: str
    port: int
    public: SplitResult | None = None

    @property
    def path(self) -> str:
        """Below which path everything is, "" or such as "/em"."""
        return self.public.path.rstrip("/") if self.public else ""

    @property
    def here(self) -> str:
        """The address on this computer."""
        host = ANY_ADDRESS.get(self.host, self.host)
        return f"http://[{host}]:{self.port}{self.path}" if ":" in host else f"http://{host}:{self.port}{self.path}"

    @property
    def is_open(self) -> bool:
        """Whether others than this computer's users can come."""
        return not (self.host == "localhost" or self.host.startswith("127.") or self.host == "::1")


class _Parser(argparse.ArgumentParser):
    """Repeats only a little of an argument that is wrong."""

    def error(self, message: str) -> NoReturn:
        super().error(f"{told(message, 120)}.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
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
    parser.add_argument(
        "--public-url",
        type=_public_url,
        metavar="URL",
        help="where people see it when a proxy stands before it, such as https://class.example.org/em",
    )
    commands = parser.add_subparsers(
        dest="command",
        title="without a screen",
        metavar="study",
        help="run the studies of a plan file: explorer study --help",
    )
    _add_study(
        commands.add_parser(
            "study",
            description=STUDY,
            epilog=STUDY_EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )
    return parser


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("plan", type=Path, help="the plan file, such as plan.toml")
    parser.add_argument("--out", type=Path, required=True, help="the table to write: .parquet, .csv or .json")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT where it exists")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--workers", type=_n_workers, metavar="N", help="processes to run it on (default: one a core)")
    who.add_argument(
        "--dask",
        metavar="ADDRESS",
        help='run it on a Dask cluster instead, such as tcp://192.168.0.7:8786; needs "em-als-explorer[cluster]"',
    )


def _n_workers(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_WORKERS):
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not a number of processes; give 1 to {MAX_WORKERS}.")
    return int(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not a port; give a whole number from 1 to 65535.")
    return int(text)


def _public_url(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        usable = url.scheme in ("http", "https") and url.hostname and not (url.query or url.fragment or url.username)
        usable = usable and url.port != 0 and re.fullmatch(r"[\w./~-]*", url.path)
    except ValueError:
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not an address such as https://class.example.org/em.")
    return url


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


def _study(options: argparse.Namespace) -> int:
    """Run a study and return the exit code."""
    _give_linear_algebra_one_thread()
    # Imported here, so that --help, --version and a bad argument answer at once.
    from explorer.study.command.run_study import run_study

    try:
        with endings.orderly():
            run_study(
                options.plan, options.out, n_workers=options.workers, dask=options.dask, overwrite=options.overwrite
            )
    except BaseException as error:
        if (code := endings.stopped(error)) is not None:
            return code
        if not isinstance(error, InputError):
            raise
        endings.Voice(sys.stderr).say(f"explorer study: {error}")
        return 2
    return 0


def _serve(address: _Address) -> None:
    """Run Streamlit in this process until Ctrl-C, which raises KeyboardInterrupt."""
    # Streamlit takes `.streamlit/config.toml` from the current folder: go where the explorer's own lies.
    os.chdir(_settings_folder())
    own = Path.home() / ".streamlit" / "config.toml"
    if own.is_file():
        print(f"Your own Streamlit settings apply where the explorer sets none: {own}", flush=True)
    _give_linear_algebra_one_thread()
    # Imported here, so that --help, --version and a bad argument answer at once.
    import click
    from streamlit.web import cli as streamlit

    settings = {
        "server.address": address.host,
        "server.port": address.port,
        "server.baseUrlPath": address.path.strip("/"),
        "server.fileWatcherType": "none",
        "logger.hideWelcomeMessage": "true",
        "logger.level": "warning",
    }
    if address.public:  # or Streamlit would take what comes from there for another page's doing
        settings["browser.serverAddress"] = address.public.hostname
        settings["browser.serverPort"] = address.public.port or {"http": 80, "https": 443}[address.public.scheme]
    arguments = [f"--{name}={value}" for name, value in settings.items()]
    try:
        streamlit.main(["run", str(PACKAGE / "app.py"), *arguments], prog_name="streamlit", standalone_mode=False)
    except click.Abort:  # what click makes of Ctrl-C
        raise KeyboardInterrupt from None


def _give_linear_algebra_one_thread() -> None:
    """Before numpy is loaded: the products here are small, and two threads at each of them wait more than they work."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _settings_folder() -> Path:
    """The folder that holds `.streamlit/config.toml`: the package where installed, its parent in a clone."""
    for folder in (PACKAGE, PACKAGE.parent):
        if (folder / ".streamlit" / "config.toml").is_file():
            return folder
    raise FileNotFoundError(f"No .streamlit/config.toml in {PACKAGE} or above: install the explorer again.")


def _announce(address: _Address, browser: bool) -> None:
    """Print the address, and open it in the browser if asked, once the server answers."""
    if not _answers(address):
        print(f"The server has not answered within {START_TIMEOUT:.0f} seconds.", file=sys.stderr, flush=True)
        return
    print(f"EM & ALS Explorer is at {address.here} (Ctrl-C stops it).", flush=True)
    if address.public:
        print(f"People see it at {address.public.geturl()}, if the proxy there hands on websockets.", flush=True)
    elif address.is_open:
        print(_what_is_open(address), flush=True)
    if browser:
        webbrowser.open(address.here)


def _what_is_open(address: _Address) -> str:
    """Say who can come, and to what."""
    where = f" at http://{found}:{address.port}" if (found := _in_the_network(address.host)) else ""
    return (
        f"Everybody who can reach this computer can use it{where}: without a password, and over a connection that is "
        "not encrypted. What people bring stays in memory, each sees only their own, and nothing is written here."
    )


def _in_the_network(host: str) -> str | None:
    """This computer's address in its network, where it serves on all of them; None where there is none."""
    if host != "0.0.0.0":
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for examples: nothing is sent, only the way out is looked up
            return probe.getsockname()[0]
        except OSError:
            return None


def _answers(address: _Address) -> bool:
    """Wait until Streamlit's health check answers; False after START_TIMEOUT seconds."""
    import http.client  # which alone takes as long as all else here

    deadline = time.monotonic() + START_TIMEOUT
    host = ANY_ADDRESS.get(address.host, address.host)
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(host, address.port, timeout=2)
        try:
            connection.request("GET", f"{address.path}/_stcore/health")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return True
        except (OSError, http.client.HTTPException):
            pass  # not listening yet
        finally:
            connection.close()
        time.sleep(0.1)
    return False
