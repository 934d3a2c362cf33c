"""Facts that the samplers of one target know of their server, and share."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from exporter.sampling.authors import Authors
from exporter.sampling.keyspace_stats import KeyspaceStats
from exporter.sampling.server_info import ServerInfo
from exporter.sampling.slots import Slots
from exporter.sampling.turns import Turns

FoundT = TypeVar("FoundT")


class TargetFacts:
    """The latest of each type of data that a sampler has found for the others of its target.

    Such data are frozen and replaced as a whole; before anything was found they have their defaults. A
    sampler declares in its `SamplerSpec` which types it provides and needs.

    `keyspace_stats` counts our own look-ups of keys; `slots` are those of a cluster's node. Whoever walks
    through the keyspace takes `turns`, and hands the names of each step to `on_names`, with the number of
    their database. `authors` are who changed the server.
    """

    __slots__ = ("_latest", "authors", "keyspace_stats", "on_names", "slots", "turns")

    def __init__(self, keyspace_stats: KeyspaceStats | None = None, slots: Slots | None = None) -> None:
        self.keyspace_stats = keyspace_stats or KeyspaceStats()
        self.slots = slots or Slots()
        self.turns = Turns()
        self.authors = Authors()
        self.on_names: Callable[[int, Sequence[bytes]], None] | None = None
        self._latest: dict[type[Any], Any] = {}

    @property
    def server(self) -> ServerInfo:
        """The values of the last INFO."""
        return self.get(ServerInfo)

    def get(self, kind: type[FoundT]) -> FoundT:
        """Return the latest of this type, or one with its defaults."""
        found: FoundT | None = self._latest.get(kind)
        if found is None:
            found = self._latest[kind] = kind()
        return found

    def provide(self, found: object) -> None:
        """Replace the latest of the type of `found`."""
        self._latest[type(found)] = found

    def shared(self) -> "TargetFacts":
        """Return empty facts for somebody who looks at the same server just once.

        Look-ups that are made with them are counted here.
        """
        return TargetFacts(self.keyspace_stats, self.slots)
