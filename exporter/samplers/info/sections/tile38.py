"""Tile38's own statistics, which its INFO does not tell: SERVER EXT.

Format: https://tile38.com/commands/server — names and values in turn, all of them texts.
"""

from typing import Final

from exporter.connection import Reply
from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.sampling.info_text import parse_amount
from exporter.sampling.replies import pairs, text

NAME: Final = "SERVER EXT"
_PREFIX: Final = "tile38_"
# Without the prefix, which only some of the names have, and the metrics (without `redis_tile38_`).
_FIELDS: Final = {
    "aof_size": "aof_size_bytes",
    "avg_point_size": "avg_item_size_bytes",
    "sys_cpus": "cpus_total",
    "heap_released_bytes": "heap_released_bytes",
    "heap_alloc_bytes": "heap_size_bytes",
    "http_transport": "http_transport",
    "in_memory_size": "in_memory_size_bytes",
    "max_heap_size": "max_heap_size_bytes",
    "alloc_bytes": "mem_alloc_bytes",
    "num_collections": "num_collections_total",
    "num_hooks": "num_hooks_total",
    "num_objects": "num_objects_total",
    "num_points": "num_points_total",
    "pointer_size": "pointer_size_bytes",
    "read_only": "read_only",
    "go_threads": "threads_total",
    "go_goroutines": "go_goroutines_total",
    "last_gc_time_seconds": "last_gc_time_seconds",
    "next_gc_bytes": "next_gc_bytes",
}
_BY_FIELD: Final = {
    field: Family(f"redis_tile38_{name}", Kind.GAUGE, f"SERVER EXT field {field}.")
    for field, name in _FIELDS.items()
}
FAMILIES: Final = tuple(_BY_FIELD.values())


def write_statistics(reply: Reply, table: SeriesTable) -> None:
    """Write what SERVER EXT says."""
    for name, value in pairs(reply).items():
        family, number = _BY_FIELD.get(name.removeprefix(_PREFIX)), parse_amount(text(value))
        if family is not None and number is not None:
            table.set(family, number)
