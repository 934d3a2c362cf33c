"""INFO section Commandstats: one line per command, `cmdstat_get:calls=21,usec=175,…`."""

from functools import partial
from typing import Final

from exporter.samplers.info.fields.declaration import SECONDS, Counter, Field

SECTION: Final = "Commandstats"

_counter: Final = partial(Counter, labels=("cmd",))

COMMANDS: Final = _counter("cmdstat_*: calls", "redis_commands_total", "Calls per command.", since="2.6")
COMMANDS_DURATION: Final = _counter(
    "cmdstat_*: usec",
    "redis_commands_duration_seconds_total",
    "Server time per command.",
    unit=SECONDS,
    since="2.6",
    scale=1e-6,
)
COMMANDS_REJECTED: Final = _counter(
    "cmdstat_*: rejected_calls",
    "redis_commands_rejected_calls_total",
    "Calls per command that were refused before they ran.",
    since="6.2",
)
COMMANDS_FAILED: Final = _counter(
    "cmdstat_*: failed_calls",
    "redis_commands_failed_calls_total",
    "Calls per command that failed while they ran.",
    since="6.2",
)
COMMANDS_SLOW: Final = _counter(
    "cmdstat_*: slowlog_count",
    "redis_commands_slowlog_entries_total",
    "Calls per command that were logged as slow.",
    since="8.8",
)
COMMANDS_SLOW_DURATION: Final = _counter(
    "cmdstat_*: slowlog_time_ms_sum",
    "redis_commands_slowlog_duration_seconds_total",
    "Server time per command of the calls that were logged as slow.",
    unit=SECONDS,
    since="8.8",
    scale=1e-3,
)

FIELDS: Final[tuple[Field, ...]] = ()
COMPOSITE: Final[tuple[Field, ...]] = (
    COMMANDS,
    COMMANDS_DURATION,
    COMMANDS_REJECTED,
    COMMANDS_FAILED,
    COMMANDS_SLOW,
    COMMANDS_SLOW_DURATION,
)
