"""Alerts are sorted into aggregation groups: one per route and labels, and no more of them than allowed."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from exporter.alerting.aggregation_group import AggregationGroup, Flusher
from exporter.alerting.alert_provider import AlertProvider
from exporter.alerting.dispatcher import Dispatcher, GroupId, GroupTiming
from exporter.alerting.metrics import DispatcherMetrics
from exporter.alerting.routes import build_route
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from tests.alerting.own_world import parse
from tests.clocks import EPOCH, LoopClock, run_virtually

ROUTING = """
route:
  receiver: all
  group_by: [instance]
  group_wait: 10s
  group_interval: 60s
  routes:
    - {matchers: [team=db], receiver: db, group_by: ['...'], continue: true}
    - {matchers: [severity=critical], receiver: pager, group_by: [alertname]}
receivers: [{name: all}, {name: db}, {name: pager}]
"""


class Flushes:
    """The moments of the flushes of a group, in seconds since the beginning."""

    is_running = False

    def __init__(self) -> None:
        self.times: list[float] = []

    def flush(self) -> None:
        self.times.append(asyncio.get_running_loop().time())

    def stop(self) -> "asyncio.Task[None] | None":
        return None


class World:
    def __init__(self, limit: int = 100, earlier: Mapping[GroupId, GroupTiming] | None = None) -> None:
        self.registry = CollectorRegistry()
        self.flushes: dict[str, Flushes] = {}
        self.dispatcher = Dispatcher(
            build_route(parse(ROUTING).route),
            self._make_deliveries,
            clock=LoopClock(),
            metrics=DispatcherMetrics(self.registry),
            limit=limit,
            earlier=earlier or {},
        )

    def _make_deliveries(self, group: AggregationGroup) -> Sequence[Flusher]:
        self.flushes[group.key] = Flushes()
        return [self.flushes[group.key]]

    def value(self, name: str) -> float | None:
        return self.registry.get_sample_value(f"alertmanager_dispatcher_aggregation_group{name}")

    @property
    def groups(self) -> set[tuple[str, str]]:
        """Receivers and labels."""
        return {
            (one.options.receiver, ",".join(f"{name}={value}" for name, value in one.labels))
            for one in self.dispatcher.groups
        }


def alert(name: str, *, resolved: bool = False, **labels: str) -> Alert:
    return Alert(
        Labels({"alertname": name, **labels}), starts_at=EPOCH, ends_at=EPOCH if resolved else EPOCH + 1e6
    )


def in_virtual_time(test: Callable[[], None]) -> None:
    async def main() -> None:
        test()

    run_virtually(main())


def test_an_alert_is_in_a_group_of_each_route_that_it_matches_by_the_labels_of_that_route() -> None:
    def test() -> None:
        world = World()
        world.dispatcher.dispatch(alert("Down", instance="a", team="db", severity="critical"))
        world.dispatcher.dispatch(alert("Full", instance="a"))
        world.dispatcher.dispatch(alert("Slow", instance="a"))
        assert world.groups == {
            ("db", "alertname=Down,instance=a,severity=critical,team=db"),
            ("pager", "alertname=Down"),
            ("all", "instance=a"),
        }
        assert world.value("s") == 3
        assert world.dispatcher.is_pending(Labels({"alertname": "Slow", "instance": "a"}))
        assert not world.dispatcher.is_pending(Labels({"alertname": "Other", "instance": "a"}))

    in_virtual_time(test)


def test_beyond_the_limit_new_groups_are_refused_and_counted_and_known_ones_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def test() -> None:
        world = World(limit=2)
        for instance in "abcd":
            world.dispatcher.dispatch(alert("Down", instance=instance))
        world.dispatcher.dispatch(alert("Full", instance="b"))
        assert world.groups == {("all", "instance=a"), ("all", "instance=b")}
        assert [len(group.alerts) for group in world.dispatcher.groups] == [1, 2]
        assert world.value("_limit_reached_total") == 2
        assert [one.getMessage() for one in caplog.records] == ["too many groups, an alert is left out"]

    in_virtual_time(test)


def test_a_group_whose_alerts_are_resolved_and_notified_makes_room_for_another() -> None:
    def test() -> None:
        world = World(limit=1)
        world.dispatcher.dispatch(alert("Down", instance="a"))
        (group,) = world.dispatcher.groups
        world.dispatcher.dispatch(alert("Down", instance="a", resolved=True))
        group.mark_notified(group.deliveries[0], group.alerts, EPOCH + 1)
        assert world.groups == set()
        world.dispatcher.dispatch(alert("Down", instance="b"))
        assert world.groups == {("all", "instance=b")}

    in_virtual_time(test)


def test_groups_are_flushed_after_group_wait_and_every_group_interval() -> None:
    async def main() -> None:
        world = World()
        world.dispatcher.dispatch(alert("Down", instance="a"))
        await asyncio.sleep(150)
        assert [one.times for one in world.flushes.values()] == [[10, 70, 130]]

    run_virtually(main())


def test_a_group_that_a_restored_alert_creates_is_not_flushed_before_its_hold_is_over() -> None:
    async def main() -> None:
        world = World()
        world.dispatcher.dispatch(alert("Down", instance="a"), not_before=EPOCH + 30)
        await asyncio.sleep(31)
        assert [one.times for one in world.flushes.values()] == [[30]]

    run_virtually(main())


def test_the_same_group_of_the_next_configuration_keeps_its_timing() -> None:
    async def main() -> None:
        first = World()
        first.dispatcher.dispatch(alert("Down", instance="a"))
        await asyncio.sleep(25)
        earlier = first.dispatcher.timings()
        first.dispatcher.stop()
        second = World(earlier=earlier)
        second.dispatcher.dispatch(alert("Down", instance="a"))
        second.dispatcher.dispatch(replace(alert("Down", instance="b"), starts_at=EPOCH + 25))
        await asyncio.sleep(50)
        assert [one.times for one in second.flushes.values()] == [[70], [35]]

    run_virtually(main())


def test_a_group_that_is_notifying_is_due_at_once_in_the_next_configuration() -> None:
    async def main() -> None:
        world = World()
        world.dispatcher.dispatch(alert("Down", instance="a"))
        await asyncio.sleep(15)
        (flushes,) = world.flushes.values()
        flushes.is_running = True
        assert list(world.dispatcher.timings().values()) == [GroupTiming(EPOCH + 15, has_flushed=True)]

    run_virtually(main())


def test_nothing_is_dispatched_or_flushed_after_the_stop() -> None:
    async def main() -> None:
        world = World()
        world.dispatcher.dispatch(alert("Down", instance="a"))
        assert world.dispatcher.stop() == []
        world.dispatcher.dispatch(alert("Down", instance="b"))
        await asyncio.sleep(100)
        assert world.groups == set()
        assert [one.times for one in world.flushes.values()] == [[]]

    run_virtually(main())


def test_dispatching_all_alerts_yields_to_the_event_loop() -> None:
    async def main() -> None:
        world = World(limit=10_000)
        alerts = AlertProvider(limit=10_000)
        for number in range(250):
            alerts.put(alert("Down", instance=str(number)))
        seen: list[int] = []

        async def watch() -> None:
            while len(world.groups) < 250:
                seen.append(len(world.groups))
                await asyncio.sleep(0)

        await asyncio.gather(world.dispatcher.dispatch_all(alerts), watch())
        assert seen == [100, 200]

    run_virtually(main())
