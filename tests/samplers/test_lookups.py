"""What the daemon looks up is known to the last look-up: the server's own counters are the judge."""

import asyncio
from typing import Any

import pytest
import redis

from exporter.connection import Command, Connection
from exporter.keyspace import KeyspaceSampler
from exporter.model.target import Address, Target
from exporter.queues import QueuesSampler
from exporter.samplers.registry import SAMPLERS
from exporter.sampling.facts import TargetFacts
from exporter.sampling.keyed import CountingClient
from exporter.sampling.pace import Budget
from tests.conftest import StartServer
from tests.queues import recorded
from tests.samplers.sampling import Sampling, run_async, sampling
from tests.servers import RealServer

KEY = b"key"
# Every reading command that any sampler sends about a key, and its cousins.
COMMANDS: list[Command] = [
    ("TYPE", KEY),
    ("EXISTS", KEY),
    ("EXISTS", KEY, b"other"),
    ("EXISTS", b"absent", b"other", b"none"),
    ("PTTL", KEY),
    ("MEMORY", "USAGE", KEY),
    ("OBJECT", "ENCODING", KEY),
    ("OBJECT", "IDLETIME", KEY),
    ("OBJECT", "FREQ", KEY),
    ("STRLEN", KEY),
    ("GETRANGE", KEY, 0, 5),
    ("GETRANGE", KEY, 50, 55),
    ("GET", KEY),
    ("LLEN", KEY),
    ("LINDEX", KEY, 0),
    ("LINDEX", KEY, 99),
    ("LRANGE", KEY, 0, 1),
    ("LRANGE", KEY, 50, 60),
    ("HLEN", KEY),
    ("HGET", KEY, "field"),
    ("HGET", KEY, "nothing"),
    ("HMGET", KEY, "nothing", "either"),
    ("HVALS", KEY),
    ("HEXISTS", KEY, "nothing"),
    ("HSCAN", KEY, 0),
    ("SCARD", KEY),
    ("SISMEMBER", KEY, "nothing"),
    ("SSCAN", KEY, 0, "COUNT", 10_000),
    ("SSCAN", KEY, 0, "COUNT", 1),
    ("ZCARD", KEY),
    ("ZCOUNT", KEY, 1000, 2000),
    ("ZRANGE", KEY, 0, 1),
    ("ZRANGE", KEY, 50, 60, "WITHSCORES"),
    ("ZREVRANGE", KEY, 0, 1),
    ("ZRANGEBYSCORE", KEY, 1000, 2000, "LIMIT", 0, 1),
    ("ZSCORE", KEY, "nothing"),
    ("XLEN", KEY),
    ("XRANGE", KEY, "99-0", "+", "COUNT", 1),
    ("XREVRANGE", KEY, "+", "-", "COUNT", 1),
    ("XPENDING", KEY, "group"),
    ("XPENDING", KEY, "nobody"),
    ("XPENDING", KEY, "group", "-", "+", 1),
    ("XINFO", "STREAM", KEY),
    ("XINFO", "GROUPS", KEY),
    ("XINFO", "CONSUMERS", KEY, "group"),
    ("XINFO", "CONSUMERS", KEY, "nobody"),
    ("SCAN", 0, "COUNT", 100),
]


def make(client: "redis.Redis", kind: str) -> None:
    if kind == "string":
        client.set(KEY, "value")
    elif kind == "empty string":
        client.set(KEY, "")
    elif kind == "list":
        client.rpush(KEY, "a", "b")
    elif kind == "hash":
        client.hset(KEY, "field", "value")
    elif kind == "set":
        client.sadd(KEY, *range(1000))
    elif kind == "sorted set":
        client.zadd(KEY, {"a": 1})
    elif kind == "stream":
        client.xadd(KEY, {"a": 1}, id="5-0")
        client.xgroup_create(KEY, "group", id="0")
    elif kind == "empty stream":
        client.xgroup_create(KEY, "group", id="0", mkstream=True)
    elif kind == "expired":
        client.set(KEY, "value", px=1)


KINDS = ["nothing", "string", "empty string", "list", "hash", "set", "sorted set", "stream", "empty stream"]


def counters(server: RealServer) -> tuple[int, int]:
    stats = server.client.info("stats")
    return stats["keyspace_hits"], stats["keyspace_misses"]


@pytest.mark.parametrize("kind", [*KINDS, "expired"])
def test_each_command_is_counted_as_the_server_counts_it(each_empty_server: RealServer, kind: str) -> None:
    server = each_empty_server
    client = redis.Redis(port=server.port, protocol=2)
    make(client, kind)
    client.close()
    target = Target("test", Address("127.0.0.1", server.port))

    async def check() -> list[str]:
        connection, wrong = Connection(target), []
        for command in COMMANDS:
            facts = TargetFacts()
            counting = CountingClient(connection, facts)
            before = counters(server)
            await counting.pipeline([command])
            # What the reply leaves open is asked with whatever comes next.
            await counting.pipeline([("PING",)])
            now = counters(server)
            counted = (facts.keyspace_stats.hits, facts.keyspace_stats.misses)
            if counted != (now[0] - before[0], now[1] - before[1]):
                wrong.append(f"{command}: counted {counted}, the server {before} -> {now}")
        await connection.close()
        return wrong

    assert asyncio.run(check()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_all_of_them_in_one_round_trip_again_and_again(each_empty_server: RealServer, kind: str) -> None:
    server = each_empty_server
    client = redis.Redis(port=server.port, protocol=2)
    target, facts = Target("test", Address("127.0.0.1", server.port)), TargetFacts()

    async def check() -> None:
        connection = Connection(target)
        counting = CountingClient(connection, facts)
        for number in range(4):
            # Twice as it is, and twice after the key has gone, in two databases.
            client.flushall()
            if number < 2:
                make(client, kind)
            replies = await counting.pipeline([("SELECT", 0), *COMMANDS, ("SELECT", 3), *COMMANDS])
            assert len(replies) == 2 * len(COMMANDS) + 2
        await counting.pipeline([("SELECT", 0), ("PING",), ("SELECT", 3), ("PING",)])
        await connection.close()

    before = counters(server)
    asyncio.run(check())
    client.close()
    now = counters(server)
    assert (facts.keyspace_stats.hits, facts.keyspace_stats.misses) == (
        now[0] - before[0],
        now[1] - before[1],
    )


def test_what_stays_open_costs_no_further_round_trip(empty_server: RealServer) -> None:
    target, facts = Target("test", Address("127.0.0.1", empty_server.port)), TargetFacts()

    async def check() -> None:
        connection = Connection(target)
        counting = CountingClient(connection, facts)
        for _ in range(5):
            assert await counting.pipeline([("HGET", KEY, "nothing")]) == [None]
        await connection.close()

    asyncio.run(check())
    assert empty_server.client.info("commandstats")["cmdstat_exists"]["calls"] == 4
    assert (facts.keyspace_stats.hits, facts.keyspace_stats.misses) == (0, 9)


def fill(server: RealServer) -> None:
    """Keys of every type, and queues of every framework that was recorded, each in a database of its own."""
    client = redis.Redis(port=server.port, protocol=2)
    for number, kind in enumerate(KINDS[1:]):
        make(client, kind)
        client.rename(KEY, f"{kind}:{number}")
    pipeline = client.pipeline(transaction=False)
    for number in range(500):
        pipeline.set(f"user:{number}", "x" * number)
        pipeline.rpush(f"basket:{number}", *range(1 + number % 7))
    pipeline.execute()
    client.close()
    for number, path in enumerate(recorded.all_dumps()):
        client = redis.Redis(port=server.port, protocol=2, db=1 + number)
        recorded.restore(recorded.load(path), client)
        client.close()
    server.client.config_resetstat()


# What a round trip looked up that a deadline has cut off, nobody knows.
UNHURRIED_SECONDS = 120.0
SETTINGS: dict[str, Any] = {
    # As fast as it can: how long it takes is not the subject.
    "keyspace": {"budget": "unlimited"},
    "keys": {"check": ["user:1*", "string:*", "missing"], "count": ["basket:*"], "values": "all"},
    "streams": {"check": ["s*", "db0=stream:6", "missing"]},
    "queues": {
        "lists": [{"key": "basket:{name}"}, {"key": "jobs:{name}:{priority}"}],
        "workers": [{"key": "worker:{id}"}],
    },
}


async def settled(found: Sampling) -> None:
    """Wait until nothing goes on in the background."""
    keyspace, queues = found.runner.sampler("keyspace"), found.runner.sampler("queues")
    assert isinstance(keyspace, KeyspaceSampler)
    assert isinstance(queues, QueuesSampler)
    async with asyncio.timeout(UNHURRIED_SECONDS):
        while keyspace.progress_ratio < 1 or queues.is_walking:
            await asyncio.sleep(0.05)
            await found.run("keyspace")


@pytest.mark.parametrize("changes", [False, True], ids=["idle", "written to"])
def test_an_hour_of_watching_adds_no_hit_and_no_miss_that_is_not_told(
    start_each_server: StartServer, monkeypatch: pytest.MonkeyPatch, changes: bool
) -> None:
    monkeypatch.setattr("exporter.queues.search.Budget", lambda **_: Budget(share=None))
    server = start_each_server("--databases", "64")
    fill(server)

    async def check() -> None:
        names = [spec.name for spec in SAMPLERS]
        async with sampling(server, *names, settings=SETTINGS, timeout_seconds=UNHURRIED_SECONDS) as found:
            for number in range(6):
                await found.run()
                await settled(found)
                found.clock.ahead += 600
                if changes and number % 2 == 0:
                    server.client.set("user:1", number)
            await found.run("queues")
            await settled(found)
            # Those that were left open by the last replies, of which some come with the indexes only.
            for _ in range(3):
                await found.run("queues", "keys", "streams")
            await found.run("info")
            lookups = found.runner.facts.keyspace_stats
            assert (lookups.hits, lookups.misses) == counters(server)
            for kind in ("hits", "misses"):
                assert found.value(f"redis_vigil_own_keyspace_{kind}_total") == found.value(
                    f"redis_keyspace_{kind}_total"
                )
            assert lookups.hits > 1000
            stats = server.client.info("errorstats")
            told = {f"errorstat_{code}": {"count": count} for code, count in lookups.errors.items()}
            assert told == stats

    run_async(check)
