"""The page of notifications: what was sent, why something was not, and whether receivers can be reached."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from exporter.alerting.manager import AlertManager
from exporter.alerting.silences import Silence
from exporter.clock import SystemClock
from exporter.config.alertmanager.matchers import parse_matchers
from exporter.config.alertmanager.pagers import PagerdutyConfig
from exporter.config.alertmanager.receivers import Receiver
from exporter.errors import NotifyError
from exporter.events import Event, EventKind
from exporter.notify.integration import Integration
from exporter.notify.not_sent import NotSent
from exporter.notify.notification import Notification
from exporter.web.pages.context import PageContext
from tests.web.pages.page_context import page_context
from tests.web.pages.visitor import Visitor, alert, visit

NOW = SystemClock().now()
CONFIG = """
route: {receiver: team, group_by: [alertname], group_wait: 0s, group_interval: 1h, routes: [
  {matchers: [severity=none], receiver: nobody},
  {matchers: [alertname=Night], receiver: team, mute_time_intervals: [always]},
  {matchers: [alertname=Page], receiver: pager}, {matchers: [alertname=Lost], receiver: nobody},
  {matchers: [alertname=Late], receiver: team, group_wait: 10m}]}
receivers: [{name: team}, {name: pager}, {name: nobody}, {name: broken}]
inhibit_rules: [{source_matchers: [alertname=Fire], target_matchers: [alertname=Smoke]}]
time_intervals: [{name: always, time_intervals: [{years: ['2000:3000']}]}]
"""


class Hook:
    """Keeps what it is sent; `error`: and refuses it."""

    name = "webhook"
    send_resolved = True
    notifies_event_ends = True

    def __init__(self, error: str = "") -> None:
        self.error = error
        self.sent: list[Notification] = []
        self.gate: asyncio.Event | None = None

    async def send(self, notification: Notification) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.error:
            raise NotifyError(self.error, retryable=False)
        self.sent.append(notification)


class World:
    """A context in which receivers have hooks."""

    def __init__(self) -> None:
        self.hooks = {"team": Hook(), "broken": Hook("webhook: <b>refused</b>\x1b")}
        self.context = page_context(alertmanager=CONFIG, integrations=self._integrations)

    @property
    def manager(self) -> AlertManager:
        return self.context.alerting

    def _integrations(self, receiver: Receiver) -> Sequence[Integration]:
        if receiver.name == "pager":
            config = PagerdutyConfig.model_validate({"routing_key": "x"})
            return [NotSent("pagerduty", config, reaches_nobody=True)]
        return [hook for name, hook in self.hooks.items() if name == receiver.name]


def note(context: PageContext, ago: float, **fields: Any) -> None:
    """Keep a notification that was sent some seconds ago."""
    usual: dict[str, Any] = {
        "receiver": "team",
        "integration": "webhook",
        "outcome": "sent",
        "alertnames": ["Fire"],
        "firing": 1,
        "resolved": 0,
        "attempts": 1,
        "error": "",
    }
    context.events.record(Event.of(context.clock.now() - ago, "", EventKind.NOTIFICATION, usual | fields))


def seen(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition("<main")[2]).split())


def rows(page: str, card: str) -> list[str]:
    """The texts of the rows of a card's table."""
    (found,) = re.findall(rf'id="{card}">(.*?)</section>', page, re.DOTALL)
    return [seen(f"<main{row}") for row in re.findall(r"<tr[^>]*>(.*?)</tr>", found, re.DOTALL)[1:]]


def test_it_says_why_something_that_fires_is_not_sent() -> None:
    world, now = World(), SystemClock().now()
    names = ("Fire", "Smoke", "Quiet", "Night", "Page", "Lost", "Late")
    alerts = [alert(name, now, instance="kitchen") for name in names]
    # It has begun just now.
    late = alert("Late", now + 80, instance="kitchen")

    async def story(visitor: Visitor) -> None:
        silence = Silence("", tuple(parse_matchers("alertname=Quiet")), now, now + 3600, "ann", "x")
        made = await world.manager.put_silence(silence)
        await asyncio.sleep(0.1)
        page = await visitor.get("/notifications")
        told = {row.split()[0]: row.partition(" kitchen ")[2] for row in rows(page, "unsent")}
        assert "Fire" not in told
        assert told["Smoke"] == "team inhibited by Fire"
        assert told["Quiet"] == "team silenced"
        assert f'href="./silences/{made.id}"' in page
        assert told["Night"] == "team muted by the time interval always"
        assert told["Page"] == "pager redis-vigil does not send to PagerDuty"
        assert told["Lost"] == "nobody the receiver has no entry that sends"
        assert told["Late"].startswith("team waits for others of its group until ")
        assert "Alive" not in told
        assert len(told) == 6
        only = await visitor.get("/notifications?receiver=pager")
        assert [row.split()[0] for row in rows(only, "unsent")] == ["Page"]

    visit(world.context, story, [*alerts[:-1], late, alert("Alive", now, severity="none")])


def test_the_log_has_results_and_is_filtered_and_turned_page_by_page() -> None:
    world = World()

    async def story(visitor: Visitor) -> None:
        note(world.context, 50, fingerprints=["00000000000000aa"])
        note(world.context, 40, outcome="failed", error="status 500", attempts=7, receiver="pager")
        note(world.context, 30, outcome="suppressed", error="silence", alertnames=["Smoke"])
        page = await visitor.get("/notifications")
        assert "silenced" in rows(page, "log")[0]
        assert "status 500 , after 7 attempts" in rows(page, "log")[1]
        assert 'href="./alerts/00000000000000aa?at=' in page
        for query, count in (
            ("receiver=pager", 1),
            ("outcome=failed", 1),
            ("alert=Fire", 2),
            ("alert=00000000000000aa", 1),
            ("alert=Fir", 0),
        ):
            page = await visitor.get(f"/notifications?{query}")
            assert page.count('<tr id="n-') == count
        for number in range(150):
            note(world.context, number / 10, alertnames=[f"A{number}"])
        page = await visitor.get("/notifications")
        assert page.count('<tr id="n-') == 100
        older = re.findall(r'<a href="(\?after=[^"]+)">Older', page)
        page = await visitor.get(f"/notifications{older[0]}")
        assert page.count('<tr id="n-') == 53
        assert "Older" not in page
        for bad in ("after=x", "outcome=lost"):
            assert (await visitor.client.get(f"/notifications?{bad}")).status_code == 400

    visit(world.context, story)


def test_receivers_say_whether_messages_arrive() -> None:
    world = World()

    async def story(visitor: Visitor) -> None:
        page = await visitor.get("/notifications")
        assert "Nothing was sent yet" in seen(page)
        note(world.context, 7200, receiver="team")
        note(world.context, 7200, receiver="broken")
        note(world.context, 3600, receiver="broken", outcome="failed", error="status 500")
        note(world.context, 60, receiver="broken", outcome="failed", error="status 503")
        page = await visitor.get("/notifications")
        assert "Messages to one receiver do not arrive" in seen(page)
        told = rows(page, "receivers")
        assert told[0].startswith("broken no route Failed 60 min ago webhook[0] status 503")
        assert any(row.startswith("team Arrives webhook[0]") for row in told)
        assert any("does not send to PagerDuty" in row for row in told)
        assert any(row.startswith("nobody Sends nothing") for row in told)
        note(world.context, 1, receiver="broken")
        assert "Messages arrive" in seen(await visitor.get("/notifications"))

    visit(world.context, story)


def test_a_test_message_is_sent_and_its_result_is_said() -> None:
    world = World()

    async def story(visitor: Visitor) -> None:
        for receiver, sentence in (
            ("team", "The test message to team was sent"),
            ("broken", "The test message to broken did not arrive"),
        ):
            await visitor.get("/notifications")
            await visitor.submit(receiver=receiver)
            assert sentence in seen(await visitor.follow())
        (sent,) = world.hooks["team"].sent
        assert sent.alerts[0].name == "TestNotification"
        assert "carol pressed" in sent.alerts[0].annotations.get("description")
        # It counts as what it shows.
        assert "Messages to one receiver do not arrive" in seen(await visitor.get("/notifications"))
        await visitor.submit(receiver="team", token="old")
        assert "nothing was done" in visitor.page.text
        token = world.context.renderer.tokens.make(NOW)
        for receiver in ("nobody", "pager", "<b>"):
            answer = await visitor.client.post(
                "/notifications/test", data={"token": token, "receiver": receiver}
            )
            assert answer.status_code == 404
        assert len(world.hooks["team"].sent) == 1

    visit(world.context, story, user="carol")


def test_one_test_message_at_a_time() -> None:
    world = World()

    async def story(visitor: Visitor) -> None:
        world.hooks["team"].gate = asyncio.Event()
        token = world.context.renderer.tokens.make(NOW)
        form = {"token": token, "receiver": "team"}
        first = asyncio.create_task(visitor.client.post("/notifications/test", data=form))
        await asyncio.sleep(0.05)
        second = await visitor.client.post("/notifications/test", data=form)
        assert "is under way already" in second.text
        # Pages are shown meanwhile.
        assert (await visitor.client.get("/notifications")).status_code == 200
        world.hooks["team"].gate.set()
        assert (await first).status_code == 303

    visit(world.context, story)


def test_what_others_wrote_is_escaped() -> None:
    world = World()
    hostile = "<script>alert(1)</script>\x1b\u202e"

    async def story(visitor: Visitor) -> None:
        fields = {"receiver": hostile, "integration": hostile, "alertnames": [hostile], "error": hostile}
        note(world.context, 1, outcome="failed", fingerprints=[hostile], **fields)
        note(world.context, 2, outcome=hostile, **fields)
        await visitor.get("/notifications")
        await visitor.submit(receiver="broken")
        for page in (await visitor.follow(), await visitor.get(f"/notifications?alert={quote(hostile)}")):
            assert "<script>" not in page
            assert "<b>refused" not in page
            shown = re.sub(r'(value|href|id)="[^"]*"', "", page.partition("<main")[2])
            assert "\u202e" not in shown
            assert "\x1b" not in shown

    visit(world.context, story)


def test_without_receivers_events_and_actions_it_says_so() -> None:
    context = page_context()
    web = context.in_force.config.web.model_copy(update={"actions": False})
    context.in_force.config = context.in_force.config.model_copy(update={"web": web})  # type: ignore[misc]

    async def story(visitor: Visitor) -> None:
        page = await visitor.get("/notifications")
        assert "Nothing was sent yet" in seen(page)
        assert "web.actions" in page
        assert "Send test" not in page
        token = context.renderer.tokens.make(NOW)
        answer = await visitor.client.post("/notifications/test", data={"token": token, "receiver": "nobody"})
        assert answer.status_code == 403

    visit(context, story)
