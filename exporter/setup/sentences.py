"""What was found, in sentences for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from exporter.errors import Reason
from exporter.model.counts import count_of
from exporter.model.printable import printable
from exporter.survey import (
    ClusterSurvey,
    Findings,
    Neighbour,
    QueueLook,
    Replication,
    SentinelSurvey,
    ServerSurvey,
)

_ENGINES: Final[Mapping[str, str]] = {
    "redis": "Redis",
    "valkey": "Valkey",
    "keydb": "KeyDB",
    "dragonfly": "Dragonfly",
    "kvrocks": "Kvrocks",
    "garnet": "Garnet",
    "redict": "Redict",
    "pika": "Pika",
    "tile38": "Tile38",
}
_MOST_NAMES: Final = 5


def engine_of(server: ServerSurvey) -> str:
    """The make and version of a server: `Valkey 8.1.2`."""
    info = server.info
    version = ".".join(map(str, info.version))
    name = _ENGINES.get(info.engine, info.engine) or "a server that does not say what it is"
    return f"{name} {version}".strip()


def describe(server: ServerSurvey) -> str:
    """A server in one line, without its address."""
    parts = [engine_of(server), _role(server)]
    if not server.is_sentinel:
        databases = [number for number, keys in sorted(server.info.keys_by_database.items()) if keys]
        where = f" in {count_of(len(databases), 'database')}" if len(databases) > 1 else ""
        parts.append(f"{server.keys:,} key{'' if server.keys == 1 else 's'}{where}")
    if server.info.modules:
        parts.append(f"modules {printable(', '.join(sorted(server.info.modules)))}")
    if server.service:
        parts.append(server.service.name)
    return ", ".join(part for part in parts if part)


def _role(server: ServerSurvey) -> str:
    if server.is_sentinel:
        return "Sentinel"
    role = {"master": "primary", "slave": "replica"}.get(server.info.role, server.info.role)
    return f"{role} in a cluster" if role and server.is_cluster_node else role


def describe_queues(look: QueueLook) -> str:
    """The queues that were found, in one line; empty where there are none, and nothing else to say."""
    texts = [f"{printable(framework)} ({_some(names)})" for framework, names in look.found.items()]
    text = ", ".join(texts)
    if look.problem and not texts:
        return f"not looked for: {look.problem}"
    if not look.is_complete:
        rest = "there are more keys than a short look goes through; the daemon goes on looking"
        return f"{text}; {rest}" if text else rest
    return text


def _some(names: Sequence[str]) -> str:
    more = [f"{len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else []
    return ", ".join([*map(printable, names[:_MOST_NAMES]), *more])


def describe_all(findings: Findings) -> Iterator[str]:
    """Everything that was found, a line for each server or group, with lines below it."""
    for replication in findings.replications:
        yield "\n".join(_replication(replication))
    for cluster in findings.clusters:
        yield "\n".join(_cluster(cluster))
    for group in findings.sentinels:
        yield "\n".join(_sentinels(group))


def _replication(found: Replication) -> Iterator[str]:
    yield f"{found.server.address}: {describe(found.server)}"
    if found.problem:
        yield f"  {found.problem}"
    yield from _neighbours(found.replicas)
    yield from _details(found.server, found.server.queues)


def _cluster(found: ClusterSurvey) -> Iterator[str]:
    seed = found.seeds[0]
    primaries = sum(node.role == "master" for node in found.nodes)
    many = f"{primaries} {'primary' if primaries == 1 else 'primaries'}"
    replicas = count_of(len(found.nodes) - primaries, "replica")
    yield f"{seed.address}: a cluster of {many} and {replicas}, {engine_of(seed)}"
    if found.problem:
        yield f"  {found.problem}"
    yield from _neighbours(found.nodes, found.addresses)
    yield from _details(seed, found.queues)


def _sentinels(found: SentinelSurvey) -> Iterator[str]:
    for address in found.named:
        yield f"{address}: under Sentinel, which is asked from now on who is the primary"
    asked = ", ".join(str(sentinel.address) for sentinel in found.sentinels)
    yield f"{asked}: {describe(found.sentinels[0])}"
    for name in found.masters:
        servers = [one for one in found.servers if one.name == name]
        primary = next((one for one in servers if one.role == "master"), None)
        replicas = [one for one in servers if one.role != "master"]
        where = f" at {primary.address}" if primary else ""
        yield f"  watches {printable(name)}{where} with {count_of(len(replicas), 'replica')}"
    if not found.masters:
        yield "  watches nothing, or does not tell"
    yield from _neighbours([one for one in found.servers if one.problem])
    if found.watched:
        yield f"  {found.watched.address}: {describe(found.watched)}; the credentials work"
        yield from _details(found.watched, found.watched.queues)


def _neighbours(neighbours: Sequence[Neighbour], addresses: Mapping[str, str] | None = None) -> Iterator[str]:
    for one in neighbours:
        role = {"master": "primary"}.get(one.role, one.role)
        place = (addresses or {}).get(one.address.instance)
        answer = f"cannot be asked: {one.problem}" if one.problem else "answers"
        yield f"  {role} {one.address}: {answer}{f' at {place} only' if place else ''}"


def _details(server: ServerSurvey, queues: QueueLook) -> Iterator[str]:
    if text := describe_queues(queues):
        yield f"  queues: {text}"
    if queues.advice:
        yield f"  {queues.advice}"
    for reason, words in (
        (Reason.UNKNOWN_COMMAND, "does not have"),
        (Reason.PERMISSION, "does not permit"),
    ):
        commands = sorted({_short(one.command) for one in server.missing if one.reason is reason})
        if commands:
            yield f"  {words} {', '.join(commands)}: what these tell is left out"


def _short(command: str) -> str:
    """`CONFIG GET` of `CONFIG GET slowlog-*`."""
    return " ".join(command.split(" ")[:2])
