"""Integration `webhook`: the alerts as JSON.

Source: notify/webhook/webhook.go of Alertmanager; the format is its version 4.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from exporter.config.alertmanager.http import HttpConfig, check_url
from exporter.config.alertmanager.webhook import WebhookConfig
from exporter.errors import NotifyError
from exporter.gotemplate import Template
from exporter.gotemplate.alertmanager import notification_functions
from exporter.gotemplate.encoding import encode_json, to_plain
from exporter.notify.data import notification_data
from exporter.notify.http import HttpClient
from exporter.notify.making import Making
from exporter.notify.notification import Notification
from exporter.notify.receiver_kind import BuildContext, ReceiverKind
from exporter.notify.secrets import reveal
from exporter.notify.template import Rendering, TemplateCompiler
from exporter.notify.webhook_payload import WebhookPayload

VERSION: Final = "4"
_NEWER_KEYS: Final = ("notification_reason", "routeLabels")


class WebhookIntegration:
    """One entry of `webhook_configs`. Nothing is escaped: programs want the original."""

    name: Final = "webhook"
    # As Alertmanager: programs may wait for the end.
    notifies_event_ends: Final = True

    def __init__(self, config: WebhookConfig, compiler: TemplateCompiler, now: Callable[[], float]) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._now = now
        self._making = Making()
        self._url: Template | None = None
        if config.url is not None and "{{" in config.url.reveal():
            self._url = compiler.parse("url", config.url.reveal())
        self._payload = None if config.payload is None else WebhookPayload(config.payload, compiler)
        self._client = HttpClient(
            config.http_config or HttpConfig(),
            self.name,
            timeout_seconds=config.timeout.seconds,
            now=now,
        )

    async def send(self, notification: Notification) -> None:
        """Post the alerts; raises `NotifyError`."""
        url, body = await self._making.run(self._make, notification)
        answer = await self._client.post_json(url, body)
        self._client.check(answer)

    def _make(self, notification: Notification) -> tuple[str, bytes]:
        """Return URL and body; called in a thread, as templates of users may need seconds."""
        return self._target(notification), self._body(notification)

    def _body(self, notification: Notification) -> bytes:
        if self._payload is None:
            return webhook_body(notification, self._config.max_alerts)
        shown, _ = _shortened(notification, self._config.max_alerts)
        rendering = Rendering(notification_data(shown), notification_functions(self._now))
        return encode_json(self._payload.build(rendering)).encode() + b"\n"

    def _target(self, notification: Notification) -> str:
        config = self._config
        if self._url is not None:
            rendering = Rendering(notification_data(notification), notification_functions(self._now))
            url = rendering.value(self._url)
            if rendering.faults:
                raise NotifyError(f"webhook: the url: {rendering.faults[0]}", retryable=False)
        else:
            url = reveal(config.url, config.url_file)
        try:
            return check_url(url)
        except ValueError as error:
            raise NotifyError(f"webhook: the url {error}", retryable=config.url_file is not None) from None


def webhook_body(notification: Notification, max_alerts: int = 0) -> bytes:
    """Return the message in Alertmanager's format; `max_alerts` of 0 is no limit."""
    notification, left_out = _shortened(notification, max_alerts)
    data = to_plain(notification_data(notification))
    assert isinstance(data, dict)
    if not notification.route_labels:
        # The format before routes had labels: strict readers may reject other keys.
        for key in _NEWER_KEYS:
            del data[key]
    message = {
        **data,
        "version": VERSION,
        "groupKey": notification.group_key,
        "truncatedAlerts": left_out + notification.truncated_alerts,
    }
    return encode_json(message).encode() + b"\n"


def _shortened(notification: Notification, max_alerts: int) -> tuple[Notification, int]:
    """Return the notification with its first alerts, and how many were left out."""
    left_out = max(0, len(notification.alerts) - max_alerts) if max_alerts else 0
    if left_out:
        notification = replace(notification, alerts=notification.alerts[:max_alerts])
    return notification, left_out


def _build(config: WebhookConfig, context: BuildContext) -> WebhookIntegration:
    return WebhookIntegration(config, context.compiler, context.now)


KIND: Final = ReceiverKind("webhook", WebhookConfig, _build)
