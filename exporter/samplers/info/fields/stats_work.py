"""INFO section Stats: forks, I/O threads, buffers, the event loop, the slow log."""

from typing import Final

from exporter.samplers.info.fields.declaration import (
    HERTZ,
    MICROSECONDS,
    MILLISECONDS,
    SECONDS,
    Counter,
    Field,
    Gauge,
)

SECTION: Final = "Stats"

_WORK: Final[tuple[Field, ...]] = (
    Gauge(
        "latest_fork_usec",
        "redis_latest_fork_usec",
        "How long the latest fork held up the server.",
        unit=MICROSECONDS,
        since="2.4",
    ),
    Gauge(
        "latest_fork_usec",
        "redis_latest_fork_seconds",
        "How long the latest fork held up the server.",
        unit=SECONDS,
        since="2.4",
        scale=1e-6,
    ),
    Counter("total_forks", "redis_forks_total", "Forks since the start: RDB, AOF, modules.", since="6.2"),
    Counter("total_reads_processed", "redis_total_reads_processed", "Reads from sockets.", since="6.0.7"),
    Counter("total_writes_processed", "redis_total_writes_processed", "Writes to sockets.", since="6.0.7"),
    Counter(
        "io_threaded_reads_processed",
        "redis_io_threaded_reads_processed",
        "Reads from sockets by I/O threads.",
        since="6.0.7",
    ),
    Counter(
        "io_threaded_writes_processed",
        "redis_io_threaded_writes_processed",
        "Writes to sockets by I/O threads.",
        since="6.0.7",
    ),
    Counter(
        "io_threaded_accept_processed",
        "redis_io_threaded_accept_processed_total",
        "Connections that I/O threads have accepted.",
        since="Valkey 8.1",
    ),
    Counter(
        "io_threaded_poll_processed",
        "redis_io_threaded_poll_processed_total",
        "Polls of sockets by I/O threads.",
        since="Valkey 8.0",
    ),
    Counter(
        "io_threaded_freed_objects",
        "redis_io_threaded_freed_objects_total",
        "Objects that I/O threads have freed.",
        since="Valkey 8.0",
    ),
    Counter(
        "io_threaded_total_prefetch_batches",
        "redis_io_threaded_prefetch_batches_total",
        "Batches of commands whose keys were fetched into the CPU's cache first.",
        since="8.0, Valkey 8.0",
    ),
    Counter(
        "io_threaded_total_prefetch_entries",
        "redis_io_threaded_prefetch_entries_total",
        "Keys that were fetched into the CPU's cache first.",
        since="8.0, Valkey 8.0",
    ),
    Counter(
        "reply_buffer_shrinks",
        "redis_reply_buffer_shrinks_total",
        "Times that a client's output buffer was made smaller.",
        since="7.0",
    ),
    Counter(
        "reply_buffer_expands",
        "redis_reply_buffer_expands_total",
        "Times that a client's output buffer was made larger.",
        since="7.0",
    ),
    Counter("eventloop_cycles", "redis_eventloop_cycles_total", "Cycles of the event loop.", since="7.2"),
    Counter(
        "eventloop_duration_sum",
        "redis_eventloop_duration_sum_usec_total",
        "Time that the event loop has worked: I/O and commands.",
        unit=MICROSECONDS,
        since="7.2",
    ),
    Counter(
        "eventloop_duration_cmd_sum",
        "redis_eventloop_duration_cmd_sum_usec_total",
        "Time that commands have taken.",
        unit=MICROSECONDS,
        since="7.2",
    ),
    Gauge(
        "instantaneous_eventloop_cycles_per_sec",
        "redis_instantaneous_eventloop_cycles_per_sec",
        "Cycles of the event loop per second, over the last 1.6 seconds.",
        unit=HERTZ,
        since="7.2",
    ),
    Gauge(
        "instantaneous_eventloop_duration_usec",
        "redis_instantaneous_eventloop_duration_usec",
        "Mean time of a cycle of the event loop, over the last 1.6 seconds.",
        unit=MICROSECONDS,
        since="7.2",
    ),
    Counter(
        "eventloop_cycles_with_clients_processing",
        "redis_eventloop_cycles_with_clients_processing_total",
        "Cycles of the event loop in which clients had sent something.",
        since="8.8",
    ),
    Counter(
        "total_client_processing_events",
        "redis_client_processing_events_total",
        "Times that a client's query buffer was looked at for commands.",
        since="8.8",
    ),
    Gauge(
        "avg_pipeline_length",
        "redis_avg_pipeline_length",
        "Mean number of commands that a client had sent at once.",
        since="8.8",
    ),
    Counter(
        "avg_pipeline_length_sum",
        "redis_pipeline_length_sum_total",
        "Commands that were taken from clients' query buffers.",
        since="8.8",
    ),
    Counter(
        "avg_pipeline_length_cnt",
        "redis_pipeline_length_count_total",
        "Times that commands were taken from a client's query buffer.",
        since="8.8",
    ),
    Counter(
        "slowlog_commands_count",
        "redis_slowlog_commands_total",
        "Commands that were logged as slow.",
        since="8.8",
    ),
    Counter(
        "slowlog_commands_time_ms_sum",
        "redis_slowlog_commands_time_ms_total",
        "Time of the commands that were logged as slow.",
        unit=MILLISECONDS,
        since="8.8",
    ),
    Gauge(
        "slowlog_commands_time_ms_max",
        "redis_slowlog_commands_time_ms_max",
        "Longest time of a command that was logged as slow.",
        unit=MILLISECONDS,
        since="8.8",
    ),
)
FIELDS: Final[tuple[Field, ...]] = _WORK
COMPOSITE: Final[tuple[Field, ...]] = ()
