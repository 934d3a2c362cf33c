"""Ends of alerts that are kept quiet, and new beginnings: where we do better than Alertmanager."""

from tests.alerting.own_world import assert_story
from tests.alerting.scenario import Story, alert
from tests.alerting.stories import ROUTE, config, two_receivers


def test_an_end_while_silenced_is_told_once_if_the_firing_was() -> None:
    story = Story(config(), until=20)
    story.push(0, alert("Down", starts=0.0))
    story.silence(1.5, "quiet", "alertname=Down")
    story.resolve(4.5, alert("Down", starts=0.0))
    story.resolve(6.5, alert("Down", starts=0.0, ends=4.5))
    story.want("hook", 1, 1.1, firing=["Down"])
    story.want("hook", 5, 5.1, resolved=["Down"])
    assert_story(story)


def test_an_end_while_silenced_is_not_told_if_the_firing_was_not() -> None:
    story = Story(config(), until=20)
    story.silence(0, "quiet", "alertname=Down")
    story.push(0.5, alert("Down", starts=0.5))
    story.resolve(4.5, alert("Down", starts=0.5))
    assert_story(story)


def test_an_end_while_inhibited_is_told() -> None:
    rules = "inhibit_rules: [{source_matchers: [severity=crit], target_matchers: [severity=warn]}]"
    story = Story(config(rest=rules), until=12)
    story.push(0, alert("Target", severity="warn", starts=0.0))
    story.push(2, alert("Source", severity="crit"))
    story.resolve(4.5, alert("Target", severity="warn", starts=0.0))
    story.want("hook", 1, 1.1, firing=["Target"])
    story.want("hook", 3, 3.1, firing=["Source"])
    story.want("hook", 5, 5.1, resolved=["Target"])
    assert_story(story)


def test_an_end_in_a_mute_interval_is_told() -> None:
    # Virtual time begins at 22:13:20 UTC.
    rest = (
        "time_intervals: [{name: night,"
        " time_intervals: [{times: [{start_time: '22:14', end_time: '24:00'}]}]}]"
    )
    routes = "{matchers: [alertname=~.+], mute_time_intervals: [night]}"
    story = Story(config(routes, rest=rest), until=60)
    story.push(0, alert("Down", instance="a", starts=0.0))
    story.push(42.5, alert("Down", instance="b"))
    story.resolve(50, alert("Down", instance="a", starts=0.0))
    story.want("hook", 1, 1.1, firing=["Down/a"])
    story.want("hook", 51, 51.1, resolved=["Down/a"])
    assert_story(story)


def test_an_end_is_told_although_the_group_was_told_again_without_the_silenced_alert() -> None:
    story = Story(config(), until=20)
    story.push(0, alert("Down", instance="a", starts=0.0))
    story.silence(1.5, "quiet", "instance=a")
    story.push(2, alert("Down", instance="b", starts=2.0))
    story.resolve(6, alert("Down", instance="b", starts=2.0))
    story.resolve(10, alert("Down", instance="a", starts=0.0))
    story.want("hook", 1, 1.1, firing=["Down/a"])
    story.want("hook", 3, 3.1, firing=["Down/b"])
    story.want("hook", 7, 7.1, resolved=["Down/b"])
    story.want("hook", 11, 11.1, resolved=["Down/a"])
    assert_story(story)


def test_a_silence_that_ends_brings_nothing_twice() -> None:
    story = Story(config(), until=20)
    story.push(0, alert("Down", starts=0.0))
    story.silence(1.5, "quiet", "alertname=Down", seconds=5)
    story.want("hook", 1, 1.1, firing=["Down"])
    assert_story(story)


def test_flapping_among_others_without_send_resolved_pages_each_new_firing() -> None:
    story = Story(config(receivers=two_receivers(first_resolves=False)), until=30)
    story.push(0, alert("Down", instance="a", starts=0.0), alert("Down", instance="b", starts=0.0))
    story.resolve(3.5, alert("Down", instance="a", starts=0.0))
    story.push(6.5, alert("Down", instance="a", starts=6.5))
    story.resolve(10.5, alert("Down", instance="a", starts=6.5))
    story.push(14.5, alert("Down", instance="a", starts=14.5))
    story.want("hook", 1, 1.1, firing=["Down/a", "Down/b"])
    story.want("hook", 7, 7.1, firing=["Down/a", "Down/b"])
    story.want("hook", 15, 15.1, firing=["Down/a", "Down/b"])
    assert_story(story)


def test_flapping_alone_without_send_resolved_pages_each_new_firing() -> None:
    story = Story(config(receivers=two_receivers(first_resolves=False)), until=40)
    for began in (0.0, 10.0, 20.0):
        story.push(began, alert("Down", starts=began))
        story.resolve(began + 3.5, alert("Down", starts=began))
        story.want("hook", began + 1, began + 1.1, firing=["Down"])
    assert_story(story)


def test_a_silent_end_does_not_put_off_the_reminder() -> None:
    root = ROUTE.replace("1h", "10s")
    story = Story(config(receivers=two_receivers(first_resolves=False), root=root), until=15)
    story.push(0, alert("Down", instance="a", starts=0.0), alert("Down", instance="b", starts=0.0))
    story.resolve(8, alert("Down", instance="a", starts=0.0))
    story.want("hook", 1, 1.1, firing=["Down/a", "Down/b"])
    story.want("hook", 13, 13.1, firing=["Down/b"])
    assert_story(story)


PEOPLE = "receivers: [{name: people, webhook_configs: [{url: http://hook/people}]}]"


def to_people() -> str:
    return config(receivers=PEOPLE, root=ROUTE.replace("receiver: hook", "receiver: people"))


def test_the_end_of_an_event_is_not_told_and_the_next_one_is() -> None:
    story = Story(to_people(), until=30)
    story.push(0, alert("Restarted", kind="event", starts=0.0))
    story.resolve(4.5, alert("Restarted", kind="event", starts=0.0))
    story.push(10, alert("Restarted", kind="event", starts=10.0))
    story.want("people", 1, 1.1, firing=["Restarted"])
    story.want("people", 11, 11.1, firing=["Restarted"])
    assert_story(story)


def test_the_end_of_an_event_makes_no_news_of_what_else_is_in_its_group() -> None:
    story = Story(to_people(), until=30)
    story.push(0, alert("A", instance="a", kind="event", starts=0.0), alert("A", instance="b", starts=0.0))
    story.resolve(4.5, alert("A", instance="a", kind="event", starts=0.0))
    story.resolve(10.5, alert("A", instance="b", starts=0.0))
    story.want("people", 1, 1.1, firing=["A/a", "A/b"])
    story.want("people", 11, 11.1, resolved=["A/b"])
    assert_story(story)


def test_a_webhook_is_told_the_end_of_an_event() -> None:
    story = Story(config(), until=10)
    story.push(0, alert("Restarted", kind="event", starts=0.0))
    story.resolve(4.5, alert("Restarted", kind="event", starts=0.0))
    story.want("hook", 1, 1.1, firing=["Restarted"])
    story.want("hook", 5, 5.1, resolved=["Restarted"])
    assert_story(story)
