"""Metrics of notifications.

Source: `NewMetrics` of github.com/prometheus/alertmanager, notify/notify.go.
"""

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from exporter.notify.not_sent import NotSent
from exporter.notify.registry import KINDS

FAILURE_REASONS: Final = ("clientError", "serverError", "rateLimited", "contextDeadlineExceeded", "other")
SUPPRESSION_REASONS: Final = ("inhibition", "active_time_interval", "mute_time_interval", "silence")

_LATENCY_BUCKETS: Final = (1, 5, 10, 15, 20)


class NotifyMetrics:
    """Counters of the stages and deliveries."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.notifications = Counter(
            "alertmanager_notifications",
            "The total number of attempted notifications.",
            ["integration"],
            registry=registry,
        )
        self.failed = Counter(
            "alertmanager_notifications_failed",
            "The total number of failed notifications, by reason.",
            ["integration", "reason"],
            registry=registry,
        )
        self.requests = Counter(
            "alertmanager_notification_requests",
            "The total number of attempted notification requests, retries included.",
            ["integration"],
            registry=registry,
        )
        self.requests_failed = Counter(
            "alertmanager_notification_requests_failed",
            "The total number of failed notification requests.",
            ["integration"],
            registry=registry,
        )
        self.latency = Histogram(
            "alertmanager_notification_latency_seconds",
            "The latency of notification requests in seconds.",
            ["integration"],
            buckets=_LATENCY_BUCKETS,
            registry=registry,
        )
        self._register_left_out(registry)
        self._initialize()

    def _register_left_out(self, registry: CollectorRegistry) -> None:
        self.unsent = Counter(
            "redis_vigil_notifications_unsent",
            "Notifications of firing alerts that were not sent, because the kind of receiver is not sent to.",
            ["receiver", "integration", "reaches"],
            registry=registry,
        )
        self.suppressed = Counter(
            "alertmanager_notifications_suppressed",
            "The total number of alerts left out of notifications, by reason.",
            ["reason"],
            registry=registry,
        )

    def expect_unsent(self, entries: Iterable[tuple[str, NotSent]]) -> None:
        """Initialize the series of entries that are not sent to."""
        for receiver, integration in entries:
            self._unsent(receiver, integration)

    def count_unsent(self, receiver: str, integration: NotSent) -> None:
        """Count a notification that would have been sent."""
        self._unsent(receiver, integration).inc()

    def _unsent(self, receiver: str, integration: NotSent) -> Counter:
        return self.unsent.labels(
            receiver, integration.name, "nobody" if integration.reaches_nobody else "others"
        )

    def expect(self, integration: str) -> None:
        """Initialize the series of a kind of receiver."""
        for family in (self.notifications, self.requests, self.requests_failed, self.latency):
            family.labels(integration)
        for reason in FAILURE_REASONS:
            self.failed.labels(integration, reason)

    def _initialize(self) -> None:
        """Initialize all series, so that `rate` sees the first increase."""
        for kind in KINDS:
            self.expect(kind.name)
        for reason in SUPPRESSION_REASONS:
            self.suppressed.labels(reason)
