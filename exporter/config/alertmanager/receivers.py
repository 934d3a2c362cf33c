"""Receivers."""

from pydantic import Field

from exporter.config.alertmanager.globals import SecretUrl
from exporter.config.alertmanager.scalars import Flag, Text
from exporter.config.fields import Section


class WebhookConfig(Section):
    """Webhook."""

    url: SecretUrl | None = None
    send_resolved: Flag = True
    max_alerts: int = 0


class Receiver(Section):
    """Who can be told."""

    name: Text = Field(min_length=1)
    webhook_configs: tuple[WebhookConfig, ...] = ()
