"""CLUSTER INFO: how a node sees its cluster.

Messages on the cluster bus are counted by the kinds that `clusterGetMessageTypeString` in cluster.c names.
"""

from functools import partial
from typing import Final

from exporter.samplers.info.fields.declaration import FLAG, Field, Gauge

SECTION: Final = ""

_gauge: Final = partial(Gauge, since="3.0", command="CLUSTER INFO")

_STATE: Final[tuple[Field, ...]] = (
    _gauge(
        "cluster_state",
        "redis_cluster_state",
        "Whether the node finds that the cluster can answer queries.",
        unit=FLAG,
    ),
    _gauge(
        "cluster_slots_assigned",
        "redis_cluster_slots_assigned",
        "Slots that a node is responsible for; 16384 is all.",
    ),
    _gauge("cluster_slots_ok", "redis_cluster_slots_ok", "Slots whose node is reachable."),
    _gauge(
        "cluster_slots_pfail", "redis_cluster_slots_pfail", "Slots whose node this one cannot reach (PFAIL)."
    ),
    _gauge(
        "cluster_slots_fail",
        "redis_cluster_slots_fail",
        "Slots whose node most primaries cannot reach (FAIL).",
    ),
    _gauge(
        "cluster_nodes_pfail",
        "redis_cluster_nodes_pfail",
        "Nodes that this one cannot reach (PFAIL).",
        since="Valkey 9.0",
    ),
    _gauge(
        "cluster_nodes_fail",
        "redis_cluster_nodes_fail",
        "Nodes that most primaries cannot reach (FAIL).",
        since="Valkey 9.0",
    ),
    _gauge(
        "cluster_voting_nodes_pfail",
        "redis_cluster_voting_nodes_pfail",
        "Primaries with slots that this node cannot reach (PFAIL).",
        since="Valkey 9.0",
    ),
    _gauge(
        "cluster_voting_nodes_fail",
        "redis_cluster_voting_nodes_fail",
        "Primaries with slots that most primaries cannot reach (FAIL).",
        since="Valkey 9.0",
    ),
    _gauge(
        "cluster_known_nodes",
        "redis_cluster_known_nodes",
        "Nodes that this one knows, with those still in handshake.",
    ),
    _gauge("cluster_size", "redis_cluster_size", "Primaries that hold slots."),
    _gauge(
        "cluster_current_epoch",
        "redis_cluster_current_epoch",
        "Highest epoch that the node has seen; grows with each election.",
    ),
    _gauge("cluster_my_epoch", "redis_cluster_my_epoch", "Epoch of the node's own configuration."),
    _gauge(
        "total_cluster_links_buffer_limit_exceeded",
        "redis_total_cluster_links_buffer_limit_exceeded",
        "Links that were closed because of cluster-link-sendbuf-limit.",
        since="7.0",
    ),
)
_SLOT_MIGRATION: Final[tuple[Field, ...]] = (
    _gauge(
        "cluster_slot_migration_active_tasks",
        "redis_cluster_slot_migration_active_tasks",
        "Migrations of slots that are under way.",
        since="8.4",
    ),
    _gauge(
        "cluster_slot_migration_active_trim_running",
        "redis_cluster_slot_migration_active_trim_running",
        "Jobs that delete keys of slots handed over, running or due.",
        since="8.4",
    ),
    _gauge(
        "cluster_slot_migration_active_trim_current_job_keys",
        "redis_cluster_slot_migration_active_trim_current_job_keys",
        "Keys that the current job is to delete.",
        since="8.4",
    ),
    _gauge(
        "cluster_slot_migration_active_trim_current_job_trimmed",
        "redis_cluster_slot_migration_active_trim_current_job_trimmed",
        "Keys that the current job has deleted.",
        since="8.4",
    ),
    _gauge(
        "cluster_slot_migration_stats_active_trim_started",
        "redis_cluster_slot_migration_trims_started_total",
        "Jobs that delete keys of slots handed over: begun.",
        since="8.4",
    ),
    _gauge(
        "cluster_slot_migration_stats_active_trim_completed",
        "redis_cluster_slot_migration_trims_completed_total",
        "Jobs that delete keys of slots handed over: done.",
        since="8.4",
    ),
    _gauge(
        "cluster_slot_migration_stats_active_trim_cancelled",
        "redis_cluster_slot_migration_trims_cancelled_total",
        "Jobs that delete keys of slots handed over: given up.",
        since="8.4",
    ),
)
_MESSAGES: Final[tuple[Field, ...]] = (
    _gauge(
        "cluster_stats_messages_sent",
        "redis_cluster_messages_sent_total",
        "Messages sent on the cluster bus.",
    ),
    _gauge(
        "cluster_stats_messages_received",
        "redis_cluster_messages_received_total",
        "Messages received on the cluster bus.",
    ),
    _gauge(
        "cluster_stats_messages_ping_sent",
        "redis_cluster_stats_messages_ping_sent",
        "Pings: sent.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_ping_received",
        "redis_cluster_stats_messages_ping_received",
        "Pings: received.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_pong_sent",
        "redis_cluster_stats_messages_pong_sent",
        "Answers to pings: sent.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_pong_received",
        "redis_cluster_stats_messages_pong_received",
        "Answers to pings: received.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_meet_sent",
        "redis_cluster_stats_messages_meet_sent",
        "Introductions of nodes (CLUSTER MEET): sent.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_meet_received",
        "redis_cluster_stats_messages_meet_received",
        "Introductions of nodes (CLUSTER MEET): received.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_fail_sent",
        "redis_cluster_stats_messages_fail_sent",
        "Notices that a node has failed: sent.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_fail_received",
        "redis_cluster_stats_messages_fail_received",
        "Notices that a node has failed: received.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_publish_sent",
        "redis_cluster_stats_messages_publish_sent",
        "Messages of PUBLISH: sent.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_publish_received",
        "redis_cluster_stats_messages_publish_received",
        "Messages of PUBLISH: received.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_publishshard_sent",
        "redis_cluster_stats_messages_publishshard_sent",
        "Messages of SPUBLISH: sent.",
        since="7.0",
    ),
    _gauge(
        "cluster_stats_messages_publishshard_received",
        "redis_cluster_stats_messages_publishshard_received",
        "Messages of SPUBLISH: received.",
        since="7.0",
    ),
    _gauge(
        "cluster_stats_messages_auth-req_sent",
        "redis_cluster_stats_messages_auth_req_sent",
        "Requests of replicas for votes in an election: sent.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_auth-req_received",
        "redis_cluster_stats_messages_auth_req_received",
        "Requests of replicas for votes in an election: received.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_auth-ack_sent",
        "redis_cluster_stats_messages_auth_ack_sent",
        "Votes in an election: sent.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_auth-ack_received",
        "redis_cluster_stats_messages_auth_ack_received",
        "Votes in an election: received.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_update_sent",
        "redis_cluster_stats_messages_update_sent",
        "Updates of who holds which slots: sent.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_update_received",
        "redis_cluster_stats_messages_update_received",
        "Updates of who holds which slots: received.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_mfstart_sent",
        "redis_cluster_stats_messages_mfstart_sent",
        "Requests to pause clients for a manual failover: sent.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_mfstart_received",
        "redis_cluster_stats_messages_mfstart_received",
        "Requests to pause clients for a manual failover: received.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_module_sent",
        "redis_cluster_stats_messages_module_sent",
        "Messages of modules: sent.",
        since="4.0",
    ),
    _gauge(
        "cluster_stats_messages_module_received",
        "redis_cluster_stats_messages_module_received",
        "Messages of modules: received.",
        since="4.0",
    ),
)
FIELDS: Final[tuple[Field, ...]] = (*_STATE, *_SLOT_MIGRATION, *_MESSAGES)
COMPOSITE: Final[tuple[Field, ...]] = ()
