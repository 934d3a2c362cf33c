"""The manager of all groups, in virtual time."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from exporter.clock import to_milliseconds
from exporter.model.sample import Sample
from exporter.rules.group import RuleGroup
from exporter.rules.manager import RuleManager
from exporter.rules.model import RuleFile
from exporter.timing.spread import offset_ms
from tests.clocks import LoopClock, run_virtually
from tests.rules.world import START_MS, World, read


class TimedWorld(World):
    """A world whose store notes which rule wrote when."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = LoopClock(START_MS / 1000)
        self.written: list[tuple[str, int]] = []
        append = self.store.append

        def note(sample: Sample) -> None:
            self.written += [(point.family.name, sample.timestamp) for point in sample.layout.points]
            append(sample)

        self.store.append = note  # type: ignore[method-assign]  # to see what is written

    def manager(self) -> RuleManager:
        return RuleManager(self.environment, self.clock)

    def query_now(self, name: str) -> float | None:
        return self.query_at(name, to_milliseconds(self.clock.now()))

    def query_at(self, name: str, at_ms: int) -> float | None:
        self.at_ms = at_ms
        return self.query(name).get(name)

    def moments(self, name: str) -> list[int]:
        return [moment for written, moment in self.written if written == name]


def files(*groups: str) -> Sequence[RuleFile]:
    """One file of these groups."""
    return [read("groups:\n" + "".join(f"- {group}\n" for group in groups))]


ONE = "{name: one, interval: 15s, rules: [{record: r1, expr: vector(1)}]}"
TWO = "{name: two, interval: 1m, rules: [{record: r2, expr: vector(2)}]}"
ALERT = "{name: a, interval: 15s, rules: [{alert: High, expr: vector(1), for: 1m, labels: {v: '%s'}}]}"


def test_every_group_runs_in_its_slots() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start(files(ONE, TWO))
        await asyncio.sleep(300)
        await manager.stop()
        for name, interval, group in zip(("r1", "r2"), (15_000, 60_000), manager.groups, strict=True):
            moments = world.moments(name)
            assert len(moments) == 300_000 // interval
            phase = offset_ms(str(group.spec.key), interval)
            assert {(moment - phase) % interval for moment in moments} == {0}
            assert START_MS < moments[0] <= START_MS + interval

    run_virtually(scenario())


def test_the_global_interval_holds_where_a_group_has_none() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        world.environment.evaluation_interval_ms = 10_000
        manager = world.manager()
        await manager.start(files("{name: g, rules: [{record: r, expr: vector(1)}]}"))
        await asyncio.sleep(60)
        world.environment.evaluation_interval_ms = 20_000
        await manager.apply(files("{name: g, rules: [{record: r, expr: vector(1)}]}"))
        await asyncio.sleep(60)
        await manager.stop()
        assert len(world.moments("r")) == 6 + 3

    run_virtually(scenario())


def test_missed_slots_are_counted_and_not_replayed() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start(files(ONE))
        await asyncio.sleep(30)
        world.clock.ahead = 60.0
        await asyncio.sleep(30)
        await manager.stop()
        moments = world.moments("r1")
        assert [later - earlier for earlier, later in pairwise(moments)] == [15_000, 60_000, 15_000, 15_000]
        assert manager.groups[0].missed_total == 3

    run_virtually(scenario())


def test_evaluate_now_is_out_of_turn_and_counts_once() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start(files(TWO))
        await asyncio.sleep(61)
        before = world.moments("r2")
        for _ in range(200):
            manager.evaluate_now()
        await asyncio.sleep(0.1)
        (extra,) = set(world.moments("r2")) - set(before)
        assert extra == START_MS + 61_000
        # Those that come right after it wait for a second.
        manager.evaluate_now()
        await asyncio.sleep(0.1)
        assert world.moments("r2")[-1] == extra
        await asyncio.sleep(1)
        assert world.moments("r2")[-1] == extra + 1000
        await asyncio.sleep(60)
        await manager.stop()
        assert len(world.moments("r2")) == len(before) + 2 + 1

    run_virtually(scenario())


def test_an_unchanged_group_just_goes_on() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start(files(ONE, TWO))
        await asyncio.sleep(30)
        one, two = manager.groups
        await manager.apply(files(TWO.replace("vector(2)", "vector(3)"), ONE))
        await asyncio.sleep(60)
        await manager.stop()
        assert manager.groups[1] is one
        assert manager.groups[0] is not two
        assert len(world.moments("r1")) == 6
        assert world.query_at("r2", world.moments("r2")[-1]) == 3

    run_virtually(scenario())


def test_a_changed_group_keeps_its_alerts_and_a_pending_one_its_time() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start(files(ALERT % "x"))
        await asyncio.sleep(45)
        since = active_at(manager.groups[0])
        await manager.apply(files((ALERT % "x").replace("vector(1)", "vector(2)")))
        await asyncio.sleep(45)
        assert active_at(manager.groups[0]) == since
        (sent,) = world.sink.take()
        assert sent.starts_at * 1000 == since + 60_000
        await manager.stop()

    run_virtually(scenario())


def active_at(group: RuleGroup) -> int:
    (alert,) = group.alerting_rules[0].active_alerts
    return alert.active_at_ms


def test_the_series_of_a_removed_group_end_after_two_intervals() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start(files(ONE, TWO))
        await asyncio.sleep(30)
        await manager.apply(files(TWO))
        await asyncio.sleep(29)
        assert world.query_now("r1") == 1
        await asyncio.sleep(2)
        assert world.query_now("r1") is None
        await manager.stop()

    run_virtually(scenario())


def test_a_renamed_group_takes_over_without_a_gap() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start(files(ONE))
        await asyncio.sleep(30)
        await manager.apply(files(ONE.replace("name: one", "name: uno")))
        for _ in range(60):
            await asyncio.sleep(1)
            assert world.query_now("r1") == 1
        await manager.stop()

    run_virtually(scenario())


def test_a_group_that_comes_back_soon_keeps_its_series() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start(files(ONE))
        await asyncio.sleep(30)
        await manager.apply(files())
        await asyncio.sleep(10)
        await manager.apply(files(ONE))
        await asyncio.sleep(22)
        assert world.query_now("r1") == 1
        await manager.stop()

    run_virtually(scenario())


def test_state_is_restored_on_start_and_forgotten_with_its_group() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        first = world.manager()
        await first.start(files(ALERT % "x", (ALERT % "y").replace("name: a", "name: b")))
        await asyncio.sleep(90)
        since = active_at(first.groups[0])
        await first.stop()
        second = world.manager()
        await second.start(files(ALERT % "x"))
        assert active_at(second.groups[0]) == since
        assert len(await world.environment.state.load()) == 1
        await second.apply(files())
        assert await world.environment.state.load() == {}
        await second.stop()

    run_virtually(scenario())


def test_stop_waits_for_the_evaluation_under_way() -> None:
    async def scenario() -> None:
        world = TimedWorld()

        class SlowSink:
            entered = asyncio.Event()
            finished = False

            async def receive(self, alerts: object) -> None:
                self.entered.set()
                await asyncio.sleep(3)
                self.finished = True

        sink = SlowSink()
        world.environment.sink = sink
        manager = world.manager()
        await manager.start(files("{name: a, interval: 15s, rules: [{alert: High, expr: vector(1)}]}"))
        await sink.entered.wait()
        await manager.stop()
        assert sink.finished

    run_virtually(scenario())


def test_a_sink_that_hangs_is_given_up() -> None:
    async def scenario() -> None:
        world = TimedWorld()

        class HangingSink:
            async def receive(self, alerts: object) -> None:
                await asyncio.Event().wait()

        world.environment.sink = HangingSink()
        manager = world.manager()
        await manager.start(files("{name: a, interval: 15s, rules: [{alert: High, expr: vector(1)}]}"))
        await asyncio.sleep(60)
        assert manager.groups[0].iterations_total >= 3
        assert world.environment.sink_failures_total >= 1
        await manager.stop()

    run_virtually(scenario())


def test_no_task_is_left_behind() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start(files(ONE, TWO))
        await manager.apply(files())
        await manager.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtually(scenario())
