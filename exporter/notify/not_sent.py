"""Integration of an entry of a receiver that this daemon does not send to."""

from typing import Final

from exporter.config.alertmanager.not_sent import NotSentConfig
from exporter.errors import NotifyError
from exporter.notify.notification import Notification

REMEDY: Final = "let it forward to an Alertmanager that does (alerting.alertmanagers in config.yml)"


class NotSent:
    """Sends nothing; `name` is the kind, as Alertmanager calls it in its metrics.

    `reaches_nobody`: the receiver has no entry that is sent to.
    """

    notifies_event_ends: Final = True

    def __init__(self, kind: str, config: NotSentConfig, *, reaches_nobody: bool) -> None:
        self.name = kind
        self.service = config.service
        self.send_resolved = config.send_resolved
        self.reaches_nobody = reaches_nobody

    async def send(self, notification: Notification) -> None:
        """Raise `NotifyError`: nothing is sent, and a retry is of no use."""
        raise NotifyError(f"redis-vigil does not send to {self.service}: {REMEDY}", retryable=False)
