"""A URL with the wrong scheme, told with the one to write."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli.test_cli import vigil
from tests.conftest import StartServer
from tests.peers import require_program
from tests.servers import RealServer, free_port


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """A certificate of its own, and the key."""
    key, cert = tmp_path / "server.key", tmp_path / "server.crt"
    make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=127.0.0.1",
    ]
    subprocess.run([*make, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return str(cert), str(key)


@pytest.mark.peers("redis-server")
@pytest.mark.parametrize("command", ["health", "slowlog"])
@pytest.mark.parametrize("clients", ["no", "yes"])
def test_a_port_with_tls(command: str, clients: str, certificate: tuple[str, str], tmp_path: Path) -> None:
    port = free_port()
    cert, key = certificate
    options = ("--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert)
    arguments = ("--tls-port", str(port), *options, "--tls-auth-clients", clients)
    with RealServer(require_program("redis-server"), tmp_path / "server", *arguments):
        done = vigil(tmp_path, command, f"redis://:pa55@127.0.0.1:{port}/3")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert f"closed the connection; the port speaks TLS: write rediss://127.0.0.1:{port}/3" in said
    assert "pa55" not in said


def test_a_port_without_tls(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    commands = ["health", "slowlog", "queues", "scan"]
    # All at once: each waits for a handshake that never comes.
    with ThreadPoolExecutor(len(commands)) as threads:
        said = list(threads.map(lambda name: vigil(tmp_path, name, f"rediss://{server.instance}"), commands))
    wanted = f"; the port does not speak TLS: write redis://{server.instance}"
    told = {name: wanted in done.stdout + done.stderr for name, done in zip(commands, said, strict=True)}
    assert told == dict.fromkeys(commands, True)
    assert [done.returncode for done in said] == [1, 1, 1, 1]


def test_nothing_is_said_where_the_scheme_is_right(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    with server.paused():
        done = vigil(tmp_path, "slowlog", server.url)
    assert "write" not in done.stderr
