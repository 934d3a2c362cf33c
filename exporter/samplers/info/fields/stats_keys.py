"""INFO section Stats: what became of keys, look-ups of them, and their defragmentation."""

from typing import Final

from exporter.samplers.info.fields.declaration import (
    MILLISECONDS,
    PERCENT,
    Counter,
    Field,
    Gauge,
)

SECTION: Final = "Stats"

_KEYS: Final[tuple[Field, ...]] = (
    Counter("expired_keys", "redis_expired_keys_total", "Keys whose time to live was over.", since="2.0"),
    Counter(
        "expired_keys_active",
        "redis_expired_keys_active_total",
        "Keys that expired without having been looked up.",
        since="8.4",
    ),
    Counter(
        "expired_subkeys",
        "redis_expired_subkeys_total",
        "Fields of hashes whose time to live was over.",
        since="7.4",
    ),
    Counter(
        "expired_subkeys_active",
        "redis_expired_subkeys_active_total",
        "Fields of hashes that expired without having been looked up.",
        since="8.4",
    ),
    Counter(
        "expired_fields",
        "redis_expired_fields_total",
        "Fields of hashes whose time to live was over.",
        since="Valkey 9.0",
    ),
    Gauge(
        "expired_stale_perc",
        "redis_expired_stale_percentage",
        "Keys that are over their time to live and still there, estimated.",
        unit=PERCENT,
        since="4.0.9",
    ),
    Gauge(
        "expired_keys_with_volatile_items_stale_perc",
        "redis_expired_keys_with_volatile_items_stale_percentage",
        "Keys with fields that are over their time to live and still there, estimated.",
        unit=PERCENT,
        since="Valkey 9.0",
    ),
    Counter(
        "expired_time_cap_reached_count",
        "redis_expired_time_cap_reached_total",
        "Times that expiring keys stopped early since it took too long.",
        since="4.0.9",
    ),
    Counter(
        "expire_cycle_cpu_milliseconds",
        "redis_expire_cycle_cpu_time_ms_total",
        "Time spent on expiring keys.",
        unit=MILLISECONDS,
        since="6.0",
    ),
    Counter(
        "evicted_keys",
        "redis_evicted_keys_total",
        "Keys that were evicted because of maxmemory.",
        since="2.2",
    ),
    Counter(
        "evicted_clients",
        "redis_evicted_clients_total",
        "Clients that were disconnected because of maxmemory-clients.",
        since="7.0",
    ),
    Counter(
        "evicted_scripts",
        "redis_evicted_scripts_total",
        "EVAL scripts that were evicted from the cache.",
        since="7.4, Valkey 8.0",
    ),
    Counter(
        "total_eviction_exceeded_time",
        "redis_eviction_exceeded_time_ms_total",
        "Time that used_memory was above maxmemory.",
        unit=MILLISECONDS,
        since="7.0",
    ),
    Gauge(
        "current_eviction_exceeded_time",
        "redis_current_eviction_exceeded_time_ms",
        "How long used_memory has been above maxmemory; 0 where it is not.",
        unit=MILLISECONDS,
        since="7.0",
    ),
    Counter("keyspace_hits", "redis_keyspace_hits_total", "Look-ups of keys that were there.", since="2.2"),
    Counter(
        "keyspace_misses", "redis_keyspace_misses_total", "Look-ups of keys that were not there.", since="2.2"
    ),
    Counter(
        "cached_keys",
        "redis_cached_keys_total",
        "Keys that are cached in memory in front of the storage provider.",
        since="KeyDB",
    ),
    Counter(
        "storage_provider_read_hits",
        "redis_storage_provider_read_hits",
        "Reads that were answered by the storage provider.",
        since="KeyDB 6.3",
    ),
    Counter(
        "storage_provider_read_misses",
        "redis_storage_provider_read_misses",
        "Reads of keys that the storage provider did not have.",
        since="KeyDB 6.3",
    ),
    Gauge("hash_templates", "redis_hash_templates", "Templates that compact hashes share.", since="8.10"),
    Gauge(
        "hash_template_keys", "redis_hash_template_keys", "Hashes that use a shared template.", since="8.10"
    ),
    Gauge(
        "slave_expires_tracked_keys",
        "redis_slave_expires_tracked_keys",
        "Keys with a time to live of its own on a writable replica.",
        since="4.0",
    ),
    Gauge(
        "tracking_total_keys",
        "redis_tracking_total_keys",
        "Keys that are tracked for client-side caching.",
        since="6.0",
    ),
    Gauge(
        "tracking_total_items",
        "redis_tracking_total_items",
        "Pairs of a tracked key and a client that caches it.",
        since="6.0",
    ),
    Gauge(
        "tracking_total_prefixes",
        "redis_tracking_total_prefixes",
        "Prefixes that are tracked in broadcasting mode.",
        since="6.0.2",
    ),
    Counter(
        "dump_payload_sanitizations",
        "redis_dump_payload_sanitizations",
        "Payloads of RESTORE or RDB that were looked through thoroughly.",
        since="6.2",
    ),
)
_DEFRAGMENTATION: Final[tuple[Field, ...]] = (
    Gauge(
        "active_defrag_hits",
        "redis_defrag_hits",
        "Values that active defragmentation has moved.",
        since="4.0",
    ),
    Gauge(
        "active_defrag_misses",
        "redis_defrag_misses",
        "Values that active defragmentation has left where they were.",
        since="4.0",
    ),
    Gauge(
        "active_defrag_key_hits",
        "redis_defrag_key_hits",
        "Keys of which active defragmentation has moved something.",
        since="4.0",
    ),
    Gauge(
        "active_defrag_key_misses",
        "redis_defrag_key_misses",
        "Keys of which active defragmentation has moved nothing.",
        since="4.0",
    ),
    Counter(
        "total_active_defrag_time",
        "redis_active_defrag_time_ms_total",
        "Time that fragmentation was above the limit.",
        unit=MILLISECONDS,
        since="7.0",
    ),
    Gauge(
        "current_active_defrag_time",
        "redis_current_active_defrag_time_ms",
        "How long fragmentation has been above the limit; 0 where it is not.",
        unit=MILLISECONDS,
        since="7.0",
    ),
)
FIELDS: Final[tuple[Field, ...]] = (*_KEYS, *_DEFRAGMENTATION)
COMPOSITE: Final[tuple[Field, ...]] = ()
