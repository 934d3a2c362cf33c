"""What a restart must not lose, double, or make up."""

import asyncio

from exporter.alerting.options import Options
from tests.alerting.own_world import HANG, OwnWorld, assert_story
from tests.alerting.scenario import Answer, Story, alert
from tests.alerting.stories import ROUTE, config
from tests.clocks import run_virtually

PATIENT = Options(hold_seconds=10, resume_seconds=60)


def test_what_was_told_is_not_told_again() -> None:
    story = Story(config(), until=60)
    story.push(0, alert("Down", starts=0.0))
    story.restart(5)
    story.push(8, alert("Down", starts=0.0))
    story.want("hook", 1, 1.1, firing=["Down"])
    assert_story(story)


def test_what_was_not_told_yet_is_told() -> None:
    story = Story(config(root=ROUTE.replace("group_wait: 1s", "group_wait: 30s")), until=60)
    story.push(0, alert("Down"))
    story.restart(5)
    story.want("hook", 5, 36, firing=["Down"])
    assert_story(story)


def test_an_end_that_was_not_told_yet_is_told() -> None:
    story = Story(config(), until=60)
    story.answer(2, "hook", Answer(503))
    story.push(0, alert("Down", starts=0.0))
    story.resolve(2, alert("Down", starts=0.0))
    story.restart(20)
    story.answer(25, "hook", Answer(200))
    story.want("hook", 1, 1.1, firing=["Down"])
    story.want("hook", 25, 60, resolved=["Down"])
    assert_story(story)


def test_a_send_that_was_cut_off_is_made_again() -> None:
    story = Story(config(), until=60)
    story.answer(0, "hook", HANG)
    story.push(0, alert("Down"))
    story.restart(5)
    story.answer(5, "hook", Answer(200))
    story.want("hook", 5, 7, firing=["Down"])
    assert_story(story)


def test_nothing_looks_resolved_because_nobody_was_there_to_hear_it_again() -> None:
    story = Story(config(), until=200)
    # The alert is good until 20 s; it is heard of again, but only after the restart.
    story.push(0, alert("Down", starts=0.0, ends=20.0))
    story.restart(19)
    story.push(30, alert("Down", starts=0.0, ends=1000.0))
    story.want("hook", 1, 1.1, firing=["Down"])
    assert_story(story, options=PATIENT)


def test_what_ended_unheard_before_the_restart_does_not_fire_again() -> None:
    story = Story(config(), until=200)
    story.push(0, alert("Down", starts=0.0, ends=20.0))
    story.restart(40)
    story.want("hook", 1, 1.1, firing=["Down"])
    story.want("hook", 21, 21.1, resolved=["Down"])
    assert_story(story, options=PATIENT)


def test_what_is_not_heard_of_again_ends_after_a_while() -> None:
    story = Story(config(), until=200)
    story.push(0, alert("Down", starts=0.0, ends=20.0))
    story.restart(19)
    story.want("hook", 1, 1.1, firing=["Down"])
    story.want("hook", 79, 82, resolved=["Down"])
    assert_story(story, options=PATIENT)


def test_after_a_restart_nothing_inhibited_is_told_before_its_source_could_fire_again() -> None:
    rules = "inhibit_rules: [{source_matchers: [severity=crit], target_matchers: [severity=warn]}]"
    story = Story(config(rest=rules), until=100)
    story.push(0, alert("Source", severity="crit", starts=0.0, ends=8.0))
    story.push(0, alert("Target", severity="warn", starts=0.0, ends=8.0))
    story.restart(7)
    # The target's rule happens to be evaluated first.
    story.push(12, alert("Target", severity="warn", starts=0.0))
    story.push(40, alert("Source", severity="crit", starts=0.0))
    story.want("hook", 1, 1.1, firing=["Source"])
    assert_story(story, options=PATIENT)


def test_without_anything_saved_possible_targets_wait_for_their_sources() -> None:
    rules = (
        "inhibit_rules: [{source_matchers: [severity=crit], target_matchers: [severity=warn], equal: [zone]}]"
    )
    story = Story(config(rest=rules), until=100)
    story.push(1, alert("Target", instance="a", severity="warn", zone="1", starts=-100.0))
    story.push(1, alert("Target", instance="b", severity="warn", zone="2", starts=-100.0))
    story.push(5, alert("Source", severity="crit", zone="1", starts=-100.0))
    story.push(1, alert("Other", starts=-100.0))
    story.want("hook", 1, 1.1, firing=["Other"])
    story.want("hook", 5, 5.1, firing=["Source"])
    # Not at the next flush of the group, but as soon as the wait is over.
    story.want("hook", 10, 10.1, firing=["Target/b"])
    assert_story(story, options=PATIENT)


def test_silences_outlive_a_restart() -> None:
    story = Story(config(), until=60)
    story.silence(0, "quiet", "alertname=Down", seconds=30)
    story.push(1, alert("Down", starts=1.0))
    story.restart(5)
    story.push(6, alert("Down", starts=1.0))
    story.want("hook", 30, 33, firing=["Down"])
    assert_story(story)


def test_reminders_come_in_the_same_rhythm_after_a_restart() -> None:
    root = ROUTE.replace("1h", "30s")
    story = Story(config(root=root), until=70)
    story.push(0, alert("Down", starts=0.0))
    story.restart(10)
    story.want("hook", 1, 1.1, firing=["Down"])
    story.want("hook", 31, 34, firing=["Down"])
    story.want("hook", 61, 68, firing=["Down"])
    assert_story(story)


def test_what_an_earlier_version_told_under_other_labels_is_not_told_again() -> None:
    async def main() -> OwnWorld:
        world = OwnWorld(config())
        await world.manager.start()
        await world.push([alert("Down", starts=0.0)])
        await asyncio.sleep(4)
        for _ in range(2):
            world.relabel = lambda labels: labels.with_({"job": "redis"})
            await world.restart()
            await world.push([alert("Down", starts=0.0, job="redis")])
            await asyncio.sleep(300)
        await world.manager.stop(0)
        return world

    world = run_virtually(main())
    assert [(message.status, message.firing) for message in world.messages] == [("firing", ("Down",))]
    assert [alert.labels.get("job") for alert in world.manager.alerts] == ["redis"]
