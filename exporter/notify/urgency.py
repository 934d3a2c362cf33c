"""Urgency: which alert of a message comes first."""

from typing import Final

from exporter.model.alert import Alert
from exporter.notify.notification import Notification

_SEVERITIES: Final = ("critical", "page", "error", "warning", "info")


def urgency(severity: str, starts_at: float, *, is_over: bool, is_old: bool) -> tuple[object, ...]:
    """Return the sort key of an alert: what fires first, the worst of that, the one that began first.

    `starts_at` is in any unit. `is_old`: it is about an event that an earlier message was about.
    """
    worst = _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)
    return is_old, is_over, worst, starts_at


def most_urgent_first(notification: Notification) -> list[Alert]:
    """Return the alerts of a notification in the order in which a message describes them."""

    def key(alert: Alert) -> tuple[object, ...]:
        is_over = alert.is_resolved(notification.now)
        was_told = alert.labels.fingerprint() in notification.notified_firing
        return urgency(
            alert.labels.get("severity"),
            alert.starts_at,
            is_over=is_over,
            is_old=was_told and alert.is_event and not is_over,
        )

    return sorted(notification.alerts, key=key)
