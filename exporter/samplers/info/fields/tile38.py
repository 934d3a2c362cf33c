"""SERVER EXT of Tile38; names are without the prefix `tile38_`, which only some have."""

from functools import partial
from typing import Final

from exporter.samplers.info.fields.declaration import BYTES, FLAG, SECONDS, Field, Gauge

SECTION: Final = ""

_gauge: Final = partial(Gauge, since="Tile38", command="SERVER EXT")

FIELDS: Final[tuple[Field, ...]] = (
    _gauge("aof_size", "redis_tile38_aof_size_bytes", "Size of the append-only file.", unit=BYTES),
    _gauge("avg_point_size", "redis_tile38_avg_item_size_bytes", "Mean size of a point.", unit=BYTES),
    _gauge("sys_cpus", "redis_tile38_cpus_total", "Processors of the machine."),
    _gauge(
        "heap_released_bytes",
        "redis_tile38_heap_released_bytes",
        "Heap that was given back to the system.",
        unit=BYTES,
    ),
    _gauge("heap_alloc_bytes", "redis_tile38_heap_size_bytes", "Heap that is in use.", unit=BYTES),
    _gauge("http_transport", "redis_tile38_http_transport", "Whether HTTP is answered.", unit=FLAG),
    _gauge(
        "in_memory_size", "redis_tile38_in_memory_size_bytes", "Size of all objects in memory.", unit=BYTES
    ),
    _gauge("max_heap_size", "redis_tile38_max_heap_size_bytes", "Limit of the heap; 0 for none.", unit=BYTES),
    _gauge("alloc_bytes", "redis_tile38_mem_alloc_bytes", "Memory of objects on the heap.", unit=BYTES),
    _gauge("num_collections", "redis_tile38_num_collections_total", "Collections."),
    _gauge("num_hooks", "redis_tile38_num_hooks_total", "Webhooks that are set."),
    _gauge("num_objects", "redis_tile38_num_objects_total", "Objects in all collections."),
    _gauge("num_points", "redis_tile38_num_points_total", "Points in all collections."),
    _gauge(
        "pointer_size", "redis_tile38_pointer_size_bytes", "Size of a pointer on the machine.", unit=BYTES
    ),
    _gauge("read_only", "redis_tile38_read_only", "Whether the server is read-only.", unit=FLAG),
    _gauge("go_threads", "redis_tile38_threads_total", "Threads of the process."),
    _gauge("go_goroutines", "redis_tile38_go_goroutines_total", "Goroutines that there are."),
    _gauge(
        "last_gc_time_seconds",
        "redis_tile38_last_gc_time_seconds",
        "When the garbage collector last ran.",
        unit=SECONDS,
    ),
    _gauge(
        "next_gc_bytes",
        "redis_tile38_next_gc_bytes",
        "Size of the heap at which the garbage collector runs next.",
        unit=BYTES,
    ),
)
COMPOSITE: Final[tuple[Field, ...]] = ()
