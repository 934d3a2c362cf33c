"""Alerts that are told together, and when."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from exporter.alerting.delivery import Delivery
from exporter.alerting.order import sort_alerts
from exporter.alerting.routes import Route
from exporter.clock import Clock
from exporter.model.alert import Alert
from exporter.model.labels import Labels


class Group:
    """The alerts of one route that have the same values of the labels it groups by.

    The first flush comes after `group_wait`, or at once where an alert is older than that; the next ones
    every `group_interval`. A resolved alert stays until every integration of the receiver has been told.
    """

    def __init__(
        self, route: Route, labels: Labels, key: str, clock: Clock, on_empty: Callable[["Group"], None]
    ) -> None:
        self.route = route
        self.options = route.options
        self.labels = labels
        self.key = key
        self._clock = clock
        self._on_empty = on_empty
        self._deliveries: Sequence[Delivery] = ()
        self._alerts: dict[Labels, Alert] = {}
        # Per alert: the state of it that a delivery has dealt with.
        self._settled: dict[Delivery, dict[Labels, Alert]] = {}
        self._has_flushed = False
        self._timer: asyncio.TimerHandle | None = None
        self._due_at = 0.0

    @property
    def due_at(self) -> float:
        """When the next flush comes, in seconds since the epoch."""
        return self._due_at

    @property
    def has_flushed(self) -> bool:
        """Whether the first flush has been."""
        return self._has_flushed

    @property
    def is_telling(self) -> bool:
        """Whether a message is under way, or being tried again."""
        return any(delivery.is_running for delivery in self._deliveries)

    @property
    def alerts(self) -> Sequence[Alert]:
        """What is in the group."""
        return list(self._alerts.values())

    @property
    def deliveries(self) -> Sequence[Delivery]:
        """The ways to the integrations of the receiver."""
        return self._deliveries

    def __contains__(self, labels: Labels) -> bool:
        return labels in self._alerts

    def begin(self, deliveries: Sequence[Delivery], due_at: float, *, has_flushed: bool = False) -> None:
        """Start the timer; `has_flushed` where the group goes on from an earlier configuration."""
        self._deliveries = deliveries
        self._settled = {delivery: {} for delivery in deliveries}
        self._has_flushed = has_flushed
        self._schedule(due_at)

    def insert(self, alert: Alert, not_before: float, now: float) -> None:
        """Add an alert, or what is new about it; the first flush is due by it, but not before a moment."""
        self._alerts[alert.labels] = alert
        if not self._has_flushed:
            wait = self.options.group_wait
            is_older = alert.starts_at + wait < now
            self.wake(max(not_before, now if is_older else now + wait))

    def wake(self, at: float) -> None:
        """Flush at this moment at the latest."""
        if self._timer is not None and at < self._due_at:
            self._schedule(at)

    def stop(self) -> None:
        """Flush no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def follow_clock(self, moved: float, change: Callable[[Alert], Alert]) -> None:
        """Time has moved by so many seconds at once, and every alert changes with it; timers just run on."""
        self._due_at += moved
        self._alerts = {labels: change(alert) for labels, alert in self._alerts.items()}
        for delivery, settled in self._settled.items():
            self._settled[delivery] = {labels: change(alert) for labels, alert in settled.items()}

    def snapshot(self, now: float) -> Sequence[Alert]:
        """The alerts in the order in which they are told; what still fires has no end."""
        alerts = [
            alert if alert.is_resolved(now) else replace(alert, ends_at=0.0)
            for alert in self._alerts.values()
        ]
        return sort_alerts(alerts)

    def settle(self, delivery: Delivery, alerts: Sequence[Alert], now: float) -> None:
        """A delivery has dealt with these alerts; drop what is resolved and dealt with by all."""
        settled = self._settled[delivery]
        settled.update((alert.labels, alert) for alert in alerts if alert.is_resolved(now))
        self._drop_settled(now)

    def _drop_settled(self, now: float) -> None:
        resolved = [alert for alert in self._alerts.values() if alert.is_resolved(now)]
        for alert in resolved:
            # An alert that has changed since has to be told once more.
            if all(settled.get(alert.labels) == alert for settled in self._settled.values()):
                del self._alerts[alert.labels]
                for settled in self._settled.values():
                    del settled[alert.labels]
        if not self._alerts and not self.is_telling:
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
            self._drop_settled(now)
