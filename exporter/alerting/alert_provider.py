"""The alerts that are known: what is sent twice is merged, what is over is forgotten."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from exporter.model.alert import Alert
from exporter.model.labels import Labels

RESOLVED_RETENTION_SECONDS: Final = 30 * 60.0
"""How long a resolved alert stays known: senders repeat it, and that must not look like news."""


def merge(first: Alert, second: Alert) -> Alert:
    """Two reports of one alert whose times overlap as one, with the text of the younger.

    Source: `Alert.Merge` of github.com/prometheus/alertmanager, alert/alert.go.
    """
    old, new = (second, first) if second.updated_at < first.updated_at else (first, second)
    ends_at = new.ends_at
    if new.is_resolved(new.updated_at):
        if old.is_resolved(new.updated_at):
            ends_at = max(ends_at, old.ends_at)
    elif not old.timeout:
        # An end that was stated rules over one that was assumed, if it is the later.
        ends_at = max(ends_at, old.ends_at)
    return replace(new, starts_at=min(old.starts_at, new.starts_at), ends_at=ends_at)


class AlertProvider:
    """Every alert by its labels; at most `limit`, then new ones are refused."""

    def __init__(self, limit: int) -> None:
        self._alerts: dict[Labels, Alert] = {}
        self._limit = limit

    def __len__(self) -> int:
        return len(self._alerts)

    def __iter__(self) -> Iterator[Alert]:
        return iter(list(self._alerts.values()))

    def get(self, labels: Labels) -> Alert | None:
        """The alert with these labels."""
        return self._alerts.get(labels)

    def put(self, alert: Alert) -> Alert | None:
        """Add or update an alert; what is now known about it, None where there is no room for a new one."""
        known = self._alerts.get(alert.labels)
        if known is None and len(self._alerts) >= self._limit:
            return None
        if known is not None and _overlap(known, alert):
            alert = merge(known, alert)
        self._alerts[alert.labels] = alert
        return alert

    def change(self, change: Callable[[Alert], Alert]) -> None:
        """Put into the place of every alert what is made of it."""
        self._alerts = {labels: change(alert) for labels, alert in self._alerts.items()}

    def collect_garbage(self, now: float, is_pending: Callable[[Labels], bool]) -> list[Labels]:
        """Forget what has been resolved for long and nobody waits to be told; the labels of what is gone."""
        horizon = now - RESOLVED_RETENTION_SECONDS
        gone = [
            labels
            for labels, alert in self._alerts.items()
            if alert.is_resolved(horizon) and not is_pending(labels)
        ]
        for labels in gone:
            del self._alerts[labels]
        return gone


def _overlap(known: Alert, alert: Alert) -> bool:
    ends_within = known.starts_at < alert.ends_at < known.ends_at
    starts_within = known.starts_at < alert.starts_at < known.ends_at
    return ends_within or starts_within
