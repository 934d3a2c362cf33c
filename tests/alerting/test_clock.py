"""The clock is set under alerting: nothing is told, kept back or resolved because of it."""

from asyncio import sleep
from collections.abc import Awaitable, Callable

import pytest

from exporter.alerting.options import Options
from exporter.clock import Leap
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from tests.alerting.own_world import OwnWorld
from tests.alerting.stories import ROUTE, config
from tests.clocks import EPOCH, LoopClock, run_virtually

DOWN = Labels({"alertname": "Down"})
BY_SECONDS = [-1.0, -600.0, -72_000.0, 1.0, 7200.0, 72_000.0]


class SetWorld(OwnWorld):
    """Alerting by a clock that can be set."""

    def __init__(self, text: str, *, options: Options | None = None) -> None:
        self.set_clock = LoopClock()
        super().__init__(text, clock=self.set_clock, options=options)

    def now(self) -> float:
        return self.set_clock.now()

    def leap(self, jumped: float, stood: float = 0.0) -> None:
        """The clock leaps, as the daemon follows it."""
        self.set_clock.ahead += jumped + stood
        self.manager.follow_clock(Leap(jumped, stood, jumped + stood))

    async def fire(self, labels: Labels = DOWN, *, since: float = 0.0, good_for: float = 240.0) -> None:
        """As the rules send an alert."""
        now = self.now()
        await self.manager.receive([Alert(labels, starts_at=now - since, ends_at=now + good_for)])

    async def resolve(self, labels: Labels = DOWN) -> None:
        now = self.now()
        await self.manager.receive([Alert(labels, starts_at=now - 1, ends_at=now)])


def live(
    story: Callable[[SetWorld], Awaitable[None]], text: str = "", *, options: Options | None = None
) -> SetWorld:
    async def main() -> SetWorld:
        world = SetWorld(text or config(), options=options)
        await world.manager.start()
        try:
            await story(world)
        finally:
            await world.manager.stop(0)
        return world

    return run_virtually(main())


@pytest.mark.parametrize("by", BY_SECONDS)
def test_what_fires_is_neither_resolved_nor_told_again(by: float) -> None:
    async def story(world: SetWorld) -> None:
        await world.fire()
        await sleep(10)
        world.leap(by)
        await sleep(100)
        (known,) = world.manager.alerts
        assert known.starts_at <= world.now() < known.ends_at
        (group,) = world.manager.groups
        assert [alert.ends_at for alert in group.alerts] == [known.ends_at]
        await world.fire(since=110)
        await sleep(60)
        await world.resolve()
        await sleep(10)

    world = live(story)
    assert [message.status for message in world.messages] == ["firing", "resolved"]
    for told in world.notifications:
        for alert in told.alerts:
            assert alert.starts_at <= told.now
            assert not alert.ends_at or alert.starts_at <= alert.ends_at


@pytest.mark.parametrize("by", BY_SECONDS)
def test_an_alert_that_is_not_heard_of_again_ends_when_it_would_have(by: float) -> None:
    async def story(world: SetWorld) -> None:
        await world.fire(good_for=240)
        await sleep(40)
        world.leap(by)
        await sleep(300)

    world = live(story)
    assert [(message.status, round(message.at / 3)) for message in world.messages] == [
        ("firing", 0),
        ("resolved", 80),
    ]


@pytest.mark.parametrize("by", BY_SECONDS)
def test_a_first_message_waits_for_group_wait_as_without_a_jump(by: float) -> None:
    async def story(world: SetWorld) -> None:
        await world.fire()
        await sleep(10)
        world.leap(by)
        # Another one of the group, which is told with it.
        await world.fire(Labels({"alertname": "Down", "instance": "b"}))
        (group,) = world.manager.groups
        assert group.due_at == pytest.approx(world.now() + 20)
        await sleep(60)

    world = live(story, config(root=ROUTE.replace("group_wait: 1s", "group_wait: 30s")))
    assert [round(message.at) for message in world.messages] == [30]


@pytest.mark.parametrize("by", BY_SECONDS)
def test_a_reminder_comes_when_it_would_have_come(by: float) -> None:
    async def story(world: SetWorld) -> None:
        await world.fire(good_for=10_000)
        await sleep(600)
        world.leap(by)
        await sleep(3600)

    world = live(story)
    assert [message.status for message in world.messages] == ["firing", "firing"]
    assert 3600 <= world.messages[1].at <= 3610


def test_a_reminder_comes_on_time_after_a_night_that_the_machine_was_suspended_for() -> None:
    async def story(world: SetWorld) -> None:
        await world.fire()
        await sleep(60)
        world.leap(0.0, stood=36_000)
        await sleep(30)
        # Still firing, although nobody was there to hear it again; and it is time to say so.
        assert [message.status for message in world.messages] == ["firing", "firing"]

    live(story)


@pytest.mark.parametrize("by", [-600.0, -72_000.0])
def test_a_silence_stays_active_and_ends_when_it_was_written_to_end(by: float) -> None:
    async def story(world: SetWorld) -> None:
        await world.silence("s", '{alertname="Down"}', 100_000)
        await sleep(10)
        world.leap(by)
        await world.fire(good_for=200_000)
        await sleep(60)
        (silence,) = world.manager.silences
        assert silence.starts_at <= world.now()
        assert silence.ends_at == EPOCH + 100_000

    assert live(story).messages == []


def test_what_is_saved_goes_with_the_clock() -> None:
    async def story(world: SetWorld) -> None:
        await world.fire(good_for=10_000)
        await sleep(10)
        world.leap(-7200.0)
        await sleep(1)
        saved = await world.alert_store.load()
        assert all(alert.updated_at <= world.now() for alert in saved.alerts)
        assert all(entry.at <= world.now() for entry in saved.entries)
        # And a restart does what it does otherwise.
        await world.restart()
        await sleep(100)
        await world.fire(since=100)
        await sleep(10)

    assert [message.status for message in live(story).messages] == ["firing"]


def test_after_a_restart_by_a_clock_that_was_ahead_nothing_is_told_twice_or_late() -> None:
    async def story(world: SetWorld) -> None:
        world.set_clock.ahead = 7200.0
        await world.silence("s", '{alertname="Quiet"}', 100_000)
        await world.fire(good_for=10_000)
        await sleep(1800)
        # The rules send it about once a minute.
        await world.fire(since=1800, good_for=10_000)
        world.set_clock.ahead = 0.0
        await world.restart()
        for alert in world.manager.alerts:
            assert alert.starts_at <= world.now() < alert.ends_at
        (silence,) = world.manager.silences
        assert silence.starts_at <= world.now()
        await world.fire(Labels({"alertname": "Quiet"}))
        await sleep(60)
        assert len(world.messages) == 1
        await world.fire(since=100, good_for=10_000)
        await sleep(3600)
        # The reminder comes an hour after the first message, as far as anybody can know.
        assert [message.status for message in world.messages] == ["firing", "firing"]
        assert 3600 <= world.messages[1].at <= 3700

    live(story, options=Options(hold_seconds=0, resume_seconds=60))
