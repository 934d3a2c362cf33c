"""What is sent at one moment: references to the newest rows of all series groups, taken on the event loop."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from exporter.metrics.own import SOURCE as OWN_SOURCE
from exporter.model.sample import Layout
from exporter.model.target import Target
from exporter.remote.otlp.attributes import daemon_resource, resource_of
from exporter.sampling.facts import TargetFacts
from exporter.store import Store
from exporter.store.series_group import SeriesGroup
from exporter.time_slice import TimeSlice

# Samplers whose counts are those of the server, since it runs.
_COUNTED_BY_SERVER: Final = frozenset({"info", "command_latency", "modules"})


class Watched(Protocol):
    """The part of a target's runner that is read here."""

    @property
    def target(self) -> Target:
        """The target."""
        ...

    @property
    def facts(self) -> TargetFacts:
        """What is known of its server."""
        ...

    @property
    def sources(self) -> Sequence[str]:
        """The names under which it writes into the store."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a server, or of the daemon: when it began (epoch seconds; 0: not known), and its id."""

    started_at: float = 0.0
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class GroupSnapshot:
    """The newest row of one source.

    `version` is that of the group. `begun` are the moments (milliseconds) at which counts that have begun
    stood at 0, by index. `run`: whose counts these are, since when; None where they are the daemon's own, of
    which each begins when it is first seen.
    """

    source: str
    layout: Layout
    values: Sequence[float | None]
    time_ms: int
    version: int
    begun: Mapping[int, int]
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class ResourceSnapshot:
    """The newest rows of all that belongs to one resource."""

    resource: Resource
    groups: Sequence[GroupSnapshot]


async def snapshots_of(
    store: Store, watched: Iterable[Watched], configured: Mapping[str, str]
) -> list[ResourceSnapshot]:
    """Return a snapshot of each target; gives way to others. `configured` are attributes for all."""
    turn, found = TimeSlice(), []
    for one in list(watched):
        server = one.facts.server
        run = Run(server.started_at, server.run_id)
        resource = resource_of(one.target, server, configured)
        groups = [
            _snapshot(group, run if group.source.rpartition("/")[2] in _COUNTED_BY_SERVER else None)
            for group in store.groups_of(one.sources)
        ]
        found.append(ResourceSnapshot(resource, groups))
        await turn.yield_control()
    return found


def snapshot_of_daemon(
    store: Store, instance: str, run: Run, configured: Mapping[str, str]
) -> ResourceSnapshot:
    """Return the newest of the daemon's own metrics."""
    groups = [_snapshot(group, run) for group in store.groups_of([OWN_SOURCE])]
    return ResourceSnapshot(daemon_resource(instance, configured), groups)


def _snapshot(group: SeriesGroup, run: Run | None) -> GroupSnapshot:
    begun = {at: one.at_ms for at, one in group.beginnings.items() if one.value == 0}
    return GroupSnapshot(group.source, group.layout, group.values, group.last_time, group.version, begun, run)
