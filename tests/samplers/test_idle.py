"""Samplers that have nothing to do are not run, and what they found last goes on."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.samplers.sampling import Sampling, run_async, sampling
from tests.servers import RealServer

KNOWN = "redis_vigil_queues_known"


def count_passes(monkeypatch: pytest.MonkeyPatch, probe: Sampling, name: str) -> Callable[[], int]:
    """How often the sampler runs from now on."""
    sampler: Any = probe.runner.sampler(name)
    run, count = sampler.sample, [0]

    async def sample(connection: Any, at: float) -> None:
        count[0] += 1
        await run(connection, at)

    monkeypatch.setattr(sampler, "sample", sample)
    return lambda: count[0]


def rows(probe: Sampling, name: str) -> int:
    group = probe.store.group(f"test/{name}")
    return 0 if group is None else len(group.times)


def test_without_queues_only_looking_for_some_costs_a_pass(
    empty_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with sampling(empty_server, "info", "queues") as probe:
            await probe.run()
            passes = count_passes(monkeypatch, probe, "queues")
            known = probe.values(KNOWN)
            for _ in range(3):
                await probe.run()
            assert (passes(), rows(probe, "queues"), probe.values(KNOWN)) == (0, 4, known)
            assert probe.value("redis_vigil_sampler_success", sampler="queues") == 1.0

            # An index is looked at once a minute.
            empty_server.client.sadd("rq:queues", "rq:queue:mail")
            empty_server.client.lpush("rq:queue:mail", "1")
            empty_server.client.hset(
                "rq:job:1", mapping={"created_at": "2026-01-01T00:00:00Z", "origin": "mail", "data": "x"}
            )
            probe.clock.ahead += 61
            await probe.run()
            assert passes() == 1
            assert probe.total(KNOWN) > 0
            # A queue that is known is read in each pass.
            await probe.run()
            assert passes() == 2

    run_async(scenario)


def test_between_two_scans_the_keyspace_costs_no_pass(
    empty_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_server.client.mset({f"user:{number}": "x" for number in range(50)})

    async def scenario() -> None:
        async with sampling(empty_server, "info", "keyspace") as probe:
            await probe.run()
            async with asyncio.timeout(20):
                while not (found := probe.values("redis_keyspace_pattern_keys")):
                    await asyncio.sleep(0.05)
                    await probe.run()
            passes = count_passes(monkeypatch, probe, "keyspace")
            before = rows(probe, "keyspace")
            await probe.run()
            await probe.run()
            assert (passes(), rows(probe, "keyspace")) == (0, before + 2)
            assert probe.values("redis_keyspace_pattern_keys") == found

            # The next scan is due.
            probe.clock.ahead += 601
            await probe.run()
            assert passes() == 1

    run_async(scenario)


def test_what_has_failed_does_not_rest(start_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start_server()

    async def scenario() -> None:
        async with sampling(server, "info", "queues", timeout_seconds=0.5) as probe:
            await probe.run()
            passes = count_passes(monkeypatch, probe, "queues")
            server.stop()
            await probe.run()
            assert probe.values(KNOWN) == {}
            server.start()
            async with asyncio.timeout(20):
                while probe.value("redis_up") != 1.0:
                    await asyncio.sleep(0.1)
                    await probe.run()
            assert passes() >= 1
            assert probe.values(KNOWN) != {}

    run_async(scenario)
