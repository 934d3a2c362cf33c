"""Metrics of alerting, under Alertmanager's names where it has the same."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from exporter.alerting.config_metrics import ConfigMetrics
from exporter.alerting.notify_metrics import NotifyMetrics

CountStates = Callable[[], Mapping[str, int]]
"""Counts alerts or silences by state."""


class DispatcherMetrics:
    """Metrics of aggregation groups.

    Source: `NewDispatcherMetrics` of github.com/prometheus/alertmanager, dispatch/dispatch.go.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.groups = Gauge(
            "alertmanager_dispatcher_aggregation_groups",
            "Number of active aggregation groups.",
            registry=registry,
        )
        self.group_limit_reached = Counter(
            "alertmanager_dispatcher_aggregation_group_limit_reached",
            "Number of times an alert was not grouped because of the limit on groups.",
            registry=registry,
        )


class Metrics:
    """Metrics that the parts of alerting write to; they outlive a reload."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self.notify = NotifyMetrics(registry)
        self.dispatcher = DispatcherMetrics(registry)
        self.config = ConfigMetrics(registry)
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
        self.invalid.labels("v2")
        self.alerts_refused = Counter(
            "redis_vigil_alerts_refused",
            "Alerts that were refused because of the limit on alerts.",
            registry=registry,
        )
        self.log_evicted = Counter(
            "redis_vigil_notification_log_evicted",
            "Entries of the notification log dropped before they expired, because of the limit on entries.",
            registry=registry,
        )

    def watch(self, count_alerts: CountStates, count_silences: CountStates) -> None:
        """Expose how many alerts and silences there are, counted at each scrape."""
        self._registry.register(_Census(count_alerts, count_silences))


class _Census(Collector):
    """Gauges that are counted at each scrape."""

    def __init__(self, count_alerts: CountStates, count_silences: CountStates) -> None:
        self._sources = (
            ("alertmanager_alerts", "How many alerts by state.", count_alerts),
            ("alertmanager_silences", "How many silences by state.", count_silences),
        )

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Yield the families without values."""
        for name, text, _ in self._sources:
            yield GaugeMetricFamily(name, text, labels=["state"])

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the families with a value for each state."""
        for name, text, count in self._sources:
            family = GaugeMetricFamily(name, text, labels=["state"])
            for state, value in count().items():
                family.add_metric([state], value)
            yield family
