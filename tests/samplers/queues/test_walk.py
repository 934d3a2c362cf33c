"""The walk through the keyspace."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any, cast

import pytest

from exporter.connection import Command, Connection
from exporter.errors import Reason, ReplyError
from exporter.samplers.queues import walk as walk_module
from exporter.samplers.queues.base import Framework, Sightings, Signpost
from exporter.samplers.queues.walk import Pace, Walk
from tests.samplers.queues.reading import target_of
from tests.servers import RealServer


class Posts:
    """A framework of which just its name and signposts matter."""

    def __init__(self, name: str, *signposts: Signpost) -> None:
        self.name = name
        self.signposts = signposts


LISTS = Posts("lists", Signpost("list", re.compile(rb"jobs:.+")))
HASHES = Posts("hashes", Signpost("hash", re.compile(rb".+:meta"), b"*:meta"))
STREAMS = Posts("streams", Signpost("stream", re.compile(rb".+")))


async def walk(server: RealServer, *posts: Posts, without_type: bool = False) -> dict[str, Sightings]:
    connection = Connection(target_of(server.url))

    async def exchange(commands: Sequence[Command]) -> Sequence[Any]:
        if without_type and any("TYPE" in command for command in commands if command[0] == "SCAN"):
            return [ReplyError(Reason.REPLY, "ERR syntax error") for _ in commands]
        return await connection.pipeline(commands)

    try:
        one = Walk(cast("Sequence[Framework]", posts), exchange, pace=Pace())
        return dict(await one.run(None))
    finally:
        await connection.close()


@pytest.fixture
def crowded(empty_server: RealServer) -> RealServer:
    pipeline = empty_server.client.pipeline(transaction=False)
    for number in range(3000):
        pipeline.set(f"session:{number}", "x")
        pipeline.hset(f"bull:mail:{number}", "a", 1)
    pipeline.lpush("jobs:mail", 1)
    pipeline.lpush("other", 1)
    pipeline.set("jobs:text", 1)
    pipeline.hset("bull:mail:meta", "a", 1)
    pipeline.set("text:meta", 1)
    pipeline.xadd("orders", {"a": 1})
    pipeline.execute()
    return empty_server


@pytest.mark.parametrize("without_type", [False, True], ids=["TYPE", "before-6"])
def test_just_the_keys_under_the_signposts_come_back(crowded: RealServer, without_type: bool) -> None:
    found = asyncio.run(walk(crowded, LISTS, HASHES, STREAMS, without_type=without_type))
    assert found["lists"].keys == {"list": [b"jobs:mail"]}
    assert found["hashes"].keys == {"hash": [b"bull:mail:meta"]}
    assert found["streams"].keys == {"stream": [b"orders"]}


def test_a_framework_brings_back_so_many_and_no_more(
    crowded: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk_module, "_MAX_SIGHTINGS", 5)
    everything = Posts("greedy", Signpost("hash", re.compile(rb".+")))
    found = asyncio.run(walk(crowded, everything))
    assert len(found["greedy"].of("hash")) == 5


def test_after_its_sprint_it_rests_longer_than_it_works() -> None:
    rests: list[float] = []
    replies = iter([[b"7", []], [b"9", []], [b"0", []]])

    async def exchange(commands: Sequence[Command]) -> Sequence[Any]:
        await asyncio.sleep(0.002)
        return [next(replies)]

    async def sleep(seconds: float) -> None:
        rests.append(seconds)

    one = Walk(
        cast("Sequence[Framework]", [LISTS]), exchange, pace=Pace(sprint_seconds=0.0, rest=4.0), sleep=sleep
    )
    asyncio.run(one.run(None))
    assert len(rests) == 3
    assert all(rest >= 0.008 for rest in rests)


def test_a_server_that_refuses_scan_is_an_error() -> None:
    async def exchange(commands: Sequence[Command]) -> Sequence[Any]:
        return [ReplyError(Reason.PERMISSION, "NOPERM") for _ in commands]

    one = Walk(cast("Sequence[Framework]", [LISTS]), exchange, pace=Pace())
    with pytest.raises(ReplyError, match="NOPERM"):
        asyncio.run(one.run(None))
