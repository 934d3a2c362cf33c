"""Notifications to send, and receivers to send them with."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from exporter.config.alertmanager.config import parse_alertmanager_config
from exporter.config.document import Document
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.notify.integration import Integration
from exporter.notify.integrations import IntegrationFactory
from exporter.notify.notification import Notification

NOW = 1_704_164_700.0  # 2024-01-02 03:05:00 UTC
BEGAN = 1_704_164_645.678
HOSTILE = "<!channel> <http://evil|click> &amp; \"quoted\" 'x'\r\nBcc: evil@example.com"


def alert(instance: str = "a:1", *, resolved: bool = False, **labels: str) -> Alert:
    return Alert(
        Labels({"alertname": "Down", "job": "redis", "instance": instance, **labels}),
        Labels({"summary": f"{instance} is down", "runbook": "https://r.example/?a=1&b=2"}),
        starts_at=BEGAN,
        ends_at=NOW - 5 if resolved else 0.0,
        generator_url="http://p.example/graph?g0.expr=up&g0.tab=1",
    )


def notification(*alerts: Alert, group: dict[str, str] | None = None, now: float = NOW) -> Notification:
    return Notification(
        receiver="team.x",
        group_key='{}:{alertname="Down"}',
        group_labels=Labels({"alertname": "Down"} if group is None else group),
        alerts=alerts or (alert(),),
        external_url="http://vigil.example:9121",
        now=now,
    )


def make(receiver: str, *, global_: str = "{}", templates: Sequence[Path] = ()) -> Integration:
    """The only integration of a receiver, written as in alertmanager.yml."""
    indented = textwrap.indent(textwrap.dedent(receiver).strip("\n"), "    ")
    text = f"global: {global_}\nroute: {{receiver: team.x}}\nreceivers:\n  - name: team.x\n{indented}\n"
    document = Document.parse(text, "am.yml")
    config = parse_alertmanager_config(document)
    factory = IntegrationFactory(config.global_, lambda: NOW, template_files=templates, document=document)
    (integration,) = factory(config.receivers[0])
    return integration
