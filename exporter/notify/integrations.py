"""Factory of integrations: from a receiver of alertmanager.yml to what sends its notifications."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from exporter.config.alertmanager.entry import ReceiverEntry
from exporter.config.alertmanager.globals import Global
from exporter.config.alertmanager.merging import with_globals
from exporter.config.alertmanager.receivers import KEY_ENDING, Receiver
from exporter.config.alertmanager.routes import RouteConfig
from exporter.config.alertmanager.style import MessageStyle
from exporter.config.document import Document
from exporter.errors import ConfigError, Place, Problem
from exporter.notify.integration import Integration
from exporter.notify.not_sent import NotSent
from exporter.notify.pictures import AlertPictures
from exporter.notify.receiver_kind import BuildContext, ReceiverKind
from exporter.notify.registry import kinds_of
from exporter.notify.route_labels import RouteLabels, WithRouteLabels
from exporter.notify.slack_messages import MemoryMessages, Messages
from exporter.notify.template import TemplateCompiler, load_templates


class IntegrationFactory:
    """Makes the integrations of receivers that share the global settings and the templates of one file.

    `template_files` are the user's. `document` is the file itself, so that problems have a line. `messages`
    stores what was posted in Slack; pass the same one to the factory of the next configuration. `style` is
    whose words the default texts are, `route` the root of the route tree. `forwards`: what is not sent here
    an Alertmanager sends. `smtp_auth_without_tls`: passwords go to mail servers unencrypted, too. `pictures`
    draws the charts of alerts; messages in Alertmanager's style have none.

    Raises `ConfigError` for template files, and for labels of routes, that do not parse.
    """

    def __init__(
        self,
        defaults: Global,
        now: Callable[[], float],
        *,
        template_files: Iterable[Path] = (),
        document: Document | None = None,
        messages: Messages | None = None,
        style: MessageStyle = "alertmanager",
        route: RouteConfig | None = None,
        forwards: bool = False,
        smtp_auth_without_tls: bool = False,
        pictures: AlertPictures | None = None,
    ) -> None:
        self._defaults = defaults
        self._now = now
        self._style = style
        self._templates = load_templates(template_files, style)
        self._document = document
        self._messages = messages or MemoryMessages()
        self._forwards = forwards
        self._smtp_auth_without_tls = smtp_auth_without_tls
        self._pictures = pictures if style == "vigil" else None
        self.warnings: list[Problem] = []
        """Calls of templates that do not exist, in what was made so far."""
        self._route_labels = self._labels_of(route) if route else None

    def _labels_of(self, route: RouteConfig) -> RouteLabels:
        compiler = TemplateCompiler(self._templates, (), self._document)
        labels = RouteLabels(route, compiler, self._now)
        if compiler.problems:
            raise ConfigError(dict.fromkeys(compiler.problems))
        self.warnings += compiler.warnings
        return labels

    def __call__(self, receiver: Receiver, /) -> tuple[Integration, ...]:
        """Return the integrations in the order of the registry; last what is not sent to.

        Raises `ConfigError` with every template of the receiver that does not parse.
        """
        merged = with_globals(receiver, self._defaults)
        root = TemplateCompiler(self._templates, self._place_of(receiver), self._document)
        integrations = [
            self._build(kind, merged.name, index, entry, root)
            for kind in kinds_of(merged)
            for index, entry in enumerate(merged.entries_of(kind.name))
        ]
        if root.problems:
            raise ConfigError(dict.fromkeys(root.problems))
        self.warnings += root.warnings
        if self._route_labels:
            integrations = [WithRouteLabels(one, self._route_labels) for one in integrations]
        if not self._forwards:
            for name, _, entry in receiver.not_sent:
                integrations.append(NotSent(name, entry, reaches_nobody=not receiver.is_sent))
        return tuple(integrations)

    def _build(
        self,
        kind: ReceiverKind[Any],
        receiver: str,
        index: int,
        entry: ReceiverEntry,
        root: TemplateCompiler,
    ) -> Integration:
        compiler = root.at(f"{kind.name}{KEY_ENDING}", index)
        context = BuildContext(
            compiler,
            self._now,
            self._style,
            receiver,
            index,
            self._messages,
            smtp_auth_without_tls=self._smtp_auth_without_tls,
            pictures=self._pictures,
        )
        try:
            return kind.build(entry, context)
        except ConfigError:
            raise
        except Exception as error:
            # A bug of another package; our own kinds raise ConfigError only.
            message = f"cannot be built: {type(error).__name__}: {error}"
            raise ConfigError([compiler.problem(message)]) from error

    def _place_of(self, receiver: Receiver) -> Place:
        """Where the receiver stands in the file."""
        data = self._document.data if self._document else None
        entries = data.get("receivers") if isinstance(data, dict) else None
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict) and entry.get("name") == receiver.name:
                return ("receivers", index)
        return ("receivers", receiver.name)
