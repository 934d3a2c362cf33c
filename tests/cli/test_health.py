"""`redis-vigil health` and `/health`: one word, the findings, and the exit status."""

import json
import urllib.error
from pathlib import Path

import pytest

from tests.cli.test_cli import vigil
from tests.conftest import StartServer
from tests.live.daemon import Daemon, wait_until
from tests.servers import RealServer, free_port


def test_an_ordinary_server_is_healthy(empty_server: RealServer, tmp_path: Path) -> None:
    done = vigil(tmp_path, "health", empty_server.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{empty_server.instance} is healthy" in done.stdout


def test_a_full_server_gets_advice(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--maxmemory", "8mb")
    number = 0
    while server.client.info("memory")["used_memory"] < 0.88 * (8 << 20):
        server.client.set(f"key:{number}", b"x" * 50_000)
        number += 1
    done = vigil(tmp_path, "health", "--format", "json", server.url)
    report = json.loads(done.stdout)
    found = {finding["name"]: finding for finding in report["findings"]}
    assert "RedisMemoryHigh" in found
    assert found["RedisMemoryHigh"]["recommendation"]
    assert report["health"] in ("degraded", "unhealthy")
    assert done.returncode == (1 if report["health"] == "unhealthy" else 0)


def test_nobody_there_is_unhealthy_in_time(tmp_path: Path) -> None:
    done = vigil(tmp_path, "health", f"redis://:pa55@127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert "is unhealthy" in done.stdout
    assert "is down: connection refused (redis://127.0.0.1" in done.stdout
    assert "Connection refused" in done.stdout
    assert "RedisDown" in done.stdout
    assert "pa55" not in done.stdout + done.stderr


def test_the_daemon_tells_it_too(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    config = tmp_path / "config.yml"
    config.write_text(
        "global: {sample_interval: 1s, evaluation_interval: 1s}\n"
        f"targets: [{{url: '{server.url}', instance: one}}]\n"
    )
    with Daemon(tmp_path, "--config", str(config)) as daemon:
        healthy = json.loads(daemon.text("/health"))
        assert (healthy["health"], healthy["up"], healthy["down"]) == ("healthy", ["one"], {})
        server.kill()

        def told() -> bool:
            try:
                daemon.text("/health")
            except urllib.error.HTTPError as error:
                with error:
                    report = json.loads(error.read())
                return error.code == 503 and bool(report["findings"])
            return False

        wait_until(told, 10, "it is unhealthy")


@pytest.mark.parametrize("url", ["amqp://h", "redis://h:x"])
def test_a_url_that_is_none_is_wrong_usage(tmp_path: Path, url: str) -> None:
    assert vigil(tmp_path, "health", url).returncode == 2
