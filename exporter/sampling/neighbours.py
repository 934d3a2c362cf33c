"""Servers that take over from each other: the nodes of a cluster, a primary and its replicas."""

from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Final

from exporter.sampling.facts import TargetFacts

# What is known of servers that are not watched any more is kept for so many of them.
_MAX_GONE: Final = 100


class Neighbours:
    """The facts of all servers that are watched, and of the last ones that were."""

    def __init__(self) -> None:
        # By identity: servers can be alike.
        self._here: dict[int, TargetFacts] = {}
        self._gone: deque[TargetFacts] = deque(maxlen=_MAX_GONE)

    def join(self, facts: TargetFacts) -> None:
        """Add a server that is watched from now on."""
        self._here[id(facts)] = facts

    def leave(self, facts: TargetFacts) -> None:
        """Note that a server is watched no more; another one may be about to take its place."""
        if self._here.pop(id(facts), None) is not None:
            self._gone.append(facts)

    def of(self, facts: TargetFacts) -> Iterator[TargetFacts]:
        """Yield those from which this server may have taken over data."""
        for other in chain(self._here.values(), self._gone):
            shares_data = not facts.server.replication_ids.isdisjoint(other.server.replication_ids)
            if other is not facts and (shares_data or facts.slots.are_of_one_cluster(other.slots)):
                yield other
