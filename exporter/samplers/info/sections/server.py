"""Server: identity and start time."""

from collections.abc import Mapping
from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.info.sections.replication import SLAVE_INFO
from exporter.sampling.info_text import parse_amount
from exporter.sampling.server_facts import VERSION_FIELDS

START_TIME: Final = Family(
    "redis_start_time_seconds", Kind.GAUGE, "When the server started, in seconds since the epoch."
)
LATEST_FORK: Final = Family(
    "redis_latest_fork_seconds", Kind.GAUGE, "How long the latest fork held up the server."
)
LOADED_RATIO: Final = Family(
    "redis_loading_loaded_ratio",
    Kind.GAUGE,
    "How much of the data has been loaded (0 to 1); only while loading.",
)
RDB_AGE: Final = Family("redis_rdb_last_save_age_seconds", Kind.GAUGE, "Seconds since the last RDB save.")
INSTANCE_INFO: Final = Family(
    "redis_instance_info",
    Kind.GAUGE,
    "What the server is; always 1.",
    (
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
FAMILIES: Final = (START_TIME, LATEST_FORK, LOADED_RATIO, RDB_AGE, INSTANCE_INFO)

# Where one of these changes, so do the labels of an info series, or what other samplers may ask.
IDENTITY: Final = frozenset(
    {
        *INSTANCE_INFO.label_names,
        *VERSION_FIELDS,
        "server_mode",
        "slave_read_only",
        "mvcc_depth",
        "master_replid2",
    }
)
# The fields that are read by name, beyond what their lines become.
FIELDS: Final = IDENTITY | {
    "master_host",
    "master_port",
    "master_link_status",
    "cluster_enabled",
    "rdb_last_save_time",
    "rdb_changes_since_last_save",
    "uptime_in_seconds",
    "loading",
    "rdb_bgsave_in_progress",
    "aof_rewrite_in_progress",
    "used_memory",
    "used_memory_dataset",
    "maxmemory",
    "connected_clients",
}
# Fields in units of their own: field, family, factor.
SCALED: Final = (
    ("latest_fork_usec", LATEST_FORK, 1e-6),
    ("loading_loaded_perc", LOADED_RATIO, 1e-2),
)


def write_identity(fields: Mapping[str, str], table: SeriesTable) -> None:
    """The info series."""
    mode = fields.get("redis_mode") or fields.get("server_mode", "")
    values = [mode if name == "redis_mode" else fields.get(name, "") for name in INSTANCE_INFO.label_names]
    table.set(INSTANCE_INFO, 1.0, *values)
    if fields.get("role") == "slave":
        table.set(
            SLAVE_INFO,
            1.0,
            fields.get("master_host", ""),
            fields.get("master_port", ""),
            fields.get("slave_read_only", ""),
        )


def write_times(fields: Mapping[str, str], table: SeriesTable, at: float) -> None:
    """What depends on the moment of the pass (epoch seconds)."""
    saved = parse_amount(fields.get("rdb_last_save_time", ""))
    if saved:
        table.set(RDB_AGE, max(0.0, round(at - saved, 3)))
    else:
        table.clear(RDB_AGE)
