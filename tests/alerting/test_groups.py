"""Grouping, timers and deduplication."""

from tests.alerting.own_world import play
from tests.alerting.scenario import Story, alert

CONFIG = """
route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 5s, repeat_interval: 30s}
receivers: [{name: hook, webhook_configs: [{url: http://hook/hook}]}]
"""


def test_the_first_flush_comes_after_group_wait_with_all_alerts_of_the_group() -> None:
    story = Story(CONFIG, until=5)
    story.push(1, alert("Down", instance="a"))
    story.push(1.5, alert("Down", instance="b"), alert("Slow", instance="a"))
    story.want("hook", 2, 2.1, firing=["Down/a", "Down/b"])
    story.want("hook", 2.5, 2.6, firing=["Slow/a"])
    play(story)


def test_an_alert_older_than_group_wait_is_told_at_once() -> None:
    story = Story(CONFIG, until=5)
    story.push(2, alert("Down", starts=0.5))
    story.want("hook", 2, 2.1, firing=["Down"])
    play(story)
