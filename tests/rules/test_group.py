"""A group: faults stay with their rule, a reload takes the state over."""

import asyncio
import time
from collections.abc import Sequence

import pytest

from exporter.errors import QueryCancelledError
from exporter.model.alert import Alert
from exporter.model.sample import Sample
from tests.rules.world import World, counted_rounds, live, make_group, only_rule, read, states


def test_a_rule_that_errors_each_time_costs_just_itself() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: Bad, expr: 'a[5m]'}\n- {alert: Good, expr: a > 5}")
        world.set(a=6)
        sent = [alert for _ in range(10) for alert in await world.evaluate(group, 15)]
        assert {alert.name for alert in sent} == {"Good"}
        assert group.rules[0].status.failures_total == 10
        assert group.iterations_total == 10

    live(scenario)


def test_a_rule_that_is_cancelled_at_the_end_stays_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5}")
        world.set(a=6)
        await world.evaluate(group, 15)
        before = vars(group.rules[0])["status"].last_error, states(group)
        world.environment.executor = Ending()  # type: ignore[assignment]
        world.environment.takes_long = lambda: True
        await world.evaluate(group, 15)
        assert (group.rules[0].status.last_error, states(group)) == before == ("", before[1])
        assert group.rules[0].status.failures_total == 0

    live(scenario)
    assert "a rule failed" not in caplog.text


def test_a_text_that_cannot_be_expanded_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    rules = "- {alert: A, expr: a > 5, annotations: {said: '{{ .Nope }}'}}\n- {alert: B, expr: a > 5}"

    async def scenario(world: World) -> None:
        group = make_group(world, rules)
        for value in (1, 6, 7, 1, 8):
            world.set(a=value)
            await world.evaluate(group, 15)
        assert group.rules[0].status.last_error == ""

    live(scenario)
    (told,) = [record for record in caplog.records if "cannot be expanded" in record.getMessage()]
    fields = vars(told)["vigil_fields"]
    assert fields["rule"] == "A"
    assert "can't evaluate field Nope" in fields["error"]


class Ending:
    """An executor that is closing."""

    async def run(self, *_: object) -> object:
        raise QueryCancelledError("the daemon is stopping")


def test_a_bug_in_one_rule_costs_just_that_rule() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {record: r, expr: a}\n- {alert: Good, expr: a > 5}")
        whole = world.store.append

        def append(sample: Sample) -> None:
            if sample.layout.points and sample.layout.points[0].family.name == "r":
                raise ZeroDivisionError("bug")
            whole(sample)

        world.set(a=6)
        world.sample()
        world.store.append = append  # type: ignore[method-assign]  # a bug in the middle of a rule
        await group.evaluate(world.at_ms)
        assert group.rules[0].status.last_error == "internal error: ZeroDivisionError('bug')"
        assert [alert.name for alert in world.sink.take()] == ["Good"]

    live(scenario)


def test_a_sink_that_fails_or_hangs_stops_nothing() -> None:
    class BrokenSink:
        async def receive(self, alerts: Sequence[Alert]) -> None:
            raise OSError("no")

    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: vector(1)}")
        world.environment.sink = BrokenSink()
        await world.evaluate(group)
        assert world.environment.sink_failures_total == 1
        assert states(group) == {"{}": "firing"}

    live(scenario)


def test_a_moment_is_evaluated_once_and_not_in_the_past() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {record: r, expr: a}")
        await world.evaluate(group)
        await world.evaluate(group)
        await world.evaluate(group, -5)
        assert group.iterations_total == 1
        await world.evaluate(group, -3600)
        assert group.iterations_total == 2

    live(scenario)


def test_others_get_a_turn_between_rules() -> None:
    async def scenario(world: World) -> None:
        rules = "\n".join(f"- {{record: r{number}, expr: vector({number})}}" for number in range(10))
        group = make_group(world, rules)
        async with counted_rounds() as rounds:
            await world.evaluate(group)
        assert rounds[0] >= 10

    live(scenario)


def test_a_changed_group_takes_over_state_by_name_and_labels() -> None:
    rules = """
- {alert: Same, expr: a > 5, for: 1m}
- {alert: Other, expr: a > 5, labels: {severity: page}}
- {record: kept, expr: a}
- {record: gone, expr: a}
"""
    changed = """
- {record: kept, expr: a * 2}
- {alert: Other, expr: a > 5, labels: {severity: ticket}}
- {alert: Same, expr: a > 4, for: 1m}
"""

    async def scenario(world: World) -> None:
        before = make_group(world, rules)
        world.set(a=6)
        await world.evaluate(before)
        since = before.alerting_rules[0].active_alerts[0].active_at_ms
        fired = before.alerting_rules[1].active_alerts[0].fired_at_ms
        after = make_group(world, changed)
        after.copy_state(before)
        other, same = after.alerting_rules
        assert same.active_alerts[0].active_at_ms == since
        assert other.active_alerts == []
        await world.evaluate(after, 15)
        assert same.active_alerts[0].active_at_ms == since
        assert other.active_alerts[0].fired_at_ms == fired + 15_000
        assert world.query('{__name__=~"kept|gone"}') == {"kept": 12}
        names = 'count by (severity) (ALERTS{alertname="Other"})'
        assert world.query(names) == {'{severity="ticket"}': 1}
        saved = (await world.environment.state.load())[after.spec.key]
        assert {(alert.rule.name, alert.labels.get("severity")) for alert in saved.alerts} == {
            ("Same", ""),
            ("Other", "ticket"),
        }

    live(scenario)


def test_rules_of_one_name_are_matched_in_order() -> None:
    rules = "- {alert: Twin, expr: a > 5, for: 1m}\n- {alert: Twin, expr: b > 5, for: 1m}"

    async def scenario(world: World) -> None:
        before = make_group(world, rules)
        world.set_series('a{n="1"}', 6)
        world.set_series('b{n="2"}', 6)
        await world.evaluate(before)
        after = make_group(world, rules)
        after.copy_state(before)
        first, second = after.alerting_rules
        assert [alert.labels.get("n") for rule in (first, second) for alert in rule.active_alerts] == [
            "1",
            "2",
        ]

    live(scenario)


def test_two_groups_that_read_the_same_are_equal() -> None:
    text = "groups: [{name: g, rules: [{alert: A, expr: up == 0, annotations: {a: '{{ $value }}'}}]}]"
    first, second = read(text).groups[0], read(text + "\n\n").groups[0]
    assert first == second
    assert first != read(text.replace("== 0", "== 1")).groups[0]
    assert first != read(text.replace("$value", "$labels")).groups[0]


def test_ten_thousand_alerts_leave_the_loop_alive() -> None:
    async def scenario(world: World) -> None:
        group = make_group(
            world, "- {alert: Many, expr: a > 5, annotations: {s: '{{ $labels.n }} is {{ $value }}'}}"
        )
        for number in range(10_000):
            world.set_series(f'a{{n="{number}"}}', 6)
        longest = 0.0

        async def watch() -> None:
            nonlocal longest
            loop = asyncio.get_running_loop()
            before = loop.time()
            while True:
                await asyncio.sleep(0)
                longest = max(longest, loop.time() - before)
                before = loop.time()

        world.sample()
        task = asyncio.create_task(watch())
        started = time.monotonic()
        await group.evaluate(world.at_ms)
        took = time.monotonic() - started
        task.cancel()
        assert len(world.sink.take()) == 10_000
        assert len(only_rule(group).active) == 10_000
        assert len(world.query("ALERTS")) == 10_000
        # Generous: the machine may be busy. Without turns in between it is the whole evaluation.
        assert longest < max(3, took / 3)

    live(scenario)
