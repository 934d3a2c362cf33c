"""The life of an alert, step by step as the reference has it, on a real engine and store."""

import pytest

from exporter import time_slice
from exporter.rules.active import AlertState
from tests.rules.world import START_MS, World, counted_rounds, live, make_group, only_rule, states


def test_without_for_it_fires_on_the_first_evaluation() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5}")
        world.set(a=6)
        (sent,) = await world.evaluate(group)
        assert states(group) == {"{}": "firing"}
        assert sent.name == "High"
        assert sent.starts_at == START_MS / 1000

    live(scenario)


def test_for_counts_from_the_first_evaluation_that_saw_it() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5, for: 30s}")
        world.set(a=6)
        for seconds, state in ((0, "pending"), (15, "pending"), (14.999, "pending"), (0.001, "firing")):
            await world.evaluate(group, seconds)
            assert states(group) == {"{}": state}
        alert = only_rule(group).active_alerts[0]
        assert (alert.active_at_ms, alert.fired_at_ms) == (START_MS, START_MS + 30_000)

    live(scenario)


def test_a_pending_alert_that_ends_is_forgotten_and_nobody_is_told() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5, for: 30s}")
        world.set(a=6)
        sent = await world.evaluate(group)
        world.set(a=1)
        sent += await world.evaluate(group, 15)
        assert states(group) == {}
        world.set(a=6)
        sent += await world.evaluate(group, 15)
        sent += await world.evaluate(group, 15)
        assert states(group) == {"{}": "pending"}
        assert sent == []

    live(scenario)


def test_a_firing_alert_that_ends_is_resolved_then_kept_for_15_minutes() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5}")
        world.set(a=6)
        await world.evaluate(group)
        world.set(a=1)
        (sent,) = await world.evaluate(group, 15)
        assert sent.ends_at == (START_MS + 15_000) / 1000
        assert sent.is_resolved(world.at_ms / 1000)
        assert states(group) == {"{}": "inactive"}
        (again,) = await world.evaluate(group, 61)
        assert again.ends_at == sent.ends_at
        await world.evaluate(group, 15 * 60 - 61)
        assert states(group) == {"{}": "inactive"}
        await world.evaluate(group, 0.001)
        await world.evaluate(group, 15)
        assert states(group) == {}

    live(scenario)


def test_one_that_comes_back_after_it_was_resolved_is_a_new_alert() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5, for: 15s}")
        for value in (6, 6, 1):
            world.set(a=value)
            await world.evaluate(group, 15)
        world.set(a=7)
        await world.evaluate(group, 15)
        alert = only_rule(group).active_alerts[0]
        assert alert.state is AlertState.PENDING
        assert alert.active_at_ms == world.at_ms
        (sent,) = await world.evaluate(group, 15)
        assert sent.starts_at == world.at_ms / 1000

    live(scenario)


def test_value_and_annotations_are_refreshed_while_it_lasts() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5, annotations: {text: 'is {{ $value }}'}}")
        world.set(a=6)
        await world.evaluate(group)
        world.set(a=7.5)
        await world.evaluate(group, 15)
        alert = only_rule(group).active_alerts[0]
        assert (alert.value, alert.annotations) == (7.5, (("text", "is 7.5"),))
        assert alert.active_at_ms == START_MS

    live(scenario)


def test_keep_firing_for_holds_it_and_starts_again_when_it_comes_back() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5, keep_firing_for: 30s}")
        world.set(a=6)
        await world.evaluate(group)
        world.set(a=1)
        for state in ("firing", "firing"):
            await world.evaluate(group, 15)
            assert states(group) == {"{}": state}
        world.set(a=6)
        await world.evaluate(group, 15)
        assert only_rule(group).active_alerts[0].keep_firing_since_ms == 0
        world.set(a=1)
        for state in ("firing", "firing", "inactive"):
            await world.evaluate(group, 15)
            assert states(group) == {"{}": state}

    live(scenario)


def test_a_raised_for_sends_it_back_to_pending() -> None:
    async def scenario(world: World) -> None:
        before = make_group(world, "- {alert: High, expr: a > 5, for: 15s}")
        world.set(a=6)
        await world.evaluate(before)
        await world.evaluate(before, 15)
        after = make_group(world, "- {alert: High, expr: a > 5, for: 1m}")
        after.copy_state(before)
        await world.evaluate(after, 15)
        alert = only_rule(after).active_alerts[0]
        assert alert.state is AlertState.PENDING
        assert (alert.fired_at_ms, alert.last_sent_at_ms) == (0, 0)
        sent = await world.evaluate(after, 30)
        assert [alert.starts_at for alert in sent] == [world.at_ms / 1000]

    live(scenario)


def test_labels_are_those_of_the_sample_then_of_the_rule_then_the_name() -> None:
    async def scenario(world: World) -> None:
        rule = """
- alert: High
  expr: a > 5
  labels: {env: "{{ $labels.job }}-x", gone: "", job: '{{ if false }}x{{ end }}', alertname: no, b: c}
"""
        group = make_group(world, rule)
        world.set_series('a{job="j",gone="g",kept="k"}', 6)
        (sent,) = await world.evaluate(group)
        assert sent.labels.as_dict() == {"alertname": "High", "b": "c", "env": "j-x", "kept": "k"}

    live(scenario)


def test_two_results_with_one_labelset_are_an_error_that_changes_nothing() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5, labels: {job: same}}")
        world.set_series('a{job="1"}', 6)
        await world.evaluate(group)
        world.set_series('a{job="2"}', 6)
        sent = await world.evaluate(group, 15)
        assert sent == []
        assert states(group) == {'{job="same"}': "firing"}
        status = only_rule(group).status
        assert status.health.value == "err"
        assert "several alerts with the labels" in status.last_error
        world.set_series('a{job="2"}', 1)
        await world.evaluate(group, 15)
        assert status.health.value == "ok"
        assert status.last_error == ""
        assert (status.evaluations_total, status.failures_total) == (3, 1)

    live(scenario)


def test_more_alerts_than_the_limit_drop_them_all() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5}", options="limit: 1")
        world.set_series('a{job="1"}', 6)
        await world.evaluate(group)
        world.set_series('a{job="2"}', 6)
        assert await world.evaluate(group, 15) == []
        assert states(group) == {}
        assert only_rule(group).status.last_error == "exceeded limit of 1 with 2 alerts"

    live(scenario)


@pytest.mark.parametrize("query", ["'text'", "a[5m]"])
def test_a_string_or_a_range_vector_is_an_error(query: str) -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, f'- {{alert: High, expr: "{query}"}}')
        assert await world.evaluate(group) == []
        assert only_rule(group).status.last_error == "the result of a rule must be a vector or a scalar"

    live(scenario)


def test_a_scalar_is_one_sample_without_labels() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: Always, expr: '0', annotations: {v: '{{ $value }}'}}")
        (sent,) = await world.evaluate(group)
        assert (str(sent.labels), sent.annotations.get("v")) == ('{alertname="Always"}', "0")

    live(scenario)


def test_nan_fires_and_a_comparison_with_it_does_not() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: Bare, expr: a / 0}\n- {alert: Compared, expr: a / 0 > 0}")
        world.set(a=0)
        sent = await world.evaluate(group)
        assert [alert.name for alert in sent] == ["Bare"]

    live(scenario)


def test_a_query_error_leaves_the_alerts_as_they_were() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a + on (job) b > 5, keep_firing_for: 1m}")
        world.set_series('a{job="x",n="1"}', 5)
        world.set_series('b{job="x",n="1"}', 5)
        await world.evaluate(group)
        world.set_series('b{job="x",n="2"}', 5)
        await world.evaluate(group, 15)
        rule = only_rule(group)
        assert rule.status.health.value == "err"
        assert "many-to-many matching not allowed" in rule.status.last_error
        assert states(group) == {'{job="x"}': "firing"}
        assert rule.active_alerts[0].keep_firing_since_ms == 0

    live(scenario)


def test_alerts_are_written_as_series_and_end_with_them() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5, for: 15s, labels: {severity: page}}")
        world.set_series('a{job="x"}', 6)
        await world.evaluate(group)
        labels = 'alertname="High", {}job="x", severity="page"'
        pending, firing = (labels.format(f'alertstate="{state}", ') for state in ("pending", "firing"))
        assert world.query("ALERTS") == {f"ALERTS{{{pending}}}": 1}
        since = START_MS // 1000
        assert world.query("ALERTS_FOR_STATE") == {f"ALERTS_FOR_STATE{{{labels.format('')}}}": since}
        await world.evaluate(group, 15)
        assert world.query("ALERTS") == {f"ALERTS{{{firing}}}": 1}
        world.set_series('a{job="x"}', 1)
        await world.evaluate(group, 15)
        assert world.query("ALERTS") == {}
        assert world.query("ALERTS_FOR_STATE") == {}

    live(scenario)


def test_query_offset_reads_and_writes_in_the_past() -> None:
    async def scenario(world: World) -> None:
        group = make_group(
            world, "- {alert: High, expr: a > 5}\n- {record: r, expr: a}", options="query_offset: 1m"
        )
        world.set(a=6)
        assert await world.evaluate(group) == []
        world.set(a=7)
        (sent,) = await world.evaluate(group, 60)
        assert sent.starts_at == world.at_ms / 1000
        assert world.query("r offset 1m") == {"r": 6}
        for series in ("r", "ALERTS"):
            assert list(world.query(f"timestamp({series})").values()) == [(world.at_ms - 60_000) / 1000]

    live(scenario)


def test_a_rule_alerts_on_the_alerts_of_an_earlier_rule_in_the_same_cycle() -> None:
    async def scenario(world: World) -> None:
        rules = """
- {alert: First, expr: a > 5}
- {alert: Second, expr: 'count(ALERTS{alertname="First", alertstate="firing"}) > 0'}
"""
        group = make_group(world, rules)
        world.set(a=6)
        assert [alert.name for alert in await world.evaluate(group)] == ["First", "Second"]

    live(scenario)


def test_the_state_of_a_rule_is_its_highest() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5, for: 15s}")
        rule = only_rule(group)
        highest = [rule.state]
        world.set_series('a{n="1"}', 6)
        await world.evaluate(group)
        highest.append(rule.state)
        world.set_series('a{n="2"}', 6)
        await world.evaluate(group, 15)
        highest.append(rule.state)
        assert sorted(states(group).values()) == ["firing", "pending"]
        assert highest == ["inactive", "pending", "firing"]

    live(scenario)


def test_a_clock_set_back_demotes_nothing() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: vector(1), for: 15s}")
        await world.evaluate(group)
        await world.evaluate(group, 15)
        world.at_ms -= 3_600_000
        sent: list[object] = []
        sent += await world.evaluate(group)
        assert states(group) == {"{}": "firing"}
        assert len(sent) == 1

    live(scenario)


def test_others_have_their_turn_while_many_alerts_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    alerts = 40

    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5}")
        for number in range(alerts):
            world.set_series(f'a{{n="{number}"}}', 6)
        world.sample()
        async with counted_rounds() as rounds:
            assert len(await world.evaluate(group, 15)) == alerts
        # At each alert that is found, each change that is kept, and twice for each pair of series.
        assert rounds[0] >= 5 * alerts

    monkeypatch.setattr(time_slice, "_FIRST_SECONDS", 0.0)
    monkeypatch.setattr(time_slice, "_SLICE_SECONDS", 0.0)
    live(scenario)
