"""Another configuration while everything runs."""

import pytest

from exporter.errors import ConfigError
from tests.alerting.own_world import OwnWorld, assert_story
from tests.alerting.scenario import Answer, Story, alert
from tests.alerting.stories import ROUTE, config, two_receivers
from tests.clocks import run_virtually


def test_a_group_keeps_its_rhythm() -> None:
    story = Story(config(root=ROUTE.replace("2s", "60s")), until=200)
    story.push(0, alert("Down", instance="a", starts=0.0))
    story.push(10, alert("Down", instance="b", starts=10.0))
    story.reload(20, config("{matchers: [alertname=Other]}", root=ROUTE.replace("2s", "60s")))
    story.want("hook", 1, 1.1, firing=["Down/a"])
    story.want("hook", 61, 61.1, firing=["Down/a", "Down/b"])
    assert_story(story)


def test_a_route_to_another_receiver_tells_it() -> None:
    story = Story(config(receivers=two_receivers()), until=60)
    story.push(0, alert("Down", starts=0.0))
    story.reload(5, config(receivers=two_receivers(), root=ROUTE.replace("hook", "other")))
    story.resolve(20, alert("Down", starts=0.0))
    story.want("hook", 1, 1.1, firing=["Down"])
    story.want("other", 5, 6.1, firing=["Down"])
    story.want("other", 20, 22.1, resolved=["Down"])
    assert_story(story)


def test_a_message_under_way_is_not_sent_a_second_time() -> None:
    story = Story(config(), until=60)
    story.answer(0, "hook", Answer(200, delay=5))
    story.push(0, alert("Down", starts=0.0))
    story.reload(3, config("{matchers: [alertname=Other]}"))
    story.want("hook", 6, 6.1, firing=["Down"])
    assert_story(story)


def test_retries_of_the_old_configuration_end() -> None:
    story = Story(config(root=ROUTE.replace("2s", "5m")), until=100)
    story.answer(0, "hook", Answer(500))
    story.push(0, alert("Down", starts=0.0))
    story.reload(10, config(root=ROUTE.replace("2s", "5s")))
    story.answer(20, "hook", Answer(200))
    story.want("hook", 20, 310, firing=["Down"])
    assert_story(story)


def test_a_configuration_that_cannot_be_built_changes_nothing() -> None:
    async def main() -> None:
        world = OwnWorld(config())
        await world.manager.start()
        before = world.manager.config
        with pytest.raises(ConfigError):
            await world.reload("route: {receiver: nobody}")
        assert world.manager.config is before
        await world.manager.stop(0)

    run_virtually(main())
