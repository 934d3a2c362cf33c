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
    "min_slaves_good_slaves": "min_slaves_good_slaves",
    "replica_announced": "replica_announced",
    "paused_timeout_milliseconds": "paused_timeout_milliseconds",
    "current_cow_size_age": "current_cow_size_age_seconds",
    "current_active_defrag_time": "current_active_defrag_time_ms",
    "shutdown_in_milliseconds": "shutdown_in_milliseconds",
    # Since Redis 8.0
    "allocator_allocated_lua": "allocator_allocated_lua_bytes",
    "allocator_active_lua": "allocator_active_lua_bytes",
    "allocator_resident_lua": "allocator_resident_lua_bytes",
    "allocator_frag_bytes_lua": "allocator_frag_lua_bytes",
    "mem_replica_full_sync_buffer": "mem_replica_full_sync_buffer_bytes",
    "replica_full_sync_buffer_size": "replica_full_sync_buffer_size_bytes",
    "replica_full_sync_buffer_peak": "replica_full_sync_buffer_peak_bytes",
    "rdb_saves_consecutive_failures": "rdb_saves_consecutive_failures",
    # 8.2
    "used_memory_peak_time": "memory_used_peak_timestamp_seconds",
    # 8.4
    "mem_cluster_slot_migration_output_buffer": "mem_cluster_slot_migration_output_buffer_bytes",
    "mem_cluster_slot_migration_input_buffer": "mem_cluster_slot_migration_input_buffer_bytes",
    "mem_cluster_slot_migration_input_buffer_peak": "mem_cluster_slot_migration_input_buffer_peak_bytes",
    # 8.8
    "active_clients": "active_clients",
    "avg_pipeline_length": "avg_pipeline_length",
    "mem_clients_normal_shared": "mem_clients_normal_shared_bytes",
    "mem_clients_normal_unshared": "mem_clients_normal_unshared_bytes",
    "slowlog_commands_time_ms_max": "slowlog_commands_time_ms_max",
    # 8.10
    "hash_templates": "hash_templates",
    "hash_template_keys": "hash_template_keys",
    "used_memory_hash_templates": "memory_used_hash_templates_bytes",
    "backup_in_progress": "backup_in_progress",
    # Valkey 9.0
    "clients_hz": "clients_hz",
    "mem_cluster_slot_import": "mem_cluster_slot_import_bytes",
    "mem_cluster_slot_export": "mem_cluster_slot_export_bytes",
    "slot_migration_fork_in_progress": "slot_migration_fork_in_progress",
}

COUNTERS = {
    "aof_rewrites": "aof_rewrites_total",
    "total_forks": "forks_total",
    "total_active_defrag_time": "active_defrag_time_ms_total",
    # Since Redis 8.0
    "cluster_incompatible_ops": "cluster_incompatible_ops_total",
    # 8.2
    "total_disconnect_time_sec": "disconnect_time_seconds_total",
    # 8.4
    "expired_keys_active": "expired_keys_active_total",
    "expired_subkeys_active": "expired_subkeys_active_total",
    # 8.8
    "slowlog_commands_count": "slowlog_commands_total",
    "slowlog_commands_time_ms_sum": "slowlog_commands_time_ms_total",
    "eventloop_cycles_with_clients_processing": "eventloop_cycles_with_clients_processing_total",
    "total_client_processing_events": "client_processing_events_total",
    "avg_pipeline_length_sum": "pipeline_length_sum_total",
    "avg_pipeline_length_cnt": "pipeline_length_count_total",
    # Redis 8.0, Valkey 8.0
    "io_threaded_total_prefetch_batches": "io_threaded_prefetch_batches_total",
    "io_threaded_total_prefetch_entries": "io_threaded_prefetch_entries_total",
    # Valkey
    "io_threaded_freed_objects": "io_threaded_freed_objects_total",
    "io_threaded_accept_processed": "io_threaded_accept_processed_total",
    "io_threaded_poll_processed": "io_threaded_poll_processed_total",
    "total_net_cluster_slot_import_bytes": "net_cluster_slot_import_bytes_total",
    "total_net_cluster_slot_export_bytes": "net_cluster_slot_export_bytes_total",
}
