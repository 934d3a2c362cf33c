"""INFO section CPU: processor time of the server's process and of its children."""

from typing import Final

from exporter.samplers.info.fields.declaration import SECONDS, Counter, Field, Gauge

SECTION: Final = "CPU"

THREAD_ACTIVE_TIME: Final = Counter(
    "used_active_time_io_thread_*",
    "redis_io_thread_active_time_seconds_total",
    "Time that an I/O thread has worked, without waiting for work.",
    unit=SECONDS,
    since="Valkey 9.1",
    labels=("thread",),
)

FIELDS: Final[tuple[Field, ...]] = (
    Counter(
        "used_cpu_sys",
        "redis_cpu_sys_seconds_total",
        "CPU time in the kernel, all threads of the server.",
        unit=SECONDS,
        since="2.2",
    ),
    Counter(
        "used_cpu_user",
        "redis_cpu_user_seconds_total",
        "CPU time in user mode, all threads of the server.",
        unit=SECONDS,
        since="2.2",
    ),
    Counter(
        "used_cpu_sys_children",
        "redis_cpu_sys_children_seconds_total",
        "CPU time in the kernel of children that have ended (RDB, AOF).",
        unit=SECONDS,
        since="2.2.12",
    ),
    Counter(
        "used_cpu_user_children",
        "redis_cpu_user_children_seconds_total",
        "CPU time in user mode of children that have ended (RDB, AOF).",
        unit=SECONDS,
        since="2.2.12",
    ),
    Counter(
        "used_cpu_sys_main_thread",
        "redis_cpu_sys_main_thread_seconds_total",
        "CPU time in the kernel of the thread that runs commands.",
        unit=SECONDS,
        since="6.2",
    ),
    Counter(
        "used_cpu_user_main_thread",
        "redis_cpu_user_main_thread_seconds_total",
        "CPU time in user mode of the thread that runs commands.",
        unit=SECONDS,
        since="6.2",
    ),
    Counter(
        "used_active_time_main_thread",
        "redis_active_time_main_thread_seconds_total",
        "Time that the main thread has worked, without waiting for work.",
        unit=SECONDS,
        since="Valkey 9.1",
    ),
    Gauge(
        "server_threads",
        "redis_server_threads_total",
        "Threads that run commands (server-threads).",
        since="KeyDB 0.9",
    ),
    Gauge(
        "long_lock_waits",
        "redis_long_lock_waits_total",
        "Times that a thread has waited long for the global lock.",
        since="KeyDB 0.9",
    ),
)
COMPOSITE: Final[tuple[Field, ...]] = (THREAD_ACTIVE_TIME,)
