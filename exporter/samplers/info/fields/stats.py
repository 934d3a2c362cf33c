"""INFO section Stats: connections, commands, traffic, errors (see also `stats_keys` and `stats_work`)."""

from typing import Final

from exporter.samplers.info.fields.declaration import (
    BYTES,
    HERTZ,
    KILOBYTES_PER_SECOND,
    Counter,
    Field,
    Gauge,
)

SECTION: Final = "Stats"

_TRAFFIC: Final[tuple[Field, ...]] = (
    Counter(
        "total_connections_received",
        "redis_connections_received_total",
        "Connections that were accepted.",
        since="1.0",
    ),
    Counter(
        "rejected_connections",
        "redis_rejected_connections_total",
        "Connections that were refused because of maxclients.",
        since="2.6",
    ),
    Counter(
        "total_commands_processed", "redis_commands_processed_total", "Commands that were run.", since="1.0"
    ),
    Gauge(
        "instantaneous_ops_per_sec",
        "redis_instantaneous_ops_per_sec",
        "Commands run per second, over the last 1.6 seconds.",
        unit=HERTZ,
        since="2.6",
    ),
    Counter(
        "total_net_input_bytes",
        "redis_net_input_bytes_total",
        "Bytes read from clients.",
        unit=BYTES,
        since="2.8.18",
    ),
    Counter(
        "total_net_output_bytes",
        "redis_net_output_bytes_total",
        "Bytes written to clients.",
        unit=BYTES,
        since="2.8.18",
    ),
    Counter(
        "total_net_repl_input_bytes",
        "redis_net_repl_input_bytes_total",
        "Bytes read for replication.",
        unit=BYTES,
        since="7.0.1",
    ),
    Counter(
        "total_net_repl_output_bytes",
        "redis_net_repl_output_bytes_total",
        "Bytes written for replication.",
        unit=BYTES,
        since="7.0.1",
    ),
    Counter(
        "total_net_cluster_slot_import_bytes",
        "redis_net_cluster_slot_import_bytes_total",
        "Bytes read to import slots.",
        unit=BYTES,
        since="Valkey 9.0",
    ),
    Counter(
        "total_net_cluster_slot_export_bytes",
        "redis_net_cluster_slot_export_bytes_total",
        "Bytes written to export slots.",
        unit=BYTES,
        since="Valkey 9.0",
    ),
    Gauge(
        "instantaneous_input_kbps",
        "redis_instantaneous_input_kbps",
        "Bytes read from clients, over the last 1.6 seconds.",
        unit=KILOBYTES_PER_SECOND,
        since="2.8.18",
    ),
    Gauge(
        "instantaneous_output_kbps",
        "redis_instantaneous_output_kbps",
        "Bytes written to clients, over the last 1.6 seconds.",
        unit=KILOBYTES_PER_SECOND,
        since="2.8.18",
    ),
    Gauge(
        "instantaneous_input_repl_kbps",
        "redis_instantaneous_input_repl_kbps",
        "Bytes read for replication, over the last 1.6 seconds.",
        unit=KILOBYTES_PER_SECOND,
        since="7.0.1",
    ),
    Gauge(
        "instantaneous_output_repl_kbps",
        "redis_instantaneous_output_repl_kbps",
        "Bytes written for replication, over the last 1.6 seconds.",
        unit=KILOBYTES_PER_SECOND,
        since="7.0.1",
    ),
    Gauge(
        "pubsub_channels", "redis_pubsub_channels", "Channels that somebody is subscribed to.", since="2.0"
    ),
    Gauge(
        "pubsub_patterns",
        "redis_pubsub_patterns",
        "Patterns of channels that somebody is subscribed to.",
        since="2.0",
    ),
    Gauge(
        "pubsubshard_channels",
        "redis_pubsubshard_channels",
        "Shard channels that somebody is subscribed to.",
        since="7.0.3",
    ),
    Gauge(
        "migrate_cached_sockets",
        "redis_migrate_cached_sockets_total",
        "Sockets that are kept open for MIGRATE.",
        since="3.0",
    ),
)
_REPLICATION: Final[tuple[Field, ...]] = (
    Gauge("sync_full", "redis_replica_resyncs_full", "Full copies that replicas were sent.", since="2.8"),
    Gauge(
        "sync_partial_ok",
        "redis_replica_partial_resync_accepted",
        "Replicas that could go on from the backlog.",
        since="2.8",
    ),
    Gauge(
        "sync_partial_err",
        "redis_replica_partial_resync_denied",
        "Replicas that could not go on from the backlog, and needed a full copy.",
        since="2.8",
    ),
)
_ERRORS: Final[tuple[Field, ...]] = (
    Counter(
        "unexpected_error_replies",
        "redis_unexpected_error_replies",
        "Errors while the AOF was loaded or a primary's commands were run.",
        since="6.0",
    ),
    Counter(
        "total_error_replies",
        "redis_total_error_replies",
        "Error replies: commands that were refused, and those that failed.",
        since="6.2",
    ),
    Counter(
        "acl_access_denied_auth", "redis_acl_access_denied_auth_total", "Logins that failed.", since="7.2"
    ),
    Counter(
        "acl_access_denied_cmd",
        "redis_acl_access_denied_cmd_total",
        "Commands that the user's ACL does not permit.",
        since="7.2",
    ),
    Counter(
        "acl_access_denied_key",
        "redis_acl_access_denied_key_total",
        "Commands on keys that the user's ACL does not permit.",
        since="7.2",
    ),
    Counter(
        "acl_access_denied_channel",
        "redis_acl_access_denied_channel_total",
        "Commands on channels that the user's ACL does not permit.",
        since="7.2",
    ),
    Counter(
        "acl_access_denied_tls_cert",
        "redis_acl_access_denied_tls_cert_total",
        "Logins by TLS certificate that failed.",
        since="Valkey 9.0",
    ),
    Counter(
        "acl_access_denied_db",
        "redis_acl_access_denied_db_total",
        "Commands on databases that the user's ACL does not permit.",
        since="Valkey 9.1",
    ),
    Counter(
        "client_query_buffer_limit_disconnections",
        "redis_client_query_buffer_limit_disconnections_total",
        "Clients that were disconnected because of what they sent (client-query-buffer-limit).",
        since="7.4, Valkey 8.0",
    ),
    Counter(
        "client_output_buffer_limit_disconnections",
        "redis_client_output_buffer_limit_disconnections_total",
        "Clients that were disconnected because of what they did not read (client-output-buffer-limit).",
        since="7.4, Valkey 8.0",
    ),
    Counter(
        "cluster_incompatible_ops",
        "redis_cluster_incompatible_ops_total",
        "Commands that a cluster would refuse, as far as they are sampled.",
        since="8.0",
    ),
)
FIELDS: Final[tuple[Field, ...]] = (*_TRAFFIC, *_REPLICATION, *_ERRORS)
COMPOSITE: Final[tuple[Field, ...]] = ()
