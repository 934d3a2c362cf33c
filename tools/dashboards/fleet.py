"""Every server a row; a click leads to it."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.builders.table import Panel as Table
from grafana_foundation_sdk.models.dashboard import ValueMap, ValueMappingResult

from tools.dashboards.columns import Column, Key, rows_by
from tools.dashboards.frame import Group, assemble, url_of
from tools.dashboards.panels import About, PanelBuilder, Query, graph, number
from tools.dashboards.selectors import (
    alerts,
    best,
    clients_ratio,
    hit_ratio,
    memory_ratio,
    of,
    or_zero,
    rate_of,
    replication_lag,
)
from tools.dashboards.thresholds import PLAIN, above, below

_NO_SERVERS = "No server is watched: see targets and discovery in config.yml"
UP_OR_DOWN = ValueMap(
    options={
        "0": ValueMappingResult(text="down", color="red", index=0),
        "1": ValueMappingResult(text="up", color="green", index=1),
    }
)


def fleet() -> Dashboard:
    """The dashboard."""
    return assemble(
        "fleet",
        "Fleet",
        "Every server at a glance: where is the problem?",
        [
            Group(
                "Now",
                [
                    _servers_up(),
                    _servers_down(),
                    _firing_alerts(),
                    _operations(),
                    _memory(),
                    _clients(),
                ],
            ),
            Group("Servers", [_servers()]),
            Group("Over time", [_memory_shares(), _operations_by_server(), _hit_rates(), _lags()]),
        ],
    )


def _servers_up() -> PanelBuilder:
    text = "Servers that answer. Normal: as many as you run."
    about = About("Servers up", "short", text, _NO_SERVERS)
    return number(about, Query(f"sum({best(of('redis_up'))})", "up"), limits=below(1, 1))


def _servers_down() -> PanelBuilder:
    text = "Servers that do not answer. Normal: 0. Otherwise: see the table below for which, and its runbook."
    about = About("Servers down", "short", text, _NO_SERVERS)
    down = or_zero(f"count({best(of('redis_up'))} == 0)")
    return number(about, Query(down, "down"), limits=above(red=1))


def _firing_alerts() -> PanelBuilder:
    text = "Alerts that fire now, where the rules run. Normal: 0. Otherwise: open the dashboard Alerts."
    about = About("Firing alerts", "short", text, "No alert fires")
    firing = or_zero(f"count({best(alerts('firing'), 'alertname', 'severity')})")
    return number(about, Query(firing, "firing"), limits=above(red=1))


def _operations() -> PanelBuilder:
    text = "Commands per second over all servers. Normal: what your traffic usually is; a sudden zero is not."
    about = About("Commands", "ops", text, _NO_SERVERS)
    return number(about, Query(f"sum({best(rate_of('redis_commands_processed_total'))})", "commands"))


def _memory() -> PanelBuilder:
    text = "Memory that all servers use for data and buffers. Normal: grows slowly if at all."
    about = About("Memory used", "bytes", text, _NO_SERVERS)
    return number(about, Query(f"sum({best(of('redis_memory_used_bytes'))})", "used"))


def _clients() -> PanelBuilder:
    text = "Connections to all servers. Normal: steady; a steady rise is a connection leak."
    about = About("Clients", "short", text, _NO_SERVERS)
    return number(about, Query(f"sum({best(of('redis_connected_clients'))})", "clients"))


def _servers() -> Table:
    text = (
        "One row per server; click its name to see it closely. Normal: up, memory share below 85 %, hit "
        "rate as usual, lag at most a second, no alert. A dash means that the server has no such value: "
        "no maxmemory, no look-ups, no replica."
    )
    keys = [
        Key("instance", "Instance", url_of("instance", instance="${__value.raw}")),
        Key("role", "Role"),
        Key("version", "Version"),
    ]
    about = About("Servers", "short", text, "–")
    return rows_by(about, keys, _columns(), sort="Firing alerts", height=9)


def _columns() -> list[Column]:
    firing = f"count by (instance) ({best(alerts('firing'), 'alertname', 'severity')})"
    return [
        Column("State", best(of("redis_up")), "short", below(1, 1), (UP_OR_DOWN,)),
        # For its labels, role and version.
        Column("", versions(), "short"),
        Column("Memory share", memory_ratio(), "percentunit", above(0.85, 0.98)),
        Column("Memory used", best(of("redis_memory_used_bytes")), "bytes"),
        Column("Commands", best(rate_of("redis_commands_processed_total")), "ops"),
        Column("Hit rate", hit_ratio(), "percentunit", below(0.7, 0.5)),
        Column("Clients", best(of("redis_connected_clients")), "short"),
        Column("Clients share", clients_ratio(), "percentunit", above(0.8, 0.95)),
        Column("Lag", replication_lag(), "s", above(1, 10)),
        Column("Uptime", best(of("redis_uptime_in_seconds")), "s"),
        Column("Firing alerts", f"{firing} or 0 * {best(of('redis_up'))}", "short", above(red=1)),
    ]


def versions() -> str:
    """1 per server, role and version; Valkey says which Redis it is compatible with, and its own version."""
    info = of("redis_instance_info")
    plain = f'label_replace({info}, "version", "$1", "redis_version", "(.+)")'
    valkey = f'label_replace({plain}, "version", "Valkey $1", "valkey_version", "(.+)")'
    return best(valkey, "role", "version")


def _memory_shares() -> PanelBuilder:
    text = (
        "Memory used in parts of maxmemory. Normal: below 85 %, or at 100 % on a cache with an eviction "
        "policy. Otherwise: open the dashboard Keyspace to see what grows."
    )
    about = About("Memory share", "percentunit", text, "No server has maxmemory set")
    return graph(about, Query(memory_ratio()), limits=above(0.85, 0.98))


def _operations_by_server() -> PanelBuilder:
    text = "Commands per second by server. Normal: follows the day. A sudden drop: look at the clients first."
    about = About("Commands", "ops", text, _NO_SERVERS)
    return graph(about, Query(best(rate_of("redis_commands_processed_total"))), limits=PLAIN)


def _hit_rates() -> PanelBuilder:
    text = (
        "Look-ups that find their key, without those of the daemon. Normal on a cache: above 70 %, and "
        "steady. Otherwise: evictions, TTLs that are too short, or key names that a deployment has "
        "changed."
    )
    about = About("Hit rate", "percentunit", text, "Nobody looks up anything")
    return graph(about, Query(hit_ratio()))


def _lags() -> PanelBuilder:
    text = (
        "Of a primary: how far its worst replica is behind. Of a replica: since when it has not heard its "
        "primary. Normal: a second. Otherwise: network, a slow replica, or a full resynchronization."
    )
    about = About("Replication lag", "s", text, "No server replicates")
    return graph(about, Query(replication_lag()), limits=above(1, 10))
