"""INFO fields of Valkey 9.1, and the metrics (without `redis_`) that they become."""

GAUGES = {
    "mem_replicas_repl_buffer": "mem_replicas_repl_buffer_bytes",
    "replicas_repl_buffer_size": "replicas_repl_buffer_size_bytes",
    "replicas_repl_buffer_peak": "replicas_repl_buffer_peak_bytes",
    "replicas_waiting_psync": "replicas_waiting_psync",
    "expired_keys_with_volatile_items_stale_perc": "expired_keys_with_volatile_items_stale_percentage",
    "engines_count": "scripting_engines_count",
    "engines_total_used_memory": "scripting_engines_memory_used_bytes",
    "engines_total_memory_overhead": "scripting_engines_memory_overhead_bytes",
}

COUNTERS = {
    "expired_fields": "expired_fields_total",
    "acl_access_denied_tls_cert": "acl_access_denied_tls_cert_total",
    "acl_access_denied_db": "acl_access_denied_db_total",
}
