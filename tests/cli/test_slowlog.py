"""`redis-vigil slowlog`."""

import asyncio
import json
import subprocess
from pathlib import Path

from tests.cli.test_cli import vigil
from tests.samplers.canned import canned_server
from tests.servers import RealServer, free_port


def fill(server: RealServer) -> None:
    server.command("CONFIG", "SET", "slowlog-log-slower-than", 0)
    server.command("SLOWLOG", "RESET")
    for index in range(6):
        server.command("HGETALL", f"session:{1000 + index}")
    server.command("SET", "token:9", "hunter2")
    server.command("CONFIG", "SET", "slowlog-log-slower-than", -1)


def test_a_table(empty_server: RealServer, tmp_path: Path) -> None:
    fill(empty_server)
    done = vigil(tmp_path, "slowlog", empty_server.url)

    assert (done.returncode, done.stderr) == (0, "")
    (line,) = [line for line in done.stdout.splitlines() if "HGETALL session:{id}" in line]
    assert " 6 " in line
    assert "127.0.0.1:" in line
    assert "hunter2" not in done.stdout


def test_json(empty_server: RealServer, tmp_path: Path) -> None:
    fill(empty_server)
    done = vigil(tmp_path, "slowlog", "--format", "json", empty_server.url)
    report = json.loads(done.stdout)

    assert {pattern["pattern"]: pattern["count"] for pattern in report["patterns"]}[
        "HGETALL session:{id}"
    ] == 6
    assert "hunter2" not in done.stdout


def test_a_server_that_is_down_is_one_line(tmp_path: Path) -> None:
    done = vigil(tmp_path, "slowlog", f"redis://127.0.0.1:{free_port()}")

    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_redis_enterprise(tmp_path: Path) -> None:
    """Its entries have a text about the complexity before the command."""
    replies = {
        "INFO": "# Server\r\nredis_version:7.4.0\r\n",
        "SLOWLOG LEN": 2,
        "SLOWLOG GET": [
            [7, 1700000000, 26000, "Complexity info: N:8192", ["zadd", "board:7", "1", "a"]],
            [6, 1700000000, 15000, "Complexity info: N:1", ["zadd", "board:8", "1", "a"]],
        ],
    }

    async def scenario() -> subprocess.CompletedProcess[str]:
        async with canned_server(replies) as port:
            return await asyncio.to_thread(vigil, tmp_path, "slowlog", f"redis://127.0.0.1:{port}")

    done = asyncio.run(scenario())
    (line,) = [line for line in done.stdout.splitlines() if "ZADD board:{id}" in line]
    assert " 2 " in line
