"""Queues of a real cluster: whose keys a node is asked for, and what happens when slots move."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import redis

from exporter.queues import QueuesSampler
from exporter.sampling.neighbours import Neighbours
from tests.conftest import StartServer
from tests.samplers.sampling import Sampling, run_async, sampling
from tests.servers import RealServer

SHARES = ((0, 5460), (5461, 10922), (10923, 16383))


def wait_until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def is_ok(node: RealServer) -> bool:
    info = node.client.cluster("info")
    return bool(info["cluster_state"] == "ok" and info["cluster_slots_ok"] == "16384")


def start_cluster(start_server: StartServer) -> list[RealServer]:
    """Three primaries."""
    timeout = ("--cluster-node-timeout", "2000")
    nodes = [start_server("--cluster-enabled", "yes", *timeout) for _ in SHARES]
    for number, (node, (first, last)) in enumerate(zip(nodes, SHARES, strict=False)):
        node.client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        node.client.execute_command("CLUSTER", "ADDSLOTS", *range(first, last + 1))
    for node in nodes[1:]:
        node.client.execute_command("CLUSTER", "MEET", "127.0.0.1", nodes[0].port)
    wait_until(lambda: all(is_ok(node) for node in nodes))
    return nodes


def my_id(node: RealServer) -> str:
    found: str = node.client.execute_command("CLUSTER", "MYID")
    return found


def owner_of(nodes: Sequence[RealServer], key: str) -> int:
    slot = int(nodes[0].client.execute_command("CLUSTER", "KEYSLOT", key))
    return next(number for number, (first, last) in enumerate(SHARES) if first <= slot <= last)


def make_queue(node: RealServer, jobs: int = 5) -> None:
    client = redis.Redis(port=node.port, protocol=2)
    client.hset("{bull}:mail:meta", "version", "bullmq:6.7.0")
    client.lpush("{bull}:mail:wait", *range(1, jobs + 1))
    client.set("{bull}:mail:id", jobs)
    for job in range(1, jobs + 1):
        client.hset(f"{{bull}}:mail:{job}", mapping={"name": "j", "data": "{}", "opts": "{}", "timestamp": 1})
    client.close()


@asynccontextmanager
async def watching(
    nodes: Sequence[RealServer], *names: str, settings: dict[str, Any] | None = None
) -> AsyncIterator[list[Sampling]]:
    neighbours = Neighbours()
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(sampling(node, *names, settings=settings, neighbours=neighbours))
            for node in nodes
        ]


async def pass_all(watched: Sequence[Sampling], seconds: float = 15.0) -> None:
    for found in watched:
        found.clock.ahead += seconds
        await found.run()
    # What goes on in the background has a moment.
    await asyncio.sleep(0.2)


def jobs(found: Sampling) -> float | None:
    return found.value("redis_queue_jobs", framework="bullmq", queue="{bull}:mail", state="waiting") or (
        found.value("redis_queue_jobs", framework="bullmq", queue="mail", state="waiting")
    )


SETTINGS: dict[str, Any] = {
    "queues": {"lists": [{"key": "queue:{name}"}, {"key": "queue:delayed", "type": "zset", "name": "later"}]},
    "keys": {"check": ["a", "b", "c", "user:*"], "check_single": ["queue:x"]},
    "streams": {"check": ["s*", "orders"]},
}


def test_watching_a_quiet_cluster_adds_no_errors(start_server: StartServer) -> None:
    nodes = start_cluster(start_server)
    make_queue(nodes[owner_of(nodes, "{bull}:mail:meta")])
    for key in ("a", "b", "c", "queue:mail"):
        nodes[owner_of(nodes, key)].client.rpush(key, "1")
    nodes[owner_of(nodes, "queue:delayed")].client.zadd("queue:delayed", {"job": 1})

    async def check() -> None:
        names = ("info", "slowlog", "clients", "keyspace", "queues", "keys", "streams")
        async with watching(nodes, *names, settings=SETTINGS) as watched:
            for _ in range(2):
                await pass_all(watched)
            before = [node.client.info("errorstats") for node in nodes]
            for _ in range(20):
                await pass_all(watched)
            assert [node.client.info("errorstats") for node in nodes] == before
            # The first pass, which does not know yet who holds what, is told too.
            for found, node in zip(watched, nodes, strict=True):
                errors = found.runner.facts.keyspace_stats.errors
                assert {f"errorstat_{code}": {"count": count} for code, count in errors.items()} == (
                    node.client.info("errorstats")
                )

    run_async(check)


def test_a_queue_is_not_lost_from_sight_when_its_slot_moves(start_server: StartServer) -> None:
    nodes = start_cluster(start_server)
    source = owner_of(nodes, "{bull}:mail:meta")
    target = (source + 1) % 3
    make_queue(nodes[source])

    async def check() -> None:
        # No walk and no index finds it: they are not due for hours.
        settings = {"queues": {"discovery_interval": "10h", "index_interval": "10h"}}
        async with watching(nodes, "info", "queues", settings=settings) as watched:
            for _ in range(3):
                await pass_all(watched)
            assert [jobs(found) for found in watched].count(5) == 1
            await asyncio.to_thread(move_slot, nodes, source, target)
            for _ in range(3):
                await pass_all(watched)
                # Both show it in the pass in which one hands it over.
                assert 5 in [jobs(found) for found in watched]
            assert [jobs(found) for found in watched].count(5) == 1
            assert jobs(watched[target]) == 5

    run_async(check)


def move_slot(nodes: Sequence[RealServer], source: int, target: int) -> None:
    here, there = nodes[source], nodes[target]
    slot = int(here.client.execute_command("CLUSTER", "KEYSLOT", "{bull}:mail:meta"))
    there.client.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", my_id(here))
    here.client.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", my_id(there))
    keys = here.client.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100)
    here.client.execute_command("MIGRATE", "127.0.0.1", there.port, "", 0, 5000, "KEYS", *keys)
    for node in (there, here, *nodes):
        node.client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", my_id(there))
    time.sleep(1)


def test_a_promoted_replica_goes_on_with_the_queues_of_its_primary(start_server: StartServer) -> None:
    server = start_server()
    replica = start_server("--replicaof", "127.0.0.1", str(server.port))
    wait_until(lambda: replica.client.info("replication").get("master_link_status") == "up")
    make_queue(server)
    wait_until(lambda: replica.client.dbsize() == server.client.dbsize())

    async def check() -> None:
        settings = {"queues": {"discovery_interval": "10h", "index_interval": "10h"}}
        async with watching([server, replica], "info", "queues", settings=settings) as watched:
            for _ in range(3):
                await pass_all(watched)
            assert [jobs(found) for found in watched] == [5, None]
            server.kill()
            replica.client.execute_command("REPLICAOF", "NO", "ONE")
            await pass_all(watched)
            assert jobs(watched[1]) == 5

    run_async(check)


def test_while_a_cluster_is_down_its_queues_are_unknown_and_not_empty(start_server: StartServer) -> None:
    nodes = start_cluster(start_server)
    source = owner_of(nodes, "{bull}:mail:meta")
    make_queue(nodes[source])

    async def check() -> None:
        async with watching(nodes, "info", "queues") as watched:
            for _ in range(2):
                await pass_all(watched)
            found = watched[source]
            assert jobs(found) == 5
            nodes[(source + 1) % 3].kill()
            nodes[(source + 2) % 3].kill()
            state = nodes[source].client
            await asyncio.to_thread(wait_until, lambda: state.cluster("info")["cluster_state"] == "fail")
            await pass_all([found])
            # The sampler fails, so that alerts about its queues are held.
            assert found.value("redis_vigil_sampler_success", sampler="queues") == 0
            assert jobs(found) is None
            sampler = found.runner.sampler("queues")
            assert isinstance(sampler, QueuesSampler)
            assert len(list(sampler._known)) >= 1

    run_async(check)
