"""The clock is set under samplers: nothing is written into the future, and nothing waits for it."""

import asyncio
import itertools

import pytest

from exporter.clock import to_milliseconds
from exporter.samplers.scheduler import SampleScheduler
from tests.clocks import LoopClock, run_virtually
from tests.samplers.sampling import Sampling, run_async, sampling
from tests.samplers.test_scheduler import Runner
from tests.servers import RealServer

KNOWN = "redis_vigil_queues_known"


def set_clock(probe: Sampling, seconds: float) -> None:
    """Set the clock, as the daemon follows it."""
    probe.clock.was_set += seconds
    if seconds < 0:
        probe.store.shift(to_milliseconds(seconds))
    probe.runner.follow_clock(seconds)


def newest(probe: Sampling) -> dict[str, int]:
    """The newest row of each source, in milliseconds before now."""
    now = to_milliseconds(probe.clock.now())
    return {group.source: now - group.last_time for group in probe.store.groups}


@pytest.mark.parametrize("seconds", [-1.0, -7200.0, -72_000.0, 72_000.0])
def test_samplers_go_on_at_once(empty_server: RealServer, seconds: float) -> None:
    async def scenario() -> None:
        async with sampling(empty_server, "info", "slowlog", "queues", "keyspace") as probe:
            for _ in range(2):
                await probe.run()
            set_clock(probe, seconds)
            # What is known is as old as it was.
            for status in probe.runner.status.samplers.values():
                assert 0 <= probe.clock.now() - status.succeeded_at < 60
            set_at = to_milliseconds(probe.clock.now())
            await probe.run()
            since = to_milliseconds(probe.clock.now()) - set_at
            assert all(0 <= age <= since for age in newest(probe).values())
            # What looks for queues once a minute does so a minute later, not when the old time comes again.
            empty_server.client.sadd("rq:queues", "rq:queue:mail")
            empty_server.client.lpush("rq:queue:mail", "1")
            job = ("status", "queued", "origin", "mail", "created_at", "2026-01-01T00:00:00Z", "data", "x")
            empty_server.command("HSET", "rq:job:1", *job)
            probe.clock.ahead += 61
            await probe.run()
            assert probe.total(KNOWN) > 0

    run_async(scenario)


def test_a_scan_of_the_keyspace_comes_when_it_would_have_come(empty_server: RealServer) -> None:
    async def scenario() -> None:
        async with sampling(empty_server, "info", "keyspace") as probe:
            for _ in range(20):
                await probe.run()
                if probe.values("redis_keyspace_scan_last_completed_timestamp_seconds"):
                    break
                await asyncio.sleep(0.1)
            (before,) = probe.values("redis_keyspace_scan_last_completed_timestamp_seconds").values()
            set_clock(probe, -72_000.0)
            # Ten minutes from the last one on.
            probe.clock.ahead += 700
            for _ in range(50):
                await probe.run()
                (last,) = probe.values("redis_keyspace_scan_last_completed_timestamp_seconds").values()
                if last != before:
                    break
                await asyncio.sleep(0.1)
            assert last < before - 70_000

    run_async(scenario)


def test_a_pass_under_way_writes_nothing_into_the_future(empty_server: RealServer) -> None:
    async def scenario() -> None:
        async with sampling(empty_server, "info") as probe:
            await probe.run()
            with empty_server.paused():
                under_way = asyncio.create_task(probe.run())
                await asyncio.sleep(0.2)
                set_clock(probe, -7200.0)
            await under_way
            assert all(age >= 0 for age in newest(probe).values())
            # And it does not count as news of after the jump, since it is none.
            probe.runner.expect_report()
            await probe.run()
            assert probe.store.out_of_order == 0
            assert probe.runner.has_reported

    run_async(scenario)


def test_a_pass_that_began_before_does_not_count_as_news(empty_server: RealServer) -> None:
    async def scenario() -> None:
        async with sampling(empty_server, "info") as probe:
            with empty_server.paused():
                under_way = asyncio.create_task(probe.run())
                await asyncio.sleep(0.2)
                probe.runner.expect_report()
            await under_way
            before = probe.runner.has_reported
            await probe.run()
            assert (before, probe.runner.has_reported) == (False, True)

    run_async(scenario)


@pytest.mark.parametrize("seconds", [-1.0, -600.0, -72_000.0, 7200.0])
def test_slots_begin_anew_when_the_clock_was_set(seconds: float) -> None:
    runner = Runner()

    async def scenario() -> None:
        clock = LoopClock()
        schedule = SampleScheduler(clock)
        schedule.start()
        schedule.add(runner)  # type: ignore[arg-type]  # it only notes when it is run
        await asyncio.sleep(100)
        clock.ahead = seconds
        schedule.restart()
        await asyncio.sleep(100)
        await schedule.stop()

    run_virtually(scenario())
    times = [at for at in runner.times("info") if at >= 100]
    assert times[0] == 100
    assert times[1] <= 115
    assert all(abs(later - sooner - 15) < 0.01 for sooner, later in itertools.pairwise(times[1:]))
