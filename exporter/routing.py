"""An alertmanager.yml with everything that it takes to send by it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from exporter.config.alertmanager.config import AlertmanagerConfig, parse_alertmanager_config
from exporter.config.alertmanager.receivers import Receiver
from exporter.config.alertmanager.style import MessageStyle
from exporter.config.alertmanager.templates import expand
from exporter.config.document import Document
from exporter.errors import ConfigError, Problem
from exporter.notify.integration import Integration
from exporter.notify.integrations import IntegrationFactory
from exporter.notify.pictures import AlertPictures
from exporter.notify.slack_messages import MemoryMessages, Messages

# A route tree without integrations: alerts are on the pages and in the API only.
_NOBODY = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}


@dataclass(frozen=True, slots=True)
class Routing:
    """A configuration, and what makes the integrations of its receivers.

    `integration_factory` takes the store of the messages posted in Slack: an update goes to the message that
    stands there; and what draws alerts.
    """

    config: AlertmanagerConfig
    integration_factory: Callable[
        [Messages, AlertPictures | None], Callable[[Receiver], Sequence[Integration]]
    ]
    missing_templates: Sequence[Problem] = ()
    """Calls of templates that do not exist: no message can be made where one stands."""


def load_routing(
    path: Path | None,
    now: Callable[[], float],
    style: MessageStyle = "vigil",
    *,
    forwards: bool = False,
    smtp_auth_without_tls: bool = False,
    pictures: bool = True,
) -> Routing:
    """Read an alertmanager.yml and its templates; without a path there are no notifications.

    `now` returns epoch seconds, `style` names the default texts. `forwards`: Alertmanagers get every alert
    too, and send what is not sent here. `smtp_auth_without_tls`: passwords go out unencrypted, too.
    `pictures`: messages have the charts of alerts.

    Raises `ConfigError` with everything that is wrong with the file, its template files and the templates of
    its receivers.
    """
    if path is None:
        config = AlertmanagerConfig.model_validate(_NOBODY)
        return Routing(config, lambda messages, _: IntegrationFactory(config.global_, now, messages=messages))
    document = Document.load(path, lenient=True)
    config = parse_alertmanager_config(document)

    def integration_factory(messages: Messages, drawing: AlertPictures | None) -> IntegrationFactory:
        return IntegrationFactory(
            config.global_,
            now,
            template_files=expand(config.templates, path.parent),
            document=document,
            messages=messages,
            style=style,
            route=config.route,
            forwards=forwards,
            smtp_auth_without_tls=smtp_auth_without_tls,
            pictures=drawing if pictures else None,
        )

    factory = integration_factory(MemoryMessages(), None)
    _check_receivers(config, factory)
    return Routing(config, integration_factory, tuple(dict.fromkeys(factory.warnings)))


def links_warning(config: AlertmanagerConfig, external_url: str, host: str) -> str:
    """Return why the links in messages open nothing for those who get them; empty where they do.

    `external_url` is what the configuration says, `host` where the daemon listens; empty for all addresses.
    """
    notified = [one.name for one in config.receivers if one.is_sent]
    if external_url or not notified or not _is_loopback(host):
        return ""
    return (
        f"web.external_url is not set, and the daemon listens on {host} only: links in messages to "
        f"{', '.join(notified)} open nothing on other machines; set it to the URL by which people reach it"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_receivers(config: AlertmanagerConfig, factory: IntegrationFactory) -> None:
    problems: list[Problem] = []
    for receiver in config.receivers:
        try:
            factory(receiver)
        except ConfigError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(problems)
