"""Failing, slow and hanging receivers."""

import asyncio
import itertools

import pytest

from exporter.alerting.options import Options
from tests.alerting.own_world import HANG, OwnWorld, assert_story
from tests.alerting.scenario import Answer, Story, alert
from tests.alerting.stories import ROUTE, config, two_receivers
from tests.clocks import run_virtually

LONG = ROUTE.replace("group_interval: 2s", "group_interval: 5m")


def sample(world: OwnWorld, name: str, **labels: str) -> float:
    return world.registry.get_sample_value(name, labels) or 0.0


def test_tries_come_at_growing_distances_until_the_flush_is_over() -> None:
    story = Story(config(root=LONG), until=290)
    story.answer(0, "hook", Answer(500))
    story.push(0, alert("Down"))
    world = assert_story(story)
    times = [at for at, _ in world.attempts]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert times[0] == pytest.approx(1)
    for number, gap in enumerate(gaps):
        expected = min(0.5 * 1.5**number, 60)
        assert expected * 0.5 <= gap <= expected * 1.5
    assert 10 <= len(times) <= 25
    assert sample(world, "alertmanager_notification_requests_total", integration="webhook") == len(times)
    assert sample(world, "alertmanager_notification_requests_failed_total", integration="webhook") == len(
        times
    )
    assert sample(world, "alertmanager_notifications_total", integration="webhook") == 1


def test_a_failure_is_counted_once_per_flush_by_its_reason() -> None:
    story = Story(config(), until=30)
    story.answer(0, "hook", Answer(400))
    story.push(0, alert("Down"))
    world = assert_story(story)
    failed = sample(
        world, "alertmanager_notifications_failed_total", integration="webhook", reason="clientError"
    )
    assert failed == len(world.attempts) == 15


def test_a_429_waits_as_long_as_asked() -> None:
    story = Story(config(root=LONG), until=60)
    story.answer(0, "hook", Answer(429, retry_after=30), Answer(200))
    story.push(0, alert("Down"))
    story.want("hook", 31, 31.1, firing=["Down"])
    assert_story(story)


def test_what_a_receiver_asks_for_counts_for_all_its_groups() -> None:
    story = Story(config(root=LONG), until=60)
    story.answer(0, "hook", Answer(429, retry_after=30), Answer(200))
    story.push(0, alert("Down"))
    story.push(5, alert("Slow"))
    story.want("hook", 31, 31.1, firing=["Down"])
    story.want("hook", 31, 31.1, firing=["Slow"])
    assert_story(story)


def test_an_absurd_retry_after_is_cut_to_five_minutes() -> None:
    root = ROUTE.replace("group_interval: 2s", "group_interval: 1m")
    story = Story(config(root=root), until=500)
    story.answer(0, "hook", Answer(429, retry_after=86400), Answer(200))
    story.push(0, alert("Down"))
    story.want("hook", 301, 362, firing=["Down"])
    assert_story(story)


def test_a_receiver_that_was_down_for_an_hour_is_told_the_present_once() -> None:
    root = ROUTE.replace("group_interval: 2s", "group_interval: 5m")
    story = Story(config(root=root), until=4500)
    story.answer(0, "hook", Answer(503))
    story.push(0, alert("Down", instance="a", starts=0.0), alert("Down", instance="b", starts=0.0))
    story.push(1000, alert("Down", instance="c", starts=1000.0))
    story.resolve(2000, alert("Down", instance="a", starts=0.0))
    for at in range(100, 3500, 100):
        story.push(at, alert("Down", instance="b", starts=0.0))
    story.answer(3600, "hook", Answer(200))
    story.want("hook", 3600, 3700, firing=["Down/b", "Down/c"], resolved=["Down/a"])
    assert_story(story)


def test_a_retry_tells_what_is_true_by_then() -> None:
    story = Story(config(root=LONG), until=100)
    story.answer(0, "hook", Answer(500))
    story.push(0, alert("Down", instance="a", starts=0.0), alert("Down", instance="b", starts=0.0))
    story.silence(5, "quiet", "instance=b")
    story.answer(20, "hook", Answer(200))
    story.want("hook", 20, 60, firing=["Down/a"])
    assert_story(story)


def test_a_hanging_integration_holds_up_nothing_else() -> None:
    receivers = (
        "receivers: [{name: hook, webhook_configs: [{url: http://hook/hook}]},"
        " {name: other, webhook_configs: [{url: http://hook/other}, {url: http://hook/other}]}]"
    )
    routes = "{receiver: other, continue: true}, {receiver: hook}"
    story = Story(config(routes, receivers=receivers), until=30)
    # Of the two integrations of `other` the one that comes first hangs.
    story.answer(0, "other", HANG, Answer(200))
    story.push(0, alert("Down", instance="a", starts=0.0))
    story.push(2, alert("Down", instance="b", starts=2.0))
    story.want("hook", 1, 1.1, firing=["Down/a"])
    story.want("hook", 3, 3.1, firing=["Down/a", "Down/b"])
    story.want("other", 1, 1.1, firing=["Down/a"])
    story.want("other", 3, 3.1, firing=["Down/a", "Down/b"])
    # The other one gives up after the flush's time of 10 s, and is told the present.
    story.want("other", 11, 13.1, firing=["Down/a", "Down/b"])
    assert_story(story)


def test_thousands_of_groups_of_a_hanging_receiver_use_few_connections_and_delay_nobody() -> None:
    routes = "{receiver: other, group_by: ['...'], continue: true}, {receiver: hook}"
    story = Story(config(routes, receivers=two_receivers()), until=20)
    story.answer(0, "other", HANG)
    alerts = [alert("Down", instance=str(number)) for number in range(2000)]
    story.push(0, *alerts)
    story.want("hook", 1, 1.1, firing=[f"Down/{number}" for number in range(2000)])
    world = assert_story(story)
    hanging = [at for at, receiver in world.attempts if receiver == "other"]
    assert len(hanging) <= 2 * 32 + 32


def test_stopping_lets_a_message_under_way_finish() -> None:
    async def main() -> OwnWorld:
        world = OwnWorld(config(root=ROUTE.replace("group_wait: 1s", "group_wait: 0s")))
        world.answer("hook", [Answer(200, delay=3)])
        await world.manager.start()
        await world.push([alert("Down", starts=0.0)])
        await asyncio.sleep(1)
        await world.manager.stop(10)
        return world

    world = run_virtually(main())
    assert [message.at for message in world.messages] == [pytest.approx(3)]
    assert [entry.key.receiver for entry in run_virtually(world.alert_store.load()).entries] == ["hook"]


def test_what_comes_after_the_stop_is_kept_but_not_told() -> None:
    async def main() -> OwnWorld:
        world = OwnWorld(config())
        await world.manager.start()
        await world.manager.stop(1)
        await world.push([alert("Down", starts=0.0)])
        await asyncio.sleep(60)
        return world

    world = run_virtually(main())
    assert world.messages == []
    assert len(run_virtually(world.alert_store.load()).alerts) == 1


def test_stopping_cuts_off_what_hangs_and_does_not_wait_for_retries() -> None:
    async def main() -> float:
        world = OwnWorld(config(root=LONG))
        world.answer("hook", [HANG])
        await world.manager.start()
        await world.push([alert("Down", starts=0.0)])
        await asyncio.sleep(2)
        began = asyncio.get_running_loop().time()
        await world.manager.stop(5)
        return asyncio.get_running_loop().time() - began

    assert run_virtually(main()) == pytest.approx(5)

    async def failing() -> float:
        world = OwnWorld(config(root=LONG))
        world.answer("hook", [Answer(500)])
        await world.manager.start()
        await world.push([alert("Down", starts=0.0)])
        await asyncio.sleep(20)
        began = asyncio.get_running_loop().time()
        await world.manager.stop(5)
        return asyncio.get_running_loop().time() - began

    assert run_virtually(failing()) == pytest.approx(0)


def test_a_failing_receiver_is_logged_and_recorded_once_and_again_when_it_works(
    caplog: pytest.LogCaptureFixture,
) -> None:
    story = Story(config(), until=60)
    story.answer(0, "hook", Answer(400))
    story.push(0, alert("Down", starts=0.0), alert("Slow", starts=0.0))
    story.answer(30, "hook", Answer(200))
    story.want("hook", 31, 31.1, firing=["Down"])
    story.want("hook", 31, 31.1, firing=["Slow"])
    with caplog.at_level("INFO"):
        world = assert_story(story)
    assert [record.message for record in caplog.records] == [
        "notifications cannot be delivered",
        "notifications are delivered again",
    ]
    records = run_virtually(world.alert_store.read_history(0, 100))
    told = [(one.group_labels.get("alertname"), one.outcome.value, one.error) for one in records]
    assert sorted(told[:2]) == [("Down", "sent", ""), ("Slow", "sent", "")]
    assert sorted(told[2:]) == [("Down", "failed", "status 400"), ("Slow", "failed", "status 400")]


def test_a_storm_of_ten_thousand_alerts_with_a_hanging_receiver() -> None:
    """In 60 s; the receiver that works knows each of them in time, and nothing piles up."""
    routes = "{receiver: other, group_by: [instance], continue: true}, {receiver: hook}"
    root = ROUTE.replace("group_interval: 2s", "group_interval: 10s")

    async def main() -> OwnWorld:
        world = OwnWorld(config(routes, receivers=two_receivers(), root=root))
        world.answer("other", [HANG])
        await world.manager.start()
        for second in range(60):
            arriving = range(second * 10_000 // 60, (second + 1) * 10_000 // 60)
            await world.push(
                [
                    alert(f"A{number % 20}", instance=str(number // 20), starts=float(second))
                    for number in arriving
                ]
            )
            await asyncio.sleep(1)
        await asyncio.sleep(15)
        # One task for each group of the receiver that hangs, and a few more.
        assert len(asyncio.all_tasks()) <= 500 + 50
        await world.manager.stop(0)
        return world

    world = run_virtually(main())
    told_at: dict[str, float] = {}
    for message in world.messages:
        assert message.receiver == "hook"
        for name in message.firing:
            told_at.setdefault(name, message.at)
    assert len(told_at) == 10_000
    arrived_at = {f"A{number % 20}/{number // 20}": number * 60 // 10_000 for number in range(10_000)}
    assert max(told_at[name] - arrived_at[name] for name in told_at) <= 11.1


def test_what_is_kept_back_is_recorded_once_for_each_reason() -> None:
    inhibits = "inhibit_rules: [{source_matchers: [alertname=Fire], target_matchers: [alertname=Smoke]}]"
    story = Story(config(rest=inhibits), until=40)
    story.push(0, alert("Fire", starts=0.0), alert("Smoke", starts=0.0), alert("Dust", starts=0.0))
    story.silence(0, "dust", "alertname=Dust", 20)
    # Once more for another reason.
    story.silence(10, "all", "alertname=~Smoke|Fire", 3600)
    story.resolve(15, alert("Fire", starts=0.0))
    story.want("hook", 1, 1.1, firing=["Fire"])
    story.want("hook", 15, 15.1, resolved=["Fire"])
    story.want("hook", 21, 21.1, firing=["Dust"])
    world = assert_story(story)
    records = run_virtually(world.alert_store.read_history(0, 100))
    kept = [
        (one.alerts[0].labels.get("alertname"), one.error, one.firing, one.resolved)
        for one in reversed(records)
        if one.outcome.value == "suppressed"
    ]
    assert sorted(kept[:2]) == [("Dust", "silence", 1, 0), ("Smoke", "inhibition", 1, 0)]
    assert sorted(kept[2:]) == [("Fire", "silence", 1, 0), ("Smoke", "silence", 1, 0)]


def test_what_is_only_held_after_a_start_is_not_recorded_as_inhibited() -> None:
    inhibits = "inhibit_rules: [{source_matchers: [alertname=Fire], target_matchers: [alertname=Smoke]}]"

    async def main() -> list[str]:
        world = OwnWorld(config(rest=inhibits), options=Options(hold_seconds=10))
        await world.manager.start()
        await world.push([alert("Smoke", starts=0.0)])
        await asyncio.sleep(30)
        await world.manager.stop(0)
        return [one.outcome.value for one in await world.alert_store.read_history(0, 100)]

    assert run_virtually(main()) == ["sent"]
