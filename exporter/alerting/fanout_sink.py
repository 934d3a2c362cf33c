"""Fan-out of the alerts of the rules: to our own alerting and to Alertmanagers."""

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.alerting.manager import AlertManager
from exporter.model.alert import Alert
from exporter.notify.alertmanager import AlertForwarder


@dataclass(frozen=True, slots=True)
class FanoutSink:
    """Hands alerts to our own alerting, and to every Alertmanager of the configuration."""

    alerting: AlertManager
    forwarder: AlertForwarder

    async def receive(self, alerts: Sequence[Alert]) -> None:
        """Hand alerts on; forwarding only queues them, so that a distant Alertmanager delays nothing."""
        await self.forwarder.receive(alerts)
        await self.alerting.receive(alerts)
