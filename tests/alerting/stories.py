"""Stories that go the same way here and at Alertmanager but for known faults; short enough for real time."""

from collections.abc import Callable

from tests.alerting.scenario import RESET, Answer, Story, alert

STORIES: dict[str, Callable[[], Story]] = {}

RECEIVERS = "receivers: [{name: hook, webhook_configs: [{url: http://hook/hook}]}]"
ROUTE = "receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 2s, repeat_interval: 1h"


def story(make: Callable[[], Story]) -> Callable[[], Story]:
    """Add a story to the list, under the name of its function."""
    STORIES[make.__name__] = make
    return make


def config(routes: str = "", *, receivers: str = RECEIVERS, rest: str = "", root: str = ROUTE) -> str:
    """A configuration of one root route and what else is given."""
    children = f", routes: [{routes}]" if routes else ""
    return f"route: {{{root}{children}}}\n{receivers}\n{rest}"


def two_receivers(*, first_resolves: bool = True) -> str:
    """The receivers hook and other."""
    resolves = "true" if first_resolves else "false"
    return (
        "receivers: [{name: hook, webhook_configs:"
        f" [{{url: http://hook/hook, send_resolved: {resolves}}}]}},"
        " {name: other, webhook_configs: [{url: http://hook/other}]}]"
    )


@story
def the_first_flush_comes_after_group_wait() -> Story:
    told = Story(config(), until=4)
    told.push(0.5, alert("Down", instance="a"))
    told.push(1, alert("Down", instance="b"), alert("Slow", instance="a"))
    told.want("hook", 1.5, 1.9, firing=["Down/a", "Down/b"])
    told.want("hook", 2, 2.4, firing=["Slow/a"])
    return told


@story
def an_alert_older_than_group_wait_is_told_at_once() -> Story:
    told = Story(config(root=ROUTE.replace("group_wait: 1s", "group_wait: 3s")), until=4)
    told.push(1, alert("Down", instance="a", starts=0.5))
    told.push(1.5, alert("Down", instance="b", starts=-5.0))
    told.want("hook", 1.5, 1.9, firing=["Down/a", "Down/b"])
    return told


@story
def what_is_new_waits_for_the_group_interval_and_is_told_with_the_rest() -> Story:
    told = Story(config(), until=6)
    told.push(0, alert("Down", instance="a"))
    told.push(1.5, alert("Down", instance="b", starts=-100.0))
    told.want("hook", 1, 1.4, firing=["Down/a"])
    told.want("hook", 3, 3.4, firing=["Down/a", "Down/b"])
    return told


@story
def what_is_known_is_not_told_again() -> Story:
    told = Story(config(), until=6)
    for at in (0, 0.5, 1.5, 2.5, 3.5):
        told.push(at, alert("Down", starts=0.0))
    told.want("hook", 1, 1.4, firing=["Down"])
    return told


@story
def the_end_is_told_once() -> Story:
    told = Story(config(), until=8)
    told.push(0, alert("Down", starts=0.0))
    told.resolve(1.5, alert("Down", starts=0.0))
    told.resolve(4, alert("Down", starts=0.0, ends=1.5))
    told.want("hook", 1, 1.4, firing=["Down"])
    told.want("hook", 3, 3.4, resolved=["Down"])
    return told


@story
def an_end_is_told_among_what_still_fires() -> Story:
    told = Story(config(), until=6)
    told.push(0, alert("Down", instance="a", starts=0.0), alert("Down", instance="b", starts=0.0))
    told.resolve(1.5, alert("Down", instance="a", starts=0.0))
    told.want("hook", 1, 1.4, firing=["Down/a", "Down/b"])
    told.want("hook", 3, 3.4, firing=["Down/b"], resolved=["Down/a"])
    return told


@story
def what_ends_before_it_was_told_is_never_told() -> Story:
    told = Story(config(), until=4)
    told.push(0, alert("Down", starts=0.0))
    told.resolve(0.5, alert("Down", starts=0.0))
    return told


@story
def without_send_resolved_an_end_is_not_told_and_a_new_firing_is() -> Story:
    told = Story(config(receivers=two_receivers(first_resolves=False)), until=9)
    told.push(0, alert("Down", starts=0.0))
    told.resolve(1.5, alert("Down", starts=0.0))
    told.push(5.5, alert("Down"))
    told.want("hook", 1, 1.4, firing=["Down"])
    # A flush later at the latest, whether the group still exists or not.
    told.want("hook", 6.5, 7.5, firing=["Down"])
    return told


@story
def an_unchanged_group_is_told_again_after_the_repeat_interval() -> Story:
    root = ROUTE.replace("group_interval: 2s", "group_interval: 1s").replace("1h", "2s500ms")
    told = Story(config(root=root), until=7.8)
    told.push(0, alert("Down"))
    told.want("hook", 1, 1.4, firing=["Down"])
    # With the first flush after the interval.
    told.want("hook", 4, 4.4, firing=["Down"])
    told.want("hook", 7, 7.4, firing=["Down"])
    return told


@story
def an_alert_that_is_not_heard_of_again_ends_after_the_resolve_timeout() -> Story:
    told = Story(config(rest="global: {resolve_timeout: 2s}"), until=5)
    told.push(0, alert("Down", ends=None))
    told.want("hook", 1, 1.4, firing=["Down"])
    told.want("hook", 3, 3.4, resolved=["Down"])
    return told


@story
def routes_are_searched_depth_first_and_stop_where_nothing_continues() -> Story:
    routes = (
        "{matchers: [team=a], receiver: other, continue: true,"
        " routes: [{matchers: ['severity=~\"crit|page\"'], group_wait: 2s}]},"
        "{match: {team: a}, receiver: hook, routes: [{match_re: {severity: p.*}, receiver: other}]},"
        "{matchers: [team=a], receiver: other}"
    )
    told = Story(config(routes, receivers=two_receivers()), until=5)
    told.push(0, alert("X", team="a"), alert("Y", team="a", severity="crit"), alert("Z", team="b"))
    told.push(0, alert("W", team="a", severity="page"))
    told.want("other", 1, 1.4, firing=["X"])
    told.want("hook", 1, 1.4, firing=["X"])
    told.want("other", 2, 2.4, firing=["Y"])
    told.want("hook", 1, 1.4, firing=["Y"])
    told.want("hook", 1, 1.4, firing=["Z"])
    told.want("other", 2, 2.4, firing=["W"])
    told.want("other", 1, 1.4, firing=["W"])
    return told


@story
def alerts_can_be_grouped_by_everything_and_by_nothing() -> Story:
    routes = "{matchers: [by=all], group_by: ['...']}, {matchers: [by=none], group_by: [none]}"
    told = Story(config(routes), until=3)
    told.push(0, alert("X", instance="a", by="all"), alert("X", instance="b", by="all"))
    told.push(0, alert("X", instance="c", by="none"), alert("Y", instance="d", by="none"))
    told.want("hook", 1, 1.4, firing=["X/a"])
    told.want("hook", 1, 1.4, firing=["X/b"])
    told.want("hook", 1, 1.4, firing=["X/c", "Y/d"])
    return told


@story
def a_firing_source_inhibits_its_targets_until_it_ends() -> Story:
    rules = (
        "inhibit_rules:"
        " [{source_matchers: [severity=crit], target_match: {severity: warn}, equal: [zone, x]}]"
    )
    told = Story(config(rest=rules), until=7)
    told.push(0, alert("Source", severity="crit", zone="1", starts=0.0))
    told.push(0, alert("Target", instance="a", severity="warn", zone="1"))
    told.push(0, alert("Target", instance="b", severity="warn", zone="2"))
    told.resolve(3.5, alert("Source", severity="crit", zone="1", starts=0.0))
    told.want("hook", 1, 1.4, firing=["Source"])
    told.want("hook", 1, 1.4, firing=["Target/b"])
    told.want("hook", 5, 5.4, resolved=["Source"])
    told.want("hook", 5, 5.4, firing=["Target/a", "Target/b"])
    return told


@story
def an_alert_on_both_sides_of_a_rule_does_not_inhibit_itself() -> Story:
    rules = "inhibit_rules: [{source_matchers: [zone=1], target_matchers: ['alertname=~\".*\"']}]"
    told = Story(config(rest=rules), until=3)
    told.push(0, alert("Both", zone="1"), alert("Target", zone="2"))
    told.want("hook", 1, 1.4, firing=["Both"])
    return told


@story
def a_silence_keeps_quiet_until_it_ends() -> Story:
    told = Story(config(), until=8)
    told.silence(0, "first", '{alertname="Down",instance=~"a|b"}')
    told.push(0.2, alert("Down", instance="a"), alert("Down", instance="c"), alert("Slow", instance="a"))
    told.expire(4, "first")
    told.want("hook", 1.2, 1.6, firing=["Down/c"])
    told.want("hook", 1.2, 1.6, firing=["Slow/a"])
    told.want("hook", 5.2, 5.6, firing=["Down/a", "Down/c"])
    return told


@story
def a_silence_ends_by_itself() -> Story:
    told = Story(config(), until=5)
    told.silence(0, "first", "alertname=Down", seconds=2)
    told.push(0.2, alert("Down"))
    told.want("hook", 3.2, 3.6, firing=["Down"])
    return told


@story
def routes_keep_quiet_by_time_intervals() -> Story:
    rest = (
        "time_intervals: [{name: always, time_intervals: [{years: ['2000:2100']}]},"
        " {name: never, time_intervals: [{years: ['1990']}]}]"
    )
    routes = (
        "{matchers: [alertname=A], mute_time_intervals: [never, always]},"
        "{matchers: [alertname=B], mute_time_intervals: [never]},"
        "{matchers: [alertname=C], active_time_intervals: [never]},"
        "{matchers: [alertname=D], active_time_intervals: [never, always]},"
        "{matchers: [outer=x], mute_time_intervals: [always], routes: [{matchers: [alertname=E]}]}"
    )
    told = Story(config(routes, rest=rest), until=4)
    told.push(0, alert("A"), alert("B"), alert("C"), alert("D"), alert("E", outer="x"))
    told.want("hook", 1, 1.4, firing=["B"])
    told.want("hook", 1, 1.4, firing=["D"])
    told.want("hook", 1, 1.4, firing=["E"])
    return told


@story
def a_server_error_is_tried_again() -> Story:
    told = Story(config(root=ROUTE.replace("group_interval: 2s", "group_interval: 20s")), until=6)
    told.answer(0, "hook", Answer(500), Answer(503), Answer(200))
    told.push(0, alert("Down"))
    told.want("hook", 1.5, 4.5, firing=["Down"])
    return told


@story
def a_refusal_is_not_tried_again_before_the_next_flush() -> Story:
    root = ROUTE.replace("group_interval: 2s", "group_interval: 4s")
    told = Story(config(root=root), until=7)
    told.answer(0, "hook", Answer(400), Answer(200))
    told.push(0, alert("Down"))
    told.want("hook", 5, 5.4, firing=["Down"])
    return told


@story
def a_hanging_receiver_does_not_hold_up_another() -> Story:
    routes = "{receiver: other, continue: true}, {receiver: hook}"
    told = Story(config(routes, receivers=two_receivers()), until=6)
    told.answer(0, "other", Answer(0))
    told.push(0, alert("Down"))
    told.push(2, alert("Slow"))
    told.want("hook", 1, 1.4, firing=["Down"])
    told.want("hook", 3, 3.4, firing=["Slow"])
    return told


@story
def a_reload_keeps_what_was_told() -> Story:
    told = Story(config(), until=8)
    told.push(0, alert("Down", starts=0.0))
    told.reload(2, config("{matchers: [alertname=Slow], group_wait: 0s}"))
    told.push(4.5, alert("Slow"))
    told.resolve(4.5, alert("Down", starts=0.0))
    told.want("hook", 1, 1.4, firing=["Down"])
    told.want("hook", 4.5, 4.9, firing=["Slow"])
    # Alertmanager counts the rhythm of the group from the reload.
    told.want("hook", 5, 6.9, resolved=["Down"])
    return told


@story
def a_dead_mans_switch_is_told_every_group_interval() -> Story:
    # A repeat interval a little below the group interval; as long as that, it would be every other time.
    root = ROUTE.replace("repeat_interval: 1h", "repeat_interval: 1900ms").replace(
        "group_wait: 1s", "group_wait: 0s"
    )
    told = Story(config(root=root), until=7.5)
    told.push(0, alert("Alive"))
    for at in (0, 2, 4, 6):
        told.want("hook", at, at + 0.4, firing=["Alive"])
    return told


@story
def flapping_between_flushes_is_not_told() -> Story:
    told = Story(config(), until=6)
    told.push(0, alert("Down", starts=0.0))
    told.resolve(1.5, alert("Down", starts=0.0))
    told.push(2, alert("Down", starts=2.0))
    told.want("hook", 1, 1.4, firing=["Down"])
    return told


@story
def what_fires_again_after_its_end_was_told_is_told() -> Story:
    told = Story(config(), until=8)
    told.push(0, alert("Down", instance="a", starts=0.0), alert("Down", instance="b", starts=0.0))
    told.resolve(1.5, alert("Down", instance="a", starts=0.0))
    told.push(4, alert("Down", instance="a", starts=4.0))
    told.want("hook", 1, 1.4, firing=["Down/a", "Down/b"])
    told.want("hook", 3, 3.4, firing=["Down/b"], resolved=["Down/a"])
    told.want("hook", 5, 5.4, firing=["Down/a", "Down/b"])
    return told


@story
def a_silence_after_the_telling_changes_nothing() -> Story:
    told = Story(config(), until=7)
    told.push(0, alert("Down"))
    told.silence(1.5, "first", "alertname=Down")
    told.expire(4, "first")
    told.want("hook", 1, 1.4, firing=["Down"])
    return told


@story
def what_was_silenced_while_others_were_told_is_told_with_them_afterwards() -> Story:
    told = Story(config(), until=8)
    told.push(0, alert("Down", instance="a"))
    told.silence(1.5, "first", "instance=a")
    told.push(2, alert("Down", instance="b"))
    told.expire(4, "first")
    told.want("hook", 1, 1.4, firing=["Down/a"])
    told.want("hook", 3, 3.4, firing=["Down/b"])
    told.want("hook", 5, 5.4, firing=["Down/a", "Down/b"])
    return told


@story
def editing_the_matchers_of_a_silence_ends_it_and_makes_another() -> Story:
    told = Story(config(), until=4)
    told.silence(0, "first", "instance=a")
    told.edit(0.2, "first", "instance=b")
    told.push(0.4, alert("Down", instance="a"), alert("Down", instance="b"))
    told.want("hook", 1.4, 1.8, firing=["Down/a"])
    return told


@story
def editing_the_end_of_a_silence_keeps_it() -> Story:
    told = Story(config(), until=6)
    told.silence(0, "first", "instance=a")
    told.edit(0.2, "first", "instance=a", seconds=2)
    told.push(0.4, alert("Down", instance="a"))
    told.want("hook", 3.4, 3.8, firing=["Down/a"])
    return told


@story
def matchers_can_be_written_in_every_way() -> Story:
    routes = (
        """{matchers: ['a="1"', "b!=x", 'c=~"[0-9]+"', 'd!~"y|z"'], group_by: [one]},"""
        """{matchers: ['{a=2, b="x, y"}'], group_by: [two]},"""
        """{match: {a: '3'}, match_re: {b: 'x.?'}, matchers: [c=""], group_by: [three]},"""
        """{matchers: ["  a = 4 ", 'b="\\"\\n"'], group_by: [four]}"""
    )
    told = Story(config(routes), until=3)
    good = [
        alert("One", a="1", c="12"),
        alert("Two", a="2", b="x, y"),
        alert("Three", a="3", b="xy"),
        alert("Four", a="4", b='"\n'),
    ]
    bad = [alert("Rest", a="1", c="1x"), alert("Rest", a="3", b="xyz"), alert("Rest", a="2", b="x,y")]
    told.push(0, *good, *bad)
    for name in ("One", "Two", "Three", "Four"):
        told.want("hook", 1, 1.4, firing=[name])
    told.want("hook", 1, 1.4, firing=["Rest", "Rest", "Rest"])
    return told


@story
def a_route_inherits_what_it_does_not_say() -> Story:
    routes = (
        "{matchers: [team=a], receiver: other, group_by: [zone], group_wait: 2s, group_interval: 1s,"
        " routes: [{matchers: [kind=x], routes: [{matchers: [level=y]}]}]}"
    )
    told = Story(config(routes, receivers=two_receivers()), until=5)
    told.push(0, alert("A", team="a", kind="x", level="y", zone="1"))
    told.push(0, alert("B", team="a", kind="x", level="y", zone="1"))
    told.push(2.2, alert("C", team="a", kind="x", level="y", zone="1"))
    told.want("other", 2, 2.4, firing=["A", "B"])
    told.want("other", 3, 3.4, firing=["A", "B", "C"])
    return told


@story
def a_broken_connection_is_tried_again() -> Story:
    told = Story(config(root=ROUTE.replace("group_interval: 2s", "group_interval: 20s")), until=5)
    told.answer(0, "hook", Answer(RESET), Answer(RESET), Answer(200))
    told.push(0, alert("Down"))
    told.want("hook", 1.2, 4.5, firing=["Down"])
    return told


@story
def an_end_while_silenced_is_told() -> Story:
    told = Story(config(), until=7)
    told.push(0, alert("Down", starts=0.0))
    told.silence(1.5, "quiet", "alertname=Down")
    told.resolve(3.5, alert("Down", starts=0.0))
    told.want("hook", 1, 1.4, firing=["Down"])
    told.want("hook", 5, 5.4, resolved=["Down"], only_here=True)
    return told


@story
def an_end_while_inhibited_is_told() -> Story:
    rules = "inhibit_rules: [{source_matchers: [severity=crit], target_matchers: [severity=warn]}]"
    told = Story(config(rest=rules), until=7)
    told.push(0, alert("Target", severity="warn", starts=0.0))
    told.push(1.5, alert("Source", severity="crit"))
    told.resolve(3.5, alert("Target", severity="warn", starts=0.0))
    told.want("hook", 1, 1.4, firing=["Target"])
    told.want("hook", 2.5, 2.9, firing=["Source"])
    told.want("hook", 5, 5.4, resolved=["Target"], only_here=True)
    return told


@story
def flapping_among_others_without_send_resolved_pages_each_firing() -> Story:
    told = Story(config(receivers=two_receivers(first_resolves=False)), until=9)
    told.push(0, alert("Down", instance="a", starts=0.0), alert("Down", instance="b", starts=0.0))
    told.resolve(3.5, alert("Down", instance="a", starts=0.0))
    told.push(6, alert("Down", instance="a"))
    told.want("hook", 1, 1.4, firing=["Down/a", "Down/b"])
    told.want("hook", 7, 7.4, firing=["Down/a", "Down/b"], only_here=True)
    return told


@story
def a_429_is_tried_again_after_the_time_it_asks_for() -> Story:
    told = Story(config(root=ROUTE.replace("group_interval: 2s", "group_interval: 20s")), until=6)
    told.answer(0, "hook", Answer(429, retry_after=2), Answer(200))
    told.push(0, alert("Down"))
    told.want("hook", 3, 3.4, firing=["Down"], only_here=True)
    return told
