"""Metrics of the history."""

from collections.abc import Iterator
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from exporter.history.blocks import Blocks
from exporter.history.kept import KeptHistory
from exporter.history.page_cache import BlockCache
from exporter.history.sealing import SealingNumbers
from exporter.history.write_ahead_log import WriteAheadLog


class Maintained(Protocol):
    """The counts of a history."""

    wal: WriteAheadLog
    blocks: Blocks
    maintenance_failures: int

    @property
    def wal_bytes(self) -> int:
        """What the files of the write-ahead log take."""
        ...

    @property
    def sealing(self) -> SealingNumbers:
        """What was sealed."""
        ...


class HistoryCollector(Collector):
    """Reads the numbers when they are asked for."""

    def __init__(self, registry: CollectorRegistry, history: Maintained) -> None:
        self._history = history
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Yield all families."""
        yield from self._collect_wal()
        yield from self._collect_blocks()

    def _collect_wal(self) -> Iterator[Metric]:
        wal, sealing = self._history.wal, self._history.sealing
        yield GaugeMetricFamily(
            "redis_vigil_history_up",
            "Whether the last write to the write-ahead log went well. If not, samples wait in memory.",
            float(wal.is_healthy),
        )
        yield GaugeMetricFamily(
            "redis_vigil_history_wal_bytes",
            "What the files of the write-ahead log take.",
            self._history.wal_bytes,
        )
        yield CounterMetricFamily(
            "redis_vigil_history_wal_rows",
            "Passes of samplers and rules that were appended to the write-ahead log.",
            wal.rows_total,
        )
        yield CounterMetricFamily(
            "redis_vigil_history_lost_rows",
            "Passes that were dropped from memory before they could be written: the disk was full, or memory "
            "was short.",
            wal.lost_rows,
        )
        yield CounterMetricFamily(
            "redis_vigil_history_wal_failures", "Writes to the write-ahead log that failed.", wal.failures
        )
        yield CounterMetricFamily(
            "redis_vigil_history_wal_corruptions",
            "Files of the write-ahead log that were damaged, and set aside.",
            sealing.damaged,
        )
        yield CounterMetricFamily(
            "redis_vigil_history_wal_lost_bytes",
            "Bytes at the ends of files of the write-ahead log that could not be read.",
            sealing.lost_bytes,
        )
        yield CounterMetricFamily(
            "redis_vigil_history_sealed", "Files of the write-ahead log that became blocks.", sealing.sealed
        )

    def _collect_blocks(self) -> Iterator[Metric]:
        blocks = self._history.blocks
        yield CounterMetricFamily(
            "redis_vigil_history_maintenance_failures",
            "Runs of sealing, compaction and retention that failed.",
            self._history.maintenance_failures,
        )
        yield GaugeMetricFamily("redis_vigil_history_blocks", "Blocks of samples on disk.", blocks.count)
        yield GaugeMetricFamily("redis_vigil_history_bytes", "What all blocks take.", blocks.bytes)
        oldest = GaugeMetricFamily(
            "redis_vigil_history_lowest_timestamp_seconds",
            "The time of the oldest sample on disk, in seconds since the epoch; none without a block.",
        )
        if (oldest_ms := blocks.oldest_ms) is not None:
            oldest.add_metric([], oldest_ms / 1000)
        yield oldest
        dropped = CounterMetricFamily(
            "redis_vigil_history_dropped_blocks",
            "Blocks that were deleted: they were too old (time), or there was too much (size).",
            labels=["reason"],
        )
        for reason, count in blocks.dropped.items():
            dropped.add_metric([reason], count)
        yield dropped
        yield CounterMetricFamily(
            "redis_vigil_history_damaged_blocks", "Blocks that were damaged, and set aside.", blocks.damaged
        )


class HistoryCacheCollector(Collector):
    """Reads what is kept in memory of the blocks, when it is asked for."""

    def __init__(self, registry: CollectorRegistry, cache: BlockCache, kept: KeptHistory) -> None:
        self._cache = cache
        self._kept = kept
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Yield the one family."""
        sizes = GaugeMetricFamily(
            "redis_vigil_history_cache_bytes",
            "About what is kept in memory of the blocks on disk: pages read lately (cache=pages), at most 16 "
            "MiB; names of series (schemas), at most 64 MiB; what rules read anew (rules), at most "
            "64 MiB.",
            labels=["cache"],
        )
        sizes.add_metric(["pages"], self._cache.pages.bytes)
        sizes.add_metric(["schemas"], self._cache.schemas.bytes)
        sizes.add_metric(["rules"], self._kept.bytes)
        yield sizes
