"""Every shipped rule, and how it is crossed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.crossings import (
    availability,
    cache,
    clients,
    cluster,
    daemon,
    errors,
    keyspace,
    load,
    memory,
    persistence,
    queues,
    reasons,
    replication,
    sentinel,
    slowlog,
)
from tests.crossings.stage import Scene


@dataclass(frozen=True, slots=True)
class Group:
    """Scenes that are played before one daemon; `config` and `options` are those of `FastDaemon`."""

    name: str
    scenes: Sequence[Scene]
    config: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


GROUPS: Final = (
    Group("availability", availability.SCENES),
    Group("reasons", reasons.SCENES),
    Group("most-servers", reasons.MOST),
    Group("memory", memory.SCENES),
    Group("cache", cache.SCENES),
    Group("clients", clients.SCENES),
    Group("errors", errors.SCENES),
    Group("slowlog", slowlog.SCENES),
    Group("load", load.LOAD),
    Group("latency", load.LATENCY),
    Group("persistence", persistence.SCENES),
    Group("keyspace", keyspace.SCENES, keyspace.CONFIG),
    Group("keyspace-growth", keyspace.GROWTH, keyspace.GROWTH_CONFIG),
    Group("day", keyspace.DAY, keyspace.DAY_CONFIG),
    Group("replication", replication.SCENES),
    Group("sentinel", sentinel.SCENES),
    Group("cluster", cluster.SCENES),
    Group("queues", queues.SCENES, queues.CONFIG),
    Group("broker", queues.BROKER),
    Group(
        "daemon", daemon.SCENES, daemon.CONFIG, {"more_rules": daemon.RULES, "alertmanager": daemon.ROUTING}
    ),
    Group("daemon-disk", daemon.DISK, daemon.DISK_CONFIG),
    Group("daemon-unsent", daemon.UNSENT, options={"alertmanager": daemon.UNSENT_ROUTING}),
    Group("daemon-clock", daemon.CLOCK),
    Group("daemon-standstill", daemon.STANDSTILL),
    Group("daemon-stalls", daemon.STALLS),
    Group("daemon-late", daemon.LATE),
)

# Those that fire for as long as the daemon runs: what they say, and where it is shown.
ALWAYS: Final[Mapping[str, str]] = {"VigilWatchdog": "the daemon runs"}
