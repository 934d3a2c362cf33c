"""Metrics of the events."""

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from exporter.events.database import Numbers
from exporter.events.event import EventKind


class EventCollector(Collector):
    """Reads the numbers when they are asked for; `waiting` and `dropped` are those of the queue."""

    def __init__(
        self,
        registry: CollectorRegistry,
        numbers: Numbers,
        waiting: Callable[[], int],
        dropped: Callable[[], int],
    ) -> None:
        self._numbers = numbers
        self._waiting = waiting
        self._dropped = dropped
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Yield all families."""
        numbers = self._numbers
        events = CounterMetricFamily("redis_vigil_events", "Events that were kept, by kind.", labels=["kind"])
        for kind in EventKind:
            events.add_metric([kind], numbers.added.get(kind, 0))
        yield events
        dropped = CounterMetricFamily(
            "redis_vigil_events_dropped",
            "Events that were lost: those that the queue had no room for (queue), and those that went before "
            "their time since there were too many (evicted).",
            labels=["reason"],
        )
        dropped.add_metric(["queue"], self._dropped())
        dropped.add_metric(["evicted"], numbers.evicted)
        yield dropped
        yield GaugeMetricFamily(
            "redis_vigil_events_stored", "Events that are kept.", sum(dict(numbers.stored).values())
        )
        yield GaugeMetricFamily("redis_vigil_events_bytes", "What the kept events take.", numbers.bytes)
        yield GaugeMetricFamily(
            "redis_vigil_events_waiting", "Events that wait to be written.", self._waiting()
        )
        yield GaugeMetricFamily(
            "redis_vigil_events_up",
            "Whether events can be kept on disk. If not, the latest are in memory.",
            float(numbers.is_healthy),
        )
        yield CounterMetricFamily(
            "redis_vigil_events_damaged_files", "Damaged files that were set aside.", numbers.damaged
        )
