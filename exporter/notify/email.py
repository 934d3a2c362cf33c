"""Integration `email`: mails.

Source: notify/email/email.go of Alertmanager.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from exporter.config.alertmanager.email import EmailConfig
from exporter.config.alertmanager.globals import mail_port
from exporter.config.alertmanager.http import TlsConfig
from exporter.config.alertmanager.style import MessageStyle
from exporter.errors import NotifyError
from exporter.http_client.tls import TlsContexts
from exporter.notify.data import notification_data
from exporter.notify.email_headers import parse_addresses
from exporter.notify.email_message import EmailMessages
from exporter.notify.making import Making
from exporter.notify.notification import Notification
from exporter.notify.pictures import AlertPictures, Picture, picture_of
from exporter.notify.receiver_kind import BuildContext, ReceiverKind
from exporter.notify.smtp import SmtpCredentials, SmtpServer
from exporter.notify.style import message_functions
from exporter.notify.template import Rendering, TemplateCompiler

TIMEOUT_SECONDS: Final = 45.0
"""Deadline of the delivery of one mail to the server."""

IMPLICIT_TLS_PORT: Final = 465
_DEFAULT_PORT: Final = 25


class EmailIntegration:
    """One entry of `email_configs`, merged with the global settings; `pictures` draws what mails show."""

    name: Final = "email"

    def __init__(
        self,
        config: EmailConfig,
        compiler: TemplateCompiler,
        now: Callable[[], float],
        *,
        style: MessageStyle = "alertmanager",
        auth_without_tls: bool = False,
        pictures: AlertPictures | None = None,
    ) -> None:
        self.send_resolved = config.send_resolved
        self.notifies_event_ends = style == "alertmanager"
        self._now = now
        self._making = Making()
        self._from = compiler.parse("from", config.from_)
        self._to = compiler.parse("to", config.to)
        self._messages = EmailMessages(config, compiler, style)
        self._pictures = pictures if self._messages.may_show_picture else None
        self._server = make_server(config, auth_without_tls=auth_without_tls)

    async def send(self, notification: Notification) -> None:
        """Hand the mail over to the server; raises `NotifyError`."""
        picture = await picture_of(self._pictures, notification)
        sender, recipients, message = await self._making.run(self._make, notification, picture)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self._server.deliver(sender, recipients, message)
        except TimeoutError:
            raise NotifyError(
                f"email: the server took longer than {TIMEOUT_SECONDS:g} s",
                retryable=True,
                kind="contextDeadlineExceeded",
            ) from None

    def _make(self, notification: Notification, picture: Picture | None) -> tuple[str, list[str], bytes]:
        """Return sender, recipients and the mail; raises `NotifyError`."""
        data, functions = notification_data(notification), message_functions(self._now, picture)
        envelope = Rendering(data, functions)
        sender, recipients = self._envelope(envelope)
        message = self._messages.build(notification, Rendering(data, functions, beside=envelope), picture)
        return sender, recipients, message

    def _envelope(self, rendering: Rendering) -> tuple[str, list[str]]:
        senders = parse_addresses(rendering.value(self._from))
        recipients = parse_addresses(rendering.value(self._to))
        if rendering.faults:
            raise NotifyError(f"email: from or to: {rendering.faults[0]}", retryable=False)
        if len(senders) != 1:
            raise NotifyError(f"email: there must be one sender, not {len(senders)}", retryable=False)
        if not recipients:
            raise NotifyError("email: there is no recipient", retryable=False)
        return senders[0][1], [address for _, address in recipients]


def make_server(config: EmailConfig, *, auth_without_tls: bool = False) -> SmtpServer:
    """Return the mail server of an entry of `email_configs`."""
    host, _, port_text = config.smarthost.rpartition(":")
    host, port = host.strip("[]") or "localhost", mail_port(port_text) or _DEFAULT_PORT
    implicit = config.force_implicit_tls
    tls = config.tls_config or TlsConfig()
    return SmtpServer(
        host=host,
        port=port,
        hello=config.hello or "localhost",
        implicit_tls=port == IMPLICIT_TLS_PORT if implicit is None else implicit,
        require_tls=config.require_tls is not False,
        server_name=tls.server_name or host,
        tls=TlsContexts(tls),
        credentials=SmtpCredentials(
            username=config.auth_username,
            identity=config.auth_identity,
            password=config.auth_password,
            password_file=config.auth_password_file,
            secret=config.auth_secret,
            secret_file=config.auth_secret_file,
        ),
        auth_without_tls=auth_without_tls,
    )


def _build(config: EmailConfig, context: BuildContext) -> EmailIntegration:
    return EmailIntegration(
        config,
        context.compiler,
        context.now,
        style=context.style,
        auth_without_tls=context.smtp_auth_without_tls,
        pictures=context.pictures,
    )


KIND: Final = ReceiverKind("email", EmailConfig, _build)
