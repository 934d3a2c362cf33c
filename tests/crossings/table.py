"""Every shipped rule, and how it is crossed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.crossings import (
    availability,
    cache,
    clients,
    errors,
    keyspace,
    load,
    memory,
    persistence,
    replication,
    slowlog,
)
from tests.crossings.stage import Scene


@dataclass(frozen=True, slots=True)
class Group:
    """Scenes that are played before one daemon; `file`: the rule file, `config`: what the daemon is told."""

    file: str
    scenes: Sequence[Scene]
    config: Mapping[str, Any] = field(default_factory=dict)


GROUPS: Final = (
    Group("availability", availability.SCENES),
    Group("memory", memory.SCENES),
    Group("cache", cache.SCENES),
    Group("clients", clients.SCENES),
    Group("errors", errors.SCENES),
    Group("slowlog", slowlog.SCENES),
    Group("load", load.LOAD),
    Group("latency", load.LATENCY),
    Group("persistence", persistence.SCENES),
    Group("keyspace", keyspace.SCENES, keyspace.CONFIG),
    Group("keyspace", keyspace.SLOW, keyspace.SLOW_CONFIG),
    Group("persistence", keyspace.SLOW_PERSISTENCE, keyspace.SLOW_CONFIG),
    Group("replication", replication.SCENES),
)
