"""Sends one message to a receiver, for `redis-vigil test notify`."""

import asyncio
import time
from pathlib import Path

from exporter.alert_pictures import SamplePictures
from exporter.cli.output import say
from exporter.cli.routing_file import RoutingFile, find_routing_file
from exporter.config.alertmanager.style import MessageStyle
from exporter.config.validation import hint
from exporter.config.web import check_external_url
from exporter.errors import UsageError, VigilError
from exporter.model.printable import printable
from exporter.notify.integration import Integration
from exporter.notify.slack_messages import MemoryMessages
from exporter.notify.trial import trial_notification, try_all
from exporter.routing import Routing, load_routing

_URL = "http://localhost:9121"
_DESCRIPTION = "Somebody ran `redis-vigil test notify`. Nothing is wrong."


def send_message(
    receiver: str,
    config: Path,
    *,
    resolved: bool,
    timeout_seconds: float,
    external_url: str | None,
    style: MessageStyle | None,
    pictures: bool | None,
) -> None:
    """Send a test message and print how that went; raises `ConfigError`, `UsageError`, `VigilError`.

    What is None is as the daemon's configuration says, as far as that is known.
    """
    file = find_routing_file(config)
    alerting = file.config.alerting
    routing = load_routing(
        file.path,
        time.time,
        style or alerting.message_style,
        smtp_auth_without_tls=alerting.smtp_auth_without_tls,
        pictures=alerting.pictures if pictures is None else pictures,
    )
    integrations = _integrations(routing, receiver)
    url = _checked(external_url) or file.config.web.external_url or _URL
    notification = trial_notification(receiver, url, time.time(), description=_DESCRIPTION, resolved=resolved)
    trials = asyncio.run(try_all(integrations, notification, timeout_seconds))
    for trial in trials:
        say(str(trial))
    if external_url is None and not all(trial.error for trial in trials):
        say(f"links lead to {url}{_origin(file)}")
    failed = sum(bool(trial.error) for trial in trials)
    if failed:
        raise VigilError(f"{failed} of {len(integrations)} messages could not be delivered")


def _checked(url: str | None) -> str:
    try:
        return check_external_url(url) if url else ""
    except ValueError as error:
        raise UsageError(f"--external-url: {error}") from None


def _origin(file: RoutingFile) -> str:
    if file.config.web.external_url:
        return f" (web.external_url of {file.source})"
    return ": set web.external_url in config.yml, or give --external-url"


def _integrations(routing: Routing, name: str) -> list[Integration]:
    receivers = {receiver.name: receiver for receiver in routing.config.receivers}
    if name not in receivers:
        meant = hint(name, receivers) or f"; there are {', '.join(sorted(receivers))}"
        raise UsageError(printable(f'there is no receiver "{name}"{meant}'))
    integrations = list(routing.integration_factory(MemoryMessages(), SamplePictures())(receivers[name]))
    if not integrations:
        raise UsageError(f'the receiver "{printable(name)}" sends nothing: it has no configurations')
    return integrations
