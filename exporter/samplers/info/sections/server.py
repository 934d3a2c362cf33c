"""Server: identity, start time, and the facts that other samplers need."""

from collections.abc import Mapping
from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.base import TargetFacts
from exporter.samplers.info.parser import parse_amount, parse_version
from exporter.samplers.info.sections.replication import SLAVE_INFO

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

# Who tells a version of its own besides the `redis_version` that it is compatible with.
_FLAVOURS: Final = ("valkey", "dragonfly", "kvrocks", "garnet", "redict", "pika", "tile38")
_VERSIONS: Final = {f"{flavour}_version": flavour for flavour in _FLAVOURS}
# Where one of these changes, so do the labels of an info series, or what other samplers may ask.
IDENTITY: Final = frozenset(
    {
        *INSTANCE_INFO.label_names,
        *_VERSIONS,
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


def learn_identity(fields: Mapping[str, str], facts: TargetFacts) -> None:
    """Note for other samplers what the server is."""
    facts.flavour, version = _flavour(fields)
    facts.version = parse_version(version)
    facts.redis_version = parse_version(fields.get("redis_version", ""))
    facts.mode = fields.get("redis_mode") or fields.get("server_mode", "")
    facts.cluster_enabled = fields.get("cluster_enabled") == "1"
    facts.role = fields.get("role", "")
    facts.run_id = fields.get("run_id", "")
    ids = {fields.get("master_replid", ""), fields.get("master_replid2", "")}
    facts.replication_ids = frozenset(one for one in ids if one.strip("0"))
    facts.maxmemory_policy = fields.get("maxmemory_policy", "")


def learn_state(fields: Mapping[str, str], facts: TargetFacts, at: float) -> None:
    """Note for other samplers how the server is doing; `at` is now, in epoch seconds."""
    facts.started_at = at - _number(fields, "uptime_in_seconds")
    facts.loading = fields.get("loading") == "1"
    facts.is_linked = fields.get("master_link_status") == "up"
    facts.fork_in_progress = (
        fields.get("rdb_bgsave_in_progress") == "1" or fields.get("aof_rewrite_in_progress") == "1"
    )
    facts.used_memory = _number(fields, "used_memory")
    facts.used_memory_dataset = _number(fields, "used_memory_dataset")
    facts.maxmemory = _number(fields, "maxmemory")
    facts.connected_clients = int(_number(fields, "connected_clients"))
    facts.writes = _writes(fields)


def _writes(fields: Mapping[str, str]) -> tuple[object, ...] | None:
    """What is something else after each write: a save sets the changes back, and tells when it was."""
    changes = fields.get("rdb_changes_since_last_save")
    if changes is None:
        return None
    return (fields.get("run_id"), fields.get("rdb_last_save_time"), changes, fields.get("master_replid"))


def _number(fields: Mapping[str, str], name: str) -> float:
    return parse_amount(fields.get(name, "")) or 0.0


def _flavour(fields: Mapping[str, str]) -> tuple[str, str]:
    for field, flavour in _VERSIONS.items():
        if fields.get(field):
            return flavour, fields[field].removeprefix("df-").removeprefix("v")
    version = fields.get("redis_version", "")
    return ("keydb" if "mvcc_depth" in fields else "redis"), version
