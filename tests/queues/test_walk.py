"""The walk through the keyspace: plain SCAN, at a pace."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from exporter.clock import SystemClock
from exporter.connection import Command, Connection
from exporter.errors import Reason, ReplyError
from exporter.keyspace.guard import ServerChangedError
from exporter.queues.walk import Walker
from exporter.sampling.pace import Budget
from exporter.sampling.turns import Turns
from tests.conftest import StartServer
from tests.queues.reading import target_of
from tests.servers import RealServer


def fill(server: RealServer, keys: int) -> None:
    pipeline = server.client.pipeline(transaction=False)
    for number in range(keys):
        pipeline.set(f"session:{number}", "x")
    pipeline.execute()


class Steady(Connection):
    """A connection whose round trips take a thousandth of a second, however busy the machine is."""

    async def timed_pipeline(self, commands: Sequence[Command]) -> tuple[list[Any], float]:
        replies, _ = await super().timed_pipeline(commands)
        return replies, 0.001


async def walk(
    server: RealServer,
    notice: Callable[[Sequence[bytes]], None],
    *,
    budget: Budget | None = None,
    rests: list[float] | None = None,
) -> None:
    connection = Steady(target_of(server.url))

    async def sleep(seconds: float) -> None:
        if rests is not None:
            rests.append(seconds)

    try:
        walker = Walker(connection, Turns(sleep=sleep), SystemClock(), budget=budget, sleep=sleep)
        await walker.begin()
        await walker.walk([], notice)
    finally:
        await connection.close()


def test_every_name_passes(empty_server: RealServer) -> None:
    fill(empty_server, 3000)
    seen: set[bytes] = set()
    asyncio.run(walk(empty_server, seen.update, budget=Budget(share=None)))
    assert len(seen) == 3000


def test_the_server_looks_up_nothing(each_empty_server: RealServer) -> None:
    fill(each_empty_server, 3000)
    each_empty_server.client.config_resetstat()
    asyncio.run(walk(each_empty_server, lambda names: None, budget=Budget(share=None)))
    stats = each_empty_server.client.info("stats")
    assert (stats["keyspace_hits"], stats["keyspace_misses"]) == (0, 0)


def test_it_rests_a_hundred_times_as_long_as_it_works(empty_server: RealServer) -> None:
    fill(empty_server, 2000)
    rests: list[float] = []
    empty_server.client.config_resetstat()
    asyncio.run(walk(empty_server, lambda names: None, rests=rests))
    worked = empty_server.client.info("commandstats")["cmdstat_scan"]["usec"] / 1e6
    assert sum(rests) > 50 * worked


def test_it_rests_longer_while_the_server_is_near_its_memory_limit(start_server: StartServer) -> None:
    server = start_server("--maxmemory-policy", "noeviction")
    fill(server, 2000)
    usual: list[float] = []
    asyncio.run(walk(server, lambda names: None, budget=Budget(share=0.5), rests=usual))
    server.client.config_set("maxmemory", server.client.info("memory")["used_memory"])
    tight: list[float] = []
    asyncio.run(walk(server, lambda names: None, budget=Budget(share=0.5), rests=tight))
    assert sorted(tight)[len(tight) // 2] > 2 * sorted(usual)[len(usual) // 2]


class Scripted(Connection):
    """A connection whose SCAN answers what a test says."""

    def __init__(self, server: RealServer, answer: Any) -> None:
        super().__init__(target_of(server.url))
        self.answer = answer

    async def timed_pipeline(self, commands: Sequence[Command]) -> tuple[list[Any], float]:
        reply = self.answer() if callable(self.answer) else self.answer
        return [reply for _ in commands], 0.0


async def walk_scripted(server: RealServer, answer: Any, clock: SystemClock | None = None) -> None:
    connection = Scripted(server, answer)
    try:
        walker = Walker(connection, Turns(), clock or SystemClock())
        await walker.begin()
        await walker.walk([], lambda names: None)
    finally:
        await connection.close()


def test_a_server_that_refuses_scan_is_an_error(server: RealServer) -> None:
    with pytest.raises(ReplyError, match="NOPERM"):
        asyncio.run(walk_scripted(server, ReplyError(Reason.PERMISSION, "NOPERM")))


def test_another_server_behind_the_address_ends_the_walk(start_server: StartServer) -> None:
    server = start_server()

    class Fast(SystemClock):
        def monotonic(self) -> float:
            return super().monotonic() * 1000

    def answer() -> Any:
        server.restart()
        return [b"7", []]

    with pytest.raises(ServerChangedError):
        asyncio.run(walk_scripted(server, answer, Fast()))


def test_a_server_that_tells_nothing_of_itself_is_walked_through_all_the_same(
    start_server: StartServer,
) -> None:
    server = start_server()
    fill(server, 1000)
    server.client.execute_command("ACL", "SETUSER", "default", "-info")
    seen: set[bytes] = set()
    asyncio.run(walk(server, seen.update, rests=[]))
    assert len(seen) == 1000
    server.client.execute_command("ACL", "SETUSER", "default", "+info")
    assert server.client.info("commandstats")["cmdstat_info"]["rejected_calls"] <= 2
