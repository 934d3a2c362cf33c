"""An alert whose target cannot be sampled is frozen, not resolved."""

from exporter.model.labels import Labels
from exporter.rules.group import RuleGroup
from exporter.rules.origins import metrics_behind, origins_of
from tests.rules.world import UnsampledTargets, World, live, make_group, read, states

HIGH = '{instance="r:1"}'
RULES = """
- {alert: High, expr: a > 5, for: 15s}
- {alert: Down, expr: up == 0}
"""


def in_outage(world: World, *, goes_down: bool) -> None:
    """The target goes, or comes back: what the sampler does."""
    world.set_series('up{instance="r:1"}', 0 if goes_down else 1)
    world.set_series('a{instance="r:1"}', None if goes_down else 9)
    targets = ("r:1",) if goes_down else ()
    world.environment.availability = UnsampledTargets(*targets)


async def until_firing(world: World, group: RuleGroup) -> None:
    in_outage(world, goes_down=False)
    await world.evaluate(group)
    await world.evaluate(group, 15)
    assert states(group) == {HIGH: "firing"}


def test_held_during_the_outage_while_the_target_s_own_alert_speaks() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, RULES)
        await until_firing(world, group)
        in_outage(world, goes_down=True)
        sent = [alert for _ in range(20) for alert in await world.evaluate(group, 15)]
        assert [rule.state.value for rule in group.alerting_rules] == ["firing", "firing"]
        assert {alert.name for alert in sent} == {"High", "Down"}
        assert all(alert.ends_at > alert.updated_at for alert in sent)
        assert world.query("ALERTS{alertname='High'}") != {}

    live(scenario)


def test_goes_on_as_the_same_alert_when_the_target_comes_back_high() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, RULES)
        await until_firing(world, group)
        fired = group.alerting_rules[0].active_alerts[0].fired_at_ms
        in_outage(world, goes_down=True)
        await world.evaluate(group, 15)
        in_outage(world, goes_down=False)
        await world.evaluate(group, 15)
        alert = group.alerting_rules[0].active_alerts[0]
        assert (alert.fired_at_ms, alert.frozen) == (fired, False)
        assert group.alerting_rules[1].active_alerts == []

    live(scenario)


def test_resolved_one_interval_after_the_target_came_back_healthy() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, RULES)
        await until_firing(world, group)
        in_outage(world, goes_down=True)
        await world.evaluate(group, 15)
        in_outage(world, goes_down=False)
        world.set_series('a{instance="r:1"}', 1)
        await world.evaluate(group, 15)
        assert group.alerting_rules[0].active_alerts != []
        sent = await world.evaluate(group, 15)
        assert [alert.name for alert in sent if alert.is_resolved(world.at_ms / 1000)] == ["High"]

    live(scenario)


def test_a_second_outage_during_the_release_holds_it_again() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, RULES)
        await until_firing(world, group)
        in_outage(world, goes_down=True)
        await world.evaluate(group, 15)
        in_outage(world, goes_down=False)
        world.set_series('a{instance="r:1"}', None)
        await world.evaluate(group, 15)
        in_outage(world, goes_down=True)
        for _ in range(3):
            await world.evaluate(group, 15)
        assert group.alerting_rules[0].active_alerts != []

    live(scenario)


def test_a_pending_alert_is_not_frozen() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5, for: 1m}")
        in_outage(world, goes_down=False)
        await world.evaluate(group)
        in_outage(world, goes_down=True)
        await world.evaluate(group, 15)
        assert states(group) == {}

    live(scenario)


def test_without_an_availability_it_resolves_as_in_prometheus() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: a > 5}")
        world.set_series('a{instance="r:1"}', 9)
        await world.evaluate(group)
        world.set_series('a{instance="r:1"}', None)
        (sent,) = await world.evaluate(group, 15)
        assert sent.is_resolved(world.at_ms / 1000)

    live(scenario)


def test_an_alert_over_many_targets_is_frozen_while_one_that_had_a_part_in_it_is_missing() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: Any, expr: sum(a) > 5, labels: {severity: page}}")
        in_outage(world, goes_down=False)
        await world.evaluate(group)
        in_outage(world, goes_down=True)
        for _ in range(20):
            sent = await world.evaluate(group, 15)
            assert not any(alert.is_resolved(world.at_ms / 1000) for alert in sent)
        # The labels that the rule sets tell nothing about the data.
        availability = world.environment.availability
        assert isinstance(availability, UnsampledTargets)
        assert availability.asked[-1] == (Labels(), frozenset({"a"}))
        in_outage(world, goes_down=False)
        world.set_series('a{instance="r:1"}', 1)
        await world.evaluate(group, 15)
        (sent_last,) = await world.evaluate(group, 15)
        assert sent_last.is_resolved(world.at_ms / 1000)

    live(scenario)


def test_a_target_that_was_missing_before_does_not_hold_it() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: Any, expr: sum(a) > 5}")
        world.environment.availability = UnsampledTargets("r:2", missing_since=-1.0)
        world.set_series('a{instance="r:1"}', 9)
        await world.evaluate(group)
        world.set_series('a{instance="r:1"}', 1)
        (sent,) = await world.evaluate(group, 15)
        assert sent.is_resolved(world.at_ms / 1000)

    live(scenario)


def test_the_metrics_behind_recorded_series_are_what_counts() -> None:
    text = """
groups:
- name: g
  rules:
  - {record: "x:sum", expr: sum(x)}
  - {record: "x:and_y", expr: 'x:sum + y + x:and_y offset 1m'}
  - {alert: High, expr: 'x:and_y > z'}
  - {alert: Unknown, expr: '{a="b"} > z'}
"""
    file = read(text)
    origins = origins_of([file])
    assert origins == {"x:sum": {"x"}, "x:and_y": {"x", "y"}}
    _, _, high, unknown = file.groups[0].rules
    assert metrics_behind(high.expression, origins) == {"x", "y", "z"}
    assert metrics_behind(unknown.expression, origins) == frozenset()
