"""INFO section Memory: how well the allocator does, and fragmentation."""

from typing import Final

from exporter.samplers.info.fields.declaration import (
    BYTES,
    PERCENT,
    RATIO,
    Field,
    Gauge,
)

SECTION: Final = "Memory"

FIELDS: Final[tuple[Field, ...]] = (
    Gauge(
        "allocator_allocated",
        "redis_allocator_allocated_bytes",
        "Bytes in use according to the allocator, with what it rounds up.",
        unit=BYTES,
        since="5.0",
    ),
    Gauge(
        "allocator_active",
        "redis_allocator_active_bytes",
        "Bytes in the allocator's active pages, with external fragmentation.",
        unit=BYTES,
        since="5.0",
    ),
    Gauge(
        "allocator_resident",
        "redis_allocator_resident_bytes",
        "Resident bytes of the allocator, with pages that it may give back.",
        unit=BYTES,
        since="5.0",
    ),
    Gauge(
        "allocator_muzzy",
        "redis_allocator_muzzy_bytes",
        "Pages that the allocator has freed and the kernel may take back.",
        unit=BYTES,
        since="7.4, Valkey 8.0",
    ),
    Gauge(
        "allocator_frag_ratio",
        "redis_allocator_frag_ratio",
        "External fragmentation: active to allocated bytes.",
        unit=RATIO,
        since="5.0",
    ),
    Gauge(
        "allocator_frag_bytes",
        "redis_allocator_frag_bytes",
        "External fragmentation: active less allocated bytes.",
        unit=BYTES,
        since="5.0",
        signed=True,
    ),
    Gauge(
        "allocator_rss_ratio",
        "redis_allocator_rss_ratio",
        "Resident to active bytes: pages that the allocator may give back.",
        unit=RATIO,
        since="5.0",
    ),
    Gauge(
        "allocator_rss_bytes",
        "redis_allocator_rss_bytes",
        "Resident less active bytes: pages that the allocator may give back.",
        unit=BYTES,
        since="5.0",
        signed=True,
    ),
    Gauge(
        "allocator_allocated_lua",
        "redis_allocator_allocated_lua_bytes",
        "Bytes in use in the allocator's arena of Lua.",
        unit=BYTES,
        since="7.4",
    ),
    Gauge(
        "allocator_active_lua",
        "redis_allocator_active_lua_bytes",
        "Bytes in active pages of the allocator's arena of Lua.",
        unit=BYTES,
        since="7.4",
    ),
    Gauge(
        "allocator_resident_lua",
        "redis_allocator_resident_lua_bytes",
        "Resident bytes of the allocator's arena of Lua.",
        unit=BYTES,
        since="7.4",
    ),
    Gauge(
        "allocator_frag_bytes_lua",
        "redis_allocator_frag_lua_bytes",
        "Active less allocated bytes of the allocator's arena of Lua.",
        unit=BYTES,
        since="7.4",
    ),
    Gauge(
        "rss_overhead_ratio",
        "redis_rss_overhead_ratio",
        "Resident memory of the process to that of the allocator.",
        unit=RATIO,
        since="5.0",
    ),
    Gauge(
        "rss_overhead_bytes",
        "redis_rss_overhead_bytes",
        "Resident memory of the process less that of the allocator.",
        unit=BYTES,
        since="5.0",
        signed=True,
    ),
    Gauge(
        "mem_fragmentation_ratio",
        "redis_mem_fragmentation_ratio",
        "Resident to allocated memory; below 1 part of it may be in swap.",
        unit=RATIO,
        since="2.2",
    ),
    Gauge(
        "mem_fragmentation_bytes",
        "redis_mem_fragmentation_bytes",
        "Resident less allocated memory.",
        unit=BYTES,
        since="5.0",
        signed=True,
    ),
    Gauge(
        "active_defrag_running",
        "redis_active_defrag_running",
        "CPU that active defragmentation aims at now; 0 while it rests.",
        unit=PERCENT,
        since="4.0",
    ),
)
COMPOSITE: Final[tuple[Field, ...]] = ()
