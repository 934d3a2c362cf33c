"""MEMORY STATS: where the memory of a server goes."""

from functools import partial
from typing import Final

from exporter.samplers.info.fields.declaration import BYTES, RATIO, Field, Gauge

SECTION: Final = ""

_gauge: Final = partial(Gauge, unit=BYTES, since="4.0", command="MEMORY STATS")

FIELDS: Final[tuple[Field, ...]] = (
    _gauge(
        "peak.allocated",
        "redis_memory_stats_peak_allocated_bytes",
        "Most memory ever allocated since the start.",
    ),
    _gauge(
        "total.allocated",
        "redis_memory_stats_total_allocated_bytes",
        "Memory allocated by the server, as its allocator counts it.",
    ),
    _gauge(
        "startup.allocated",
        "redis_memory_stats_startup_allocated_bytes",
        "Memory that the server had allocated when it had started.",
    ),
    _gauge(
        "replication.backlog",
        "redis_memory_stats_replication_backlog_bytes",
        "Memory of the replication backlog.",
    ),
    _gauge(
        "replicas.repl.buffer",
        "redis_memory_stats_replicas_buffer_bytes",
        "Memory of changes that a replica holds back during a dual-channel sync.",
        since="Valkey 9.1",
    ),
    _gauge(
        "clients.slaves",
        "redis_memory_stats_clients_replicas_bytes",
        "Memory of connections of replicas: buffers and states.",
    ),
    _gauge(
        "clients.normal",
        "redis_memory_stats_clients_normal_bytes",
        "Memory of connections of ordinary clients: buffers and states.",
    ),
    _gauge(
        "cluster.links",
        "redis_memory_stats_cluster_links_bytes",
        "Memory of links to other nodes on the cluster bus.",
        since="7.0",
    ),
    _gauge("aof.buffer", "redis_memory_stats_aof_buffer_bytes", "Memory of the AOF's buffers."),
    _gauge(
        "lua.caches", "redis_memory_stats_lua_caches_bytes", "Overhead of cached EVAL scripts.", since="5.0"
    ),
    _gauge(
        "functions.caches", "redis_memory_stats_functions_caches_bytes", "Overhead of functions.", since="7.0"
    ),
    _gauge(
        "overhead.total",
        "redis_memory_stats_overhead_total_bytes",
        "Memory for anything but data: all of the above, and dictionaries of keys.",
    ),
    _gauge("keys.count", "redis_memory_stats_keys", "Keys in all databases.", unit=""),
    _gauge(
        "keys.bytes-per-key",
        "redis_memory_stats_keys_bytes_per_key",
        "Mean memory per key, without what the server takes when it has started.",
    ),
    _gauge(
        "dataset.bytes",
        "redis_memory_stats_dataset_bytes",
        "Memory for data: total.allocated without overhead.total.",
    ),
    _gauge(
        "dataset.percentage",
        "redis_memory_stats_dataset_ratio",
        "Part of the memory allocated since the start that is data, 0 to 1.",
        unit=RATIO,
        scale=0.01,
    ),
    _gauge(
        "peak.percentage",
        "redis_memory_stats_peak_ratio",
        "Memory allocated now to the most ever, 0 to 1.",
        unit=RATIO,
        scale=0.01,
    ),
)
# Of each database, by what follows `db.0`.
COMPOSITE: Final[tuple[Field, ...]] = (
    _gauge(
        "overhead.hashtable.main",
        "redis_memory_stats_db_overhead_hashtable_main_bytes",
        "Memory of the dictionary of all keys.",
        labels=("db",),
    ),
    _gauge(
        "overhead.hashtable.expires",
        "redis_memory_stats_db_overhead_hashtable_expires_bytes",
        "Memory of the dictionary of keys with a time to live.",
        labels=("db",),
    ),
    _gauge(
        "overhead.hashtable.slot-to-keys",
        "redis_memory_stats_db_overhead_hashtable_slot_to_keys_bytes",
        "Memory of the table of keys by slot of a cluster; gone since 7.4.",
        labels=("db",),
        since="7.0",
    ),
)
