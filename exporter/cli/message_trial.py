"""Sends one message to a receiver, for `redis-vigil test notify`."""

import asyncio
import time
from pathlib import Path

from exporter.alert_pictures import SamplePictures
from exporter.cli.output import say
from exporter.config.alertmanager.style import MessageStyle
from exporter.errors import UsageError, VigilError
from exporter.notify.integration import Integration
from exporter.notify.slack_messages import MemoryMessages
from exporter.notify.trial import trial_notification, try_all
from exporter.routing import Routing, load_routing

_DESCRIPTION = "Somebody ran `redis-vigil test notify`. Nothing is wrong."


def send_message(
    receiver: str,
    config: Path,
    *,
    resolved: bool,
    timeout_seconds: float,
    external_url: str,
    style: MessageStyle,
    pictures: bool,
) -> None:
    """Send a test message and print how that went; raises `ConfigError`, `UsageError`, `VigilError`."""
    routing = load_routing(config, time.time, style, pictures=pictures)
    integrations = _integrations(routing, receiver)
    notification = trial_notification(
        receiver, external_url, time.time(), description=_DESCRIPTION, resolved=resolved
    )
    trials = asyncio.run(try_all(integrations, notification, timeout_seconds))
    for trial in trials:
        say(str(trial))
    failed = sum(bool(trial.error) for trial in trials)
    if failed:
        raise VigilError(f"{failed} of {len(integrations)} messages could not be delivered")


def _integrations(routing: Routing, name: str) -> list[Integration]:
    receivers = {receiver.name: receiver for receiver in routing.config.receivers}
    if name not in receivers:
        raise UsageError(f'there is no receiver "{name}"; there are {", ".join(sorted(receivers))}')
    integrations = list(routing.integration_factory(MemoryMessages(), SamplePictures())(receivers[name]))
    if not integrations:
        raise UsageError(f'the receiver "{name}" sends nothing: it has no configurations')
    return integrations
