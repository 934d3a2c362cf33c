"""Integration: the interface of everything that delivers notifications.

Source of the word: `Notifier` and `Integration` in notify/notify.go of Alertmanager.
"""

from typing import Protocol

from exporter.model.alert import Alert
from exporter.notify.notification import Notification


class Integration(Protocol):
    """Delivers notifications by one entry of a receiver's `slack_configs`, `email_configs`, ….

    `name` is the kind of the receiver (slack, email, webhook, …): a closed set, used as a label.
    """

    @property
    def name(self) -> str:
        """Return the kind of the receiver, as Alertmanager's metrics name it."""
        ...

    @property
    def send_resolved(self) -> bool:
        """Return whether the end of alerts is sent too."""
        ...

    @property
    def notifies_event_ends(self) -> bool:
        """Return whether the end of an alert about an event (`kind: event`) is sent too."""
        ...

    async def send(self, notification: Notification) -> None:
        """Deliver one notification; raises `exporter.errors.NotifyError`."""
        ...


def notifies_end(integration: Integration, alert: Alert) -> bool:
    """Return whether an integration sends that an alert is over: an event, such as a restart, never is."""
    return integration.send_resolved and (integration.notifies_event_ends or not alert.is_event)
