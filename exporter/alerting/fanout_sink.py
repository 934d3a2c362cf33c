"""Who is told what the rules found."""

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.alerting.manager import AlertManager
from exporter.model.alert import Alert
from exporter.notify.alertmanager import AlertForwarder


@dataclass(frozen=True, slots=True)
class FanoutSink:
    """Our own alerting, and every Alertmanager that is to have the alerts too."""

    alerting: AlertManager
    forwarder: AlertForwarder

    async def receive(self, alerts: Sequence[Alert]) -> None:
        """Take alerts; forwarding only queues them, so that nobody waits for a distant Alertmanager."""
        await self.forwarder.receive(alerts)
        await self.alerting.receive(alerts)
