"""Metrics of the slow log."""

from typing import Final

from exporter.model.sample import Family, Kind

LENGTH: Final = Family("redis_slowlog_length", Kind.GAUGE, "Entries in the slow log.")
LAST_ID: Final = Family(
    "redis_slowlog_last_id", Kind.GAUGE, "Number of the newest entry; 0 if there is none."
)
LAST_DURATION: Final = Family(
    "redis_last_slow_execution_duration_seconds", Kind.GAUGE, "Duration of the newest entry."
)
ENTRIES: Final = Family(
    "redis_slowlog_entries_total",
    Kind.COUNTER,
    "Slow commands that were read from the slow log, without those of monitoring.",
    ("command",),
)
DURATION: Final = Family(
    "redis_slowlog_duration_seconds", Kind.HISTOGRAM, "How long slow commands took.", ("command",)
)
LOST: Final = Family(
    "redis_slowlog_lost_entries_total",
    Kind.COUNTER,
    "Slow commands that the server dropped from its log before they were read.",
)
UNCERTAIN: Final = Family(
    "redis_slowlog_uncertain_losses_total",
    Kind.COUNTER,
    "Times that an unknown number of entries may have been lost besides, as when a server was restarted.",
)
RESETS: Final = Family(
    "redis_slowlog_resets_total", Kind.COUNTER, "Times that the slow log was seen to have been emptied."
)
PATTERN_ENTRIES: Final = Family(
    "redis_slowlog_pattern_entries_total",
    Kind.COUNTER,
    "Slow commands of a recurring pattern.",
    ("pattern",),
)
PATTERN_DURATION: Final = Family(
    "redis_slowlog_pattern_duration_seconds_total",
    Kind.COUNTER,
    "Time that slow commands of a recurring pattern took.",
    ("pattern",),
)
PATTERN_CLIENT: Final = Family(
    "redis_slowlog_pattern_last_client_info",
    Kind.GAUGE,
    "Who ran the last slow command of a recurring pattern, by name and address without port; always 1.",
    ("pattern", "client_name", "client_host"),
)
COMMANDLOG_SLOW: Final = Family(
    "redis_commandlog_slow_length", Kind.GAUGE, "Entries in the log of slow commands (Valkey)."
)
COMMANDLOG_REQUESTS: Final = Family(
    "redis_commandlog_large_request_length", Kind.GAUGE, "Entries in the log of large requests (Valkey)."
)
COMMANDLOG_REPLIES: Final = Family(
    "redis_commandlog_large_reply_length", Kind.GAUGE, "Entries in the log of large replies (Valkey)."
)
FAMILIES: Final = (
    LENGTH,
    LAST_ID,
    LAST_DURATION,
    ENTRIES,
    DURATION,
    LOST,
    UNCERTAIN,
    RESETS,
    PATTERN_ENTRIES,
    PATTERN_DURATION,
    PATTERN_CLIENT,
    COMMANDLOG_SLOW,
    COMMANDLOG_REQUESTS,
    COMMANDLOG_REPLIES,
)

# Slow is what a server's owner says: from a hundred microseconds on, more often from ten milliseconds.
BOUNDS_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
