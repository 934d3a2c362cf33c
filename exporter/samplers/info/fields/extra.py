"""INFO fields that redis_exporter leaves out, and the metrics (without `redis_`) that they become."""

GAUGES = {
    "hz": "hz",
    "configured_hz": "configured_hz",
    "total_system_memory": "total_system_memory_bytes",
    "rss_overhead_ratio": "rss_overhead_ratio",
    "rss_overhead_bytes": "rss_overhead_bytes",
    "instantaneous_ops_per_sec": "instantaneous_ops_per_sec",
    "instantaneous_input_kbps": "instantaneous_input_kbps",
    "instantaneous_output_kbps": "instantaneous_output_kbps",
    "instantaneous_input_repl_kbps": "instantaneous_input_repl_kbps",
    "instantaneous_output_repl_kbps": "instantaneous_output_repl_kbps",
    "loading_start_time": "loading_start_timestamp_seconds",
    "loading_total_bytes": "loading_total_bytes",
    "loading_rdb_used_mem": "loading_rdb_used_memory_bytes",
    "loading_loaded_bytes": "loading_loaded_bytes",
    "loading_eta_seconds": "loading_eta_seconds",
    "current_cow_peak": "current_cow_peak_bytes",
    "current_cow_size": "current_cow_size_bytes",
    "current_fork_perc": "current_fork_percentage",
    "current_save_keys_processed": "current_save_keys_processed",
    "current_save_keys_total": "current_save_keys",
    "aof_rewrites_consecutive_failures": "aof_rewrites_consecutive_failures",
    "replicas_waiting_psync": "replicas_waiting_psync",
    "min_slaves_good_slaves": "min_slaves_good_slaves",
    "paused_timeout_milliseconds": "paused_timeout_milliseconds",
}

COUNTERS = {
    "aof_rewrites": "aof_rewrites_total",
    "total_forks": "forks_total",
    "total_active_defrag_time": "active_defrag_time_ms_total",
    "expired_fields": "expired_fields_total",
    "acl_access_denied_tls_cert": "acl_access_denied_tls_cert_total",
    "acl_access_denied_db": "acl_access_denied_db_total",
}
