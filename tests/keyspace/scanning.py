"""Scans of real servers, with a hand in between their steps."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import redis

from exporter.clock import SystemClock
from exporter.config.samplers.keyspace import KeyspaceSection
from exporter.connection import Connection
from exporter.keyspace.history import History
from exporter.keyspace.report import PassReport
from exporter.keyspace.scan import Scan
from exporter.model.secret import Secret
from exporter.model.target import Address, Credentials, Target
from exporter.sampling.keyspace_stats import KeyspaceStats
from tests.servers import RealServer

Deed = Callable[[Scan], object]


@dataclass
class Scanned:
    """What a scan has left."""

    history: History
    lookups: KeyspaceStats
    scan: Scan

    @property
    def report(self) -> PassReport:
        return self.history.report

    @property
    def keys(self) -> dict[str, int]:
        """The number of keys by pattern."""
        return {pattern.pattern: pattern.keys for pattern in self.report.patterns}

    @property
    def memory(self) -> dict[str, int | None]:
        """Memory by pattern."""
        return {pattern.pattern: pattern.memory_bytes for pattern in self.report.patterns}


@dataclass
class Setting:
    """How a scan is made: `deeds` are done instead of the pause after that many steps."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    history: History | None = None
    saved: bytes | None = None
    deeds: Mapping[int, Deed] = field(default_factory=dict)
    patience_seconds: float | None = 10.0
    seed: int = 1
    username: str = ""


def target_of(server: RealServer, username: str = "") -> Target:
    credentials = Credentials(username, Secret("secret")) if username else Credentials()
    return Target(server.instance, Address("127.0.0.1", server.port), credentials)


def scan(server: RealServer, setting: Setting | None = None, **settings: Any) -> Scanned:
    """One pass, at full speed between the deeds."""
    setting = setting or Setting()
    return asyncio.run(_scan(server, setting, {**setting.settings, **settings}))


async def _scan(server: RealServer, setting: Setting, settings: Mapping[str, Any]) -> Scanned:
    lookups = KeyspaceStats()
    connection = Connection(target_of(server, setting.username), name="redis-vigil-keyspace")
    steps = 0
    # A budget of the whole server makes a step of every 200 keys, and a pause after each.
    section = KeyspaceSection.model_validate({"budget": "99%", "sample": "all", "run_on": "any", **settings})

    async def pause(seconds: float) -> None:
        nonlocal steps
        steps += 1
        deed = setting.deeds.get(steps)
        if deed is not None:
            result = deed(one)
            if isinstance(result, Awaitable):
                await result

    one = Scan(
        connection,
        section,
        clock=SystemClock(),
        lookups=lookups,
        history=setting.history,
        patience_seconds=setting.patience_seconds,
        sleep=pause,
        seed=setting.seed,
    )
    try:
        return Scanned(await one.run(setting.saved), lookups, one)
    finally:
        await connection.close()


def client(server: RealServer) -> "redis.Redis":
    """A client that takes and returns bytes."""
    return redis.Redis(port=server.port, protocol=2, socket_timeout=10)


def statistics(server: RealServer) -> tuple[int, int]:
    """The server's hits and misses."""
    fields = server.client.info("stats")
    return fields["keyspace_hits"], fields["keyspace_misses"]
