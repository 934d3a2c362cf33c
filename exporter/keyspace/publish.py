"""A report as series."""

from math import nan

from exporter.keyspace import families
from exporter.keyspace.report import (
    OTHER,
    DatabaseReport,
    KeyPatternReport,
    PassReport,
    Spread,
    TypeReport,
)
from exporter.metrics import SeriesTable
from exporter.model.sample import Family

_MAX_ENCODINGS = 16


def publish(report: PassReport, table: SeriesTable) -> None:
    """Write what a complete pass has found."""
    for pattern in report.patterns:
        _write_pattern(pattern, table)
    for database in report.databases:
        _write_database(database, table)
    for kind in report.types:
        _write_type(kind, table)
    for key in report.biggest_keys:
        labels = (key.database, key.type, key.key)
        if key.memory_bytes is not None:
            table.set(families.BIGGEST_MEMORY, float(key.memory_bytes), *labels)
        if key.length is not None:
            table.set(families.BIGGEST_LENGTH, float(key.length), *labels)
        if key.growing_passes:
            table.set(families.GROWING_PASSES, float(key.growing_passes), *labels)
    if report.accounted_ratio is not None:
        table.set(families.ACCOUNTED, report.accounted_ratio)
    table.set(families.DURATION, report.duration_seconds)
    table.set(families.COMPLETED, report.finished_at)


def publish_partial(report: PassReport, table: SeriesTable) -> None:
    """Write what is known before a pass has seen every key: rules shall not take it for all there is."""
    for pattern in report.patterns:
        labels = (pattern.database, pattern.pattern)
        table.set(families.PARTIAL_KEYS, float(pattern.keys), *labels)
        if pattern.memory_bytes is not None:
            table.set(families.PARTIAL_MEMORY, float(pattern.memory_bytes), *labels)
        if pattern.keys_without_ttl is not None:
            table.set(families.PARTIAL_KEYS_WITHOUT_TTL, float(pattern.keys_without_ttl), *labels)


def _write_pattern(pattern: KeyPatternReport, table: SeriesTable) -> None:
    labels = (pattern.database, pattern.pattern)
    table.set(families.KEYS, float(pattern.keys), *labels)
    table.set(families.KEYS_ERROR, _known(pattern.keys_error_ratio), *labels)
    if pattern.memory_bytes is not None:
        table.set(families.MEMORY, float(pattern.memory_bytes), *labels)
        table.set(families.MEMORY_ERROR, _known(pattern.memory_error_ratio), *labels)
    if pattern.max_bytes is not None:
        table.set(families.MAX_BYTES, float(pattern.max_bytes), *labels)
    if pattern.keys_without_ttl is not None:
        table.set(families.KEYS_WITHOUT_TTL, float(pattern.keys_without_ttl), *labels)
        table.set(families.KEYS_WITHOUT_TTL_ERROR, _known(pattern.keys_without_ttl_error_ratio), *labels)
    if pattern.queue:
        framework, _, queue = pattern.queue.partition(" ")
        table.set(families.OWNER, 1.0, *labels, framework, queue)
    if pattern.keys_per_hour is not None:
        table.set(families.KEYS_GROWTH, pattern.keys_per_hour, *labels)
    if pattern.memory_bytes_per_hour is not None:
        table.set(families.MEMORY_GROWTH, pattern.memory_bytes_per_hour, *labels)


def _write_database(database: DatabaseReport, table: SeriesTable) -> None:
    label = database.database
    table.set(families.NAME_BYTES, float(database.name_bytes), label)
    table.set(families.DATABASE_KEYS, float(database.keys), label)
    table.set(families.DATABASE_SIZE, float(database.size), label)
    table.set(families.SAMPLED_KEYS, float(database.asked), label)
    _write_spread(families.TTL, database.ttl_seconds, label, table)
    if database.idle_seconds is not None:
        _write_spread(families.IDLE, database.idle_seconds, label, table)
    if database.access_frequency is not None:
        _write_spread(families.FREQUENCY, database.access_frequency, label, table)


def _write_spread(family: Family, spread: Spread, label: str, table: SeriesTable) -> None:
    table.set_buckets(family, spread.buckets.items(), spread.sum, label)


def _write_type(kind: TypeReport, table: SeriesTable) -> None:
    labels = (kind.database, kind.type)
    table.set(families.TYPE_KEYS, float(kind.keys), *labels)
    table.set(families.TYPE_MEMORY, float(kind.memory_bytes), *labels)
    table.set(families.BIG_KEYS, float(kind.big_keys), *labels)
    ordered = sorted(kind.encodings.items(), key=lambda item: -item[1])
    for encoding, keys in ordered[:_MAX_ENCODINGS]:
        table.set(families.ENCODING_KEYS, float(keys), *labels, encoding)
    rest = ordered[_MAX_ENCODINGS:]
    if rest:
        table.set(families.ENCODING_KEYS, float(sum(keys for _, keys in rest)), *labels, OTHER)


def _known(ratio: float | None) -> float:
    return nan if ratio is None else ratio
