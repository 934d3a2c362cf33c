"""Sentinels and nodes of clusters, given to commands that look at one server."""

from pathlib import Path

import pytest

from tests.cli.in_process import run_command
from tests.conftest import StartServer
from tests.peers import require_program
from tests.servers import RealServer


@pytest.mark.peers("redis-server")
@pytest.mark.parametrize(
    ("command", "what"), [("scan", "keys"), ("queues", "queues"), ("slowlog", "slow commands")]
)
def test_a_sentinel_names_who_has_them(
    command: str, what: str, start_server: StartServer, tmp_path: Path
) -> None:
    primary = start_server()
    program, config = require_program("redis-server"), f"sentinel monitor orders 127.0.0.1 {primary.port} 1\n"
    with RealServer(program, tmp_path / "sentinel", "--sentinel", config=config) as sentinel:
        done = run_command(tmp_path, command, f"127.0.0.1:{sentinel.port}")
    assert done.returncode == 2
    assert done.stderr == (
        f"redis-vigil: redis://127.0.0.1:{sentinel.port} is a Sentinel, which has no {what}: name a server "
        f"that it watches, such as redis://127.0.0.1:{primary.port} (orders)\n"
    )


@pytest.mark.server
def test_a_node_of_a_cluster_has_only_its_own(start_server: StartServer, tmp_path: Path) -> None:
    node = start_server("--cluster-enabled", "yes")
    done = run_command(tmp_path, "scan", f"127.0.0.1:{node.port}")
    assert done.returncode == 0
    assert f"127.0.0.1:{node.port} is a node of a cluster: the others have keys too" in done.stderr


@pytest.mark.server
def test_an_empty_server_has_no_empty_table(start_server: StartServer, tmp_path: Path) -> None:
    done = run_command(tmp_path, "scan", f"127.0.0.1:{start_server().port}")
    assert "0 keys" in done.stdout
    assert "PATTERN" not in done.stdout
