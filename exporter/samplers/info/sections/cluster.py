"""CLUSTER INFO: how a node sees its cluster. It travels with INFO where the server is part of one."""

from collections.abc import Sequence
from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.sampling.info_text import parse_amount, split_lines

# Kinds of messages on the cluster bus, as `clusterGetMessageTypeString` in cluster.c names them.
_MESSAGES: Final = (
    "ping",
    "pong",
    "meet",
    "fail",
    "publish",
    "publishshard",
    "auth-req",
    "auth-ack",
    "update",
    "mfstart",
    "module",
)
_RENAMED: Final = {
    # Redis 8.4: keys of slots that were handed over are deleted by jobs.
    "cluster_slot_migration_stats_active_trim_started": "cluster_slot_migration_trims_started_total",
    "cluster_slot_migration_stats_active_trim_completed": "cluster_slot_migration_trims_completed_total",
    "cluster_slot_migration_stats_active_trim_cancelled": "cluster_slot_migration_trims_cancelled_total",
    "cluster_stats_messages_sent": "cluster_messages_sent_total",
    "cluster_stats_messages_received": "cluster_messages_received_total",
}
_FIELDS: Final = (
    "cluster_state",
    "cluster_slots_assigned",
    "cluster_slots_ok",
    "cluster_slots_pfail",
    "cluster_slots_fail",
    "cluster_nodes_pfail",
    "cluster_nodes_fail",
    "cluster_voting_nodes_pfail",
    "cluster_voting_nodes_fail",
    "cluster_known_nodes",
    "cluster_size",
    "cluster_current_epoch",
    "cluster_my_epoch",
    "cluster_slot_migration_active_tasks",
    "cluster_slot_migration_active_trim_running",
    "cluster_slot_migration_active_trim_current_job_keys",
    "cluster_slot_migration_active_trim_current_job_trimmed",
    *_RENAMED,
    *(f"cluster_stats_messages_{kind}_{way}" for kind in _MESSAGES for way in ("sent", "received")),
    "total_cluster_links_buffer_limit_exceeded",
)
_BY_FIELD: Final = {
    field: Family(
        f"redis_{_RENAMED.get(field, field).replace('-', '_')}",
        Kind.GAUGE,
        f"CLUSTER INFO field {field}.",
    )
    for field in _FIELDS
}
FAMILIES: Final = tuple(_BY_FIELD.values())


def epochs(reply: bytes) -> Sequence[str]:
    """The lines about epochs: they change with each change of who holds which slots."""
    return [line for line in split_lines(reply) if "_epoch:" in line]


def write_cluster(reply: bytes, table: SeriesTable) -> None:
    """Write what CLUSTER INFO says."""
    for line in split_lines(reply):
        field, _, text = line.partition(":")
        family, value = _BY_FIELD.get(field), parse_amount(text)
        if family is not None and value is not None:
            table.set(family, value)
