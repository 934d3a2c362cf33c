"""The tiles: eight figures of one moment, each with what it is measured by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from markupsafe import Markup

from exporter.charts import Point, sparkline
from exporter.charts.time_range import TimeRange
from exporter.model.visible import shorten
from exporter.sampling.server_info import ServerInfo
from exporter.web.pages.moments import moment_text, span_text
from exporter.web.pages.page_queries import Found
from exporter.web.pages.server.expressions import Expressions
from exporter.web.pages.server.figures import (
    UNKNOWN,
    bytes_figure,
    count_figure,
    percent_figure,
    time_figure,
)

Values = Mapping[str, float | None]

SENTINEL: Final = "sentinel"
SENTINEL_TOPICS: Final = frozenset({"primaries", "commands", "latency", "clients", "network", "cpu"})
"""What there is to say of a Sentinel, in tiles and charts."""

_TOPICS: Final = frozenset({"memory", "commands", "hits", "latency", "clients", "cpu", "replication", "keys"})
_LONGEST_NOTE: Final = 60
_SPARK_POINTS: Final = 24
_EVICTS_NOTHING: Final = ("", "noeviction")
_HALF: Final = 0.5
_YOUNG_SECONDS: Final = 1_800
_FORECAST_SECONDS: Final = 4 * 3_600
_REPLICAS: Final = ("slave", "replica")


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure: `value` and `unit` apart, `note` is what it is measured by.

    `topic` names the chart that shows how it was; `expression` is what it is. `tone` is that of the worst
    alert about it, empty for none.
    """

    topic: str
    title: str
    value: str
    unit: str
    note: str
    expression: str
    tone: str = ""
    sparkline: str = ""


def tile_expressions(expressions: Expressions) -> Mapping[str, str]:
    """What is to be asked for `read_tiles`, by name."""
    gauge, rate = expressions.gauge, expressions.rate
    return {
        "used": gauge("redis_memory_used_bytes"),
        "limit": gauge("redis_memory_max_bytes"),
        "not_counted": gauge("redis_mem_not_counted_for_eviction_bytes"),
        "growth": f"deriv({gauge('redis_memory_used_bytes')}[1h])",
        "commands": rate("redis_commands_processed_total"),
        "hits": expressions.hit_ratio,
        "lookups": expressions.lookups,
        "p99": expressions.quantile(0.99, "redis_ping_duration_seconds"),
        "p50": expressions.quantile(0.5, "redis_ping_duration_seconds"),
        "clients": gauge("redis_connected_clients"),
        "most_clients": gauge("redis_max_clients"),
        "blocked": gauge("redis_blocked_clients"),
        "cpu": expressions.main_thread,
        "replicas": gauge("redis_connected_slaves"),
        "lag": f"max({gauge('redis_connected_slave_lag_seconds')})",
        "link": gauge("redis_master_link_up"),
        "heard": gauge("redis_master_last_io_seconds_ago"),
        "keys": f"sum({gauge('redis_db_keys')})",
        "expiring": f"sum({gauge('redis_db_keys_expiring')})",
        "primaries": gauge("redis_sentinel_master_status"),
    }


def read_tiles(
    asked: Mapping[str, str],
    found: Sequence[Found],
    server: ServerInfo,
    tones: Mapping[str, str],
    now: float | None,
) -> Sequence[Tile]:
    """Return the tiles; `tones` are those of the worst alert by topic.

    `now` is in epoch seconds; None where the figures are of another time.
    """
    results = dict(zip(asked, found, strict=True))
    values = {name: one.value for name, one in results.items()}
    role = server.role
    full = None if now is None else full_at(values, server, now)
    tiles = (
        ("memory", "Memory", *_memory(values, full, now or 0.0), asked["used"]),
        ("commands", "Commands", *_known(count_figure(values["commands"]), "/s"), asked["commands"]),
        ("hits", "Hit rate", *_hits(values), asked["hits"]),
        ("latency", "Latency p99", *_latency(values), asked["p99"]),
        ("clients", "Clients", *_clients(values), asked["clients"]),
        ("cpu", "CPU", *_known(*_split(percent_figure(values["cpu"])), "of one core"), asked["cpu"]),
        ("replication", *_replication(values, role), asked["link" if role in _REPLICAS else "replicas"]),
        ("keys", "Keys", *_keys(values), asked["keys"]),
        ("primaries", "Primaries", *_primaries(results["primaries"]), asked["primaries"]),
    )
    wanted = SENTINEL_TOPICS if server.mode == SENTINEL else _TOPICS
    return [
        Tile(topic, title, value, unit, note, expression, tones.get(topic, ""))
        for topic, title, value, unit, note, expression in tiles
        if topic in wanted
    ]


def as_before(tiles: Sequence[Tile]) -> Sequence[Tile]:
    """Return tiles of a server that is down now, made of what it stood at before."""
    return [
        replace(tile, value=UNKNOWN, unit="", note=f"{tile.value}{tile.unit and ' '}{tile.unit} before")
        if tile.value != UNKNOWN
        else tile
        for tile in tiles
    ]


def full_at(values: Values, server: ServerInfo, now: float) -> float | None:
    """When the memory will be full if it grows as in the last hour (epoch seconds), within four hours.

    None for a server that makes room by evicting keys, for a replica, and as in rules/memory.yml for what
    is not half full or has only just been started.
    """
    ratio, growth, limit, used = memory_ratio(values), values["growth"], values["limit"], values["used"]
    is_young = now - server.started_at < _YOUNG_SECONDS
    if server.role in _REPLICAS or server.maxmemory_policy not in _EVICTS_NOTHING or is_young:
        return None
    if (
        ratio is None
        or limit is None
        or used is None
        or growth is None
        or not _HALF < ratio < 1
        or growth <= 0
    ):
        return None
    seconds = (limit - used) / growth
    return now + seconds if seconds < _FORECAST_SECONDS else None


def memory_ratio(values: Values) -> float | None:
    """How full the memory is, as the server reckons (see rules/memory.yml); None without a limit."""
    used, limit = values["used"], values["limit"]
    return None if used is None or not limit else (used - (values["not_counted"] or 0.0)) / limit


def _memory(values: Values, full: float | None, now: float) -> tuple[str, str, str]:
    ratio = memory_ratio(values)
    if ratio is not None:
        forecast = "" if full is None else f", full about {moment_text(full, now)}"
        return *_split(percent_figure(ratio)), f"of {bytes_figure(values['limit'])}{forecast}"
    note = "no limit (maxmemory 0)" if values["limit"] == 0 else ""
    return *_split(bytes_figure(values["used"])), note


def _hits(values: Values) -> tuple[str, str, str]:
    lookups = values["lookups"]
    note = (
        "no keys are looked up"
        if lookups == 0
        else f"of {count_figure(lookups)} look-ups/s"
        if lookups
        else ""
    )
    return *_split(percent_figure(values["hits"])), note


def _latency(values: Values) -> tuple[str, str, str]:
    p99, p50 = values["p99"], values["p50"]
    value = UNKNOWN if p99 is None or p99 != p99 else time_figure(p99)
    return *_split(value), "" if p50 is None or p50 != p50 else f"of a PING, median {time_figure(p50)}"


def _clients(values: Values) -> tuple[str, str, str]:
    limit, blocked = values["most_clients"], values["blocked"]
    parts = [
        f"of {count_figure(limit)}" if limit else "",
        f"{count_figure(blocked)} blocked" if blocked else "",
    ]
    return count_figure(values["clients"]), "", ", ".join(part for part in parts if part)


def _replication(values: Values, role: str) -> tuple[str, str, str, str]:
    if role in _REPLICAS:
        link, heard = values["link"], values["heard"]
        value = UNKNOWN if link is None else "up" if link else "down"
        note = "" if heard is None or heard < 0 else f"heard {span_text(heard)} ago"
        return "Link to primary", value, "", note
    lag = values["lag"]
    note = "" if lag is None else f"the slowest {span_text(lag)} behind"
    return "Replicas", count_figure(values["replicas"]), "", note


def _keys(values: Values) -> tuple[str, str, str]:
    keys, expiring = values["keys"], values["expiring"]
    if keys is None:
        return UNKNOWN, "", ""
    left = keys - (expiring or 0.0)
    return *_split(count_figure(keys)), f"{count_figure(left)} without TTL" if keys else "empty"


def _known(value: str, unit: str, note: str = "") -> tuple[str, str, str]:
    """A figure; without unit and note where it is not known."""
    return (value, unit, note) if value != UNKNOWN else (value, "", "")


def _primaries(found: Found) -> tuple[str, str, str]:
    """How many a Sentinel watches, and those of them that are well or not."""
    told = [f"{one.labels.get('master_name')} {one.labels.get('master_status')}" for one in found.series]
    return count_figure(len(told)), "", shorten(", ".join(told), _LONGEST_NOTE)


def _split(figure: str) -> tuple[str, str]:
    """The number and its unit."""
    number, _, unit = figure.partition("\N{NO-BREAK SPACE}")
    return number, unit


def with_sparklines(
    tiles: Sequence[Tile], lines: Mapping[str, Sequence[Point]], span: TimeRange
) -> Sequence[Tile]:
    """Return them with how it went in the range, from the first line of the chart of the same topic."""
    return [
        replace(tile, sparkline=Markup(sparkline(_thinned(lines.get(tile.topic, ()), span), tile.tone)))
        for tile in tiles
    ]


def _thinned(points: Sequence[Point], span: TimeRange) -> Sequence[float | None]:
    """So many values at even distances; None where there is none nearby."""
    values: list[float | None] = [None] * _SPARK_POINTS
    for at_ms, value in points:
        values[min(_SPARK_POINTS - 1, (at_ms - span.start_ms) * _SPARK_POINTS // span.span_ms)] = value
    return values if points else ()
