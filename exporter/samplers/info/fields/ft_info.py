"""FT.INFO: the state of one search index.

Source of the fields: https://redis.io/docs/latest/commands/ft.info/.
"""

from functools import partial
from typing import Final

from exporter.samplers.info.fields.declaration import BYTES, FLAG, RATIO, Counter, Field, Gauge

SECTION: Final = ""

_MEGABYTE: Final = float(1 << 20)
_LABELS: Final = ("index_name",)
_gauge: Final = partial(Gauge, since="RediSearch 1.0", labels=_LABELS, command="FT.INFO")
_megabytes: Final = partial(_gauge, unit=BYTES, scale=_MEGABYTE)

FIELDS: Final[tuple[Field, ...]] = ()
COMPOSITE: Final[tuple[Field, ...]] = (
    _gauge("num_docs", "redis_search_index_num_docs", "Documents in the index."),
    _gauge(
        "max_doc_id",
        "redis_search_index_max_doc_id",
        "Highest internal number of a document; grows with each change.",
    ),
    _gauge("num_terms", "redis_search_index_num_terms", "Different terms in the index."),
    _gauge("num_records", "redis_search_index_num_records", "Records: terms by documents in which they are."),
    _megabytes("inverted_sz_mb", "redis_search_index_inverted_size_bytes", "Memory of the inverted index."),
    _gauge(
        "total_inverted_index_blocks",
        "redis_search_index_total_inverted_index_blocks",
        "Blocks of inverted indexes.",
    ),
    _megabytes(
        "vector_index_sz_mb",
        "redis_search_index_vector_index_size_bytes",
        "Memory of indexes of vectors.",
        since="RediSearch 2.4",
    ),
    _megabytes(
        "offset_vectors_sz_mb",
        "redis_search_index_offset_vectors_size_bytes",
        "Memory of positions of terms in documents.",
    ),
    _megabytes(
        "doc_table_size_mb", "redis_search_index_doc_table_size_bytes", "Memory of the table of documents."
    ),
    _megabytes(
        "sortable_values_size_mb",
        "redis_search_index_sortable_values_size_bytes",
        "Memory of values to sort by.",
    ),
    _megabytes(
        "key_table_size_mb",
        "redis_search_index_key_table_size_bytes",
        "Memory of the table from documents to keys.",
    ),
    _megabytes(
        "tag_overhead_sz_mb",
        "redis_search_index_tag_overhead_size_bytes",
        "Memory of structures that speed up TAG fields.",
        since="RediSearch 2.10",
    ),
    _megabytes(
        "text_overhead_sz_mb",
        "redis_search_index_text_overhead_size_bytes",
        "Memory of structures that speed up TEXT fields.",
        since="RediSearch 2.10",
    ),
    _megabytes(
        "total_index_memory_sz_mb",
        "redis_search_index_total_index_memory_size_bytes",
        "Memory of the index.",
        since="RediSearch 2.10",
    ),
    _megabytes(
        "geoshapes_sz_mb",
        "redis_search_index_geoshapes_size_bytes",
        "Memory of GEO and GEOSHAPE fields.",
        since="RediSearch 2.8",
    ),
    _gauge(
        "records_per_doc_avg",
        "redis_search_index_avg_per_doc_records",
        "Mean number of records per document.",
    ),
    _gauge(
        "bytes_per_record_avg",
        "redis_search_index_avg_per_record_bytes",
        "Mean size of a record.",
        unit=BYTES,
    ),
    _gauge(
        "offsets_per_term_avg",
        "redis_search_index_avg_per_term_offsets",
        "Mean number of positions per term.",
    ),
    _gauge(
        "offset_bits_per_record_avg",
        "redis_search_index_avg_per_record_offset_bits",
        "Mean number of bits for positions per record.",
        unit="bits",
    ),
    _gauge("indexing", "redis_search_index_indexing", "Whether documents are being taken in.", unit=FLAG),
    _gauge(
        "percent_indexed",
        "redis_search_index_percent_indexed",
        "Part of the documents that has been taken in, 0 to 1.",
        unit=RATIO,
    ),
    _gauge(
        "hash_indexing_failures",
        "redis_search_index_hash_indexing_failures",
        "Documents that could not be taken in.",
    ),
    _gauge(
        "cleaning",
        "redis_search_index_cleaning",
        "Whether the index is being deleted.",
        unit=FLAG,
        since="RediSearch 2.8",
    ),
    Counter(
        "number_of_uses",
        "redis_search_index_number_of_uses_total",
        "Times that the index was used.",
        since="RediSearch 2.6",
        labels=_LABELS,
        command="FT.INFO",
    ),
)
