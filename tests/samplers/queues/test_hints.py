"""Queues that the keyspace scan came by are found without a walk of our own."""

import asyncio

import redis

from exporter.config.samplers.queues import ListPattern, QueuesSection
from exporter.samplers.base import SeenName
from exporter.samplers.keyspace import KeyspaceSampler
from exporter.samplers.queues import QueuesSampler
from exporter.samplers.queues.frameworks.registry import build_frameworks
from exporter.samplers.queues.hints import Hints
from tests.samplers.queues import recorded
from tests.samplers.queues.reading import Watcher
from tests.samplers.sampling import Sampling, run_async, sampling
from tests.servers import RealServer

AT = 1_700_000_000.0
FRAMEWORKS = build_frameworks(QueuesSection())


def seen(name: bytes, *types: str, keys: int = 1, database: int = 0) -> SeenName:
    return SeenName(database, name, frozenset(types), keys)


def test_names_under_a_signpost_are_worth_a_question() -> None:
    names = Hints(FRAMEWORKS).names(
        [
            seen(b"huey.redis.mail", "list"),
            seen(b"bull:mail:meta", "hash", database=3),
            seen(b"user:1", "hash"),
            # Any stream may have groups.
            seen(b"orders", "stream"),
            seen(b"bull:mail:meta", "string"),
        ]
    )
    assert names == {0: [b"huey.redis.mail", b"orders"], 3: [b"bull:mail:meta"]}


def test_what_may_be_one_queue_is_asked_by_its_usual_keys() -> None:
    names = Hints(FRAMEWORKS).names(
        [seen(b"bull:mail:*", "hash", "zset", keys=20), seen(b"user:*", "hash"), seen(b"*:*", "list")]
    )
    assert {b"bull:mail:meta", b"bull:mail:id", b"bull:mail:wait"} < set(names[0])
    assert all(name.startswith(b"bull:mail:") for name in names[0])


def test_there_is_an_end_to_what_is_asked() -> None:
    many = [seen(b"huey.redis.%d" % number, "list") for number in range(5000)]
    assert len(Hints(FRAMEWORKS).names(many)[0]) == 2000


def test_more_keys_than_ever_under_a_pattern_of_queues_call_for_a_walk() -> None:
    hints = Hints(FRAMEWORKS)
    grown = [hints.has_grown([seen(b"bull:*:meta", "hash", keys=keys)]) for keys in (30, 30, 31, 20, 31, 32)]
    assert grown == [True, False, True, False, False, True]
    assert not hints.has_grown([seen(b"user:*:x", "hash", "stream", keys=10**6)])


def test_only_real_keys_become_sightings(empty_server: RealServer) -> None:
    """A hint is not believed: what looks like a configured list or SAQ's by its name alone is none."""
    settings = QueuesSection(lists=(ListPattern(key="queue:{name}:{priority}"),))
    empty_server.client.hset("saq:job:1", "a", "b")
    with Watcher(empty_server.url, settings) as watcher:
        watcher.find(AT)
        watcher.facts.seen_names = (
            seen(b"queue:{name}:{priority}", "list"),
            seen(b"queue:mail:*", "list"),
            seen(b"saq:job:*", "list", "hash"),
            seen(b"\xff:*", "zset"),
        )
        assert watcher.read(AT) == {}


def test_growing_patterns_start_a_walk(empty_server: RealServer) -> None:
    with Watcher(empty_server.url) as watcher:
        watcher.sample(AT)
        for number in range(3):
            empty_server.client.hset(f"bull:queue{number}:meta", "version", "bullmq:6.7.0")
        watcher.facts.seen_names = (seen(b"bull:queue*:meta", "hash", keys=3),)
        watcher.sample(AT + 15)
        watcher.sample(AT + 30)
        watcher.finish_walk()
        assert len(watcher.sample(AT + 45)) == 3


def test_a_database_that_was_empty_is_walked_through(empty_server: RealServer) -> None:
    with Watcher(empty_server.url) as watcher:
        watcher.sample(AT)
        client = redis.Redis(port=empty_server.port, db=3, protocol=2)
        client.hset("bull:mail:meta", "version", "bullmq:6.7.0")
        client.close()
        watcher.facts.seen_names = (seen(b"bull:mail:meta", "hash", database=3),)
        watcher.sample(AT + 15)
        watcher.sample(AT + 30)
        watcher.finish_walk()
        assert [report.database for report in watcher.sample(AT + 45).values()] == [3]


def test_what_the_keyspace_scan_saw_is_found_without_a_walk(empty_server: RealServer) -> None:
    settings = {
        "keyspace": {"budget": "unlimited"},
        "queues": {"discovery_interval": "10h", "index_interval": "10h"},
    }

    async def check() -> None:
        async with sampling(empty_server, "info", "keyspace", "queues", settings=settings) as found:
            await found.run("info")
            await found.run("queues")
            assert queues_of(found) == set()
            client = redis.Redis(port=empty_server.port, protocol=2)
            for name in ("bullmq6", "huey", "dramatiq", "saq"):
                recorded.restore(recorded.load(recorded.FOLDER / f"{name}-filled.json"), client)
            client.select(2)
            recorded.restore(recorded.load(recorded.FOLDER / "bull4-filled.json"), client)
            client.close()
            await scan_once(found)
            for _ in range(2):
                await found.run("queues")
            assert {("bullmq", "mail"), ("huey", "mail"), ("dramatiq", "slow")} <= queues_of(found)

    run_async(check)


def queues_of(found: Sampling) -> set[tuple[str, str]]:
    sampler = found.runner.sampler("queues")
    assert isinstance(sampler, QueuesSampler)
    return {(report.framework, report.queue) for report in sampler.report()}


async def scan_once(found: Sampling) -> None:
    await found.run("keyspace")
    sampler = found.runner.sampler("keyspace")
    assert isinstance(sampler, KeyspaceSampler)
    async with asyncio.timeout(20):
        while sampler.progress_ratio < 1 or sampler.report is None:
            await asyncio.sleep(0.01)
            await found.run("keyspace")
