"""How the state database is doing, for /metrics and for an alert rule."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from exporter.state.database import Database
from exporter.state.journal import SqliteJournal


class StateCollector(Collector):
    """Reads the numbers when they are asked for."""

    def __init__(self, registry: CollectorRegistry, database: Database, journal: SqliteJournal) -> None:
        self._database = database
        self._journal = journal
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "redis_vigil_state_up",
            "Whether the last transaction of the state database went well. "
            "If not, alerting goes on from memory.",
            float(self._database.is_healthy),
        )
        yield CounterMetricFamily(
            "redis_vigil_state_failures",
            "Transactions of the state database that failed.",
            self._database.failures,
        )
        yield GaugeMetricFamily(
            "redis_vigil_state_pending_writes",
            "Changes that are not in the state database yet.",
            self._journal.pending,
        )
        yield CounterMetricFamily(
            "redis_vigil_state_dropped_history",
            "Records of notifications that were lost while the state database failed.",
            self._journal.dropped_records,
        )
