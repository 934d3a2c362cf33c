"""Metrics of the state database."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from exporter.state.alert_store import SqliteAlertStore
from exporter.state.database import Database
from exporter.state.history import SqliteHistory


class StateCollector(Collector):
    """Reads the numbers when they are asked for."""

    def __init__(
        self,
        registry: CollectorRegistry,
        database: Database,
        alert_store: SqliteAlertStore,
        samples: SqliteHistory,
    ) -> None:
        self._database = database
        self._alert_store = alert_store
        self._samples = samples
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Yield all families."""
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
            self._alert_store.pending,
        )
        yield CounterMetricFamily(
            "redis_vigil_state_dropped_history",
            "Changes that were lost: records of notifications beyond those that wait for the database, and "
            "what no database could hold.",
            self._alert_store.dropped_records,
        )
        yield CounterMetricFamily(
            "redis_vigil_state_sample_rows",
            "Passes of samplers and rules whose samples were saved, so that rules find them after a restart.",
            self._samples.rows_total,
        )
        yield CounterMetricFamily(
            "redis_vigil_state_lost_sample_rows",
            "Passes whose samples could not be saved in time.",
            self._samples.lost_rows,
        )
        yield CounterMetricFamily(
            "redis_vigil_state_dropped_segments",
            "Segments of the saved samples that were dropped early, since there were too many.",
            self._samples.dropped_segments,
        )
        # The name of release 0.1, for one release.
        yield CounterMetricFamily(
            "redis_vigil_state_dropped_sample_chapters",
            "Deprecated: use redis_vigil_state_dropped_segments_total.",
            self._samples.dropped_segments,
        )
