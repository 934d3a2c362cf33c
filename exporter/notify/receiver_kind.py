"""Receiver kind: the model of its entries, and how an integration is built from one.

A module that delivers notifications declares one. Those of this package are listed in
`exporter.notify.registry`; another package names its own by an entry point of the group
`redis_vigil.receivers` (docs/notifications.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from exporter.config.alertmanager.entry import ReceiverEntry
from exporter.config.alertmanager.style import MessageStyle
from exporter.notify.integration import Integration
from exporter.notify.pictures import AlertPictures
from exporter.notify.slack_messages import Messages
from exporter.notify.template import TemplateCompiler

EntryT = TypeVar("EntryT", bound=ReceiverEntry)


@dataclass(frozen=True, slots=True)
class BuildContext:
    """The parts that an integration is built with, besides its entry.

    `compiler` parses templates at the place of the entry, `now` returns epoch seconds, `style` is whose words
    the default texts are. `receiver` and `index` name the entry; `messages` is the store of the messages
    posted in Slack. `smtp_auth_without_tls`: passwords go to mail servers unencrypted, too. `pictures` draws
    the charts of alerts; None where messages are to have none.
    """

    compiler: TemplateCompiler
    now: Callable[[], float]
    style: MessageStyle
    receiver: str
    index: int
    messages: Messages
    smtp_auth_without_tls: bool = False
    pictures: AlertPictures | None = None


@dataclass(frozen=True, slots=True)
class ReceiverKind(Generic[EntryT]):
    """A kind of receiver. Entries of `name` stand under `<name>_configs`; metrics have it as a label.

    `build` gets an entry that is merged with `global`. It raises `exporter.errors.ConfigError`, or lets the
    compiler collect what is wrong with templates.
    """

    name: str
    config: type[EntryT]
    build: Callable[[EntryT, BuildContext], Integration]
