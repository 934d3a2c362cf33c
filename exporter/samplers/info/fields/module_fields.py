"""Fields that modules for JSON and Bloom filters add to INFO (of search: `search`, `valkey_search`).

A plain INFO leaves them out; INFO MODULES tells them.
"""

from functools import partial
from typing import Final

from exporter.samplers.info.fields.declaration import BYTES, Counter, Field, Gauge

SECTION: Final = ""

_gauge: Final = partial(Gauge, command="INFO MODULES")
_counter: Final = partial(Counter, command="INFO MODULES")

FIELDS: Final[tuple[Field, ...]] = (
    _gauge(
        "bf_bloom_total_memory_bytes",
        "redis_bf_bloom_total_memory_bytes",
        "Memory of all Bloom filters.",
        unit=BYTES,
        since="valkey-bloom 1.0",
    ),
    _gauge(
        "bf_bloom_num_objects",
        "redis_bf_bloom_num_objects",
        "Keys that are Bloom filters.",
        since="valkey-bloom 1.0",
    ),
    _gauge(
        "bf_bloom_num_filters_across_objects",
        "redis_bf_bloom_num_filters_across_objects",
        "Filters that these keys consist of.",
        since="valkey-bloom 1.0",
    ),
    _gauge(
        "bf_bloom_num_items_across_objects",
        "redis_bf_bloom_num_items_across_objects",
        "Items that all Bloom filters hold.",
        since="valkey-bloom 1.0",
    ),
    _gauge(
        "bf_bloom_capacity_across_objects",
        "redis_bf_bloom_capacity_across_objects",
        "Items that all Bloom filters have room for.",
        since="valkey-bloom 1.0",
    ),
    _counter(
        "bf_bloom_defrag_hits",
        "redis_bf_bloom_defrag_hits_total",
        "Parts of Bloom filters that defragmentation has moved.",
        since="valkey-bloom 1.0",
    ),
    _counter(
        "bf_bloom_defrag_misses",
        "redis_bf_bloom_defrag_misses_total",
        "Parts of Bloom filters that defragmentation has left where they were.",
        since="valkey-bloom 1.0",
    ),
    _gauge(
        "json_total_memory_bytes",
        "redis_json_total_memory_bytes",
        "Memory of all JSON documents.",
        unit=BYTES,
        since="valkey-json 1.0",
    ),
    _gauge(
        "json_num_documents",
        "redis_json_num_documents",
        "Keys that are JSON documents.",
        since="valkey-json 1.0",
    ),
)
COMPOSITE: Final[tuple[Field, ...]] = ()
