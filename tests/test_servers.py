"""The fixtures that the tests on real servers stand on."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.peers import find_program, require_program
from tests.servers import RealServer, free_port

StartServer = Callable[..., RealServer]


def test_each_kind_answers(each_empty_server: RealServer) -> None:
    assert each_empty_server.client.ping()
    assert each_empty_server.command("DBSIZE") == 0
    assert each_empty_server.url == f"redis://127.0.0.1:{each_empty_server.port}"


def test_arguments_reach_the_server(start_each_server: StartServer) -> None:
    server = start_each_server("--maxmemory", "5mb")
    assert server.command("CONFIG", "GET", "maxmemory") == ["maxmemory", "5242880"]


def test_a_killed_server_returns_on_the_same_port(start_server: StartServer) -> None:
    server = start_server()
    port = server.port
    server.kill()
    assert not server.is_running
    with pytest.raises(redis.ConnectionError):
        server.client.ping()
    assert server.start().client.ping()
    assert server.port == port
    assert server.restart().client.ping()


def test_a_paused_server_hangs(start_server: StartServer) -> None:
    server = start_server()
    with server.paused(), socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.settimeout(0.1)
        connection.sendall(b"PING\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert server.client.ping()
    server.pause()
    server.stop()
    assert not server.is_running


def test_a_password_counts_as_an_answer(start_server: StartServer) -> None:
    server = start_server("--requirepass", "x")
    assert server.client.ping()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=server.port, protocol=2, retry=Retry(NoBackoff(), 0)).ping()


def test_a_configuration_file_and_the_port_in_arguments(start_server: StartServer) -> None:
    server = start_server("--cluster-announce-port", "{port}", config="maxclients 77\n")
    assert server.command("CONFIG", "GET", "maxclients") == ["maxclients", "77"]
    assert server.command("CONFIG", "GET", "cluster-announce-port") == [
        "cluster-announce-port",
        str(server.port),
    ]


def test_a_server_that_ends_at_once_says_why(start_server: StartServer) -> None:
    with pytest.raises(RuntimeError, match="nonsense"):
        start_server("--nonsense", "1")


def test_free_port_leaves_room_for_the_cluster_bus() -> None:
    assert free_port() < 55_536


def test_programs_that_do_not_exist() -> None:
    assert find_program("no-such-program") is None
    with pytest.raises(LookupError, match="no-such-program is not installed"):
        require_program("no-such-program")


PEERS_TEST = """
import pytest

@pytest.mark.peers("no-such-program")
def test_needs_it():
    pass

def test_other():
    pass
"""


def run_pytest(directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (directory / "test_peers_marker.py").write_text(PEERS_TEST)
    (directory / "conftest.py").write_text("from tests.conftest import *\n")
    (directory / "pytest.ini").write_text("[pytest]\nmarkers =\n    peers(*programs): x\n")
    root = Path(__file__).parent.parent
    env = {**os.environ, "PYTHONPATH": str(root), **environment}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:valkey", str(directory)],
        env=env,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_missing_peer_is_named_at_the_end(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, VIGIL_REQUIRE_PEERS="")
    assert done.returncode == 0
    assert "1 passed, 1 deselected" in done.stdout
    assert "not run here, program missing: no-such-program (1 tests)" in done.stdout


def test_a_missing_peer_fails_where_peers_are_required(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, VIGIL_REQUIRE_PEERS="1")
    assert done.returncode == 1
    assert "program missing, and VIGIL_REQUIRE_PEERS is set: no-such-program" in done.stdout
    assert "1 passed, 1 error" in done.stdout or "1 failed, 1 passed" in done.stdout
