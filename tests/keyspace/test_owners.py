"""Whose keys the keys of a pattern are."""

import asyncio

import pytest

from exporter.keyspace.owners import find_owner
from tests.keyspace.scanning import client
from tests.keyspace.test_sampler import FAST, one_pass, put
from tests.samplers.sampling import run_async, sampling
from tests.servers import RealServer

BEGINNINGS = {
    "bull:mail:": "bullmq mail",
    "bull:video:": "bullmq video",
    "{shop}:jobs:": "bullmq {shop}:jobs",
    "asynq:{mail}:": "asynq mail",
    "rq:job:": "rq *",
}


@pytest.mark.parametrize(
    ("pattern", "owner"),
    [
        ("bull:mail:*", "bullmq mail"),
        ("bull:mail:*:logs", "bullmq mail"),
        ("bull:mail:repeat:*", "bullmq mail"),
        ("bull:*:*", "bullmq *"),
        ("bull:*:repeat:*", "bullmq *"),
        ("bull:v*:*", "bullmq *"),
        ("bull:{queue}:{id}", "bullmq *"),
        ("{shop}:jobs:*", "bullmq {shop}:jobs"),
        ("{shop}:*:*", "bullmq *"),
        ("asynq:{mail}:t:*", "asynq mail"),
        ("asynq:*:t:*", "asynq *"),
        ("rq:job:*", "rq *"),
        # Not the keys of jobs, or not only these.
        ("bull:*", ""),
        ("bull:mailbox:*", ""),
        ("bull:s*:*", ""),
        ("*:*:*", ""),
        ("*", ""),
        ("other", ""),
        ("rq:worker:*", ""),
        ("shop:*:*", ""),
    ],
)
def test_the_owner_of_a_pattern(pattern: str, owner: str) -> None:
    assert find_owner(pattern, BEGINNINGS) == owner


@pytest.mark.parametrize("queues", [1, 130])
def test_jobs_of_queues_are_told_from_other_keys_without_ttl(empty_server: RealServer, queues: int) -> None:
    put(empty_server, "session", 400)
    pipe = client(empty_server).pipeline(transaction=False)
    for queue in range(queues):
        pipe.hset(f"bull:team-{queue}:meta", "version", "bullmq:6.7.0")
        for job in range(400 // queues + 2):
            pipe.hset(f"bull:team-{queue}:{job}", mapping={"name": "send", "data": "{}", "opts": "{}"})
    # A namesake of a queue in another database is none.
    pipe.execute_command("SELECT", 3)
    for key in range(50):
        pipe.set(f"bull:team-0:{key}", "x")
    pipe.execute_command("SELECT", 0)
    pipe.execute()

    async def check() -> None:
        async with sampling(empty_server, "info", "queues", "keyspace", settings=FAST) as found:
            await found.run("info")
            async with asyncio.timeout(20):
                while found.value("redis_vigil_queues_known") != queues:
                    await found.run("queues")
                    await asyncio.sleep(0.01)
            await one_pass(found)
            owned = [dict(labels) for labels in found.values("redis_keyspace_pattern_queue")]
            keys = [dict(labels) for labels in found.values("redis_keyspace_pattern_keys")]
            names = {(labels["db"], labels["pattern"]) for labels in owned}
            of_jobs = {
                (labels["db"], labels["pattern"])
                for labels in keys
                if labels["pattern"].startswith("bull:") and labels["db"] == "db0"
            }
            assert of_jobs
            assert names >= {one for one in of_jobs if "*" in one[1]}
            assert all(database == "db0" and name.startswith("bull:") for database, name in names)
            assert {labels["framework"] for labels in owned} == {"bullmq"}

    run_async(check)


def test_a_queue_that_is_found_after_the_scan_is_told_at_once(empty_server: RealServer) -> None:
    pipe = client(empty_server).pipeline(transaction=False)
    for job in range(300):
        pipe.hset(f"bull:mail:{job}", mapping={"name": "send", "data": "{}", "opts": "{}"})
    pipe.execute()

    async def check() -> None:
        async with sampling(empty_server, "info", "queues", "keyspace", settings=FAST) as found:
            await found.run("info")
            await one_pass(found)
            labels = {"db": "db0", "pattern": "bull:mail:*", "framework": "bullmq", "queue": "mail"}
            assert found.value("redis_keyspace_pattern_queue", **labels) is None
            client(empty_server).hset("bull:mail:meta", "version", "bullmq:6.7.0")
            async with asyncio.timeout(20):
                while found.value("redis_keyspace_pattern_queue", **labels) is None:
                    found.clock.ahead += 20
                    await found.run("queues")
                    await found.run("keyspace")
                    await asyncio.sleep(0.01)

    run_async(check)
