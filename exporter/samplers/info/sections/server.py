"""Server: identity and start time."""

from collections.abc import Mapping
from typing import Final

from exporter.metrics import SeriesTable
from exporter.samplers.info.fields.persistence import RDB_AGE
from exporter.samplers.info.fields.replication import SLAVE_INFO
from exporter.samplers.info.fields.server import INSTANCE_INFO
from exporter.sampling.info_text import parse_amount
from exporter.sampling.server_info import VERSION_FIELDS

# Where one of these changes, so do the labels of an info series, or what other samplers may ask.
IDENTITY: Final = frozenset(
    {
        *INSTANCE_INFO.labels,
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


def write_identity(fields: Mapping[str, str], table: SeriesTable) -> None:
    """Write the series whose labels say what the server is."""
    mode = fields.get("redis_mode") or fields.get("server_mode", "")
    values = [mode if name == "redis_mode" else fields.get(name, "") for name in INSTANCE_INFO.labels]
    table.set(INSTANCE_INFO.family, 1.0, *values)
    if fields.get("role") == "slave":
        table.set(
            SLAVE_INFO.family,
            1.0,
            fields.get("master_host", ""),
            fields.get("master_port", ""),
            fields.get("slave_read_only", ""),
        )


def write_times(fields: Mapping[str, str], table: SeriesTable, at: float) -> None:
    """Write what depends on the moment of the pass (epoch seconds)."""
    saved = parse_amount(fields.get("rdb_last_save_time", ""))
    if saved:
        table.set(RDB_AGE.family, max(0.0, round(at - saved, 3)))
    else:
        table.clear(RDB_AGE.family)
