"""How servers belong together: clusters, primaries with their replicas, and the Sentinels that watch them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from exporter.config.discovery import CLUSTER_LABEL, MASTER_LABEL
from exporter.samplers.runner import TargetRunner
from exporter.time_slice import TimeSlice

Watched = Callable[[TargetRunner], Mapping[str, str]]
"""The primaries that a Sentinel watches: names, and addresses as it knows them."""

REPLICA_ROLES: Final = frozenset({"slave", "replica"})


class GroupKind(StrEnum):
    """What holds the servers of a group together."""

    CLUSTER = "cluster"
    REPLICATION = "replication"
    SENTINELS = "sentinels"
    LABEL = "label"
    ALONE = "alone"


@dataclass(frozen=True, slots=True)
class Shard:
    """A primary (or several that claim to be it, or none) and the replicas of the same data."""

    primaries: Sequence[TargetRunner]
    replicas: Sequence[TargetRunner]

    @property
    def members(self) -> Sequence[TargetRunner]:
        """All of them, the primary first."""
        return [*self.primaries, *self.replicas]


@dataclass(frozen=True, slots=True)
class ServerGroup:
    """Servers that belong together; `name` is empty for those on their own."""

    kind: GroupKind
    name: str
    shards: Sequence[Shard]

    @property
    def key(self) -> str:
        """What it is opened and found by."""
        return self.name or "alone"

    @property
    def members(self) -> Sequence[TargetRunner]:
        """All servers."""
        return [member for shard in self.shards for member in shard.members]


async def group_by_topology(
    runners: Sequence[TargetRunner], watched: Watched, turn: TimeSlice
) -> Sequence[ServerGroup]:
    """Return every server in one group; those on their own are the last one. Gives way meanwhile."""
    sentinels = [runner for runner in runners if is_sentinel(runner)]
    shards = await find_shards([runner for runner in runners if not is_sentinel(runner)], turn)
    homes = {runner: number for number, shard in enumerate(shards) for runner in shard.members}
    await turn.yield_control()
    sets = _Sets(len(shards))
    await _unite_clusters(homes, sets, turn)
    watchers = await _watchers(sentinels, shards, homes, sets, watched, turn)
    found: list[ServerGroup] = []
    alone: list[Shard] = []
    async for numbers in turn.each(sets.all()):
        parts = [shards[number] for number in numbers]
        names, beside = watchers.of(numbers)
        if len(parts) == 1 and len(parts[0].members) == 1 and not beside and not _cluster_name(parts[0]):
            alone += parts
            continue
        beside_shards = [Shard((one,), ()) for one in beside]
        found.append(ServerGroup(_kind(parts), _name(parts, names), [*parts, *beside_shards]))
    if watchers.others:
        found.append(
            ServerGroup(GroupKind.SENTINELS, "Sentinels", [Shard((one,), ()) for one in watchers.others])
        )
    if alone:
        found.append(ServerGroup(GroupKind.ALONE, "", alone))
    return _with_own_names(found)


async def group_by_label(
    runners: Sequence[TargetRunner], label: str, turn: TimeSlice
) -> Sequence[ServerGroup]:
    """Return the servers by the value of a label; those without it are the last group.

    Gives way meanwhile.
    """
    by_value: defaultdict[str, list[TargetRunner]] = defaultdict(list)
    async for runner in turn.each(runners):
        by_value[runner.target.labels.get(label)].append(runner)
    without = by_value.pop("", None)
    groups = [
        ServerGroup(GroupKind.LABEL, value, await find_shards(members, turn))
        for value, members in sorted(by_value.items())
    ]
    if without:
        groups.append(ServerGroup(GroupKind.ALONE, "", await find_shards(without, turn)))
    return groups


def is_sentinel(runner: TargetRunner) -> bool:
    """Whether a server is a Sentinel, as far as it has ever said."""
    return runner.facts.server.mode == "sentinel"


def is_replica(runner: TargetRunner) -> bool:
    """Whether a server is a replica, or was when it was last heard."""
    return runner.facts.server.role in REPLICA_ROLES


async def find_shards(runners: Sequence[TargetRunner], turn: TimeSlice) -> Sequence[Shard]:
    """Put together who has the same data: by the ids of replication, and by the address of the primary.

    Gives way meanwhile.
    """
    sets = _Sets(len(runners))
    by_id: dict[str, int] = {}
    by_address: dict[str, int] = {}
    async for number, runner in turn.each(enumerate(runners)):
        by_address.setdefault(runner.target.address.instance, number)
        by_address.setdefault(runner.target.instance, number)
        for replication_id in runner.facts.server.replication_ids:
            sets.unite(number, by_id.setdefault(replication_id, number))
    async for number, runner in turn.each(enumerate(runners)):
        server = runner.facts.server
        for address in (server.primary, *server.replicas):
            if address in by_address:
                sets.unite(number, by_address[address])
    return [_shard([runners[number] for number in numbers]) async for numbers in turn.each(sets.all())]


def _shard(members: Sequence[TargetRunner]) -> Shard:
    replicas = [one for one in members if is_replica(one)]
    return Shard([one for one in members if not is_replica(one)], replicas)


async def _unite_clusters(homes: Mapping[TargetRunner, int], sets: "_Sets", turn: TimeSlice) -> None:
    """Unite the shards whose nodes know each other, or that were found as parts of one cluster."""
    by_node = {runner.facts.slots.node: number for runner, number in homes.items() if runner.facts.slots.node}
    by_name: dict[tuple[str, str], int] = {}
    async for runner, number in turn.each(homes.items()):
        for node in runner.facts.slots.nodes:
            if node in by_node:
                sets.unite(number, by_node[node])
        names = {CLUSTER_LABEL: _cluster_of(runner), MASTER_LABEL: runner.target.labels.get(MASTER_LABEL)}
        for label, value in names.items():
            if value:
                sets.unite(number, by_name.setdefault((label, value), number))


@dataclass(frozen=True, slots=True)
class _Watchers:
    """The Sentinels of each set of shards; `others` watch several, or none that is known."""

    by_set: Mapping[int, tuple[str, Sequence[TargetRunner]]]
    others: Sequence[TargetRunner]

    def of(self, numbers: Sequence[int]) -> tuple[str, Sequence[TargetRunner]]:
        return self.by_set.get(min(numbers), ("", ()))


async def _watchers(
    sentinels: Sequence[TargetRunner],
    shards: Sequence[Shard],
    homes: Mapping[TargetRunner, int],
    sets: "_Sets",
    watched: Watched,
    turn: TimeSlice,
) -> _Watchers:
    """Find the one set of shards that each Sentinel watches."""
    by_address: dict[str, int] = {}
    async for runner, number in turn.each(homes.items()):
        by_address[runner.target.address.instance] = number
    async for number, shard in turn.each(enumerate(shards)):
        for replica in shard.replicas:
            by_address.setdefault(replica.facts.server.primary, number)
        for label in {one.target.labels.get(MASTER_LABEL) for one in shard.members} - {""}:
            by_address[f"name {label}"] = number
    names: dict[int, str] = {}
    found: defaultdict[int, list[TargetRunner]] = defaultdict(list)
    others: list[TargetRunner] = []
    async for sentinel in turn.each(sentinels):
        places: dict[int, str] = {}
        for name, address in watched(sentinel).items():
            place = by_address.get(f"name {name}", by_address.get(address))
            if place is not None:
                places[sets.first(place)] = name
        if len(places) == 1 == len(watched(sentinel)):
            [(place, names[place])] = places.items()
            found[place].append(sentinel)
        else:
            names |= places
            others.append(sentinel)
    return _Watchers({place: (name, found[place]) for place, name in names.items()}, others)


def _kind(parts: Sequence[Shard]) -> GroupKind:
    is_cluster = any(one.facts.server.cluster_enabled for shard in parts for one in shard.members)
    return GroupKind.CLUSTER if is_cluster or any(map(_cluster_name, parts)) else GroupKind.REPLICATION


def _cluster_name(shard: Shard) -> str:
    return next((name for one in shard.members if (name := _cluster_of(one))), "")


def _cluster_of(runner: TargetRunner) -> str:
    """The name of the cluster that a node is of; others may have a label of that name for something else."""
    server = runner.facts.server
    is_node = server.cluster_enabled or not server.run_id
    return runner.target.labels.get(CLUSTER_LABEL) if is_node else ""


def _name(parts: Sequence[Shard], watched_as: str) -> str:
    """The name by which people know the group: of the cluster, of Sentinel, else the first primary's."""
    members = [one for shard in parts for one in shard.members]
    labels = [*map(_cluster_of, members), *(one.target.labels.get(MASTER_LABEL) for one in members)]
    primaries = [one for shard in parts for one in shard.primaries] or members
    first = min(primaries, key=lambda one: (one.status.up is not True, one.target.instance))
    return next(filter(None, labels), "") or watched_as or first.target.instance


def _with_own_names(groups: Iterable[ServerGroup]) -> Sequence[ServerGroup]:
    """Give groups of one name numbers, so that each can be opened."""
    seen: Counter[str] = Counter()
    named = []
    for group in groups:
        seen[group.name] += 1
        number = seen[group.name]
        name = group.name if number == 1 else f"{group.name} ({number})"
        named.append(ServerGroup(group.kind, name, group.shards))
    return named


class _Sets:
    """Numbers in sets that are united; each set is named by its smallest number."""

    def __init__(self, count: int) -> None:
        self._first = list(range(count))

    def first(self, number: int) -> int:
        """Return the smallest number of a set."""
        while self._first[number] != number:
            self._first[number] = number = self._first[self._first[number]]
        return number

    def unite(self, one: int, other: int) -> None:
        """Make one set of two."""
        one, other = self.first(one), self.first(other)
        self._first[max(one, other)] = min(one, other)

    def all(self) -> Sequence[Sequence[int]]:
        """All sets, in order of their smallest number."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for number in range(len(self._first)):
            found[self.first(number)].append(number)
        return list(found.values())
