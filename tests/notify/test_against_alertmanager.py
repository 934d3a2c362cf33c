"""The same alerts to Debian's Alertmanager and to us: what receivers get is the same."""

import asyncio
import html.parser
import json
from collections.abc import Sequence
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.notify.notification import Notification
from tests.notify.http_listener import HttpListener, Request
from tests.notify.mail_server import MailServer
from tests.notify.real_alertmanager import post_alerts, running_alertmanager
from tests.notify.samples import alert, make

_EXTERNAL_URL = "http://vigil.example:9121/am"
_GROUPS: dict[str, tuple[list[str], list[Alert]]] = {
    "one alert": (["alertname"], [alert()]),
    "three alerts": (
        ["alertname", "job"],
        [alert(), alert("b:2", severity="page"), alert("c:3", severity="page")],
    ),
    "no group": ([], [alert(), alert("b:2")]),
    "without annotations": (["alertname"], [replace(alert(), annotations=Labels())]),
    "special characters": (
        ["alertname", "x"],
        [alert(x="<b>&'\"+ é ✓"), alert("b:2", x="<b>&'\"+ é ✓", y="a b/c?d=e")],
    ),
    "without source": (["alertname"], [replace(alert(), generator_url="")]),
    "one of two has ended": (["alertname"], [alert(), alert("b:2", resolved=True)]),
    "all have ended": (["alertname"], [alert(resolved=True), alert("b:2", resolved=True)]),
}


def _config(webhook: str, slack: str, mail: str, group_by: list[str]) -> dict[str, Any]:
    email = {"to": "ops@example.com", "from": "vigil@example.com", "smarthost": mail, "require_tls": False}
    fields = [{"title": "Job", "value": "{{ .CommonLabels.job }}", "short": True}]
    actions = [{"type": "button", "text": "Go", "url": "{{ .ExternalURL }}", "style": "danger"}]
    return {
        "route": {
            "receiver": "team.x",
            "group_by": group_by,
            "group_wait": "100ms",
            "group_interval": "1s",
        },
        "receivers": [
            {
                "name": "team.x",
                "webhook_configs": [{"url": webhook}],
                "slack_configs": [
                    {"api_url": slack, "channel": "#ops", "send_resolved": True},
                    {
                        "api_url": slack,
                        "send_resolved": True,
                        "channel": "#{{ .GroupLabels.job }}",
                        "text": "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ end }}",
                        "title": "{{ .Status | toUpper }} " + "x" * 1100,
                        "fields": fields,
                        "actions": actions,
                        "footer": "f",
                        "icon_emoji": ":fire:",
                        "link_names": True,
                        "image_url": "http://i",
                        "mrkdwn_in": ["text"],
                    },
                ],
                "email_configs": [
                    {
                        **email,
                        "send_resolved": True,
                        "text": '{{ template "__text_alert_list" .Alerts }}',
                        "headers": {"x-team": "é {{ .Status }}"},
                    }
                ],
            }
        ],
    }


async def _ask_alertmanager(
    folder: Path, group_by: list[str], alerts: Sequence[Alert]
) -> tuple[Request, list[Request], EmailMessage]:
    async with HttpListener() as webhook, HttpListener() as slack, MailServer() as mail:
        config = _config(webhook.url, slack.url, mail.address, group_by)
        async with running_alertmanager(folder, config, _EXTERNAL_URL) as url, asyncio.timeout(20):
            if any(alert.ends_at for alert in alerts):
                # What ends must have begun.
                await post_alerts(url, [replace(alert, ends_at=0.0) for alert in alerts])
                await _wait_for_all(webhook, slack, mail)
                for kept in (webhook.requests, slack.requests, mail.envelopes):
                    kept.clear()
            await post_alerts(url, alerts)
            await _wait_for_all(webhook, slack, mail)
            return webhook.requests.pop(), slack.requests, mail.messages.pop()


async def _wait_for_all(webhook: HttpListener, slack: HttpListener, mail: MailServer) -> None:
    while not (webhook.requests and len(slack.requests) == 2 and mail.envelopes):  # noqa: ASYNC110  # three servers
        await asyncio.sleep(0.05)


async def _ask_us(
    theirs: dict[str, Any], alerts: Sequence[Alert]
) -> tuple[Request, list[Request], EmailMessage]:
    """The same notification, as far as Alertmanager's webhook tells what it is about."""
    by_fingerprint = {alert.fingerprint: alert for alert in alerts}
    notification = Notification(
        receiver="team.x",
        group_key=theirs["groupKey"],
        group_labels=Labels(theirs["groupLabels"]),
        alerts=tuple(by_fingerprint[alert["fingerprint"]] for alert in theirs["alerts"]),
        external_url=_EXTERNAL_URL,
        now=alerts[0].starts_at + 60,
    )
    async with HttpListener() as webhook, HttpListener() as slack, MailServer() as mail:
        config = _config(webhook.url, slack.url, mail.address, [])["receivers"][0]
        await make(json.dumps({"webhook_configs": config["webhook_configs"]})[1:-1]).send(notification)
        for entry in config["slack_configs"]:
            await make(json.dumps({"slack_configs": [entry]})[1:-1]).send(notification)
        await make(json.dumps({"email_configs": config["email_configs"]})[1:-1]).send(notification)
        return webhook.requests[0], slack.requests, mail.messages[0]


class _Text(html.parser.HTMLParser):
    """What a person reads in a page, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "script")
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words += data.split()


def _read(page: str) -> tuple[list[str], list[str]]:
    parser = _Text()
    parser.feed(page)
    parser.close()
    return parser.words, parser.links


def _part(message: EmailMessage, kind: str) -> str:
    (part,) = [part for part in message.walk() if part.get_content_type() == kind]
    assert isinstance(part, EmailMessage)
    content: str = part.get_content()
    return content


def _in_order(requests: Sequence[Request]) -> list[dict[str, Any]]:
    """Alertmanager sends to both channels at the same time."""
    payloads: list[dict[str, Any]] = [request.json for request in requests]
    return sorted(payloads, key=lambda payload: len(payload["attachments"][0]["title"]))


def _unescaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    if isinstance(value, list):
        return [_unescaped(item) for item in value]
    return {name: _unescaped(item) for name, item in value.items()} if isinstance(value, dict) else value


@pytest.mark.peers("prometheus-alertmanager")
@pytest.mark.parametrize("case", _GROUPS)
def test_receivers_get_the_same(case: str, tmp_path: Path) -> None:
    group_by, alerts = _GROUPS[case]
    webhook, slack, mail = asyncio.run(_ask_alertmanager(tmp_path, group_by, alerts))
    our_webhook, our_slack, our_mail = asyncio.run(_ask_us(webhook.json, alerts))

    assert our_webhook.body == webhook.body
    assert our_webhook.headers["content-type"] == webhook.headers["content-type"]

    for ours, theirs in zip(_in_order(our_slack), _in_order(slack), strict=True):
        # The one thing that we do better: what comes with alerts is escaped.
        assert _unescaped(ours) == theirs

    for name in ("Subject", "To", "From", "X-Team"):
        assert str(our_mail[name]) == str(mail[name]).strip()
    assert our_mail.get_content_type() == mail.get_content_type() == "multipart/alternative"
    assert _part(our_mail, "text/plain") == _part(mail, "text/plain")
    assert _read(_part(our_mail, "text/html")) == _read(_part(mail, "text/html"))
