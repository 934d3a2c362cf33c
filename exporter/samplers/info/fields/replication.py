"""INFO section Replication: what a replica says of its primaries, and a primary of its replicas."""

from functools import partial
from typing import Final

from exporter.samplers.info.fields.declaration import (
    ALWAYS_ONE,
    BYTES,
    FLAG,
    PERCENT,
    SECONDS,
    Counter,
    Field,
    Gauge,
)

SECTION: Final = "Replication"

# Labels of the primary that a replica talks of, and of a replica that a primary talks of.
_PRIMARY: Final = ("master_host", "master_port")
_REPLICA: Final = ("slave_ip", "slave_port", "slave_state")
_gauge_of_primary: Final = partial(Gauge, labels=_PRIMARY)

# A KeyDB replica with several primaries tells the same of each: `master_1_link_status`, …
OF_PRIMARY: Final[tuple[Field, ...]] = (
    _gauge_of_primary(
        "master_link_status",
        "redis_master_link_up",
        "Whether the link to the primary is up.",
        unit=FLAG,
        since="1.0",
    ),
    _gauge_of_primary(
        "master_last_io_seconds_ago",
        "redis_master_last_io_seconds_ago",
        "Time since the primary was last heard.",
        unit=SECONDS,
        since="1.0",
    ),
    _gauge_of_primary(
        "master_sync_in_progress",
        "redis_master_sync_in_progress",
        "Whether a full copy from the primary is under way.",
        unit=FLAG,
        since="2.2",
    ),
    _gauge_of_primary(
        "master_link_down_since_seconds",
        "redis_master_link_down_since_seconds",
        "How long the link to the primary has been down; only while it is.",
        unit=SECONDS,
        since="2.4",
    ),
    _gauge_of_primary(
        "master_sync_total_bytes",
        "redis_master_sync_total_bytes",
        "Size of the full copy under way, if known.",
        unit=BYTES,
        since="6.2",
    ),
    _gauge_of_primary(
        "master_sync_read_bytes",
        "redis_master_sync_read_bytes",
        "Bytes of the full copy that have arrived.",
        unit=BYTES,
        since="6.2",
    ),
    _gauge_of_primary(
        "master_sync_left_bytes",
        "redis_master_sync_left_bytes",
        "Bytes of the full copy that are still to come.",
        unit=BYTES,
        since="2.2",
    ),
    _gauge_of_primary(
        "master_sync_last_io_seconds_ago",
        "redis_master_sync_last_io_seconds_ago",
        "Time since a part of the full copy last arrived.",
        unit=SECONDS,
        since="2.2",
    ),
    _gauge_of_primary(
        "master_sync_perc",
        "redis_master_sync_percentage",
        "How much of the full copy has arrived.",
        unit=PERCENT,
        since="6.2",
    ),
    Counter(
        "master_total_sync_attempts",
        "redis_master_sync_attempts_total",
        "Times that the replica tried to synchronise.",
        since="8.2",
        labels=_PRIMARY,
    ),
    _gauge_of_primary(
        "master_current_sync_attempts",
        "redis_master_current_sync_attempts",
        "Times that the replica tried to synchronise since it was disconnected.",
        since="8.2",
    ),
    _gauge_of_primary(
        "master_link_up_since_seconds",
        "redis_master_link_up_since_seconds",
        "How long the link to the primary has been up.",
        unit=SECONDS,
        since="8.2",
    ),
    _gauge_of_primary(
        "slave_repl_offset",
        "redis_slave_repl_offset",
        "Offset up to which the replica has applied the stream.",
        unit=BYTES,
        since="2.8",
    ),
    _gauge_of_primary(
        "slave_read_repl_offset",
        "redis_slave_read_repl_offset",
        "Offset up to which the replica has read the stream.",
        unit=BYTES,
        since="6.2.6",
    ),
)
SLAVE_INFO: Final = Gauge(
    "master_host, master_port, slave_read_only",
    "redis_slave_info",
    "Where a replica replicates from, and whether it is read-only, as labels.",
    unit=ALWAYS_ONE,
    since="1.0",
    labels=(*_PRIMARY, "read_only"),
)
REPLICA_OFFSET: Final = Gauge(
    "slave*: offset",
    "redis_connected_slave_offset_bytes",
    "Offset that a replica has acknowledged.",
    unit=BYTES,
    since="2.8",
    labels=_REPLICA,
)
REPLICA_LAG: Final = Gauge(
    "slave*: lag",
    "redis_connected_slave_lag_seconds",
    "Time since a replica last acknowledged.",
    unit=SECONDS,
    since="2.8",
    labels=_REPLICA,
)

FIELDS: Final[tuple[Field, ...]] = (
    Gauge("connected_slaves", "redis_connected_slaves", "Replicas that are connected.", since="1.0"),
    Gauge(
        "min_slaves_good_slaves",
        "redis_min_slaves_good_slaves",
        "Replicas that count for min-replicas-to-write.",
        since="2.8",
    ),
    Gauge(
        "repl_backlog_active",
        "redis_repl_backlog_is_active",
        "Whether there is a replication backlog.",
        unit=FLAG,
        since="2.8",
    ),
    Gauge(
        "repl_backlog_size",
        "redis_replication_backlog_bytes",
        "Size of the replication backlog (repl-backlog-size).",
        unit=BYTES,
        since="2.8",
    ),
    Gauge(
        "repl_backlog_first_byte_offset",
        "redis_repl_backlog_first_byte_offset",
        "Offset at which the backlog begins.",
        unit=BYTES,
        since="2.8",
    ),
    Gauge(
        "repl_backlog_histlen",
        "redis_repl_backlog_history_bytes",
        "Bytes that the backlog holds.",
        unit=BYTES,
        since="2.8",
    ),
    Gauge(
        "master_repl_offset",
        "redis_master_repl_offset",
        "Offset that the server's own replication stream has reached.",
        unit=BYTES,
        since="2.8",
    ),
    Gauge(
        "second_repl_offset",
        "redis_second_repl_offset",
        "Offset up to which replicas of the former primary can go on.",
        unit=BYTES,
        since="4.0",
    ),
    Gauge(
        "slave_priority",
        "redis_slave_priority",
        "Rank of the replica in a failover; 0: never promoted.",
        since="2.4.17",
    ),
    Gauge(
        "replica_announced",
        "redis_replica_announced",
        "Whether sentinels show the replica to clients.",
        unit=FLAG,
        since="6.2.2",
    ),
    Counter(
        "total_disconnect_time_sec",
        "redis_disconnect_time_seconds_total",
        "Time that the replica was without its primary.",
        unit=SECONDS,
        since="8.2",
    ),
    Gauge(
        "replica_full_sync_buffer_size",
        "redis_replica_full_sync_buffer_size_bytes",
        "Changes that the replica holds back during a full sync.",
        unit=BYTES,
        since="8.0",
    ),
    Gauge(
        "replica_full_sync_buffer_peak",
        "redis_replica_full_sync_buffer_peak_bytes",
        "Most changes that the replica has held back during a full sync.",
        unit=BYTES,
        since="8.0",
    ),
    Gauge(
        "replicas_repl_buffer_size",
        "redis_replicas_repl_buffer_size_bytes",
        "Changes that the replica holds back during a dual-channel sync.",
        unit=BYTES,
        since="Valkey 8.0",
    ),
    Gauge(
        "replicas_repl_buffer_peak",
        "redis_replicas_repl_buffer_peak_bytes",
        "Most changes that the replica has held back during a dual-channel sync.",
        unit=BYTES,
        since="Valkey 8.0",
    ),
    Gauge(
        "replicas_waiting_psync",
        "redis_replicas_waiting_psync",
        "Replicas that wait for the second step of a dual-channel sync.",
        since="Valkey 8.0",
    ),
)
COMPOSITE: Final[tuple[Field, ...]] = (*OF_PRIMARY, SLAVE_INFO, REPLICA_OFFSET, REPLICA_LAG)
