"""The clock is set under a group: no alert begins in the future, none fires or ends because of it."""

import asyncio

import pytest

from exporter.clock import Leap
from exporter.rules.group import RuleGroup
from exporter.rules.manager import RuleManager
from exporter.rules.model import GroupKey
from exporter.rules.restore import RestorePolicy
from exporter.timing.schedule import Schedule
from exporter.timing.spread import offset_ms
from tests.clocks import run_virtually
from tests.rules.test_manager import TimedWorld, files
from tests.rules.world import START_MS, World, live, make_group, only_rule, states

HOURS_MS = 3_600_000


async def leap(world: World, group: RuleGroup, jumped_ms: int, moved_ms: int | None = None) -> None:
    """The clock is set, as the daemon follows it."""
    moved_ms = jumped_ms if moved_ms is None else moved_ms
    if moved_ms < 0:
        world.store.shift(moved_ms)
    world.at_ms += moved_ms
    group.follow_clock(jumped_ms, moved_ms)


@pytest.mark.parametrize("by_ms", [-1000, -600_000, -20 * HOURS_MS, 1000, 2 * HOURS_MS])
def test_a_pending_alert_waits_for_as_long_as_without_a_jump(by_ms: int) -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5, for: 1m}")
        world.set(a=6)
        for _ in range(3):
            await world.evaluate(group, 15)
        await leap(world, group, by_ms)
        for expected in ("pending", "firing"):
            sent = await world.evaluate(group, 15)
            assert states(group) == {"{}": expected}
            assert all(alert.active_at_ms <= world.at_ms for alert in only_rule(group).active.values())
        (fired,) = sent
        assert fired.starts_at == world.at_ms / 1000 < fired.ends_at

    live(scenario)


@pytest.mark.parametrize("by_ms", [-1000, -600_000, -20 * HOURS_MS, 1000, 2 * HOURS_MS])
def test_a_firing_alert_goes_on_and_ends_after_its_beginning(by_ms: int) -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5}")
        world.set(a=6)
        (first,) = await world.evaluate(group, 15)
        await leap(world, group, by_ms)
        for _ in range(6):
            for alert in await world.evaluate(group, 15):
                assert alert.starts_at == first.starts_at + by_ms / 1000
                assert not alert.is_resolved(world.at_ms / 1000)
        assert states(group) == {"{}": "firing"}
        world.set(a=1)
        (last,) = await world.evaluate(group, 15)
        assert last.starts_at < last.ends_at == world.at_ms / 1000

    live(scenario)


def test_what_looks_back_is_frozen_until_there_is_something_to_look_back_at() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, '- {alert: Burst, expr: "increase(a[5m]) > 5"}')
        world.set(a=0)
        await world.evaluate(group, 15)
        world.set(a=100)
        await world.evaluate(group, 15)
        assert states(group) == {"{}": "firing"}
        await leap(world, group, 2 * HOURS_MS)
        for _ in range(18):
            await world.evaluate(group, 15)
            assert states(group) == {"{}": "firing"}
        for _ in range(5):
            await world.evaluate(group, 15)
        assert states(group) == {"{}": "inactive"}

    live(scenario)


def test_what_asks_for_the_newest_sample_only_is_not_frozen_for_long() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5}")
        world.set(a=6)
        await world.evaluate(group, 15)
        world.set(a=1)
        await leap(world, group, 2 * HOURS_MS)
        for _ in range(2):
            await world.evaluate(group, 15)
            assert states(group) == {"{}": "firing"}
        await world.evaluate(group, 15)
        assert states(group) == {"{}": "inactive"}

    live(scenario)


def test_samples_of_before_and_after_a_gap_are_no_storm() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, '- {alert: Storm, expr: "rate(a[5m]) > 10"}')
        for value in range(5):
            world.set(a=value)
            await world.evaluate(group, 15)
        # A machine that was suspended without knowing it: the server has counted on meanwhile.
        await leap(world, group, 8 * HOURS_MS)
        for value in range(5):
            world.set(a=1_000_000 + value)
            assert await world.evaluate(group, 15) == []

    live(scenario)


def test_time_in_which_nobody_watched_does_not_count() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5, for: 1m, keep_firing_for: 2m}")
        world.set(a=6)
        await world.evaluate(group, 15)
        # The process stood still; the clock is right.
        await leap(world, group, 0, 3 * HOURS_MS)
        for expected in ("pending", "pending", "pending", "firing"):
            await world.evaluate(group, 15)
            assert states(group) == {"{}": expected}
        world.set(a=1)
        await world.evaluate(group, 15)
        await leap(world, group, 0, 3 * HOURS_MS)
        for _ in range(6):
            await world.evaluate(group, 15)
            assert states(group) == {"{}": "firing"}

    live(scenario)


def test_a_group_is_evaluated_again_at_once_after_the_clock_went_back() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start(files("{name: g, interval: 15s, rules: [{record: r, expr: vector(1)}]}"))
        await asyncio.sleep(100)
        await jump(world, manager, -600.0)
        before = len(world.moments("r"))
        await asyncio.sleep(60)
        later = world.moments("r")[before:]
        assert len(later) == 4
        assert world.store.out_of_order == 0
        assert manager.groups[0].missed_total == 0
        assert manager.groups[0].rules[0].status.evaluated_at_ms == later[-1]
        await manager.stop()

    run_virtually(scenario())


async def jump(world: TimedWorld, manager: RuleManager, seconds: float) -> None:
    """The clock is set, as the daemon follows it."""
    manager.gate.close(30)
    await manager.wait_until_idle()
    world.clock.ahead += seconds
    world.store.shift(round(seconds * 1000))
    manager.follow_clock(Leap(seconds, 0.0, seconds))
    manager.gate.open()


def test_an_evaluation_under_way_ends_before_the_clock_moves() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        ended: list[float] = []
        receive = world.sink.receive

        async def slowly(alerts: object) -> None:
            await asyncio.sleep(1)
            ended.append(world.clock.monotonic())
            await receive(alerts)  # type: ignore[arg-type]  # what it was handed

        world.sink.receive = slowly  # type: ignore[method-assign]  # a sink that takes its time
        await manager.start(files("{name: g, interval: 15s, rules: [{alert: A, expr: vector(1)}]}"))
        await asyncio.sleep(first_slot(manager) + 0.5)
        assert ended == []
        manager.gate.close(30)
        await manager.wait_until_idle()
        assert len(ended) == 1
        await manager.stop()

    run_virtually(scenario())


def first_slot(manager: RuleManager) -> float:
    """How many seconds the only group waits for its first slot."""
    (group,) = manager.groups
    phase_ms = offset_ms(str(group.spec.key), group.interval_ms)
    return (Schedule(group.interval_ms, phase_ms, START_MS).due - START_MS) / 1000


def test_alerts_saved_by_a_clock_that_was_ahead_go_on_by_the_right_one() -> None:
    async def scenario(world: World) -> None:
        rules = "- {alert: High, expr: a > 5, for: 1m}\n- {alert: Now, expr: a > 5}"
        group = make_group(world, rules)
        world.set(a=6)
        for _ in range(4):
            await world.evaluate(group, 15)
        saved = (await world.environment.state.load())[GroupKey(group.spec.key.file, group.spec.key.name)]
        world.store.shift(-2 * HOURS_MS)
        world.at_ms -= 2 * HOURS_MS
        group = make_group(world, rules)
        group.restore(saved, RestorePolicy(), world.at_ms)
        for rule in group.alerting_rules:
            for alert in rule.active.values():
                assert alert.active_at_ms <= world.at_ms
        assert [rule.state.value for rule in group.alerting_rules] == ["pending", "firing"]
        sent = await world.evaluate(group, 15)
        assert [alert.name for alert in sent] == ["High"]

    live(scenario)


def test_what_looks_back_is_frozen_after_a_restart_by_a_clock_that_was_ahead() -> None:
    async def scenario(world: World) -> None:
        rules = '- {alert: Burst, expr: "increase(a[5m]) > 5"}'
        group = make_group(world, rules)
        for value in (0, 100):
            world.set(a=value)
            await world.evaluate(group, 15)
        saved = (await world.environment.state.load())[GroupKey(group.spec.key.file, group.spec.key.name)]
        # The samples of before lie in the future, and are left out.
        again = World()
        again.at_ms = world.at_ms - 2 * HOURS_MS
        group = make_group(again, rules)
        group.restore(saved, RestorePolicy(), again.at_ms)
        again.set(a=100)
        for _ in range(18):
            await again.evaluate(group, 15)
            assert states(group) == {"{}": "firing"}
        for _ in range(5):
            await again.evaluate(group, 15)
        assert states(group) == {"{}": "inactive"}

    live(scenario)
