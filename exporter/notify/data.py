"""Template data of a notification.

Source: `Data` in template/template.go of Alertmanager.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from exporter.gotemplate.alertmanager import KV, Alerts, NotificationData, TemplateAlert
from exporter.gotemplate.times import ZERO_TIME, time_of
from exporter.model.alert import Alert
from exporter.model.labels import NO_ANNOTATIONS, Annotations, Labels
from exporter.notify.notification import Notification

Guard = Callable[[str], str]
"""Escapes a text from outside before a template sees it."""

_SPECIAL: Final = str.maketrans({char: "\\" + char for char in "\\.+*?()|[]{}^$"})


def _unchanged(text: str) -> str:
    return text


def notification_data(notification: Notification, guard: Guard = _unchanged) -> NotificationData:
    """Return the data of a notification, with every text escaped by `guard`."""
    now = notification.now
    alerts = notification.alerts
    fires = any(not alert.is_resolved(now) for alert in alerts)
    return NotificationData(
        # Alertmanager escapes it for the regular expression in the URL of its page.
        receiver=guard(notification.receiver.translate(_SPECIAL)),
        status="firing" if fires else "resolved",
        alerts=Alerts(_alert_data(alert, notification, guard) for alert in alerts),
        group_labels=_kv(notification.group_labels, guard),
        common_labels=_kv(_common(alert.labels for alert in alerts), guard),
        common_annotations=_kv(_common_annotations(alerts), guard),
        external_url=guard(notification.external_url),
        notification_reason=notification.reason,
        route_labels=_kv(notification.route_labels, guard),
    )


def _alert_data(alert: Alert, notification: Notification, guard: Guard) -> TemplateAlert:
    resolved = alert.is_resolved(notification.now)
    return TemplateAlert(
        status="resolved" if resolved else "firing",
        labels=_kv(alert.labels, guard),
        annotations=_kv(alert.annotations, guard),
        starts_at=time_of(alert.starts_at),
        ends_at=time_of(alert.ends_at) if resolved else ZERO_TIME,
        generator_url=guard(alert.generator_url),
        fingerprint=alert.fingerprint,
        reading=guard(alert.reading),
        was_notified_firing=alert.labels.fingerprint() in notification.notified_firing,
    )


def _kv(labels: Labels, guard: Guard) -> KV:
    return KV({guard(name): guard(value) for name, value in labels})


def _common_annotations(alerts: Sequence[Alert]) -> Annotations:
    """Return the annotations that all alerts have; a missing one equals an empty one."""
    first, *others = (alert.annotations for alert in alerts) if alerts else (NO_ANNOTATIONS,)
    return Annotations(pair for pair in first if all(one.get(pair[0]) == pair[1] for one in others))


def _common(label_sets: Iterable[Labels]) -> Labels:
    """Return the pairs that all label sets have."""
    pairs: set[tuple[str, str]] | None = None
    for labels in label_sets:
        pairs = set(labels) if pairs is None else pairs & set(labels)
    return Labels(pairs or ())
