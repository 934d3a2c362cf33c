"""INFO section Clients: connections, and what clients wait for."""

from typing import Final

from exporter.samplers.info.fields.declaration import BYTES, MILLISECONDS, Field, Gauge

SECTION: Final = "Clients"

FIELDS: Final[tuple[Field, ...]] = (
    Gauge(
        "connected_clients",
        "redis_connected_clients",
        "Connections of clients, without those of replicas.",
        since="1.0",
    ),
    Gauge("active_clients", "redis_active_clients", "Clients that have sent commands lately.", since="8.8"),
    Gauge(
        "blocked_clients",
        "redis_blocked_clients",
        "Clients that wait in a blocking command, such as BLPOP or XREAD.",
        since="2.0",
    ),
    Gauge("maxclients", "redis_max_clients", "Most connections that are accepted (maxclients).", since="6.2"),
    Gauge(
        "tracking_clients",
        "redis_tracking_clients",
        "Clients that have switched on CLIENT TRACKING.",
        since="6.0",
    ),
    Gauge(
        "clients_in_timeout_table",
        "redis_clients_in_timeout_table",
        "Blocked clients that wait with a timeout.",
        since="6.0",
    ),
    Gauge(
        "pubsub_clients",
        "redis_pubsub_clients",
        "Clients that are subscribed to channels or patterns.",
        since="7.4, Valkey 8.0",
    ),
    Gauge("watching_clients", "redis_watching_clients", "Clients that WATCH keys.", since="7.4, Valkey 8.0"),
    Gauge(
        "total_watched_keys",
        "redis_total_watched_keys",
        "Keys that some client WATCHes.",
        since="7.4, Valkey 8.0",
    ),
    Gauge(
        "total_blocking_keys", "redis_total_blocking_keys", "Keys that blocked clients wait for.", since="7.2"
    ),
    Gauge(
        "total_blocking_keys_on_nokey",
        "redis_total_blocking_keys_on_nokey",
        "Keys of which a blocked client also waits for the deletion.",
        since="7.2",
    ),
    Gauge(
        "cluster_connections",
        "redis_cluster_connections",
        "Sockets of the cluster bus, roughly.",
        since="6.2",
    ),
    Gauge(
        "client_longest_output_list",
        "redis_client_longest_output_list",
        "Longest list of replies waiting to be read by one client; gone since 5.0.",
        since="2.2",
    ),
    Gauge(
        "client_biggest_input_buf",
        "redis_client_biggest_input_buf",
        "Largest query buffer of one client; gone since 5.0.",
        unit=BYTES,
        since="2.2",
    ),
    Gauge(
        "client_recent_max_output_buffer",
        "redis_client_recent_max_output_buffer_bytes",
        "Largest output buffer of one client lately.",
        unit=BYTES,
        since="5.0",
    ),
    Gauge(
        "client_recent_max_input_buffer",
        "redis_client_recent_max_input_buffer_bytes",
        "Largest query buffer of one client lately.",
        unit=BYTES,
        since="5.0",
    ),
    Gauge(
        "paused_timeout_milliseconds",
        "redis_paused_timeout_milliseconds",
        "How long clients stay paused (CLIENT PAUSE, failover).",
        unit=MILLISECONDS,
        since="Valkey 8.1",
    ),
    Gauge(
        "current_client_thread",
        "redis_current_client_thread",
        "Thread that serves the connection which asked.",
        since="KeyDB 5.1",
    ),
)
COMPOSITE: Final[tuple[Field, ...]] = ()
