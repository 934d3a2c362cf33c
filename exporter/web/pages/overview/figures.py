"""The figures of one server, now and over the last hour, out of the rows of the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from exporter.samplers.runner import TargetRunner
from exporter.store import Store
from exporter.store.columns import Columns
from exporter.store.series_group import SeriesGroup

POINTS: Final = 24
FEW_POINTS: Final = 12
"""For pages of many rows."""
HOUR_MS: Final = 3_600_000
LOOKBACK_MS: Final = 300_000

_LATELY_MS: Final = 60_000
_COMMANDS: Final = "redis_commands_processed_total"
# Look-ups, and those of them that are our own samplers'.
_HITS: Final = ("redis_keyspace_hits_total", "redis_vigil_own_keyspace_hits_total")
_MISSES: Final = ("redis_keyspace_misses_total", "redis_vigil_own_keyspace_misses_total")
_CLIENTS: Final = "redis_connected_clients"
_MEMORY: Final = "redis_memory_used_bytes"
_PING: Final = "redis_exporter_last_scrape_ping_time_seconds"
_LINK_DOWN: Final = "redis_master_link_down_since_seconds"
_HEARD: Final = "redis_master_last_io_seconds_ago"
_ACKNOWLEDGED: Final = "redis_connected_slave_lag_seconds"

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Where a primary tells how long ago a replica has acknowledged: source and labels of the series."""

    source: str
    slave_ip: str
    slave_port: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What a server stands at; None: not known, or does not apply.

    `memory` and `limit` in bytes, commands per second over a minute, `hit_rate` over five, `latency` the
    slowest PING of five minutes in seconds, `lag` in seconds.
    """

    memory: float | None = None
    limit: float | None = None
    commands: float | None = None
    hit_rate: float | None = None
    latency: float | None = None
    clients: float | None = None
    lag: float | None = None

    @property
    def share(self) -> float | None:
        """The part of the limit that is used; None without a limit."""
        return self.memory / self.limit if self.memory is not None and self.limit else None


@dataclass(frozen=True, slots=True)
class Trends:
    """The last hour of each figure: as many values each, None for a gap."""

    memory: Values = ()
    commands: Values = ()
    hit_rate: Values = ()
    latency: Values = ()
    clients: Values = ()
    lag: Values = ()


class FigureReader:
    """Reads them as of one moment (epoch milliseconds), without a query."""

    def __init__(self, store: Store, now_ms: int) -> None:
        self._store = store
        self._now_ms = now_ms

    def read(self, runner: TargetRunner, acknowledged: Acknowledgement | None = None) -> Figures:
        """Return what a server stands at."""
        server = runner.facts.server
        if runner.status.up is not True:
            return Figures()
        group = self._group(runner, runner.health_sampler)
        if group is None:
            return Figures()
        first, last = group.times[0], group.last_time
        before = group.times[-2] if len(group.times) > 1 else last
        lately = max(first, min(before, last - _LATELY_MS))
        moments = [min(lately, max(first, last - LOOKBACK_MS)), lately, last]
        columns = Columns(group, moments, LOOKBACK_MS)
        lookups = Columns(group, [moments[0], last], LOOKBACK_MS)
        return Figures(
            memory=server.used_memory or None,
            limit=server.maxmemory or None,
            commands=_rates(columns.values(_COMMANDS), columns.times_ms)[-1],
            hit_rate=_hit_rates(lookups, (last - moments[0]) / 1000)[-1],
            latency=self._slowest(runner),
            clients=group.newest(_CLIENTS),
            lag=_last(self._lags(group, [last], acknowledged)),
        )

    def trends(
        self, runner: TargetRunner, acknowledged: Acknowledgement | None = None, points: int = POINTS
    ) -> Trends:
        """Return how they were in the last hour, at so many points."""
        step = HOUR_MS // points
        moments = [self._now_ms - HOUR_MS + step * number for number in range(points + 1)]
        group = self._store.group(f"{runner.target.instance}/{runner.health_sampler}")
        if group is None or not group.times:
            return Trends()
        columns = Columns(group, moments, LOOKBACK_MS)
        latency = self._store.group(f"{runner.target.instance}/latency")
        pings = Columns(latency, moments, LOOKBACK_MS).peaks(_PING) if latency and latency.times else ()
        return Trends(
            memory=columns.values(_MEMORY)[1:],
            commands=_rates(columns.values(_COMMANDS), columns.times_ms),
            hit_rate=_hit_rates(columns, step / 1000),
            latency=pings[1:],
            clients=columns.values(_CLIENTS)[1:],
            lag=self._lags(group, moments, acknowledged)[1:],
        )

    def _group(self, runner: TargetRunner, sampler: str) -> SeriesGroup | None:
        group = self._store.group(f"{runner.target.instance}/{sampler}")
        return None if group is None or group.last_time <= self._now_ms - LOOKBACK_MS else group

    def _slowest(self, runner: TargetRunner) -> float | None:
        group = self._group(runner, "latency")
        if group is None:
            return None
        moments = [max(group.times[0], group.last_time - LOOKBACK_MS), group.last_time]
        return Columns(group, moments, LOOKBACK_MS).peaks(_PING)[-1]

    def _lags(self, group: SeriesGroup, moments: Sequence[int], told: Acknowledgement | None) -> Values:
        """How far a replica was behind: without its primary, as that tells, else since it heard of it."""
        columns = Columns(group, moments, LOOKBACK_MS)
        primary = None if told is None else self._store.group(told.source)
        if told is None or primary is None or not primary.times:
            behind = columns.values(_HEARD)
        else:
            of_primary = Columns(primary, moments, LOOKBACK_MS)
            behind = of_primary.values(_ACKNOWLEDGED, slave_ip=told.slave_ip, slave_port=told.slave_port)
        return [
            value if down is None else down
            for down, value in zip(columns.values(_LINK_DOWN), behind, strict=True)
        ]


def _rates(values: Values, times_ms: Sequence[int | None]) -> Values:
    """The increase per second between two readings."""
    found: list[float | None] = []
    for increase, (since, at) in zip(_increases(values), pairwise(times_ms), strict=True):
        if increase is None or since is None or at is None or at <= since:
            found.append(None)
        else:
            found.append(increase * 1000 / (at - since))
    return found


def _hit_rates(columns: Columns, least: float) -> Values:
    """The part of look-ups that found a key, between two readings; None where there were hardly any.

    `least` are so many.
    """
    hits, misses = (_increases_of_others(columns, *names) for names in (_HITS, _MISSES))
    found: list[float | None] = []
    for hit, missed in zip(hits, misses, strict=True):
        is_known = hit is not None and missed is not None and hit + missed > least
        found.append(hit / (hit + missed) if is_known else None)  # type: ignore[operator]
    return found


def _increases_of_others(columns: Columns, name: str, own_name: str) -> Values:
    """The increases without what we have counted ourselves."""
    own = _increases(columns.values(own_name))
    return [
        None if increase is None else max(0.0, increase - (mine or 0.0))
        for increase, mine in zip(_increases(columns.values(name)), own, strict=True)
    ]


def _increases(values: Values) -> Values:
    """How much a counter has grown; one that began anew has grown by what it stands at."""
    return [
        None if before is None or value is None else value if value < before else value - before
        for before, value in pairwise(values)
    ]


def _last(values: Values) -> float | None:
    return values[-1] if values else None
