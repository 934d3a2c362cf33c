"""The row at the top: is it well?"""

from tools.dashboards.fleet import UP_OR_DOWN, versions
from tools.dashboards.panels import About, PanelBuilder, Query, number
from tools.dashboards.selectors import (
    alerts,
    best,
    clients_ratio,
    hit_ratio,
    memory_ratio,
    of,
)
from tools.dashboards.thresholds import above, below

_DOWN = "The server does not answer"
_WIDTH = 3
_SETTLED_SECONDS = 1800
FORECAST_WINDOW = "1h"
"""How far back a forecast looks."""


def panels() -> list[PanelBuilder]:
    """All of the row."""
    return [_state(), _version(), _uptime(), _memory(), _full_in(), _hit_rate(), _clients(), _alerts()]


def _state() -> PanelBuilder:
    text = "Whether it answers. Otherwise: see its log, and the runbook of RedisDown."
    about = About("State", "short", text, "Not watched: choose an instance above")
    return number(about, Query(best(of("redis_up"))), width=_WIDTH, limits=below(1, 1), mappings=[UP_OR_DOWN])


def _version() -> PanelBuilder:
    text = "Role and version. A role that has changed is a failover: see the blue marks on the graphs."
    about = About("Role and version", "short", text, _DOWN)
    return number(about, Query(versions(), "{{instance}} {{role}} {{version}}"), width=_WIDTH, by_name=True)


def _uptime() -> PanelBuilder:
    text = "Time since its start. Orange for an hour after a restart: was it on purpose?"
    about = About("Uptime", "s", text, _DOWN)
    return number(
        about, Query(best(of("redis_uptime_in_seconds"))), width=_WIDTH, limits=below(3600, 0), decimals=1
    )


def _memory() -> PanelBuilder:
    text = (
        "Memory used in parts of maxmemory. Normal: below 85 %; a cache with an eviction policy may be full. "
        "Otherwise: the dashboard Keyspace shows what takes it."
    )
    about = About("Memory share", "percentunit", text, "maxmemory is not set")
    return number(about, Query(memory_ratio()), width=_WIDTH, limits=above(0.85, 0.98), decimals=1)


def _full_in() -> PanelBuilder:
    text = (
        "When maxmemory is reached if memory goes on as in the last hour. Normal: not within a day. "
        "Otherwise: raise maxmemory, or find what grows in the dashboard Keyspace."
    )
    about = About("Full in", "s", text, "Not growing, no maxmemory, or just started")
    return number(about, Query(full_in_seconds()), width=_WIDTH, limits=below(86_400, 14_400), decimals=1)


def full_in_seconds() -> str:
    """Time until maxmemory, at the pace of the last hour; nothing where memory does not grow."""
    used, limit = of("redis_memory_used_bytes"), of("redis_memory_max_bytes")
    pace = best(f"deriv({used}[{FORECAST_WINDOW}])")
    return f"clamp_min(({best(limit)} > 0) - {best(used)}, 0) / ({pace} > 0) {settled()}"


def settled() -> str:
    """Only for servers that have run for a while: what fills up after a start says nothing of later."""
    return f"and on (instance) {best(of('redis_uptime_in_seconds'))} > {_SETTLED_SECONDS}"


def _hit_rate() -> PanelBuilder:
    text = (
        "Look-ups that find their key. Normal on a cache: above 70 %. Otherwise: evictions, or TTLs too "
        "short."
    )
    about = About("Hit rate", "percentunit", text, "Nobody looks up anything")
    return number(about, Query(hit_ratio()), width=_WIDTH, limits=below(0.7, 0.5), decimals=1)


def _clients() -> PanelBuilder:
    text = "Connections in parts of maxclients. Normal: below 80 %; at 100 % new ones are refused."
    about = About("Clients share", "percentunit", text, _DOWN)
    return number(about, Query(clients_ratio()), width=_WIDTH, limits=above(0.8, 0.95), decimals=1)


def _alerts() -> PanelBuilder:
    firing = best(alerts("firing"), "alertname", "severity")
    text = (
        "Alerts that fire for it, where the rules run. Otherwise: the dashboard Alerts, and their runbooks."
    )
    about = About("Firing alerts", "short", text, "No alert fires")
    query = f"count by (instance) ({firing}) or 0 * {best(of('redis_up'))}"
    return number(about, Query(query), width=_WIDTH, limits=above(red=1))
