"""The list of alerts: grouped as receivers are notified, filtered, with the reasons why nobody is told."""

import re

import pytest

from exporter.alerting.silences import Silence
from exporter.clock import SystemClock
from exporter.config.alertmanager.matchers import parse_matchers
from tests.web.pages.page_context import page_context
from tests.web.pages.visitor import Visitor, alert, visit

CONFIG = """
route:
  receiver: pager
  group_by: [zone]
  routes: [{matchers: [team=night], receiver: night, mute_time_intervals: [always]}]
receivers: [{name: pager}, {name: night}]
inhibit_rules: [{source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [zone]}]
time_intervals: [{name: always, time_intervals: [{years: ['2000:3000']}]}]
"""
NOW = SystemClock().now()
HOSTILE = '<script>alert("1")</script>\x1b\u202e'
SOURCE = alert("Source", NOW, severity="critical", zone="1", instance="a")
TARGET = alert("Target", NOW, severity="warning", zone="1", instance="a")
QUIET = alert("Quiet", NOW, severity="warning", zone="2")
NIGHT = alert("Night", NOW, team="night")
ALL = (SOURCE, TARGET, QUIET, NIGHT)


def seen(page: str) -> str:
    """The text between the tags of what is special about a page."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition("<main")[2]).split())


def row(page: str, name: str) -> str:
    """The text of the row of an alert."""
    rows = [seen("<main" + one) for one in page.split("<tr ")[1:] if f">{name}<" in one]
    assert len(rows) == 1
    return rows[0]


def test_alerts_stand_in_the_groups_in_which_they_are_sent() -> None:
    async def story(visitor: Visitor) -> None:
        page = await visitor.get("/alerts")
        assert page.index("Source") < page.index("Target") < page.index("Quiet")
        text = seen(page)
        assert "by zone , to pager" in text
        assert "to night" in text
        assert "4 alerts in 3 groups" in text
        assert f'href="./alerts/{SOURCE.fingerprint}"' in page
        assert "Source &lt;b&gt;happened&lt;/b&gt;" in page

    visit(page_context(alertmanager=CONFIG), story, ALL)


def test_an_alert_says_why_nobody_is_told() -> None:
    context = page_context(alertmanager=CONFIG)

    async def story(visitor: Visitor) -> None:
        matchers = tuple(parse_matchers("alertname=~Quiet|Other"))
        made = await context.alerting.put_silence(
            Silence("", matchers, NOW - 1, NOW + 3600, "ann", f"moving {HOSTILE}")
        )
        page = await visitor.get("/alerts")
        assert "inhibited by Source of a" in row(page, "Target")
        assert "by ann: moving &lt;script&gt;" in row(page, "Quiet")
        assert f'href="./silences/{made.id}"' in page
        assert "muted by always" in row(page, "Night")
        assert "Critical" in row(page, "Source")
        assert "1 alert fires, and is critical" in seen(page)
        assert "<script>alert" not in page

    visit(context, story, ALL)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("filter=zone%3D1", "Source Target"),
        ("filter=%7Bzone%3D%221%22%2Calertname%21%3D%22Target%22%7D", "Source"),
        ("filter=zone%3D1&filter=severity%3Dwarning", "Target"),
        ("inhibited=0", "Source Quiet Night"),
        ("muted=false", "Source Target Quiet"),
        ("muted=0&muted=1", "Source Target Quiet Night"),
        ("receiver=night", "Night"),
        ("receiver=n.*|x", "Night"),
    ],
)
def test_a_filter_as_alertmanager_has_it(query: str, shown: str) -> None:
    async def story(visitor: Visitor) -> None:
        page = await visitor.get(f"/alerts?{query}")
        found = [one.name for one in ALL if f'-{one.fingerprint}"' in page]
        assert found == shown.split()

    visit(page_context(alertmanager=CONFIG), story, ALL)


def test_what_is_wrong_with_a_filter_is_said_with_its_place_and_what_was_typed_stays() -> None:
    async def story(visitor: Visitor) -> None:
        page = await visitor.get("/alerts?filter=zone%2C1")
        assert visitor.page.status_code == 400
        assert 'value="zone,1"' in page
        assert 'id="filter-error"' in page

    visit(page_context(alertmanager=CONFIG), story, ALL)


def test_nothing_fires_and_there_are_no_rules() -> None:
    async def story(visitor: Visitor) -> None:
        page = seen(await visitor.get("/alerts"))
        assert "Nothing fires" in page
        assert "There are no alerting rules" in page

    visit(page_context(), story)


def test_a_dead_mans_switch_is_no_problem() -> None:
    async def story(visitor: Visitor) -> None:
        page = await visitor.get("/alerts")
        assert "Nothing fires" in seen(page)
        assert "Alive" in page

    visit(page_context(), story, [alert("Alive", NOW, severity="none")])


def test_a_posted_alert_has_a_page() -> None:
    hostile = alert("Fire", NOW, instance=HOSTILE, severity="critical")

    async def story(visitor: Visitor) -> None:
        page = await visitor.get(f"/alerts/{hostile.fingerprint}?at={NOW:.0f}")
        assert visitor.page.status_code == 200
        assert "Fire &lt;b&gt;happened&lt;/b&gt;" in page
        assert "Posted by a program" in page
        assert "<script>alert" not in page
        await visitor.get("/alerts/0123456789abcdef")
        assert visitor.page.status_code == 404
        assert "look for its name under Alerts" in visitor.page.text
        await visitor.get(f"/alerts/{hostile.fingerprint}?at=yesterday")
        assert visitor.page.status_code == 400

    visit(page_context(), story, [hostile])


def test_of_many_silences_of_one_alert_the_first_are_named() -> None:
    context = page_context(alertmanager=CONFIG)

    async def story(visitor: Visitor) -> None:
        for number in range(5):
            matchers = tuple(parse_matchers("alertname=Quiet"))
            await context.alerting.put_silence(
                Silence("", matchers, NOW - 1, NOW + 3600, "ann", f"number {number}")
            )
        text = row(await visitor.get("/alerts"), "Quiet")
        assert "number 2 and by 2 more silences" in text
        assert "number 3" not in text

    visit(context, story, ALL)


def test_of_many_alerts_the_worst_are_shown_and_the_others_counted() -> None:
    many = [
        alert(f"Alert{number:03}", NOW, severity="warning", zone=f"z{number % 50}") for number in range(200)
    ]

    async def story(visitor: Visitor) -> None:
        page = await visitor.get("/alerts")
        text = seen(page)
        assert "201 alerts fire, 1 of them critical" in text
        assert "120 alerts in 31 groups and 81 more: filter them" in text
        assert page.index(">Source<") < page.index(">Alert000<")

    visit(page_context(alertmanager=CONFIG), story, [*many, SOURCE])
