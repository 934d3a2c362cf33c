"""The charts of a server as they are asked for: the expressions of their lines, and how these are drawn."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.charts import Kind, Unit
from exporter.web.pages.server.expressions import Expressions

MOST_COMMANDS: Final = 6
"""So many commands have a colour of their own; the others are summed up."""

_NO_COMMANDS: Final = "No command has taken time in this range."
_QUANTILES: Final = ((0.99, "p99"), (0.5, "p50"))
_REPLICAS: Final = ("slave", "replica")


@dataclass(frozen=True, slots=True)
class Line:
    """One expression; with `by` it has a line for each value of these labels, else one of this `name`.

    `is_limit`: what the others must not reach. `alike` are expressions of the same, or of the sum of all.
    """

    expression: str
    name: str = ""
    by: Sequence[str] = ()
    is_limit: bool = False
    alike: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart. `topic` is its name in addresses, `sampler` the one that its data come from.

    `words`: an alert is about it whose expression has one of them. `empty` says why there may be nothing to
    draw. `is_coarse`: each point costs much, so that there are half as many. `is_share`: near 100 % its axis
    begins at 90 %.
    """

    topic: str
    title: str
    unit: Unit
    lines: Sequence[Line]
    words: Sequence[str] = ()
    kind: Kind = Kind.LINES
    hint: str = ""
    sampler: str = "info"
    empty: str = ""
    is_wide: bool = False
    is_coarse: bool = False
    is_share: bool = False


def panels_of(
    expressions: Expressions,
    by_command: Expressions,
    role: str,
    commands: Sequence[str],
    *,
    has_histograms: bool,
) -> Sequence[Panel]:
    """Return the charts of a server; `commands` are those whose latency is told.

    `by_command` writes expressions about what is asked more rarely than the rest. Without histograms of the
    latency of commands there is its mean in place of its median.
    """
    p99, p50 = (_by_command(by_command, *quantile, commands) for quantile in _QUANTILES)
    return [
        *_resources(expressions),
        _felt(expressions),
        p99,
        p50 if has_histograms else _mean(expressions, commands),
        *_traffic(expressions),
        _replicas_primary(expressions) if role in _REPLICAS else _replicas(expressions),
        Panel(
            "persistence",
            "Changes since the last save",
            Unit.COUNT,
            [Line(expressions.gauge("redis_rdb_changes_since_last_save"), "changes")],
            ("redis_rdb_", "redis_aof_", "redis:unsaved_changes"),
            Kind.AREA,
            is_wide=True,
        ),
    ]


def busiest(expressions: Expressions, window: str, most: int) -> str:
    """The expression for the commands that took most of the server's time."""
    metric = expressions.gauge("redis_commands_duration_seconds_total")
    return f"topk({most}, rate({metric}[{window}]))"


def _resources(expressions: Expressions) -> Sequence[Panel]:
    gauge, rate = expressions.gauge, expressions.rate
    return [
        Panel(
            "memory",
            "Memory",
            Unit.BYTES,
            [
                Line(gauge("redis_memory_used_bytes"), "used"),
                Line(gauge("redis_memory_used_rss_bytes"), "resident (RSS)"),
                Line(gauge("redis_memory_max_bytes"), "limit", is_limit=True),
            ],
            ("redis_memory_", "redis:memory_used", "redis_mem_"),
            Kind.AREA,
            is_wide=True,
        ),
        Panel(
            "commands",
            "Commands by name",
            Unit.PER_SECOND,
            [
                Line(
                    rate("redis_commands_total"),
                    by=("cmd",),
                    alike=["rate(redis_commands_processed_total[5m])"],
                )
            ],
            ("redis:commands:rate", "redis_commands_processed"),
            Kind.STACKED,
            is_wide=True,
        ),
        Panel(
            "hits",
            "Hit rate",
            Unit.RATIO,
            [Line(expressions.hit_ratio, "hit rate")],
            ("redis:keyspace_hits", "redis_keyspace_hits"),
            empty="No keys were looked up.",
            is_share=True,
        ),
    ]


def _felt(expressions: Expressions) -> Panel:
    felt = "redis_ping_duration_seconds"
    return Panel(
        "latency",
        "Latency as felt",
        Unit.SECONDS,
        [Line(expressions.quantile(0.5, felt), "p50"), Line(expressions.quantile(0.99, felt), "p99")],
        ("ping_duration_seconds",),
        Kind.LOGARITHMIC,
        "of a PING, log scale",
        "latency",
    )


def _by_command(expressions: Expressions, quantile: float, name: str, commands: Sequence[str]) -> Panel:
    wanted = "|".join(map(re.escape, commands))
    histogram = expressions.quantile(quantile, "redis_commands_latencies_usec", cmd=wanted)
    return Panel(
        f"latency-{name}",
        f"Latency by command, {name}",
        Unit.SECONDS,
        [Line(f"{histogram} / 1e6", by=("cmd",))] if commands else [],
        ("redis_commands_latencies", "redis:command_duration") if name == "p99" else (),
        Kind.LOGARITHMIC,
        "the busiest, log scale",
        "command_latency",
        empty=_NO_COMMANDS,
        is_coarse=True,
    )


def _mean(expressions: Expressions, commands: Sequence[str]) -> Panel:
    wanted = "|".join(map(re.escape, commands))
    taken = expressions.rate("redis_commands_duration_seconds_total", cmd=wanted)
    calls = expressions.rate("redis_commands_total", cmd=wanted)
    return Panel(
        "latency-mean",
        "Latency by command, mean",
        Unit.SECONDS,
        [Line(f"{taken} / ({calls} > 0)", by=("cmd",))] if commands else [],
        ("redis:command_duration",),
        Kind.LOGARITHMIC,
        "the busiest, log scale",
        empty=_NO_COMMANDS,
    )


def _traffic(expressions: Expressions) -> Sequence[Panel]:
    gauge, rate = expressions.gauge, expressions.rate
    return [
        Panel(
            "clients",
            "Clients",
            Unit.COUNT,
            [
                Line(gauge("redis_connected_clients"), "connected"),
                Line(gauge("redis_blocked_clients"), "blocked"),
            ],
            ("redis:clients_used", "redis_connected_clients", "redis_blocked_clients"),
        ),
        Panel(
            "network",
            "Network",
            Unit.BYTES_PER_SECOND,
            [
                Line(rate("redis_net_output_bytes_total"), "out"),
                Line(rate("redis_net_input_bytes_total"), "in"),
            ],
            ("redis_net_",),
        ),
        Panel(
            "cpu",
            "CPU",
            Unit.RATIO,
            [
                Line(expressions.all_threads, "whole process"),
                Line(expressions.main_thread, "main thread"),
            ],
            ("redis:cpu_main_thread", "redis_cpu_"),
            hint="of one core",
        ),
        Panel(
            "expiry",
            "Keys that go",
            Unit.PER_SECOND,
            [
                Line(rate("redis_expired_keys_total"), "expired"),
                Line(rate("redis_evicted_keys_total"), "evicted"),
            ],
            ("redis_evicted_keys", "redis_expired_"),
        ),
    ]


def _replicas(expressions: Expressions) -> Panel:
    lag = expressions.gauge("redis_connected_slave_lag_seconds")
    return Panel(
        "replication",
        "Replicas behind",
        Unit.SECONDS,
        [Line(f"max by (slave_ip, slave_port) ({lag})", by=("slave_ip", "slave_port"))],
        ("redis_connected_slave", "redis:replica"),
        empty="No replica was connected.",
    )


def _replicas_primary(expressions: Expressions) -> Panel:
    return Panel(
        "replication",
        "Primary last heard",
        Unit.SECONDS,
        [Line(f"max({expressions.gauge('redis_master_last_io_seconds_ago')} >= 0)", "ago")],
        ("redis_master_", "redis:primary_down", "redis:replica"),
        empty="The link to its primary was down.",
    )
