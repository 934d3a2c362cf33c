"""Alerts over a restart: the same world goes on with a new group and what was saved."""

from collections.abc import Mapping, Sequence

import pytest

from exporter.errors import StateError
from exporter.model.alert import Alert
from exporter.rules.active import ActiveAlert
from exporter.rules.group import RuleGroup
from exporter.rules.model import GroupKey
from exporter.rules.restore import RestorePolicy
from exporter.rules.saved import AlertStateStore, MemoryAlertState, SavedGroup, StateChange
from tests.rules.world import World, live, make_group, only_rule, states

MINUTE = 60.0


class OnlyFirstSave(MemoryAlertState):
    """What another state has after the first save; the process is killed before the second."""

    def __init__(self, kept: AlertStateStore) -> None:
        super().__init__()
        self._kept = kept
        self._saves = 0

    async def save(self, group: GroupKey, change: StateChange) -> None:
        self._saves += 1
        if self._saves == 1:
            await self._kept.save(group, change)


async def restart(world: World, rules: str, outage_seconds: float) -> RuleGroup:
    """A new process after an outage: nothing but the store and the saved state is left."""
    world.at_ms += round(outage_seconds * 1000)
    group = make_group(world, rules)
    saved = await world.environment.state.load()
    if group.spec.key in saved:
        group.restore(saved[group.spec.key], RestorePolicy(), world.at_ms)
    return group


async def run_for(world: World, group: RuleGroup, minutes: float) -> None:
    """Evaluate every 15 seconds for so long."""
    for _ in range(round(minutes * 4)):
        await world.evaluate(group, 15)


def alert_of(group: RuleGroup) -> ActiveAlert:
    (alert,) = only_rule(group).active.values()
    return alert


@pytest.mark.parametrize(
    ("for_minutes", "pending_minutes", "outage_minutes", "fires_after_minutes"),
    [
        # What is left of a long `for` is waited out, the outage not counted.
        (30, 10, 5, 20),
        # Less left than the grace period: the grace period is waited out.
        (30, 25, 5, 10),
        (10, 5, 1, 10),
        # A `for` below the grace period resumes just so.
        (5, 4, 1, 1),
        (2, 1, 50, 1),
    ],
)
def test_a_pending_alert_resumes(
    for_minutes: float, pending_minutes: float, outage_minutes: float, fires_after_minutes: float
) -> None:
    rules = f"- {{alert: High, expr: vector(1), for: {for_minutes}m}}"

    async def scenario(world: World) -> None:
        group = make_group(world, rules)
        await world.evaluate(group)
        await run_for(world, group, pending_minutes)
        group = await restart(world, rules, outage_minutes * MINUTE)
        restarted_ms = world.at_ms
        while states(group) != {"{}": "firing"}:
            assert world.at_ms < restarted_ms + 60 * 60_000
            await world.evaluate(group, 15)
        assert world.at_ms - restarted_ms == fires_after_minutes * 60_000

    live(scenario)


def test_one_that_was_due_fires_at_once() -> None:
    rules = "- {alert: High, expr: vector(1), for: %s}"

    async def scenario(world: World) -> None:
        group = make_group(world, rules % "30m")
        await world.evaluate(group)
        await run_for(world, group, 20)
        # Somebody lowered `for` while the daemon was down.
        group = await restart(world, rules % "15m", 60)
        await world.evaluate(group, 15)
        assert states(group) == {"{}": "firing"}

    live(scenario)


def test_a_firing_alert_goes_on_and_is_not_sent_anew() -> None:
    rules = "- {alert: High, expr: vector(1), for: 1m}"

    async def scenario(world: World) -> None:
        group = make_group(world, rules)
        await world.evaluate(group)
        await run_for(world, group, 1.5)
        before = alert_of(group)
        group = await restart(world, rules, 15)
        assert await world.evaluate(group) == []
        after = alert_of(group)
        assert (after.active_at_ms, after.fired_at_ms) == (before.active_at_ms, before.fired_at_ms)
        (again,) = [alert for _ in range(4) for alert in await world.evaluate(group, 15)]
        assert again.starts_at == before.fired_at_ms / 1000

    live(scenario)


def test_a_restored_alert_is_frozen_until_there_had_to_be_data() -> None:
    rules = "- {alert: High, expr: a > 5}"

    async def scenario(world: World) -> None:
        group = make_group(world, rules)
        world.set(a=6)
        await world.evaluate(group)
        world.set(a=None)
        world.at_ms += 1000
        world.sample()
        group = await restart(world, rules, 5)
        sent = await world.evaluate(group, 15)
        assert states(group) == {"{}": "firing"}
        world.set(a=6)
        sent += await world.evaluate(group, 14)
        assert sent == []
        assert alert_of(group).restored_at_ms == 0

    live(scenario)


def test_a_restored_alert_that_stays_silent_is_resolved_after_two_intervals() -> None:
    rules = "- {alert: High, expr: a > 5}\n"

    async def scenario(world: World) -> None:
        group = make_group(world, rules)
        world.set(a=6)
        await world.evaluate(group)
        world.set(a=1)
        group = await restart(world, rules, 5)
        assert await world.evaluate(group, 15) == []
        (sent,) = await world.evaluate(group, 15)
        assert sent.is_resolved(world.at_ms / 1000)

    live(scenario)


def test_a_restored_pending_alert_does_not_fire_on_silence_and_goes() -> None:
    rules = "- {alert: High, expr: a > 5, for: 1m}"

    async def scenario(world: World) -> None:
        group = make_group(world, rules)
        world.set(a=6)
        await world.evaluate(group)
        await run_for(world, group, 0.75)
        world.set(a=1)
        group = await restart(world, rules, 5)
        for expected in ({"{}": "pending"}, {}):
            await world.evaluate(group, 15)
            assert states(group) == expected

    live(scenario)


def test_nothing_is_restored_after_more_than_an_hour() -> None:
    rules = "- {alert: High, expr: vector(1), for: 5m}"

    async def scenario(world: World) -> None:
        group = make_group(world, rules)
        await world.evaluate(group)
        await run_for(world, group, 6)
        group = await restart(world, rules, 3600.001)
        assert states(group) == {}
        await world.evaluate(group)
        assert states(group) == {"{}": "pending"}

    live(scenario)


def test_keep_firing_for_survives() -> None:
    rules = "- {alert: High, expr: a > 5, keep_firing_for: 5m}"

    async def scenario(world: World) -> None:
        group = make_group(world, rules)
        world.set(a=6)
        await world.evaluate(group)
        world.set(a=1)
        await run_for(world, group, 2)
        since = alert_of(group).keep_firing_since_ms
        group = await restart(world, rules, 60)
        await run_for(world, group, 1)
        assert alert_of(group).keep_firing_since_ms == since
        await run_for(world, group, 1.25)
        assert states(group) == {"{}": "inactive"}
        assert alert_of(group).resolved_at_ms - since == 5 * 60_000

    live(scenario)


@pytest.mark.parametrize("last", [6, 1])
def test_what_was_not_told_before_the_crash_is_told_after_it(last: float) -> None:
    rules = "- {alert: High, expr: a > 5}"

    class CrashingSink:
        async def receive(self, alerts: Sequence[Alert]) -> None:
            raise SystemError("killed")

    async def scenario(world: World) -> None:
        group = make_group(world, rules)
        world.set(a=6)
        if last != 6:
            await world.evaluate(group)
            world.set(a=last)
        sink, state = world.environment.sink, world.environment.state
        world.environment.sink, world.environment.state = CrashingSink(), OnlyFirstSave(state)
        await world.evaluate(group, 15)
        world.environment.sink, world.environment.state = sink, state
        group = await restart(world, rules, 5)
        (sent,) = await world.evaluate(group, 10)
        assert sent.is_resolved(world.at_ms / 1000) == (last != 6)

    live(scenario)


def test_alerts_of_rules_that_are_gone_are_dropped_from_the_state() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: vector(1)}\n- {alert: Other, expr: vector(1)}")
        await world.evaluate(group)
        group = await restart(world, "- {alert: Other, expr: vector(1)}", 5)
        await world.evaluate(group, 15)
        (saved,) = (await world.environment.state.load()).values()
        assert [alert.rule.name for alert in saved.alerts] == ["Other"]

    live(scenario)


def test_only_what_changed_is_saved() -> None:
    class CountingState(MemoryAlertState):
        changes: list[tuple[int, int]]

        async def save(self, group: GroupKey, change: StateChange) -> None:
            self.changes.append((len(change.written), len(change.dropped)))
            await super().save(group, change)

    async def scenario(world: World) -> None:
        state = world.environment.state = CountingState()
        state.changes = []
        group = make_group(world, "- {alert: High, expr: a > 5, for: 15s}\n- {record: r, expr: a}")
        await world.evaluate(group)
        assert state.changes == []
        for value in (6, 7, 8, 9, 1):
            world.set(a=value)
            await world.evaluate(group, 15)
        # Pending; firing, then sent; nothing new, twice; resolved, then sent.
        assert state.changes == [(1, 0), (1, 0), (1, 0), (0, 0), (0, 0), (1, 0), (1, 0)]
        await run_for(world, group, 16)
        assert state.changes[-1] == (0, 1)
        assert (await state.load())[group.spec.key].alerts == ()

    live(scenario)


def test_a_state_that_cannot_be_saved_costs_nothing_else() -> None:
    class BrokenState(MemoryAlertState):
        works = False

        async def load(self) -> Mapping[GroupKey, SavedGroup]:
            return await super().load()

        async def save(self, group: GroupKey, change: StateChange) -> None:
            if not self.works:
                raise StateError("disk full")
            await super().save(group, change)

    async def scenario(world: World) -> None:
        state = world.environment.state = BrokenState()
        group = make_group(world, "- {alert: High, expr: vector(1)}")
        assert len(await world.evaluate(group)) == 1
        assert world.environment.state_failures_total == 2
        state.works = True
        await world.evaluate(group, 15)
        assert len((await state.load())[group.spec.key].alerts) == 1

    live(scenario)


def test_an_alert_that_was_saved_without_a_job_goes_on_with_one() -> None:
    rules = "- {alert: Down, expr: up == 0, for: 1m}"

    async def scenario(world: World) -> None:
        world.set_series('up{instance="a"}', 0)
        await run_for(world, make_group(world, rules), 2)
        world.set_series('up{instance="a"}', None)
        world.set_series('up{instance="a",job="redis"}', 0)
        world.environment.relabel = lambda labels: labels.with_({"job": "redis"})
        group = await restart(world, rules, 10)
        assert states(group) == {'{instance="a", job="redis"}': "firing"}
        await run_for(world, group, 3)
        assert states(group) == {'{instance="a", job="redis"}': "firing"}
        # It is saved as that, and the other is not there any more.
        world.environment.relabel = lambda labels: labels
        assert states(await restart(world, rules, 10)) == {'{instance="a", job="redis"}': "firing"}

    live(scenario)
