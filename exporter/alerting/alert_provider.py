"""Alert provider: the alerts in memory. Repeated ones are merged, resolved ones dropped after a while.

Source of the word: github.com/prometheus/alertmanager, provider/.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from exporter.model.alert import Alert
from exporter.model.labels import Labels

RESOLVED_RETENTION_SECONDS: Final = 30 * 60.0
"""How long a resolved alert is kept: senders repeat it, which must not look like a new alert."""


def merge(first: Alert, second: Alert) -> Alert:
    """Merge two reports of one alert whose times overlap, with the annotations of the newer.

    Source: `Alert.Merge` of github.com/prometheus/alertmanager, alert/alert.go.
    """
    old, new = (second, first) if second.updated_at < first.updated_at else (first, second)
    ends_at = new.ends_at
    if new.is_resolved(new.updated_at):
        if old.is_resolved(new.updated_at):
            ends_at = max(ends_at, old.ends_at)
    elif not old.timeout:
        # A stated end takes precedence over an assumed one if it is later.
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
        """Return the alert with these labels."""
        return self._alerts.get(labels)

    def put(self, alert: Alert) -> Alert | None:
        """Add or update an alert; return it as it is now, None where the limit leaves no room for it."""
        known = self._alerts.get(alert.labels)
        if known is None and len(self._alerts) >= self._limit:
            return None
        if known is not None and _overlap(known, alert):
            alert = merge(known, alert)
        self._alerts[alert.labels] = alert
        return alert

    def change(self, change: Callable[[Alert], Alert]) -> None:
        """Replace every alert by the result of `change`."""
        self._alerts = {labels: change(alert) for labels, alert in self._alerts.items()}

    def collect_garbage(self, now: float, is_pending: Callable[[Labels], bool]) -> list[Labels]:
        """Drop alerts that are resolved for long and not pending in any group; return their labels."""
        horizon = now - RESOLVED_RETENTION_SECONDS
        dropped = [
            labels
            for labels, alert in self._alerts.items()
            if alert.is_resolved(horizon) and not is_pending(labels)
        ]
        for labels in dropped:
            del self._alerts[labels]
        return dropped


def _overlap(known: Alert, alert: Alert) -> bool:
    ends_within = known.starts_at < alert.ends_at < known.ends_at
    starts_within = known.starts_at < alert.starts_at < known.ends_at
    return ends_within or starts_within
