"""Fields that the search module of Valkey adds to INFO, told by INFO MODULES, besides those of `search`."""

from functools import partial
from typing import Final

from exporter.samplers.info.fields.declaration import BYTES, Counter, Field, Gauge

SECTION: Final = ""

_gauge: Final = partial(Gauge, since="valkey-search 1.0", command="INFO MODULES")
_counter: Final = partial(Counter, since="valkey-search 1.0", command="INFO MODULES")

_REQUESTS: Final[tuple[Field, ...]] = (
    _counter(
        "search_successful_requests_count",
        "redis_search_successful_requests_count",
        "Queries that were answered.",
    ),
    _counter("search_failure_requests_count", "redis_search_failure_requests_count", "Queries that failed."),
    _counter(
        "search_hybrid_requests_count",
        "redis_search_hybrid_requests_count",
        "Queries for vectors and something else.",
    ),
    _counter(
        "search_inline_filtering_requests_count",
        "redis_search_inline_filtering_requests_count",
        "Queries that were filtered while vectors were compared.",
    ),
    _gauge("search_query_queue_size", "redis_search_query_queue_size", "Queries that wait for a thread."),
    _gauge("search_writer_queue_size", "redis_search_writer_queue_size", "Changes that wait for a thread."),
    _counter(
        "search_worker_pool_suspend_cnt",
        "redis_search_worker_pool_suspend_count",
        "Times that threads were suspended for a fork.",
    ),
    _counter(
        "search_writer_resumed_cnt",
        "redis_search_writer_resumed_count",
        "Times that writing threads went on.",
    ),
    _counter(
        "search_reader_resumed_cnt",
        "redis_search_reader_resumed_count",
        "Times that reading threads went on.",
    ),
    _counter(
        "search_writer_suspension_expired_cnt",
        "redis_search_writer_suspension_expired_count",
        "Times that writing threads were suspended for too long, and went on.",
    ),
)
_INDEXES: Final[tuple[Field, ...]] = (
    _gauge("search_used_memory_bytes", "redis_search_used_memory_bytes", "Memory of the module.", unit=BYTES),
    _gauge("search_number_of_attributes", "redis_search_number_of_attributes", "Attributes of all indexes."),
    _gauge(
        "search_total_indexed_documents", "redis_search_total_indexed_documents", "Documents in all indexes."
    ),
    _gauge(
        "search_string_interning_store_size",
        "redis_search_string_interning_store_size",
        "Different strings that indexes share.",
    ),
    _counter(
        "search_rdb_load_success_cnt",
        "redis_search_rdb_load_success_count",
        "Indexes that were loaded from RDB.",
    ),
    _counter(
        "search_rdb_load_failure_cnt",
        "redis_search_rdb_load_failure_count",
        "Indexes that could not be loaded from RDB.",
    ),
    _counter(
        "search_rdb_save_success_cnt",
        "redis_search_rdb_save_success_count",
        "Indexes that were saved to RDB.",
    ),
    _counter(
        "search_rdb_save_failure_cnt",
        "redis_search_rdb_save_failure_count",
        "Indexes that could not be saved to RDB.",
    ),
    _counter(
        "search_hnsw_create_exceptions_count",
        "redis_search_hnsw_create_exceptions_count",
        "Errors in making graphs of vectors (HNSW).",
    ),
    _counter(
        "search_hnsw_add_exceptions_count",
        "redis_search_hnsw_add_exceptions_count",
        "Errors in adding vectors to graphs (HNSW).",
    ),
    _counter(
        "search_hnsw_remove_exceptions_count",
        "redis_search_hnsw_remove_exceptions_count",
        "Errors in removing vectors from graphs (HNSW).",
    ),
    _counter(
        "search_hnsw_modify_exceptions_count",
        "redis_search_hnsw_modify_exceptions_count",
        "Errors in changing vectors of graphs (HNSW).",
    ),
    _counter(
        "search_hnsw_search_exceptions_count",
        "redis_search_hnsw_search_exceptions_count",
        "Errors in searching graphs of vectors (HNSW).",
    ),
    _counter(
        "search_vector_externing_entry_count",
        "redis_search_vector_externing_entry_count",
        "Vectors that hashes and indexes share.",
    ),
    _gauge(
        "search_vector_externing_hash_extern_errors",
        "redis_search_vector_externing_hash_extern_errors",
        "Errors in making hashes share vectors with indexes.",
    ),
    _counter(
        "search_vector_externing_generated_value_cnt",
        "redis_search_vector_externing_generated_value_count",
        "Values of hashes that were made from shared vectors.",
    ),
    _gauge(
        "search_vector_externing_num_lru_entries",
        "redis_search_vector_externing_num_lru_entries",
        "Values in the cache of those made from shared vectors.",
    ),
    _counter(
        "search_vector_externing_lru_promote_cnt",
        "redis_search_vector_externing_lru_promote_count",
        "Values that were found in that cache.",
    ),
    _counter(
        "search_vector_externing_deferred_entry_cnt",
        "redis_search_vector_externing_deferred_entry_count",
        "Vectors that are to be shared later.",
    ),
)
FIELDS: Final[tuple[Field, ...]] = (*_REQUESTS, *_INDEXES)
COMPOSITE: Final[tuple[Field, ...]] = ()
