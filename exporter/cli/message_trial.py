"""Sends one message to a receiver, for `redis-vigil test notify`."""

import asyncio
import time
from pathlib import Path

from exporter.cli.output import say
from exporter.config.alertmanager.style import MessageStyle
from exporter.errors import NotifyError, UsageError, VigilError
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.notify.integration import Integration
from exporter.notify.notification import Notification
from exporter.notify.slack_messages import MemoryMessages
from exporter.routing import Routing, load_routing
from exporter.rules.sending import query_url

_LABELS = Labels({"alertname": "TestNotification", "instance": "example:6379", "severity": "warning"})
_ANNOTATIONS = Labels(
    {
        "summary": "A test notification of redis-vigil",
        "description": "Somebody ran `redis-vigil test notify`. Nothing is wrong.",
    }
)


def send_message(
    receiver: str,
    config: Path,
    *,
    resolved: bool,
    timeout_seconds: float,
    external_url: str,
    style: MessageStyle,
) -> None:
    """Send a test message and print how that went; raises `ConfigError`, `UsageError`, `VigilError`."""
    routing = load_routing(config, time.time, style)
    integrations = _integrations(routing, receiver)
    notification = _notification(receiver, external_url, resolved=resolved)
    failed = asyncio.run(_send_all(integrations, notification, timeout_seconds))
    if failed:
        raise VigilError(f"{failed} of {len(integrations)} messages could not be delivered")


def _integrations(routing: Routing, name: str) -> list[Integration]:
    receivers = {receiver.name: receiver for receiver in routing.config.receivers}
    if name not in receivers:
        raise UsageError(f'there is no receiver "{name}"; there are {", ".join(sorted(receivers))}')
    integrations = list(routing.integration_factory(MemoryMessages())(receivers[name]))
    if not integrations:
        raise UsageError(f'the receiver "{name}" sends nothing: it has no configurations')
    return integrations


def _notification(receiver: str, external_url: str, *, resolved: bool) -> Notification:
    now = time.time()
    alert = Alert(
        _LABELS, _ANNOTATIONS, now - 60, now if resolved else 0.0, query_url(external_url, "vector(1)")
    )
    group_labels = _LABELS.only(["alertname"])
    return Notification(
        receiver=receiver,
        # Not the key of any group, so that it changes no message about a real one.
        group_key=f"test-notification:{now}",
        group_labels=group_labels,
        alerts=(alert,),
        external_url=external_url,
        now=now,
    )


async def _send_all(integrations: list[Integration], notification: Notification, timeout: float) -> int:
    """Send by each; how many failed."""
    failed = 0
    for index, integration in enumerate(integrations):
        began = time.monotonic()
        fault = await _send(integration, notification, timeout)
        outcome = f"failed: {fault}" if fault else "sent"
        say(f"{integration.name}[{index}]: {outcome} ({time.monotonic() - began:.1f} s)")
        failed += bool(fault)
    return failed


async def _send(integration: Integration, notification: Notification, timeout: float) -> str:
    """Return the error of a delivery; empty where there was none."""
    try:
        async with asyncio.timeout(timeout):
            await integration.send(notification)
    except NotifyError as error:
        return str(error)
    except TimeoutError:
        return f"no answer in {timeout:g} seconds"
    return ""
