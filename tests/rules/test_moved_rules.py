"""A reload in which rules have got into other groups: what fires goes on, what waits goes on waiting."""

import asyncio
from collections.abc import Sequence

import pytest

from exporter.config.document import Document
from exporter.model.alert import Alert
from exporter.rules.active import AlertState
from exporter.rules.load import read_rules
from exporter.rules.manager import RuleManager
from exporter.rules.model import RuleFile
from tests.clocks import run_virtually
from tests.rules.test_manager import TimedWorld

WAITS = "{alert: Waits, expr: vector(1), for: 2m}"
OTHER = "{alert: Other, expr: vector(1), for: 2m}"


def file(name: str, **groups: str) -> RuleFile:
    """A rule file; the rules of each group are YAML."""
    text = "".join(
        f"  - {{name: {group}, interval: 15s, rules: [{rules}]}}\n" for group, rules in groups.items()
    )
    return read_rules(Document.parse("groups:\n" + text, name))


def states(manager: RuleManager) -> dict[str, tuple[AlertState, int]]:
    """State and beginning of every alert, by its name."""
    return {
        rule.spec.name: (alert.state, alert.active_at_ms)
        for group in manager.groups
        for rule in group.alerting_rules
        for alert in rule.active_alerts
    }


BEFORE = [file("a.yml", one=f"{WAITS}, {OTHER}")]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param([file("b.yml", one=f"{WAITS}, {OTHER}")], id="file renamed"),
        pytest.param([file("a.yml", uno=f"{WAITS}, {OTHER}")], id="group renamed"),
        pytest.param([file("a.yml", one=WAITS, two=OTHER)], id="rule in a group of its own"),
        pytest.param([file("a.yml", one=OTHER), file("b.yml", one=WAITS)], id="rule in another file"),
        pytest.param([file("b.yml", uno=f"{OTHER}, {WAITS}")], id="all at once, and another order"),
    ],
)
@pytest.mark.parametrize("seconds", [60, 300])
def test_alerts_of_moved_rules_go_on(after: Sequence[RuleFile], seconds: int) -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start(BEFORE)
        await asyncio.sleep(seconds)
        before = states(manager)
        assert set(before) == {"Waits", "Other"}
        world.sink.take()
        await manager.apply(after)
        assert states(manager) == before
        await asyncio.sleep(180)
        assert {name: since for name, (_, since) in states(manager).items()} == {
            name: since for name, (_, since) in before.items()
        }
        sent: Sequence[Alert] = world.sink.take()
        assert {alert.name for alert in sent} == {"Waits", "Other"}
        # The slots of another group are other ones.
        waited = [alert.starts_at * 1000 - before[alert.name][1] for alert in sent]
        assert all(120_000 <= one < 135_000 for one in waited)
        assert not any(alert.is_resolved(alert.updated_at) for alert in sent)
        # A restart finds them under their new group, and nothing under the old one.
        saved = await world.environment.state.load()
        assert {str(key) for key in saved} == {str(group.spec.key) for group in manager.groups}
        await manager.stop()

    run_virtually(scenario())


def test_a_copy_of_a_rule_that_stays_begins_anew() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start(BEFORE)
        await asyncio.sleep(60)
        await manager.apply([*BEFORE, file("b.yml", one=WAITS)])
        copied = manager.groups[1].alerting_rules[0]
        assert copied.active_alerts == []
        await manager.stop()

    run_virtually(scenario())


def test_of_two_rules_of_one_name_each_goes_on_by_itself() -> None:
    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start([file("a.yml", one=WAITS, two=WAITS)])
        await asyncio.sleep(60)
        await manager.apply([file("b.yml", one=WAITS, two=WAITS)])
        one, two = (group.alerting_rules[0].active_alerts for group in manager.groups)
        assert len(one) == len(two) == 1
        assert one[0] is not two[0]
        await manager.stop()

    run_virtually(scenario())


def test_a_renamed_rule_begins_anew_and_the_former_is_not_sent_again() -> None:
    """As in Prometheus: the alert under the former name ends when it has not been sent again for long."""

    async def scenario() -> None:
        world = TimedWorld()
        manager = world.manager()
        await manager.start([file("a.yml", one=WAITS)])
        await asyncio.sleep(300)
        (last, *_) = reversed(world.sink.take())
        at = world.clock.now()
        await manager.apply([file("a.yml", one=WAITS.replace("Waits", "Waited"))])
        await asyncio.sleep(60)
        assert states(manager)["Waited"][0] is AlertState.PENDING
        assert world.sink.take() == []
        await asyncio.sleep(120)
        assert {alert.name for alert in world.sink.take()} == {"Waited"}
        assert at < last.ends_at <= at + 240
        await manager.stop()

    run_virtually(scenario())
