"""Aggregation group: alerts that are sent together, and the timer of their flushes.

Source of the word: `aggrGroup` of github.com/prometheus/alertmanager, dispatch/dispatch.go.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from exporter.alerting.order import sort_alerts
from exporter.alerting.routes import Route
from exporter.clock import Clock
from exporter.model.alert import Alert
from exporter.model.labels import Labels


class Flusher(Protocol):
    """Brings the alerts of a group to one integration: `exporter.alerting.delivery.Delivery`."""

    @property
    def is_running(self) -> bool:
        """Return whether a flush is under way."""
        ...

    def flush(self) -> None:
        """Start a flush."""
        ...

    def stop(self) -> "asyncio.Task[None] | None":
        """Start no more flushes; return the task of one that is under way."""
        ...


class AggregationGroup:
    """The alerts of one route that have the same values of the labels it groups by.

    The first flush comes after `group_wait`, or at once where an alert is older than that; the next ones
    every `group_interval`. A resolved alert stays until every integration of the receiver was notified of it.
    All times are seconds since the epoch.
    """

    def __init__(
        self,
        route: Route,
        labels: Labels,
        key: str,
        clock: Clock,
        on_empty: Callable[["AggregationGroup"], None],
    ) -> None:
        self.route = route
        self.options = route.options
        self.labels = labels
        self.key = key
        self._clock = clock
        self._on_empty = on_empty
        self._deliveries: Sequence[Flusher] = ()
        self._alerts: dict[Labels, Alert] = {}
        # Per delivery and alert: the resolved state that it has dealt with.
        self._notified: dict[Flusher, dict[Labels, Alert]] = {}
        self._has_flushed = False
        self._timer: asyncio.TimerHandle | None = None
        self._due_at = 0.0

    @property
    def due_at(self) -> float:
        """The time of the next flush."""
        return self._due_at

    @property
    def has_flushed(self) -> bool:
        """Return whether the first flush has been."""
        return self._has_flushed

    @property
    def is_notifying(self) -> bool:
        """Return whether a notification is under way, or being retried."""
        return any(delivery.is_running for delivery in self._deliveries)

    @property
    def alerts(self) -> Sequence[Alert]:
        """The alerts of the group."""
        return list(self._alerts.values())

    @property
    def deliveries(self) -> Sequence[Flusher]:
        """The deliveries to the integrations of the receiver."""
        return self._deliveries

    def __contains__(self, labels: Labels) -> bool:
        return labels in self._alerts

    def begin(self, deliveries: Sequence[Flusher], due_at: float, *, has_flushed: bool = False) -> None:
        """Start the timer; `has_flushed` where the group goes on from an earlier configuration."""
        self._deliveries = deliveries
        self._notified = {delivery: {} for delivery in deliveries}
        self._has_flushed = has_flushed
        self._schedule(due_at)

    def insert(self, alert: Alert, not_before: float, now: float) -> None:
        """Add or update an alert; the first flush is due because of it, but not before `not_before`."""
        self._alerts[alert.labels] = alert
        if not self._has_flushed:
            wait = self.options.group_wait
            is_older = alert.starts_at + wait < now
            self.wake(max(not_before, now if is_older else now + wait))

    def wake(self, at: float) -> None:
        """Flush at this time at the latest."""
        if self._timer is not None and at < self._due_at:
            self._schedule(at)

    def stop(self) -> None:
        """Flush no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def release(self) -> None:
        """Let go of the deliveries, which refer to the group, unless one is under way: it is over."""
        if not self.is_notifying:
            self._deliveries, self._notified = (), {}

    def follow_clock(self, moved: float, change: Callable[[Alert], Alert]) -> None:
        """Move all times by so many seconds, and change every alert; timers just run on."""
        self._due_at += moved
        self._alerts = {labels: change(alert) for labels, alert in self._alerts.items()}
        for delivery, notified in self._notified.items():
            self._notified[delivery] = {labels: change(alert) for labels, alert in notified.items()}

    def snapshot(self, now: float) -> Sequence[Alert]:
        """Return the alerts in the order of a notification; those that still fire have no end."""
        alerts = [
            alert if alert.is_resolved(now) else replace(alert, ends_at=0.0)
            for alert in self._alerts.values()
        ]
        return sort_alerts(alerts)

    def mark_notified(self, delivery: Flusher, alerts: Sequence[Alert], now: float) -> None:
        """Note that a delivery has dealt with these alerts; drop resolved ones that all have dealt with."""
        notified = self._notified[delivery]
        notified.update((alert.labels, alert) for alert in alerts if alert.is_resolved(now))
        self._drop_notified(now)

    def _drop_notified(self, now: float) -> None:
        resolved = [alert for alert in self._alerts.values() if alert.is_resolved(now)]
        for alert in resolved:
            # An alert that has changed since has to be sent once more.
            if all(notified.get(alert.labels) == alert for notified in self._notified.values()):
                del self._alerts[alert.labels]
                for notified in self._notified.values():
                    del notified[alert.labels]
        if not self._alerts and not self.is_notifying:
            self.stop()
            self._on_empty(self)

    def _schedule(self, at: float) -> None:
        self.stop()
        self._due_at = at
        delay = max(0.0, at - self._clock.now())
        self._timer = asyncio.get_running_loop().call_later(delay, self._flush)

    def _flush(self) -> None:
        now = self._clock.now()
        self._has_flushed = True
        self._schedule(now + self.options.group_interval)
        for delivery in self._deliveries:
            delivery.flush()
        if not self._deliveries:
            self._drop_notified(now)
