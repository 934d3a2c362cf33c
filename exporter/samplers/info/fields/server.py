"""INFO section Server: the process, and how long it has been running."""

from typing import Final

from exporter.samplers.info.fields.declaration import (
    ALWAYS_ONE,
    EPOCH_SECONDS,
    HERTZ,
    MILLISECONDS,
    SECONDS,
    Field,
    Gauge,
)

SECTION: Final = "Server"

START_TIME: Final = Gauge(
    "uptime_in_seconds",
    "redis_start_time_seconds",
    "When the server started.",
    unit=EPOCH_SECONDS,
    since="1.0",
)
INSTANCE_INFO: Final = Gauge(
    "redis_version, role, os, …",
    "redis_instance_info",
    "Version, role and identity of the server as labels.",
    unit=ALWAYS_ONE,
    since="1.0",
    labels=(
        "role",
        "redis_version",
        "redis_build_id",
        "redis_mode",
        "os",
        "maxmemory_policy",
        "tcp_port",
        "run_id",
        "process_id",
        "master_replid",
        "valkey_version",
        "valkey_release_stage",
        "availability_zone",
    ),
)

FIELDS: Final[tuple[Field, ...]] = (
    Gauge(
        "uptime_in_seconds",
        "redis_uptime_in_seconds",
        "Time since the server was started.",
        unit=SECONDS,
        since="1.0",
    ),
    START_TIME,
    Gauge("process_id", "redis_process_id", "Process ID of the server.", since="2.0"),
    Gauge(
        "io_threads_active",
        "redis_io_threads_active",
        "Whether I/O threads are in use; in Valkey how many.",
        since="6.0.7",
    ),
    Gauge(
        "hz",
        "redis_hz",
        "How often background tasks run now; rises with the number of clients under dynamic-hz.",
        unit=HERTZ,
        since="2.6.11",
    ),
    Gauge(
        "configured_hz",
        "redis_configured_hz",
        "How often background tasks are configured to run (hz).",
        unit=HERTZ,
        since="5.0",
    ),
    Gauge(
        "clients_hz",
        "redis_clients_hz",
        "How often clients are looked after: timeouts, buffers to shrink.",
        unit=HERTZ,
        since="Valkey 9.0",
    ),
    Gauge(
        "shutdown_in_milliseconds",
        "redis_shutdown_in_milliseconds",
        "How long a shutdown under way still waits for replicas to catch up.",
        unit=MILLISECONDS,
        since="7.0",
    ),
)
COMPOSITE: Final[tuple[Field, ...]] = (INSTANCE_INFO,)
