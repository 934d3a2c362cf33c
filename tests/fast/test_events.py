"""Events of the whole daemon with real servers: what a server forgets, and what the daemon sees change."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast


async def events(daemon: FastDaemon, query: str = "") -> Sequence[Any]:
    """The events, the newest first."""
    answer = await daemon.get(f"/api/events?limit=1000&{query}")
    assert answer.status_code == 200, answer.text
    found: Sequence[Any] = answer.json()["events"]
    return found


def stored(tmp_path: Path, **more: Any) -> dict[str, Any]:
    """A configuration that keeps its state."""
    return {"storage": {"path": str(tmp_path / "data")}, **more}


def slow(server: Any, *commands: Sequence[str]) -> None:
    """Have the server log these commands, and none else."""
    server.command("CONFIG", "SET", "slowlog-log-slower-than", 0)
    for command in commands:
        server.command(*command)
    server.command("CONFIG", "SET", "slowlog-log-slower-than", -1)


def test_slow_commands_are_kept_when_the_server_has_dropped_them_and_over_restarts_of_the_daemon(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server("--slowlog-log-slower-than", "-1")

    async def first() -> None:
        slow(server, ("HGETALL", "session:1000"), ("SET", "token:9", "hunter2"))
        async with FastDaemon(stored(tmp_path), server) as daemon:
            await daemon.pass_time("1m")
            slow(server, ("HGETALL", "session:1001"))
            await daemon.pass_time("1m")
            server.command("SLOWLOG", "RESET")
            slow(server, ("LLEN", "jobs"))
            await daemon.pass_time("1m")
            found = await events(daemon, "kind=slowlog")
            patterns = [one["fields"]["pattern"] for one in found]
            assert patterns.count("HGETALL session:{id}") == 2
            assert patterns.count("SET token:{id}") == 1
            assert "hunter2" not in (await daemon.get("/api/events")).text

    async def second() -> None:
        slow(server, ("LLEN", "while-away"))
        async with FastDaemon(stored(tmp_path), server) as daemon:
            await daemon.pass_time("1m")
            found = await events(daemon, "kind=slowlog")
            patterns = [one["fields"]["pattern"] for one in found]
            assert patterns.count("HGETALL session:{id}") == 2
            assert patterns.count("LLEN jobs") == 1
            assert patterns.count("LLEN while-away") == 1
            one = next(one for one in found if one["fields"]["pattern"] == "LLEN jobs")
            assert one["instance"] == server.instance
            assert one["fields"]["client"].startswith("127.0.0.1:")
            assert one["fields"]["duration_seconds"] >= 0

    run_fast(first())
    run_fast(second())
