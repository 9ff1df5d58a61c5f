"""The command `explorer`, run as a real process."""

import re
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
import urllib.request
from contextlib import nullcontext
from pathlib import Path
from urllib.error import HTTPError

import pytest

from explorer import __version__, cli
from tests.conftest import serve

REPOSITORY = Path(__file__).parent.parent


def explorer(*arguments: str) -> subprocess.CompletedProcess:
    """The finished command: for arguments with which no server starts."""
    return subprocess.run([sys.executable, "-m", "explorer", *arguments], capture_output=True, text=True, timeout=30)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def test_serves_on_the_given_port_from_any_folder_and_stops_cleanly(run_explorer, tmp_path, free_port):
    with run_explorer(tmp_path, "--port", str(free_port)) as running:
        assert running.url == f"http://127.0.0.1:{free_port}"
        with urllib.request.urlopen(f"{running.url}/_stcore/health", timeout=10) as answer:
            assert answer.status == 200
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(timeout=20) == 0
        assert "Traceback" not in running.printed()


def test_prints_its_address_in_one_line_and_little_else(run_explorer, tmp_path):
    with run_explorer(tmp_path) as running:
        lines = running.printed().splitlines()
    assert [line for line in lines if "http" in line] == [f"EM & ALS Explorer is at {running.url} (Ctrl-C stops it)."]


def test_chooses_a_free_port_each_time(run_explorer, tmp_path, app_url):
    with run_explorer(tmp_path) as running:
        assert running.url != app_url


def test_says_when_the_users_own_streamlit_settings_are_read_too(run_explorer, tmp_path, monkeypatch):
    own = tmp_path / ".streamlit" / "config.toml"
    own.parent.mkdir()
    own.write_text('[server]\nport = 1\nbaseUrlPath = "elsewhere"\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    with run_explorer(tmp_path) as running:
        assert str(own) in running.printed()


def test_a_taken_port_is_one_sentence_and_exit_code_2():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = explorer("--port", str(port))
    assert ended.returncode == 2
    assert re.fullmatch(
        rf"explorer: cannot listen on port {port} of 127\.0\.0\.1 \(.+\); try another --port or --host\.\n",
        ended.stderr,
    )


@pytest.mark.parametrize("port", ["0", "-1", "65536", "http", "80.5", "", "٣"])
def test_a_value_that_is_no_port_is_named_with_the_bounds(port):
    ended = explorer(f"--port={port}")
    assert ended.returncode == 2
    assert f"“{port}” is not a port; give a whole number from 1 to 65535." in ended.stderr


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", ""])
def test_a_host_that_cannot_be_listened_on_is_named(host):
    ended = explorer(f"--host={host}")
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"explorer: cannot listen on {host} (")


def test_version_and_help_need_no_server():
    assert explorer("--version").stdout == f"explorer {__version__}\n"
    shown = explorer("--help").stdout
    assert all(option in shown for option in ("--no-browser", "--port", "--host", "--version"))


def test_opens_the_browser_once_the_server_answers(monkeypatch, capsys):
    """In this process, because a browser that opens belongs to the person at the screen."""
    happened = []
    monkeypatch.setattr(cli, "_answers", lambda address: happened.append("answered") or True)
    monkeypatch.setattr(cli.webbrowser, "open", happened.append)
    cli._announce(cli._Address("0.0.0.0", 8501), browser=True)
    cli._announce(cli._Address("127.0.0.1", 8502), browser=False)
    assert happened == ["answered", "http://127.0.0.1:8501", "answered"]
    everybody, only_here = capsys.readouterr().out.splitlines()[1:]
    assert everybody.startswith("Everybody who can reach this computer can use it") and "password" in everybody
    assert only_here == "EM & ALS Explorer is at http://127.0.0.1:8502 (Ctrl-C stops it)."


@pytest.mark.parametrize(
    ("host", "is_open"),
    [("127.0.0.1", False), ("127.1.2.3", False), ("localhost", False), ("::1", False), ("0.0.0.0", True), ("::", True)],
)
def test_who_can_come_is_known_by_the_host(host, is_open):
    assert cli._Address(host, 1).is_open == is_open


NO_URLS = ["", "class.example.org", "ftp://x/", "http://", "http://x:0/", "http://x/?a=1", "http://[", "http://x/<b>"]


@pytest.mark.parametrize("url", NO_URLS)
def test_a_public_url_that_is_none_is_named(url):
    ended = explorer(f"--public-url={url}")
    assert ended.returncode == 2
    assert f"“{url}” is not an address such as https://class.example.org/em." in ended.stderr


def test_serves_behind_a_proxy_below_a_path(run_explorer, tmp_path, free_port):
    """What people see there comes from another address than the server has."""
    public = "https://class.example.org/em/"
    with run_explorer(tmp_path, "--port", str(free_port), "--public-url", public) as running:
        assert running.url == f"http://127.0.0.1:{free_port}/em"
        for path, status in (("/_stcore/health", 200), ("/answers/nothing", 404)):
            with pytest.raises(HTTPError) if status == 404 else nullcontext() as error:
                answer = urllib.request.urlopen(f"{running.url}{path}", timeout=10)
            assert (error.value.code if error else answer.status) == status
        assert _opens_a_websocket(free_port, "https://class.example.org")
        assert not _opens_a_websocket(free_port, "https://elsewhere.example.org")
        assert public in running.printed()


def _opens_a_websocket(port, origin):
    """Whether the server takes a connection that a page of this origin asks for, by a proxy that has another name."""
    asked = {
        "Host": f"127.0.0.1:{port}",
        "Origin": origin,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    lines = ["GET /em/_stcore/stream HTTP/1.1", *(f"{name}: {value}" for name, value in asked.items()), "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return b" 101 " in connection.recv(200)


def test_widgets_take_no_hue_that_means_something_in_a_picture():
    theme = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    for mode in ("light", "dark"):
        red, green, blue = bytes.fromhex(theme[mode]["primaryColor"].removeprefix("#"))
        assert max(red, green, blue) - min(red, green, blue) < 32, "the primary colour is grey"


def test_streamlit_itself_serves_all_of_it_from_a_clone(tmp_path, free_port):
    """`streamlit run explorer/app.py`, for those who change it: the pages, and what players ask beside them."""
    shutil.copytree(REPOSITORY / ".streamlit", tmp_path / ".streamlit")
    command = [sys.executable, "-m", "streamlit", "run", str(REPOSITORY / "explorer" / "app.py")]
    with serve([*command, f"--server.port={free_port}"], tmp_path) as running:
        with pytest.raises(HTTPError) as error:
            urllib.request.urlopen(f"{running.url.rstrip('/')}/answers/nothing", timeout=30)
        assert error.value.code == 404
