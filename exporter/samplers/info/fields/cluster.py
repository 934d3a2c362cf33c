"""INFO fields about the cluster, and the metrics (without `redis_`) that they become."""

GAUGES = {
    "cluster_enabled": "cluster_enabled",
    "cluster_connections": "cluster_connections",
    "cluster_stats_messages_sent": "cluster_messages_sent_total",
    "cluster_stats_messages_received": "cluster_messages_received_total",
}
