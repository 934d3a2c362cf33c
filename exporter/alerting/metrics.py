"""The metrics of alerting, under Alertmanager's names where it has the same."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from exporter.alerting.config_metrics import ConfigMetrics
from exporter.notify.not_sent import NotSent

CountStates = Callable[[], Mapping[str, int]]
"""How many there are of each state."""

INTEGRATIONS: Final = ("slack", "email", "webhook")
FAILURE_REASONS: Final = ("clientError", "serverError", "rateLimited", "contextDeadlineExceeded", "other")
SUPPRESSION_REASONS: Final = ("inhibition", "active_time_interval", "mute_time_interval", "silence")

_LATENCY_BUCKETS: Final = (1, 5, 10, 15, 20)


class Metrics:
    """Counters that the parts of alerting write to; they outlive a reload."""

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
        self.unsent = Counter(
            "redis_vigil_notifications_unsent",
            "Notifications of firing alerts for a kind of receiver that is not sent to; reaches: who hears.",
            ["receiver", "integration", "reaches"],
            registry=registry,
        )
        self.suppressed = Counter(
            "alertmanager_notifications_suppressed",
            "The total number of alerts left out of notifications, by reason.",
            ["reason"],
            registry=registry,
        )
        self.received = Counter(
            "alertmanager_alerts_received",
            "The total number of received alerts.",
            ["status", "version"],
            registry=registry,
        )
        self.invalid = Counter(
            "alertmanager_alerts_invalid",
            "The total number of received alerts that were invalid.",
            ["version"],
            registry=registry,
        )
        self.alerts_refused = Counter(
            "redis_vigil_alerts_refused",
            "Alerts that were not taken because as many as allowed are known already.",
            registry=registry,
        )
        self.log_evicted = Counter(
            "redis_vigil_notification_log_evicted",
            "Entries of the notification log dropped before their time since there were too many.",
            registry=registry,
        )
        self.groups = Gauge(
            "alertmanager_dispatcher_aggregation_groups",
            "Number of active aggregation groups.",
            registry=registry,
        )
        self.receivers = Gauge("alertmanager_receivers", "Number of configured receivers.", registry=registry)
        self.integrations = Gauge(
            "alertmanager_integrations", "Number of configured integrations.", registry=registry
        )
        self.group_limit_reached = Counter(
            "alertmanager_dispatcher_aggregation_group_limit_reached",
            "Number of times an alert was not grouped because of the limit on groups.",
            registry=registry,
        )
        self.config = ConfigMetrics(registry)
        self._registry = registry
        self._initialize()

    def watch(self, count_alerts: CountStates, count_silences: CountStates) -> None:
        """Expose how many alerts and silences there are, counted when somebody looks."""
        self._registry.register(_Census(count_alerts, count_silences))

    def expect_unsent(self, entries: Iterable[tuple[str, NotSent]]) -> None:
        """Let the series of receivers and what they are not sent by exist from the start."""
        for receiver, integration in entries:
            self._unsent(receiver, integration)

    def count_unsent(self, receiver: str, integration: NotSent) -> None:
        """Something would have been sent there."""
        self._unsent(receiver, integration).inc()

    def _unsent(self, receiver: str, integration: NotSent) -> Counter:
        return self.unsent.labels(receiver, integration.name, "nobody" if integration.is_alone else "others")

    def _initialize(self) -> None:
        """Let every series exist from the start, so that `rate` sees the first increase."""
        for integration in INTEGRATIONS:
            for family in (self.notifications, self.requests, self.requests_failed, self.latency):
                family.labels(integration)
            for reason in FAILURE_REASONS:
                self.failed.labels(integration, reason)
        for reason in SUPPRESSION_REASONS:
            self.suppressed.labels(reason)
        self.invalid.labels("v2")


class _Census(Collector):
    """Gauges that are counted at the time of the scrape."""

    def __init__(self, count_alerts: CountStates, count_silences: CountStates) -> None:
        self._sources = (
            ("alertmanager_alerts", "How many alerts by state.", count_alerts),
            ("alertmanager_silences", "How many silences by state.", count_silences),
        )

    def describe(self) -> Iterator[GaugeMetricFamily]:
        for name, text, _ in self._sources:
            yield GaugeMetricFamily(name, text, labels=["state"])

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, text, count in self._sources:
            family = GaugeMetricFamily(name, text, labels=["state"])
            for state, value in count().items():
                family.add_metric([state], value)
            yield family
