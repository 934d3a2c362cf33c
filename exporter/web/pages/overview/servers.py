"""Every server as the overview knows it: its figures, what is wrong with it, where it belongs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from exporter.model.visible import shorten
from exporter.samplers.runner import TargetRunner
from exporter.time_slice import TimeSlice
from exporter.web.pages.overview.figures import Acknowledgement, FigureReader, Figures
from exporter.web.pages.overview.findings import Finding
from exporter.web.pages.overview.topology import REPLICA_ROLES, ServerGroup, is_replica, is_sentinel

SIGNS: Final = ("critical", "warning", "info", "quiet", "unknown", "ok")
"""How a server may be, the worst first; `quiet`: somebody wants to be left in peace."""

_DIGITS: Final = re.compile(r"([0-9]+)")
# What a server calls itself can be anything.
_LONGEST_ENGINE: Final = 40
_NAMES: Final = {"redis": "Redis", "keydb": "KeyDB", "dragonfly": "Dragonfly", "valkey": "Valkey"}
# Which column shows what the expression of a rule is about.
_COLUMNS: Final = (
    ("redis_memory", "share"),
    ("evict", "share"),
    ("keyspace_hit", "hit_rate"),
    ("ping", "latency"),
    ("command_duration", "latency"),
    ("connected_clients", "clients"),
    ("slave_lag", "lag"),
    ("master_link", "lag"),
    ("repl_offset", "lag"),
)


@dataclass(slots=True)
class Server:
    """One server; `group` is the name of the one it is in, `sign` one of `SIGNS`."""

    runner: TargetRunner
    figures: Figures
    findings: Sequence[Finding] = ()
    sign: str = "ok"
    group: str = ""
    is_child: bool = False
    acknowledged: Acknowledgement | None = None
    troubled: Mapping[str, str] = field(default_factory=dict)
    """The columns that are the trouble, with the severity of each."""

    @property
    def instance(self) -> str:
        """Its name."""
        return self.runner.target.instance

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return SIGNS.index(self.sign)

    @property
    def is_well(self) -> bool:
        """Whether nobody has to look at it."""
        return self.sign not in ("critical", "warning")

    @property
    def role(self) -> str:
        """`primary`, `replica`, `Sentinel`; empty before it was ever heard."""
        role = self.runner.facts.server.role
        if is_sentinel(self.runner):
            return "Sentinel"
        return "replica" if role in REPLICA_ROLES else "primary" if role == "master" else role

    @property
    def version(self) -> str:
        """`Redis 7.0.15`; empty before it was ever heard."""
        server = self.runner.facts.server
        engine = _NAMES.get(server.engine, shorten(server.engine.capitalize(), _LONGEST_ENGINE))
        return f"{engine} {'.'.join(map(str, server.version))}" if server.version else ""

    def uptime(self, now: float) -> float | None:
        """How long it runs, in seconds."""
        started_at = self.runner.facts.server.started_at
        return max(0.0, now - started_at) if started_at and self.runner.status.up else None


def sign_of(runner: TargetRunner, findings: Sequence[Finding]) -> str:
    """Return how a server is: the worst of what is wrong with it and not silenced."""
    loud = [one.severity for one in findings if not one.quiet]
    if loud:
        return min(loud, key=SIGNS.index)
    if findings:
        return "quiet"
    return "unknown" if runner.status.up is None else "ok"


def troubled_columns(findings: Sequence[Finding]) -> Mapping[str, str]:
    """Return the columns that findings are about, with the worst severity of each."""
    found: dict[str, str] = {}
    for one in sorted(findings, key=lambda one: one.rank, reverse=True):
        if one.severity == "info" or one.quiet:
            continue
        for word, column in _COLUMNS:
            if word in one.query:
                found[column] = one.severity
    return found


async def read_servers(
    group: ServerGroup,
    reader: FigureReader,
    by_instance: Mapping[str, Sequence[Finding]],
    turn: TimeSlice,
) -> Sequence[Server]:
    """Return the servers of a group, replicas below their primary, those in trouble first.

    Gives way meanwhile: thousands may stand in no group, which is one, too.
    """
    shards = []
    for shard in group.shards:
        told = _acknowledgements(shard.primaries)
        members: list[tuple[tuple[bool, tuple[int, Any]], Server]] = []
        async for runner in turn.each(shard.members):
            findings = by_instance.get(runner.target.instance, ())
            acknowledged = _find(told, runner) if is_replica(runner) else None
            server = Server(
                runner,
                reader.read(runner, acknowledged),
                findings,
                sign_of(runner, findings),
                group.key,
                is_child=bool(shard.primaries) and is_replica(runner),
                acknowledged=acknowledged,
                troubled=troubled_columns(findings),
            )
            members.append(((server.is_child, _worst_first(server)), server))
        worst = min(order for (_, order), _ in members)
        members.sort(key=itemgetter(0))
        shards.append((worst, [server for _, server in members]))
    shards.sort(key=itemgetter(0))
    return [server for _, members in shards for server in members]


def _worst_first(server: Server) -> tuple[int, Any]:
    return (min(server.rank, SIGNS.index("quiet")), natural_order(server.instance))


@lru_cache(maxsize=20_000)
def natural_order(name: str) -> Any:
    """Return a sort key by which `cache-2` comes before `cache-10`."""
    parts = _DIGITS.split(name)
    return tuple(
        [(int(part[:18]), "") if number % 2 else (0, part.casefold()) for number, part in enumerate(parts)]
    )


def _acknowledgements(primaries: Sequence[TargetRunner]) -> Mapping[tuple[str, str], str]:
    """Addresses of replicas, as primaries know them, and which primary knows each."""
    found = {}
    for primary in primaries:
        for address in primary.facts.server.replicas:
            host, _, port = address.rpartition(":")
            found[host, port] = f"{primary.target.instance}/{primary.health_sampler}"
    return found


def _find(told: Mapping[tuple[str, str], str], replica: TargetRunner) -> Acknowledgement | None:
    """Find what the primary says of a replica: by its address, or by a port that no other has."""
    address = replica.target.address
    port = str(address.port)
    candidates = [key for key in told if key[1] == port]
    exact = [key for key in candidates if key[0] == address.host]
    chosen = exact or (candidates if len(candidates) == 1 else [])
    return Acknowledgement(told[chosen[0]], *chosen[0]) if chosen else None
