"""FT.INFO: the state of one search index.

Source of the fields: https://redis.io/docs/latest/commands/ft.info/.
"""

from typing import Final

from exporter.connection import Reply
from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.sampling.replies import number, pairs

_MEGABYTE: Final = float(1 << 20)


def _family(name: str, field: str, kind: Kind = Kind.GAUGE) -> Family:
    return Family(f"redis_search_index_{name}", kind, f"Field {field} of FT.INFO.", ("index_name",))


_FIELDS: Final = {
    field: (_family(name, field), scale)
    for field, name, scale in (
        ("num_docs", "num_docs", 1.0),
        ("max_doc_id", "max_doc_id", 1.0),
        ("num_terms", "num_terms", 1.0),
        ("num_records", "num_records", 1.0),
        ("inverted_sz_mb", "inverted_size_bytes", _MEGABYTE),
        ("total_inverted_index_blocks", "total_inverted_index_blocks", 1.0),
        ("vector_index_sz_mb", "vector_index_size_bytes", _MEGABYTE),
        ("offset_vectors_sz_mb", "offset_vectors_size_bytes", _MEGABYTE),
        ("doc_table_size_mb", "doc_table_size_bytes", _MEGABYTE),
        ("sortable_values_size_mb", "sortable_values_size_bytes", _MEGABYTE),
        ("key_table_size_mb", "key_table_size_bytes", _MEGABYTE),
        ("tag_overhead_sz_mb", "tag_overhead_size_bytes", _MEGABYTE),
        ("text_overhead_sz_mb", "text_overhead_size_bytes", _MEGABYTE),
        ("total_index_memory_sz_mb", "total_index_memory_size_bytes", _MEGABYTE),
        ("geoshapes_sz_mb", "geoshapes_size_bytes", _MEGABYTE),
        ("records_per_doc_avg", "avg_per_doc_records", 1.0),
        ("bytes_per_record_avg", "avg_per_record_bytes", 1.0),
        ("offsets_per_term_avg", "avg_per_term_offsets", 1.0),
        ("offset_bits_per_record_avg", "avg_per_record_offset_bits", 1.0),
        ("indexing", "indexing", 1.0),
        ("percent_indexed", "percent_indexed", 1.0),
        ("hash_indexing_failures", "hash_indexing_failures", 1.0),
        ("cleaning", "cleaning", 1.0),
    )
}
USES: Final = _family("number_of_uses_total", "number_of_uses", Kind.COUNTER)
FAMILIES: Final = (*(family for family, _ in _FIELDS.values()), USES)


def write_index(name: str, reply: Reply, table: SeriesTable) -> None:
    """Write what FT.INFO said of this index."""
    fields = pairs(reply)
    for field, (family, scale) in _FIELDS.items():
        value = number(fields.get(field))
        if value is not None:
            table.set(family, value * scale, name)
    uses = number(fields.get("number_of_uses"))
    if uses is not None:
        table.set(USES, uses, name)
