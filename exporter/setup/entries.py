"""Entries of `targets` and `discovery`, for what was found."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from exporter.config.targets import TargetSection
from exporter.drafts import Commented, Suggestion
from exporter.model.target import Address
from exporter.setup.logins import Logins
from exporter.setup.sentences import describe, describe_queues
from exporter.survey import ClusterSurvey, Findings, Neighbour, Replication, SentinelSurvey, ServerSurvey

# Whom to ask for the nodes of a cluster: some more than one, for the time when that is down.
_MOST_SEEDS: Final = 3
_UNREACHABLE: Final = "Cannot be asked from here: {}. Take the # away when it can."
_ADDRESSES: Final = (
    "These cannot be reached at the addresses that they announce (behind NAT, in containers). Write behind "
    "each where it can be, and take the # away."
)


def target_entries(findings: Findings, logins: Logins) -> Sequence[Any]:
    """The servers to watch that are found by nobody else."""
    entries: list[Any] = []
    seen: set[str] = set()
    for replication in findings.replications:
        if replication.server.address.instance not in seen:
            entries += _replication(replication, logins, seen)
    for cluster in findings.clusters:
        # Who does not tell the nodes of its cluster cannot be asked for them by the daemon either.
        for seed in cluster.seeds if cluster.problem else ():
            entries.append(_entry(seed, logins, seen))
    return entries


def _replication(found: Replication, logins: Logins, seen: set[str]) -> Iterator[Any]:
    yield _entry(found.server, logins, seen)
    keys_in = logins.keys(found.server.section)
    for replica in found.replicas:
        if replica.address.instance in seen:
            continue
        seen.add(replica.address.instance)
        keys = {"url": str(replica.address), **keys_in}
        about = f"A replica of {found.server.address.instance}."
        if replica.problem:
            keys = {name: one for name, one in keys.items() if not isinstance(one, Suggestion)}
            yield Suggestion(keys, f"{about} {_UNREACHABLE.format(replica.problem)}")
        else:
            yield Commented(keys, about)


def _entry(server: ServerSurvey, logins: Logins, seen: set[str]) -> Commented:
    seen.add(server.address.instance)
    keys = {"url": str(server.section.url), **logins.keys(server.section)}
    keys["labels"] = Suggestion({"env": "prod"}, "Labels of your own, for routes and dashboards.")
    queues = describe_queues(server.queues)
    return Commented(keys, f"{describe(server)}.{f' Queues: {queues}.' if queues else ''}")


def plain_entry(section: TargetSection, logins: Logins) -> Commented:
    """The entry of a server that was not asked."""
    return Commented({"url": str(section.url), **logins.keys(section)}, "It has not been asked.")


def discovery_entries(findings: Findings, logins: Logins) -> Mapping[str, Any]:
    """The sources that find further servers; empty where there are none."""
    clusters = [_cluster(one, logins) for one in findings.clusters if not one.problem]
    sentinels = [_sentinel(one, logins) for one in findings.sentinels]
    sources = {"cluster": clusters, "sentinel": sentinels}
    return {name: entries for name, entries in sources.items() if entries}


def _cluster(found: ClusterSurvey, logins: Logins) -> Commented:
    seed = found.seeds[0]
    seeds = [one.address for one in found.seeds]
    asked = {address.instance for address in seeds} | set(found.addresses)
    others = [node.address for node in found.nodes if not node.problem and node.address.instance not in asked]
    urls = [*map(str, seeds), *map(str, others[: max(0, _MOST_SEEDS - len(seeds))])]
    keys: dict[str, Any] = {"urls": urls, **logins.keys(seed.section)}
    about = f"The label `cluster` of all nodes, instead of {seed.address.instance}."
    keys["name"] = Suggestion("prod", about)
    if found.addresses:
        about = "Nodes that announce addresses at which they cannot be reached from here."
        keys["addresses"] = Commented(dict(found.addresses), about)
    elif unreachable := _announced(found.nodes):
        keys["addresses"] = Suggestion(unreachable, _ADDRESSES)
    queues = describe_queues(found.queues)
    about = f"A cluster of {len(found.nodes)} nodes.{f' Queues: {queues}.' if queues else ''}"
    return Commented(keys, about)


def _sentinel(found: SentinelSurvey, logins: Logins) -> Commented:
    sentinel = found.sentinels[0].section
    own, servers = logins.of(sentinel), logins.of(found.access)
    keys: dict[str, Any] = {"urls": [str(one.address) for one in found.sentinels]}
    if own:
        # Where the servers need none they take any: what holds for the Sentinels is not for them.
        keys |= {**own, "servers": servers or {"username": "default"}, **logins.tls(sentinel)}
    else:
        keys |= {**logins.keys(found.access), **logins.tls(sentinel)}
    if found.masters:
        keys["masters"] = Suggestion(list(found.masters), "Only these primaries, instead of all.")
    if unreachable := _announced(found.servers):
        keys["addresses"] = Suggestion(unreachable, _ADDRESSES)
    names = ", ".join(found.masters)
    return Commented(keys, f"Sentinels{f' that watch {names}' if names else ''}.")


def _announced(neighbours: Sequence[Neighbour]) -> Mapping[str, str]:
    """Announced addresses of those that cannot be reached, each with a place to fill in."""
    unreachable: list[Address] = [one.address for one in neighbours if one.problem]
    return {address.instance: f"{address.host}:{address.port}" for address in unreachable}
