"""Rules wait for the first samples, but not for ever."""

import asyncio

from exporter.rules.manager import RuleManager
from tests.clocks import run_virtually
from tests.rules.test_manager import ONE, TimedWorld, files
from tests.rules.world import START_MS


async def start(world: TimedWorld, group: str, patience_seconds: float) -> RuleManager:
    manager = world.manager()
    manager.gate.close(patience_seconds)
    await manager.start(files(group))
    return manager


def test_nothing_is_evaluated_while_the_gate_is_closed_and_at_once_when_it_opens() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = await start(world, ONE, 300)
        manager.evaluate_now()
        await asyncio.sleep(100.5)
        assert world.moments("r1") == []
        manager.gate.open()
        await asyncio.sleep(0.1)
        # Not the slot before it: what was sampled meanwhile is later than that.
        assert world.moments("r1") == [START_MS + 100_500]
        await asyncio.sleep(30)
        assert len(world.moments("r1")) == 3
        assert manager.groups[0].missed_total == 0
        await manager.stop()

    run_virtually(scenario())


def test_patience_has_an_end_that_closing_it_again_does_not_move() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = await start(world, ONE, 30)
        await asyncio.sleep(29)
        manager.gate.close(30)
        assert world.moments("r1") == []
        await asyncio.sleep(1.1)
        assert world.moments("r1") == [START_MS + 30_000]
        await manager.stop()

    run_virtually(scenario())


def test_a_group_with_an_offset_waits_until_it_sees_what_was_sampled_first() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = await start(world, ONE.replace("15s", "15s, query_offset: 50s"), 300)
        await asyncio.sleep(10)
        manager.gate.open()
        await asyncio.sleep(49)
        assert world.moments("r1") == []
        await asyncio.sleep(16)
        # Written at the moment that was asked about, which lies before that of the evaluation.
        assert world.moments("r1")[0] >= START_MS + 10_000
        await manager.stop()

    run_virtually(scenario())


def test_a_stop_does_not_wait_for_the_gate() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = await start(world, ONE, 1e6)
        await asyncio.sleep(1)
        async with asyncio.timeout(1):
            await manager.stop()
        assert world.moments("r1") == []

    run_virtually(scenario())
