"""Families are the metrics of the keyspace sampler."""

from typing import Final

from exporter.model.sample import Family, Kind

_PATTERN: Final = ("db", "pattern")

KEYS: Final = Family("redis_keyspace_pattern_keys", Kind.GAUGE, "Keys by pattern of their names.", _PATTERN)
MEMORY: Final = Family(
    "redis_keyspace_pattern_memory_bytes", Kind.GAUGE, "Memory of the keys of a pattern.", _PATTERN
)
KEYS_WITHOUT_TTL: Final = Family(
    "redis_keyspace_pattern_keys_without_ttl", Kind.GAUGE, "Keys of a pattern that never expire.", _PATTERN
)
OWNER: Final = Family(
    "redis_keyspace_pattern_queue",
    Kind.GAUGE,
    "1 for each pattern whose keys are jobs of a queue, with framework and queue as labels.",
    (*_PATTERN, "framework", "queue"),
)
KEYS_ERROR: Final = Family(
    "redis_keyspace_pattern_keys_error_ratio",
    Kind.GAUGE,
    "Half the width of the 95 % interval of redis_keyspace_pattern_keys, in parts of the value.",
    _PATTERN,
)
MEMORY_ERROR: Final = Family(
    "redis_keyspace_pattern_memory_bytes_error_ratio",
    Kind.GAUGE,
    "Half the width of the 95 % interval of redis_keyspace_pattern_memory_bytes, in parts of the value.",
    _PATTERN,
)
KEYS_WITHOUT_TTL_ERROR: Final = Family(
    "redis_keyspace_pattern_keys_without_ttl_error_ratio",
    Kind.GAUGE,
    "Half the width of the 95 % interval of redis_keyspace_pattern_keys_without_ttl, in parts of the value.",
    _PATTERN,
)
MAX_BYTES: Final = Family(
    "redis_keyspace_pattern_max_key_memory_bytes",
    Kind.GAUGE,
    "Memory of the biggest key of a pattern that was asked about.",
    _PATTERN,
)
KEYS_GROWTH: Final = Family(
    "redis_keyspace_pattern_keys_growth_per_hour",
    Kind.GAUGE,
    "How the number of keys of a pattern has changed since the pass before, per hour.",
    _PATTERN,
)
MEMORY_GROWTH: Final = Family(
    "redis_keyspace_pattern_memory_growth_bytes_per_hour",
    Kind.GAUGE,
    "How the memory of a pattern has changed since the pass before, per hour.",
    _PATTERN,
)
PARTIAL_KEYS: Final = Family(
    "redis_keyspace_scan_pattern_keys",
    Kind.GAUGE,
    "Keys of a pattern that the first pass has seen so far; gone when it is finished.",
    _PATTERN,
)
PARTIAL_MEMORY: Final = Family(
    "redis_keyspace_scan_pattern_memory_bytes",
    Kind.GAUGE,
    "Memory of the keys of a pattern that the first pass has seen so far; gone when it is finished.",
    _PATTERN,
)
PARTIAL_KEYS_WITHOUT_TTL: Final = Family(
    "redis_keyspace_scan_pattern_keys_without_ttl",
    Kind.GAUGE,
    "Keys of a pattern that never expire, of those the first pass has seen so far; gone when it is finished.",
    _PATTERN,
)
PARTIAL: Final = Family(
    "redis_keyspace_scan_partial",
    Kind.GAUGE,
    "Whether no pass has seen every key yet: what is known of patterns is in redis_keyspace_scan_pattern_*.",
)
TYPE_KEYS: Final = Family("redis_keyspace_type_keys", Kind.GAUGE, "Keys by type.", ("db", "type"))
TYPE_MEMORY: Final = Family(
    "redis_keyspace_type_memory_bytes", Kind.GAUGE, "Memory of the keys of a type.", ("db", "type")
)
ENCODING_KEYS: Final = Family(
    "redis_keyspace_encoding_keys", Kind.GAUGE, "Keys by type and encoding.", ("db", "type", "encoding")
)
BIG_KEYS: Final = Family(
    "redis_keyspace_big_keys",
    Kind.GAUGE,
    "Strings of more than 1 MB, and collections of more than 1,000 elements.",
    ("db", "type"),
)
NAME_BYTES: Final = Family("redis_keyspace_key_name_bytes", Kind.GAUGE, "Length of all keys' names.", ("db",))
# Keys by the length of time ahead of them: a snapshot, so buckets fall as well as rise.
TTL: Final = Family(
    "redis_keyspace_ttl_seconds", Kind.HISTOGRAM, "Keys that expire, by their time to live.", ("db",)
)
IDLE: Final = Family(
    "redis_keyspace_idle_seconds", Kind.HISTOGRAM, "Keys by the time since they were last used.", ("db",)
)
FREQUENCY: Final = Family(
    "redis_keyspace_access_frequency",
    Kind.HISTOGRAM,
    "Keys by the LFU counter of their use, a logarithm (0 to 255).",
    ("db",),
)
BIGGEST_MEMORY: Final = Family(
    "redis_keyspace_biggest_key_memory_bytes",
    Kind.GAUGE,
    "Memory of the biggest keys of a type.",
    ("db", "type", "key"),
)
BIGGEST_LENGTH: Final = Family(
    "redis_keyspace_biggest_key_length",
    Kind.GAUGE,
    "Elements, or bytes of a string, of the biggest keys of a type.",
    ("db", "type", "key"),
)
GROWING_PASSES: Final = Family(
    "redis_keyspace_biggest_key_growing_passes",
    Kind.GAUGE,
    "In how many passes in a row one of the biggest keys has grown.",
    ("db", "type", "key"),
)
DATABASE_KEYS: Final = Family(
    "redis_keyspace_scan_database_keys", Kind.GAUGE, "Keys that the last finished pass has seen.", ("db",)
)
DATABASE_SIZE: Final = Family(
    "redis_keyspace_scan_database_size", Kind.GAUGE, "DBSIZE at the end of the last finished pass.", ("db",)
)
SAMPLED_KEYS: Final = Family(
    "redis_keyspace_scan_keys_asked",
    Kind.GAUGE,
    "Keys that the last finished pass has asked for type, TTL and memory.",
    ("db",),
)
ACCOUNTED: Final = Family(
    "redis_keyspace_memory_accounted_ratio",
    Kind.GAUGE,
    "Memory of all keys as the last pass has found it, in parts of used_memory_dataset.",
)
DURATION: Final = Family(
    "redis_keyspace_scan_duration_seconds", Kind.GAUGE, "How long the last finished pass took."
)
SCANNED: Final = Family(
    "redis_keyspace_scan_keys_scanned", Kind.GAUGE, "Keys that the pass under way, or the last, has seen."
)
PROGRESS: Final = Family(
    "redis_keyspace_scan_progress_ratio",
    Kind.GAUGE,
    "How much of the pass under way is done; 1 between passes.",
)
REMAINING: Final = Family(
    "redis_keyspace_scan_remaining_seconds",
    Kind.GAUGE,
    "How much longer the pass under way takes at its present pace; 0 between passes.",
)
LATE: Final = Family(
    "redis_keyspace_scan_late",
    Kind.GAUGE,
    "Whether the pass under way will not end within the interval, by what holds it up.",
    ("reason",),
)
COMPLETED: Final = Family(
    "redis_keyspace_scan_last_completed_timestamp_seconds",
    Kind.GAUGE,
    "When the last pass was finished, in seconds since the epoch.",
)
INCOMPLETE: Final = Family(
    "redis_keyspace_scans_incomplete_total", Kind.COUNTER, "Passes that ended before they had seen every key."
)
FAMILIES: Final = (
    KEYS,
    MEMORY,
    KEYS_WITHOUT_TTL,
    OWNER,
    KEYS_ERROR,
    MEMORY_ERROR,
    KEYS_WITHOUT_TTL_ERROR,
    MAX_BYTES,
    KEYS_GROWTH,
    MEMORY_GROWTH,
    PARTIAL_KEYS,
    PARTIAL_MEMORY,
    PARTIAL_KEYS_WITHOUT_TTL,
    PARTIAL,
    TYPE_KEYS,
    TYPE_MEMORY,
    ENCODING_KEYS,
    BIG_KEYS,
    NAME_BYTES,
    TTL,
    IDLE,
    FREQUENCY,
    BIGGEST_MEMORY,
    BIGGEST_LENGTH,
    GROWING_PASSES,
    DATABASE_KEYS,
    DATABASE_SIZE,
    SAMPLED_KEYS,
    ACCOUNTED,
    DURATION,
    SCANNED,
    PROGRESS,
    REMAINING,
    LATE,
    COMPLETED,
    INCOMPLETE,
)
