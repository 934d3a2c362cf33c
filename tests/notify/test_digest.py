"""What messages say in our own words, in Slack, in mails and on the terminal."""

import asyncio
import io
import json
from dataclasses import replace
from datetime import UTC
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from exporter.config.alertmanager.config import parse_alertmanager_config
from exporter.config.document import Document
from exporter.demo.terminal import Terminal
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.notify.data import notification_data
from exporter.notify.digest import MOST_ALERTS, Digest, digest
from exporter.notify.digest_text import LONGEST_SLACK_TEXT
from exporter.notify.integration import Integration
from exporter.notify.integrations import IntegrationFactory
from exporter.notify.notification import Notification
from tests.notify.http_listener import HttpListener
from tests.notify.mail_server import MailServer
from tests.notify.samples import HOSTILE, NOW

TITLE = "Redis primary-1 uses 91.2% of its memory limit"
MEMORY = Alert(
    Labels(
        {
            "alertname": "RedisMemoryHigh",
            "severity": "warning",
            "instance": "primary-1",
            "cluster": "prod",
            "job": "redis",
        }
    ),
    Labels(
        {
            "summary": TITLE,
            "description": "For 5 minutes.",
            "recommendation": "Raise maxmemory.",
            "command": "redis-cli CONFIG SET maxmemory 2gb",
            "runbook_url": "https://books.example/memory",
            "dashboard_url": "javascript:alert(1)",
        }
    ),
    starts_at=NOW - 720,
    generator_url="https://vigil.example/graph?g0.expr=a+%3E+1&g0.tab=1",
    reading="91.2% (limit 85%)",
)
DOWN = Alert(
    Labels({"alertname": "RedisDown", "severity": "critical", "instance": "primary-2"}),
    Labels({"summary": "Redis primary-2 is down"}),
    starts_at=NOW - 4000,
)


def over(alert: Alert) -> Alert:
    return replace(alert, ends_at=NOW)


def notification(*alerts: Alert) -> Notification:
    return Notification("ops", "key", Labels(), alerts, "https://vigil.example", NOW)


def words(*alerts: Alert) -> Digest:
    return digest(notification_data(notification(*alerts)), NOW, UTC)


def make(kind: str, entry: dict[str, Any], *templates: Path) -> Integration:
    receiver = {"name": "ops", kind: [entry]}
    text = json.dumps({"route": {"receiver": "ops"}, "receivers": [receiver]})
    document = Document.parse(text, "am.yml")
    config = parse_alertmanager_config(document)
    factory = IntegrationFactory(
        config.global_, lambda: NOW, template_files=templates, document=document, style="vigil"
    )
    (integration,) = factory(config.receivers[0])
    return integration


def slack(*alerts: Alert, templates: tuple[Path, ...] = (), **entry: Any) -> dict[str, Any]:
    async def run() -> Any:
        async with HttpListener() as listener:
            integration = make("slack_configs", {"api_url": listener.url, **entry}, *templates)
            await integration.send(notification(*alerts))
            return listener.requests[0].json

    message: dict[str, Any] = asyncio.run(run())
    return {**message, **message["attachments"][0]}


def mail(*alerts: Alert, **entry: Any) -> EmailMessage:
    async def run() -> EmailMessage:
        async with MailServer() as server:
            config = {"to": "a@b.example", "from": "v@b.example", "smarthost": server.address}
            integration = make("email_configs", {**config, "require_tls": False, **entry})
            await integration.send(notification(*alerts))
            return server.messages[0]

    return asyncio.run(run())


def part(message: EmailMessage, kind: str) -> str:
    (found,) = [one for one in message.walk() if one.get_content_type() == kind]
    assert isinstance(found, EmailMessage)
    return str(found.get_content())


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Any:
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_slack_says_what_since_when_how_much_and_what_to_do() -> None:
    message = slack(MEMORY, channel="#redis")
    assert message["username"] == "redis-vigil"
    assert message["title"] == message["fallback"] == f"Warning: {TITLE}"
    assert message["title_link"] == f"https://vigil.example/alerts/{MEMORY.fingerprint}?at={NOW - 720:.0f}"
    assert message["text"].split("\n") == [
        "For 5 minutes.",
        "*Value:* 91.2% (limit 85%)",
        "*Since:* 2024-01-02 03:53:00 CET (for 12m)",
        "*What to do:* Raise maxmemory.",
        "`redis-cli CONFIG SET maxmemory 2gb`",
        # The instance stands in the title, and that the job is redis tells nobody anything.
        "cluster `prod`",
        f"<https://vigil.example/alerts/{MEMORY.fingerprint}?at={NOW - 720:.0f}|Alert> · "
        "<https://books.example/memory|Runbook> · "
        "<https://vigil.example/graph?g0.expr=a+%3E+1&amp;g0.tab=1|Source>",
    ]


def test_what_is_over_is_said_in_the_same_words() -> None:
    message = slack(over(MEMORY), send_resolved=True)
    assert message["title"] == f"Over: {TITLE} (lasted 12m)"
    assert message["text"].split("\n")[0] == "*When:* 2024-01-02 03:53:00 CET to 2024-01-02 04:05:00 CET"
    assert "Raise maxmemory" not in message["text"]


def test_colours_are_those_of_the_worst() -> None:
    colours = [words(*alerts).colour for alerts in ((DOWN,), (MEMORY, DOWN), (MEMORY,), (over(DOWN),))]
    assert colours[0] == colours[1]
    assert len(set(colours)) == 3


def test_several_alerts_in_one_message_the_worst_first() -> None:
    told = words(over(MEMORY), MEMORY, DOWN)
    assert told.title == "Critical: Redis primary-2 is down (and 2 more)"
    assert told.counts == "3 alerts: 1 critical, 1 warning, 1 over"
    assert [alert.headline.partition(":")[0] for alert in told.alerts] == ["Critical", "Warning", "Over"]
    assert told.url == "https://vigil.example/alerts"


def test_two_alerts_are_both_told_of_in_the_title() -> None:
    title = words(over(DOWN), MEMORY).title
    assert title == f"Warning: {TITLE}; Over: Redis primary-2 is down (lasted 67m)"
    assert words(MEMORY, MEMORY).title == f"Warning: {TITLE} (and 1 more)"


RESTARTED = Alert(
    Labels({"alertname": "RedisRestarted", "severity": "critical", "instance": "primary-1", "kind": "event"}),
    Labels({"summary": "Redis primary-1 was restarted"}),
    starts_at=NOW - 300,
)


def test_an_event_that_was_told_is_no_headline_again() -> None:
    told = frozenset({RESTARTED.labels.fingerprint(), MEMORY.labels.fingerprint()})

    def said(*alerts: Alert) -> Digest:
        return digest(notification_data(replace(notification(*alerts), notified_firing=told)), NOW, UTC)

    assert words(RESTARTED, over(MEMORY)).title.startswith("Critical: Redis primary-1 was restarted; Over: ")
    later = said(RESTARTED, over(MEMORY))
    assert later.title == f"Over: {TITLE} (lasted 12m)"
    assert later.counts == "2 alerts: 1 over, 1 told before"
    assert later.colour == words(over(MEMORY)).colour
    assert later.alerts[1].headline == "Told before: Redis primary-1 was restarted"
    # What goes on is told again, as before.
    assert said(RESTARTED, MEMORY).title == f"Warning: {TITLE}"
    assert said(RESTARTED, MEMORY, DOWN).title == f"Critical: Redis primary-2 is down; Warning: {TITLE}"
    assert said(RESTARTED).title == "Told before: Redis primary-1 was restarted"


def test_alerts_that_say_the_same_are_told_apart_by_their_labels() -> None:
    texts = [
        slack(replace(DOWN, labels=DOWN.labels.with_({"pattern": pattern, "db": "1"})))["text"]
        for pattern in ("session:*", "a`b")
    ]
    assert "db `1` · pattern `session:*`" in texts[0]
    assert "pattern `aˋb`" in texts[1]


def test_what_twenty_alerts_have_in_common_is_said_once_and_all_are_named() -> None:
    alerts = [
        replace(
            MEMORY,
            labels=MEMORY.labels.with_({"instance": f"cache-{i}"}),
            annotations=MEMORY.annotations.with_({"summary": f"Redis cache-{i} is nearly full"}),
        )
        for i in range(20)
    ]
    text = slack(*alerts)["text"]
    for once in ("What to do", "CONFIG SET", "|Runbook>", "|Source>", "20 alerts"):
        assert text.count(once) == 1, once
    assert text.count("|Alert>") == 20
    assert all(f"cache-{i} is nearly full" in text for i in range(20))
    other = replace(alerts[1], annotations=alerts[1].annotations.with_({"recommendation": "Wait."}))
    advice = [told.advice for told in words(alerts[0], other, alerts[2], over(alerts[3])).alerts]
    assert advice == ["Raise maxmemory.", "Wait.", "Raise maxmemory.", ""]


def test_labels_that_the_text_says_in_other_letters_are_not_said_again() -> None:
    labels = DOWN.labels.with_({"reason": "wrong_password", "command": "hgetall", "queue": "mails"})
    notes = Labels({"summary": "wrong password, HGETALL is slow, MAILSERVER"})
    said = words(replace(DOWN, labels=labels, annotations=notes)).alerts[0].labels
    assert [pair.name for pair in said] == ["instance", "queue"]


def test_text_that_turns_the_order_of_letters_is_straight() -> None:
    turned = replace(DOWN, annotations=Labels({"summary": "key \u202egpj.exe", "description": "a\u2067b"}))
    message = slack(turned)
    assert (message["title"], message["text"].split("\n")[0]) == ("Critical: key gpj.exe", "ab")


def test_long_messages_end_before_slack_cuts_them() -> None:
    long = "<&>" * 30 + "x" * 600
    alerts = [
        replace(
            MEMORY, labels=MEMORY.labels.with_({"instance": f"r{i}"}), annotations=Labels({"summary": long})
        )
        for i in range(300)
    ]
    message = slack(*alerts)
    assert len(message["text"]) < LONGEST_SLACK_TEXT + 200
    assert len(message["title"]) < 2000
    shown = message["text"].count("*Since:*")
    assert message["text"].endswith(f"… and {300 - shown} more: <https://vigil.example/alerts|all alerts>")
    page = mail(*alerts)
    assert f"and {300 - MOST_ALERTS} more" in part(page, "text/html")
    assert f"… and {300 - MOST_ALERTS} more: https://vigil.example/alerts" in part(page, "text/plain")
    # Gmail shows the beginning only of larger ones.
    assert len(part(page, "text/html")) < 102_000


def test_an_alert_without_texts_is_known_by_its_labels() -> None:
    bare = Alert(Labels({"alertname": "Slow", "path": "/x", "n": "1"}), starts_at=NOW - 30)
    assert words(bare).title == "Slow (n=1 path=/x)"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (10, "10s"),
        (119, "119s"),
        (120, "2m"),
        (230, "3m 50s"),
        (599, "9m 59s"),
        (629, "10m"),
        (630, "10m"),
        (650, "11m"),
        (7100, "118m"),
        (7199, "2h"),
        (11_129, "3h 5m"),
        (11_131, "3h 6m"),
        (86_390, "1d"),
        (178_300, "2d 2h"),
        (11_100, "3h 5m"),
        (7200, "2h"),
        (180_000, "2d 2h"),
    ],
)
def test_how_long(seconds: int, told: str) -> None:
    assert words(replace(DOWN, starts_at=NOW - seconds)).alerts[0].when.endswith(f"(for {told})")


def test_text_from_outside_is_no_markup() -> None:
    hostile = Alert(
        Labels({"alertname": "A", "pattern": HOSTILE}),
        Labels({"summary": HOSTILE, "description": HOSTILE, "runbook_url": f"https://x|y> {HOSTILE}"}),
        starts_at=NOW - 60,
    )
    message = slack(hostile, hostile)
    assert "<!channel>" not in json.dumps(message)
    assert "|y" not in message["text"]
    page = mail(hostile)
    assert "Bcc" not in page
    assert "<http://evil" not in part(page, "text/html")


def test_mails_have_a_page_and_a_text() -> None:
    message = mail(MEMORY)
    assert [one.get_content_type() for one in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["Subject"] == f"Warning: {TITLE}"
    text, page = part(message, "text/plain"), part(message, "text/html")
    for sentence in ("91.2% (limit 85%)", "2024-01-02 03:53:00 CET (for 12m)", "Raise maxmemory.", "prod"):
        assert sentence in text
        assert sentence in page
    assert "Sent by redis-vigil" in text
    assert "Sent by redis-vigil" in page
    assert "javascript:" not in page


def test_what_a_receiver_says_itself_wins(tmp_path: Path) -> None:
    message = slack(MEMORY, title="mine", text="{{ .Status }}", username="me")
    assert (message["title"], message["text"], message["username"]) == ("mine", "firing", "me")
    (tmp_path / "t.tmpl").write_text('{{ define "slack.default.text" }}ours{{ end }}')
    assert slack(MEMORY, templates=(tmp_path / "t.tmpl",))["text"] == "ours"
    own = mail(MEMORY, html="<b>mine</b>", headers={"Subject": "s"})
    assert [one.get_content_type() for one in own.iter_parts()] == ["text/html"]
    assert own["Subject"] == "s"


def test_the_terminal_says_the_same() -> None:
    console = Console(file=io.StringIO(), width=200)
    alert = replace(MEMORY, labels=MEMORY.labels.with_({"pattern": "a\x1b[31m[red]"}))
    asyncio.run(Terminal(console, lambda at: "04:05:00").send(notification(alert, over(DOWN))))
    assert isinstance(console.file, io.StringIO)
    lines = [line.strip() for line in console.file.getvalue().splitlines()]
    assert lines[:6] == [
        f"04:05:00 Warning: {TITLE}",
        "For 5 minutes.",
        "Value: 91.2% (limit 85%)",
        "Since: 2024-01-02 03:53:00 CET (for 12m)",
        "What to do: Raise maxmemory.",
        "Command: redis-cli CONFIG SET maxmemory 2gb",
    ]
    assert "Labels: cluster prod, pattern a?[31m[red]" in lines
    assert "04:05:00 Over: Redis primary-2 is down (lasted 67m)" in lines


def test_what_always_fires_is_not_called_bad() -> None:
    watchdog = Alert(Labels({"alertname": "W", "severity": "none"}), Labels({"summary": "is alive"}))
    assert words(watchdog).title == "is alive"


@pytest.mark.parametrize("starts_at", [-62_135_596_800.0, 0.0, 253_402_300_799.0, 1e12])
def test_moments_that_no_calendar_has_keep_no_message_back(starts_at: float) -> None:
    odd = replace(DOWN, starts_at=starts_at)
    assert "Redis primary-2 is down" in words(odd).title
    assert slack(odd)["text"].startswith("*Since:* ")
    assert words(replace(odd, ends_at=NOW)).title.startswith("Over: Redis primary-2 is down")


def test_one_alert_with_much_to_say_fits_too() -> None:
    labels = {f"label_{i}": "&" * 500 for i in range(60)}
    notes = {"summary": "s", "description": "<" * 5000, "recommendation": ">" * 5000}
    urls = {f"link{i}_url": f"https://x/{'&' * 1900}" for i in range(9)}
    alert = Alert(Labels({"alertname": "A", **labels}), Labels({**notes, **urls}), starts_at=NOW - 60)
    for alerts in ((alert,), (alert, replace(alert, labels=Labels({"alertname": "B"})))):
        text = slack(*alerts)["text"]
        assert len(text) < 8000
        assert text
