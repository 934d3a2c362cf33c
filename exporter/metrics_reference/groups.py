"""The parts of the reference: groups of metrics by what a user looks for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import ModuleType
from typing import Final

from exporter.metrics_reference.entries import Entry, entries_of_fields, entries_of_sampler
from exporter.metrics_reference.own import own_entries
from exporter.model.sample import Family
from exporter.samplers import status
from exporter.samplers.info.fields import (
    clients,
    cluster,
    cluster_info,
    commandstats,
    cpu,
    errorstats,
    ft_info,
    keyspace,
    latencystats,
    memory,
    memory_allocator,
    memory_stats,
    module_fields,
    modules,
    persistence,
    replication,
    scripting_engines,
    search,
    sentinel,
    server,
    stats,
    stats_keys,
    stats_work,
    threads,
    tile38,
    tls,
    valkey_search,
)
from exporter.samplers.registry import SAMPLERS
from exporter.sampling import keyspace_stats


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the page: modules that declare fields of INFO, names of samplers, both in order."""

    title: str
    parts: Sequence[ModuleType | str]


GROUPS: Final = (
    Group("Server", (server, tls)),
    Group("Clients", (clients, "clients")),
    Group("Memory", (memory, memory_allocator, memory_stats)),
    Group("Persistence", (persistence,)),
    Group("Traffic, errors, access", (stats, "acl")),
    Group("CPU, threads, event loop", (cpu, threads, stats_work)),
    Group("Keys", (keyspace, stats_keys, "keys")),
    Group("Commands and latency", (commandstats, errorstats, latencystats, "command_latency", "latency")),
    Group("Slow log", ("slowlog",)),
    Group("Replication", (replication,)),
    Group("Cluster", (cluster, cluster_info)),
    Group("Sentinel", (sentinel, "sentinel")),
    Group(
        "Configuration of the server",
        (
            "config",
            "changes",
        ),
    ),
    Group("Queues", ("queues",)),
    Group("Keyspace", ("keyspace",)),
    Group("Streams", ("streams",)),
    Group("Scripts", (scripting_engines, "scripts")),
    Group("Modules", (modules, search, valkey_search, module_fields, ft_info)),
    Group("Tile38", (tile38,)),
    Group("Targets and samplers", ("status", "lookups")),
)
OWN_TITLE: Final = "The daemon itself"


def grouped_entries() -> Iterator[tuple[str, Sequence[Entry]]]:
    """Return title and entries of each part of the page."""
    for group in GROUPS:
        yield group.title, list(chain.from_iterable(map(_entries, group.parts)))
    yield OWN_TITLE, own_entries()


def _entries(part: ModuleType | str) -> Iterable[Entry]:
    if isinstance(part, ModuleType):
        return entries_of_fields(part)
    families = [family for family in _FAMILIES[part] if family not in _OF_FIELDS]
    return entries_of_sampler(part, families)


# Families that are declared with their fields.
_OF_FIELDS: Final = {
    field.family
    for group in GROUPS
    for part in group.parts
    if isinstance(part, ModuleType)
    for field in (*part.FIELDS, *part.COMPOSITE)
}
_FAMILIES: Final[Mapping[str, Sequence[Family]]] = {
    **{spec.name: spec.families for spec in SAMPLERS},
    "status": status.FAMILIES,
    "lookups": keyspace_stats.FAMILIES,
}
