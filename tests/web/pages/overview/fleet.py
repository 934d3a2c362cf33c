"""Servers for the overview: what a runner knows of each, and an hour of samples in a store."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, cast

from exporter.clock import SystemClock
from exporter.errors import Reason
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.model.target import Address, Target
from exporter.samplers.runner import TargetRunner
from exporter.samplers.status import SamplerStatus, TargetStatus
from exporter.sampling.facts import TargetFacts
from exporter.sampling.server_info import ServerInfo
from exporter.sampling.unavailable import Unavailable
from exporter.store import Store

NAMES = (
    "redis_memory_used_bytes",
    "redis_commands_processed_total",
    "redis_keyspace_hits_total",
    "redis_keyspace_misses_total",
    "redis_connected_clients",
    "redis_master_last_io_seconds_ago",
)
FAMILIES = [Family(name, Kind.GAUGE, "…") for name in NAMES]
# As many series as a server has, most of which stand still.
OTHERS = [Family(f"redis_other_{number}", Kind.GAUGE, "…") for number in range(300)]
PING = Family("redis_exporter_last_scrape_ping_time_seconds", Kind.GAUGE, "…")
SENTINEL = Family(
    "redis_sentinel_master_status", Kind.GAUGE, "…", ("master_name", "master_address", "master_status")
)


class Runner:
    """What the pages read of a `TargetRunner`."""

    health_sampler = "info"

    def __init__(self, instance: str, port: int, labels: Mapping[str, str] | None = None) -> None:
        address = Address("10.0.0.1", port)
        self.target = Target(instance, address, labels=Labels(labels or {}))
        self.facts = TargetFacts()
        self.status = TargetStatus(self.target, "info")
        self.status.up = True
        self.status.samplers["info"] = SamplerStatus(success=True, succeeded_at=SystemClock().now())
        self.unavailable = Unavailable(instance, "vigil")


class Fleet:
    """Servers, and the store that their samples are in; `now` in epoch seconds."""

    def __init__(self, store: Store | None = None, now: float | None = None) -> None:
        self.now = SystemClock().now() if now is None else now
        self.store = store or Store(retention_ms=7_200_000)
        self._runners: list[Runner] = []

    @property
    def runners(self) -> Sequence[TargetRunner]:
        """All servers, as pages see them."""
        return cast("Sequence[TargetRunner]", self._runners)

    def add(self, instance: str, *, labels: Mapping[str, str] | None = None, **facts: Any) -> Runner:
        """A server that answers; `facts` are those of its `ServerInfo`."""
        runner = Runner(instance, 7000 + len(self._runners), labels)
        known: dict[str, Any] = {
            "engine": "redis",
            "version": (7, 0, 15),
            "role": "master",
            "run_id": f"run of {instance}",
            "used_memory": 1.5 * 2**30,
            "replication_ids": frozenset({f"id of {instance}"}),
            "started_at": self.now - 90_000,
        }
        runner.facts.provide(ServerInfo(**(known | facts)))
        self._runners.append(runner)
        return runner

    def replica(self, instance: str, primary: Runner, **facts: Any) -> Runner:
        """A replica of a primary, which knows it."""
        known = {
            "role": "slave",
            "replication_ids": primary.facts.server.replication_ids,
            "primary": primary.target.address.instance,
        }
        return self.add(instance, **(known | facts))

    def down(self, runner: Runner, reason: Reason = Reason.REFUSED) -> None:
        """The server does not answer any more."""
        info = runner.status.samplers["info"]
        runner.status.up, info.success, info.reason = reason is Reason.PERMISSION, False, reason
        info.message = f"{runner.target.address}: <b>{reason.words}</b>"

    def record(self, runner: Runner, *, rows: int = 240, step_ms: int = 15_000, seed: int = 0) -> None:
        """Samples of the last hour, as lively as those of a busy server."""
        choose = random.Random(seed)
        families = [*FAMILIES, *OTHERS]
        layout = Layout([Point(family, "", Labels({})) for family in families], runner.target.series_labels)
        pings = Layout([Point(PING, "", Labels({}))], runner.target.series_labels)
        others = [float(number) for number in range(len(OTHERS))]
        commands = hits = misses = 0.0
        end_ms = round(self.now * 1000)
        for row in range(rows):
            at_ms = end_ms - (rows - 1 - row) * step_ms
            commands += choose.randrange(900, 1_100) * step_ms / 1000
            hits += 90 * step_ms / 1000
            misses += 10 * step_ms / 1000
            for _ in range(40):
                others[choose.randrange(60)] = choose.random()
            memory = 1.5 * 2**30 + choose.randrange(2**20)
            own = [memory, commands, hits, misses, float(choose.randrange(40, 60)), 1.0]
            self.store.append(Sample(f"{runner.target.instance}/info", at_ms, layout, [*own, *others]))
            ping = choose.random() / 1000
            self.store.append(Sample(f"{runner.target.instance}/latency", at_ms, pings, [ping]))

    def watch(self, sentinel: Runner, **masters: str) -> None:
        """A Sentinel that watches primaries, by name, at addresses."""
        points = [
            Point(
                SENTINEL, "", Labels({"master_name": name, "master_address": address, "master_status": "ok"})
            )
            for name, address in masters.items()
        ]
        layout = Layout(points, sentinel.target.series_labels)
        at_ms = round(self.now * 1000)
        source = f"{sentinel.target.instance}/info"
        self.store.append(Sample(source, at_ms, layout, [1.0] * len(points)))
