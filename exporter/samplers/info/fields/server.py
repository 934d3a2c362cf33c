"""INFO fields of the section Server, and the metrics (without `redis_`) that they become."""

GAUGES = {
    "uptime_in_seconds": "uptime_in_seconds",
    "process_id": "process_id",
    "io_threads_active": "io_threads_active",
    "cluster_enabled": "cluster_enabled",
    "server_threads": "server_threads_total",
    "long_lock_waits": "long_lock_waits_total",
    "current_client_thread": "current_client_thread",
}
