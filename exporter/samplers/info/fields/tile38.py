"""INFO fields of Tile38, and the metrics (without `redis_`) that they become."""

GAUGES = {
    "tile38_aof_size": "tile38_aof_size_bytes",
    "tile38_avg_point_size": "tile38_avg_item_size_bytes",
    "tile38_sys_cpus": "tile38_cpus_total",
    "tile38_heap_released_bytes": "tile38_heap_released_bytes",
    "tile38_heap_alloc_bytes": "tile38_heap_size_bytes",
    "tile38_http_transport": "tile38_http_transport",
    "tile38_in_memory_size": "tile38_in_memory_size_bytes",
    "tile38_max_heap_size": "tile38_max_heap_size_bytes",
    "tile38_alloc_bytes": "tile38_mem_alloc_bytes",
    "tile38_num_collections": "tile38_num_collections_total",
    "tile38_num_hooks": "tile38_num_hooks_total",
    "tile38_num_objects": "tile38_num_objects_total",
    "tile38_num_points": "tile38_num_points_total",
    "tile38_pointer_size": "tile38_pointer_size_bytes",
    "tile38_read_only": "tile38_read_only",
    "tile38_go_threads": "tile38_threads_total",
    "tile38_go_goroutines": "tile38_go_goroutines_total",
    "tile38_last_gc_time_seconds": "tile38_last_gc_time_seconds",
    "tile38_next_gc_bytes": "tile38_next_gc_bytes",
}
