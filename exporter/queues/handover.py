"""Queues that move between servers: no reading of them is lost, and who takes over goes on with them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from exporter.config.samplers.queues import QueuesSection
from exporter.errors import ReplyError
from exporter.queues.known import KnownQueue, KnownQueues
from exporter.queues.model import QueueId, Reading
from exporter.sampling.base import SamplerContext
from exporter.sampling.facts import TargetFacts
from exporter.sampling.keyspace_stats import code_of

# What cannot be read for a moment (its slot is on the move) stands for so long.
_HELD_SECONDS: Final = 60.0
# What every answer about a key is while a cluster is down, or a replica has lost its primary.
_DOWN: Final = frozenset({"CLUSTERDOWN", "MASTERDOWN"})
# A cluster that is up without some of its slots says of those keys alone.
_NOT_SERVED: Final = "not served"


def tells_down(error: ReplyError) -> bool:
    """Whether an answer about one key is what every other would be."""
    return code_of(error) in _DOWN and _NOT_SERVED not in str(error)


@dataclass(frozen=True, slots=True)
class HeldQueues:
    """The queues that one server is known to hold, for those that may take over from it."""

    queues: KnownQueues = field(default_factory=lambda: KnownQueues(0))


class Handover:
    """Hands queues over between one server and its neighbours.

    `arrivals` are queues that a neighbour knows and this server may have taken over: to be read on trial, and
    kept if anything is in them.
    """

    def __init__(self, context: SamplerContext[QueuesSection], known: KnownQueues) -> None:
        self.arrivals: Sequence[KnownQueue] = ()
        self._context = context
        self._known = known
        self._standing: tuple[str, int] | None = None
        self._last: dict[QueueId, tuple[float, Reading]] = {}
        context.facts.provide(HeldQueues(known))

    @property
    def _standing_now(self) -> tuple[str, int]:
        return self._context.facts.server.role, self._context.facts.slots.generation

    @property
    def is_due(self) -> bool:
        """Whether a look is worth it."""
        return self._standing != self._standing_now

    def detect_takeover(self) -> bool:
        """Return whether this server may have taken over queues since the last look.

        It was promoted, or serves other slots.
        """
        before, self._standing = self._standing, self._standing_now
        if before in (None, self._standing):
            self.arrivals = ()
            return False
        self.arrivals = [
            KnownQueue(one.id, one.label, one.alive_at, dict(one.notes))
            for one in self._neighbours_queues()
            if one.id not in self._known
        ]
        return True

    def _neighbours(self) -> Sequence[TargetFacts]:
        neighbours = self._context.neighbours
        return list(neighbours.of(self._context.facts)) if neighbours is not None else ()

    def _neighbours_queues(self) -> Iterator[KnownQueue]:
        for facts in self._neighbours():
            yield from list(facts.get(HeldQueues).queues)

    def resolve(
        self, found: Iterable[tuple[KnownQueue, Reading]], at: float
    ) -> list[tuple[KnownQueue, Reading]]:
        """Return the readings of a pass (epoch seconds), less those of arrivals that are none.

        A queue that could not be read keeps its last reading, unless a neighbour has it now.
        """
        on_trial = {id(one) for one in self.arrivals}
        self.arrivals = ()
        resolved = []
        for known, reading in found:
            if id(known) in on_trial:
                if not reading.is_alive or known.id in self._known:
                    continue
                self._known.restore([known])
                self._known.changed = True
            resolved.append((known, self._hold(known, reading, at)))
        for gone in [queue for queue in self._last if queue not in self._known]:
            del self._last[gone]
        return resolved

    def _hold(self, known: KnownQueue, reading: Reading, at: float) -> Reading:
        if reading.jobs or reading.is_mistaken:
            self._last[known.id] = (at, reading)
            return reading
        read_at, last = self._last.get(known.id, (0.0, reading))
        if at - read_at > _HELD_SECONDS:
            return reading
        neighbours = self._neighbours()
        for facts in neighbours:
            # It may have gone to any of them, which then is to find out soon.
            facts.slots.doubt()
        return reading if any(known.id in facts.get(HeldQueues).queues for facts in neighbours) else last
