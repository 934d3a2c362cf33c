"""`redis-vigil export`: what is wrong is told in one line."""

import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.in_process import run_command
from tests.servers import free_port


class _Answers(BaseHTTPRequestHandler):
    """Answers every request alike."""

    status = 200
    body = b""

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written to the tests' output."""


@pytest.fixture
def other() -> Iterator[ThreadingHTTPServer]:
    """A server that is no daemon."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Answers,), {}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


def refusal(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit status and the one line on standard error."""
    done = run_command(folder, "export", *arguments)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return done.returncode, line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "yesterday"], "--since yesterday is neither a duration (2h, 30d) nor a moment"),
        (["--since", "2026-11-28T01:00:00"], "nor a moment with its zone"),
        (["--since", "1h", "--until", "2h"], "--since must lie before --until"),
        (["--since", "1e30"], "--since 1e30 is no moment"),
        (["--since", "1h", "--match", "sum("], "--match: "),
        (["--since", "1h", "--url", "ftp://here"], "--url must be a URL"),
        (["--since", "1h", "--user", "me", "--password-file", "nowhere"], "--password-file nowhere cannot"),
        (["--since", "1h", "--tls-ca", "nowhere"], "--tls-ca nowhere cannot be used"),
        (["--since", "1h", "--output", "no/where"], "--output no/where cannot be written"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, arguments: Sequence[str], said: str) -> None:
    url = [] if "--url" in arguments else ["--url", "http://127.0.0.1:1"]
    status, line = refusal(tmp_path, *arguments, *url)
    assert status == 2
    assert said in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name one place to read from: --url of a running daemon, --path of its directory, or --config"),
        (["--path", ".", "--url", "http://127.0.0.1:1"], "name one place"),
        (["--path", "nowhere"], "nowhere is not a directory"),
        (["--path", "."], ". holds no history of redis-vigil: give the storage.path of a daemon"),
        (["--config", "config.yml"], "config.yml has no storage.path"),
    ],
)
def test_a_place_is_to_be_named(tmp_path: Path, arguments: Sequence[str], said: str) -> None:
    (tmp_path / "config.yml").write_text("targets: []\n")
    status, line = refusal(tmp_path, "--since", "1h", *arguments)
    assert status == 2
    assert said in line


def test_a_directory_without_samples_has_none(tmp_path: Path) -> None:
    (tmp_path / "state.db").touch()
    done = run_command(tmp_path, "export", "--since", "1h", "--path", ".")
    assert (done.returncode, done.stdout, done.stderr) == (0, "# EOF\n", "0 samples of 0 series\n")


def test_a_daemon_that_is_not_there(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    status, line = refusal(tmp_path, "--url", url, "--since", "1h", "--output", "all.om")
    assert (status, line) == (
        1,
        f"redis-vigil: {url} cannot be asked: Connection refused; is the daemon running there?",
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>", "is no redis-vigil"),
        (200, b"[]", "is no redis-vigil"),
        (401, b"Unauthorized", "asks for a name and a password: --user and --password-file"),
        (503, b"too busy\n", "answers 503: too busy"),
    ],
)
def test_what_is_no_daemon_or_refuses(
    other: ThreadingHTTPServer, tmp_path: Path, status: int, body: bytes, said: str
) -> None:
    handler: type[_Answers] = other.RequestHandlerClass  # type: ignore[assignment]
    handler.status, handler.body = status, body
    url = f"http://me:hunter2@127.0.0.1:{other.server_address[1]}"
    code, line = refusal(tmp_path, "--url", url, "--since", "1h")
    assert code == 1
    assert said in line
    assert "hunter2" not in line
