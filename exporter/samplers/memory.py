"""MEMORY STATS: where the memory of a server goes."""

from typing import Final

from exporter.config.samplers.server import MemorySection
from exporter.connection import Asker
from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.replies import number, pairs

_MAX_DATABASES: Final = 256
_STATS: Final = "MEMORY STATS"


def _gauge(name: str, field: str, *labels: str) -> Family:
    return Family(f"redis_memory_stats_{name}", Kind.GAUGE, f"Field {field} of MEMORY STATS.", labels)


# Field, name of the metric, and what to multiply by: percentages become ratios.
_FIELDS: Final = {
    field: (_gauge(name, field), scale)
    for field, name, scale in (
        ("peak.allocated", "peak_allocated_bytes", 1.0),
        ("total.allocated", "total_allocated_bytes", 1.0),
        ("startup.allocated", "startup_allocated_bytes", 1.0),
        ("replication.backlog", "replication_backlog_bytes", 1.0),
        ("replicas.repl.buffer", "replicas_buffer_bytes", 1.0),
        ("clients.slaves", "clients_replicas_bytes", 1.0),
        ("clients.normal", "clients_normal_bytes", 1.0),
        ("cluster.links", "cluster_links_bytes", 1.0),
        ("aof.buffer", "aof_buffer_bytes", 1.0),
        ("lua.caches", "lua_caches_bytes", 1.0),
        ("functions.caches", "functions_caches_bytes", 1.0),
        ("overhead.total", "overhead_total_bytes", 1.0),
        ("keys.count", "keys", 1.0),
        ("keys.bytes-per-key", "keys_bytes_per_key", 1.0),
        ("dataset.bytes", "dataset_bytes", 1.0),
        ("dataset.percentage", "dataset_ratio", 0.01),
        ("peak.percentage", "peak_ratio", 0.01),
    )
}
_DATABASE_FIELDS: Final = {
    field: _gauge(name, field, "db")
    for field, name in (
        ("overhead.hashtable.main", "db_overhead_hashtable_main_bytes"),
        ("overhead.hashtable.expires", "db_overhead_hashtable_expires_bytes"),
        ("overhead.hashtable.slot-to-keys", "db_overhead_hashtable_slot_to_keys_bytes"),
    )
}


class MemorySampler:
    """Reads MEMORY STATS of one server."""

    def __init__(self, context: SamplerContext[MemorySection]) -> None:
        self._table = context.table
        self._refusals = context.refusals
        self._cap = context.new_cap("db", _MAX_DATABASES)

    async def sample(self, connection: Asker, at: float) -> None:
        """One pass (see `Sampler`)."""
        answers = await self._refusals.ask(connection, {_STATS: ("MEMORY", "STATS")})
        fields = pairs(answers[_STATS])
        for field, (family, scale) in _FIELDS.items():
            value = number(fields.get(field))
            if value is not None and value >= 0:
                self._table.set(family, value * scale)
        databases = [name for name in fields if name.startswith("db.") and name[3:].isdecimal()]
        self._cap.leave_out(len(databases) - _MAX_DATABASES)
        for name in databases[:_MAX_DATABASES]:
            _write_database(name.replace(".", ""), pairs(fields[name]), self._table)

    async def close(self) -> None:
        """Nothing to let go of."""


def _write_database(database: str, fields: dict[str, object], table: SeriesTable) -> None:
    for field, family in _DATABASE_FIELDS.items():
        value = number(fields.get(field))
        if value is not None:
            table.set(family, value, database)


SPEC: Final = SamplerSpec(
    "memory",
    MemorySection,
    (*(family for family, _ in _FIELDS.values()), *_DATABASE_FIELDS.values()),
    MemorySampler,
)
