"""All declared fields: one module per INFO section, and per command or kind of module that tells more.

Names of metrics are redis_exporter's where it has one, so that its users keep their dashboards and rules.
"""

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Final

from exporter.model.sample import Family
from exporter.samplers.info.fields import (
    clients,
    cluster,
    cluster_info,
    commandstats,
    cpu,
    errorstats,
    keyspace,
    latencystats,
    memory,
    memory_allocator,
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
from exporter.samplers.info.fields.declaration import Field

# In the order in which servers tell them.
SECTIONS: Final[tuple[ModuleType, ...]] = (
    server,
    tls,
    clients,
    memory,
    memory_allocator,
    persistence,
    threads,
    stats,
    stats_keys,
    stats_work,
    replication,
    cpu,
    modules,
    commandstats,
    errorstats,
    latencystats,
    cluster,
    scripting_engines,
    keyspace,
    sentinel,
)
# Told by CLUSTER INFO and SERVER EXT, which the INFO sampler asks too (others: `memory_stats`, `ft_info`).
OTHER_COMMANDS: Final[tuple[ModuleType, ...]] = (cluster_info, tile38)
# Told by INFO MODULES, which the modules sampler asks.
MODULES: Final[tuple[ModuleType, ...]] = (search, valkey_search, module_fields)


def by_name(fields: Iterable[Field]) -> Mapping[str, tuple[Field, ...]]:
    """The declarations of each field; some fields are shown twice, in different units."""
    found: dict[str, tuple[Field, ...]] = {}
    for declared in fields:
        found[declared.name] = (*found.get(declared.name, ()), declared)
    return found


def _families(modules: Iterable[ModuleType]) -> tuple[Family, ...]:
    return tuple(declared.family for module in modules for declared in (*module.FIELDS, *module.COMPOSITE))


# The lines of INFO that are one number each, and as what they are shown.
FIELDS: Final = by_name(declared for module in SECTIONS for declared in module.FIELDS)
FAMILIES: Final = _families((*SECTIONS, *OTHER_COMMANDS))
MODULE_FIELDS: Final = by_name(declared for module in MODULES for declared in module.FIELDS)
MODULE_FAMILIES: Final = _families(MODULES)
