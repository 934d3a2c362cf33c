"""INFO fields of the section CPU, and the metrics (without `redis_`) that they become."""

COUNTERS = {
    "expire_cycle_cpu_milliseconds": "expire_cycle_cpu_time_ms_total",
    "used_cpu_sys": "cpu_sys_seconds_total",
    "used_cpu_user": "cpu_user_seconds_total",
    "used_cpu_sys_children": "cpu_sys_children_seconds_total",
    "used_cpu_user_children": "cpu_user_children_seconds_total",
    "used_cpu_sys_main_thread": "cpu_sys_main_thread_seconds_total",
    "used_cpu_user_main_thread": "cpu_user_main_thread_seconds_total",
    "used_active_time_main_thread": "active_time_main_thread_seconds_total",
}
