"""Fields that the search module of Redis (RediSearch) adds to INFO; INFO MODULES tells them.

Source: src/info/info_redis/info_redis.c of github.com/RediSearch/RediSearch.
"""

from functools import partial
from typing import Final

from exporter.samplers.info.fields.declaration import BYTES, MILLISECONDS, Counter, Field, Gauge

SECTION: Final = ""

_gauge: Final = partial(Gauge, since="RediSearch 2.6", command="INFO MODULES")
_counter: Final = partial(Counter, since="RediSearch 2.6", command="INFO MODULES")

_INDEXES: Final[tuple[Field, ...]] = (
    _gauge("search_number_of_indexes", "redis_search_number_of_indexes", "Search indexes."),
    _gauge(
        "search_number_of_active_indexes",
        "redis_search_number_of_active_indexes",
        "Indexes that work in the background, on documents or queries.",
    ),
    _gauge(
        "search_number_of_active_indexes_running_queries",
        "redis_search_number_of_active_indexes_running_queries",
        "Indexes that answer a query in the background.",
    ),
    _gauge(
        "search_number_of_active_indexes_indexing",
        "redis_search_number_of_active_indexes_indexing",
        "Indexes that take documents in, in the background.",
    ),
    _gauge(
        "search_total_active_write_threads",
        "redis_search_total_active_write_threads",
        "Threads that take documents in.",
    ),
    _counter(
        "search_total_indexing_time",
        "redis_search_indexing_time_ms_total",
        "Time spent on indexing, without background work on vectors.",
        unit=MILLISECONDS,
    ),
    _gauge(
        "search_total_num_docs_in_indexes",
        "redis_search_total_num_docs_in_indexes",
        "Documents in all indexes.",
        since="RediSearch 8.0",
    ),
    _gauge(
        "search_errors_indexing_failures",
        "redis_search_errors_indexing_failures",
        "Documents that could not be indexed, in all indexes.",
    ),
    _gauge(
        "search_errors_for_index_with_max_failures",
        "redis_search_errors_for_index_with_max_failures",
        "Documents that could not be indexed, in the index with most of them.",
    ),
    _gauge(
        "search_OOM_indexing_failures_indexes_count",
        "redis_search_oom_indexing_failures_indexes",
        "Indexes whose background indexing ran out of memory.",
        since="RediSearch 2.8",
    ),
    _gauge(
        "search_used_memory_indexes",
        "redis_search_used_memory_indexes_bytes",
        "Memory of all indexes, vectors included.",
        unit=BYTES,
    ),
    _gauge(
        "search_used_memory_vector_index",
        "redis_search_used_memory_vector_index_bytes",
        "Memory of all indexes of vectors.",
        unit=BYTES,
    ),
    _gauge(
        "search_smallest_memory_index",
        "redis_search_smallest_memory_index_bytes",
        "Memory of the smallest index.",
        unit=BYTES,
    ),
    _gauge(
        "search_largest_memory_index",
        "redis_search_largest_memory_index_bytes",
        "Memory of the largest index.",
        unit=BYTES,
    ),
)
_QUERIES: Final[tuple[Field, ...]] = (
    _counter(
        "search_total_queries_processed",
        "redis_search_queries_processed_total",
        "Queries that were answered; reads of cursors do not count.",
    ),
    _counter(
        "search_total_query_commands",
        "redis_search_query_commands_total",
        "Commands of queries that were answered; reads of cursors count.",
    ),
    _counter(
        "search_total_query_execution_time_ms",
        "redis_search_query_execution_time_ms_total",
        "Time that commands of queries have taken.",
        unit=MILLISECONDS,
    ),
    _counter(
        "search_total_active_queries",
        "redis_search_active_queries_total",
        "Queries that run in the background now (a counter as in redis_exporter).",
    ),
    _gauge(
        "search_dialect_1",
        "redis_search_dialect_1",
        "Whether dialect 1 of queries has been used since the start.",
    ),
    _gauge(
        "search_dialect_2",
        "redis_search_dialect_2",
        "Whether dialect 2 of queries has been used since the start.",
    ),
    _gauge(
        "search_dialect_3",
        "redis_search_dialect_3",
        "Whether dialect 3 of queries has been used since the start.",
    ),
    _gauge(
        "search_dialect_4",
        "redis_search_dialect_4",
        "Whether dialect 4 of queries has been used since the start.",
    ),
)
_CURSORS: Final[tuple[Field, ...]] = (
    _gauge(
        "search_global_idle",
        "redis_search_global_idle",
        "Cursors that hold results and wait to be read; split up since 8.0.",
    ),
    _gauge(
        "search_global_total",
        "redis_search_global_total",
        "Cursors, waiting or being read; split up since 8.0.",
    ),
    _gauge(
        "search_global_idle_user",
        "redis_search_global_idle_user",
        "Cursors of users that wait to be read.",
        since="RediSearch 8.0",
    ),
    _gauge(
        "search_global_idle_internal",
        "redis_search_global_idle_internal",
        "Cursors of the coordinator that wait to be read.",
        since="RediSearch 8.0",
    ),
    _gauge(
        "search_global_total_user",
        "redis_search_global_total_user",
        "Cursors of users, waiting or being read.",
        since="RediSearch 8.0",
    ),
    _gauge(
        "search_global_total_internal",
        "redis_search_global_total_internal",
        "Cursors of the coordinator, waiting or being read.",
        since="RediSearch 8.0",
    ),
    _gauge(
        "search_cursors_user_idle",
        "redis_search_cursors_user_idle",
        "Cursors of users that wait to be read.",
        since="RediSearch 8.0",
    ),
    _gauge(
        "search_cursors_internal_idle",
        "redis_search_cursors_internal_idle",
        "Cursors of the coordinator that wait to be read.",
        since="RediSearch 8.0",
    ),
    _gauge(
        "search_cursors_user_active",
        "redis_search_cursors_user_active",
        "Cursors of users, waiting or being read.",
        since="RediSearch 8.0",
    ),
    _gauge(
        "search_cursors_internal_active",
        "redis_search_cursors_internal_active",
        "Cursors of the coordinator, waiting or being read.",
        since="RediSearch 8.0",
    ),
)
_GARBAGE: Final[tuple[Field, ...]] = (
    _gauge(
        "search_bytes_collected",
        "redis_search_collected_bytes",
        "Memory that the garbage collector has freed.",
        unit=BYTES,
    ),
    _gauge(
        "search_gc_bytes_collected",
        "redis_search_gc_collected_bytes",
        "Memory that the garbage collector has freed.",
        unit=BYTES,
        since="RediSearch 8.0",
    ),
    _counter("search_total_cycles", "redis_search_cycles_total", "Runs of the garbage collector."),
    _counter(
        "search_gc_total_cycles",
        "redis_search_gc_cycles_total",
        "Runs of the garbage collector.",
        since="RediSearch 8.0",
    ),
    _counter(
        "search_total_ms_run",
        "redis_search_run_ms_total",
        "Time that the garbage collector has run.",
        unit=MILLISECONDS,
    ),
    _counter(
        "search_gc_total_ms_run",
        "redis_search_gc_run_ms_total",
        "Time that the garbage collector has run.",
        unit=MILLISECONDS,
        since="RediSearch 8.0",
    ),
    _gauge(
        "search_total_docs_not_collected_by_gc",
        "redis_search_total_docs_not_collected_by_gc",
        "Deleted documents whose memory has not been freed.",
    ),
    _gauge(
        "search_gc_total_docs_not_collected",
        "redis_search_gc_total_docs_not_collected",
        "Deleted documents whose memory has not been freed.",
        since="RediSearch 8.0",
    ),
    _gauge(
        "search_gc_total_docs_not_collected_by_gc",
        "redis_search_gc_total_docs_not_collected_by_gc",
        "Deleted documents whose memory has not been freed.",
        since="RediSearch 8.0",
    ),
    _gauge(
        "search_marked_deleted_vectors",
        "redis_search_marked_deleted_vectors",
        "Deleted vectors that are still in an index.",
    ),
    _gauge(
        "search_gc_marked_deleted_vectors",
        "redis_search_gc_marked_deleted_vectors",
        "Deleted vectors that are still in an index.",
        since="RediSearch 8.0",
    ),
)
FIELDS: Final[tuple[Field, ...]] = (*_INDEXES, *_QUERIES, *_CURSORS, *_GARBAGE)
COMPOSITE: Final[tuple[Field, ...]] = ()
